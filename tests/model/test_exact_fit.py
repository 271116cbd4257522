"""A model that reproduces the response has no fit: its criterion falls without bound."""

from __future__ import annotations

import numpy as np
import pytest

import lmm
from lmm.errors import DesignError

FORMULAS = (
    "y ~ 1 + (1 | g/h)",
    "y ~ x + (1 | g/h)",
    "y ~ 1 + (1 | g) + (1 | gh)",
    "y ~ 1 + (1 | gh)",
    "y ~ 1 + (x | gh)",
    "y ~ 1 + (1 | g/h) + (1 | c)",
    "y ~ x + (x | g) + (1 | gh)",
    "y ~ 1 + (1 | g:h) + (1 | c)",
)


def nested(seed):
    """A response constant in cells, of any size, rounded or with noise of 1e-9 of its spread, far from zero or not."""
    rng = np.random.default_rng([seed, 9])
    n_groups, n_cells, n_rows = rng.integers(2, 9), rng.integers(2, 5), rng.integers(3, 8)
    g = np.repeat(np.arange(n_groups), n_cells * n_rows)
    h = np.tile(np.repeat(np.arange(n_cells), n_rows), n_groups)
    effects = rng.normal(size=(n_groups, n_cells)) * 10.0 ** rng.uniform(-3, 6)
    y = (effects + rng.choice([0.0, 1.0, 1e3]) * rng.normal(size=(n_groups, 1)))[g, h]
    if seed % 3 == 1:
        y = np.round(y, 2) + g
    if seed % 3 == 2:
        y = y + 1e-9 * y.std() * rng.normal(size=y.size)
    if seed % 5 == 0:
        y = y + 100 * y.std()
    return {
        "y": y,
        "g": g,
        "h": h,
        "gh": 10 * g + h,
        "x": rng.normal(size=y.size),
        "c": rng.integers(0, 4, y.size),
    }


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_a_response_constant_in_cells(seed, method):
    with pytest.raises(DesignError, match=r"reproduces the response exactly"):
        lmm.fit(FORMULAS[seed % len(FORMULAS)], nested(seed), method=method)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_a_response_that_is_a_sum_of_crossed_effects(seed, method):
    rng = np.random.default_rng([seed, 10])
    a, b = rng.integers(0, 6, 60), rng.integers(0, 5, 60)
    y = rng.normal(size=6)[a] + 10.0 ** rng.uniform(-2, 2) * rng.normal(size=5)[b]
    with pytest.raises(DesignError, match=r"by the random effects of \(1 \| a\), \(1 \| b\)"):
        lmm.fit("y ~ 1 + (1 | a) + (1 | b)", {"y": y, "a": a, "b": b}, method=method)


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_the_smallest_case(method):
    g = np.repeat(np.arange(5), 4)
    with pytest.raises(DesignError, match=r"does not vary within the levels of g\."):
        lmm.fit("y ~ 1 + (1 | g)", {"y": 2.0 * g, "g": g}, method=method)


@pytest.mark.parametrize("noise", [1e-6, 1e-4, 1e-2])
def test_noise_that_can_be_seen_is_a_fit(noise):
    """A balanced one-way layout: sigma is the root of the mean square within groups, whatever its size."""
    rng = np.random.default_rng(3)
    effects, errors = rng.normal(size=(8, 1)), noise * rng.normal(size=(8, 5))
    y = effects + errors
    fit = lmm.fit("y ~ 1 + (1 | g)", {"y": y.ravel(), "g": np.repeat(np.arange(8), 5)})
    within = np.sum(np.square(y - y.mean(axis=1, keepdims=True))) / 32
    assert fit.converged
    assert fit.sigma == pytest.approx(np.sqrt(within), rel=1e-6)


def test_weights_do_not_hide_the_residuals():
    """Rows with heavy weights are followed almost exactly, light ones are not: that is a fit."""
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(6), 4)
    y = rng.normal(size=6)[g] + rng.normal(size=24)
    weights = np.where(np.arange(24) % 4 == 0, 1e8, 1e-8)
    fit = lmm.fit("y ~ 1 + (1 | g)", {"y": y, "g": g}, weights=weights)
    assert np.isfinite(fit.criterion)
