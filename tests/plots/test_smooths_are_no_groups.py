"""No table or picture of a fit lists a smooth term as a grouping factor."""

import numpy as np
import pytest

import lmm

RNG = np.random.default_rng(4)
N = 120
X = RNG.uniform(0, 1, N)
Z = RNG.uniform(0, 1, N)
G = np.repeat([f"g{i}" for i in range(12)], 10)
DATA = {
    "x": X,
    "z": Z,
    "t": np.array(["a", "b", "c"])[np.arange(N) % 3],
    "g": G,
    "y": np.sin(6 * X) + Z + np.repeat(RNG.normal(size=12), 10) + 0.3 * RNG.normal(size=N),
}
TERMS = [
    "s(x)",
    "s(x, bs='cr') + s(z, bs='ps')",
    "t + s(x, by=t)",
    "te(x, z, k=4)",
    "s(x, t, bs='fs', k=5)",
    "s(x, bs='ad', k=12)",
    "s(x, z, bs='tp', k=15)",
]


@pytest.fixture(scope="module", params=TERMS)
def fit(request):
    return lmm.fit(f"y ~ {request.param} + (1 | g)", DATA)


def test_effects_are_those_of_the_bar(fit):
    effects = fit.ranef()
    assert set(effects["group"]) == {"g"}
    assert sorted(effects["level"]) == sorted(set(G))


def test_variances_are_those_of_the_bar(fit):
    assert set(fit.varcorr["group"]) == {"g", "Residual"}


def test_levels_are_those_of_the_bar(fit):
    assert dict(fit.n_levels) == {"g": 12}


def test_predictions_without_bars_keep_the_curves(fit):
    effects = fit.ranef()
    of_group = dict(zip(effects["level"], effects["estimate"], strict=True))
    without = np.asarray(fit.predict(DATA, random=False))
    shift = np.array([of_group[level] for level in G])
    np.testing.assert_allclose(without + shift, fit.fitted, rtol=0, atol=1e-8)


def test_caterpillar_shows_the_bar_only(fit):
    labels = " ".join(axes.get_title() + axes.get_ylabel() for axes in fit.plot("caterpillar").axes)
    assert "s(" not in labels
    assert "te(" not in labels


def test_intraclass_correlations_are_those_of_the_bar(fit):
    assert list(fit.icc()["group"]) == ["g"]
