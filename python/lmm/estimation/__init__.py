"""Maximum likelihood and REML on the level of theta.

`Criterion` joins the covariance structures (theta to T) with the engine (T to the criterion, its
gradient and its information). `given_theta` reads what a user holds fixed, `optimize` finds
the rest, and `Certificate` says in sentences why the search may stop where it did.
"""

from lmm.estimation.certificate import Certificate
from lmm.estimation.control import checked_control
from lmm.estimation.criterion import Criterion
from lmm.estimation.given import Given, given_start, given_theta
from lmm.estimation.optimum import ThetaOptimum, optimize

__all__ = [
    "Certificate",
    "Criterion",
    "Given",
    "ThetaOptimum",
    "checked_control",
    "given_start",
    "given_theta",
    "optimize",
]
