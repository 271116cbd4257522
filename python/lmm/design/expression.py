"""Single expressions of a formula: response, offset, grouping factor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.data import Column
from lmm.design.evaluator import variables_of
from lmm.design.values import Basis, Coded, as_column
from lmm.design.wording import listed
from lmm.errors import DataError, DesignError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmm.design.evaluator import Evaluator
    from lmm.typing import FloatVector


@dataclass(frozen=True, slots=True, eq=False)
class ExpressionSpec:
    """An expression with what its transforms have learnt.

    Attributes
    ----------
    text
        A column, or an expression such as ``"log(y)"``.
    variables
        Names of the columns that it uses, sorted.
    transforms
        State of stateful transforms, by call.
    """

    text: str
    variables: tuple[str, ...]
    transforms: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def learn(cls, text: str, evaluator: Evaluator) -> tuple[ExpressionSpec, Any]:
        """Evaluate an expression and keep the state of its transforms; also its value."""
        value = evaluator.value(text)
        name = text[1:-1] if text.startswith("`") and text.endswith("`") else text
        if name in evaluator.columns:
            return cls(text, (name,)), value
        return cls(text, variables_of(text, evaluator.columns), evaluator.states_of((text,))), value

    @property
    def is_column(self) -> bool:
        """Whether it is a column as such."""
        return self.variables in ((self.text,), (self.text.removeprefix("`").removesuffix("`"),))


def learn_response(text: str, evaluator: Evaluator) -> tuple[ExpressionSpec, FloatVector | None]:
    """Learn a response, which may be missing; also its values (n,)."""
    if not text:
        return ExpressionSpec("", ()), None
    spec, value = ExpressionSpec.learn(text, evaluator)
    return spec, as_numbers(value, text, "response", evaluator.n_rows)


def as_numbers(value: Any, text: str, role: str, n_rows: int) -> FloatVector:
    """Value of a response or offset as one number for each row, shape (n_rows,).

    Raises
    ------
    DataError
        If it is not numeric.
    DesignError
        If it has another shape.
    """
    if isinstance(value, Coded):
        value = value.column
    if isinstance(value, Column):
        if value.kind == "factor":
            what = f'The {role} "{text}"'
            raise DataError(
                f"{what} is not numeric. {value.hint}" if value.hint else _not_numeric(what, value.levels)
            )
        return value.numbers
    array = value.values if isinstance(value, Basis) else np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise DataError(
            f'The {role} "{text}" is not numeric: its values are of type {array.dtype}. Give an expression of numbers.'
        )
    if array.shape != (n_rows,):
        raise DesignError(
            f'The {role} "{text}" gives an array of shape {array.shape}; it must give one value for each of the '
            f"{n_rows} rows."
        )
    return np.asarray(array, dtype=np.float64)


def as_factor(value: Any, text: str, n_rows: int) -> Column:
    """Value of a grouping expression as a factor: numbers become levels in ascending order."""
    return value.as_factor() if isinstance(value, Column) else as_column(value, text, n_rows)


def summed_offsets(
    given: FloatVector | None, n_rows: int, values: Sequence[tuple[str, Any]]
) -> FloatVector | None:
    """Sum of ``offset=`` and the offsets of a formula, shape (n,); None if there are none."""
    total = given
    for text, value in values:
        numbers = as_numbers(value, text, "offset", n_rows)
        total = numbers if total is None else total + numbers
    return total


def _not_numeric(what: str, levels: tuple[str, ...]) -> str:
    advice = (
        "Convert it to 0 and 1 first, if that is what you mean."
        if set(levels) <= {"False", "True"}
        else "A linear mixed model needs numbers: convert the column first, if its text stands for numbers."
    )
    return f"{what} is not numeric: it is a factor with the levels {listed(levels)}. {advice}"
