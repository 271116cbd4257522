"""What can be asked of a derivative."""

from __future__ import annotations

from lmm.bases.basis import Basis
from lmm.errors import ArgumentError, UnsupportedError

__all__ = ["check_order"]


def check_order(order: int, along: int, basis: Basis) -> None:
    """Refuse a derivative of an order, or along a covariate, that does not exist.

    Raises
    ------
    UnsupportedError
        If the order is neither 1 nor 2.
    ArgumentError
        If ``along`` is not an index of a covariate.
    """
    if order not in {1, 2}:
        raise UnsupportedError(f"Derivatives of smooth terms have order 1 or 2, not {order}.")
    if not 0 <= along < len(basis.covariates):
        raise ArgumentError(
            f"The smooth of {', '.join(basis.covariates)} has no covariate number {along}; the first has number 0."
        )
