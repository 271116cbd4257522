"""Any table, read into columns of numbers and factors."""

from lmm.data.column import Column, Columns

__all__ = ["Column", "Columns"]
