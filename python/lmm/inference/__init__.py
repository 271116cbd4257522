"""Inference: every test, degree of freedom and interval that is made of a fit.

There is one door. `row_tests` tests the rows of a contrast each by itself, `joint_test` all together; whatever
prints a t, an F or a p builds a contrast and comes here. `contrast_test` and `coefficients` are the same as tables;
`anova` and `drop1` test the terms of the fixed part, `random_anova` the random ones, `compare` and `bootstrap_test`
whole fits. `predict_intervals` answers for rows, `influence` asks what rows and clusters do to the estimates;
`tidy`, `glance` and `augment` hand a fit to pipelines. `confint` gives intervals of all parameters, from a
`profile` of the likelihood, its curvature, or the parametric `bootstrap`.
`catalog` lists the methods for degrees of freedom. Smooth terms have tables and tests of their own: `smooths`.
"""

from __future__ import annotations

from lmm.inference.algebra.hat_trace import total_edf
from lmm.inference.broom import TidyRows, augment, glance, tidy
from lmm.inference.contrast.estimability import estimable_part
from lmm.inference.df.between_within import BetweenWithin
from lmm.inference.df.catalog import Df, df_method
from lmm.inference.df.cluster_robust import ClusterRobust
from lmm.inference.df.containment import Containment
from lmm.inference.df.kenward_roger import KenwardRoger
from lmm.inference.df.method import DfMethod
from lmm.inference.df.satterthwaite import Satterthwaite
from lmm.inference.distributions import checked_level, t_p_value, t_quantile
from lmm.inference.door import JointTest, RowTests, Vcov, joint_test, row_covariance, row_tests
from lmm.inference.fits.comparison import compare
from lmm.inference.fixed_terms.analysis_of_variance import anova
from lmm.inference.fixed_terms.dropped_terms import drop1
from lmm.inference.intervals import IntervalMethod, confint
from lmm.inference.likelihood.curve import Curve
from lmm.inference.likelihood.profiles import Profile, profile
from lmm.inference.observations.deletion import leverage
from lmm.inference.observations.influence_measures import cluster_names, influence, studentized
from lmm.inference.observations.predicted import predict, residuals
from lmm.inference.observations.prediction import predict_intervals
from lmm.inference.observations.simulated_residuals import quantile_residuals
from lmm.inference.random_terms.variance_tests import random_anova
from lmm.inference.resampling.quantiles import BootstrapInterval
from lmm.inference.resampling.ratio import BootstrapTest, bootstrap_test
from lmm.inference.resampling.replicates import Bootstrap, bootstrap
from lmm.inference.smooth_checks.basis_check import check_basis
from lmm.inference.smooth_checks.overlap import concurvity, concurvity_notes
from lmm.inference.smooth_terms.bands import BandKind
from lmm.inference.smooth_terms.curves import chosen_term, partial_residuals, smooth
from lmm.inference.smooth_terms.differences import smooth_difference
from lmm.inference.smooth_terms.of_the_mean import coefficient_draws, design_matrix
from lmm.inference.smooth_terms.rows import n_curve_effects, with_curves
from lmm.inference.smooth_terms.slopes import derivative
from lmm.inference.smooth_terms.tables import smoothing, smooths
from lmm.inference.tables import coefficients, contrast_test
from lmm.inference.variance_tables.precision import asymptotic_covariance, variance_components
from lmm.inference.variance_tables.shares import icc, r_squared, variance_partition

__all__ = [
    "BandKind",
    "BetweenWithin",
    "Bootstrap",
    "BootstrapInterval",
    "BootstrapTest",
    "ClusterRobust",
    "Containment",
    "Curve",
    "Df",
    "DfMethod",
    "IntervalMethod",
    "JointTest",
    "KenwardRoger",
    "Profile",
    "RowTests",
    "Satterthwaite",
    "TidyRows",
    "Vcov",
    "anova",
    "asymptotic_covariance",
    "augment",
    "bootstrap",
    "bootstrap_test",
    "check_basis",
    "checked_level",
    "chosen_term",
    "cluster_names",
    "coefficient_draws",
    "coefficients",
    "compare",
    "concurvity",
    "concurvity_notes",
    "confint",
    "contrast_test",
    "derivative",
    "design_matrix",
    "df_method",
    "drop1",
    "estimable_part",
    "glance",
    "icc",
    "influence",
    "joint_test",
    "leverage",
    "n_curve_effects",
    "partial_residuals",
    "predict",
    "predict_intervals",
    "profile",
    "quantile_residuals",
    "r_squared",
    "random_anova",
    "residuals",
    "row_covariance",
    "row_tests",
    "smooth",
    "smooth_difference",
    "smoothing",
    "smooths",
    "studentized",
    "t_p_value",
    "t_quantile",
    "tidy",
    "total_edf",
    "variance_components",
    "variance_partition",
    "with_curves",
]
