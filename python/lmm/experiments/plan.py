"""The plan of an experiment before there is a response: from sizes of factors, or from a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.data import Column, Columns, open_table
from lmm.design import Design, DesignSpec
from lmm.design.evaluator import Evaluator
from lmm.design.matrix import learn_matrix
from lmm.design.rank import independent_columns
from lmm.errors import DataError, DesignError, FormulaError, LmmError, nearest
from lmm.experiments.duplicates import describe_row, duplicated_plot
from lmm.formula import Formula, parse
from lmm.limits import counted

if TYPE_CHECKING:
    from lmm.typing import IntVector

__all__ = ["REPLICATES", "Plan", "read_plan"]

REPLICATES = "replicates"
"""Among the sizes: how often each combination of the factors occurs."""

MOST_ROWS = 2_000_000
_RESPONSE = " response of the plan "  # no column has this name


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A design whose response stands for one that is not measured yet.

    Attributes
    ----------
    formula
        Right side of the formula.
    design
        The design; its response means nothing.
    unused
        Factors of the table that the formula leaves out; empty for sizes.
    """

    formula: Formula
    design: Design
    unused: Mapping[str, Column]


def read_plan(formula: str, factors: Any) -> Plan:
    """Read a formula and sizes or a table.

    Parameters
    ----------
    formula
        ``"~ Diet * Time + (1 | Room)"``; a response may be there and is not looked at.
    factors
        Sizes by factor, all combinations occurring once or ``replicates`` times; or any table with the factors.

    Raises
    ------
    FormulaError, LmmError
        If something in it is wrong.
    """
    right = _right_side(formula)
    sizes = _sizes(factors)
    source = open_table(factors if sizes is None else _crossed(right, sizes))
    columns = source.read(sorted(right.variables)) if right.variables else source.read(source.names[:1])
    if sizes is None:
        _check_table(columns)
    _check_error(right, columns)
    table = {name: _values(column) for name, column in columns.items()}
    # Any response that the fixed part does not reproduce.
    table[_RESPONSE] = np.random.default_rng(0).normal(size=columns.n_rows)
    whole = replace(right, response=_RESPONSE, variables=right.variables | {_RESPONSE})
    _, design = DesignSpec.learn(whole, table)
    unused = {} if sizes is not None else _unused(source, right, design.rows)
    return Plan(right, design, unused)


def _right_side(formula: Any) -> Formula:
    if not isinstance(formula, str):
        raise FormulaError(
            f"a formula is a text such as '~ a * b + (1 | block)', not {type(formula).__name__}"
        )
    _, _, right = formula.rpartition("~")
    parse(formula if "~" in formula else f"~ {formula}", response_required=False)
    return parse(f"~{right}" if right.startswith(" ") else f"~ {right}", response_required=False)


def _sizes(factors: Any) -> dict[str, int] | None:
    """Sizes as they were given; None for a table."""
    if not isinstance(factors, Mapping):
        return None
    columns = [
        name for name, value in factors.items() if hasattr(value, "__len__") and not isinstance(value, str)
    ]
    if columns and len(columns) == len(factors):
        return None
    if columns:
        raise DesignError(
            f"Give the size of each factor as a number, {columns[0]} too, such as {{{columns[0]!r}: "
            f"{len(factors[columns[0]])}}}; or a table, with one value of each factor for every plot."
        )
    if not factors:
        raise DesignError(
            'There are no factors: give their sizes, such as {"Diet": 6, "Room": 3}, or a table.'
        )
    for name, value in factors.items():
        least = 1 if name == REPLICATES else 2
        if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
            what = "The number of replicates" if name == REPLICATES else f"The size of the factor {name}"
            raise DesignError(f"{what} must be a whole number of at least {least}, not {value!r}.")
    return {str(name): int(value) for name, value in factors.items()}


def _crossed(formula: Formula, sizes: Mapping[str, int]) -> dict[str, Any]:
    """All combinations of the factors, the last one fastest, each as often as asked for."""
    import pandas as pd

    known = sorted(formula.variables)
    for name in sizes:
        if name not in formula.variables and name != REPLICATES:
            raise DesignError(
                f"{name} is not a factor of the formula, which has {', '.join(known) or 'none'}.{nearest(name, known)} "
                f'How often each combination occurs is called "{REPLICATES}".'
            )
    lacking = [name for name in known if name not in sizes]
    if lacking:
        raise DesignError(
            f"The factor {lacking[0]} of the formula has no size; sizes are given for {', '.join(sizes)}."
            f"{nearest(lacking[0], [name for name in sizes if name not in known])}"
        )
    n_rows = prod(sizes.values())
    if n_rows > MOST_ROWS:
        raise DesignError(f"The plan would have {counted(n_rows)} rows; {MOST_ROWS:,} are possible.")
    used = dict(sizes)
    if REPLICATES not in formula.variables:
        used.pop(REPLICATES, None)
    rows = np.arange(n_rows) // (n_rows // prod(used.values()))
    columns = {}
    for name in reversed(used):
        columns[name] = pd.Categorical.from_codes(rows % used[name], [str(i + 1) for i in range(used[name])])
        rows = rows // used[name]
    return columns or {REPLICATES: np.arange(n_rows)}


def _check_table(columns: Columns) -> None:
    for name, column in columns.items():
        if column.kind == "factor" and len(column.drop_unused_levels().levels) < 2:
            raise DataError(f"The factor {name} has fewer than two levels in the table: nothing to compare.")
    row = duplicated_plot(dict(columns))
    if row is not None:
        raise DataError(
            f"The plot {describe_row(dict(columns), row)} is in the table more than once (again in row {row}, counted "
            "from 0), while most are there once. Leave the copy out; give real replicates a column of their own."
        )


def _check_error(formula: Formula, columns: Columns) -> None:
    """Without random terms the rows are the experimental units: there must be more than combinations."""
    if formula.random:
        return
    _, X = learn_matrix(formula.fixed, Evaluator(columns, {}))
    if independent_columns(X).size >= columns.n_rows:
        raise DesignError(
            f'The formula "{formula.source.strip()}" names no experimental unit: it has no random term such as '
            f"(1 | Room), and every combination of its factors occurs once. Add the units, or replicates."
        )


def _values(column: Column) -> Any:
    import pandas as pd

    if column.codes is None:
        return column.to_array()
    return pd.Categorical.from_codes(column.codes, list(column.levels))


def _unused(source: Any, formula: Formula, rows: IntVector) -> dict[str, Column]:
    """Read the factors of a table that the formula leaves out, as far as they can be read."""
    found = {}
    for name in source.names:
        if name in formula.variables:
            continue
        try:
            column = source.read([name])[name].take(rows)
        except LmmError:
            continue  # a column that no formula could use, such as a date
        if not column.missing.any() and (column.kind == "factor" or _is_whole(column)):
            found[name] = column.as_factor().drop_unused_levels()
    return found


def _is_whole(column: Column) -> bool:
    return bool(np.array_equal(column.numbers, np.round(column.numbers)))
