"""formulaic's materializer for our columns: it finds the structure, we code the factors.

formulaic parses, evaluates expressions, keeps the state of its transforms and decides which factors are coded in full
(so that no column is structurally redundant). The methods below are the ones that a materializer has to supply.
Factors come in as ``pandas.Categorical``, so that expressions such as ``f == "a"`` work.
"""

# ruff: noqa: ARG002 (formulaic fixes the arguments of the methods)

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lmm.data import Column, read_array, read_values
from lmm.data.levels import label
from lmm.design.coding import Coding, coding_from_formula, named_coding, recode_known
from lmm.errors import DesignError, nearest
from lmm.formula.matrices import Factor, FactorValues, FormulaMaterializer, overriding
from lmm.formula.transforms import formula_functions

if TYPE_CHECKING:
    from lmm.data import Columns


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """Value of ``C(x, ...)`` in a formula: a factor, with the coding if one was given."""

    column: Column
    coding: Coding | None


class FormulaNames(Mapping[str, Any]):
    """What the names of columns mean inside a formula: float arrays and categoricals."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns

    def __getitem__(self, name: str) -> Any:
        column = self.columns.columns[name]
        if column.kind == "numeric":
            return column.numbers
        if column.kind == "labels":
            return column  # for C() alone
        return pd.Categorical.from_codes(
            column.factor_codes, categories=pd.Index(column.level_values, dtype=object), validate=False
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __contains__(self, name: object) -> bool:
        # That of Mapping would make the value to find out.
        return name in self.columns.columns


class ColumnsMaterializer(FormulaMaterializer):  # type: ignore[misc]
    """Materializer of `Columns`; ``codings=`` maps factors to the codings that the user chose."""

    REGISTER_OUTPUTS = ("numpy",)

    @overriding
    def _init(self) -> None:
        self.codings: dict[str, Coding] = self.params.pop("codings", {})
        self.names = FormulaNames(self.data)

    @property
    @overriding
    def data_context(self) -> Mapping[str, Any]:
        return self.names

    @property
    @overriding
    def nrows(self) -> int:
        rows: int = self.data.n_rows
        return rows

    def evaluate(self, expression: str, spec: Any) -> tuple[Any, tuple[str, ...]]:
        """Value of one expression and the columns behind it; the state of its transforms is kept in the spec."""
        factor = self._evaluate_factor(Factor(expression, eval_method="python"), spec, set())
        return factor.values, self.variables_of(expression)

    def variables_of(self, expression: str) -> tuple[str, ...]:
        """Names of the data columns behind an evaluated factor, sorted."""
        variables = self.factor_cache[expression].variables or ()
        return tuple(sorted({str(name) for name in variables if str(name) in self.names}))

    @overriding
    def _is_categorical(self, values: Any) -> bool:
        if isinstance(values, Column):
            raise values.only_levels()
        if isinstance(values, Coded | pd.Categorical):
            return True
        return getattr(getattr(values, "dtype", None), "kind", "") in ("b", "O", "U")

    @overriding
    def _encode_constant(
        self, value: Any, metadata: Any, encoder_state: dict[str, Any], spec: Any, drop_rows: Sequence[int]
    ) -> Any:
        return np.full(self.nrows, float(value))

    @overriding
    def _encode_numerical(
        self, values: Any, metadata: Any, encoder_state: dict[str, Any], spec: Any, drop_rows: Sequence[int]
    ) -> Any:
        array = np.asarray(values)
        expression = encoder_state.get("expression", "A term")
        if array.dtype.kind not in "biuf":
            raise DesignError(
                f'"{expression}" gives values of type {array.dtype}; it must give real numbers.'
            )
        if array.ndim == 0:
            return np.full(self.nrows, array, dtype=np.float64)
        if array.shape != (self.nrows,):
            raise DesignError(
                f'"{expression}" gives an array of shape {array.shape}; '
                f"it must give one value for each of the {self.nrows} rows."
            )
        return array.astype(np.float64, copy=False)

    @overriding
    def _encode_categorical(
        self,
        values: Any,
        metadata: Any,
        encoder_state: dict[str, Any],
        spec: Any,
        drop_rows: Sequence[int],
        reduced_rank: bool = False,
    ) -> Any:
        expression = encoder_state["expression"]
        given = as_coded(values, expression)
        coding = self._choose_coding(expression, given.coding)
        levels, codes = _known_or_new_levels(given.column, expression, encoder_state.get("levels"))
        encoder_state.update(levels=levels, coding=coding, variables=self.variables_of(expression))
        if reduced_rank:
            matrix = coding.matrix(expression, levels)
            names = coding.column_names(expression, levels)
        else:
            matrix, names = np.eye(len(levels)), [f"{expression}[{level}]" for level in levels]
        columns = {name: matrix[:, j].take(codes) for j, name in enumerate(names)}
        return FactorValues(
            columns, kind="categorical", spans_intercept=False, format="{field}", encoded=True
        )

    def _choose_coding(self, expression: str, in_formula: Coding | None) -> Coding:
        """Coding of a factor: the one in the formula, else of ``contrasts=``, else treatment."""
        variables = self.variables_of(expression)
        keys = [expression, *(variables if len(variables) == 1 else ())]
        chosen = next((self.codings[key] for key in keys if key in self.codings), None)
        if chosen is not None and in_formula is not None:
            raise DesignError(
                f'"{expression}" has contrasts in the formula and in contrasts=. Leave one of them out.'
            )
        return chosen or in_formula or named_coding("treatment")

    @overriding
    def _combine_columns(self, cols: Sequence[tuple[str, Any]], spec: Any, drop_rows: Sequence[int]) -> Any:
        matrix = np.empty((self.nrows, len(cols)))
        for j, (_, values) in enumerate(cols):
            matrix[:, j] = values
        return matrix


def materializer(columns: Columns, codings: Mapping[str, Coding]) -> ColumnsMaterializer:
    """Materializer of these columns with the functions that a formula may call."""
    context = {**formula_functions(FormulaNames(columns)), "C": factor_call}
    return ColumnsMaterializer(columns, context=context, codings=dict(codings))


def factor_call(
    data: Any, contrasts: Any = None, *, levels: Sequence[Any] | None = None, spans_intercept: bool = True
) -> Any:
    """``C(x, contrasts, levels=...)`` in a formula: x as a factor, numbers as levels in ascending order."""
    column = as_coded(data, "C()").column
    if levels is not None:
        column = _in_order(column, [label(_plain(level)) for level in levels])
    coded = Coded(column, coding_from_formula(contrasts))
    return FactorValues(coded, kind="categorical", spans_intercept=spans_intercept)


def as_coded(values: Any, expression: str) -> Coded:
    """Factor from anything that a formula may evaluate to."""
    if isinstance(values, FactorValues):
        values = values.__wrapped__
    if isinstance(values, Coded):
        return values
    if isinstance(values, Column):
        column = values
    elif isinstance(values, pd.Categorical | np.ndarray):
        column = read_values(expression, values)
    else:
        column = read_array(expression, np.asarray(values))
    return Coded(column.as_factor().drop_unused_levels(), None)


def _known_or_new_levels(
    column: Column, expression: str, known: tuple[str, ...] | None
) -> tuple[tuple[str, ...], Any]:
    if known is not None:
        return known, recode_known(column, expression, known)
    if len(column.levels) < 2:
        raise DesignError(
            f'The factor "{expression}" has one level, {column.levels[0]!r}, in the rows used: '
            "there is nothing to compare. Leave it out of the formula."
        )
    return column.levels, column.factor_codes


def _in_order(column: Column, levels: Sequence[str]) -> Column:
    """Factor with its levels in the order of ``C(x, levels=[...])``."""
    for level in column.levels:
        if level not in levels:
            raise DesignError(
                f"levels= in C() leaves out the level {level!r} that the data have.{nearest(level, levels)}"
            )
    used = tuple(level for level in levels if level in column.levels)
    values = dict(zip(column.levels, column.level_values, strict=True))
    return Column(
        column.name,
        "factor",
        codes=column.recode(used),
        levels=used,
        level_values=tuple(values[level] for level in used),
    )


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
