"""A saved fit from its parts: each is checked, and what follows from others is computed, not read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import numpy as np

from lmm.covariance import Penalized, Precision, Tied
from lmm.data import Column, Columns
from lmm.data.arrays import factor_column, integer_column
from lmm.design import Design, DesignSpec, UserBlock
from lmm.design.missing import seeing, texts_of
from lmm.design.rows import Rows
from lmm.engine import Block, Control, GroupBlock
from lmm.errors import FileError
from lmm.formula import parse
from lmm.limits import MOST_RESTARTS
from lmm.model.files.parts import Part
from lmm.model.files.smooth_objects import unpacked_object
from lmm.model.request import Request
from lmm.typing import BoolVector, FloatVector, Method

__all__ = ["unpacked_design", "unpacked_request"]

_SPARE_COLUMNS = 1_000_000  # columns of Z that a sparse block may have without an entry


def unpacked_request(part: Part, n_rows: int) -> Request:
    """Arguments of `lmm.fit`, for a table of ``n_rows`` rows.

    Raises
    ------
    FileError
        If something is none of what it should be.
    """
    found = part.record(
        "formula", "method", "missing", "negative", "restarts", "control", "weights", "offset", "contrasts",
        "factors", "random", "smooths", "select", "start", "theta",
    )  # fmt: skip
    control = found["control"].record("max_iterations", "tolerance", "progress")
    blocks = {name: _block(block, n_rows) for name, block in found["random"].named().items()}
    return Request(
        formula=found["formula"].text(),
        data=None,
        method=found["method"].choice(*get_args(Method)),
        weights=_by_row(found["weights"], n_rows),
        offset=_by_row(found["offset"], n_rows),
        missing=found["missing"].choice("drop", "raise"),
        contrasts=_contrasts(found["contrasts"]),
        factors=tuple(found["factors"].texts()),
        random=blocks or None,
        smooths={name: unpacked_object(value) for name, value in found["smooths"].named().items()} or None,
        select=found["select"].truth(),
        start=None if found["start"].missing else [x.number() for x in found["start"].items()],
        theta=_theta(found["theta"]),
        restarts=found["restarts"].whole(0, MOST_RESTARTS),
        control=Control(
            control["max_iterations"].whole(1), control["tolerance"].number(), control["progress"].truth()
        ),
        negative=found["negative"].choice("zero", "allow"),
    )


def _by_row(part: Part, n_rows: int) -> Any:
    if part.missing:
        return None
    return part.text() if isinstance(part.value, str) else part.array("<f8", n_rows, gaps=True)


def _contrasts(part: Part) -> Any:
    """One coding for all factors, or a name or a matrix for each."""
    if isinstance(part.value, str):
        return part.text()
    return {name: _contrast(choice) for name, choice in part.named().items()} or None


def _contrast(part: Part) -> Any:
    return part.text() if isinstance(part.value, str) else part.array("<f8", None, None)


def _theta(part: Part) -> Any:
    if part.missing:
        return None
    if isinstance(part.value, dict):
        return {name: None if value.missing else value.number() for name, value in part.named().items()}
    return [None if value.missing else value.number() for value in part.items()]


def _block(part: Part, n_rows: int) -> Block:
    named = part.named()
    common: tuple[str, ...] = ("structure", "labels", "root")
    if "codes" in named:
        found = part.record(*common, "codes", "values", "n_levels")
        codes = found["codes"].array("<i4", n_rows)
        values = None if found["values"].missing else found["values"].array("<f8", n_rows, None)
        most = int(codes.max(initial=0)) + 1 + _SPARE_COLUMNS
        n_levels = found["n_levels"].whole(1, most)
        return GroupBlock(codes, values, n_levels, **_shared(found, n_levels))
    if "penalties" in named:
        common = (*common, "penalties")
    if "matrix" in named:
        found = part.record(*common, "k", "matrix")
        matrix: Any = found["matrix"].array("<f8", n_rows, None)
    else:
        found = part.record(*common, "k", "data", "indices", "starts", "width")
        matrix = _sparse(found, n_rows)
    k = found["k"].whole(1)
    if matrix.shape[1] == 0 or matrix.shape[1] % k:
        raise FileError(f"{part.where} has {matrix.shape[1]} columns, which is not a multiple of {k}")
    family = None
    if "penalties" in found:
        family = _penalties(found["penalties"], k, tied=found["structure"].choice("us", "diag") == "diag")
    return UserBlock(matrix, k, **_shared(found, matrix.shape[1] // k), family=family)


def _penalties(part: Part, k: int, *, tied: bool) -> Precision:
    """Read the penalties of a block: a row of scales for each, or a matrix."""
    found = part.record("labels", "numbers")
    labels = found["labels"].texts()
    numbers = [own.array("<f8", 1 if tied else k, k) for own in found["numbers"].items()]
    if not numbers:
        raise FileError(f"{part.where} are none")
    return Tied(np.vstack(numbers).T, labels) if tied else Penalized(np.array(numbers), labels)


def _shared(found: dict[str, Part], n_levels: int) -> dict[str, Any]:
    labels = None if found["labels"].missing else found["labels"].texts()
    if labels is not None and len(set(labels)) != n_levels:
        raise FileError(f"{found['labels'].where} are not {n_levels} different labels")
    root = None if found["root"].missing else found["root"].array("<f8", n_levels, n_levels)
    return {"structure": found["structure"].choice("us", "diag"), "labels": labels, "root": root}


def _sparse(found: dict[str, Part], n_rows: int) -> Any:
    """CSR matrix, its indices checked before SciPy sees them."""
    from scipy.sparse import csr_array

    data = found["data"].array("<f8", None)
    indices = found["indices"].array("<i8", data.size)
    starts = found["starts"].array("<i8", n_rows + 1)
    width = found["width"].whole(1, int(indices.max(initial=0)) + 1 + _SPARE_COLUMNS)
    if starts[0] != 0 or starts[-1] != data.size or (np.diff(starts) < 0).any():
        raise FileError(f"{found['starts'].where} are not the starts of rows")
    rising = np.diff(indices) > 0
    rising[starts[1:-1][(starts[1:-1] > 0) & (starts[1:-1] < data.size)] - 1] = True
    if indices.size and (indices.min() < 0 or indices.max() >= width or not rising.all()):
        raise FileError(f"{found['indices'].where} are not columns in ascending order")
    return csr_array((data, indices, starts), shape=(n_rows, width))


def unpacked_rows(part: Part) -> dict[str, Part]:
    """Parts of the rows, of which ``n_rows`` is needed first."""
    return part.record("rows", "n_rows", "n_missing", "n_weight", "notes", "available", "columns")


def unpacked_design(request: Request, found: dict[str, Part], response: Part) -> tuple[DesignSpec, Design]:
    """Recipe and design, learnt from the rows of the file as `lmm.fit` learns them from a table.

    Raises
    ------
    LmmError
        If the rows are none, or the model cannot be made of them.
    """
    n_rows = found["n_rows"].whole(1)
    rows = found["rows"].array("<i8", None)
    n = int(rows.size)
    if n == 0 or rows[0] < 0 or rows[-1] >= n_rows or (np.diff(rows) <= 0).any():
        raise FileError(f"{found['rows'].where} are not rows of a table of {n_rows} rows")
    n_missing, n_weight = found["n_missing"].whole(0, n_rows), found["n_weight"].whole(0, n_rows)
    if n + n_missing + n_weight != n_rows:
        raise FileError(f"{n} rows used and {n_missing + n_weight} left out are not {n_rows}")
    formula = parse(request.formula, columns=found["available"].texts())
    parts = found["columns"].named()
    _, free = seeing(texts_of(*formula.texts), parts)
    columns = Columns(
        {name: _column(name, part, n, gaps=name in free) for name, part in parts.items()},
        n,
        found["available"].texts(),
    )
    needed = {*formula.variables, *(x for x in (request.weights, request.offset) if isinstance(x, str))}
    if set(columns) != needed or not needed <= set(columns.available):
        raise FileError(f"its columns are {', '.join(columns) or 'none'}, but the formula needs others")
    selected = Rows(
        columns=columns,
        rows=rows,
        weights=_used(request.weights, columns, rows, "weights"),
        offset=_used(request.offset, columns, rows, "offset"),
        n_rows=n_rows,
        n_missing=n_missing,
        n_weight=n_weight,
        notes=found["notes"].texts(),
    )
    other = None if response.missing else response.array("<f8", n)
    return DesignSpec.learn_rows(
        formula,
        selected,
        contrasts=request.contrasts,
        offset=request.offset,
        random=request.random,
        smooths=request.smooths,
        select=request.select,
        y=other,
    )


def _column(name: str, part: Part, n: int, *, gaps: bool) -> Column:
    named = part.named()
    if "codes" in named:
        found = part.record("kind", "codes", "levels")
        kind = found["kind"].choice("factor", "ordered", "labels")
        codes = found["codes"].array("<i4", n)
        levels = [level.level() for level in found["levels"].items()]
        used = np.unique(codes)
        if not np.array_equal(used[1:] if gaps and used[0] == -1 else used, np.arange(len(levels))):
            raise FileError(f"{part.where} has {len(levels)} levels, but its codes are others")
        if kind == "ordered":
            return factor_column(name, codes, levels, is_ordered=True)
        return replace(factor_column(name, codes, levels), kind=kind)
    if "integers" in named:
        found = part.record("integers", *(["absent"] if gaps and "absent" in named else []))
        whole = found["integers"].array("<i8 <u8", n)
        return integer_column(name, whole, _absent(found["absent"], n) if "absent" in found else None)
    return Column(name, "numeric", values=part.record("values")["values"].array("<f8", n, gaps=gaps))


def _absent(part: Part, n: int) -> BoolVector:
    """Mark of the rows whose whole number is missing."""
    rows = part.array("<i8", None)
    if rows.size == 0 or rows[0] < 0 or rows[-1] >= n or (np.diff(rows) <= 0).any():
        raise FileError(f"{part.where} are not rows of {n}")
    marks = np.zeros(n, dtype=bool)
    marks[rows] = True
    return marks


def _used(given: Any, columns: Columns, rows: Any, role: str) -> FloatVector | None:
    """Weights or offset of the rows used."""
    if given is None:
        return None
    if isinstance(given, str) and columns[given].kind != "numeric":
        raise FileError(f"the column of {role}= is not numeric")
    used: FloatVector = columns[given].numbers if isinstance(given, str) else given[rows]
    if not np.isfinite(used).all() or (role == "weights" and not (used > 0).all()):
        raise FileError(f"{role} has values that it cannot have")
    return used
