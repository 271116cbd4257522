"""From a formula and a table to the arrays of a model."""

from lmm.design.design import Design, FactorCoding, FixedTerm, RandomPart

__all__ = ["Design", "FactorCoding", "FixedTerm", "RandomPart"]
