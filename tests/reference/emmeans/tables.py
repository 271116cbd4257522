"""Our tables against those of emmeans: rows by their labels, columns by their meaning, each with its own closeness."""

import numpy as np
import pytest

NUMBERS = {
    "emmean": "emmean",
    "estimate": "estimate",
    "response": "response",
    "ratio": "ratio",
    "effect.size": "effect_size",
    "SE": "std_error",
    "df": "df",
    "null": "null",
    "t.ratio": "statistic",
    "p.value": "p_value",
    "lower.CL": "conf_low",
    "upper.CL": "conf_high",
}
TESTS = ("statistic", "p_value", "null")


class Closeness:
    """How close columns must be: estimates, errors and limits by the size of the standard error."""

    def __init__(self, estimate=1e-6, *, p=1e-6, limits=1e-5):
        self.estimate, self.p, self.limits = estimate, p, limits
        self.df = 1e-4

    def of(self, column, value, std_error):
        if column == "df":
            return pytest.approx(value, rel=self.df)
        if column == "p_value":
            return pytest.approx(value, abs=self.p)
        if column == "statistic":
            return pytest.approx(value, abs=self.estimate * max(1.0, abs(value)))
        if column == "null":
            return pytest.approx(value, rel=1e-6)
        size = self.limits if column.startswith("conf") else self.estimate
        return pytest.approx(value, abs=size * std_error)


def check(ours, theirs, close, rename=None):
    """Compare a table (or means) with R's rows; labels are matched as text."""
    rename = {**NUMBERS, **(rename or {})}
    labels = [
        name for name in theirs[0] if name not in rename and not name.endswith(".trend") and name != "note"
    ]
    assert len(ours) == len(theirs)
    found = {tuple(text(row[name]) for name in labels): row for row in ours}
    for row in theirs:
        mine = found[tuple(text(row[name]) for name in labels)]
        for name, value in row.items():
            column = "trend" if name.endswith(".trend") else rename.get(name)
            if name in labels or column is None or column not in mine:
                continue
            if value is None:
                assert mine[column] is None, (row, name)
            else:
                expected = close.of(column, value, row.get("SE") or 1.0)
                assert mine[column] == expected, (row, name, mine[column])


def text(value):
    if isinstance(value, float | int | np.number) and not isinstance(value, bool):
        return f"{value:g}"
    return "" if value is None else str(value)


def with_tests(means):
    """The rows with all columns: R's tables have tests and intervals side by side."""
    tests, intervals = list(means.test()), list(means.confint())
    return [{**interval, **test} for interval, test in zip(intervals, tests, strict=True)]
