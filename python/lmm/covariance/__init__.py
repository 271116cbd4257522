"""Covariance structures of random effects: from theta to the relative factor T.

A term with k columns has, for each of its levels, random effects with covariance
``sigma**2 * S``, ``S = T @ T.T``. A structure says how its parameters theta fill the lower
triangular T, what they are called, and how S changes with them. `CATALOG` has one row per
structure that has a name in formulas; a new family is one file and one row. `Tied` and `Penalized` are made
from the penalties of one term. `ThetaLayout` strings the terms of a model
together: the terms stand in formula order, each with its theta behind the other.
"""

from lmm.covariance.catalog import CATALOG, structure
from lmm.covariance.family import Structure
from lmm.covariance.layout import ThetaLayout, ThetaTerm
from lmm.covariance.penalized import Penalized
from lmm.covariance.precision import Precision
from lmm.covariance.tied import Tied

__all__ = [
    "CATALOG",
    "Penalized",
    "Precision",
    "Structure",
    "ThetaLayout",
    "ThetaTerm",
    "Tied",
    "structure",
]
