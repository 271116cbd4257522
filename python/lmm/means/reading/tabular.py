"""What behaves like its table: prints, indexes by column, iterates over rows, converts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lmm.arguments import takes
from lmm.elsewhere import OF_MEANS, OF_TABLE, unknown_name
from lmm.errors import UnknownNameError
from lmm.table import Table

__all__ = ["Tabular"]


class Tabular(ABC):
    """Passes everything that a `Table` can do on to its own."""

    @property
    @abstractmethod
    def table(self) -> Table:
        """The numbers as a table."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of the table."""
        return self.table.columns

    @property
    def title(self) -> str:
        """The line above the table."""
        return self.table.title

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader must know to read the numbers."""
        return self.table.notes

    if not TYPE_CHECKING:  # checkers of types should go on to find misspelt names

        def __getattr__(self, name: str) -> Any:
            known = dir(type(self))
            if name in known:
                # A property failed: its own error is the useful one.
                return object.__getattribute__(self, name)
            if not name.startswith("_") and name in self.table.columns:
                raise UnknownNameError(f'The columns of marginal means are their items: means["{name}"].')
            raise unknown_name("Marginal means", name, known, {**OF_TABLE, **OF_MEANS})

    def __len__(self) -> int:
        return len(self.table)

    def __contains__(self, name: object) -> bool:
        return name in self.table

    def __getitem__(self, name: str) -> Any:
        return self.table[name]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.table)

    def __str__(self) -> str:
        return str(self.table)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table._repr_html_()

    @takes()
    def to_text(self, max_rows: int | None = 60) -> str:
        """Write the table as aligned text.

        Parameters
        ----------
        max_rows
            A longer table shows its first and last rows only; None shows all.
        """
        return self.table.to_text(max_rows)

    @takes()
    def to_html(self) -> str:
        """Write the table as one HTML element; all text is escaped."""
        return self.table.to_html()

    @takes()
    def to_markdown(self) -> str:
        """Write the table as a Markdown pipe table; all text is escaped."""
        return self.table.to_markdown()

    @takes()
    def to_latex(self) -> str:
        """Write the table for LaTeX with the package booktabs; all text is escaped."""
        return self.table.to_latex()

    @takes()
    def to_dict(self) -> dict[str, list[Any]]:
        """Convert to lists by column name, with None where a value is missing: ready for JSON."""
        return self.table.to_dict()

    @takes()
    def to_pandas(self) -> Any:
        """Convert to a ``pandas.DataFrame``."""
        return self.table.to_pandas()

    @takes()
    def to_polars(self) -> Any:
        """Convert to a ``polars.DataFrame``; needs the extra ``io``."""
        return self.table.to_polars()

    @takes()
    def to_arrow(self) -> Any:
        """Convert to a ``pyarrow.Table``; needs the extra ``io``."""
        return self.table.to_arrow()
