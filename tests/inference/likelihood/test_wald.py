"""Wald intervals against a closed form of a balanced layout."""

import numpy as np
from scipy.stats import norm, t

from lmm.inference.likelihood.parameters import select
from lmm.inference.likelihood.wald import wald_limits
from tests.inference.likelihood.one_way import fit


def test_sigma_of_a_balanced_layout():
    """σ² has 24 degrees of freedom of its own: Var(log σ) = 1 / (2 · 24)."""
    own = fit("reml")
    limits, _ = wald_limits(own, select(own, "sigma"), 0.9, "auto")
    wanted = own.sigma * np.exp(norm.ppf([0.05, 0.95]) / np.sqrt(48.0))
    np.testing.assert_allclose(limits[0], wanted, rtol=1e-6)


def test_the_mean_has_the_df_of_its_batches():
    own = fit("reml")
    limits, _ = wald_limits(own, select(own, "Intercept"), 0.95, "auto")
    wanted = own.beta[0] + t.ppf([0.025, 0.975], 5) * np.sqrt(own.vcov[0, 0])
    np.testing.assert_allclose(limits[0], wanted, rtol=1e-8)
