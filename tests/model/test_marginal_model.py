"""`lmm.marginal`: the n by n marginal model agrees with the fit."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

import lmm
from lmm.errors import UnsupportedError
from tests.model.test_profiled_criterion import MODELS, TABLE


@pytest.mark.parametrize("method", ["ml", "reml"])
@pytest.mark.parametrize("name", MODELS)
def test_both_ways_agree(name, method):
    formula, options = MODELS[name]
    fit = lmm.fit(formula, TABLE, method=method, **options)
    table = lmm.marginal(fit).agrees
    assert table.columns == ("quantity", "fit", "marginal", "difference")
    assert table["quantity"][:2].tolist() == ["log-likelihood", "beta Intercept"]
    assert np.all(table["difference"] <= 1e-8 * (1 + np.abs(table["fit"])))


def test_likelihood_is_the_normal_density():
    formula, options = MODELS["weighted slope"]
    slow = lmm.marginal(lmm.fit(formula, TABLE, method="ml", **options))
    density = multivariate_normal(slow.X @ slow.beta, slow.V)
    np.testing.assert_allclose(slow.loglik, density.logpdf(slow.y), rtol=1e-11)
    exact = slow.Z.toarray() @ slow.G.toarray() @ slow.Z.toarray().T + slow.R.toarray()
    np.testing.assert_allclose(slow.V, exact, atol=1e-12)


def test_it_prints_its_comparison():
    slow = lmm.marginal(lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff")))
    assert str(slow) == str(slow.agrees)
    assert "length of b, (1 | Batch)" in str(slow)


def test_many_rows_are_refused():
    rng = np.random.default_rng(1)
    table = {"y": rng.normal(size=5001), "g": rng.integers(0, 9, 5001).astype(str)}
    with pytest.raises(UnsupportedError, match=r"for n up to 5,000; this fit has n = 5,001"):
        lmm.marginal(lmm.fit("y ~ 1 + (1 | g)", table, theta=[0.5]))
