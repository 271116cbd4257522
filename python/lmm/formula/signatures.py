"""What each function of a formula takes: names, defaults and kinds of its arguments.

A call is held against its signature when the formula is read; the kinds of values are checked before the function
is called (`lmm.design.arguments`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lmm.errors import nearest

__all__ = [
    "BINARY_NUMPY",
    "REQUIRED",
    "SEES_MISSING",
    "SIGNATURES",
    "UNARY_NUMPY",
    "Argument",
    "Signature",
    "SignatureError",
    "signature_of",
]


class SignatureError(ValueError):
    """A call that does not fit its signature; the message becomes that of a FormulaError."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument.

    Attributes
    ----------
    name
        Its name.
    kind
        ``"column"`` (numbers, one for each row), ``"any"`` (a factor too), ``"truth"``, ``"number"``, ``"whole"``,
        ``"flag"``, ``"text"``, ``"numbers"`` (one or a list), ``"labels"`` (of levels), ``"coding"``, ``"list"``.
    default
        Value where it is left out; `REQUIRED` if it cannot be.
    optional
        Whether None is a value of it.
    named
        Whether it can only be given by name.
    """

    name: str
    kind: str
    default: Any
    optional: bool
    named: bool


REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Signature:
    """The arguments of one function, as they are written for a reader too."""

    function: str
    arguments: tuple[Argument, ...]

    @property
    def usage(self) -> str:
        """How it is called: ``poly(x, degree=1, raw=False)``."""
        shown = self.arguments
        owner = ""
        if self.function.startswith("."):
            owner, shown = shown[0].name, shown[1:]
        texts = [
            argument.name if argument.default is REQUIRED else f"{argument.name}={argument.default!r}"
            for argument in shown
        ]
        return f"{owner}{self.function}({', '.join(texts)})"

    def bind(self, count: int, keywords: Sequence[str]) -> tuple[Argument, ...]:
        """Find the argument that each part of a call is.

        Parameters
        ----------
        count
            Number of arguments in the call, those with names included.
        keywords
            Names of the last of them.

        Raises
        ------
        SignatureError
            If there are too many or too few, or a name is unknown or given twice.
        """
        bare = count - len(keywords)
        places = [argument for argument in self.arguments if not argument.named]
        if bare > len(places):
            most = len(places)
            raise SignatureError(
                f"of arguments without a name it takes {f'at most {most}' if most else 'none'}, not {bare}"
            )
        bound = places[:bare]
        known = {argument.name: argument for argument in self.arguments}
        for name in keywords:
            if name not in known:
                raise SignatureError(f"it takes no {name}=.{nearest(name, known)}")
            if known[name] in bound:
                raise SignatureError(f"{name} is given twice")
            bound.append(known[name])
        lacking = [a.name for a in self.arguments if a.default is REQUIRED and a not in bound]
        if lacking:
            raise SignatureError(f"{lacking[0]} is missing")
        return tuple(bound)


_UNARY = "x: column"
_SPLINE = (
    "x: column, df: whole? = None, knots: numbers? = None, lower_bound: number? = None, upper_bound: number? = None, "
    "constraints: text? = None, extrapolation: text = 'extend'"
)

SIGNATURES: Mapping[str, str] = {
    # factors and plain values
    "I": "x: any",
    "C": "x: any, contrasts: coding? = None, *, levels: labels? = None, spans_intercept: flag = True",
    "Q": "name: text",
    "dummy": "x: any, levels: labels? = None",
    "hashed": "x: any, levels: whole, *, spans_intercept: flag = False",
    "as.numeric": "x: any",
    "as.integer": "x: any",
    "ifelse": "condition: truth, yes: any, no: any",
    "is.na": "x: any",
    # bases of curves
    "poly": "x: column, degree: whole = 1, raw: flag = False",
    "ns": "x: column, df: whole? = None, knots: numbers? = None, intercept: flag = False, "
    "boundary_knots: numbers? = None",
    "bs": "x: column, df: whole? = None, knots: numbers? = None, degree: whole = 3, include_intercept: flag = False, "
    "lower_bound: number? = None, upper_bound: number? = None, extrapolation: text = 'raise'",
    "cr": _SPLINE,
    "cs": _SPLINE,
    "cc": _SPLINE,
    # what is learnt from the column
    "center": _UNARY,
    "scale": "x: column, center: center = True, scale: center = True, ddof: whole = 1",
    "standardize": "x: column, center: center = True, rescale: center = True, ddof: whole = 0",
    **dict.fromkeys(("mean", "median", "sd", "min", "max", "np.mean", "np.median"), _UNARY),
    "np.std": "x: column, ddof: whole = 0",
    "lag": "x: column, k: whole = 1",
    # row by row
    **dict.fromkeys(
        (
            *("abs", "sqrt", "exp", "exp2", "exp10", "expm1", "log2", "log10", "log1p", "sin", "cos", "tan"),
            *("asin", "acos", "atan", "sinh", "cosh", "tanh", "floor", "ceil", "ceiling", "sign", "trunc"),
        ),
        _UNARY,
    ),
    "log": "x: column, base: number? = None",
    "round": "x: column, digits: whole = 0",
    "pmin": "x: column, y: column",
    "pmax": "x: column, y: column",
    # of NumPy, beside its elementwise functions
    "np.clip": "x: column, lower: column? = None, upper: column? = None",
    "np.digitize": "x: column, bins: numbers, right: flag = False",
    "np.interp": "x: column, xp: numbers, fp: numbers",
    "np.isin": "x: any, values: labels",
    "np.nan_to_num": "x: column, nan: number = 0.0",
    "np.round": "x: column, decimals: whole = 0",
    "np.select": "conditions: list, values: list, default: any = 0",
    "np.where": "condition: truth, yes: any, no: any",
    # of columns
    ".abs": _UNARY,
    ".between": "x: column, lower: number, upper: number",
    ".clip": "x: column, lower: column? = None, upper: column? = None",
    ".isin": "x: any, values: labels",
    ".mean": _UNARY,
    ".median": _UNARY,
    ".round": "x: column, decimals: whole = 0",
    ".std": "x: column, ddof: whole = 0",
    # codings
    **dict.fromkeys(("contr.treatment", "contr.SAS"), "base: level? = None"),
    "Treatment": "reference: level? = None",
    **dict.fromkeys(("contr.sum", "Sum"), ""),
    **dict.fromkeys(("contr.helmert", "Helmert"), "reverse: flag = True, scale: flag = False"),
    **dict.fromkeys(("contr.diff", "Diff"), "backward: flag = True"),
    **dict.fromkeys(("contr.poly", "Poly"), "scores: numbers? = None"),
    "contr.custom": "contrasts: coding",
}
"""Function → its arguments: ``name: kind = default``, ``?`` where None is possible, ``*`` before those with names."""

SEES_MISSING = frozenset({"is.na", "np.isfinite", "np.isnan", "np.nan_to_num"})
"""Functions whose value is there where that of their argument is missing."""

UNARY_NUMPY = frozenset(
    {
        *(
            "acos",
            "acosh",
            "asin",
            "asinh",
            "atan",
            "atanh",
            "abs",
            "absolute",
            "arccos",
            "arccosh",
            "arcsin",
            "arcsinh",
            "arctan",
            "arctanh",
            "cbrt",
            "ceil",
        ),
        *("conj", "conjugate", "cos", "cosh", "deg2rad", "degrees", "exp", "exp2", "expm1", "fabs", "floor"),
        *(
            "isfinite",
            "isinf",
            "isnan",
            "log",
            "log10",
            "log1p",
            "log2",
            "logical_not",
            "negative",
            "positive",
        ),
        *("rad2deg", "radians", "reciprocal", "rint", "sign", "signbit", "sin", "sinh", "spacing", "sqrt"),
        *("square", "tan", "tanh", "trunc"),
    }
)
"""Elementwise functions of NumPy of one argument."""

BINARY_NUMPY = frozenset(
    {
        *(
            "add",
            "arctan2",
            "copysign",
            "divide",
            "equal",
            "float_power",
            "floor_divide",
            "fmax",
            "fmin",
            "fmod",
        ),
        *("greater", "greater_equal", "heaviside", "hypot", "less", "less_equal", "logaddexp", "logaddexp2"),
        *("logical_and", "logical_or", "logical_xor", "maximum", "minimum", "mod", "multiply", "nextafter"),
        *("atan2", "not_equal", "pow", "power", "remainder", "subtract", "true_divide"),
    }
)
"""Elementwise functions of NumPy of two arguments."""


@lru_cache(maxsize=256)
def signature_of(function: str) -> Signature | None:
    """Signature of a function of the table; None if a formula knows no such function.

    Examples
    --------
    >>> from lmm.formula.signatures import signature_of
    >>> signature_of("poly").usage
    'poly(x, degree=1, raw=False)'
    """
    text = SIGNATURES.get(function)
    if text is None and function.startswith("np."):
        name = function.removeprefix("np.")
        text = (
            "x: column" if name in UNARY_NUMPY else "x: column, y: column" if name in BINARY_NUMPY else None
        )
    return None if text is None else Signature(function, _arguments(text))


_DEFAULTS: Mapping[str, Any] = {
    "None": None,
    "True": True,
    "False": False,
    "'extend'": "extend",
    "'raise'": "raise",
    "0.0": 0.0,
}


def _arguments(text: str) -> tuple[Argument, ...]:
    found, named = [], False
    for piece in filter(None, text.split(", ")):
        if piece == "*":
            named = True
            continue
        name, _, rest = piece.partition(": ")
        kind, _, default = rest.partition(" = ")
        value: Any = REQUIRED
        if default:
            value = _DEFAULTS[default] if default in _DEFAULTS else int(default)
        found.append(Argument(name, kind.removesuffix("?"), value, kind.endswith("?"), named))
    return tuple(found)
