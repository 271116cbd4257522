"""Signatures of the methods; ``make docs`` writes this file from the functions."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import EllipsisType
from typing import Any, Literal, overload

import numpy as np
from matplotlib.figure import Figure

from lmm.engine.blocks import Block
from lmm.engine.results import Control
from lmm.estimation.quadratic_forms import SumsOfSquares
from lmm.experiments.intervals import MeanSquareInterval
from lmm.experiments.strata_table import Strata
from lmm.inference.algebra.information import Information
from lmm.inference.broom import TidyRows
from lmm.inference.df.catalog import Df
from lmm.inference.door import Vcov
from lmm.inference.fits.conditional import AicKind, Correction
from lmm.inference.fixed_terms.analysis_of_variance import Containment, Statistic
from lmm.inference.fixed_terms.dropped_terms import DropTest
from lmm.inference.intervals import IntervalMethod
from lmm.inference.likelihood.parameters import Terms
from lmm.inference.likelihood.profiles import MOST, LikelihoodKind, Profile, Scale
from lmm.inference.random_terms.variance_tests import N_DRAWS, RandomTest
from lmm.inference.resampling.quantiles import BootstrapInterval
from lmm.inference.resampling.ratio import BootstrapTest
from lmm.inference.resampling.replicates import Bootstrap, Statistics
from lmm.inference.smooth_checks.basis_check import N_ORDERS, N_ROWS
from lmm.inference.smooth_terms.bands import BandKind
from lmm.inference.smooth_terms.of_the_mean import CurveCovariance
from lmm.inference.variance_tables.precision import VarianceInterval
from lmm.means.grid.variables import CovReduce
from lmm.means.result import Means
from lmm.model.distribution.family import Family
from lmm.model.predictions.selection import Selection
from lmm.model.result import Fit
from lmm.model.theory.marginal_model import Marginal
from lmm.plots.by_name import PlotKind
from lmm.plots.influence import Show
from lmm.plots.profile_curves import View
from lmm.plots.qq import Of
from lmm.plots.residual_panel import Panel
from lmm.reports.summaries import Summary
from lmm.table import Table
from lmm.typing import (
    FloatArray,
    FloatMatrix,
    FloatVector,
    Interval,
    Method,
    Missing,
    Negative,
    NewLevels,
    ResidualKind,
)

class Questions:
    def anova(
        self,
        *others: Fit,
        type: SumsOfSquares = 3,
        df: Df = "auto",
        test: Statistic = "f",
        containment: Containment = "sas",
        vcov: Vcov = None,
    ) -> Table:
        """Test each term of the fixed part; with several fits, compare them."""
    def asymptotic_covariance(
        self, *, information: Information = "observed", of: Literal["vcov", "theta"] = "vcov"
    ) -> Table:
        """Tabulate the asymptotic covariance of the covariance parameters (SAS: ``asycov``)."""
    def augment(self, data: Any = None) -> Table:
        """Put fitted values, residuals and measures of influence beside the data."""
    def bootstrap(
        self,
        *,
        n: int = 1000,
        seed: int | np.random.Generator | None = None,
        statistics: Statistics | None = None,
        progress: bool = False,
    ) -> Bootstrap:
        """Fit the model to responses drawn from it, with new random effects and errors (parametric bootstrap)."""
    def bootstrap_test(
        self, fit1: Fit, *, n: int = 1000, seed: int | np.random.Generator | None = None
    ) -> BootstrapTest:
        """Test a smaller model in a larger one by responses simulated from the smaller one."""
    def check_basis(
        self, *, n_draws: int = N_ORDERS, n_rows: int = N_ROWS, seed: int | np.random.Generator | None = 0
    ) -> Table:
        """Check whether the basis of each smooth term has enough columns."""
    def coef(self) -> Table:
        """Tabulate fixed plus random effects for each level of each grouping factor."""
    def coefficient_draws(
        self, n: int = 1000, *, covariance: CurveCovariance = "bayes", seed: Any = None
    ) -> FloatMatrix:
        """Draw coefficients of the mean from their posterior, a normal distribution."""
    def coefficients(self, *, df: Df = "auto", vcov: Vcov = None, level: float = 0.95) -> Table:
        """Tabulate the fixed effects with degrees of freedom, tests against zero and intervals."""
    def compare(
        self, *fits: Fit, refit: bool = True, kind: AicKind = "marginal", correction: Correction = "auto"
    ) -> Table:
        """Compare fits of the same response by likelihood-ratio tests, AIC and BIC."""
    def components(
        self,
        *,
        level: float = 0.95,
        interval: MeanSquareInterval = "satterthwaite",
        negative: Negative | None = None,
    ) -> Table:
        """Tabulate the variance components by moments, REML and ML side by side."""
    def concurvity(self, full: bool = True) -> Table:
        """Tabulate how far each smooth term, and the fixed part, can be written as a function of the others."""
    def confint(
        self,
        *,
        method: IntervalMethod = "profile",
        level: float = 0.95,
        terms: Terms = None,
        scale: Scale = "sd",
        criterion: LikelihoodKind | None = None,
        df: Df | None = None,
        n: int | None = None,
        seed: int | np.random.Generator | None = None,
        kind: str | None = None,
    ) -> Table:
        """Compute confidence intervals of standard deviations, correlations, sigma and fixed effects."""
    def derivative(
        self,
        term: str,
        at: Any = None,
        *,
        order: int = 1,
        along: str | None = None,
        level: float = 0.95,
        covariance: CurveCovariance = "bayes",
    ) -> Table:
        """Tabulate the first or second derivative of a smooth term, with pointwise bands."""
    def design_matrix(self, new: Any = None) -> FloatMatrix:
        """Build the matrix (n, m) whose product with coefficients is the mean: R's ``predict(type = "lpmatrix")``."""
    def drop1(self, *, test: DropTest = "f", df: Df = "auto") -> Table:
        """Test what each fixed term adds to all others."""
    def emmeans(
        self,
        specs: str | Sequence[str],
        by: str | Sequence[str] | None = None,
        *,
        at: Mapping[str, Any] | None = None,
        weights: str = "equal",
        df: Df = "auto",
        vcov: Vcov = None,
        level: float = 0.95,
        adjust: str = "none",
        transform: str | None = None,
        bias_adjust: bool = False,
        sigma: float | None = None,
        cov_reduce: CovReduce = None,
        seed: int = 0,
    ) -> Means:
        """Estimate marginal means (least-squares means)."""
    def emtrends(
        self,
        specs: str | Sequence[str],
        var: str,
        by: str | Sequence[str] | None = None,
        *,
        at: Mapping[str, Any] | None = None,
        weights: str = "equal",
        df: Df = "auto",
        vcov: Vcov = None,
        level: float = 0.95,
        adjust: str = "none",
        cov_reduce: CovReduce = None,
        seed: int = 0,
    ) -> Means:
        """Estimate slopes of a covariate, by factors."""
    def glance(self, *, kind: AicKind = "marginal", correction: Correction = "auto") -> Table:
        """Sum a fit up in one row."""
    def icc(self) -> Table:
        """Tabulate intraclass correlations: the share of each grouping factor."""
    def influence(self, by: str = "row") -> Table:
        """Measure how much rows, or all rows of a level, move the fixed effects when they are deleted."""
    def joint_tests(
        self,
        by: str | Sequence[str] | None = None,
        *,
        at: Mapping[str, Any] | None = None,
        df: Df = "auto",
        vcov: Vcov = None,
        cov_reduce: CovReduce = None,
    ) -> Table:
        """Test each term of the fixed part through contrasts of marginal means."""
    def leverage(self) -> FloatVector:
        """Compute the diagonal (n,) of the hat matrix: how much each fitted value follows its own response."""
    def marginal(self) -> Marginal:
        """Compute the marginal model of a fit with n by n matrices, and compare."""
    def partial_residuals(self, term: str) -> Table:
        """Tabulate the residuals of a fit added to one of its curves: what the data say about it, given all else."""
    def plot(
        self,
        kind: PlotKind = "residuals",
        *,
        group: str | None = None,
        columns: int | None = None,
        terms: Sequence[str] | None = None,
        of: Of | None = None,
        panels: Sequence[Panel] | None = None,
        along: str | None = None,
        at: Mapping[str, Any] | None = None,
        by: str | None = None,
        band: BandKind | None = None,
        residuals: bool | None = None,
        show: Show | None = None,
        view: View | None = None,
        level: float | None = None,
        levels: Sequence[float] | None = None,
        df: Df | None = None,
        vcov: Vcov = None,
        interval: BootstrapInterval | None = None,
        seed: int | np.random.Generator | None = None,
        width: float | None = None,
        height: float | None = None,
    ) -> Figure:
        """Draw one of the pictures of a fit by its name."""
    @overload
    def predict(
        self,
        new: Any = None,
        *,
        interval: None = None,
        random: Selection = True,
        new_levels: NewLevels = "error",
        offset: Any = None,
        blocks: Mapping[str, Block] | None = None,
    ) -> FloatVector:
        """Predict the response: by point, or with intervals."""
    @overload
    def predict(
        self,
        new: Any = None,
        *,
        interval: Interval,
        random: Selection = True,
        new_levels: NewLevels = "error",
        offset: Any = None,
        blocks: Mapping[str, Block] | None = None,
        level: float = 0.95,
        df: Df = "auto",
        vcov: Vcov = None,
        weights: Any = None,
    ) -> Table:
        """Predict the response: by point, or with intervals."""
    def predict_intervals(
        self,
        new: Any = None,
        *,
        interval: Interval = "confidence",
        level: float = 0.95,
        df: Df = "auto",
        vcov: Vcov = None,
        random: Selection = True,
        new_levels: NewLevels = "error",
        weights: Any = None,
        offset: Any = None,
        blocks: Mapping[str, Block] | None = None,
    ) -> Table:
        """Predict with standard errors and intervals."""
    def profile(
        self, terms: Terms = None, *, criterion: LikelihoodKind | None = None, most: float = MOST
    ) -> Profile:
        """Profile the likelihood of a fit, parameter by parameter."""
    def quantile_residuals(
        self,
        n: int = 1000,
        *,
        random: Literal["new", "fitted"] = "new",
        seed: int | np.random.Generator | None = None,
    ) -> FloatVector:
        """Simulate responses and give the part of them below each observed one, after Dunn and Smyth (1996)."""
    def r_squared(self) -> Table:
        """Tabulate the shares of variance that the model explains (Nakagawa and Schielzeth 2013; Johnson 2014)."""
    def random_anova(
        self,
        *,
        reduce: bool = True,
        test: RandomTest = "mixture",
        n_draws: int = N_DRAWS,
        seed: int | np.random.Generator | None = None,
    ) -> Table:
        """Test each random term by a likelihood ratio; by exact tests smooth terms too."""
    def ranef(self, *, cond_var: bool = False, pev: bool = False) -> Table:
        """Tabulate the random effects of all levels (conditional modes, BLUPs)."""
    def ranef_covariances(self, *, pev: bool = False) -> list[FloatArray]:
        """Compute the whole covariance (l, k, k) of each level's random effects, per random term."""
    def refit(self, y: Any) -> Fit:
        """Fit the same model to another response."""
    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write the page of a fit to a file; the file appears whole or not at all."""
    def residuals(self, kind: ResidualKind = "response") -> FloatVector:
        """Compute residuals (n,) of one of several kinds."""
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a fit into a file: all but the rows and columns of the table that it did not use."""
    def simulate(
        self,
        n: int = 1,
        new: Any = None,
        *,
        random: Literal["new", "fitted"] = "new",
        new_levels: NewLevels = "error",
        weights: Any = None,
        offset: Any = None,
        blocks: Mapping[str, Block] | None = None,
        seed: int | np.random.Generator | None = None,
    ) -> FloatMatrix:
        """Draw responses from the fitted model, its parameters taken as true."""
    def smooth(
        self,
        term: str,
        at: Any = None,
        *,
        level: float = 0.95,
        band: BandKind = "pointwise",
        covariance: CurveCovariance = "bayes",
        intercept: bool = False,
        seed: Any = 0,
    ) -> Table:
        """Tabulate a smooth term over a grid, with standard errors and a band."""
    def smooth_difference(
        self,
        term: str,
        levels: Sequence[Any],
        at: Any = None,
        *,
        group_means: bool = True,
        level: float = 0.95,
        band: BandKind = "pointwise",
        covariance: CurveCovariance = "bayes",
        seed: Any = 0,
    ) -> Table:
        """Tabulate the difference between the curves of two levels of a factor ``by=``, with a band."""
    def smoothing(self) -> Table:
        """Tabulate the smoothing parameters, one row for each penalty."""
    def smooths(self) -> Table:
        """Tabulate the smooth terms with effective degrees of freedom and tests against zero."""
    def strata(self, *, type: int | str = 1) -> Strata:
        """Take the variation of a designed experiment apart, stratum by stratum."""
    def summary(self, *, df: Df = "auto", vcov: Vcov = None) -> Summary:
        """Sum up a fit in the order that users of R know."""
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
        """Test linear hypotheses on the fixed effects."""
    def tidy(
        self,
        effects: TidyRows | Sequence[TidyRows] = ("fixed", "ran_pars"),
        *,
        df: Df = "auto",
        vcov: Vcov = None,
        level: float = 0.95,
    ) -> Table:
        """Tabulate estimates, one row each."""
    def update(
        self,
        formula: str | None = None,
        *,
        data: Any = ...,
        method: Method | EllipsisType = ...,
        weights: Any = ...,
        offset: Any = ...,
        residual: Any = ...,
        variance: Any = ...,
        family: Family | str | EllipsisType | None = ...,
        trials: Any = ...,
        exposure: Any = ...,
        frequency: Any = ...,
        missing: Missing | EllipsisType = ...,
        contrasts: str | Mapping[str, Any] | EllipsisType | None = ...,
        factors: str | Sequence[str] | EllipsisType = ...,
        random: Mapping[str, Block] | EllipsisType | None = ...,
        known: Mapping[str, Any] | EllipsisType | None = ...,
        smooths: Mapping[str, Any] | EllipsisType | None = ...,
        select: bool | EllipsisType = ...,
        start: Sequence[float] | FloatVector | EllipsisType | None = ...,
        theta: Mapping[str, float | None] | Sequence[float | None] | FloatVector | EllipsisType | None = ...,
        restarts: int | EllipsisType = ...,
        control: Control | Mapping[str, Any] | EllipsisType | None = ...,
        negative: Negative | EllipsisType = ...,
    ) -> Fit:
        """Fit again with a changed formula or other arguments."""
    def variance_components(
        self,
        *,
        information: Information = "observed",
        interval: VarianceInterval = "satterthwaite",
        level: float = 0.95,
    ) -> Table:
        """Tabulate variances and covariances with standard errors and intervals."""
    def variance_partition(self) -> Table:
        """Tabulate how much of the variance of the response each part of the model makes up."""
