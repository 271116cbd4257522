"""Point predictions and simulated responses."""

import re

import numpy as np
import pytest

import lmm
from lmm.errors import DataError, LmmError, LmmWarning

RNG = np.random.default_rng(33)
N = 72
G = np.arange(N) % 9
TABLE = {
    "y": RNG.normal(size=N) + 2 * RNG.normal(size=9)[G],
    "x": RNG.uniform(1, 5, size=N),
    "g": np.array([f"g{j}" for j in G]),
    "h": np.array([f"h{j}" for j in RNG.integers(0, 5, N)]),
    "z": RNG.normal(size=N),
}


@pytest.fixture(scope="module")
def fit():
    return lmm.fit("y ~ poly(x, 2) + (1 | g) + (0 + x | g) + (1 | h)", TABLE, theta=[0.9, 0.3, 0.5])


def test_the_rows_of_the_fit_predict_their_fitted_values(fit):
    np.testing.assert_allclose(fit.predict(), fit.fitted)
    np.testing.assert_allclose(fit.predict(TABLE), fit.fitted)


def test_new_rows_keep_the_state_of_the_fit(fit):
    rows = np.array([5, 60, 2])
    new = {name: np.asarray(values)[rows] for name, values in TABLE.items() if name != "y"}
    np.testing.assert_allclose(fit.predict(new), fit.fitted[rows])


@pytest.mark.parametrize(
    ("random", "terms"),
    [
        (True, [0, 1, 2]),
        (False, []),
        ("h", [2]),
        (["g"], [0, 1]),
        (["(0+x | g)"], [1]),
        (["(1 | g)", "h"], [0, 2]),
        ([], []),
    ],
)
@pytest.mark.parametrize("new", [None, TABLE])
def test_random_terms_are_chosen_by_group_or_bar(fit, random, terms, new):
    expected = fit.X @ fit.beta
    for i in terms:
        expected = expected + fit.internals.design.random[i].block.apply(fit.effects[i].ravel())
    np.testing.assert_allclose(fit.predict(new, random=random), expected)


def test_columns_of_terms_that_take_no_part_are_not_needed(fit):
    np.testing.assert_allclose(
        fit.predict({"x": TABLE["x"], "h": TABLE["h"]}, random="h"), fit.predict(random="h")
    )


def test_an_unknown_term_is_named(fit):
    with pytest.raises(
        LmmError, match=r"random= names 'G', which is not a random term.*it has g, h, \(1 \| g\)"
    ):
        fit.predict(random="G")


def test_new_levels(fit):
    new = {"x": [2.0, 2.0], "g": ["g1", "new"], "h": ["h1", "h1"]}
    with pytest.raises(
        DataError, match=r"1 row of the new data has a level of g .* new_levels=\"population\""
    ):
        fit.predict(new)
    known, unknown = fit.predict(new, new_levels="population")
    assert known == fit.predict({name: values[:1] for name, values in new.items()})[0]
    np.testing.assert_allclose(unknown, fit.predict({"x": [2.0], "h": ["h1"]}, random="h")[0])
    with pytest.raises(
        LmmError, match=r'new_levels= must be one of "error", "population", "sample"; it is \'zero\''
    ):
        fit.predict(new, new_levels="zero")


def test_rows_with_missing_values_predict_missing(fit):
    predicted = fit.predict({"x": [2.0, np.nan, 3.0]}, random=False)
    assert np.isnan(predicted).tolist() == [False, True, False]


def test_offsets_are_part_of_the_prediction():
    fit = lmm.fit("y ~ x + offset(z) + (1 | g)", TABLE, offset=2 * TABLE["z"])
    np.testing.assert_allclose(fit.predict(TABLE, offset=2 * TABLE["z"]), fit.fitted)
    with pytest.raises(LmmError, match=r"array as offset="):
        fit.predict(TABLE)
    with pytest.raises(LmmError, match=r"belong to new data"):
        fit.predict(offset=TABLE["z"])


def test_blocks_of_the_user_come_with_the_new_rows():
    Z = RNG.normal(size=(N, 4))
    fit = lmm.fit("y ~ x + (1 | g)", TABLE, random={"s": lmm.block(Z)}, theta=[0.5, 0.5])
    np.testing.assert_allclose(fit.predict(TABLE, blocks={"s": lmm.block(Z)}), fit.fitted)
    np.testing.assert_allclose(fit.predict(TABLE, random="g"), fit.predict(random="g"))
    with pytest.raises(LmmError, match=r"'s' is a block of your own: give its rows"):
        fit.predict(TABLE)
    with pytest.raises(LmmError, match=r"has 3 columns for the new data, 4 in the fit"):
        fit.predict(TABLE, blocks={"s": lmm.block(Z[:, :3])})


NOT_ESTIMABLE = r"Missing: One row is not estimable from these data.*\(twice\)"


