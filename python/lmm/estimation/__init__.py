"""Maximum likelihood and REML on the level of theta.

`Criterion` joins the covariance structures (theta to T) with the engine (T to the criterion, its
gradient and its information). `given_theta` reads what a user holds fixed, `optimize` finds
the rest, and `Certificate` says in sentences why the search may stop where it did.

`Anova` gives sums of squares of types I, II and III with what they estimate; `solve_moments` solves the variance
components from them.
"""

from lmm.estimation.at_moments import solved
from lmm.estimation.certificate import Certificate
from lmm.estimation.component import RESIDUAL, VarianceComponent, variance_components
from lmm.estimation.control import checked_control
from lmm.estimation.criterion import Criterion
from lmm.estimation.effects import Effect, combine, contains, determines, factor_column, refines
from lmm.estimation.given import Given, given_start, given_theta
from lmm.estimation.moments import Moments, check_degrees, solve_moments
from lmm.estimation.optimum import ThetaOptimum, column_scales, optimize
from lmm.estimation.projections import Projections, Space
from lmm.estimation.quadratic_forms import Anova, QuadraticForm, SumsOfSquares, checked_sums

__all__ = [
    "RESIDUAL",
    "Anova",
    "Certificate",
    "Criterion",
    "Effect",
    "Given",
    "Moments",
    "Projections",
    "QuadraticForm",
    "Space",
    "SumsOfSquares",
    "ThetaOptimum",
    "VarianceComponent",
    "check_degrees",
    "checked_control",
    "checked_sums",
    "column_scales",
    "combine",
    "contains",
    "determines",
    "factor_column",
    "given_start",
    "given_theta",
    "optimize",
    "refines",
    "solve_moments",
    "solved",
    "variance_components",
]
