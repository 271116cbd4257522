"""Profiles of the likelihood: zeta for every parameter, intervals, contours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from lmm.arguments import a_level, a_text, near_names, number, numbers, one_of, takes, texts
from lmm.errors import LmmError, UnsupportedError, nearest
from lmm.inference.distributions import normal_quantile
from lmm.inference.likelihood.curve import EXACT, Curve, Limit, trace_curve
from lmm.inference.likelihood.holding import ProfileLine
from lmm.inference.likelihood.parameters import Parameter, Terms, naming_notes, select, values_of
from lmm.inference.per_fit import per_fit
from lmm.model import a_fit, refuse_validated
from lmm.model.fitting import fit_design
from lmm.table import Table
from lmm.typing import FloatVector
from lmm.verbs import Verb

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lmm.model import Fit

__all__ = ["LikelihoodKind", "Profile", "Scale", "interval_table", "profile"]

LikelihoodKind: TypeAlias = Literal["ml", "reml"]
"""Whose profile."""

Scale: TypeAlias = Literal["sd", "variance"]
"""Standard deviations or variances; correlations stay correlations."""

LOWER = 1e-5
"""A profile that finds the deviance lower than the fit by more has found another optimum."""

MOST = 3.0
"""Default range of zeta: beyond the limits of 99 % intervals."""

NODES = 6  # points on each side; between them the curve is a cubic with the right slopes
LOOSE = 0.2  # how near a point comes to its zeta, relative to their distance


@near_names("A profile")
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Profile:
    """Profiled deviance of the parameters of a fit, as zeta; made by `profile`.

    Zeta is the signed square root of what the deviance rises when a parameter is held at a value and all others
    follow; where the likelihood is that of a normal, it is a straight line.

    Attributes
    ----------
    fit
        The fit at whose optimum it stands; another than was given if the criterion is.
    criterion
        ``"reml"`` or ``"ml"``.
    curves
        One for each parameter that has an estimate.
    order
        All parameters that were asked for, also those without an estimate.
    targets, tolerance
        The zetas that the curves were traced to, and how near.
    """

    fit: Fit
    criterion: LikelihoodKind
    curves: tuple[Curve, ...]
    order: tuple[Parameter, ...]
    targets: tuple[float, ...]
    tolerance: float

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the parameters that have a profile."""
        return tuple(curve.parameter.name for curve in self.curves)

    @property
    def table(self) -> Table:
        """The points that were computed: ``term, value, zeta``."""
        rows = [(c.parameter.name, v, z) for c in self.curves for v, z in zip(c.values, c.zeta, strict=True)]
        names = ("term", "value", "zeta")
        columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
        notes = naming_notes([curve.parameter for curve in self.curves])
        return Table(columns, title=f"Profile of the {_title(self.criterion)}", notes=notes)

    @takes(term=a_text)
    def curve(self, term: str) -> Curve:
        """Look one curve up.

        Parameters
        ----------
        term
            Name of the parameter.

        Raises
        ------
        LmmError
            If there is none of this name.
        """
        for curve in self.curves:
            if term in (curve.parameter.name, curve.parameter.squared_name()):
                return curve
        raise LmmError(
            f"This profile has no {term!r}; it has {', '.join(self.terms)}.{nearest(str(term), self.terms)}"
        )

    @takes(term=a_text, values=numbers)
    def zeta(self, term: str, values: Sequence[float] | FloatVector | float) -> FloatVector:
        """Interpolate zeta at values of a parameter, missing outside what was traced.

        Parameters
        ----------
        term
            Name of the parameter.
        values
            A number or several, on the scale of standard deviations and correlations.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"), method="ml")
        >>> fit.profile("sigma").zeta("sigma", [38.23, 67.66, 1000]).round(2)
        array([-1.96,  1.96,   nan])
        """
        return self.curve(term).at(np.atleast_1d(values))

    @takes(level=a_level, scale=one_of(*get_args(Scale)))
    def confint(self, level: float = 0.95, *, scale: Scale = "sd") -> Table:
        """Tabulate the intervals: where zeta crosses the normal quantiles.

        Parameters
        ----------
        level
            Coverage.
        scale
            ``"sd"`` or ``"variance"``.

        Returns
        -------
        Table
            ``term, estimate, conf_low, conf_high``. A limit at the end of the parameter space, such as a standard
            deviation of zero, is named in a note; one that the profile never reaches is missing.

        Raises
        ------
        LmmError
            If the level is not between 0 and 1, or the scale does not exist.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"), method="ml")
        >>> fit.profile().confint()["conf_low"].round(2)
        array([  12.2 ,   38.23, 1486.45])
        """
        z = normal_quantile(level)
        with ProfileLine(self.fit) as line:
            found = {
                curve.parameter: curve.limits((-z, z), line.about(curve.parameter, i, len(self.curves)))
                for i, curve in enumerate(self.curves)
            }
        pairs = [found.get(p) for p in self.order]
        limits = [(np.nan, np.nan) if pair is None else (pair[0].value, pair[1].value) for pair in pairs]
        notes = [] if self.fit.converged else ["The fit did not converge; its profile is not to be trusted."]
        for parameter, pair in zip(self.order, pairs, strict=True):
            notes += _notes(parameter, pair)
        estimates = values_of(self.order, self.fit.T, self.fit.sigma, self.fit.beta)
        title = f"{100 * level:g} % profile intervals, {_title(self.criterion)}"
        return interval_table(self.order, estimates, np.array(limits), scale, title, notes)

    @takes(first=a_text, second=a_text, levels=numbers)
    def contour(
        self, first: str, second: str, levels: Sequence[float] | FloatVector = (0.5, 0.8, 0.9, 0.95, 0.99)
    ) -> Table:
        """Trace the joint confidence regions of two parameters; see `lmm.inference.likelihood.contours`.

        Parameters
        ----------
        first, second
            Names of the parameters.
        levels
            Coverages.

        Returns
        -------
        Table
            ``level, angle`` and one column for each of the two parameters: points of the boundary in order.

        Raises
        ------
        LmmError
            If a name or a level is not possible.
        """
        from lmm.inference.likelihood.contours import contour

        return contour(self, first, second, levels)

    if TYPE_CHECKING:

        def plot(
            self,
            view: Literal["zeta", "density"] = "zeta",
            *,
            level: float = 0.95,
            width: float = 6.5,
            height: float | None = None,
        ) -> Figure: ...
        def plot_contours(
            self,
            terms: Sequence[str] | None = None,
            *,
            levels: Sequence[float] = (0.5, 0.8, 0.95),
            width: float | None = None,
        ) -> Figure: ...
    else:
        plot = Verb("plot_profile", room="lmm.plots")
        plot_contours = Verb(room="lmm.plots")

    def __reduce__(self) -> tuple[Any, ...]:
        # The curves live in the compiled core: a copy traces them again.
        names = [parameter.name for parameter in self.order]
        return traced, (self.fit, names, self.criterion, self.targets, self.tolerance)

    def _ends(self) -> Table:
        """Tabulate what was traced: from where to where, to which zetas."""
        curves = [curve for curve in self.curves if len(curve.values)]
        columns = {
            "term": [curve.parameter.name for curve in curves],
            "estimate": values_of(
                [curve.parameter for curve in curves], self.fit.T, self.fit.sigma, self.fit.beta
            ),
            "from": [curve.values[0] for curve in curves],
            "to": [curve.values[-1] for curve in curves],
            "zeta_from": [curve.zeta[0] for curve in curves],
            "zeta_to": [curve.zeta[-1] for curve in curves],
        }
        notes = ["Intervals: .confint(); all points: .table; picture: .plot()."]
        formats = {"zeta_from": ".2f", "zeta_to": ".2f"}
        return Table(columns, title=f"Profile of the {_title(self.criterion)}", notes=notes, formats=formats)

    def __repr__(self) -> str:
        return str(self._ends())

    def _repr_html_(self) -> str:
        return self._ends().to_html()


