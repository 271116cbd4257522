"""Models that reproduce the response: their criterion falls without bound, so that they have no fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lmm.design import Design
from lmm.errors import DesignError
from lmm.model.building import fixed_matrix, response
from lmm.typing import FloatMatrix, FloatVector

NO_VARIANCE = 1e-14  # of the variation of the response: rounding of the squares of its 16 digits
SUSPECT = 1e-10  # of the weighted variation: from here on the rows are looked at
DENSE = 4_000_000  # numbers of [X Z] up to which it is solved as a dense matrix


def refuse_exact_moments(design: Design, r2: float) -> None:
    """Refuse moments whose residual sum of squares is rounding.

    Raises
    ------
    DesignError
        If no residual variance is left.
    """
    if not r2 > NO_VARIANCE * _variation(response(design), None):
        raise DesignError(_message(design, [np.eye(len(part.columns)) for part in design.random]))


def refuse_exact_fit(design: Design, r2: float, T: Sequence[FloatMatrix], reml: bool) -> None:
    """Refuse an optimum that reproduces the response by the random effects that vary at T.

    Parameters
    ----------
    r2
        Penalized residual sum of squares, weighted.

    Raises
    ------
    DesignError
        If the criterion falls without bound along these random effects.
    """
    if not r2 > SUSPECT * _variation(response(design), design.weights):
        refuse_unbounded(design, T, reml)


def refuse_unbounded(design: Design, T: Sequence[FloatMatrix], reml: bool) -> None:
    """Refuse a model whose criterion falls without bound as the random effects that vary at T grow.

    With S = tTT' and t growing, ``r² ~ c/t`` where X and ZT reproduce the response, and the criterion goes as
    ``(r - m) log t``: r is the rank of ZT (for REML, of what X leaves of it), m = n or n - p.

    Raises
    ------
    DesignError
        If X and ZT reproduce the response, and r < m.
    """
    y, X = response(design), fixed_matrix(design)
    if design.offset is not None:
        y = y - design.offset
    columns = [
        part.block.effective().to_sparse() @ _repeated(factor, part.block.n_levels)
        for part, factor in zip(design.random, T, strict=True)
        if np.any(factor != 0.0)
    ]
    residual, saturated = _residual(y, X, columns, reml)
    spread = float(np.sqrt(_variation(y, None) / y.size))
    least = np.sqrt(NO_VARIANCE) * spread + 4e-15 * float(np.abs(y).max())
    if not saturated and float(np.sqrt(np.mean(np.square(residual)))) <= least:
        raise DesignError(_message(design, T))


def _variation(y: FloatVector, weights: FloatVector | None) -> float:
    """Weighted sum of squares around the mean."""
    if weights is None:
        deviations = y - y.mean()
        return float(deviations @ deviations)
    mean = float(weights @ y / weights.sum())
    return float(weights @ np.square(y - mean))


def _repeated(T: FloatMatrix, n_levels: int) -> Any:
    """T once for each level, sparse."""
    from scipy.sparse import csr_array, eye_array, kron

    return csr_array(kron(eye_array(n_levels), csr_array(T)))


def _residual(y: FloatVector, X: FloatMatrix, columns: Sequence[Any], reml: bool) -> tuple[FloatVector, bool]:
    """Residual of y on X and the columns, and whether these leave no degree of freedom (r = m)."""
    from scipy.sparse import csc_array, hstack
    from scipy.sparse.linalg import lsmr

    A = csc_array(hstack([csc_array(X), *columns]))
    norms = np.sqrt(np.asarray(A.power(2).sum(axis=0)).ravel())
    A = csc_array(A[:, norms > 0.0] @ _diagonal(1.0 / norms[norms > 0.0]))
    n, p = y.size, X.shape[1]
    if A.shape[0] * A.shape[1] > DENSE:
        solution = lsmr(A, y, atol=1e-15, btol=1e-15, conlim=0.0, maxiter=20 * min(A.shape))[0]
        return y - A @ solution, False
    dense = A.toarray()
    solution, _, rank, _ = np.linalg.lstsq(dense, y, rcond=1e-12)
    if not reml:
        rank = np.linalg.matrix_rank(dense[:, p:], tol=1e-10) if dense.shape[1] > p else 0
    residual = y - dense @ solution
    return residual - dense @ np.linalg.lstsq(dense, residual, rcond=1e-12)[0], bool(rank >= n)


def _diagonal(values: FloatVector) -> Any:
    from scipy.sparse import dia_array

    return dia_array((values[None, :], [0]), shape=(values.size, values.size))


def _message(design: Design, T: Sequence[FloatMatrix]) -> str:
    """Say what reproduces the response, and where it does not vary."""
    used = [part for part, factor in zip(design.random, T, strict=True) if np.any(factor != 0.0)]
    if not used:
        return (
            "The model reproduces the response exactly: no residual variance is left to estimate. "
            "Check the response, or leave columns out of the fixed part."
        )
    constant = [part.group for part in used if part.is_group and _is_constant(design, part.level_of_row)]
    reason = f" The response does not vary within the levels of {constant[0]}." if constant else ""
    terms = ", ".join(dict.fromkeys(part.source for part in used))
    return (
        f"The model reproduces the response exactly, by the random effects of {terms}: "
        f"no residual variance is left to estimate, and the criterion falls without bound.{reason} "
        "Check the response, or leave random terms out of the formula."
    )


def _is_constant(design: Design, codes: Any) -> bool:
    """Whether the response is the same in all rows of each level, but for rounding."""
    y = response(design)
    low, high = np.full(codes.max() + 1, np.inf), np.full(codes.max() + 1, -np.inf)
    np.minimum.at(low, codes, y)
    np.maximum.at(high, codes, y)
    seen = np.isfinite(low)
    spread = float(np.ptp(y))
    return bool(np.all(high[seen] - low[seen] <= 1e-7 * spread)) and np.bincount(codes).max() > 1
