"""Intervals of predictions: closed forms, dense algebra, what new levels add, and bad input."""

import numpy as np
import pytest

import lmm
from lmm.errors import ColumnError, DataError, LmmError, UnsupportedError
from tests.inference.dense_equations import error_variance, fitted, spherical, table, user_columns, weights_of


@pytest.fixture(scope="module")
def one_way():
    """Ten groups of four rows: the fit, and its two mean squares."""
    rng = np.random.default_rng(8)
    y = 5 + 1.5 * rng.normal(size=(10, 1)) + rng.normal(size=(10, 4))
    data = {"y": y.ravel(), "g": np.repeat([f"g{j}" for j in range(10)], 4)}
    between = 4 * ((y.mean(1) - y.mean()) ** 2).sum() / 9
    within = ((y - y.mean(1, keepdims=True)) ** 2).sum() / 30
    return lmm.fit("y ~ 1 + (1 | g)", data), between, within


def by_mean_squares(between, within, a, b):
    """Variance a MS_between + b MS_within, and its degrees of freedom after Satterthwaite."""
    v = a * between + b * within
    return v, v**2 / ((a * between) ** 2 / 9 + (b * within) ** 2 / 30)


# Of a layout of 10 groups of 4: Var(mean) = MSB/40, variance of groups (MSB - MSW)/4, of errors MSW.
@pytest.mark.parametrize(
    ("options", "a", "b"),
    [
        ({"interval": "confidence", "new_levels": "population"}, 1 / 40, 0),
        ({"interval": "confidence", "new_levels": "sample"}, 1 / 40 + 1 / 4, -1 / 4),
        ({"interval": "prediction", "new_levels": "population"}, 1 / 40 + 1 / 4, 3 / 4),
        ({"interval": "prediction", "new_levels": "sample"}, 1 / 40 + 1 / 4, 3 / 4),
        ({"interval": "prediction", "random": False}, 1 / 40 + 1 / 4, 3 / 4),
    ],
)
def test_a_new_group_of_a_one_way_layout(one_way, options, a, b):
    fit, between, within = one_way
    (row,) = fit.predict({"g": ["new"]}, **options)
    v, df = by_mean_squares(between, within, a, b)
    assert row["estimate"] == pytest.approx(fit.beta[0])
    assert row["std_error"] ** 2 == pytest.approx(v, rel=1e-6)
    assert row["df"] == pytest.approx(df, rel=1e-5)


def test_a_known_group_of_a_one_way_layout(one_way):
    fit, between, within = one_way
    known, observation = (
        next(iter(fit.predict({"g": ["g3"]}, interval=interval))) for interval in ("confidence", "prediction")
    )
    # With B = 1 - MSW/MSB: variance of b given the mean, and (1 - B)² times that of the mean.
    expected = within / 4 * (1 - within / between) + (within / between) ** 2 * between / 40
    assert known["std_error"] ** 2 == pytest.approx(expected, rel=1e-5)
    assert observation["std_error"] ** 2 == pytest.approx(expected + within, rel=1e-5)
    assert known["estimate"] == observation["estimate"] == pytest.approx(fit.predict({"g": ["g3"]})[0])


def test_the_general_linear_model_has_the_classical_intervals():
    data = table()
    fit = lmm.fit("y ~ x + t", data)
    X = fit.X
    h = np.einsum("ij,jk,ik->i", X, np.linalg.inv(X.T @ X), X)
    mean, observation = (fit.predict(interval=interval) for interval in ("confidence", "prediction"))
    np.testing.assert_allclose(mean["std_error"], fit.sigma * np.sqrt(h))
    np.testing.assert_allclose(observation["std_error"], fit.sigma * np.sqrt(1 + h))
    assert set(mean["df"]) == set(observation["df"]) == {len(X) - 4.0}
    from scipy.stats import t

    half = t.ppf(0.95, len(X) - 4) * fit.sigma * np.sqrt(1 + h)
    wide = fit.predict(interval="prediction", level=0.9)
    np.testing.assert_allclose(wide["conf_high"] - wide["estimate"], half)
    np.testing.assert_allclose(wide["estimate"] - wide["conf_low"], half)


@pytest.mark.parametrize(
    "shape", ["slopes", "crossed", "nested", "weights and offset", "singular", "a block"]
)
def test_rows_of_the_fit_have_the_errors_of_dense_algebra(shape):
    fit = fitted(shape)
    found = fit.predict(interval="confidence")
    Z = fit.Z.toarray()
    expected = np.diag(error_variance(spherical(fit), fit.X, Z, weights_of(fit), fit.X, Z))
    np.testing.assert_allclose(found["estimate"], fit.fitted)
    np.testing.assert_allclose(found["std_error"], fit.sigma * np.sqrt(expected))
    new = fit.predict(interval="prediction")
    np.testing.assert_allclose(
        new["std_error"], fit.sigma * np.sqrt(expected + 1 / weights_of(fit)), rtol=1e-9
    )


