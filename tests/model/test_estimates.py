"""The numbers of a fit fit together."""

import numpy as np
import pytest

import lmm
from lmm.errors import LmmError

RNG = np.random.default_rng(9)
N = 90
TABLE = {
    "y": RNG.normal(size=N) + RNG.normal(size=12)[np.arange(N) % 12],
    "x": RNG.normal(size=N),
    "f": np.resize(["a", "b", "c"], N),
    "g": np.array([f"g{j % 12:02}" for j in range(N)]),
    "h": RNG.integers(0, 7, N).astype(str),
    "w": RNG.uniform(0.5, 2.0, N),
    "z": RNG.normal(size=N),
}
KIN = 0.5 * np.eye(7) + 0.5
MODELS = {
    "slope": ("y ~ x + (x | g)", {}),
    "two terms": ("y ~ x + f + (x || g) + (1 | h)", {"weights": "w", "offset": "z"}),
    "known": (
        "y ~ x + (1 | g)",
        {"random": {"kin": lmm.block(np.eye(7)[TABLE["h"].astype(int)], covariance=KIN)}},
    ),
}


@pytest.fixture(params=[(name, method) for name in MODELS for method in ("reml", "ml")], ids="-".join)
def fit(request):
    name, method = request.param
    formula, options = MODELS[name]
    # Theta inside, so that nothing hides behind a zero.
    fit = lmm.fit(formula, TABLE, method=method, **options)
    return lmm.fit(formula, TABLE, method=method, theta=np.abs(fit.theta) + 0.3, **options)


def V_of(fit):
    """Covariance of y over sigma², the slow way."""
    ZL = fit.Z @ fit.Lambda
    w = np.ones(N) if fit.weights is None else fit.weights
    return (ZL @ ZL.T).toarray() + np.diag(1 / w)


def test_b_is_Lambda_u(fit):
    np.testing.assert_allclose(fit.b, fit.Lambda @ fit.u, atol=1e-12)


def test_fitted_and_residuals_add_up(fit):
    offset = 0 if fit.offset is None else fit.offset
    np.testing.assert_allclose(fit.fitted, fit.X @ fit.beta + fit.Z @ fit.b + offset)
    np.testing.assert_allclose(fit.fitted + fit.residuals(), TABLE["y"])
    w = np.ones(N) if fit.weights is None else TABLE["w"]
    np.testing.assert_allclose(fit.residuals("pearson"), np.sqrt(w) * fit.residuals())
    np.testing.assert_allclose(fit.residuals("scaled") * fit.sigma, fit.residuals("pearson"))


def test_beta_is_generalized_least_squares(fit):
    V = np.linalg.inv(V_of(fit))
    y = fit.y - (0 if fit.offset is None else fit.offset)
    C = np.linalg.inv(fit.X.T @ V @ fit.X)
    np.testing.assert_allclose(fit.beta, C @ fit.X.T @ V @ y, rtol=1e-8)
    np.testing.assert_allclose(fit.vcov, fit.sigma**2 * C, rtol=1e-8)
    sd = np.sqrt(np.diag(fit.vcov))
    np.testing.assert_allclose(fit.corr, fit.vcov / np.outer(sd, sd))


@pytest.mark.parametrize("pev", [False, True])
def test_conditional_covariances_are_those_of_the_joint_normal(fit, pev):
    V = np.linalg.inv(V_of(fit))
    P = V - V @ fit.X @ np.linalg.inv(fit.X.T @ V @ fit.X) @ fit.X.T @ V
    G = (fit.Lambda @ fit.Lambda.T).toarray()
    ZG = fit.Z @ G
    full = fit.sigma**2 * (G - ZG.T @ (P if pev else V) @ ZG)
    at = 0
    for C in fit.ranef_covariances(pev=pev):
        n_levels, k, _ = C.shape
        for j in range(n_levels):
            block = slice(at + j * k, at + (j + 1) * k)
            np.testing.assert_allclose(C[j], full[block, block], atol=1e-9)
        at += n_levels * k


def test_tables_of_random_effects_have_the_order_of_b(fit):
    table = fit.ranef(cond_var=True)
    np.testing.assert_array_equal(table["estimate"], fit.b)
    sd = np.concatenate([np.sqrt(np.diagonal(C, axis1=1, axis2=2)).ravel() for C in fit.ranef_covariances()])
    np.testing.assert_allclose(table["std_error"], sd)


def test_parameters_that_were_given_are_not_counted(fit):
    assert fit.n_parameters == fit.n_fixed + 1
    free = fit.update(theta=None)
    assert free.n_parameters == fit.n_fixed + len(fit.theta) + 1
    assert free.criterion <= fit.criterion


def test_arrays_of_a_fit_cannot_be_changed(fit):
    with pytest.raises(ValueError, match="read-only"):
        fit.beta[0] = 0
    with pytest.raises(AttributeError):
        fit.sigma = 1.0
    with pytest.raises(AttributeError):
        fit.note = "mine"


def test_varcorr_is_sigma_squared_S():
    fit = lmm.fit("y ~ x + (x | g) + (0 + f || h)", TABLE, theta=[0.8, -0.3, 0.5, 0.2, 0.0, 0.4])
    table = fit.varcorr
    assert table.columns == ("group", "term", "term_2", "vcov", "sdcor")
    assert table["group"].tolist() == ["g"] * 3 + ["h"] * 3 + ["Residual"]
    assert table["term"].tolist() == ["Intercept", "x", "Intercept", "f[a]", "f[b]", "f[c]", None]
    assert table["term_2"].tolist() == [None, None, "x", None, None, None, None]
    S = np.array([0.64, 0.34, -0.24, 0.04, 0.0, 0.16, 1.0])
    np.testing.assert_allclose(table["vcov"], fit.sigma**2 * S)
    expected = fit.sigma * np.sqrt(np.where(S > 0, S, 0))
    expected[2] = -0.24 / np.sqrt(0.64 * 0.34)
    np.testing.assert_allclose(table["sdcor"], expected)


