"""A fit does not depend on names of columns, labels of rows, or the library that holds the table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lmm
from lmm.errors import DesignError
from tests.property.tables import LIBRARIES, tables

PLAIN = ("y", "x", "f", "g", "unused")

thorough = settings(max_examples=30, deadline=None, derandomize=True)


def plain(drawn, **options):
    """Fit under plain names, columns in a dict."""
    again = drawn.renamed(PLAIN)
    return lmm.fit(again.formula, again.columns, **options)


def assert_same(found, expected):
    assert found.criterion == pytest.approx(expected.criterion, rel=1e-12)
    np.testing.assert_allclose(found.beta, expected.beta, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.fitted, expected.fitted, rtol=1e-7, atol=1e-9)
    assert [part.levels for part in found.internals.design.random] == [
        part.levels for part in expected.internals.design.random
    ]
    assert [factor.levels for factor in found.internals.design.factors] == [
        f.levels for f in expected.internals.design.factors
    ]


@thorough
@given(drawn=tables(), library=st.sampled_from(sorted(LIBRARIES)))
def test_names_and_libraries(drawn, library):
    found = lmm.fit(drawn.formula, LIBRARIES[library](drawn))

    assert_same(found, plain(drawn))


@thorough
@given(drawn=tables(), library=st.sampled_from(sorted(LIBRARIES)))
def test_predictions_and_coefficients(drawn, library):
    fit, expected = lmm.fit(drawn.formula, LIBRARIES[library](drawn)), plain(drawn)

    np.testing.assert_allclose(fit.predict(LIBRARIES[library](drawn)), expected.fitted, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(fit.coef()["estimate"], expected.coef()["estimate"], rtol=1e-7, atol=1e-9)
    assert len(fit.ranef()["estimate"]) == 4


@thorough
@given(drawn=tables())
def test_labels_in_another_order(drawn):
    """Weights, offset and a new response find their rows."""
    data = LIBRARIES["pandas"](drawn)
    unused = drawn.names[4]
    shuffled = data[unused].iloc[drawn.order]
    found = lmm.fit(drawn.formula, data, weights=shuffled, offset=shuffled)
    values = drawn.columns[unused]
    expected = plain(drawn, weights=values, offset=values)

    assert_same(found, expected)
    response = pd.Series(drawn.columns[drawn.names[0]] + values, index=data.index)
    np.testing.assert_array_equal(found.refit(response.iloc[drawn.order]).y, expected.y + values)


@thorough
@given(drawn=tables())
def test_order_of_the_rows(drawn):
    """The reference level is not that of the first row."""
    data = LIBRARIES["Arrow dictionaries"](drawn)
    found, expected = lmm.fit(drawn.formula, data.take(drawn.order)), plain(drawn)

    assert found.internals.design.factors[0].levels == expected.internals.design.factors[0].levels
    assert found.criterion == pytest.approx(expected.criterion, rel=1e-10)
    np.testing.assert_allclose(found.beta, expected.beta, rtol=1e-6, atol=1e-8)


@thorough
@given(drawn=tables(groups=1), library=st.sampled_from(sorted(LIBRARIES)))
def test_a_group_that_does_not_vary_is_refused(drawn, library):
    with pytest.raises(DesignError, match="one level"):
        lmm.fit(drawn.formula, LIBRARIES[library](drawn))


@thorough
@given(drawn=tables(), missing=st.sets(st.integers(0, 31), min_size=1, max_size=8))
def test_groups_that_are_missing_are_new_ones(drawn, missing):
    fit = lmm.fit(drawn.formula, drawn.columns)
    name = drawn.names[3]
    absent = [None if row in missing else level for row, level in enumerate(drawn.columns[name])]
    found = fit.predict(drawn.columns | {name: absent}, new_levels="population")
    expected = np.where([level is None for level in absent], fit.predict(random=False), fit.fitted)

    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
