"""The only file that touches formulaic's inner names, so that a change of theirs is mended here.

Loading it loads formulaic and pandas: nothing that only reads formulas imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from formulaic.materializers.types import FactorValues
from formulaic.transforms import TRANSFORMS
from formulaic.utils.stateful_transforms import stateful_transform
from formulaic.utils.variables import Variable

from lmm.errors import ColumnError, nearest
from lmm.typing import FloatMatrix

__all__ = ["FORMULAIC_TRANSFORMS", "column_by_name", "columns_of", "remembering"]

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