def test_a_correlation_with_nothing_is_missing():
    table = lmm.fit("y ~ x + (x | g)", TABLE, theta=[0.8, 0.0, 0.0]).varcorr
    assert np.isnan(table["sdcor"][2])
    assert table["vcov"][2] == 0.0


def test_coef_joins_the_terms_of_one_factor():
    fit = lmm.fit("y ~ x + (1 | g) + (0 + x | g) + (0 + z | g)", TABLE, theta=[0.5, 0.4, 0.3])
    table = fit.coef()
    assert table["term"][:3].tolist() == ["Intercept", "x", "z"]
    assert table["level"][::3].tolist() == [f"g{j:02}" for j in range(12)]
    b = fit.b.reshape(3, 12)
    expected = np.column_stack([fit.beta[0] + b[0], fit.beta[1] + b[1], b[2]])
    np.testing.assert_allclose(table["estimate"], expected.ravel())


def test_aliased_columns_are_missing_in_fixef_and_absent_in_beta():
    table = TABLE | {"twice": 2 * TABLE["x"]}
    fit = lmm.fit("y ~ x + twice + f + (1 | g)", table)
    assert fit.fixef["term"].tolist() == ["Intercept", "x", "twice", "f[T.b]", "f[T.c]"]
    assert np.isnan(fit.fixef["estimate"]).tolist() == [False, False, True, False, False]
    assert np.isnan(fit.fixef["std_error"][2])
    assert fit.beta.shape == (4,)
    assert fit.X.shape == (N, 4)
    assert fit.dropped_columns == ("twice",)
    assert any("twice" in note for note in fit.notes)
    without = lmm.fit("y ~ x + f + (1 | g)", table)
    np.testing.assert_allclose(fit.beta, without.beta)
    assert fit.df_residual == without.df_residual == N - 4


def test_rows_left_out_are_counted():
    table = TABLE | {
        "x": np.where(np.arange(N) < 3, np.nan, TABLE["x"]),
        "w": np.where(np.arange(N) > 87, 0, 1.0),
    }
    fit = lmm.fit("y ~ x + (1 | g)", table, weights="w")
    assert (fit.n_obs, fit.n_dropped_missing, fit.n_dropped_weight) == (N - 5, 3, 2)
    assert fit.model_frame["x"].shape == (N - 5,)
    assert fit.model_frame["g"][0] == "g03"


def test_weights_of_two_halve_the_error_variance():
    half = lmm.fit("y ~ x + (1 | g)", TABLE, weights=np.full(N, 2.0))
    plain = lmm.fit("y ~ x + (1 | g)", TABLE)
    np.testing.assert_allclose(half.sigma**2, 2 * plain.sigma**2, rtol=1e-6)
    np.testing.assert_allclose(half.criterion, plain.criterion, rtol=1e-10)
    np.testing.assert_allclose(half.varcorr["vcov"][0], plain.varcorr["vcov"][0], rtol=1e-4)


def test_an_offset_is_a_shifted_response():
    moved = lmm.fit("y ~ x + offset(z) + (1 | g)", TABLE, offset=TABLE["w"])
    plain = lmm.fit("y ~ x + (1 | g)", TABLE | {"y": TABLE["y"] - TABLE["z"] - TABLE["w"]})
    np.testing.assert_allclose(moved.beta, plain.beta, rtol=1e-9)
    np.testing.assert_allclose(moved.residuals(), plain.residuals(), atol=1e-9)
    np.testing.assert_allclose(moved.fitted, plain.fitted + TABLE["z"] + TABLE["w"])


def test_there_are_three_kinds_of_residuals():
    fit = lmm.fit("y ~ x", TABLE)
    with pytest.raises(
        LmmError, match=r"kind= must be one of .*; it is 'pearsen'.*Did you mean \"pearson\"\?"
    ):
        fit.residuals("pearsen")


def test_only_one_standard_error_at_a_time():
    with pytest.raises(LmmError, match=r"not both"):
        lmm.fit("y ~ x + (1 | g)", TABLE).ranef(cond_var=True, pev=True)


def test_the_trace_leads_to_the_optimum():
    fit = lmm.fit("y ~ x + (x | g)", TABLE)
    trace = fit.trace
    assert trace.columns == (
        "iteration", "g.Intercept", "g.x.Intercept", "g.x", "sigma", "criterion", "step", "decrement",
    )  # fmt: skip
    np.testing.assert_allclose(trace["criterion"][-1], fit.criterion, rtol=1e-10)
    np.testing.assert_allclose(trace["sigma"][-1], fit.sigma, rtol=1e-5)
    assert (np.diff(trace["criterion"]) <= 1e-9).all()
    assert len(trace) == fit.certificate.n_iterations + 1


def test_the_short_print_says_what_was_fitted(fit):
    text = repr(fit)
    assert text.startswith("Linear mixed model fit by ")
    assert f"Formula: {fit.formula}" in text
    assert f"{fit.criterion:.4f}" in text
    assert "Observations: 90; levels: g 12" in text


def test_the_short_print_escapes_what_the_user_typed():
    table = {"y": TABLE["y"], "<b>": TABLE["x"], "g": TABLE["g"]}
    html = lmm.fit("y ~ `<b>` + (1 | g)", table)._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
