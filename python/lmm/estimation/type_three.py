"""Sums of squares of type III for effects that others contain.

The estimable functions of type III of an effect have zeros for all effects that do not contain it, and are
orthogonal to those of the effects that contain it, in the coordinates of the model in which every level has
a column of its own (J. H. Goodnight, "Tests of hypotheses in fixed effects linear models",
Communications in Statistics A9, 1980; the four types of estimable functions of SAS).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lmm.design import Design
from lmm.errors import UnsupportedError
from lmm.estimation.component import VarianceComponent
from lmm.estimation.effects import Effect
from lmm.estimation.projections import Gain, weighted_response
from lmm.typing import FloatMatrix

MOST_COLUMNS = 3_000
_ZERO = 1e-10  # of the largest squared length of a column


def type_three_gain(
    design: Design,
    components: Sequence[VarianceComponent],
    others: Sequence[Effect],
    effect: Effect,
    containing: Sequence[Effect],
) -> Gain:
    """Sum of squares of type III of one effect, with its traces.

    Parameters
    ----------
    design, components
        The model.
    others
        Effects that do not contain this one.
    effect
        The effect.
    containing
        Effects that contain it.

    Raises
    ------
    UnsupportedError
        If there are too many levels, or a covariate is not in the model by itself.
    """
    effects = [*others, effect, *containing]
    blocks = _weighted_columns(design, components, effects)
    widths = [block.shape[1] for block in blocks]
    n_others, n_own = sum(widths[: len(others)]), widths[len(others)]
    if sum(widths) > MOST_COLUMNS:
        raise UnsupportedError(
            f"Type III has a column for every level of every effect, here {sum(widths)}; {MOST_COLUMNS} are possible. "
            "Use type=1 or type=2."
        )
    products = _cross_products(design, blocks)
    T = _eliminated(products, n_others)
    S = (T[:, n_others:-1] + T[:, n_others:-1].T) / 2.0
    # What is left of a column is judged by what it was.
    largest = float(np.diag(products)[n_others:].max())
    L = _hypothesis(S, n_own, largest)  # (m, df)
    if L.shape[1] == 0:
        return Gain(0, 0.0, np.zeros(len(components)))
    K = _inverse(S, largest) @ L
    # With C C' = L'S⁻L the rows of C⁻¹K' are an orthonormal basis of the hypothesis, seen through the columns.
    seen = np.linalg.solve(np.linalg.cholesky(L.T @ K), K.T @ T)  # (df, all columns and y)
    traces = np.zeros(len(components))
    for other, stop, width in zip(effects, np.cumsum(widths), widths, strict=True):
        if other.kind == "random":
            traces[other.position] = np.sum(seen[:, stop - width : stop] ** 2)
    return Gain(L.shape[1], float(np.sum(seen[:, -1] ** 2)), traces)


def _hypothesis(S: FloatMatrix, n_own: int, largest: float) -> FloatMatrix:
    """Coefficients (m, df): rows of S, without the part that lies in the columns of the containing effects alone."""
    E = _range(S, largest)
    inside = S[n_own:, n_own:] - S[n_own:, :n_own] @ _inverse(S[:n_own, :n_own], largest) @ S[:n_own, n_own:]
    basis = _range(inside, largest)
    E2 = np.vstack([np.zeros((n_own, basis.shape[1])), basis])
    U, s, _ = np.linalg.svd(E - E2 @ (E2.T @ E), full_matrices=False)
    # Two orthonormal bases: what is left has length one where anything is left.
    return U[:, s > 0.5]


def _eliminated(gram: FloatMatrix, n: int) -> FloatMatrix:
    """Cross-products of the columns after the first n with everything, when those are projected out."""
    others = gram[:n, :n]
    lengths = np.sqrt(np.diag(others))
    scale = np.where(lengths > 0.0, lengths, 1.0)
    inverse = _inverse(others / scale / scale[:, None], 1.0) / scale / scale[:, None]
    left: FloatMatrix = gram[n:] - gram[n:, :n] @ (inverse @ gram[:n])
    return left


def _weighted_columns(
    design: Design, components: Sequence[VarianceComponent], effects: Sequence[Effect]
) -> list[Any]:
    columns = [components[e.position].Z if e.kind == "random" else _levels(design, e) for e in effects]
    return [design.errors.whiten(block) for block in columns]


def _cross_products(design: Design, blocks: Sequence[Any]) -> FloatMatrix:
    """``W'[W y]`` (m, m + 1) for the columns W of all effects."""
    from scipy.sparse import hstack

    W = hstack(blocks, format="csr")
    # What the columns explain needs no second look, and leaves fewer digits to lose.
    y = weighted_response(design)
    return np.column_stack([(W.T @ W).toarray(), W.T @ y])


def _levels(design: Design, effect: Effect) -> Any:
    """Make one column of a fixed effect for each level and each column of its covariates (n, l k), sparse."""
    from scipy.sparse import csr_array, hstack

    rows = np.arange(design.n_obs)
    codes = (
        np.zeros(design.n_obs, dtype=np.int64) if effect.codes is None or not effect.factors else effect.codes
    )
    shape = (design.n_obs, effect.n_levels if effect.factors else 1)
    values = _covariate(design, effect)
    return hstack([csr_array((column, (rows, codes)), shape=shape) for column in values.T], format="csr")


def _covariate(design: Design, effect: Effect) -> FloatMatrix:
    """Columns (n, k) that the levels are multiplied by."""
    if not effect.numeric:
        return np.ones((design.n_obs, 1))
    for term in design.terms:
        if term.parts == effect.numeric:
            return design.X[:, term.columns]
    raise UnsupportedError(
        f"Type III of {effect.name} needs the term {':'.join(effect.numeric)} by itself in the model; add it, or use "
        "type=1."
    )


def _inverse(A: FloatMatrix, largest: float) -> FloatMatrix:
    """Inverse on the range of a positive semidefinite matrix, eigenvalues far below ``largest`` being zero."""
    values, vectors = np.linalg.eigh(A) if len(A) else (np.zeros(0), A)
    kept = values > _ZERO * largest
    inverse: FloatMatrix = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    return inverse


def _range(A: FloatMatrix, largest: float) -> FloatMatrix:
    """Orthonormal basis of the range of such a matrix."""
    values, vectors = np.linalg.eigh(A) if len(A) else (np.zeros(0), A)
    basis: FloatMatrix = vectors[:, values > _ZERO * largest]
    return basis
