"""What a saved fit holds: the request, the rows that were used, and where the search ended; nothing twice.

Everything else (levels, codings, X, Z, estimates) follows from these, and is computed again when the file is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.covariance import Precision
from lmm.data import Column
from lmm.design import UserBlock
from lmm.engine import Block, GroupBlock, MatrixBlock
from lmm.errors import FileError
from lmm.estimation import ThetaOptimum, given_theta
from lmm.model.files.detached import detached
from lmm.model.files.smooth_objects import packed_object

if TYPE_CHECKING:
    from lmm.model.request import Request
    from lmm.model.result import Fit

__all__ = ["pack"]


class _Packer:
    """Collects arrays; in the tree stand their numbers."""

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []

    def array(self, values: Any, kind: type) -> dict[str, int]:
        """Keep an array as little-endian numbers of a kind."""
        array = np.asarray(values)
        self.arrays.append(array.astype(np.dtype(kind).newbyteorder("<"), copy=False))
        return {"array": len(self.arrays) - 1}


def pack(fit: Fit) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Write the tree of a fit, in values of JSON, and the arrays that it points to.

    Raises
    ------
    FileError
        If the fit holds something that no file can, or is not one of its formula.
    """
    packer = _Packer()
    if (fit.internals.design.names, fit.n_levels.keys()) != (fit.internals.spec.names, _groups(fit)):
        raise FileError(
            "This fit is of a part of its formula, which no file can hold. Fit that part by itself."
        )
    tree = {
        "request": _request(detached(fit.internals.request), fit, packer),
        "rows": _rows(fit, packer),
        "response": _other_response(fit, packer),
        "optimum": _optimum(fit, packer),
    }
    return tree, packer.arrays


def _groups(fit: Fit) -> Any:
    names = [term.term.group for term in fit.internals.spec.random]
    return dict.fromkeys([*names, *fit.internals.spec.blocks]).keys()


def _request(request: Request, fit: Fit, packer: _Packer) -> dict[str, Any]:
    control = request.control
    return {
        "formula": request.formula,
        "method": request.method,
        "missing": request.missing,
        "negative": request.negative,
        "restarts": int(request.restarts),
        "control": {
            "max_iterations": int(control.max_iterations),
            "tolerance": float(control.tolerance),
            "progress": control.progress,
        },
        "weights": _by_row(request.weights, packer),
        "offset": _by_row(request.offset, packer),
        "contrasts": request.contrasts
        if isinstance(request.contrasts, str)
        else {
            factor: choice if isinstance(choice, str) else packer.array(choice, np.float64)
            for factor, choice in fit.internals.spec.contrasts.items()
        },
        "factors": list(request.factors),
        "random": {str(name): _block(block, packer) for name, block in (request.random or {}).items()},
        "smooths": {
            name: packed_object(value, packer.array) for name, value in (request.smooths or {}).items()
        },
        "select": bool(request.select),
        "start": None if request.start is None else [float(x) for x in np.ravel(np.asarray(request.start))],
        "theta": _theta(request.theta, fit),
    }


def _by_row(given: Any, packer: _Packer) -> Any:
    """Weights or offset as a name, or as numbers in the order of the rows of the table."""
    return given if given is None or isinstance(given, str) else packer.array(given, np.float64)


def _theta(theta: Any, fit: Fit) -> Any:
    """Held parameters by name or in order, None where free."""
    if theta is None:
        return None
    if isinstance(theta, Mapping):
        return {str(name): _number(value) for name, value in theta.items()}
    return [_number(value) for value in given_theta(theta, fit.internals.criterion_function.layout).theta]


def _number(value: Any) -> float | None:
    return None if value is None or float(value) != float(value) else float(value)


