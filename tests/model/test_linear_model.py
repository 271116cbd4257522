"""Without random terms: the general linear model, exact."""

import numpy as np
import pytest
from scipy.stats import norm

import lmm

RNG = np.random.default_rng(3)
N = 25
TABLE = {
    "y": RNG.normal(size=N),
    "x": RNG.normal(size=N),
    "f": np.resize(["a", "b", "c"], N),
    "w": RNG.uniform(0.5, 2.0, N),
    "z": RNG.normal(size=N),
}


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("options", [{}, {"weights": "w"}, {"offset": "z"}])
def test_it_is_weighted_least_squares(method, options):
    fit = lmm.fit("y ~ x + f", TABLE, method=method, **options)
    w = TABLE["w"] if "weights" in options else np.ones(N)
    y = TABLE["y"] - (TABLE["z"] if "offset" in options else 0)
    root = np.sqrt(w)
    beta, (rss,), rank, _ = np.linalg.lstsq(root[:, None] * fit.X, root * y, rcond=None)
    m = N - rank if method == "reml" else N
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-9)
    np.testing.assert_allclose(fit.sigma**2, rss / m, rtol=1e-10)
    np.testing.assert_allclose(fit.vcov, rss / m * np.linalg.inv(fit.X.T @ (w[:, None] * fit.X)), rtol=1e-9)
    assert (fit.df_residual, fit.n_fixed, fit.n_parameters) == (N - 4, 4, 5)
    assert fit.converged
    assert not fit.singular


def test_likelihood_is_the_normal_density():
    fit = lmm.fit("y ~ x", TABLE, method="ml", weights="w")
    density = norm.logpdf(TABLE["y"], fit.fitted, fit.sigma / np.sqrt(TABLE["w"]))
    np.testing.assert_allclose(fit.loglik, density.sum(), rtol=1e-12)
    np.testing.assert_allclose(fit.aic, -2 * density.sum() + 2 * 3, rtol=1e-12)
    np.testing.assert_allclose(fit.bic, -2 * density.sum() + 3 * np.log(N), rtol=1e-12)


def test_restricted_likelihood_is_that_of_the_residual_contrasts():
    # K'y with K orthonormal to X has no mean; its density differs from lme4's convention by log|X'X|.
    fit = lmm.fit("y ~ x + f", TABLE)
    K = np.linalg.svd(fit.X)[0][:, 4:]
    contrasts = norm.logpdf(K.T @ TABLE["y"], 0, fit.sigma).sum()
    np.testing.assert_allclose(
        fit.loglik, contrasts - 0.5 * np.linalg.slogdet(fit.X.T @ fit.X)[1], rtol=1e-12
    )


def test_what_belongs_to_random_terms_is_empty():
    fit = lmm.fit("y ~ x", TABLE)
    assert fit.theta.shape == fit.b.shape == fit.u.shape == (0,)
    assert (fit.Z.shape, fit.Lambda.shape) == ((N, 0), (0, 0))
    assert len(fit.ranef()) == len(fit.coef()) == 0
    assert fit.ranef(cond_var=True).columns == ("group", "level", "term", "estimate", "std_error")
    assert fit.n_levels == {}
    assert fit.varcorr["group"].tolist() == ["Residual"]
    assert fit.trace.columns == ("iteration", "sigma", "criterion", "step", "decrement")
    assert "Linear model fit by REML" in repr(fit)
