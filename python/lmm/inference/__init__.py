"""Inference: every test, degree of freedom and interval that is made of a fit.

There is one door. `row_tests` tests the rows of a contrast each by itself, `joint_test` all together; whatever
prints a t, an F or a p builds a contrast and comes here. `contrast_test` and `coefficients` are the same as tables;
`anova` and `drop1` test the terms of the fixed part, `random_anova` the random ones, `compare` and `bootstrap_test`
whole fits. `predict_intervals` answers for rows, `influence` asks what rows and clusters do to the estimates;
`tidy`, `glance` and `augment` hand a fit to pipelines. `confint` gives intervals of all parameters, from a
`profile` of the likelihood, its curvature, or the parametric `bootstrap`.
`catalog` lists the methods for degrees of freedom.
"""

from __future__ import annotations

from lmm.inference.analysis_of_variance import anova
from lmm.inference.between_within import BetweenWithin
from lmm.inference.bootstrapped_ratio import BootstrapTest, bootstrap_test
from lmm.inference.broom import Effects, augment, glance, tidy
from lmm.inference.catalog import Df, df_method
from lmm.inference.cluster_robust import ClusterRobust
from lmm.inference.comparison import compare
from lmm.inference.containment import Containment
from lmm.inference.curve import Curve
from lmm.inference.deletion import leverage
from lmm.inference.distributions import checked_level, t_p_value, t_quantile
from lmm.inference.door import JointTest, RowTests, Vcov, joint_test, row_covariance, row_tests
from lmm.inference.dropped_terms import drop1
from lmm.inference.estimability import estimable_part
from lmm.inference.influence_measures import cluster_names, influence, studentized
from lmm.inference.intervals import IntervalMethod, confint
from lmm.inference.kenward_roger import KenwardRoger
from lmm.inference.likelihood_profile import Profile, profile
from lmm.inference.method import DfMethod
from lmm.inference.prediction import predict_intervals
from lmm.inference.quantiles import BootstrapInterval
from lmm.inference.random_terms import random_anova
from lmm.inference.replicates import Bootstrap, bootstrap
from lmm.inference.satterthwaite import Satterthwaite
from lmm.inference.simulated_residuals import quantile_residuals
from lmm.inference.tables import coefficients, contrast_test
from lmm.inference.variance_precision import asymptotic_covariance, variance_components
from lmm.inference.variance_shares import icc, r_squared, variance_partition

__all__ = [
    "BetweenWithin",
    "Bootstrap",
    "BootstrapInterval",
    "BootstrapTest",
    "ClusterRobust",
    "Containment",
    "Curve",
    "Df",
    "DfMethod",
    "Effects",
    "IntervalMethod",
    "JointTest",
    "KenwardRoger",
    "Profile",
    "RowTests",
    "Satterthwaite",
    "Vcov",
    "anova",
    "asymptotic_covariance",
    "augment",
    "bootstrap",
    "bootstrap_test",
    "checked_level",
    "cluster_names",
    "coefficients",
    "compare",
    "confint",
    "contrast_test",
    "df_method",
    "drop1",
    "estimable_part",
    "glance",
    "icc",
    "influence",
    "joint_test",
    "leverage",
    "predict_intervals",
    "profile",
    "quantile_residuals",
    "r_squared",
    "random_anova",
    "row_covariance",
    "row_tests",
    "studentized",
    "t_p_value",
    "t_quantile",
    "tidy",
    "variance_components",
    "variance_partition",
]
