"""The only file that touches formulaic's inner names, so that a change of theirs is mended here.

Loading it loads formulaic and pandas: nothing that only reads formulas imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from formulaic.errors import FormulaicError
from formulaic.materializers import FactorValues, FormulaMaterializer
from formulaic.parser.types import Factor
from formulaic.transforms import TRANSFORMS
from formulaic.transforms.contrasts import Contrasts, ContrastsRegistry, CustomContrasts
from formulaic.utils.stateful_transforms import stateful_transform
from formulaic.utils.variables import Variable

from lmm.errors import ColumnError, nearest
from lmm.typing import FloatMatrix

__all__ = [
    "FORMULAIC_TRANSFORMS",
    "Contrasts",
    "ContrastsRegistry",
    "CustomContrasts",
    "Factor",
    "FactorValues",
    "FormulaMaterializer",
    "FormulaicError",
    "column_by_name",
    "columns_of",
    "overriding",
    "remembering",
]

_Method = TypeVar("_Method", bound=Callable[..., Any])

FORMULAIC_TRANSFORMS: Mapping[str, Any] = TRANSFORMS
"""Functions that formulaic offers in a formula."""


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


def overriding(method: _Method) -> _Method:
    """Mark a method of a materializer as one that replaces formulaic's."""
    marked: _Method = FormulaMaterializer.override(method)
    return marked


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
