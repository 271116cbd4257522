"""The parametric bootstrap: estimates of a model from responses that it draws itself."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

import numpy as np

from lmm.arguments import (
    a_function,
    a_level,
    a_seed,
    asked,
    near_names,
    one_of,
    shown,
    takes,
    texts,
    yes_or_no,
)
from lmm.engine import BatchResult
from lmm.errors import LmmError, LmmWarning, nearest
from lmm.inference.distributions import checked_level
from lmm.inference.likelihood.parameters import Parameter, Terms, naming_notes, parameters, select, values_of
from lmm.inference.likelihood.profiles import Scale, interval_table
from lmm.inference.resampling.acceleration import accelerations
from lmm.inference.resampling.quantiles import BootstrapInterval, fewest_replicates, interval, known_kinds
from lmm.inference.resampling.refitting import refit_all, simulated
from lmm.limits import MOST_REFITS, check_limit
from lmm.model import a_fit
from lmm.table import Table
from lmm.typing import BoolVector, FloatMatrix, FloatVector
from lmm.verbs import Verb

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lmm.model import Fit

__all__ = ["Bootstrap", "Statistics", "bootstrap"]

Statistics: TypeAlias = "Callable[[Fit], Mapping[str, float] | float | Sequence[float]]"
"""What is computed from each fit: numbers by name, or numbers."""


@near_names("A bootstrap")
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Bootstrap:
    """Estimates from simulated responses; made by `bootstrap`.

    Attributes
    ----------
    fit
        The fit that drew the responses.
    names
        Of the statistics.
    estimate : shape (r,)
        Those of the fit.
    replicates : shape (n, r)
        Those of the simulated responses; missing where a fit failed, or a correlation has no value.
    converged, singular : shape (n,)
        Which searches ended at an optimum, and which of these on the boundary. Singular ones are kept: they
        belong to the distribution.
    is_own
        Whether the statistics are those of a user.
    """

    fit: Fit
    names: tuple[str, ...]
    estimate: FloatVector
    replicates: FloatMatrix
    converged: BoolVector
    singular: BoolVector
    is_own: bool

    @property
    def limits(self) -> tuple[tuple[float, float], ...]:
        """Ends of the parameter space of each statistic."""
        if self.is_own:
            return ((-np.inf, np.inf),) * len(self.names)
        return tuple(p.limits for p in parameters(self.fit))

    @property
    def n(self) -> int:
        """Number of simulated responses."""
        return len(self.replicates)

    @property
    def n_failed(self) -> int:
        """How many of the searches failed; they are left out."""
        return int(np.count_nonzero(~self.converged))

    @property
    def n_singular(self) -> int:
        """How many of the others ended on the boundary; they are kept."""
        return int(np.count_nonzero(self.singular & self.converged))

    @property
    def table(self) -> Table:
        """The statistics: ``term, estimate, bias, std_error``."""
        used = self.replicates[self.converged]
        columns = {
            "term": list(self.names),
            "estimate": self.estimate,
            "bias": np.array([np.nanmean(c) if np.isfinite(c).any() else np.nan for c in used.T])
            - self.estimate,
            "std_error": [np.nanstd(c, ddof=1) if np.isfinite(c).sum() > 1 else np.nan for c in used.T],
        }
        named = () if self.is_own else naming_notes(parameters(self.fit))
        return Table(
            columns, title=f"Parametric bootstrap, {self.n:,} responses", notes=[*self._notes(), *named]
        )

    @takes(level=a_level, terms=texts, scale=one_of(*get_args(Scale)))
    def confint(
        self,
        level: float = 0.95,
        *,
        kind: BootstrapInterval = "percentile",
        terms: Terms = None,
        scale: Scale = "sd",
    ) -> Table:
        """Tabulate confidence intervals.

        Parameters
        ----------
        level
            Coverage.
        kind
            ``"percentile"``: quantiles of the replicates. ``"basic"``: the same, reflected at the estimate and
            cut at the ends of the parameter space. ``"bca"``: quantiles corrected for bias and for the
            skewness of the score (Efron 1987); not for statistics of one's own.
        terms
            Names of statistics; all by default.
        scale
            ``"sd"`` or ``"variance"``.

        Returns
        -------
        Table
            ``term, estimate, conf_low, conf_high``.

        Raises
        ------
        LmmError
            If the level, the kind or a name is not possible.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
        >>> bool(fit.bootstrap(n=400, seed=1).confint(terms="sd_Intercept|Batch")["conf_low"] == 0.0)
        True
        """
        level = checked_level(level)
        known_kinds(kind)
        chosen = self._chosen(terms)
        where = [self.names.index(p.name) for p in chosen]
        acceleration, notes = np.zeros(len(chosen)), self._notes()
        if kind == "bca" and self.is_own:
            raise LmmError(
                'kind="bca" needs the score of a parameter of the model; for statistics of your own take '
                '"percentile" or "basic".'
            )
        self._check_number(level)
        if kind == "bca":
            acceleration, note = accelerations(self.fit, chosen)
            notes += note
        limits = [
            interval(self.replicates[self.converged, j], self.estimate[j], level, kind, a, p.limits)
            for j, a, p in zip(where, acceleration, chosen, strict=True)
        ]
        title = f"{100 * level:g} % bootstrap intervals ({'BCa' if kind == 'bca' else kind})"
        notes += self._missing(where, fewest_replicates(level))
        return interval_table(chosen, self.estimate[where], np.array(limits), scale, title, notes)

    def _chosen(self, terms: Terms) -> tuple[Parameter, ...]:
        if not self.is_own:
            return select(self.fit, terms)
        wanted = self.names if terms is None else (terms,) if isinstance(terms, str) else tuple(terms)
        for name in wanted:
            if name not in self.names:
                raise LmmError(
                    f"terms= names {name!r}, which is not a statistic of this bootstrap; it has "
                    f"{', '.join(self.names)}.{nearest(str(name), self.names)}"
                )
        return tuple(Parameter(name, "beta") for name in wanted)

    def _notes(self) -> list[str]:
        notes = [f"{self.n:,} responses drawn from the fit."]
        if self.n_failed:
            notes.append(f"{self.n_failed:,} refits failed and are left out.")
        if self.n_singular:
            notes.append(f"{self.n_singular:,} refits are singular and are kept.")
        return notes

    def _check_number(self, level: float) -> None:
        """Refuse intervals whose ends would lie beyond all replicates."""
        fewest, good = fewest_replicates(level), self.n - self.n_failed
        if good >= fewest:
            return
        found = f"{good:,} of {self.n:,}" if self.n_failed else f"{good:,}"
        raise LmmError(
            f"A {100 * level:g} % interval needs at least {fewest:,} refits, since the range of fewer covers less than "
            f"that; this bootstrap has {found}. Draw more responses: n=1000 is usual."
        )

    def _missing(self, where: Sequence[int], fewest: int) -> list[str]:
        used = self.replicates[self.converged]
        counts = {self.names[j]: int(np.isnan(used[:, j]).sum()) for j in where}
        few = f" Too few are left for an interval, which needs {fewest:,}."
        return [
            f"{name} has no value in {count:,} refits.{few if len(used) - count < fewest else ''}"
            for name, count in counts.items()
            if count
        ]

    if TYPE_CHECKING:

        def plot(
            self,
            *,
            level: float = 0.95,
            interval: BootstrapInterval = "percentile",
            width: float = 6.5,
            height: float | None = None,
        ) -> Figure: ...
    else:
        plot = Verb("plot_bootstrap", room="lmm.plots", without=("seed",))

    def __repr__(self) -> str:
        return str(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()


@takes(fit=a_fit, seed=a_seed, statistics=a_function, progress=yes_or_no)
def bootstrap(
    fit: Fit,
    *,
    n: int = 1000,
    seed: int | np.random.Generator | None = None,
    statistics: Statistics | None = None,
    progress: bool = False,
) -> Bootstrap:
    """Fit the model to responses drawn from it, with new random effects and errors (parametric bootstrap).

    Parameters
    ----------
    fit
        A fit.
    n
        Number of responses.
    seed
        For `numpy.random.default_rng`.
    statistics
        A function of a fit that gives numbers, by name in a dict or in order; by default the parameters that
        `confint` lists, which is much faster, since no whole fit is made.
    progress
        Write a line of progress.

    Returns
    -------
    Bootstrap

    Raises
    ------
    LmmError
        If n is not a number of responses, or the statistics are not numbers.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> replicates = lmm.bootstrap(fit, n=200, seed=1)
    >>> replicates.replicates.shape, replicates.n_failed
    ((200, 6), 0)
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise LmmError(f"n= must be a whole number of at least 1; it is {n!r}.")
    check_limit("n=", int(n), MOST_REFITS, "Intervals need some thousands.")
    responses = simulated(fit, int(n), seed, progress)
    if statistics is not None:
        return _of_user(fit, responses, statistics)
    chosen = parameters(fit)
    refits = BatchResult.joined([refit_all(fit, Y) for Y in responses])
    values = np.full((int(n), len(chosen)), np.nan)
    for b in np.flatnonzero(refits.converged):
        values[b] = values_of(chosen, [T[b] for T in refits.T], float(refits.sigma[b]), refits.beta[b])
    estimate = values_of(chosen, fit.T, fit.sigma, fit.beta)
    names = tuple(p.name for p in chosen)
    return Bootstrap(fit, names, estimate, values, refits.converged, refits.singular, is_own=False)


