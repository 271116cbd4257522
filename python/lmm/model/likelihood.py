"""What only fits with a likelihood can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmm.errors import UnsupportedError

if TYPE_CHECKING:
    from lmm.model.result import Fit

__all__ = ["refuse_validated"]


def refuse_validated(fit: Fit, what: str, otherwise: str = "") -> None:
    """Refuse what needs a likelihood for a fit by cross-validation.

    Parameters
    ----------
    fit
        A fit.
    what
        A plural: what needs it.
    otherwise
        A sentence on what serves instead.

    Raises
    ------
    UnsupportedError
        If the fit has no likelihood.
    """
    if fit.method == "gcv":
        raise UnsupportedError(
            f'A fit by method="gcv" has no likelihood, which {what} need. Fit it again with fit.update(method="reml"), '
            f'or method="ml".{f" {otherwise}" if otherwise else ""}'
        )
