"""Tests of random and smooth terms: each left out, or without one of its effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from lmm.arguments import a_seed, one_of, takes, whole_number, yes_or_no
from lmm.errors import LmmError
from lmm.inference.fits.chi_bar import chisq_p_value
from lmm.inference.fits.variants import with_random
from lmm.inference.random_terms.boundary import boundary_mixture
from lmm.inference.random_terms.exact_tests import exact_test
from lmm.inference.random_terms.ratio_remarks import ExactRemarks, MixtureRemarks
from lmm.inference.random_terms.reductions import reductions
from lmm.inference.random_terms.smooth_reductions import smooth_reductions
from lmm.limits import MOST_DRAWS, check_limit
from lmm.model import a_fit, refuse_validated
from lmm.table import Table

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["RandomTest", "random_anova"]

RandomTest: TypeAlias = Literal["mixture", "exact"]
"""What a likelihood ratio of variances is referred to: a mixture of χ², or draws from its exact distribution."""

N_DRAWS = 10_000

_NOTHING = 1e-7  # of the criterion: what a search may leave where the ratio is zero


@takes(
    fit=a_fit,
    reduce=yes_or_no,
    test=one_of(*get_args(RandomTest)),
    n_draws=whole_number(at_least=1),
    seed=a_seed,
)
def random_anova(
    fit: Fit,
    *,
    reduce: bool = True,
    test: RandomTest = "mixture",
    n_draws: int = N_DRAWS,
    seed: int | np.random.Generator | None = None,
) -> Table:
    """Test each random term by a likelihood ratio; by exact tests smooth terms too.

    Parameters
    ----------
    fit
        A fit with random or smooth terms, by REML or maximum likelihood.
    reduce
        A term with several effects is tested without one of them at a time: ``(x | g)`` becomes ``(1 | g)``, and
        ``s(x)`` its straight line. With False every term is left out as a whole.
    test
        ``"mixture"`` refers the ratio to an asymptotic mixture of χ². ``"exact"`` refers it to draws from its exact
        distribution (Crainiceanu and Ruppert 2004), which also holds for few levels and for smooth terms.
    n_draws, seed
        For ``test="exact"``: how many draws, and the seed for `numpy.random.default_rng`.

    Returns
    -------
    Table
        ``term, n_parameters, loglik, aic, lrt, df, p_value, p_value_naive``. The first row is the fit itself.
        ``p_value`` respects that variances cannot be negative; ``p_value_naive`` refers the ratio to χ² with ``df``,
        the number of parameters less. An exact p-value is missing where more than one parameter of the
        covariance is left out.

    Raises
    ------
    LmmError
        If the fit has no random terms or no likelihood, parameters were given as ``theta=``, or curves with a
        straight line are to be left out as a whole by REML.

    Notes
    -----
    With one variance and q covariances less, the mixture is ½χ²(q) + ½χ²(q+1) (Stram and Lee 1994). For two
    variances it depends on the information about them; for more, the p-value is the upper bound
    that no mixture exceeds, and a note says so.

    The exact distribution is that of a model with one variance. Other random effects stay in the model,
    with the variances that they have without the tested one (after Greven et al. 2008); a note says so. By maximum
    likelihood the test of a whole curve, ``reduce=False``, includes its fixed columns.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> table = lmm.random_anova(fit)
    >>> table["term"][1], table["lrt"].round(2), table["p_value"].round(12)
    ('Days in (Days | Subject)', array([  nan, 42.84]), array([     nan, 2.79e-10]))
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> lmm.random_anova(fit, test="exact", seed=1)["p_value"].round(3)
    array([  nan, 0.004])
    """
    _check(fit, test, n_draws, seed)
    exact = test == "exact"
    rng = np.random.default_rng(seed)
    rows: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    _append(rows, "<none>", fit)
    remarks = ExactRemarks(n_draws) if exact else MixtureRemarks()
    for reduction in (*reductions(fit, reduce), *(smooth_reductions(fit, reduce) if exact else ())):
        small = with_random(fit, reduction.random(fit), reduction.columns)
        lrt = small.criterion - fit.criterion
        lrt = lrt if lrt > _NOTHING else 0.0
        df = fit.n_parameters - small.n_parameters
        if isinstance(remarks, ExactRemarks):
            found = exact_test(fit, reduction, small, lrt, n_draws, rng)
            p_value = found.p_value
            remarks.add(reduction.label, found)
        else:
            mixture, is_exact = boundary_mixture(fit, reduction, df)
            p_value = mixture.p_value(lrt)
            remarks.add(reduction.label, str(mixture) if is_exact else f"at most {mixture}", small.singular)
        _append(rows, reduction.label, small, lrt, df, p_value, chisq_p_value(lrt, df))
    criterion = "REML" if fit.method == "reml" else "maximum likelihood"
    notes = [f"Likelihood ratios by {criterion}.", *remarks.sentences()]
    if not exact and fit.internals.design.smooths:
        notes.append('Smooth terms are tested by test="exact".')
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


def _check(fit: Fit, test: RandomTest, n_draws: int, seed: Any) -> None:
    check_limit("n_draws=", n_draws, MOST_DRAWS, "A p-value needs some ten thousands.")
    if test != "exact" and (n_draws != N_DRAWS or seed is not None):
        raise LmmError('n_draws= and seed= belong to test="exact"; mixtures of χ² need no draws.')
    if not fit.internals.design.groups and not (test == "exact" and fit.internals.design.smooths):
        smooth = ' Its smooth terms are tested by test="exact".' if fit.internals.design.smooths else ""
        raise LmmError(f"This fit has no random terms to test.{smooth}")
    refuse_validated(fit, "tests of variances")
    if fit.method == "moments":
        raise LmmError(
            'A fit by the method of moments has no likelihood: fit with method="reml", or take the F tests of its '
            "mean squares."
        )
