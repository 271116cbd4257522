"""Simulate, fit, intervals: they contain the truth as often as they say."""

import numpy as np
import pytest

import lmm

N_FITS = 200
LEVEL = 0.9
GROUPS, ROWS = 40, 6
BETA, THETA, SIGMA = [2.0, -1.0], [1.2, 0.3, 0.8], 1.5
X = np.tile(np.linspace(-1, 1, ROWS), GROUPS)
DATA = {"x": X, "g": np.repeat([f"g{j:02}" for j in range(GROUPS)], ROWS)}


def truth():
    T = SIGMA * np.array([[THETA[0], 0.0], [THETA[1], THETA[2]]])
    G = T @ T.T
    sd = np.sqrt(np.diag(G))
    return np.array([*sd, G[1, 0] / sd.prod(), SIGMA, *BETA])


@pytest.fixture(scope="module")
def fits():
    Y = lmm.simulate("y ~ x + (x | g)", DATA, beta=BETA, theta=THETA, sigma=SIGMA, n=N_FITS, seed=4)
    first = lmm.fit("y ~ x + (x | g)", DATA | {"y": Y[:, 0]})
    return [first, *(first.refit(y) for y in Y.T[1:])]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "slack"),
    [
        ({"method": "profile"}, 0.0),
        ({"method": "wald"}, 0.01),
        ({"method": "bootstrap", "n": 200, "seed": 1}, 0.03),
    ],
    ids=["profile", "wald", "bootstrap"],
)
def test_intervals_cover(fits, options, slack):
    """Four standard errors of a proportion; asymptotic methods a little more."""
    values = truth()
    hits = []
    for fit in fits:
        table = fit.confint(level=LEVEL, **options)
        hits.append((table["conf_low"] < values) & (values < table["conf_high"]))
    tolerance = 4 * np.sqrt(LEVEL * (1 - LEVEL) / N_FITS) + slack
    assert np.mean(hits, axis=0) == pytest.approx(LEVEL, abs=tolerance)
