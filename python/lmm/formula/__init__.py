"""From the text of a formula to its terms."""

from lmm.formula.parser import parse
from lmm.formula.terms import Formula, RandomTerm

__all__ = ["Formula", "RandomTerm", "parse"]
