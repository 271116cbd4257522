"""AIC, log-likelihoods and corrected degrees of freedom of mgcv's gam, in all stored cases."""

import pytest

import lmm
from tests.reference.test_star import GAM, NAMES, fitted, stored

CASES = [
    (name, case, key)
    for name, (case, key, _, formula, _) in zip(NAMES, GAM, strict=True)
    if "|" not in formula and case != "o02"
]


@pytest.mark.parametrize(("name", "case", "key"), CASES, ids=[name for name, *_ in CASES])
def test_conditional_aic(name, case, key):
    there = stored(case, key)
    row = next(iter(lmm.glance(fitted(name), kind="conditional", correction="wood")))
    # edf of the better optimum (ts) is good to what its flat criterion leaves.
    tolerance = 1e-4 if "ts_better" in key or key in ("sz", "s_plus_s2", "gp20_REML") else 2e-5
    assert row["df"] == pytest.approx(there["logLik_df"], abs=tolerance)
    assert row["edf"] == pytest.approx(there["edf_total"], rel=2e-5)
    assert row["loglik"] == pytest.approx(there["logLik"], abs=1e-4)
    assert row["aic"] == pytest.approx(there["AIC"], abs=3e-4)
