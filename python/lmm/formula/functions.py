"""Names that mean something in a formula: functions, constants, and calls kept for later.

The functions themselves are in `lmm.formula.transforms`; here are only their names, so that a formula can be
checked without loading formulaic and pandas.
"""

from __future__ import annotations

import numpy as np

from lmm.errors import nearest
from lmm.formula.signatures import BINARY_NUMPY, SIGNATURES, UNARY_NUMPY

__all__ = [
    "CONTRASTS",
    "CONTRAST_CLASSES",
    "FUNCTIONS",
    "METHODS",
    "MODULES",
    "NUMPY_CONSTANTS",
    "PLANNED_STRUCTURES",
    "PLANNED_TERMS",
    "R_FUNCTIONS",
    "SMOOTHS",
    "STRUCTURES",
    "unknown_attribute",
    "unknown_function",
]

STRUCTURES = frozenset({"us", "diag", "cs", "csh", "ar1"})
"""Calls around a bar that choose the covariance structure of a random term."""

PLANNED_STRUCTURES = frozenset(
    {
        "ad",
        "ar1h",
        "exp",
        "gau",
        "hetar1",
        "homcs",
        "homdiag",
        "id",
        "known",
        "mat",
        "ou",
        "rr",
        "sp_exp",
        "sp_gau",
        "sp_mat",
        "toep",
        "toeph",
    }
)
"""Calls around a bar that are kept for structures to come."""

SMOOTHS = frozenset({"s", "te", "ti", "t2"})
"""Calls of smooth terms."""

PLANNED_TERMS = {
    **dict.fromkeys(("mo", "gp"), "Bayes terms"),
    "mm": "multiple membership",
    "cbind": "several responses",
}
"""Calls that are kept for kinds of terms to come, with their rows of `lmm.elsewhere.ABSENT`."""

MODULES = frozenset({"np", "contr"})
"""Roots of dotted names that are not columns."""

CONTRASTS = frozenset({"SAS", "custom", "diff", "helmert", "poly", "sum", "treatment"})
"""Codings as ``contr.sum``, for the second argument of ``C()``."""

CONTRAST_CLASSES = frozenset({"Diff", "Helmert", "Poly", "Sum", "Treatment"})
"""Codings that may stand as second argument of ``C()``."""

FUNCTIONS = (
    CONTRAST_CLASSES
    | {name for name in SIGNATURES if "." not in name}
    | {"as.numeric", "as.integer", "is.na"}
)
"""Functions that a formula may call by their bare name."""

R_FUNCTIONS = {"factor": "C", "as.factor": "C", "as.double": "as.numeric"}
"""Functions of R that have another name here."""

NUMPY_CONSTANTS = frozenset({"np.e", "np.inf", "np.nan", "np.pi"})
"""Numbers of NumPy that a formula may name."""

METHODS = frozenset(name.removeprefix(".") for name in SIGNATURES if name.startswith("."))
"""What a formula may ask of a column: ``x.clip(0, 1)``."""

_ADVICE = {
    "relevel": 'Choose the reference level by C(f, contr.treatment("b")).',
    "interaction": "The combinations of two factors are a:b.",
    "as.character": "Text is a factor already; C(x) makes a factor of numbers.",
    "ordered": "C(f) is the factor; give its order as an ordered categorical, or as C(f, levels=[...]).",
    "cut": "Cut the column in the table first.",
    "sum": "For an effect coding write C(f, contr.sum).",
    "offset": "offset(...) is a term of its own: y ~ x + offset(z).",
    "Error": "Error(block/plot) of aov is a random term here: (1 | block/plot).",
}


def unknown_function(name: str) -> str:
    """Message about a function that no formula knows."""
    # Of the suggestions only near ones help: cut() is not a bincount().
    suggestion = nearest(name, FUNCTIONS | R_FUNCTIONS.keys())
    advice = _ADVICE.get(name)
    if advice is not None:
        suggestion = f" {advice}"
    return f"unknown function {name}().{suggestion or ' Functions of NumPy are called as np.name().'}"


def unknown_attribute(name: str) -> str:
    """Message about a member of NumPy, or of a column, that no formula knows: ``np.load``, ``.str``."""
    member = name.rpartition(".")[2]
    if name.startswith("np.") and not hasattr(np, name.split(".")[1]):
        known = [
            text.removeprefix("np.") for text in (*SIGNATURES, *NUMPY_CONSTANTS) if text.startswith("np.")
        ]
        near = nearest(name.removeprefix("np."), {*known, *UNARY_NUMPY, *BINARY_NUMPY})
        return f"NumPy has no {name}.{near}"
    what = member if member.startswith("__") else name
    return (
        f"{what} has no place in a formula, which knows NumPy's elementwise functions and, of a column, "
        f"{', '.join(sorted(METHODS))}: compute anything else into a column of the table first"
    )
