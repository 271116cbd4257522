"""Exact tests of one variance: closed forms, the spectrum, draws against refits."""

import numpy as np
import pytest
from scipy.stats import f, kstest

import lmm
from lmm.inference.fits.variants import with_random
from lmm.inference.random_terms.exact_tests import _held, _unit
from lmm.inference.random_terms.null_spectrum import null_spectrum
from lmm.inference.random_terms.reductions import reductions
from lmm.inference.random_terms.simulated_ratio import Spectrum, draw_ratios
from lmm.inference.random_terms.smooth_reductions import smooth_reductions
from lmm.inference.resampling.ratio import refitted_criteria

A, R = 6, 5  # levels and rows of each


@pytest.fixture(scope="module")
def one_way():
    rng = np.random.default_rng(3)
    return {"y": rng.normal(size=A * R), "g": np.repeat([f"g{i}" for i in range(A)], R)}


def spectrum_of(fit, label=None):
    """Spectrum of the only reduction, or of one by its label."""
    found = [*reductions(fit, True), *smooth_reductions(fit, True)]
    (reduction,) = found if label is None else [each for each in found if each.label == label]
    small = with_random(fit, reduction.random(fit), reduction.columns)
    held = _held(fit, reduction, small)
    units = [np.zeros_like(T) for T in held]
    units[reduction.position] = _unit(fit, reduction)
    return null_spectrum(fit, small, units, held), small


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_balanced_groups_have_one_eigenvalue(one_way, method):
    spectrum, _ = spectrum_of(lmm.fit("y ~ 1 + (1 | g)", one_way, method=method))
    # The unit of a variance is that of the columns of Z: for g its dummies.
    assert np.sort(spectrum.mu) == pytest.approx([0.0, *[R] * (A - 1)], abs=1e-12)
    assert (spectrum.n_free, spectrum.n_counted) == (A * R - 1, A * R - (method == "reml"))
    if method == "ml":
        assert spectrum.xi == pytest.approx(np.full(A, R))


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_ratio_of_zero_in_balanced_groups(method):
    """The variance is zero where F is below 1, by maximum likelihood below a/(a - 1): closed form."""
    mu, n = np.repeat(float(R), A - 1), A * R
    reml = Spectrum(mu, mu, n - 1, n - 1)
    ml = Spectrum(mu, np.repeat(float(R), A), n - 1, n)
    ratios = draw_ratios(reml if method == "reml" else ml, 40_000, np.random.default_rng(1))
    expected = f.cdf(1.0 if method == "reml" else A / (A - 1), A - 1, n - A)
    assert np.mean(ratios == 0.0) == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 40_000))


def ratio_of(F, m):
    """RLRT of balanced groups as a function of F, for m = n - 1."""
    within, between = A * (R - 1), (A - 1) * np.maximum(F, 1.0)
    return (
        m * np.log((between + within) / m)
        - within * np.log(within / within)
        - (A - 1) * np.log(between / (A - 1))
    )


def test_the_test_of_balanced_groups_is_the_f_test():
    """The ratio rises with F, so that its p-value is that of F; with F's law the whole distribution is known."""
    mu, n = np.repeat(float(R), A - 1), A * R
    ratios = draw_ratios(Spectrum(mu, mu, n - 1, n - 1), 40_000, np.random.default_rng(2))
    F = f.ppf((np.arange(200_000) + 0.5) / 200_000, A - 1, n - A)
    closed = np.sort(ratio_of(F, n - 1))
    at = np.quantile(closed, [0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999])
    expected = 1.0 - np.searchsorted(closed, at) / len(closed)
    for value, p in zip(at, expected, strict=True):
        assert np.mean(ratios >= value) == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / 40_000))


def test_dyestuff_is_its_f_test():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    row = list(lmm.random_anova(fit, test="exact", n_draws=100_000, seed=3))[1]
    exact = f.sf(4.5983, 5, 24)
    assert row["p_value"] == pytest.approx(exact, abs=4 * np.sqrt(exact / 100_000))


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_draws_are_what_refits_give(one_way, method):
    """The spectral formula against refits of both models to responses without any effect of the group."""
    fit = lmm.fit("y ~ 1 + (1 | g)", one_way, method=method)
    spectrum, small = spectrum_of(fit)
    responses = small.simulate(4_000, seed=5)
    refits = np.maximum(refitted_criteria(small, responses) - refitted_criteria(fit, responses), 0.0)
    draws = draw_ratios(spectrum, 20_000, np.random.default_rng(6))
    assert np.mean(refits < 1e-7) == pytest.approx(np.mean(draws == 0.0), abs=0.035)
    above, others = refits[refits > 1e-4], draws[draws > 1e-4]
    assert kstest(above, others).pvalue > 1e-3


