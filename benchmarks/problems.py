"""What is measured: a data set that ships with the package, and a formula."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    dataset: str
    formula: str


PROBLEMS = (
    Problem("Dyestuff", "Yield ~ 1 + (1 | Batch)"),
    Problem("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    Problem("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
    Problem("Oats", "yield ~ Variety * nitro + (1 | Block/Variety)"),
    Problem("Oxboys", "height ~ age + I(age^2) + (age + I(age^2) | Subject)"),
    Problem("ScotsSec", "attain ~ verbal + sex + (1 | primary) + (1 | second)"),
    Problem("Chem97", "score ~ 1 + gcsecnt + (1 | school) + (1 | lea)"),
    Problem("InstEval", "y ~ service + (1 | s) + (1 | d)"),
)
