"""The spec builds the design of other data with the levels, codings and transforms of the fit."""

from __future__ import annotations

import pickle

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmm.design import block
from lmm.errors import ColumnError, DataError, DesignError
from tests.design.designs import N_ROWS, learn, table

FORMULAS = [
    "y ~ x + (x | g)",
    "log(z) ~ f * x + (0 + f | g) + (1 | h:b)",
    "y ~ poly(x, 3) + scale(z) + center(x) + (scale(x) || g)",
    "y ~ bs(x, df=5) + cs(z, df=4) + ns(x, df=3) + (1 | g/b)",
    "y ~ C(dose, contr.sum):f + I(x > 3) + (1 | dose) + offset(log(z))",
    "y ~ I(x - mean(x)) + C(dose, levels=[10, 5, 0]) + (1 | {x > 3})",
    "y ~ f:h - 1",
]


def rows(data: dict, keep) -> dict:
    return {name: [values[i] for i in keep] for name, values in data.items()}


@pytest.mark.parametrize("formula", FORMULAS)
class TestRoundTrip:
    def test_the_rows_of_the_fit_give_the_design_of_the_fit(self, formula):
        spec, design = learn(formula)

        again = spec.build(table(), response=True)

        assert_same(again, design)

    def test_some_rows_give_the_same_rows_of_the_design(self, formula):
        spec, design = learn(formula)
        keep = [17, 2, 2, 11]

        part = spec.build(rows(table(), keep), response=True)

        np.testing.assert_allclose(part.X, design.X[keep], atol=1e-14)
        np.testing.assert_allclose(part.y, design.y[keep])
        for new, old in zip(part.random, design.random, strict=True):
            np.testing.assert_allclose(new.block.to_dense(), old.block.to_dense()[keep], atol=1e-14)

    def test_a_spec_survives_pickling(self, formula):
        spec, design = learn(
            formula, contrasts={"f": "helmert"} if "f" in formula.split("~")[1][:6] else None
        )

        again = pickle.loads(pickle.dumps(spec))

        assert_same(again.build(pl.DataFrame(table()), response=True), design)


def assert_same(one, other):
    np.testing.assert_array_equal(one.X, other.X)
    np.testing.assert_array_equal(one.y, other.y)
    assert (one.names, one.terms, one.kept.tolist()) == (other.names, other.terms, other.kept.tolist())
    if other.offset is not None:
        np.testing.assert_array_equal(one.offset, other.offset)
    for left, right in zip(one.random, other.random, strict=True):
        assert (left.group, left.columns, left.levels, left.structure) == (
            right.group,
            right.columns,
            right.levels,
            right.structure,
        )
        np.testing.assert_array_equal(left.block.to_dense(), right.block.to_dense())


@given(st.integers(1, N_ROWS - 1))
def test_building_in_chunks_is_building_at_once(cut):
    spec, whole = learn("y ~ f * poly(x, 2) + (x | g) + (1 | h)")
    data = table()

    chunks = [spec.build(rows(data, keep)) for keep in (range(cut), range(cut, N_ROWS))]

    np.testing.assert_allclose(np.vstack([chunk.X for chunk in chunks]), whole.X, atol=1e-14)
    for j, part in enumerate(whole.random):
        stacked = np.vstack([chunk.random[j].block.to_dense() for chunk in chunks])
        np.testing.assert_array_equal(stacked, part.block.to_dense())


def test_a_level_that_the_fit_did_not_see_has_no_effect():
    spec, _ = learn("y ~ x + (x | g) + (1 | g:b)")

    built = spec.build({"x": [1.0, 2.0, 3.0], "g": [0, 99, 1], "b": ["True", "True", "new"]})

    assert built.random[0].codes.tolist() == [0, -1, 1]
    assert built.random[1].levels[:2] == ("0:False", "0:True")
    assert built.random[1].codes.tolist() == [1, -1, -1]
    np.testing.assert_array_equal(built.random[0].block.apply(np.ones(12)), [2.0, 0.0, 4.0])
    np.testing.assert_array_equal(built.random[1].block.to_dense().sum(axis=1), [1.0, 0.0, 0.0])


