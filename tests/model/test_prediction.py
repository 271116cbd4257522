"""Point predictions and simulated responses."""

import numpy as np
import pytest

import lmm
from lmm.errors import DataError, LmmError

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
        expected = expected + fit.design.random[i].block.apply(fit.effects[i].ravel())
    np.testing.assert_allclose(fit.predict(new, random=random), expected)


def test_columns_of_terms_that_take_no_part_are_not_needed(fit):
    np.testing.assert_allclose(
        fit.predict({"x": TABLE["x"], "h": TABLE["h"]}, random="h"), fit.predict(random="h")
    )


def test_an_unknown_term_is_named(fit):
    with pytest.raises(
        LmmError, match=r"random= names 'G', which is no random term.*it has g, h, \(1 \| g\)"
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
        LmmError, match=r'new_levels= must be one of "error", "population", "sample", not \'zero\''
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


def test_predictions_that_cannot_be_estimated_are_missing():
    table = TABLE | {"twice": 2 * TABLE["x"]}
    fit = lmm.fit("y ~ x + twice + (1 | g)", table)
    predicted = fit.predict({"x": [1.0, 2.0, 3.0], "twice": [2.0, 4.0, 5.0]}, random=False)
    assert np.isnan(predicted).tolist() == [False, False, True]
    np.testing.assert_allclose(predicted[:2], fit.beta[0] + fit.beta[1] * np.array([1.0, 2.0]))


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
