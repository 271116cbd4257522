"""Any table, read into columns of numbers and factors.

pandas, polars and Arrow tables, DuckDB relations, lazy frames, dicts of arrays and lists of dicts all become the same
`Columns`. Only the columns that are asked for are read.

- Text, categories, enums and booleans are factors. A category's own order of levels is kept; text is sorted. (A polars
  ``Categorical`` has no order of its own and is sorted; use ``Enum`` to keep one.)
- Integers, floats and decimals are numbers; `Column.as_factor` makes levels of them, in ascending order.
- None, NaN, NaT and null are missing. Times are refused with a word on how to convert them.
"""

from lmm.data.arrays import read_array
from lmm.data.column import Column, Columns
from lmm.data.source import Source, open_table, read_table, read_values

__all__ = ["Column", "Columns", "Source", "open_table", "read_array", "read_table", "read_values"]
