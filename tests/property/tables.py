"""Tables as people have them: odd names, labels in any order, every library, dictionaries, groups that do not vary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import strategies as st

NAMES = (
    "x",
    "a b",
    "x:y",
    "x*y",
    "C(x)",
    "I(x)",
    "log(x)",
    "x[1]",
    "x[T.b]",
    "x.y",
    "sigma",
    "weights",
    "offset",
    "y~x",
    "a|b",
    "0",
    "2nd",
    "if",
    "lambda",
    "None",
    "True",
    "np",
    "größe",
    "混合",
    "it's",
    'say "x"',
    "100 %",
    "a\tb",
    "_x",
    "__class__",
    "df",
    "estimate",
    "level",
    "residual",
)
"""Names that a column may have; a formula writes them in backticks. ("Intercept" is refused by name.)"""

LEVELS = (
    "a",
    "b",
    "A",
    "a:b",
    "1",
    "10",
    "2",
    "",
    " ",
    "x y",
    "ß",
    "None",
    "nan",
    "[T.a]",
    "~",
    "é",
    "(missing)",
)


@dataclass(frozen=True, repr=False)
class Drawn:
    """A small table.

    Attributes
    ----------
    columns
        Response, covariate, factor and grouping factor under their names, then an unused column.
    names
        Their names, in that order.
    order : shape (n,)
        A permutation of the rows.
    """

    columns: dict[str, Any]
    names: tuple[str, ...]
    order: np.ndarray

    def __repr__(self) -> str:
        return f"Drawn({self.formula!r}, levels {sorted({*self.columns[self.names[2]], *self.columns[self.names[3]]})})"

    @property
    def formula(self) -> str:
        """Response on covariate and factor, with an intercept by group."""
        y, x, f, g = (f"`{name}`" for name in self.names[:4])
        return f"{y} ~ {x} + {f} + (1 | {g})"

    def renamed(self, names: tuple[str, ...]) -> Drawn:
        """The same table under other names."""
        columns = dict(zip(names, self.columns.values(), strict=True))
        return Drawn(columns, names, self.order)


@st.composite
def tables(draw: Callable[..., Any], *, groups: int = 4) -> Drawn:
    """Draw a table of 8 rows for each group; with one group the grouping factor is constant."""
    n = 8 * groups
    names = tuple(draw(st.lists(st.sampled_from(NAMES), min_size=5, max_size=5, unique=True)))
    levels = draw(st.lists(st.sampled_from(LEVELS), min_size=3, max_size=3, unique=True))
    labels = draw(st.lists(st.sampled_from(LEVELS), min_size=groups, max_size=groups, unique=True))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    g = rng.permutation(np.repeat(np.arange(groups), 8))
    f = rng.permutation(np.resize(np.arange(3), n))
    x = rng.normal(size=n)
    y = x + f + rng.normal(size=groups)[g] + rng.normal(size=n)
    values = (y, x, [levels[i] for i in f], [labels[i] for i in g], rng.uniform(0.5, 2.0, n))
    return Drawn(dict(zip(names, values, strict=True)), names, rng.permutation(n))


def _with_labels(columns: dict[str, Any], order: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(columns, index=[f"row {i}" for i in order])


def _dictionaries(columns: dict[str, Any]) -> pa.Table:
    return pa.table(
        {
            name: pa.array(values).dictionary_encode() if isinstance(values, list) else pa.array(values)
            for name, values in columns.items()
        }
    )


LIBRARIES: dict[str, Callable[[Drawn], Any]] = {
    "dict": lambda drawn: drawn.columns,
    "records": lambda drawn: pd.DataFrame(drawn.columns).to_dict("records"),
    "pandas": lambda drawn: _with_labels(drawn.columns, drawn.order),
    "pandas, numbered otherwise": lambda drawn: pd.DataFrame(drawn.columns, index=drawn.order),
    "pandas categories": lambda drawn: pd.DataFrame(
        {name: pd.Categorical(v) if isinstance(v, list) else v for name, v in drawn.columns.items()}
    ),
    "polars": lambda drawn: pl.DataFrame(drawn.columns),
    "Arrow": lambda drawn: pa.table(drawn.columns),
    "Arrow dictionaries": lambda drawn: _dictionaries(drawn.columns),
    "Arrow dictionaries in pandas": lambda drawn: _dictionaries(drawn.columns).to_pandas(
        types_mapper=pd.ArrowDtype
    ),
    "DuckDB": lambda drawn: duckdb.from_arrow(pa.table(drawn.columns)),
}
