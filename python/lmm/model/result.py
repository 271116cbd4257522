"""The fitted model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmm.arguments import a_text, takes, yes_or_no
from lmm.elsewhere import OF_FIT, unknown_name
from lmm.errors import LmmError
from lmm.model.changing import changes as making
from lmm.model.conditional import conditional_covariances
from lmm.model.curves import Curves
from lmm.model.files import storage
from lmm.model.moments import refuse_negative
from lmm.model.tables import printing
from lmm.model.tables.random_effects import coef_table, ranef_table
from lmm.table import Table
from lmm.typing import FloatArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lmm.estimation import SumsOfSquares
    from lmm.experiments import Strata
    from lmm.inference import Bootstrap, Df, IntervalMethod, Profile, Vcov
    from lmm.means import Means
    from lmm.plots import PlotKind
    from lmm.reports import Summary


class Fit(Curves):
    """A fitted linear mixed model; nothing in it ever changes.

    Made by `lmm.fit`. The numbers are attributes (see `Estimates`), the methods make tables,
    predictions and other fits of them.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> fit.beta.round(3), round(fit.sigma, 3), fit.n_levels
    (array([251.405,  10.467]), 25.592, {'Subject': 18})
    """

    __slots__ = ()

    @takes(cond_var=yes_or_no, pev=yes_or_no)
    def ranef(self, *, cond_var: bool = False, pev: bool = False) -> Table:
        """Tabulate the random effects of all levels (conditional modes, BLUPs).

        Parameters
        ----------
        cond_var
            Add standard errors given beta, as lme4 does.
        pev
            Add standard errors of prediction, with the uncertainty of beta (Henderson).

        Returns
        -------
        Table
            ``group, level, term, estimate`` and, if asked for, ``std_error``.

        Raises
        ------
        LmmError
            If both are asked for.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
        >>> fit.ranef(cond_var=True)["std_error"].round(3)[:2]
        array([19.587, 19.587])
        """
        if cond_var and pev:
            raise LmmError("Ask for cond_var=True or pev=True, not both: a table has one std_error.")
        if not (cond_var or pev):
            return ranef_table(self.design.groups, self.design.of_groups(self.effects))
        note = "Standard errors of prediction." if pev else "Standard errors given the fixed effects."
        covariances = self.ranef_covariances(pev=pev)
        return ranef_table(self.design.groups, self.design.of_groups(self.effects), covariances, note)

    @takes(pev=yes_or_no)
    def ranef_covariances(self, *, pev: bool = False) -> list[FloatArray]:
        """Compute the whole covariance (l, k, k) of each level's random effects, per random term.

        Parameters
        ----------
        pev
            With the uncertainty of beta (Henderson) rather than given beta (lme4).

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
        >>> fit.ranef_covariances()[0].shape
        (18, 2, 2)
        """
        refuse_negative(self.optimum, "Conditional covariances")
        relative = conditional_covariances(
            self.design, self.criterion_function, self.theta, given_beta=not pev
        )
        return [self.sigma**2 * C for C in self.design.of_groups(relative)]

    @takes()
    def coef(self) -> Table:
        """Tabulate fixed plus random effects for each level of each grouping factor.

        Returns
        -------
        Table
            ``group, level, term, estimate``.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
        >>> next(iter(fit.coef()))["level"]
        '308'
        """
        return coef_table(self.design, self.beta, self.effects)

    @takes()
    def refit(self, y: Any) -> Fit:
        """Fit the same model to another response.

        Parameters
        ----------
        y : shape (n_obs,) or (number of rows of the table,)
            The left side of the formula as it is (transformed already). Of a vector with all rows
            of the table, those used here are taken.

        Returns
        -------
        Fit
            Searched from the same start with the same settings; the model frame is that of this fit.

        Raises
        ------
        DataError
            If y has another length, or values that are missing or infinite.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
        >>> fit.refit(2 * fit.y).beta.round(3)
        array([3055.])
        """
        return making.refit(self, y)

    @takes(formula=a_text)
    def update(self, formula: str | None = None, **changes: Any) -> Fit:
        """Fit again with a changed formula or other arguments.

        Parameters
        ----------
        formula
            A new formula, in which ``.`` stands for what was there: ``". ~ . + x"``,
            ``"log(.) ~ . - (Days | Subject) + (1 | Subject)"``.
        **changes
            Arguments of `lmm.fit`, such as ``method="ml"`` or ``data=other``.

        Raises
        ------
        LmmError
            If an argument does not exist, or the table is needed and this fit has it not (a fit
            that was loaded or refitted: give ``data=``).

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
        >>> fit.update(". ~ . - (Days | Subject) + (1 | Subject)", method="ml").formula
        'Reaction ~ Days + (1 | Subject)'
        """
        return making.update(self, formula, changes)

    # What other rooms do; these imports are the exceptions that the import law names

    @takes()
    def coefficients(self, *, df: Df = "auto", vcov: Vcov = None, level: float = 0.95) -> Table:
        """Tabulate the fixed effects with tests and intervals; see `lmm.coefficients`."""
        from lmm.inference import coefficients

        return coefficients(self, df=df, vcov=vcov, level=level)

    @takes()
    def test(
        self,
        contrast: Any,
        rhs: Any = 0.0,
        *,
        joint: bool = False,
        df: Df = "auto",
        vcov: Vcov = None,
        level: float = 0.95,
    ) -> Table:
        """Test hypotheses such as ``"Days = 10"`` on the fixed effects; see `lmm.contrast_test`."""
        from lmm.inference import contrast_test

        return contrast_test(self, contrast, rhs, joint=joint, df=df, vcov=vcov, level=level)

    @takes()
    def anova(self, *others: Fit, type: SumsOfSquares = 3, df: Df = "auto", **options: Any) -> Table:  # noqa: A002
        """Test each term of the fixed part, or compare with other fits; see `lmm.anova`."""
        from lmm.inference import anova

        return anova(self, *others, type=type, df=df, **options)

    @takes()
    def confint(
        self,
        *,
        method: IntervalMethod = "profile",
        level: float = 0.95,
        terms: str | Sequence[str] | None = None,
        **options: Any,
    ) -> Table:
        """Compute intervals of all parameters, by profile, Wald or bootstrap; see `lmm.confint`."""
        from lmm.inference import confint

        return confint(self, method=method, level=level, terms=terms, **options)

    @takes()
    def profile(self, terms: str | Sequence[str] | None = None, **options: Any) -> Profile:
        """Profile the likelihood, parameter by parameter; see `lmm.profile`."""
        from lmm.inference import profile

        return profile(self, terms, **options)

    @takes()
    def bootstrap(self, *, n: int = 1000, seed: Any = None, **options: Any) -> Bootstrap:
        """Fit the model to responses drawn from it; see `lmm.bootstrap`."""
        from lmm.inference import bootstrap

        return bootstrap(self, n=n, seed=seed, **options)

    @takes()
    def emmeans(
        self, specs: str | Sequence[str], by: str | Sequence[str] | None = None, **options: Any
    ) -> Means:
        """Estimate marginal means: ``specs`` such as ``"Trt | Day"``; see `lmm.emmeans`."""
        from lmm.means import emmeans

        return emmeans(self, specs, by, **options)

    @takes()
    def emtrends(self, specs: str | Sequence[str], var: str, **options: Any) -> Means:
        """Estimate slopes of a covariate by factors; see `lmm.emtrends`."""
        from lmm.means import emtrends

        return emtrends(self, specs, var, **options)

    @takes()
    def joint_tests(self, by: str | Sequence[str] | None = None, **options: Any) -> Table:
        """Test each term through contrasts of marginal means; see `lmm.joint_tests`."""
        from lmm.means import joint_tests

        return joint_tests(self, by, **options)

    @takes()
    def strata(self, *, type: int | str = 1) -> Strata:  # noqa: A002 - the word of the field
        """Take the variation apart by error strata, with expected mean squares; see `lmm.strata`."""
        from lmm.experiments import strata

        return strata(self, type=type)

    @takes()
    def components(self, **options: Any) -> Table:
        """Tabulate variance components by moments, REML and ML; see `lmm.components`."""
        from lmm.experiments import components

        return components(self, **options)

    @takes()
    def summary(self, *, df: Df = "auto", vcov: Vcov = None) -> Summary:
        """Sum the fit up in the order that users of R know; see `lmm.reports.summarize`.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
        >>> fit.summary().title
        'Linear mixed model fit by REML'
        """
        from lmm.reports import summarize

        return summarize(self, df=df, vcov=vcov)

    @takes()
    def plot(self, kind: PlotKind = "residuals", **options: Any) -> Figure:
        """Draw one picture of the fit, by its name; see `lmm.plots.draw`."""
        from lmm.plots import draw

        return draw(self, kind, **options)

    @takes()
    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write the fit as one self-contained HTML page; see `lmm.reports.write_page`."""
        from lmm.reports import write_page

        return write_page(self, path)

    if not TYPE_CHECKING:  # checkers of types should go on to find misspelt names

        def __getattr__(self, name: str) -> Any:
            known = dir(type(self))
            if name in known:
                # A property failed: its own error is the useful one.
                return object.__getattribute__(self, name)
            raise unknown_name("A fit", name, known, OF_FIT)

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(
            f"a fit never changes, {name} cannot be set; fit.update() and fit.refit() make other fits"
        )

    def __repr__(self) -> str:
        return printing.short_text(self)

    def _repr_html_(self) -> str:
        return printing.short_html(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return storage.from_bytes, (storage.to_bytes(self, small=False),)