@takes(
    fit=a_fit, terms=texts, criterion=one_of(*get_args(LikelihoodKind)), most=number(above=0.0, at_most=10.0)
)
def profile(
    fit: Fit, terms: Terms = None, *, criterion: LikelihoodKind | None = None, most: float = MOST
) -> Profile:
    """Profile the likelihood of a fit, parameter by parameter.

    Standard deviations and correlations of random effects, sigma and fixed effects. For each, the deviance is minimized
    over all others at a few values; between them zeta is a cubic with exact slopes.

    Parameters
    ----------
    fit
        A fit by REML or maximum likelihood.
    terms
        Names of parameters, such as ``["sigma", "sd_Days|Subject"]``; ``"theta_"`` for all variance
        parameters, ``"beta_"`` for all fixed effects. All by default.
    criterion
        ``"ml"`` or ``"reml"``; that of the fit by default. A REML fit with ``"ml"`` is fitted again,
        which gives the profile of R's lme4.
    most
        The largest zeta to go to.

    Returns
    -------
    Profile

    Raises
    ------
    LmmError
        If a name does not exist, or the fit has no likelihood that it maximizes.

    Notes
    -----
    REML has no likelihood of fixed effects of its own. Here a fixed effect is held at a value in the residual sum of
    squares, while ``log|X'V⁻¹X|`` stays that of all fixed effects (Welham and Thompson 1997): the profile has its
    minimum at the REML estimates, and without random effects it is ``(n - p) log(1 + t²/(n - p))``.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> lmm.profile(fit, ["sd_Days|Subject", "sigma"]).confint()["conf_high"].round(2)
    array([ 9.15, 28.86])
    """
    steps = np.linspace(0.0, float(most), NODES + 1)[1:]
    return traced(fit, terms, criterion, [*-steps, *steps], LOOSE * most / NODES)


