"""Series of pandas beside a table of pandas belong to it by their labels, in every argument that takes an array."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import lmm
from lmm.errors import DataError

RNG = np.random.default_rng(8)
N = 40
COLUMNS = {
    "y": RNG.normal(size=N),
    "x": RNG.normal(size=N),
    "w": RNG.uniform(0.5, 2.0, size=N),
    "g": np.repeat([f"g{j}" for j in range(8)], 5),
}
INDEXES = {
    "range": np.arange(N),
    "text": [f"row {i}" for i in range(N)],
    "permuted": RNG.permutation(N),
    "dates": pd.date_range("2026-01-01", periods=N),
}
ORDER = RNG.permutation(N)
FORMULA = "y ~ x + (1 | g)"

every_index = pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES.keys())


def table(index):
    return pd.DataFrame(COLUMNS, index=index)


def shuffled(values):
    return values.iloc[ORDER]


@every_index
def test_weights_offset_and_response(index):
    data = table(index)
    right = lmm.fit(FORMULA, data, weights="w", offset="x")
    found = lmm.fit(FORMULA, data, weights=shuffled(data["w"]), offset=shuffled(data["x"]))

    np.testing.assert_array_equal(found.weights, right.weights)
    np.testing.assert_array_equal(found.offset, right.offset)
    np.testing.assert_array_equal(found.refit(shuffled(data["y"] + 1)).y, COLUMNS["y"] + 1)


@every_index
def test_a_response_of_the_rows_used(index):
    data = table(index)
    data.iloc[[3, 17], 1] = np.nan
    fit = lmm.fit(FORMULA, data)
    used = data.dropna()

    np.testing.assert_array_equal(fit.refit(used["y"].sort_values() * 2).y, 2 * fit.y)


@every_index
def test_blocks(index):
    data = table(index)
    Z = pd.DataFrame(RNG.normal(size=(N, 3)), index=index)
    right = lmm.fit(FORMULA, data, random={"s": lmm.block(Z.to_numpy())})
    found = lmm.fit(FORMULA, data, random={"s": lmm.block(shuffled(Z))})

    assert found.criterion == right.criterion
    np.testing.assert_allclose(found.predict(data, blocks={"s": lmm.block(shuffled(Z))}), right.fitted)


def test_blocks_where_rows_are_left_out():
    data = table(INDEXES["text"])
    Z = pd.DataFrame(RNG.normal(size=(N, 3)), index=data.index)
    data.iloc[[3, 17], 1] = np.nan
    right = lmm.fit(FORMULA, data, random={"s": lmm.block(Z.to_numpy())})

    assert lmm.fit(FORMULA, data, random={"s": lmm.block(shuffled(Z))}).criterion == right.criterion


@every_index
def test_predictions_and_simulations(index):
    data = table(index)
    fit = lmm.fit(FORMULA, data, weights=data["w"], offset=data["x"])
    options = {"interval": "prediction", "weights": data["w"].to_numpy(), "offset": data["x"].to_numpy()}
    by_label = {"interval": "prediction", "weights": shuffled(data["w"]), "offset": shuffled(data["x"])}
    right, found = fit.predict(data, **options), fit.predict(data, **by_label)
    for name in right.columns:
        np.testing.assert_array_equal(found[name], right[name])

    del options["interval"], by_label["interval"]
    np.testing.assert_array_equal(
        fit.simulate(2, data, seed=1, **by_label), fit.simulate(2, data, seed=1, **options)
    )


@every_index
def test_clusters_and_tables_given_again(index):
    data = table(index)
    fit = lmm.fit(FORMULA, data)
    groups = data["g"]
    np.testing.assert_array_equal(
        lmm.coefficients(fit, vcov=lmm.ClusterRobust(cluster=shuffled(groups)))["std_error"],
        lmm.coefficients(fit, vcov=lmm.ClusterRobust(cluster="g"))["std_error"],
    )
    right, found = fit.augment(data), fit.augment(shuffled(data))
    for name in right.columns:
        assert list(found[name]) == list(np.asarray(right[name], dtype=object)[ORDER])


def test_columns_of_a_dict_belong_together_by_their_labels():
    data = table(INDEXES["text"])
    right = lmm.fit(FORMULA, data)
    found = lmm.fit(FORMULA, {"y": data["y"], "x": shuffled(data["x"]), "g": shuffled(data["g"])})

    assert found.criterion == right.criterion


def test_a_file_keeps_the_order_of_the_table(tmp_path):
    data = table(INDEXES["text"])
    fit = lmm.fit(FORMULA, data, weights=shuffled(data["w"]))
    lmm.save(fit, tmp_path / "fit.lmm")
    again = lmm.load(tmp_path / "fit.lmm").update("~ . - x", data=data)

    np.testing.assert_array_equal(again.weights, COLUMNS["w"])


OTHERS = {
    "NumPy": lambda values: values.to_numpy(),
    "list": lambda values: values.tolist(),
    "polars": lambda values: pl.Series(values.to_numpy()),
    "Arrow": lambda values: pa.array(values.to_numpy()),
    "a series that counts from 0": lambda values: pd.Series(values.to_numpy()),
    "pandas array": lambda values: values.array,
}


@pytest.mark.parametrize("convert", OTHERS.values(), ids=OTHERS.keys())
def test_arrays_without_labels_are_taken_by_position(convert):
    data = table(INDEXES["text"])

    np.testing.assert_array_equal(lmm.fit(FORMULA, data, weights=convert(data["w"])).weights, COLUMNS["w"])


def first_twice(index):
    return [*index[:1], *index[:1], *index[2:]]


REFUSED = {
    "another slice": (
        np.arange(N),
        np.arange(N) + 5,
        "are not those of the table, of which it has no 0, 1, 2, …",
    ),
    "other names": ([f"r{i}" for i in range(N)], [f"s{i}" for i in range(N)], "are not those of the table"),
    "one missing": (np.arange(N), [*range(1, N), 99], "of which it has no 0"),
    "text and numbers": ([str(i) for i in range(N)], np.arange(N) + 1, "are not those of the table"),
    "twice in the series": (np.arange(N), first_twice(range(N)), r"some occur more than once \(0\)"),
    "twice in the table": (first_twice(range(N)), np.arange(N)[::-1], r"some occur more than once \(0\)"),
    "twice in both": (first_twice(range(N)), first_twice(range(N))[::-1], "some occur more than once"),
}


@pytest.mark.parametrize(("of_table", "of_series", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_labels_that_cannot_be_matched_are_refused(of_table, of_series, words):
    data = table(of_table)
    weights = pd.Series(COLUMNS["w"], index=of_series)
    fit = lmm.fit(FORMULA, data)
    calls = {
        "weights=": lambda: lmm.fit(FORMULA, data, weights=weights),
        "offset=": lambda: lmm.fit(FORMULA, data, offset=weights),
        "The new response": lambda: fit.refit(weights),
        "cluster=": lambda: lmm.coefficients(fit, vcov=lmm.ClusterRobust(cluster=weights)),
        'Z of the block "s"': lambda: lmm.fit(FORMULA, data, random={"s": lmm.block(weights.to_frame())}),
        "data=": lambda: fit.augment(data.set_axis(of_series, axis=0)),
    }
    for what, call in calls.items():
        with pytest.raises(DataError, match=f"{what} is a pandas object.*{words}.*to_numpy"):
            call()


def test_labels_that_occur_twice_are_right_in_the_same_order():
    data = table(first_twice(range(N)))

    np.testing.assert_array_equal(lmm.fit(FORMULA, data, weights=data["w"]).weights, COLUMNS["w"])


@pytest.mark.parametrize("convert", [dict, pl.DataFrame, pa.table], ids=["dict", "polars", "Arrow"])
def test_beside_a_table_without_labels_positions_count_unless_rows_are_numbered_otherwise(convert):
    data = convert(COLUMNS)
    by_position = pd.Series(COLUMNS["w"], index=range(100, 100 + N))

    np.testing.assert_array_equal(lmm.fit(FORMULA, data, weights=by_position).weights, COLUMNS["w"])
    with pytest.raises(DataError, match=r"number rows in another order, and the table has none"):
        lmm.fit(FORMULA, data, weights=pd.Series(COLUMNS["w"]).sort_values())


@pytest.mark.parametrize("values", [[[1.0], [1.0, 2.0]], None, "y", 5.0, [[1.0] * N] * 2, {"y": 1}])
def test_values_that_are_not_one_for_each_row_are_refused(values):
    fit = lmm.fit(FORMULA, COLUMNS)

    with pytest.raises(DataError, match=r"The new response .*one entry for each"):
        fit.refit(values)
