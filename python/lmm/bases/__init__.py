"""Bases of smooth terms: from covariates to columns and penalties, and from these to fixed and random effects.

A smooth is fixed columns and blocks of Z, so nothing here knows a formula, a data frame or an engine. `CATALOG` has
one row per basis; a new one is one file and one row. `learn_smooths` makes the columns and penalties of a term,
`side_conditions` tells nested terms from each other, and `mixed_form` writes a term as effects with variances.
"""

from lmm.bases.basis import Basis, Carrier, Covariate, Extrapolation, Settings
from lmm.bases.catalog import CATALOG, BasisRow, basis_row, learn_basis
from lmm.bases.levels.mrf import MarkovField
from lmm.bases.levels.regions import name_of_region
from lmm.bases.mixed import MixedForm, Piece, mixed_form
from lmm.bases.sides import side_conditions
from lmm.bases.smooth import Smooth, learn_smooths

__all__ = [
    "CATALOG",
    "Basis",
    "BasisRow",
    "Carrier",
    "Covariate",
    "Extrapolation",
    "MarkovField",
    "MixedForm",
    "Piece",
    "Settings",
    "Smooth",
    "basis_row",
    "learn_basis",
    "learn_smooths",
    "mixed_form",
    "name_of_region",
    "side_conditions",
]
