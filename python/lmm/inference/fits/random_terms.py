"""Tests of random terms: each left out, or without one of its effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lmm.arguments import takes, yes_or_no
from lmm.errors import LmmError
from lmm.inference.fits.boundary import boundary_mixture
from lmm.inference.fits.chi_bar import chisq_p_value
from lmm.inference.fits.reductions import reductions
from lmm.inference.fits.variants import with_random
from lmm.model import a_fit
from lmm.table import Table

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["random_anova"]

_NOTHING = 1e-7  # of the criterion: what a search may leave where the ratio is zero


@takes(fit=a_fit, reduce=yes_or_no)
def random_anova(fit: Fit, *, reduce: bool = True) -> Table:
    """Test each random term by a likelihood ratio.

    Parameters
    ----------
    fit
        A fit with random terms, by REML or maximum likelihood.
    reduce
        A term with several effects is tested without one of them at a time: ``(x | g)`` becomes ``(1 | g)``. With
        False every term is left out as a whole.

    Returns
    -------
    Table
        ``term, n_parameters, loglik, aic, lrt, df, p_value, p_value_naive``. The first row is the fit itself.
        ``p_value`` refers the ratio to the mixture of χ² that belongs to variances, which cannot be negative;
        ``p_value_naive`` to χ² with ``df``, the number of parameters less.

    Raises
    ------
    LmmError
        If the fit has no random terms or no likelihood, or parameters were given as ``theta=``.

    Notes
    -----
    With one variance and q covariances less, the mixture is ½χ²(q) + ½χ²(q+1) (Stram and Lee 1994). For two
    variances it depends on the information about them; for more, the p-value is the upper bound
    that no mixture exceeds, and a note says so.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> table = lmm.random_anova(fit)
    >>> table["term"][1], table["lrt"].round(2), table["p_value"].round(12)
    ('Days in (Days | Subject)', array([  nan, 42.84]), array([     nan, 2.79e-10]))
    """
    _check(fit, reduce)
    rows: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    _append(rows, "<none>", fit)
    mixtures: dict[str, str] = {}
    on_boundary = []
    for reduction in reductions(fit, reduce):
        small = with_random(fit, reduction.random(fit))
        lrt = small.criterion - fit.criterion
        lrt = lrt if lrt > _NOTHING else 0.0
        df = fit.n_parameters - small.n_parameters
        on_boundary += [reduction.label] if small.singular else []
        mixture, exact = boundary_mixture(fit, reduction, df)
        kind = str(mixture) if exact else f"at most {mixture}"
        mixtures[kind] = f"{mixtures[kind]}, {reduction.label}" if kind in mixtures else reduction.label
        _append(rows, reduction.label, small, lrt, df, mixture.p_value(lrt), chisq_p_value(lrt, df))
    criterion = "REML" if fit.method == "reml" else "maximum likelihood"
    notes = [f"Likelihood ratios by {criterion}."]
    notes += [f"p_value: {kind} for {labels}." for kind, labels in mixtures.items()]
    if on_boundary:
        notes.append(
            f"Without {' or '.join(on_boundary)} another variance is zero, or a correlation perfect, which makes the "
            "mixture approximate: lmm.bootstrap_test needs none."
        )
    return Table(rows, title="Tests of random terms", notes=notes)


_COLUMNS = ("term", "n_parameters", "loglik", "aic", "lrt", "df", "p_value", "p_value_naive")


def _append(
    rows: dict[str, list[Any]],
    label: str,
    fit: Fit,
    lrt: float | None = None,
    df: float | None = None,
    p_value: float | None = None,
    naive: float | None = None,
) -> None:
    values = (label, fit.n_parameters, fit.loglik, fit.aic, lrt, df, p_value, naive)
    for name, value in zip(_COLUMNS, values, strict=True):
        rows[name].append(value)


def _check(fit: Fit, reduce: bool) -> None:
    if not isinstance(reduce, bool):
        raise LmmError(f"reduce= must be True or False, not {reduce!r}.")
    if not fit.internals.design.groups:
        raise LmmError("This fit has no random terms to test.")
    if fit.method == "moments":
        raise LmmError(
            'A fit by the method of moments has no likelihood: fit with method="reml", or take the F tests of its '
            "mean squares."
        )