def test_terms_that_take_no_part_add_their_variance_to_new_observations():
    fit = fitted("three")
    data = {name: table()[name] for name in ("x", "g", "h", "t")}
    Z = fit.Z.toarray()
    widths = np.cumsum([0, *(part.block.n_effects for part in fit.internals.design.random)])
    kept = Z.copy()
    kept[:, : widths[1]] = 0
    kept[:, widths[2] :] = 0
    known = np.diag(error_variance(spherical(fit), fit.X, Z, np.ones(len(Z)), fit.X, kept))
    loadings = np.column_stack([np.ones(len(Z)), data["x"]])
    unknown = np.square(loadings @ fit.T[0]).sum(axis=1) + fit.T[2][0, 0] ** 2
    expected = fit.sigma * np.sqrt(known + unknown + 1)
    for new in (None, data, {name: data[name] for name in ("x", "h")}):
        found = fit.predict(new, random="h", interval="prediction")
        np.testing.assert_allclose(found["std_error"], expected)
    mean = fit.predict({"x": data["x"], "h": data["h"]}, random="h", interval="confidence")
    np.testing.assert_allclose(mean["std_error"], fit.sigma * np.sqrt(known))


def test_new_levels_of_one_term_keep_what_is_known_of_the_others():
    fit = fitted("crossed")
    new = {"x": [0.5, 0.5], "t": ["b", "b"], "g": ["unheard", "g1"], "h": ["h2", "unheard"]}
    found = fit.predict(new, interval="confidence", new_levels="sample")
    g, h = fit.internals.design.random
    Z = np.zeros((2, fit.Z.shape[1]))
    at = g.block.n_effects + 2 * h.levels.index("h2")
    Z[0, at : at + 2] = [1, 0.5]
    Z[1, g.levels.index("g1")] = 1
    X = np.array([[1, 0.5, 1, 0], [1, 0.5, 1, 0]])
    known = np.diag(error_variance(spherical(fit), fit.X, fit.Z.toarray(), np.ones(fit.n_obs), X, Z))
    unknown = [fit.T[0][0, 0] ** 2, np.square([1, 0.5] @ fit.T[1]).sum()]
    np.testing.assert_allclose(found["std_error"], fit.sigma * np.sqrt(known + unknown))
    np.testing.assert_allclose(found["estimate"], fit.predict(new, new_levels="population"))


def test_fixed_effects_alone_go_through_the_door():
    fit = fitted("slopes")
    X = fit.X[[3, 40, 3]]
    new = {name: table()[name][[3, 40, 3]] for name in ("x", "t")}
    for df in ("auto", "satterthwaite", "kenward-roger", lmm.KenwardRoger(information="observed")):
        found = fit.predict(new, random=False, interval="confidence", df=df, level=0.9)
        tests = lmm.contrast_test(fit, X, df=df, level=0.9)
        for name in ("estimate", "std_error", "df", "conf_low", "conf_high"):
            np.testing.assert_allclose(found[name], tests[name])
        assert found.notes[0] == tests.notes[0]


def test_all_effects_at_zero_variance_are_those_of_fixed_effects_alone():
    data = table()
    fit = lmm.fit("y ~ x + (1 | g)", data, theta=[0.0])
    linear = lmm.fit("y ~ x", data)
    for name in ("std_error", "df"):
        np.testing.assert_allclose(
            fit.predict(interval="prediction")[name], linear.predict(interval="prediction")[name], rtol=1e-8
        )


@pytest.mark.parametrize(("df", "expected"), [("normal", np.inf), ("residual", 88.0)])
def test_other_degrees_of_freedom(df, expected):
    found = fitted("one factor").predict(interval="prediction", df=df)
    assert set(found["df"]) == {expected}


def test_degrees_of_freedom_of_fixed_effects_do_not_stand_for_random_ones():
    with pytest.raises(
        UnsupportedError, match=r'df="kenward-roger" is for fixed effects alone.*"satterthwaite"'
    ):
        fitted("slopes").predict(interval="confidence", df="kenward-roger")
    with pytest.raises(LmmError, match=r"vcov= is for fixed effects alone"):
        fitted("slopes").predict(interval="confidence", vcov=fitted("slopes").vcov)


