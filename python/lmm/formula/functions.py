"""Names that mean something in a formula: functions, constants, and calls kept for later.

The functions themselves are in `lmm.formula.transforms`; here are only their names, so that a formula can be
checked without loading formulaic and pandas.
"""

from __future__ import annotations

from lmm.errors import nearest

__all__ = [
    "CONTRASTS",
    "CONTRAST_CLASSES",
    "FUNCTIONS",
    "MODULES",
    "PLANNED_STRUCTURES",
    "PLANNED_TERMS",
    "R_FUNCTIONS",
    "STRUCTURES",
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

PLANNED_TERMS = frozenset({"s", "te", "ti", "t2", "mo", "gp", "mm", "cbind"})
"""Calls that are kept for kinds of terms to come."""

MODULES = frozenset({"np", "contr"})
"""Roots of dotted names that are no columns."""

CONTRASTS = frozenset({"SAS", "custom", "diff", "helmert", "poly", "sum", "treatment"})
"""Codings as ``contr.sum``, for the second argument of ``C()``."""

CONTRAST_CLASSES = frozenset({"Diff", "Helmert", "Poly", "Sum", "Treatment"})
"""Codings that may stand as second argument of ``C()``."""

_ENCODINGS = frozenset(
    {"C", "I", "Q", "hashed", "bs", "cc", "cr", "cs", "ns", "poly", "center", "scale", "standardize", "lag"}
)
_ELEMENTWISE = frozenset(
    {
        "abs",
        "sqrt",
        "exp",
        "exp2",
        "exp10",
        "expm1",
        "log",
        "log2",
        "log10",
        "log1p",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "floor",
        "ceil",
        "ceiling",
        "round",
        "sign",
        "ifelse",
        "pmin",
        "pmax",
    }
)
_SUMMARIES = frozenset({"mean", "median", "sd", "min", "max"})

FUNCTIONS = _ENCODINGS | _ELEMENTWISE | _SUMMARIES | CONTRAST_CLASSES
"""Functions that a formula may call by their bare name."""

R_FUNCTIONS = {"factor": "C", "as.factor": "C"}
"""Functions of R that have another name here."""

NUMPY = frozenset(
    {"clip", "digitize", "e", "inf", "interp", "isin", "mean", "median", "nan", "nan_to_num", "pi", "round"}
    | {"select", "std", "where"}
)
"""What a formula may take from NumPy beside its elementwise functions: nothing that reads, writes or runs anything."""

METHODS = frozenset({"abs", "between", "clip", "isin", "mean", "median", "round", "std"})
"""What a formula may ask of a column: ``x.clip(0, 1)``."""

_ADVICE = {
    "relevel": 'Choose the reference level by C(f, contr.treatment("b")).',
    "interaction": "The combinations of two factors are a:b.",
    "as.numeric": "Numbers are numbers already; convert text in the table.",
    "as.integer": "Numbers are numbers already; convert text in the table.",
    "as.character": "Text is a factor already; C(x) makes a factor of numbers.",
    "ordered": "C(f) is the factor; give its order as an ordered categorical, or as C(f, levels=[...]).",
    "cut": "Cut the column in the table first.",
    "sum": "For an effect coding write C(f, contr.sum).",
    "offset": "offset(...) is a term of its own: y ~ x + offset(z).",
    "Error": "Error(block/plot) of aov is a random term here: (1 | block/plot).",
}


def unknown_function(name: str) -> str:
    """Message about a function that no formula knows."""
    suggestion = nearest(name, FUNCTIONS | R_FUNCTIONS.keys())
    advice = _ADVICE.get(name)
    if advice is not None:
        suggestion = f" {advice}"
    return f"unknown function {name}().{suggestion or ' Functions of NumPy are called as np.name().'}"