def _of_user(fit: Fit, responses: Any, statistics: Statistics) -> Bootstrap:
    names, estimate = _numbers(asked(statistics, "statistics", fit), None)
    rows, converged, singular = [], [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LmmWarning)
        for response in (column for Y in responses for column in Y.T):
            try:
                own = fit.refit(response)
            except LmmError:
                found, is_good, is_singular = np.full(len(names), np.nan), False, False
            else:
                found, is_good, is_singular = (
                    _numbers(asked(statistics, "statistics", own), names)[1],
                    own.converged,
                    own.singular,
                )
            rows.append(found)
            converged.append(is_good)
            singular.append(is_singular)
    marks = np.array(converged, dtype=bool), np.array(singular, dtype=bool)
    return Bootstrap(fit, names, estimate, np.array(rows), *marks, is_own=True)


def _numbers(found: Any, names: tuple[str, ...] | None) -> tuple[tuple[str, ...], FloatVector]:
    """Read what the function gave."""
    try:
        if isinstance(found, Mapping):
            own, values = tuple(map(str, found)), np.array([float(v) for v in found.values()])
        else:
            values = np.atleast_1d(np.asarray(found, dtype=float)).ravel()
            own = tuple(f"statistic_{i + 1}" for i in range(len(values)))
    except (TypeError, ValueError, OverflowError):
        raise LmmError(f"statistics= must give numbers; it gave {shown(found)}.") from None
    if names is not None and own != names:
        raise LmmError(
            f"statistics= must give the same numbers for every fit; it gave {', '.join(own)} after {', '.join(names)}."
        )
    return own, values