def traced(
    fit: Fit, terms: Terms, criterion: LikelihoodKind | None, targets: Sequence[float], tolerance: float
) -> Profile:
    """Trace the curves to some zetas, on each side in the order of their size."""
    chosen = select(fit, terms)
    own = at_optimum(fit, criterion)
    estimates = values_of(chosen, own.T, own.sigma, own.beta)
    reml = own.internals.criterion_function.reml
    known = [p for p, value in zip(chosen, estimates, strict=True) if np.isfinite(value)]
    with ProfileLine(own) as line:
        curves = tuple(
            trace_curve(own, p, targets, tolerance, reml=reml, check=line.about(p, i, len(known)))
            for i, p in enumerate(known)
        )
    ends = tuple(float(target) for target in targets)
    return Profile(own, "reml" if reml else "ml", curves, chosen, ends, float(tolerance))


def limits_alone(
    fit: Fit, terms: Terms, criterion: LikelihoodKind | None, level: float, scale: Scale
) -> Table:
    """Tabulate the intervals without the rest of the curves."""
    z = normal_quantile(level)
    return traced(fit, terms, criterion, (-z, z), EXACT).confint(level, scale=scale)


def interval_table(
    chosen: Sequence[Parameter],
    estimates: FloatVector,
    limits: FloatVector,
    scale: Scale,
    title: str,
    notes: Sequence[str],
) -> Table:
    """Tabulate intervals (r, 2) of parameters, on the scale that is asked for."""
    names = [p.name for p in chosen]
    low, high = limits.reshape(-1, 2).T.copy()
    if scale == "variance":
        names = [p.squared_name() for p in chosen]
        squared = np.array([p.kind in ("sd", "sigma") for p in chosen], dtype=bool)
        estimates, low, high = (np.where(squared, x**2, x) for x in (estimates, low, high))
    columns = {"term": names, "estimate": estimates, "conf_low": low, "conf_high": high}
    return Table(columns, title=title, notes=[*notes, *naming_notes(chosen)])


def at_optimum(fit: Fit, criterion: LikelihoodKind | None) -> Fit:
    """Find the fit at the optimum of the criterion: itself, or fitted again.

    Raises
    ------
    LmmError
        If the fit is not an optimum of a criterion.
    """
    if fit.internals.optimum.held.any():
        raise UnsupportedError(
            "Parameters of this fit were given as theta=, so that it is not an optimum and has no profile. "
            "Fit without theta=."
        )
    if criterion is None:
        refuse_validated(fit, "profiles", 'confint(method="bootstrap") needs none.')
    if criterion is None and fit.method == "moments":
        raise UnsupportedError(
            "A fit by moments maximizes no likelihood: say which one to profile, "
            'criterion="reml" or criterion="ml"; the model is then fitted again.'
        )
    if criterion is None or criterion == fit.method:
        return fit
    return _again(fit, criterion)


@per_fit
def _again(fit: Fit, criterion: LikelihoodKind) -> Fit:
    return fit_design(
        replace(fit.internals.request, method=criterion), fit.internals.spec, fit.internals.design
    )


def _notes(parameter: Parameter, pair: tuple[Limit, ...] | None) -> list[str]:
    """Say what the reader of an interval must know."""
    if pair is None:
        return [f"{parameter.name} has no estimate: one of its effects has no variance."]
    notes = []
    for limit, side in zip(pair, ("lower", "upper"), strict=True):
        if limit.reached == "edge":
            notes.append(
                f"{parameter.name}: the {side} limit is the end of the parameter space; the likelihood "
                "does not exclude it."
            )
        elif limit.reached == "never":
            notes.append(f"{parameter.name}: the profile never crosses, so that there is no {side} limit.")
    if min(limit.lowest for limit in pair) < -LOWER:
        notes.append(
            f"{parameter.name}: its profile found a lower deviance than the fit; fit again with restarts=5."
        )
    return notes


def _title(criterion: str) -> str:
    return "REML criterion" if criterion == "reml" else "deviance"
