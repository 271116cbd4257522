"""Tensor products whose penalties do not overlap: one variance for each kind of interaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np

from lmm.bases.basis import Carrier, Covariate, Settings
from lmm.bases.order import check_order
from lmm.bases.products.margins import LearnBasis, Margin, learn_margins
from lmm.bases.products.rows import dense_row_product, row_product
from lmm.bases.products.te import TensorProduct, term_called
from lmm.bases.spaces import complement
from lmm.errors import UnsupportedError
from lmm.limits import check_memory
from lmm.typing import FloatMatrix, FloatVector, IntVector

__all__ = ["SplitTensorProduct", "canonical_null", "learn", "natural", "split_product"]


@dataclass(frozen=True, eq=False, kw_only=True)
class SplitTensorProduct(TensorProduct):
    """Products of parts of margins: of what is penalized (r), and of what is not (n, or 1, 2, .. one by one).

    Attributes
    ----------
    places
        Index of each column among all products, shape (k,): the columns of a part stand together.
    n_penalized
        So many columns at the front have a penalty.
    """

    name: ClassVar[str] = "t2"
    is_recentred: ClassVar[bool] = True

    places: IntVector
    n_penalized: int

    def carrier(self, covariates: Sequence[Covariate]) -> Carrier:
        rows, to_columns = row_product([margin.carrier(covariates) for margin in self.margins])
        return Carrier(rows, to_columns[:, self.places])

    def derivative(self, covariates: Sequence[Covariate], order: int = 1, along: int = 0) -> FloatMatrix:
        check_order(order, along, self)
        return dense_row_product([margin.columns(covariates, order, along) for margin in self.margins])[
            :, self.places
        ]

    def constraint(self, carrier: Carrier) -> FloatVector | None:
        c = super().constraint(carrier)
        if c is None or self.n_penalized == self.k:
            return None
        return np.where(np.arange(self.k) < self.n_penalized, 0.0, c)


def learn(covariates: Sequence[Covariate], settings: Settings, learn_basis: LearnBasis) -> SplitTensorProduct:
    """Learn a tensor product with separate penalties from data.

    With ``full`` in ``settings.extra`` each function that a margin does not penalize has penalties of its own.

    Raises
    ------
    ArgumentError, DataError
        If the numbers of margins do not fit together, or a margin cannot be learned.
    UnsupportedError
        If a margin has several penalties.

    Examples
    --------
    >>> from lmm.bases.catalog import learn_basis
    >>> x, z = (Covariate(name, np.linspace(0.0, 1.0, 21)) for name in "xz")
    >>> basis = learn([x, z], Settings(k=(4, 5)), learn_basis)
    >>> basis.k, basis.penalty_names
    (20, ('rr', 'nr', 'rn'))
    """
    called = term_called("t2", covariates)
    margins = learn_margins(covariates, settings, learn_basis, called)
    for margin in margins:
        if len(margin.penalties) > 1:
            raise UnsupportedError(
                f"{called} needs margins with one penalty each, and that of {', '.join(margin.basis.covariates)} has"
                f" {len(margin.penalties)}. Write te() in its place."
            )
    turned = [natural(margin, covariates, canonical_null(margin, covariates)) for margin in margins]
    return split_product(turned, covariates, bool(settings.extra.get("full", False)))


def canonical_null(margin: Margin, covariates: Sequence[Covariate]) -> FloatMatrix:
    """Coordinates of what a margin does not penalize: orthogonal over the data, in the order of its null space.

    The first function is the constant where the margin has one. Eigenvectors would do as well, but which ones a library
    of linear algebra returns for an eigenvalue zero that occurs twice is a matter of chance.
    """
    N = margin.null_space
    if not N.shape[1]:
        return N
    Q, R = np.linalg.qr(margin.carrier(covariates).dense() @ N)
    return np.asarray(N @ np.linalg.inv(R * np.sign(np.diag(R))[:, None]) * np.sqrt(len(Q)))


def natural(margin: Margin, covariates: Sequence[Covariate], null: FloatMatrix) -> Margin:
    """Coordinates in which the penalty is the identity on the first columns and zero on the others.

    Parameters
    ----------
    margin
        With one penalty.
    covariates
        Of the rows that are fitted: both parts are scaled to mean square one over these.
    null
        Coordinates of what is not penalized, shape (q, M).
    """
    (S,) = margin.penalties
    rest = complement(np.linalg.qr(null)[0])
    values, vectors = np.linalg.eigh(rest.T @ S @ rest)
    range_ = rest @ (vectors / np.sqrt(values))[:, ::-1]
    rows, to_columns = margin.carrier(covariates)
    parts = []
    for part in (range_, null):
        mean_square = np.mean((rows @ (to_columns @ part)) ** 2) if part.shape[1] else 1.0
        parts.append(part / np.sqrt(mean_square))
    inner, rank = np.hstack(parts), range_.shape[1]
    new_null = np.eye(margin.q)[:, rank:]
    turned = margin.in_coordinates(inner, new_null)
    identity = np.diag((np.arange(margin.q) < rank).astype(float))
    return Margin(turned.basis, turned.first, turned.turned, (identity,), new_null)


def split_product(
    margins: Sequence[Margin], covariates: Sequence[Covariate], full: bool
) -> SplitTensorProduct:
    """Multiply margins in natural coordinates, part by part."""
    sizes = [margin.q for margin in margins]
    k = int(np.prod(sizes, dtype=np.int64))
    check_memory(f"A penalty of {term_called('t2', covariates)}", k, k, "Choose a smaller k for the margins.")
    parts = [_parts(margin, full) for margin in margins]
    # The first margin's parts vary fastest; what no margin penalizes comes last.
    cells = [cell[::-1] for cell in product(*reversed(parts))]
    cells.sort(key=lambda cell: all(name != "r" for name, _ in cell))
    names = tuple("".join(name for name, _ in cell) for cell in cells)
    places = [_places([at for _, at in cell], sizes) for cell in cells]
    of_cell = np.repeat(np.arange(len(cells)), [len(place) for place in places])
    penalized = [i for i, name in enumerate(names) if "r" in name]
    n_penalized = int(np.isin(of_cell, penalized).sum())
    return SplitTensorProduct(
        covariates=tuple(covariate.name for covariate in covariates),
        k=k,
        penalties=tuple(np.diag((of_cell == i).astype(float)) for i in penalized),
        penalty_names=tuple(names[i] for i in penalized),
        null_space=np.eye(k)[:, n_penalized:],
        is_centred=all(margin.basis.is_centred for margin in margins),
        notes=tuple(note for margin in margins for note in margin.basis.notes),
        margins=tuple(margins),
        places=np.concatenate(places).astype(np.int64),
        n_penalized=n_penalized,
    )


def _parts(margin: Margin, full: bool) -> list[tuple[str, IntVector]]:
    """Parts of a margin with their columns; none is empty."""
    M = margin.null_space.shape[1]
    rank = margin.q - M
    free = [(str(i + 1), np.array([rank + i])) for i in range(M)] if full else [("n", rank + np.arange(M))]
    return [part for part in [("r", np.arange(rank)), *free] if part[1].size]


def _places(columns: Sequence[IntVector], sizes: Sequence[int]) -> IntVector:
    """Find the products of the given columns among all products."""
    at = np.ravel_multi_index(np.meshgrid(*columns, indexing="ij"), tuple(sizes))
    return np.asarray(at, dtype=np.int64).ravel()