@pytest.mark.parametrize("label", ["s(x)", "(1 | g)"])
def test_draws_beside_another_variance(label):
    """Holding the other variance at its estimate keeps the size of the test."""
    rng = np.random.default_rng(11)
    g = np.repeat(np.arange(15), 4)
    x = rng.uniform(size=15)[g] + 0.1 * rng.uniform(size=60)
    data = {"y": x + rng.normal(size=15)[g] + rng.normal(size=60), "x": x, "g": [f"g{i:02}" for i in g]}
    fit = lmm.fit("y ~ s(x, bs='cr', k=8) + (1 | g)", data)
    spectrum, small = spectrum_of(fit, label)
    responses = small.simulate(2_000, seed=7)
    refits = np.maximum(refitted_criteria(small, responses) - refitted_criteria(fit, responses), 0.0)
    draws = draw_ratios(spectrum, 20_000, np.random.default_rng(8))
    assert np.mean(refits >= np.quantile(draws, 0.95)) == pytest.approx(0.05, abs=0.02)


def dense_spectrum(fit, small, K):
    """μ by V⁻¹ of the smaller fit, row by row."""
    W = np.ones(fit.n_obs) if fit.weights is None else fit.weights
    ZL = (small.Z @ small.Lambda).toarray()
    V = np.diag(1.0 / W) + ZL @ ZL.T
    inverse = np.linalg.inv(V)
    X = fit.X
    P = inverse - inverse @ X @ np.linalg.solve(X.T @ inverse @ X, X.T @ inverse)
    return np.sort(np.linalg.eigvalsh(K.T @ P @ K)), np.sort(np.linalg.eigvalsh(K.T @ inverse @ K))


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize(
    ("random", "label"),
    [
        ("(x || g)", "x in (x || g)"),
        ("(x || g)", "Intercept in (x || g)"),
        ("(1 | g) + s(z, k=6)", "s(z)"),
        ("(1 | g) + (1 | h) + s(z, k=6)", "(1 | h)"),
        ("s(z, g, bs='fs', k=5)", "s(z,g).line"),
    ],
)
def test_spectrum_against_dense_matrices(method, random, label):
    rng = np.random.default_rng(2)
    n = 60
    g = rng.integers(0, 6, n)
    data = {"x": rng.normal(size=n), "z": rng.uniform(size=n), "w": rng.uniform(0.5, 2.0, n)}
    data["y"] = data["x"] + rng.normal(size=6)[g] * (1 + data["x"]) + rng.normal(size=n)
    data |= {"g": [f"g{i}" for i in g], "h": [f"h{i}" for i in rng.integers(0, 5, n)]}
    fit = lmm.fit(f"y ~ x + {random}", data, weights="w", method=method)
    spectrum, small = spectrum_of(fit, label)
    reduction = next(
        each for each in [*reductions(fit, True), *smooth_reductions(fit, True)] if each.label == label
    )
    block = fit.internals.design.random[reduction.position].block
    unit = _unit(fit, reduction)
    K = (block.to_dense().reshape(n, block.n_levels, -1) @ unit).reshape(n, -1)
    K = K[:, K.any(axis=0)]
    mu, xi = dense_spectrum(fit, small, K)
    size = max(mu.max(), xi.max())
    assert np.sort(spectrum.mu)[-len(mu) :] == pytest.approx(mu, abs=1e-9 * size)
    if method == "ml":
        assert np.sort(spectrum.xi)[-len(xi) :] == pytest.approx(xi, abs=1e-9 * size)