def test_predictions_that_cannot_be_estimated_are_missing():
    table = TABLE | {"twice": 2 * TABLE["x"]}
    fit = lmm.fit("y ~ x + twice + (1 | g)", table)
    new = {"x": [1.0, 2.0, 3.0], "twice": [2.0, 4.0, 5.0]}
    with pytest.warns(LmmWarning, match=NOT_ESTIMABLE):
        predicted = fit.predict(new, random=False)
    assert np.isnan(predicted).tolist() == [False, False, True]
    np.testing.assert_allclose(predicted[:2], fit.beta[0] + fit.beta[1] * np.array([1.0, 2.0]))


@pytest.mark.parametrize("interval", ["confidence", "prediction"])
@pytest.mark.parametrize("random", [True, False, "g"])
def test_tables_say_which_predictions_cannot_be_estimated(interval, random):
    """Public report on rank-deficient fits: the note was there with random=False alone."""
    fit = lmm.fit("y ~ x + twice + (1 | g)", TABLE | {"twice": 2 * TABLE["x"]})
    new = {"x": [1.0, 3.0, 1.0], "twice": [2.0, 5.0, 2.0], "g": TABLE["g"][:3]}
    found = fit.predict(new, random=random, interval=interval)
    for name in found.columns:
        assert np.isnan(found[name]).tolist() == [False, True, False]
    assert sum(bool(re.search(NOT_ESTIMABLE, note)) for note in found.notes) == 1


def test_tables_of_predictions_none_of_which_can_be_estimated():
    fit = lmm.fit("y ~ x + twice + (1 | g)", TABLE | {"twice": 2 * TABLE["x"]})
    found = fit.predict({"x": [1.0, 1.0], "twice": [3.0, 3.0]}, random=False, interval="confidence")
    assert np.isnan(found["estimate"]).all()
    assert "Missing: 2 rows are not estimable" in " ".join(found.notes)


@pytest.mark.parametrize("random", ["new", "fitted"])
def test_simulated_responses_that_cannot_be_estimated_are_missing(random):
    fit = lmm.fit("y ~ x + twice + (1 | g)", TABLE | {"twice": 2 * TABLE["x"]})
    new = {"x": [1.0, 2.0, 3.0], "twice": [2.0, 4.0, 5.0], "g": TABLE["g"][:3]}
    with pytest.warns(LmmWarning, match=NOT_ESTIMABLE):
        drawn = fit.simulate(2, new, random=random, seed=1)
    assert np.isnan(drawn).tolist() == [[False] * 2, [False] * 2, [True] * 2]


@pytest.mark.parametrize("ways", ['new_levels="sample"', 'new_levels="population"', 'random="new"'])
def test_advice_about_new_levels_in_simulations_can_be_followed(ways):
    """Public report: the message named random=False, which simulate() refuses."""
    fit = lmm.fit("y ~ x + (1 | g)", TABLE)
    with pytest.raises(DataError, match=f"not seen.*{ways}") as caught:
        fit.simulate(1, {"x": [1.0], "g": ["never seen"]}, random="fitted")
    assert "random=False" not in str(caught.value)


def test_simulated_responses_have_the_moments_of_the_model():
    fit = lmm.fit("y ~ x + (1 | g)", TABLE, weights=np.resize([0.5, 2.0], N), offset="z", theta=[0.8])
    draws = fit.simulate(20_000, seed=4)
    assert draws.shape == (N, 20_000)
    mean = fit.X @ fit.beta + TABLE["z"]
    Z, Lambda = fit.Z.toarray(), fit.Lambda.toarray()
    V = fit.sigma**2 * (Z @ Lambda @ Lambda.T @ Z.T + np.diag(1 / fit.weights))
    sd = np.sqrt(np.diag(V))
    assert (np.abs(draws.mean(axis=1) - mean) < 5 * sd / np.sqrt(20_000)).all()
    observed = np.cov(draws) / np.outer(sd, sd)
    assert np.abs(observed - V / np.outer(sd, sd)).max() < 5 * np.sqrt(2 / 20_000)


def test_simulation_is_repeated_by_its_seed(fit):
    np.testing.assert_array_equal(fit.simulate(3, seed=1)[:, :2], fit.simulate(2, seed=1))
    assert not np.array_equal(fit.simulate(seed=1), fit.simulate(seed=2))
    with pytest.raises(LmmError, match=r"whole number of at least 1, not 0"):
        fit.simulate(0)


# Rows whose group is missing

NESTED = {
    "y": np.repeat(RNG.normal(size=12), 6) + np.repeat(RNG.normal(size=24), 3) + RNG.normal(size=72),
    "a": np.repeat([f"a{j}" for j in range(12)], 6),
    "b": np.repeat([f"b{j}" for j in range(24)], 3),
    "x": np.resize([0.0, 1.0, 2.0], 72),
}


@pytest.fixture(scope="module")
def nested():
    return lmm.fit("y ~ x + (1 | a/b)", NESTED, theta=[0.7, 0.9])


