"""Means, contrasts and trends: linear functions with their names, and how to read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Literal

from lmm.arguments import a_level, a_text, number, takes, yes_or_no
from lmm.means.adjusting.evaluation import Comparison, Evaluated, evaluate
from lmm.means.families.contrast_rows import Labels
from lmm.means.functions import LinearFunctions
from lmm.means.options import Options, changed_options
from lmm.means.reading import tabulation
from lmm.means.reading.tabular import Tabular
from lmm.typing import FloatVector
from lmm.verbs import Verb

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lmm.means.grid.reference import ReferenceGrid
    from lmm.means.reading.link import Link
    from lmm.plots import MeansPlotKind
    from lmm.table import Table

__all__ = ["Means"]


@dataclass(frozen=True, eq=False, repr=False)
class Means(Tabular):
    """Estimated marginal means, or contrasts or trends made of them; nothing in it ever changes.

    Made by `lmm.emmeans` and `lmm.emtrends`. It prints as its table, and has all that a `Table` has.

    Attributes
    ----------
    functions
        The rows as linear functions of the fixed effects.
    labels
        Columns that name the rows.
    by
        Those of them that divide the rows into groups.
    comparison
        Which rows are tested together.
    kind
        ``"mean"``, ``"trend"`` or ``"contrast"``.
    options
        Level, adjustment, side, null value, scale, degrees of freedom.
    link
        How to return to the scale of the response; None where there is no way, or nothing to do.
    remarks
        What was averaged over, and what else belongs to the estimates.
    counts
        Number of observations behind each mean; None for contrasts.
    grid
        The reference grid.
    heading, value
        Title of the table, and name of the column of estimates.
    coefficients : sparse, shape (r, k)
        How contrasts are made of the means that they compare; None for means.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
    >>> means = fit.emmeans("tension | wool")
    >>> means["emmean"].round(2)
    array([44.56, 24.  , 24.56, 28.22, 28.78, 18.78])
    """

    functions: LinearFunctions
    labels: Labels
    by: tuple[str, ...]
    comparison: Comparison
    kind: Literal["mean", "trend", "contrast"]
    options: Options
    link: Link | None
    heading: str
    remarks: tuple[str, ...]
    counts: FloatVector | None
    grid: ReferenceGrid
    value: str
    coefficients: Any = None

    @cached_property
    def evaluated(self) -> Evaluated:
        """Estimates, tests and intervals on the scale of the model."""
        return evaluate(self.functions, self.comparison, self.options)

    @cached_property
    def table(self) -> Table:
        """The numbers as a table."""
        return tabulation.tabulate(self)

    if TYPE_CHECKING:

        def contrast(
            self,
            method: Any = "pairwise",
            *,
            by: str | Sequence[str] | EllipsisType | None = ...,
            simple: str | Sequence[str] | None = None,
            interaction: Any = None,
            adjust: str = "auto",
            level: float | None = None,
            seed: int | None = None,
            ref: Any = None,
            reverse: bool | None = None,
            exclude: Any = None,
            max_degree: int | None = None,
            scores: Sequence[float] | FloatVector | None = None,
            weights: Sequence[float] | FloatVector | None = None,
            family: str | None = None,
        ) -> Means: ...
        def plot(
            self,
            kind: MeansPlotKind = "intervals",
            *,
            arrows: bool | None = None,
            letters: bool | None = None,
            alpha: float | None = None,
            adjust: str | None = None,
            data: bool | None = None,
            width: float | None = None,
            height: float | None = None,
        ) -> Figure: ...
    else:
        contrast = Verb(room="lmm.means.families.comparing")
        plot = Verb("plot_of_means", room="lmm.plots")

    @takes()
    def test(
        self,
        null: float | None = None,
        *,
        side: str | None = None,
        delta: float | None = None,
        adjust: str | None = None,
        seed: int | None = None,
    ) -> Means:
        """Test against another value, on one side, or with a margin.

        Parameters
        ----------
        null
            What the estimates are compared with, on the scale of the model.
        side
            ``"two-sided"``, ``"greater"`` (``">"``), ``"less"`` (``"<"``), ``"equivalence"``, ``"noninferiority"``,
            ``"nonsuperiority"``.
        delta
            Margin: with it, two-sided tests are tests of equivalence, ``"greater"`` of noninferiority, ``"less"`` of
            nonsuperiority.
        adjust, seed
            As in `contrast`.

        Returns
        -------
        Means
            The same rows with ``null`` (unless it is 0), ``statistic`` and ``p_value`` instead of intervals.

        Raises
        ------
        LmmError
            If there is no such side, or a margin is negative or missing.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
        >>> fit.emmeans("wool").test(null=25, side="greater")["p_value"].round(4)
        array([0.0031, 0.4513])
        """
        options = changed_options(self.options, null=null, side=side, delta=delta, adjust=adjust, seed=seed)
        return replace(self, options=replace(options, shows="tests"))

    @takes()
    def confint(
        self,
        level: float | None = None,
        *,
        side: str | None = None,
        adjust: str | None = None,
        seed: int | None = None,
    ) -> Means:
        """Compute confidence intervals.

        Parameters
        ----------
        level
            Of each interval, or of all of a group together if they are adjusted.
        side
            ``"two-sided"``, or ``"greater"`` for lower limits and ``"less"`` for upper limits alone.
        adjust, seed
            As in `contrast`.

        Returns
        -------
        Means
            The same rows with ``conf_low`` and ``conf_high`` and no tests.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("F.Dry.matter ~ Day * Trt", lmm.datasets.load("pigs_crd"))
        >>> fit.emmeans("Trt").confint(0.95)["conf_low"].round(2)[:1]
        array([16.41])
        """
        options = changed_options(self.options, level=level, side=side, adjust=adjust, seed=seed)
        return replace(self, options=replace(options, shows="intervals"))

    @takes()
    def joint_test(self) -> Table:
        """Test all rows of each group together: that all contrasts, or all means, are zero.

        Returns
        -------
        Table
            Groups, ``num_df, den_df, f_value, p_value``: by the method of `df`, with its own denominator. What is
            not estimable is left out, and the numerator has fewer degrees of freedom then.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
        >>> fit.emmeans("tension").contrast("consec").joint_test()["f_value"].round(3)
        array([8.498])
        """
        from lmm.means.joint import test_groups

        return test_groups(self)

    @takes(alpha=a_level, adjust=a_text, sort=yes_or_no)
    def letters(self, alpha: float = 0.05, *, adjust: str = "tukey", sort: bool = True) -> Table:
        """Assign letters: means that share one do not differ significantly.

        Parameters
        ----------
        alpha, adjust
            Level of significance, and adjustment of the pairwise comparisons in each group.
        sort
            Whether the largest mean comes first (it has the letter a in any case).

        Returns
        -------
        Table
            The columns of the means, and ``letters``, by inserting and absorbing (Piepho 2004).

        Raises
        ------
        LmmError
            If these are not means or trends, or alpha is not a probability.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
        >>> list(fit.emmeans("tension").letters()["letters"])
        ['a', 'b', 'b']
        """
        from lmm.means.reading.lettering import letters_table

        return letters_table(self, alpha, adjust, sort)

    @takes(alpha=a_level)
    def significant_differences(self, alpha: float = 0.05) -> Table:
        """Tabulate least significant differences as agronomists print them: LSD, and HSD after Tukey.

        Parameters
        ----------
        alpha
            Level of significance.

        Returns
        -------
        Table
            Groups, ``test`` (``"LSD"``, ``"HSD"``), ``sed`` (standard error of a difference), ``df, critical, value,
            value_min, value_max``. Where standard errors differ, ``sed`` and ``value`` are averages over the pairs.

        Raises
        ------
        LmmError
            If these are not means or trends, or alpha is not a probability.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("F.Dry.matter ~ Day * Trt", lmm.datasets.load("pigs_crd"))
        >>> fit.emmeans("Trt").significant_differences()["value"].round(3)
        array([2.908, 4.24 ])
        """
        from lmm.means.reading.least_differences import differences_table

        return differences_table(self, alpha)

    @takes(sigma=number(above=0), edf=number(above=0))
    def effect_size(
        self, method: Any = "pairwise", *, sigma: float | None = None, edf: float | None = None
    ) -> Table:
        """Tabulate contrasts in units of a standard deviation (Cohen's d), with its uncertainty.

        Parameters
        ----------
        method
            As in `contrast`.
        sigma
            The standard deviation; that of the residuals by default, where there are no random effects.
        edf
            Its degrees of freedom; those of the residuals by default, likewise.

        Returns
        -------
        Table
            ``contrast``, groups, ``effect_size, std_error, df, statistic, p_value, conf_low, conf_high``.

        Raises
        ------
        LmmError
            If the model has random effects and the standard deviation is not said.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
        >>> fit.emmeans("tension").effect_size()["effect_size"].round(3)
        array([0.914, 1.346, 0.432])
        """
        from lmm.means.reading.effect_sizes import effect_sizes

        return effect_sizes(self, method, sigma, edf)

    @takes()
    def regrid(self) -> Means:
        """Go over to the scale of the response, so that contrasts are differences of responses.

        Returns
        -------
        Means
            With standard errors by the delta method, and symmetric intervals.

        Raises
        ------
        LmmError
            If these are not means, or the response was not transformed.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("log(conc) ~ source + C(percent)", lmm.datasets.load("emm_pigs"))
        >>> fit.emmeans("source").regrid().contrast("pairwise")["estimate"].round(2)
        array([ -9.34, -14.76,  -5.41])
        """
        from lmm.means.reading.regridding import regridded

        return regridded(self)