def test_a_known_covariance():
    """The unit of the variance of a block with a known covariance is that of its effective columns."""
    rng = np.random.default_rng(4)
    n, q = 40, 8
    g = rng.integers(0, q, n)
    root = np.tril(rng.uniform(0.2, 1.0, (q, q)))
    block = lmm.block(np.eye(q)[g], covariance=root @ root.T)
    fit = lmm.fit("y ~ 1", {"y": rng.normal(size=n)}, random={"known": block})
    spectrum, small = spectrum_of(fit)
    mu, _ = dense_spectrum(fit, small, np.eye(q)[g] @ root)
    assert np.sort(spectrum.mu) == pytest.approx(mu, abs=1e-9 * mu.max())


def test_curve_as_a_whole():
    rng = np.random.default_rng(0)
    data = {"x": np.linspace(0.0, 1.0, 60), "y": rng.normal(size=60)}
    fit = lmm.fit("y ~ s(x, k=6)", data, method="ml")
    row = list(lmm.random_anova(fit, test="exact", reduce=False, seed=1))[1]
    none = lmm.fit("y ~ 1", data, method="ml")
    assert row["lrt"] == pytest.approx(none.criterion - fit.criterion, abs=1e-6)
    assert (row["term"], row["df"]) == ("s(x)", 2)
    with pytest.raises(lmm.LmmError, match=r's\(x\) has fixed columns.*method="ml"'):
        lmm.random_anova(lmm.fit("y ~ s(x, k=6)", data), test="exact", reduce=False)


def test_same_seed_same_p_values_and_notes():
    fit = lmm.fit("Reaction ~ s(Days, k=5) + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    table = lmm.random_anova(fit, test="exact", n_draws=500, seed=9)
    again = lmm.random_anova(fit, test="exact", n_draws=500, seed=9)
    assert np.array_equal(table["p_value"], again["p_value"], equal_nan=True)
    assert list(table["term"]) == ["<none>", "Days in (Days | Subject)", "s(Days)"]
    assert np.isnan(table["p_value"][1])
    text = " ".join(table.notes)
    assert "500 draws" in text
    assert "Greven et al. 2008" in text
    assert "Missing for Days in (Days | Subject)" in text


def test_several_smoothing_parameters_have_no_exact_test():
    rng = np.random.default_rng(0)
    data = {name: rng.uniform(size=80) for name in ("x", "z", "y")}
    fit = lmm.fit("y ~ te(x, z, k=4)", data)
    table = lmm.random_anova(fit, test="exact", n_draws=100, seed=1)
    assert list(table["term"]) == ["<none>", "te(x,z)"]
    assert np.isnan(table["p_value"][1])
    assert any("te(x,z)" in note and "bootstrap_test" in note for note in table.notes)


def test_held_smoothing_parameters_stay():
    rng = np.random.default_rng(0)
    data = {"x": rng.uniform(size=80), "z": rng.uniform(size=80), "y": rng.normal(size=80)}
    fit = lmm.fit("y ~ s(x, sp=c(NA, 2), select=TRUE) + s(z, sp=3)", data)
    table = lmm.random_anova(fit, test="exact", n_draws=100, seed=1)
    assert list(table["term"]) == ["<none>", "s(x)"]
    small = lmm.fit("y ~ s(x, sp=c(1e20, 2), select=TRUE) + s(z, sp=3)", data)
    assert table["loglik"][1] == pytest.approx(small.loglik, abs=1e-5)


def test_what_does_not_go_together():
    data = lmm.datasets.load("sleepstudy")
    fit = lmm.fit("Reaction ~ Days + (1 | Subject)", data)
    with pytest.raises(lmm.LmmError, match='belong to test="exact"'):
        lmm.random_anova(fit, seed=1)
    with pytest.raises(lmm.LmmError, match='test= must be "mixture" or "exact"'):
        lmm.random_anova(fit, test="exakt")
    with pytest.raises(lmm.LmmError, match="n_draws= must be a whole number"):
        lmm.random_anova(fit, test="exact", n_draws=0)
    smooth = lmm.fit("Reaction ~ s(Days, k=5)", data)
    with pytest.raises(lmm.LmmError, match='smooth terms are tested by test="exact"'):
        lmm.random_anova(smooth)
    held = lmm.fit("Reaction ~ s(Days, k=5)", data, theta=[0.5])
    with pytest.raises(lmm.LmmError, match="theta="):
        lmm.random_anova(held, test="exact")
