"""The likelihood ratio of two fits, referred to responses simulated from the smaller one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_seed, near_names, takes
from lmm.errors import LmmError
from lmm.inference.fits.chi_bar import chisq_p_value
from lmm.inference.fits.comparison import comparable, likelihood_ratio
from lmm.inference.resampling.refitting import refit_all
from lmm.limits import MOST_REFITS, check_limit
from lmm.model import a_fit
from lmm.table import Table
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["BootstrapTest", "bootstrap_test"]


@near_names("A bootstrap test")
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BootstrapTest:
    """A likelihood ratio with its distribution under the smaller model, by simulation.

    Attributes
    ----------
    lrt
        The likelihood ratio of the two fits.
    df
        How many parameters the larger model has more.
    p_value
        Share of the simulated ratios that are as large, the observed one counted among them.
    p_value_naive
        From χ² with ``df``.
    ratios : shape (n,)
        Simulated likelihood ratios; missing where a refit failed.
    seed
        As given.
    notes
        Sentences for the reader of the numbers.
    """

    lrt: float
    df: float
    p_value: float
    p_value_naive: float
    ratios: FloatVector
    seed: Any
    notes: tuple[str, ...]

    @property
    def n_failed(self) -> int:
        """How many of the simulated responses could not be refitted."""
        return int(np.count_nonzero(np.isnan(self.ratios)))

    @property
    def table(self) -> Table:
        """Two rows, the simulation and χ²: ``test, lrt, df, p_value``."""
        columns = {
            "test": ["bootstrap", "χ²"],
            "lrt": [self.lrt, self.lrt],
            "df": [np.nan, self.df],
            "p_value": [self.p_value, self.p_value_naive],
        }
        return Table(columns, title="Likelihood ratio by parametric bootstrap", notes=self.notes)

    def __str__(self) -> str:
        return str(self.table)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table.to_html()


@takes(fit0=a_fit, fit1=a_fit, seed=a_seed)
def bootstrap_test(
    fit0: Fit, fit1: Fit, *, n: int = 1000, seed: int | np.random.Generator | None = None
) -> BootstrapTest:
    """Test a smaller model in a larger one by responses simulated from the smaller one.

    No mixture of χ² and no degrees of freedom are needed: variances on the boundary and small samples are
    simulated as they are.

    Parameters
    ----------
    fit0, fit1
        The smaller fit and the larger one, of the same response. REML fits whose fixed parts differ are fitted
        again by maximum likelihood.
    n
        Number of simulated responses.
    seed
        For `numpy.random.default_rng`.

    Returns
    -------
    BootstrapTest
        With ``p_value``, the simulated ``ratios``, and a ``table``.

    Raises
    ------
    LmmError
        If the fits cannot be compared, the first is not nested in the second, parameters were given as ``theta=``, or
        n is too small.

    Examples
    --------
    >>> import lmm
    >>> data = lmm.datasets.load("Dyestuff")
    >>> fits = [lmm.fit(formula, data) for formula in ("Yield ~ 1", "Yield ~ 1 + (1 | Batch)")]
    >>> lmm.bootstrap_test(*fits, n=99, seed=1).p_value
    0.02
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise LmmError(f"n= must be a whole number of at least 1; it is {n!r}.")
    check_limit("n=", int(n), MOST_REFITS, "A p-value needs some thousands.")
    (small, large), notes = comparable([fit0, fit1])
    if small.n_parameters > large.n_parameters:
        raise LmmError("The first fit has more parameters than the second: give the smaller model first.")
    if small.internals.optimum.held.any() or large.internals.optimum.held.any():
        raise LmmError(
            "Parameters of these fits were given as theta=; fit without it to test them by simulation."
        )
    lrt, df, why = likelihood_ratio(small, large)
    if np.isnan(lrt):
        raise LmmError(why)
    responses = small.simulate(n, seed=seed)
    # Rounding of two searches must not make a ratio of zero look larger than another.
    ratios = np.round(refitted_criteria(small, responses) - refitted_criteria(large, responses), 7)
    ratios = np.where(np.isnan(ratios), np.nan, np.maximum(ratios, 0.0))
    done = ratios[~np.isnan(ratios)]
    p_value = (1 + int(np.count_nonzero(done >= round(lrt, 7)))) / (1 + len(done))
    error = np.sqrt(p_value * (1.0 - p_value) / (1 + len(done)))
    notes = [
        *notes,
        f"{len(done)} responses simulated from the smaller model; standard error of p {error:.2g}.",
    ]
    if len(done) < n:
        notes.append(f"{n - len(done)} of {n} refits failed and are left out.")
    return BootstrapTest(lrt, df, p_value, chisq_p_value(lrt, df), ratios, seed, tuple(notes))


def refitted_criteria(fit: Fit, responses: FloatMatrix) -> FloatVector:
    """Criterion (n,) of the model at the optimum for each response (n_obs, n); missing where the search failed."""
    found = refit_all(fit, responses)
    return np.where(found.converged, found.criterion, np.nan)