@pytest.mark.parametrize("new_levels", ["population", "sample"])
def test_a_missing_group_is_a_new_level(nested, new_levels):
    """Public report: lme4 takes missing groups as new ones where those are allowed."""
    new = {"x": [1.0] * 4, "a": [None, "a1", "a1", None], "b": ["b2", None, "b2", None]}
    of_a = nested.effects[0][nested.internals.design.random[0].levels.index("a1"), 0]
    of_b = nested.effects[1][nested.internals.design.random[1].levels.index("a1:b2"), 0]
    mean = nested.beta @ [1.0, 1.0]
    expected = mean + np.array([0.0, of_a, of_a + of_b, 0.0])
    np.testing.assert_allclose(nested.predict(new, new_levels=new_levels), expected)


def test_a_missing_group_does_what_a_new_one_does(nested):
    """Point, interval and every choice of terms."""
    new = {"x": [0.5, 2.0, 1.0], "a": [None, "a3", "a4"], "b": ["b2", None, "b9"]}
    never_seen = {"x": new["x"], "a": ["?", "a3", "a4"], "b": ["b2", "??", "b9"]}
    for random in (True, "a", ["a:b"], False):
        for new_levels in ("population", "sample"):
            options = {"random": random, "new_levels": new_levels}
            np.testing.assert_allclose(nested.predict(new, **options), nested.predict(never_seen, **options))
            for interval in ("confidence", "prediction"):
                found = nested.predict(new, interval=interval, **options)
                expected = nested.predict(never_seen, interval=interval, **options)
                for name in found.columns:
                    np.testing.assert_allclose(found[name], expected[name])


def test_of_crossed_factors_one_may_be_missing(fit):
    new = {"x": [2.0, 3.0], "g": [None, "g1"], "h": ["h2", None]}
    never_seen = {"x": new["x"], "g": ["?", "g1"], "h": ["h2", "?"]}
    found = fit.predict(new, new_levels="population")
    np.testing.assert_allclose(found, fit.predict(never_seen, new_levels="population"))


@pytest.mark.parametrize("missing", [None, np.nan])
@pytest.mark.parametrize("levels", [np.arange(12), np.arange(12) + 2**60])
def test_groups_that_are_numbers_may_be_missing(levels, missing):
    groups = np.repeat(levels, 6)
    fit = lmm.fit("y ~ 1 + (1 | a)", {"y": NESTED["y"], "a": groups})
    new = {"a": np.array([missing, *levels[:2].tolist()], dtype=object)}
    expected = fit.beta[0] + np.append(0.0, fit.effects[0][:2, 0])
    np.testing.assert_allclose(fit.predict(new, new_levels="population"), expected)


def test_where_new_levels_are_refused_rows_without_a_group_stay_missing(nested):
    found = nested.predict({"x": [1.0, 1.0], "a": [None, "a1"], "b": ["b2", "b2"]})
    assert np.isnan(found).tolist() == [True, False]


def test_all_groups_missing_points_to_what_can_be_predicted(nested):
    with pytest.raises(DataError, match=r'new_levels="population".*random=False'):
        nested.predict({"x": [1.0], "a": [None], "b": ["b2"]})


def test_a_missing_covariate_is_missing_whatever_the_levels(fit):
    found = fit.predict({"x": [None, 1.0], "g": [None, None], "h": ["h1", "h1"]}, new_levels="population")
    assert np.isnan(found).tolist() == [True, False]


def test_a_group_that_is_a_covariate_too_is_needed():
    table = TABLE | {"k": np.arange(N) % 9}
    fit = lmm.fit("y ~ k + (1 | k)", table)
    found = fit.predict({"k": [None, 2]}, new_levels="population")
    assert np.isnan(found).tolist() == [True, False]


def test_a_group_that_is_computed_is_needed():
    table = TABLE | {"k": np.arange(N) % 9}
    fit = lmm.fit("y ~ x + (1 | C(k)) + (1 | I(k * 2))", table, theta=[0.5, 0.5])
    found = fit.predict({"x": [1.0, 1.0], "k": [None, 2]}, new_levels="population")
    assert np.isnan(found).tolist() == [True, False]


def test_rows_without_a_group_are_simulated_independently(nested):
    """Nothing says that two of them are of one group, so each has an effect of its own."""
    new = {"x": [0.0] * 3, "a": [None, None, "a1"], "b": ["b1", "b1", "b2"]}
    for options in ({"random": "new"}, {"random": "fitted", "new_levels": "sample"}):
        drawn = nested.simulate(20_000, new, seed=3, **options)
        sd = nested.sigma * np.sqrt(1 + nested.theta[0] ** 2 + nested.theta[1] ** 2)
        np.testing.assert_allclose(drawn[:2].std(axis=1), sd, rtol=0.03)
        assert abs(np.corrcoef(drawn[0], drawn[1])[0, 1]) < 0.03


def test_a_loaded_fit_predicts_rows_without_a_group(nested, tmp_path):
    lmm.save(nested, tmp_path / "fit.lmm")
    new = {"x": [1.0, 1.0], "a": [None, "a1"], "b": ["b2", None]}
    loaded = lmm.load(tmp_path / "fit.lmm")
    expected = nested.predict(new, new_levels="population")
    np.testing.assert_allclose(loaded.predict(new, new_levels="population"), expected)