def _block(block: Block, packer: _Packer) -> dict[str, Any]:
    tree: dict[str, Any] = {
        "structure": block.structure,
        "labels": None if block.labels is None else list(block.labels),
        "root": None if block.root is None else packer.array(block.root, np.float64),
    }
    if isinstance(block, GroupBlock):
        values = None if block.values is None else packer.array(block.values, np.float64)
        codes = packer.array(block.codes, np.int32)
        return {**tree, "codes": codes, "values": values, "n_levels": block.n_levels}
    if not isinstance(block, MatrixBlock):
        raise FileError(f"A block of type {type(block).__name__} cannot be saved; make it with lmm.block.")
    tree["k"] = block.n_columns
    if isinstance(block, UserBlock) and isinstance(block.family, Precision):
        numbers = [packer.array(np.atleast_2d(own), np.float64) for own in block.family.penalties]
        tree["penalties"] = {"labels": list(block.family.labels), "numbers": numbers}
    if isinstance(block.matrix, np.ndarray):
        return {**tree, "matrix": packer.array(block.matrix, np.float64)}
    csr = block.matrix.tocsr()
    return {
        **tree,
        "data": packer.array(csr.data, np.float64),
        "indices": packer.array(csr.indices, np.int64),
        "starts": packer.array(csr.indptr, np.int64),
        "width": int(csr.shape[1]),
    }


def _rows(fit: Fit, packer: _Packer) -> dict[str, Any]:
    design = fit.internals.design
    own = design.notes if not design.aliased else design.notes[:-1]
    return {
        "rows": packer.array(design.rows, np.int64),
        "n_rows": int(design.n_rows),
        "n_missing": int(design.n_dropped_missing),
        "n_weight": int(design.n_dropped_weight),
        "notes": list(own),
        "available": list(design.model_frame.available),
        "columns": {name: _column(column, packer) for name, column in design.model_frame.items()},
    }


def _column(column: Column, packer: _Packer) -> dict[str, Any]:
    if column.codes is not None:
        codes = packer.array(column.codes, np.int32)
        kind = "ordered" if column.is_ordered else column.kind
        return {"kind": kind, "codes": codes, "levels": list(column.level_values)}
    if column.integers is None:
        return {"values": packer.array(column.numbers, np.float64)}
    unsigned = column.integers.dtype == np.uint64
    whole = {"integers": packer.array(column.integers, np.uint64 if unsigned else np.int64)}
    absent = np.flatnonzero(column.missing)
    return {**whole, "absent": packer.array(absent, np.int64)} if absent.size else whole


def _other_response(fit: Fit, packer: _Packer) -> Any:
    """Response of a refit, which is not that of the formula."""
    own = fit.internals.spec.response_of(fit.internals.design.model_frame)
    return None if np.array_equal(own, fit.y) else packer.array(fit.y, np.float64)


def _optimum(fit: Fit, packer: _Packer) -> dict[str, Any] | None:
    """Where a search ended; None where there was none to do."""
    optimum: ThetaOptimum = fit.internals.optimum
    if fit.method == "moments" or optimum.held.all():
        return None
    certificate = optimum.certificate
    return {
        "theta": packer.array(optimum.theta, np.float64),
        "converged": bool(certificate.converged),
        "singular": bool(certificate.singular),
        "message": certificate.message,
        "n_iterations": int(certificate.n_iterations),
        "n_evaluations": int(certificate.n_evaluations),
        "starts_tried": int(certificate.starts_tried),
        "details": {
            name: _plain(value) for name, value in certificate.details.items() if name not in COMPUTED
        },
        "null_directions": [packer.array(N, np.float64) for N in optimum.null_directions],
        "path": packer.array(optimum.path, np.float64),
        "criterion": packer.array(optimum.criterion, np.float64),
        "sigma": packer.array(optimum.sigma, np.float64),
        "step": packer.array(optimum.step, np.float64),
        "decrement": packer.array(optimum.decrement, np.float64),
    }


COMPUTED = ("factor_residual",)
"""Details of the certificate that are computed again."""


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value
