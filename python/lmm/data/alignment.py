"""Labels of rows: a pandas Series beside a pandas table belongs to it by its labels, not by its positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from lmm.errors import DataError

if TYPE_CHECKING:
    from lmm.typing import IntVector

__all__ = ["in_rows_of", "places_of", "row_labels"]


def row_labels(values: Any) -> Any:
    """Index of a pandas Series or DataFrame; None for everything else, which has positions only.

    Examples
    --------
    >>> import pandas
    >>> from lmm.data.alignment import row_labels
    >>> row_labels(pandas.Series([1.0, 2.0], index=["b", "a"])).tolist()
    ['b', 'a']
    """
    native = nw.to_native(values, pass_through=True)
    index = getattr(native, "index", None)
    return index if type(index).__module__.partition(".")[0] == "pandas" else None


def in_rows_of(labels: Any, values: Any, what: str) -> Any:
    """Put values beside a table in the order of its rows.

    Parameters
    ----------
    labels
        Row labels of the table, as `row_labels` finds them; None if it has none.
    values
        Anything. A pandas Series or DataFrame whose labels are those of the table in another order is put in theirs;
        one that counts its rows from 0, and everything that has no labels, is taken as it is. So is everything beside
        a table without labels, unless it numbers the rows in another order.
    what
        Name of the values, for messages.

    Raises
    ------
    DataError
        If the labels are others than those of the table, or some occur more than once in another order.

    Examples
    --------
    >>> import pandas
    >>> from lmm.data.alignment import in_rows_of, row_labels
    >>> table = pandas.DataFrame({"x": [10, 20, 30]}, index=["a", "b", "c"])
    >>> sorted_otherwise = pandas.Series([3.0, 1.0, 2.0], index=["c", "a", "b"])
    >>> in_rows_of(row_labels(table), sorted_otherwise, "weights=").tolist()
    [1.0, 2.0, 3.0]
    """
    places = places_of(labels, row_labels(values), what)
    return values if places is None else nw.to_native(values, pass_through=True).iloc[places]


def places_of(labels: Any, own: Any, what: str) -> IntVector | None:
    """Find where the rows of a table stand among labels of values; None where values are taken as they are.

    Parameters
    ----------
    labels, own
        Those of the table and of the values; None for none.
    what
        Name of the values, for messages.

    Raises
    ------
    DataError
        As `in_rows_of`.
    """
    if own is None or (labels is not None and len(own) != len(labels)):
        return None  # other lengths have messages of their own
    if labels is None:
        if own.dtype.kind in "iu" and _counts_from_zero(own.sort_values()) and not _counts_from_zero(own):
            raise _mismatch(what, own, labels)
        return None
    if own.equals(labels):
        return None
    if own.is_unique and labels.is_unique:
        places: IntVector = own.get_indexer(labels)
        if (places >= 0).all():
            return places
    if _counts_from_zero(own):
        return None
    raise _mismatch(what, own, labels)


def _mismatch(what: str, own: Any, labels: Any) -> DataError:
    return DataError(
        f"{what} is a pandas object whose labels {_reason(own, labels)} Give it with the labels of the table, in any "
        "order; or without labels, in the order of the rows: .to_numpy()."
    )


def _counts_from_zero(index: Any) -> bool:
    values = index.to_numpy()
    return bool(values.dtype.kind in "iu" and np.array_equal(values, np.arange(len(values))))


def _reason(own: Any, labels: Any) -> str:
    """Why labels cannot be matched."""
    if labels is None:
        return f"({_some(own)}) number rows in another order, and the table has none to compare them with."
    if not (own.is_unique and labels.is_unique):
        twice = own if not own.is_unique else labels
        again = _some(twice[twice.duplicated()])
        return f"are in another order than those of the table, and some occur more than once ({again})."
    absent = labels[own.get_indexer(labels) < 0]
    return f"are not those of the table, of which it has no {_some(absent)}."


def _some(index: Any) -> str:
    shown = ", ".join(repr(value) for value in index[:3].tolist())
    return shown + (", …" if len(index) > 3 else "")