def test_weights_of_new_observations():
    fit = fitted("weights and offset")
    new = {name: table()[name][:4] for name in ("x", "g", "h", "z")}
    with pytest.raises(LmmError, match=r"The fit had weights, so those of the new rows are needed"):
        fit.predict(new, interval="prediction")
    one, four = (
        fit.predict(new, interval="prediction", weights=w)["std_error"] for w in (1, np.full(4, 4.0))
    )
    np.testing.assert_allclose(one**2 - four**2, 0.75 * fit.sigma**2)
    column = fit.predict(new | {"w": table()["w"][:4]}, interval="prediction")
    np.testing.assert_allclose(column["std_error"], fit.predict(interval="prediction")["std_error"][:4])
    named = fit.predict(new | {"v": [1.0] * 4}, interval="prediction", weights="v")
    np.testing.assert_allclose(named["std_error"], one)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (0, r"weights= must be positive and finite"),
        ([1.0, -2.0], r"weights= must be positive and finite"),
        ([1.0, 2.0, 3.0], r"has the shape \(3,\), but the new data have 2 rows"),
        ("heavy", r'weights="heavy": the new data have no such column'),
        ("g", r'weights="g" is not numeric'),
        ({}, r"weights= must be a column, an array or a number"),
    ],
)
def test_weights_that_cannot_be(weights, message):
    new = {"x": [0.0, 1.0], "g": ["g1", "g2"]}
    with pytest.raises(LmmError, match=message):
        fitted("one factor").predict(new, interval="prediction", weights=weights)


def test_missing_values_and_what_cannot_be_estimated_are_missing():
    new = {"x": [0.5, np.nan, 0.5], "g": ["g1", "g2", None]}
    found = fitted("one factor").predict(new, interval="confidence")
    assert np.isnan(found["std_error"]).tolist() == [False, True, True]
    data = table() | {"twice": 2 * table()["x"]}
    fit = lmm.fit("y ~ x + twice + (1 | g)", data)
    new = {"x": [1.0, 1.0], "twice": [2.0, 3.0], "g": ["g1", "g1"]}
    for random in (True, False):
        found = fit.predict(new, random=random, interval="confidence")
        assert np.isnan(found["conf_low"]).tolist() == [False, True]
        assert np.isnan(found["estimate"]).tolist() == [False, True]


def test_a_slope_that_is_missing_leaves_only_new_observations_open():
    fit = lmm.fit("y ~ 1 + (1 + x | g)", table())
    new = {"x": [0.5, np.nan]}
    assert not np.isnan(fit.predict(new, random=False, interval="confidence")["std_error"]).any()
    found = fit.predict(new, random=False, interval="prediction")
    assert np.isnan(found["std_error"]).tolist() == [False, True]
    with pytest.raises(ColumnError, match=r'no column "x"'):
        fit.predict({"other": [1.0]}, random=False, interval="prediction")


def test_blocks_of_the_user():
    fit = fitted("a block")
    new = {"x": table()["x"], "g": table()["g"]}
    block = {"s": lmm.block(user_columns())}
    for interval in ("confidence", "prediction"):
        own, given = fit.predict(interval=interval), fit.predict(new, interval=interval, blocks=block)
        np.testing.assert_allclose(given["std_error"], own["std_error"])
    alone = fit.predict(new, random="g", interval="prediction", blocks=block)
    np.testing.assert_allclose(
        alone["std_error"], fit.predict(random="g", interval="prediction")["std_error"]
    )
    with pytest.raises(LmmError, match=r"'s' is a block of your own: give its rows"):
        fit.predict(new, random="g", interval="prediction")


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        (
            {"interval": "tolerance"},
            LmmError,
            r'must be "confidence" or "prediction"; it is \'tolerance\'',
        ),
        ({"interval": "predicton"}, LmmError, r'Did you mean "prediction"'),
        ({"interval": "confidence", "level": 95}, LmmError, r"level= must lie between 0 and 1.*level=0.95"),
        ({"interval": "confidence", "level": 1.0}, LmmError, r"level= must lie between 0 and 1"),
        ({"interval": "confidence", "df": "satterthwait"}, LmmError, r'Did you mean "satterthwaite"'),
        ({"interval": "confidence", "weights": 1}, LmmError, r'weights= belongs to interval="prediction"'),
        ({"interval": "confidence", "offset": np.zeros(90)}, LmmError, r"belong to new data"),
        ({"interval": "prediction", "weights": 1}, LmmError, r"weights= belongs to new data"),
        ({"level": 0.9}, LmmError, r"level= belongs to intervals"),
        ({"df": "normal"}, LmmError, r"df= belongs to intervals"),
        ({"se": True}, LmmError, r"Unknown argument se= of predict"),
        ({"new": {"x": [1.0]}, "interval": "confidence"}, ColumnError, r'no column "g"'),
        (
            {"new": {"x": [1.0], "g": ["unheard"]}, "interval": "confidence"},
            DataError,
            r"1 row of the new data has a level of g that the model has not seen \(unheard\)",
        ),
    ],
)
def test_what_is_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        fitted("one factor").predict(**options)
