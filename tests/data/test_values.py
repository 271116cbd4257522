"""Whatever stands in a column is read, or refused in our words."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import uuid

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmm.data import read_table
from lmm.errors import DataError


class Colour(enum.Enum):
    RED = 1
    BLUE = "blue"


# The first seven are missing.
VALUES = (
    *(None, float("nan"), pd.NA, pd.NaT, np.datetime64("NaT"), decimal.Decimal("NaN"), decimal.Decimal("sNaN")),
    *(True, False, np.bool_(True), 0, 1, -1, np.int8(3), 2**53 + 1, 2**63, -(2**63) - 1, 2**64, 10**20, 10**400),
    *(1.5, float("inf"), np.float32(0.1), decimal.Decimal("1.5"), decimal.Decimal("inf"), fractions.Fraction(1, 3)),
    *("a", "b", "", ".", " ", "1", "\udc80", "\x00", "é", np.str_("z"), "None", "nan"),
    *(dt.date(2020, 1, 1), dt.date.max, dt.datetime(2020, 1, 1, 3), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
    *(dt.time(3), dt.timedelta(1), -dt.timedelta(hours=3), dt.timedelta.max, np.datetime64("2020")),
    *(pd.Timestamp("2020"), pd.Timedelta(3), pd.Period("2020"), pd.Interval(0, 1)),
    *(np.timedelta64(3, "D"), np.timedelta64(3, "M"), np.timedelta64(3)),
    *(uuid.UUID(int=3), Colour.RED, Colour.BLUE, (1, 2), (), ("a", None), (1, [2])),
    *(b"x", 1j, [1], {}, {1}, object(), range(3), len, int, np.array(3), np.array([1, 2])),
)  # fmt: skip

places = st.lists(st.integers(0, len(VALUES) - 1), min_size=1, max_size=3).flatmap(
    lambda few: st.lists(st.sampled_from(few), min_size=1, max_size=6)
)


def read(values):
    """The column, or the text of the error."""
    try:
        return read_table({"x": values}, ["x"])["x"]
    except DataError as error:
        return str(error)


@settings(max_examples=600, deadline=None, derandomize=True)
@given(places)
def test_any_values_are_read_or_refused(rows):
    column = read([VALUES[place] for place in rows])
    if isinstance(column, str):
        assert 'olumn "x"' in column
        return
    factor = column.as_factor()
    assert factor.n_rows == len(rows)
    assert len(set(factor.levels)) == len(factor.levels)
    "".join(factor.levels).encode("utf-8")
    assert factor.missing.sum() == sum(place < 7 for place in rows)


@pytest.mark.parametrize("place", range(len(VALUES)))
def test_one_value_alone(place):
    column = read([VALUES[place]] * 2)
    if isinstance(column, str):
        assert column.startswith('Column "x" holds values of type')
    else:
        assert len(column.as_factor().drop_unused_levels().levels) == (0 if place < 7 else 1)
