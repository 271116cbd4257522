"""Simulate, fit, predict: intervals contain the truth as often as they say."""

import numpy as np
import pytest

import lmm

N_FITS = 500
LEVEL = 0.9
# Four standard errors of a proportion of so many.
TOLERANCE = 4 * np.sqrt(LEVEL * (1 - LEVEL) / N_FITS)

# Variances of groups that are well above their noise: with few degrees of freedom Satterthwaite is conservative.
BETA, THETA, SIGMA = [2.0, -1.0], [1.5, 0.2, 1.0], 1.5
G = np.repeat(np.arange(40), 5)
X = np.tile(np.linspace(-1, 1, 5), 40)
DATA = {"x": X, "g": np.array([f"g{j:02}" for j in G])}


@pytest.fixture(scope="module")
def hits():
    """Part of the fits whose intervals contain the truth, by what is predicted."""
    rng = np.random.default_rng(99)
    T = SIGMA * np.array([[THETA[0], 0.0], [THETA[1], THETA[2]]])
    at = {"x": [-1.0, 0.5], "g": ["g03", "g03"]}
    found = []
    template = None
    for _ in range(N_FITS):
        b = rng.normal(size=(41, 2)) @ T.T  # the last is that of a group that is not in the data
        y = BETA[0] + BETA[1] * X + b[G, 0] + b[G, 1] * X + SIGMA * rng.normal(size=200)
        template = lmm.fit("y ~ x + (x | g)", DATA | {"y": y}) if template is None else template
        fit = template.refit(y)
        x = np.array(at["x"])
        mean = BETA[0] + BETA[1] * x
        own, new = mean + b[3, 0] + b[3, 1] * x, mean + b[40, 0] + b[40, 1] * x
        drawn = SIGMA * rng.normal(size=2)
        other = {"x": at["x"], "g": ["new", "new"]}
        cases = {
            "mean of the population": (
                fit.predict(at, random=False, interval="confidence", level=LEVEL),
                mean,
            ),
            "mean of a group": (fit.predict(at, interval="confidence", level=LEVEL), own),
            "observation of a group": (fit.predict(at, interval="prediction", level=LEVEL), own + drawn),
            "mean of a new group": (
                fit.predict(other, interval="confidence", new_levels="sample", level=LEVEL),
                new,
            ),
            "observation of a new group": (
                fit.predict(other, interval="prediction", new_levels="sample", level=LEVEL),
                new + drawn,
            ),
        }
        found.append(
            {
                name: (table["conf_low"] < truth) & (truth < table["conf_high"])
                for name, (table, truth) in cases.items()
            }
        )
    return {name: np.mean([one[name] for one in found], axis=0) for name in found[0]}


@pytest.mark.slow
@pytest.mark.parametrize(
    "what",
    [
        "mean of the population",
        "mean of a group",
        "observation of a group",
        "mean of a new group",
        "observation of a new group",
    ],
)
def test_intervals_of_predictions_cover(hits, what):
    assert np.abs(hits[what] - LEVEL).max() < TOLERANCE, hits


@pytest.mark.slow
def test_simulated_responses_give_their_parameters_back():
    draws = lmm.simulate("~ x + (x | g)", DATA, beta=BETA, theta=THETA, sigma=SIGMA, n=N_FITS, seed=5)
    first = lmm.fit("y ~ x + (x | g)", DATA | {"y": draws[:, 0]})
    inside = np.zeros(2)
    for y in draws.T:
        table = lmm.coefficients(first.refit(y), level=LEVEL)
        inside += (table["conf_low"] < BETA) & (np.array(BETA) < table["conf_high"])
    assert np.abs(inside / N_FITS - LEVEL).max() < TOLERANCE