def test_levels_are_found_by_their_labels():
    """The fit saw whole numbers; floats and text with the same labels are the same levels."""
    spec, _ = learn("y ~ x + (1 | g)")

    for g in ([2.0, 5.0], ["2", "5"]):
        assert spec.build({"x": [1, 2], "g": g}).random[0].codes.tolist() == [2, 5]
    by_text = learn("y ~ C(dose)")[0].build({"dose": ["10"]})
    np.testing.assert_array_equal(by_text.X, [[1, 0, 1]])


def test_a_level_of_a_fixed_factor_that_the_fit_did_not_see_is_an_error():
    spec, _ = learn("y ~ f * C(dose)")

    with pytest.raises(
        DesignError, match=r"\"f\" has levels that the model does not know: 'd'\. Known levels: 'a', 'b', 'c'"
    ):
        spec.build({"f": ["a", "d"], "dose": [0, 5]})
    with pytest.raises(DesignError, match=r"\"C\(dose\)\" has levels that the model does not know: '7'"):
        spec.build({"f": ["a", "b"], "dose": [7, 5]})


def test_one_level_in_new_data_is_enough():
    spec, _ = learn("y ~ f * C(dose)")

    np.testing.assert_array_equal(spec.build({"f": ["b"], "dose": [10]}).X, [[1, 1, 0, 0, 1, 0, 0, 1, 0]])


def test_only_needed_columns_have_to_be_there():
    spec, _ = learn("log(z) ~ x + (f | g) + (1 | h)")

    assert spec.build({"x": [1.0]}, random=False).random == ()
    assert [part.group for part in spec.build({"x": [1.0], "h": ["p"]}, random=spec.random[1:]).random] == [
        "h"
    ]
    with pytest.raises(ColumnError, match='no column "f"'):
        spec.build({"x": [1.0], "h": ["p"]})
    with pytest.raises(ColumnError, match='no column "z"'):
        spec.build({"x": [1.0]}, random=False, response=True)


def test_rows_with_missing_values_are_left_out_and_known():
    spec, _ = learn("y ~ x + (1 | g)")

    built = spec.build({"x": [1.0, None, 3.0], "g": [0, 1, 2]})

    assert built.rows.tolist() == [0, 2]
    with pytest.raises(DataError, match="missing in 1 of 3 rows"):
        spec.build({"x": [1.0, None, 3.0], "g": [0, 1, 2]}, missing="raise")


def test_a_number_cannot_become_text():
    spec, _ = learn("y ~ x")

    with pytest.raises(DataError, match='Column "x" was numeric at the fit; now it is a factor'):
        spec.build({"x": ["one", "two"]})


def test_an_offset_column_is_needed_again():
    spec, _ = learn("y ~ x", offset="z")

    assert spec.build({"x": [1.0], "z": [7.0]}).offset.tolist() == [7.0]
    with pytest.raises(ColumnError, match='offset="z"'):
        spec.build({"x": [1.0]})


def test_an_offset_array_is_needed_again():
    spec, _ = learn("y ~ x", offset=np.arange(24.0))

    assert spec.build({"x": [1.0]}, offset=[7.0]).offset.tolist() == [7.0]
    with pytest.raises(DesignError, match=r"The fit had an array as offset=\. Give offset="):
        spec.build({"x": [1.0]})


def test_an_offset_that_the_fit_did_not_have():
    spec, _ = learn("y ~ x")

    with pytest.raises(DesignError, match="the fit had no array as offset="):
        spec.build({"x": [1.0]}, offset=[7.0])


def test_blocks_of_the_user_for_new_data():
    spec, _ = learn("y ~ x", random={"spline": block(np.ones((24, 3)))})

    assert spec.build({"x": [1.0]}).random == ()
    built = spec.build({"x": [1.0, None]}, blocks={"spline": block(np.arange(6.0).reshape(2, 3))})
    np.testing.assert_array_equal(built.random[0].block.to_dense(), [[0.0, 1.0, 2.0]])
    with pytest.raises(DesignError, match=r'no block "splin"\. Did you mean "spline"'):
        spec.build({"x": [1.0]}, blocks={"splin": block(np.ones((1, 3)))})
