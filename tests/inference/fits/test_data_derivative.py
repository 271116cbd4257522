"""The derivative of fitted values by the data against refits."""

import numpy as np
import pytest

import lmm
from lmm.inference.fits.data_derivative import data_derivative


@pytest.fixture(scope="module")
def small():
    """Sixty rows with an effect of groups, a slope, a curve."""
    rng = np.random.default_rng(8)
    n, g = 60, np.repeat(np.arange(6), 10)
    x, z = rng.uniform(size=n), rng.uniform(size=n)
    y = rng.normal(size=6)[g] + 2.0 * rng.normal(size=6)[g] * x + np.sin(6.0 * z) + 0.5 * rng.normal(size=n)
    return {"y": y, "x": x, "z": z, "g": [f"g{i}" for i in g], "w": rng.uniform(0.5, 2.0, n)}


def by_refits(fit):
    """Σ ∂ŷ_i/∂y_i by central differences of fits."""
    y, step, total = fit.y, 1e-3 * fit.sigma, 0.0
    for i in range(fit.n_obs):
        fitted = []
        for sign in (1.0, -1.0):
            moved = y.copy()
            moved[i] += sign * step
            fitted.append(fit.refit(moved).fitted[i])
        total += (fitted[0] - fitted[1]) / (2.0 * step)
    return total


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize(
    "formula",
    [
        "y ~ x + (1 | g)",
        "y ~ x + (x | g)",
        "y ~ s(z, bs='cr', k=6) + (1 | g)",
        "y ~ s(z, k=6)",
        "y ~ te(x, z, k=4) + (1 | g)",
    ],
)
def test_derivative_is_that_of_refits(small, formula, method):
    fit = lmm.fit(formula, small, method=method, weights="w", control={"progress": False})
    assert data_derivative(fit) == pytest.approx(by_refits(fit), abs=2e-5)


def test_variances_of_zero_do_not_move(small):
    rng = np.random.default_rng(1)
    data = {**small, "y": small["x"] + rng.normal(size=60), "h": [f"h{i % 7}" for i in range(60)]}
    fit = lmm.fit("y ~ x + (1 | g) + (1 | h)", data)
    assert fit.singular
    assert data_derivative(fit) == pytest.approx(by_refits(fit), abs=2e-5)


def test_held_parameters_do_not_move(small):
    fit = lmm.fit("y ~ x + (1 | g)", small, theta=[0.7])
    assert data_derivative(fit) == pytest.approx(fit.edf, abs=1e-12)
    assert data_derivative(lmm.fit("y ~ x", small)) == pytest.approx(2.0)
