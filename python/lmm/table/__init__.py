"""The table that every labelled result is: prints well, indexes by column, converts to other frames.

``numbers`` decides how numbers are written, ``render`` lays cells out as text, HTML, Markdown and LaTeX.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import (
    a_mapping,
    a_sequence,
    a_text,
    built_from,
    optional,
    shown,
    takes,
    texts,
    whole_number,
)
from lmm.elsewhere import OF_TABLE, unknown_name
from lmm.errors import ArgumentError, ColumnError, DataError, UnknownNameError, brief, nearest, require
from lmm.table import render
from lmm.table.numbers import format_columns

__all__ = ["Table"]

_MAX_ROWS = 60


@built_from(columns=a_mapping, title=a_text, notes=texts, formats=a_mapping)
class Table:
    """Columns of equal length with names, a title and notes; never changes.

    Parameters
    ----------
    columns
        Values by column name, in the order of printing. Numbers become arrays of float (or int, if none
        is missing) and everything else an array of objects; None is missing.
    title
        One line above the table.
    notes
        Lines below the table: what the reader must know to read the numbers.
    formats
        How to print a column: a format specification such as ``".3f"``, or ``"p"`` for p-values. By default
        the name and the values of a column decide.

    Raises
    ------
    DataError
        If the columns differ in length, or a format names no column.

    Examples
    --------
    >>> import lmm
    >>> table = lmm.Table({"term": ["Intercept", "Days"], "estimate": [251.4051, 10.46729],
    ...                    "std_error": [6.8246, 1.5458], "p_value": [1e-17, 3.3e-6]}, title="Fixed effects")
    >>> table
    Fixed effects
    term       estimate  std_error  p_value
    ───────────────────────────────────────
    Intercept   251.405      6.825   <2e-16
    Days         10.467      1.546  3.3e-06
    >>> table["estimate"]
    array([251.4051 ,  10.46729])
    >>> [row["term"] for row in table]
    ['Intercept', 'Days']
    """

    __slots__ = ("_columns", "_formats", "_notes", "_title")

    def __init__(
        self,
        columns: Mapping[str, Any],
        title: str = "",
        notes: Sequence[str] = (),
        *,
        formats: Mapping[str, str] | None = None,
    ) -> None:
        self._columns = {str(name): _column(values) for name, values in columns.items()}
        self._title = title
        self._notes = (notes,) if isinstance(notes, str) else tuple(notes)
        self._formats = dict(formats or {})
        lengths = {name: len(values) for name, values in self._columns.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"the columns of a table must have one length; these have {lengths}")
        for name in self._formats:
            self._require(name)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(self._columns)

    @property
    def title(self) -> str:
        """The line above the table."""
        return self._title

    @property
    def notes(self) -> tuple[str, ...]:
        """The lines below the table."""
        return self._notes

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    if not TYPE_CHECKING:  # checkers of types should go on to find misspelt names

        def __getattr__(self, name: str) -> Any:
            if not name.startswith("_") and name in self._columns:
                raise UnknownNameError(f'The columns of a table are its items: table["{name}"].')
            raise unknown_name("A table", name, dir(type(self)), OF_TABLE)

        def __call__(self, *_: object, **__: object) -> Any:
            """Refuse ``fit.fixef()``: what is a table already takes no parentheses.

            Raises
            ------
            ArgumentError
                Always.
            """
            what = f' "{brief(self._title)}"' if self._title else ""
            raise ArgumentError(
                f"The table{what} is there already and is not a function: leave the parentheses out, as in fit.fixef. "
                'Its columns are its items, such as table["estimate"].'
            )

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> Any:
        return self._columns[self._require(name)]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        lists = self.to_dict()
        for values in zip(*lists.values(), strict=True):
            yield dict(zip(lists, values, strict=True))

    def __eq__(self, other: object) -> bool:
        """Compare names and values; title and notes do not matter, and missing equals missing."""
        if isinstance(other, Mapping):
            other = Table(other)
        if not isinstance(other, Table):
            return NotImplemented
        return self.to_dict() == other.to_dict() and self.columns == other.columns

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.to_text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return render.html(self._cells(_MAX_ROWS))

    @takes(max_rows=optional(whole_number(0)))
    def to_text(self, max_rows: int | None = _MAX_ROWS) -> str:
        """Write the table as aligned text.

        Parameters
        ----------
        max_rows
            A longer table shows its first and last rows only; None shows all.

        Returns
        -------
        str

        Examples
        --------
        >>> import lmm
        >>> print(lmm.Table({"row": range(1000)}).to_text(max_rows=2))
        row
        ───
          0
        ⋮ 998 more rows
        999
        """
        return render.text(self._cells(max_rows))

    @takes()
    def to_html(self) -> str:
        """Write the table as one HTML element; all text is escaped.

        Examples
        --------
        >>> import lmm
        >>> "<b>" in lmm.Table({"level": ["<b>"]}).to_html()
        False
        """
        return render.html(self._cells(None))

    @takes()
    def to_markdown(self) -> str:
        """Write the table as a Markdown pipe table; all text is escaped.

        Examples
        --------
        >>> import lmm
        >>> print(lmm.Table({"term": ["Days"], "df": [17.0]}).to_markdown())
        | term |  df |
        | ---- | --: |
        | Days |  17 |
        """
        return render.markdown(self._cells(None))

    @takes()
    def to_latex(self) -> str:
        r"""Write the table for LaTeX with the package booktabs; all text is escaped.

        Examples
        --------
        >>> import lmm
        >>> print(lmm.Table({"term": ["late_start"], "df": [17.0]}).to_latex())
        \begin{tabular}{lr}
        \toprule
        term & df \\
        \midrule
        late\_start & 17 \\
        \bottomrule
        \end{tabular}
        """
        return render.latex(self._cells(None))

    @takes()
    def to_dict(self) -> dict[str, list[Any]]:
        """Convert to lists by column name, with None where a value is missing: ready for JSON.

        Examples
        --------
        >>> import lmm
        >>> lmm.Table({"term": ["Days", "late"], "estimate": [10.5, None]}).to_dict()
        {'term': ['Days', 'late'], 'estimate': [10.5, None]}
        """
        return {
            # Only NaN differs from itself.
            name: [None if value != value else value for value in values.tolist()]
            for name, values in self._columns.items()
        }

    @takes()
    def to_pandas(self) -> Any:
        """Convert to a ``pandas.DataFrame``.

        Examples
        --------
        >>> import lmm
        >>> lmm.Table({"term": ["Days"], "df": [17.0]}).to_pandas()
           term    df
        0  Days  17.0
        """
        return require("pandas", extra="io").DataFrame(dict(self._columns))

    @takes()
    def to_polars(self) -> Any:
        """Convert to a ``polars.DataFrame``; needs the extra ``io``."""
        return require("polars", extra="io").DataFrame(self.to_dict(), strict=False)

    @takes()
    def to_arrow(self) -> Any:
        """Convert to a ``pyarrow.Table``; needs the extra ``io``."""
        return require("pyarrow", extra="io").table(self.to_dict())

    def _require(self, name: str) -> str:
        if not isinstance(name, str) or name not in self._columns:
            raise ColumnError(
                f'the table has no column "{name if isinstance(name, str) else shown(name)}"; '
                f"it has {', '.join(self._columns)}.{nearest(name, self._columns)}"
            )
        return name

    def _cells(self, max_rows: int | None) -> render.Cells:
        n, shown = len(self), self._columns
        left_out = 0 if max_rows is None else max(n - max_rows, 0)
        if max_rows is not None and left_out:
            # Cut first: a table of a million rows is written as fast as its first and last rows.
            last = max_rows // 2
            shown = {
                name: np.concatenate([values[: max_rows - last], values[n - last :]])
                for name, values in self._columns.items()
            }
        rows = list(zip(*format_columns(shown, self._formats).values(), strict=True))
        numeric = [values.dtype.kind in "fiu" for values in self._columns.values()]
        return render.Cells(self.columns, rows, numeric, self._title, self._notes, left_out)


def _column(values: Any) -> Any:
    """Copy values into a read-only array: float, int or object."""
    given = np.asarray(values) if isinstance(values, np.ndarray) else None
    if given is not None and given.dtype.kind in "fiub":
        array = given.astype(np.float64) if given.dtype.kind == "f" else given.copy()
    else:
        array = _from_objects(a_sequence(values, "columns"))
    if array.ndim != 1:
        raise DataError(f"a column of a table has one dimension; this one has shape {array.shape}")
    array.flags.writeable = False
    return array


def _from_objects(values: list[Any]) -> Any:
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, bool | np.bool_) for value in present):
        is_number = is_integer = False
    else:
        is_number = all(isinstance(v, float | int | np.floating | np.integer) for v in present)
        is_integer = all(isinstance(v, int | np.integer) for v in present)
    if present and is_integer and len(present) == len(values):
        return np.array(values, dtype=np.int64)
    if present and is_number:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    array = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):
        # NumPy's own text would print as np.str_('A').
        array[index] = value.item() if isinstance(value, np.generic) else value
    return array
