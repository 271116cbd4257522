"""Any table, read into columns of numbers and factors.

pandas, polars and Arrow tables, DuckDB relations, lazy frames, dicts of arrays and lists of dicts all become the same
`Columns`, and so do files of them. Only the columns that are asked for are read.

- Text, categories, enums and booleans are factors. Categories with an order of their own keep it: those of pandas,
  enums, Arrow dictionaries that are ordered or came from pandas. All else is sorted: text, and the Arrow dictionaries
  and polars ``Categorical`` whose order is that of the rows.
- Integers, floats and decimals are numbers; `Column.as_factor` makes levels of them, in ascending order.
- Dates, times, periods, tuples and identifiers are labels: `Column.as_factor` makes levels of them; as numbers they
  are refused with a word on how to convert them.
- None, NaN, NaT and null are missing.
- What pandas gives beside a table of pandas is put in the order of its rows by labels (`in_rows_of`).
"""

from lmm.data.alignment import in_rows_of, places_of, row_labels
from lmm.data.arrays import read_array
from lmm.data.column import Column, Columns
from lmm.data.source import Source, as_factors, open_table, read_table, read_values
from lmm.data.table_files import SUFFIXES, is_path, read_file, read_if_path

__all__ = [
    "SUFFIXES",
    "Column",
    "Columns",
    "Source",
    "as_factors",
    "in_rows_of",
    "is_path",
    "open_table",
    "places_of",
    "read_array",
    "read_file",
    "read_if_path",
    "read_table",
    "read_values",
    "row_labels",
]
