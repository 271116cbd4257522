"""Containment, the degrees of freedom of SAS PROC MIXED where there is a RANDOM statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from lmm.errors import UnsupportedError
from lmm.inference.df.by_term import ByTerm
from lmm.inference.per_fit import per_fit
from lmm.typing import FloatMatrix, FloatVector, IntVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["Containment"]

LARGEST = 5_000
"""Columns whose rank is found densely."""

_RANK = 1e-10
"""Eigenvalues of products of unit columns that count as zero."""


@dataclass(frozen=True)
class Containment(ByTerm):
    """The rank that a containing random effect adds to [X Z].

    A random effect contains a fixed term if it has all its variables: ``(1 | block/variety)`` has the effect
    block:variety, which contains ``variety``, and ``(x | g)`` the effect x:g, which contains ``x``. The degrees of
    freedom of a term are the smallest of the ranks that the effects containing it add to [X Z], in the order of the
    formula; n minus the rank of [X Z] if there are none. All random effects contain the intercept.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("yield ~ Variety + nitro + (1 | Block/Variety)", lmm.datasets.load("Oats"))
    >>> lmm.coefficients(fit, df="containment")["df"]
    array([ 5., 10., 10., 53.])
    """

    name: ClassVar[str] = "containment"

    @property
    def label(self) -> str:
        return "containment"

    def term_df(self, fit: Fit) -> FloatVector:
        return _term_df(fit)


class _RandomEffect(NamedTuple):
    """One effect of a random term, at all levels.

    Attributes
    ----------
    variables
        Data columns of the effect and its grouping factors; None for a user's block.
    part
        Number of the random term.
    columns
        Its columns within a level.
    """

    variables: frozenset[str] | None
    part: int
    columns: tuple[int, ...]


@per_fit
def _term_df(fit: Fit) -> FloatVector:
    effects = list(_random_effects(fit))
    Q = np.linalg.qr(fit.X)[0]
    ranks = [fit.n_fixed] + [_rank(fit, Q, effects[: i + 1]) for i in range(len(effects))]
    added = np.diff(ranks)
    found = []
    for term in fit.internals.design.terms:
        own = frozenset(term.variables)
        containing = [
            int(rank)
            for effect, rank in zip(effects, added, strict=True)
            if effect.variables is not None and own <= effect.variables
        ]
        found.append(float(min(containing, default=fit.n_obs - ranks[-1])))
    return np.array(found)


def _random_effects(fit: Fit) -> Iterator[_RandomEffect]:
    for i, part in enumerate(fit.internals.design.random):
        every = tuple(range(part.block.n_columns))
        recipe = part.recipe
        if recipe is None:
            yield _RandomEffect(None, i, every)
            continue
        groups = frozenset(name for factor in recipe.factors for name in factor.variables)
        matrix = recipe.effects
        if matrix is None:
            yield _RandomEffect(groups, i, every)
            continue
        for term in matrix.terms:
            if every[term.columns]:
                yield _RandomEffect(groups | frozenset(term.variables), i, every[term.columns])


def _columns(fit: Fit, effects: list[_RandomEffect]) -> dict[int, tuple[Any, int]]:
    """Make unit columns of Z by random term (n, l k), level by level, and k."""
    from scipy.sparse import diags

    found = {}
    for i in dict.fromkeys(effect.part for effect in effects):
        block = fit.internals.design.random[i].block.effective()
        own = [column for effect in effects if effect.part == i for column in effect.columns]
        used = np.arange(block.n_levels)[:, None] * block.n_columns + np.array(own)
        Z = block.to_sparse().tocsc()[:, used.ravel()]
        lengths = np.sqrt(np.asarray(Z.multiply(Z).sum(axis=0)).ravel())
        found[i] = (Z @ diags(1.0 / np.where(lengths > 0.0, lengths, 1.0))).tocsr(), len(own)
    return found


def _rank(fit: Fit, Q: FloatMatrix, effects: list[_RandomEffect]) -> int:
    """Rank of [X Z], with Q an orthonormal basis of X.

    The grouping factor with the most columns is eliminated level by level; the others are dense.
    """
    from scipy.sparse import csr_array, hstack

    columns = _columns(fit, effects)
    leading = [i for i in columns if fit.internals.design.random[i].is_group]
    head = max(leading, key=lambda i: columns[i][0].shape[1], default=None)
    others = [Z for i, (Z, _) in columns.items() if i != head]
    rest = hstack([csr_array(Q), *others], format="csr")
    if rest.shape[1] > LARGEST:
        raise UnsupportedError(
            f"Containment needs the rank of [X Z], which is found for {LARGEST:,} columns besides those of the term "
            f'with the most levels; this model has {rest.shape[1]:,}. Use df="satterthwaite".'
        )
    products = (rest.T @ rest).toarray()
    if head is None:
        return _positive(products)
    Z, k = columns[head]
    gram = (Z.T @ Z).tocoo()
    blocks = np.zeros((Z.shape[1] // k, k, k))
    blocks[gram.row // k, gram.row % k, gram.col % k] = gram.data
    values, vectors = np.linalg.eigh(blocks)
    good = values > _RANK
    # Rows of Z'(X Z) in the directions of the blocks that have a rank, over their roots.
    roots = np.sqrt(np.where(good, values, 1.0))
    turned = np.where(good[:, None, :], vectors / roots[:, None, :], 0.0)
    cross = _times_blocks(turned, (Z.T @ rest).tocsr())
    return int(np.count_nonzero(good)) + _positive(products - (cross.T @ cross).toarray())


def _times_blocks(blocks: Any, matrix: Any) -> Any:
    """Multiply the rows of a sparse matrix (l k, m) by transposed blocks (l, k, k)."""
    from scipy.sparse import bsr_array

    n_levels, k = blocks.shape[:2]
    starts: IntVector = np.arange(n_levels + 1)
    transposed = np.ascontiguousarray(blocks.transpose(0, 2, 1))
    return bsr_array((transposed, starts[:-1], starts), shape=(n_levels * k,) * 2).tocsr() @ matrix


def _positive(products: FloatMatrix) -> int:
    """Rank of a matrix of products of unit columns."""
    return int(np.count_nonzero(np.linalg.eigvalsh(products) > _RANK))
