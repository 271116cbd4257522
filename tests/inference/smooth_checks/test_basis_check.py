"""Checks of smooth terms: what they mean, and what bad input gets."""

import numpy as np
import pytest

import lmm


@pytest.fixture(scope="module")
def waves():
    rng = np.random.default_rng(1)
    x = rng.uniform(size=300)
    return {"x": x, "z": rng.uniform(size=300), "y": np.sin(25.0 * x) + 0.2 * rng.normal(size=300)}


def test_a_basis_that_is_too_small(waves):
    small = lmm.check_basis(lmm.fit("y ~ s(x, k=5)", waves), seed=1)
    assert small["k_index"][0] < 0.6
    assert small["p_value"][0] == pytest.approx(1 / 401)
    assert any("s(x) may be too small" in note for note in small.notes)
    large = lmm.check_basis(lmm.fit("y ~ s(x, k=30)", waves), seed=1)
    assert large["p_value"][0] > 0.1
    assert len(large.notes) == 1


def test_rows_and_weights():
    """Equal to the index of the residuals, weighted, in the order of the covariate."""
    rng = np.random.default_rng(3)
    x, w = rng.uniform(size=60), rng.uniform(0.5, 2.0, 60)
    fit = lmm.fit("y ~ s(x, k=6)", {"x": x, "y": rng.normal(size=60)}, weights=w)
    e = (np.sqrt(w) * (fit.y - fit.fitted))[np.argsort(x)]
    expected = np.mean(np.diff(e) ** 2) / 2.0 / np.mean(e**2)
    assert lmm.check_basis(fit)["k_index"][0] == pytest.approx(expected, abs=1e-14)


def test_many_rows_are_looked_at_in_part(waves):
    fit = lmm.fit("y ~ s(x, k=12)", waves)
    one, again = (fit.check_basis(n_rows=100, n_draws=50, seed=4) for _ in range(2))
    assert one["k_index"][0] == again["k_index"][0]
    assert any("100 of 300 rows" in note for note in one.notes)


def test_points_that_are_the_same():
    """A point is not its own neighbour, however many others lie on it."""
    rng = np.random.default_rng(0)
    x, z = (rng.integers(0, 4, 200).astype(float) for _ in range(2))
    fit = lmm.fit("y ~ te(x, z, k=3)", {"x": x, "z": z, "y": rng.normal(size=200)})
    assert 0.7 < fit.check_basis(n_draws=20)["k_index"][0] < 1.3


@pytest.mark.parametrize("verb", ["check_basis", "concurvity"])
def test_fits_without_smooth_terms(verb):
    fit = lmm.fit("Reaction ~ Days + (1 | Subject)", lmm.datasets.load("sleepstudy"))
    with pytest.raises(lmm.LmmError, match="no smooth terms"):
        getattr(fit, verb)()


def test_bad_arguments(waves):
    fit = lmm.fit("y ~ s(x, k=5)", waves)
    with pytest.raises(lmm.LmmError, match="n_draws= must be a whole number"):
        fit.check_basis(n_draws=0)
    with pytest.raises(lmm.LmmError, match="full= must be True or False"):
        fit.concurvity(full=1)
