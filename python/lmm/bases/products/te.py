"""Tensor products with one penalty for each margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lmm.bases.basis import Basis, Carrier, Covariate, Extrapolation, Joint, Settings
from lmm.bases.order import check_order
from lmm.bases.products.margins import LearnBasis, Margin, at_values, learn_margins
from lmm.bases.products.rows import dense_row_product, kron, row_product
from lmm.bases.spaces import complement
from lmm.limits import check_memory
from lmm.typing import FloatMatrix

__all__ = ["TensorProduct", "learn", "product_of"]


@dataclass(frozen=True, eq=False, kw_only=True)
class TensorProduct(Basis):
    """All products of a function of each margin; the first margin varies slowest.

    Attributes
    ----------
    margins
        Its factors.
    """

    name: ClassVar[str] = "te"
    extrapolates: ClassVar[Extrapolation] = "product"

    margins: tuple[Margin, ...]

    def carrier(self, covariates: Sequence[Covariate]) -> Carrier:
        return row_product([margin.carrier(covariates) for margin in self.margins])

    def derivative(self, covariates: Sequence[Covariate], order: int = 1, along: int = 0) -> FloatMatrix:
        check_order(order, along, self)
        return dense_row_product([margin.columns(covariates, order, along) for margin in self.margins])


def learn(covariates: Sequence[Covariate], settings: Settings, learn_basis: LearnBasis) -> TensorProduct:
    """Learn a tensor product from data.

    Margins whose parameters are not values of the function are brought into such coordinates, unless ``np`` in
    ``settings.extra`` is False; so the penalties are comparable whatever the bases are.

    Raises
    ------
    ArgumentError, DataError
        If the numbers of margins do not fit together, or a margin cannot be learned.

    Examples
    --------
    >>> from lmm.bases.catalog import learn_basis
    >>> x, z = (Covariate(name, np.linspace(0.0, 1.0, 21)) for name in "xz")
    >>> basis = learn([x, z], Settings(k=(4, 5)), learn_basis)
    >>> basis.k, basis.penalty_names
    (20, ('x', 'z'))
    """
    margins = learn_margins(covariates, settings, learn_basis, term_called("te", covariates))
    if settings.extra.get("np", True):
        margins = [at_values(margin, covariates) for margin in margins]
    return product_of(margins, covariates, TensorProduct, all(margin.basis.is_centred for margin in margins))


def product_of(
    margins: Sequence[Margin], covariates: Sequence[Covariate], kind: type[TensorProduct], is_centred: bool
) -> TensorProduct:
    """Multiply margins; each penalty acts along its margin, divided by its largest eigenvalue."""
    sizes = [margin.q for margin in margins]
    k = int(np.prod(sizes, dtype=np.int64))
    check_memory(
        f"A penalty of {term_called(kind.name, covariates)}", k, k, "Choose a smaller k for the margins."
    )
    penalties: list[FloatMatrix] = []
    highest = [[float(np.linalg.eigvalsh(S)[-1]) for S in margin.penalties] for margin in margins]
    for i, (margin, most) in enumerate(zip(margins, highest, strict=True)):
        before, after = int(np.prod(sizes[:i])), int(np.prod(sizes[i + 1 :]))
        penalties += [
            kron([np.eye(before), S / value, np.eye(after)])
            for S, value in zip(margin.penalties, most, strict=True)
        ]
    return kind(
        covariates=tuple(covariate.name for covariate in covariates),
        k=k,
        penalties=tuple(penalties),
        penalty_names=tuple(name for margin in margins for name in margin.penalty_names()),
        null_space=kron([margin.null_space for margin in margins]),
        is_centred=is_centred,
        notes=tuple(note for margin in margins for note in margin.basis.notes),
        joint=joint_of(margins, highest),
        margins=tuple(margins),
    )


def joint_of(margins: Sequence[Margin], highest: Sequence[Sequence[float]]) -> Joint | None:
    """Eigenvectors of all margins, multiplied; None if a margin has several penalties, or nothing is penalized."""
    if any(len(margin.penalties) != 1 for margin in margins):
        return None
    vectors, values = [], []
    for margin, (most,) in zip(margins, highest, strict=True):
        null = np.linalg.qr(margin.null_space)[0]
        range_ = complement(null)
        own, turned = np.linalg.eigh(range_.T @ margin.penalties[0] @ range_)
        vectors.append(np.hstack([range_ @ turned, null]))
        values.append(np.concatenate([own / most, np.zeros(null.shape[1])]))
    grid = np.meshgrid(*values, indexing="ij")
    scales = np.column_stack([along.ravel() for along in grid])
    used = scales.max(axis=1) > 0.0
    return Joint(kron(vectors)[:, used], scales[used])


def term_called(kind: str, covariates: Sequence[Covariate]) -> str:
    """Name a term as a user writes it.

    Examples
    --------
    >>> term_called("te", [Covariate("x"), Covariate("z")])
    'te(x, z)'
    """
    return f"{kind}({', '.join(covariate.name for covariate in covariates)})"
