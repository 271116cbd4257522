"""The only file that touches formulaic's inner names, so that a change of theirs is mended here.

Loading it loads formulaic and pandas: nothing that only reads formulas imports it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from formulaic import Formula, SimpleFormula
from formulaic.errors import FormulaicError
from formulaic.materializers.types import FactorValues
from formulaic.parser import DefaultFormulaParser
from formulaic.transforms import TRANSFORMS
from formulaic.utils.stateful_transforms import stateful_transform
from formulaic.utils.variables import Variable

from lmm.errors import ColumnError, FormulaError, nearest
from lmm.typing import FloatMatrix

__all__ = ["FORMULAIC_TRANSFORMS", "column_by_name", "columns_of", "factor_of", "remembering", "terms_of"]

FORMULAIC_TRANSFORMS: Mapping[str, Any] = TRANSFORMS
"""Functions that formulaic offers in a formula."""

_FACTOR_PARSER = DefaultFormulaParser(include_intercept=False)
_MARKS = re.compile(r"\x1b\[[0-9;]*m|[⧛⧚]")


def remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a transform whose ``_state`` formulaic keeps for new data."""
    return cast("Callable[..., Any]", stateful_transform(function))


def column_by_name(data: Mapping[str, Any]) -> Callable[..., Any]:
    """Return ``Q`` for these data: the column of a name that Python cannot write, ``log(Q("yield"))``.

    Formulaic's own one fails inside ``scale`` and other transforms with a state.
    """

    def column(name: str) -> Any:
        if name not in data:
            raise ColumnError(f"there is no column {name!r}.{nearest(name, map(str, data))}")
        return data[name]

    transform = stateful_transform(column, get_required_variables=lambda name: (Variable(name),))
    return cast("Callable[..., Any]", transform)


def columns_of(values: FloatMatrix) -> Any:
    """Columns of a transform, to be named ``f(x)[1]``, ``f(x)[2]``, ... by formulaic.

    Parameters
    ----------
    values : shape (n, k)

    Returns
    -------
    FactorValues
    """
    columns = {number + 1: values[:, number] for number in range(values.shape[1])}
    return FactorValues(columns, kind="numerical", spans_intercept=False, format="{name}[{field}]")


def terms_of(text: str) -> SimpleFormula:
    """Terms of a right side such as ``"1 + a * b"``, in formulaic's form.

    Raises
    ------
    FormulaError
        If formulaic cannot read it.

    Examples
    --------
    >>> from lmm.formula._formulaic import terms_of
    >>> [str(term) for term in terms_of("1 + a * b")]
    ['1', 'a', 'b', 'a:b']
    """
    return _read(text, None)


def factor_of(text: str) -> SimpleFormula:
    """Return one factor, without intercept: a response, an offset, a grouping factor.

    Raises
    ------
    FormulaError
        If formulaic cannot read it.

    Examples
    --------
    >>> from lmm.formula._formulaic import factor_of
    >>> [str(term) for term in factor_of("np.log(y)")]
    ['np.log(y)']
    """
    return _read(text, _FACTOR_PARSER)


def _read(text: str, parser: DefaultFormulaParser | None) -> SimpleFormula:
    try:
        formula = Formula(text, _parser=parser)
    except (FormulaicError, SyntaxError) as error:
        reason = " ".join(_MARKS.sub("", str(error)).split())
        raise FormulaError(f"formulaic cannot read '{text}': {reason}") from error
    if not isinstance(formula, SimpleFormula):
        raise FormulaError(f"one side of a formula was expected, not '{text}'")
    return formula
