"""Conditional AIC: what it is made of, labels, and what does not go together."""

import numpy as np
import pytest
from scipy.stats import norm

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


def test_likelihood_given_random_effects(small):
    fit = lmm.fit("y ~ x + (1 | g)", small, weights="w")
    row = next(iter(fit.glance(kind="conditional")))
    expected = norm.logpdf(fit.y, fit.fitted, fit.sigma / np.sqrt(small["w"])).sum()
    assert row["loglik"] == pytest.approx(expected, abs=1e-10)
    assert row["df"] == pytest.approx(data_derivative(fit) + 1.0)
    assert row["aic"] == pytest.approx(-2.0 * row["loglik"] + 2.0 * row["df"])


def test_kinds_are_labelled(small):
    fits = [lmm.fit(f"y ~ {rest}", small) for rest in ("x + (1 | g)", "x + (x | g)", "s(z, k=6)")]
    table = lmm.compare(*fits, kind="conditional")
    assert table.columns == ("model", "edf", "df", "aic", "loglik")
    assert list(table["df"]) == sorted(table["df"])
    assert "Greven and Kneib" in table.notes[0]
    rows = {row["model"]: row for row in table}
    for fit in fits:
        own = next(iter(fit.glance(kind="conditional", correction="greven-kneib")))
        assert rows[fit.formula]["aic"] == pytest.approx(own["aic"])
    assert "Wood, Pya" in fits[2].glance(kind="conditional").notes[0]
    assert fits[0].glance()["aic"][0] == pytest.approx(fits[0].aic)


def test_corrections_agree_where_nothing_was_estimated(small):
    fit = lmm.fit("y ~ x + s(z, bs='cr', k=6, fx=TRUE)", small)
    wood, greven = (
        fit.glance(kind="conditional", correction=how)["df"][0] for how in ("wood", "greven-kneib")
    )
    assert wood == pytest.approx(greven) == pytest.approx(fit.n_fixed + 1)


def test_covariances_that_are_held_are_named(small):
    fit = lmm.fit("y ~ s(z, k=6) + (x | g)", small)
    assert "(x | g)" in fit.glance(kind="conditional", correction="wood").notes[0]
    assert "(x | g)" not in fit.glance(kind="conditional").notes[0]


def test_curves_for_each_level(small):
    fit = lmm.fit("y ~ s(z, g, bs='fs', k=4)", small)
    row = next(iter(fit.glance(kind="conditional")))
    assert fit.edf < row["df"] - 1.0 < fit.edf + 4.0


def test_cross_validation_counts_smoothing_parameters_as_known(small):
    fit = lmm.fit("y ~ s(z, k=6)", small, method="gcv")
    row = next(iter(fit.glance(kind="conditional")))
    assert row["df"] == pytest.approx(fit.edf + 1.0)
    assert len(lmm.compare(fit, lmm.fit("y ~ s(x, k=6)", small, method="gcv"), kind="conditional")) == 2
    with pytest.raises(lmm.LmmError, match='correction="wood"'):
        fit.glance(kind="conditional", correction="greven-kneib")


def test_what_does_not_go_together(small):
    fit = lmm.fit("y ~ x + (1 | g)", small)
    with pytest.raises(lmm.LmmError, match='belongs to kind="conditional"'):
        lmm.compare(fit, fit, correction="wood")
    with pytest.raises(lmm.LmmError, match='kind= must be "marginal" or "conditional"'):
        fit.glance(kind="both")
    moments = lmm.fit("y ~ x + (1 | g)", small, method="moments")
    with pytest.raises(lmm.LmmError, match="method of moments"):
        moments.glance(kind="conditional")
