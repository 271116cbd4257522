"""Variance components that NIST certifies."""

from __future__ import annotations

import numpy as np
import pytest
from tools.precision_table import COLUMNS, PAGE, rows, table_of

import lmm
from tests.reference.nist.sets import NAMES, digits, load

every_set = pytest.mark.parametrize("name", NAMES)


def fitted(one_way, method="reml"):
    table = {"y": one_way.y, "g": np.char.add("g", one_way.group.astype(str))}
    return lmm.fit("y ~ 1 + (1 | g)", table, method=method)


@every_set
def test_certified_digits(name):
    """Nine digits, or as many as the numbers have once they are stored."""
    one_way = load(name)
    stored = one_way.variances(one_way.stored_mean_squares)
    fit = fitted(one_way)
    assert fit.converged
    for value, certified, best in zip(fit.varcorr["vcov"], one_way.variances(), stored, strict=True):
        possible = digits(best, certified)
        assert digits(value, certified) > min(9.0, possible - 0.1)
        assert one_way.difficulty == "higher" or possible > 9.0


@every_set
def test_digits_of_the_numbers_as_stored(name):
    """Thirteen constant leading digits cost the answer none of its own."""
    one_way = load(name)
    fit = fitted(one_way)
    for value, expected in zip(
        fit.varcorr["vcov"], one_way.variances(one_way.stored_mean_squares), strict=True
    ):
        assert digits(value, expected) > 9.0


@every_set
def test_maximum_likelihood(name):
    one_way = load(name)
    between, within = one_way.stored_mean_squares
    a, n = one_way.n_groups, one_way.n_rows_per_group
    fit = fitted(one_way, "ml")
    tau2 = ((a - 1) / a * between - within) / n
    pooled = (between * (a - 1) + within * a * (n - 1)) / (a * n)  # SiRstv is on the boundary
    expected = (tau2, within) if tau2 > 0.0 else (0.0, pooled)
    assert fit.singular == (tau2 <= 0.0)
    np.testing.assert_allclose(fit.varcorr["vcov"], expected, rtol=1e-9)


def test_the_page_shows_the_digits_that_are_reached():
    """A digit more or less is the machine's; what it says of the sets is exact."""
    shown, found = table_of(PAGE.read_text(encoding="utf-8")), rows()
    assert len(shown) == len(found)
    for row, expected in zip(shown, found, strict=True):
        for column in COLUMNS:
            if column.startswith("digits"):
                assert abs(int(row[column]) - int(expected[column])) <= 1, (row["set"], column)
            else:
                assert row[column] == expected[column], "run: make docs"
