"""Fits with smooth terms: kept apart from random effects, saved, changed, predicted; and what bad input gets."""

import numpy as np
import pandas as pd
import pytest

import lmm
from lmm.errors import DataError, DesignError, FormulaError, LmmError, UnsupportedError

RNG = np.random.default_rng(5)
N = 120
X = np.sort(RNG.uniform(0.0, 10.0, N))
TABLE = {
    "x": X,
    "v": RNG.normal(size=N),
    "f": RNG.choice(["a", "b", "c"], N),
    "g": RNG.integers(1, 13, N).astype(str),
    "w": RNG.uniform(0.5, 2.0, N),
}
TABLE["y"] = (
    np.sin(X)
    + 0.3 * TABLE["v"]
    + RNG.normal(size=13)[TABLE["g"].astype(int)]
    + 0.4 * RNG.normal(size=N) / np.sqrt(TABLE["w"])
)
FORMULA = "y ~ v + s(x, bs='cr', k=8) + (1 | g)"


@pytest.fixture(scope="module")
def fit():
    return lmm.fit(FORMULA, TABLE)


def test_a_smooth_term_is_kept_apart_from_random_effects(fit):
    assert fit.n_levels == {"g": 12}
    assert set(fit.varcorr["group"]) == {"g", "Residual"}
    assert set(fit.ranef()["group"]) == {"g"}
    assert set(fit.coef()["group"]) == {"g"}
    assert list(fit.coefficients()["term"]) == ["Intercept", "v"]
    assert fit.theta_names == ("g.Intercept", "s(x)")
    assert list(lmm.random_anova(fit)["term"]) == ["<none>", "(1 | g)"]


def test_the_dense_twin_agrees(fit):
    for part, b in zip(fit.internals.design.random, fit.effects, strict=True):
        assert part.block.n_effects == b.size
    Z, X_ = fit.Z.toarray(), fit.X
    V = Z @ fit.Lambda.toarray() @ fit.Lambda.toarray().T @ Z.T + np.eye(N)
    inverse = np.linalg.inv(V)
    beta = np.linalg.solve(X_.T @ inverse @ X_, X_.T @ inverse @ fit.y)
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-9)
    r = fit.y - X_ @ beta
    m = N - X_.shape[1]
    reml = np.linalg.slogdet(V)[1] + np.linalg.slogdet(X_.T @ inverse @ X_)[1]
    reml += m * (1 + np.log(2 * np.pi * r @ inverse @ r / m))
    assert fit.criterion == pytest.approx(reml, rel=1e-10)


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_edf_and_tests_follow_from_dense_matrices(method, weights):
    fit = lmm.fit(FORMULA, TABLE, method=method, weights=weights)
    W = np.diag(np.ones(N) if weights is None else TABLE["w"])
    Z = fit.Z.toarray() @ fit.Lambda.toarray()
    C = np.hstack([fit.X, Z])
    A = C.T @ W @ C + np.diag(np.r_[np.zeros(fit.n_fixed), np.ones(Z.shape[1])])
    F = np.linalg.solve(A, C.T @ W @ C)
    assert fit.edf == pytest.approx(np.trace(F), rel=1e-9)
    own = np.r_[2, 3 + 12 : 3 + 12 + 6]  # s(x)[1], then the effects behind those of g
    assert fit.smooths()["edf"][0] == pytest.approx(np.diag(F)[own].sum(), rel=1e-9)
    twice = 2 * F - F @ F
    assert fit.smooths()["ref_df"][0] == pytest.approx(np.diag(twice)[own].sum(), rel=1e-7)


def test_a_saved_fit_has_its_smooth_terms(fit, tmp_path):
    knots = np.linspace(0.0, 10.0, 6)
    for one in (fit, lmm.fit("y ~ s(x, bs='cr', k=6, knots=kn)", TABLE, smooths={"kn": knots})):
        lmm.save(one, tmp_path / "fit.lmm")
        again = lmm.load(tmp_path / "fit.lmm")
        assert again.criterion == one.criterion
        assert list(again.smooths()["edf"]) == list(one.smooths()["edf"])
        np.testing.assert_array_equal(again.predict(TABLE), one.predict(TABLE))


def test_a_saved_fit_keeps_that_levels_are_ordered(tmp_path):
    ordered = pd.Categorical(TABLE["f"], ordered=True)
    fit = lmm.fit("y ~ f + s(x, by=f, bs='cr', k=5)", TABLE | {"f": ordered})
    assert list(fit.smooths()["term"]) == ["s(x):fb", "s(x):fc"]
    lmm.save(fit, tmp_path / "fit.lmm")
    assert lmm.load(tmp_path / "fit.lmm").criterion == fit.criterion


def test_new_data_and_old_are_predicted_alike(fit):
    np.testing.assert_allclose(fit.predict(TABLE), fit.fitted, rtol=1e-10)
    part = {name: values[:5] for name, values in TABLE.items()}
    np.testing.assert_allclose(fit.predict(part, random=False), fit.predict(random=False)[:5], rtol=1e-10)
    with_gap = dict(part, x=[np.nan, *part["x"][1:]])
    assert np.isnan(fit.predict(with_gap)[0])
    far = fit.predict({"x": [20.0, 21.0, 22.0], "v": [0.0] * 3}, random=False)
    assert far[2] - far[1] == pytest.approx(far[1] - far[0])


def test_a_fit_is_changed_and_refitted(fit):
    assert fit.update(". ~ . - (1 | g)").n_levels == {}
    assert "s(z)" not in fit.update(". ~ . - v").formula
    assert fit.update(". ~ . - s(x, bs='cr', k=8)").internals.spec.smooths.terms == ()
    np.testing.assert_allclose(fit.refit(2 * fit.y).beta, 2 * fit.beta, rtol=1e-6)


def test_rows_without_a_covariate_are_left_out_and_counted():
    x = TABLE["x"].copy()
    x[[3, 50]] = np.nan
    fit = lmm.fit(FORMULA, TABLE | {"x": x})
    assert fit.n_obs == N - 2
    assert fit.n_dropped_missing == 2


def test_tests_of_other_terms_are_given_the_smooth_terms():
    fit = lmm.fit("y ~ f * v + s(x, bs='cr', k=8) + (1 | g)", TABLE)
    tables = [fit.anova(type=kind) for kind in (1, 2, 3)]
    assert all(list(table["term"]) == ["f", "v", "f:v"] for table in tables)
    # The last term is given all others in each.
    assert tables[0]["f_value"][2] == pytest.approx(tables[2]["f_value"][2], rel=1e-8)
    V = fit.vcov
    rows = np.eye(fit.n_fixed)[[4, 5]]
    wald = rows @ fit.beta @ np.linalg.solve(rows @ V @ rows.T, rows @ fit.beta) / 2
    table = fit.anova(df="normal")
    assert table["f_value"][2] == pytest.approx(wald, rel=1e-6)
    assert list(lmm.drop1(fit)["term"]) == ["f:v"]
    lrt = lmm.drop1(fit, test="lrt")
    small = lmm.fit("y ~ f + v + s(x, bs='cr', k=8) + (1 | g)", TABLE, method="ml")
    assert lrt["loglik"][1] == pytest.approx(small.loglik, rel=1e-9)


def test_smoothing_parameters_are_theta():
    held = lmm.fit("y ~ s(x, bs='cr', sp=4)", TABLE)
    assert held.theta == pytest.approx([0.5])
    assert held.internals.optimum.held.all()
    same = lmm.fit("y ~ s(x, bs='cr')", TABLE, theta={"s(x)": 0.5})
    assert same.criterion == held.criterion
    table = lmm.fit("y ~ s(x, bs='cr', select=TRUE)", TABLE).smoothing()
    assert list(table["penalty"]) == ["", "null"]


def test_an_unpenalized_smooth_is_a_regression():
    fit = lmm.fit("y ~ s(x, bs='cr', k=6, fx=TRUE)", TABLE)
    assert fit.internals.design.random == ()
    assert fit.smooths()["edf"][0] == pytest.approx(5.0)
    plain = lmm.fit("y ~ 1", TABLE)
    rss = [float(((f.y - f.fitted) ** 2).sum()) for f in (plain, fit)]
    F = (rss[0] - rss[1]) / 5 / (rss[1] / (N - 6))
    assert fit.smooths()["statistic"][0] == pytest.approx(F, rel=1e-9)


BAD = [
    ("y ~ s(f, bs='cr')", {}, (DataError, DesignError), "needs numbers"),
    ("y ~ s(x, bs='crr')", {}, LmmError, 'There is no basis bs="crr"'),
    ("y ~ s(x, bs='cr', k=2)", {}, LmmError, "needs k of 3 or more, not 2"),
    ("y ~ s(x, bs='cr', sp=c(1, 2))", {}, DesignError, "sp= has 2 numbers; the smooth has 1"),
    ("y ~ s(x, bs='cr', sp=0)", {}, DesignError, "sp=0 is no penalty at all"),
    ("y ~ s(x, bs='cr', knots=kn)", {}, DesignError, "names kn, which smooths= does not give"),
    ("y ~ s(x, bs='cr', knots=list(z=kn))", {"kn": [1, 2]}, DesignError, "knots= names z"),
    ("y ~ s(x, bs='cr')", {"kn": [1, 2]}, DesignError, "gives 'kn', which no smooth term names"),
    ("y ~ s(x)", [1, 2], DesignError, "smooths= must be a dict"),
    ("y ~ s(x, knots=kn)", {"kn": object()}, DesignError, "Give arrays of numbers"),
    ("y ~ s(x, bs='cr', by=nothing)", {}, LmmError, 'no column "nothing"'),
    ("y ~ s(log(f), bs='cr')", {}, LmmError, "takes numbers as x"),
    ("y ~ s(poly(x, 2), bs='cr')", {}, DesignError, "smooths of matrices are not available"),
    ("y ~ s(x, bs=c('cr', 'ps'))", {}, DesignError, "s() has one basis"),
    ("y ~ f:s(x)", {}, FormulaError, "stands alone"),
]


@pytest.mark.parametrize(("formula", "smooths", "kind", "message"), BAD, ids=[row[0] for row in BAD])
def test_bad_input_is_refused(formula, smooths, kind, message):
    with pytest.raises(kind) as caught:
        lmm.fit(formula, TABLE, smooths=smooths or None)
    assert message in str(caught.value)


def test_new_data_of_another_kind_are_refused(fit):
    with pytest.raises(DataError, match="was numeric at the fit"):
        fit.predict({"x": ["a"], "v": [0.0]}, random=False)
    with pytest.raises(UnsupportedError, match="smooth term"):
        lmm.fit("y ~ s(x, bs='cr') + (1 | g)", TABLE, method="moments")


def test_a_random_effect_may_be_written_as_a_smooth_term():
    bar = lmm.fit("y ~ s(x, bs='cr') + (1 | g) + (0 + v | g)", TABLE)
    smooth = lmm.fit("y ~ s(x, bs='cr') + s(g, bs='re') + s(v, g, bs='re')", TABLE)
    assert smooth.criterion == pytest.approx(bar.criterion, abs=1e-9)
    assert smooth.n_levels == {"g": 12}
    np.testing.assert_allclose(smooth.ranef()["estimate"], bar.ranef()["estimate"], rtol=1e-6, atol=1e-9)
    assert list(smooth.smooths()["term"]) == ["s(x)", "s(g)", "s(v,g)"]
    assert smooth.smooths()["sd"][1] == pytest.approx(smooth.varcorr["sdcor"][0])
    new = {"x": [1.0], "v": [0.0], "g": ["never"]}
    with pytest.raises(DataError, match="not seen"):
        smooth.predict(new)
    assert np.isfinite(smooth.predict(new, new_levels="population")[0])
    with pytest.raises(DesignError, match=r"is the random term \(1 \| g\) again"):
        lmm.fit("y ~ (1 | g) + s(g, bs='re')", TABLE)
    slope = lmm.fit("y ~ s(v, bs='re')", TABLE)
    assert any("it is one random slope" in note for note in slope.notes)


def test_curves_of_levels_need_the_means_of_levels():
    own = lmm.fit("y ~ f + s(x, by=f, bs='cr', k=5)", TABLE)
    assert list(own.smooths()["term"]) == ["s(x):fa", "s(x):fb", "s(x):fc"]
    assert not any("mean zero" in note for note in own.notes)
    lacking = lmm.fit("y ~ s(x, by=f, bs='cr', k=5)", TABLE)
    assert any("Add + f" in note for note in lacking.notes)
    with pytest.raises(DataError, match="none of its levels"):
        lacking.predict({"x": [1.0], "f": ["z"]})
    # A truth value multiplies the curve.
    lit = lmm.fit("y ~ s(x, by=I(v > 0), bs='cr', k=5)", TABLE)
    assert list(lit.smooths()["term"]) == ["s(x):I(v > 0)"]


def test_select_for_the_whole_fit(tmp_path):
    formula = "y ~ s(x, bs='cr') + s(v, k=6) + (1 | g)"
    fit = lmm.fit(formula, TABLE, select=True)
    each = lmm.fit("y ~ s(x, bs='cr', select=TRUE) + s(v, k=6, select=TRUE) + (1 | g)", TABLE)
    assert fit.criterion == each.criterion
    assert list(fit.smoothing()["penalty"]) == ["", "null", "", "null"]
    assert fit.n_fixed == 1
    assert fit.update(select=False).criterion == lmm.fit(formula, TABLE).criterion
    assert fit.update(". ~ . - (1 | g)").n_fixed == 1
    own = lmm.fit("y ~ s(x, bs='cr', select=FALSE) + s(v, k=6)", TABLE, select=True)
    assert list(own.smoothing()["penalty"]) == ["", "", "null"]
    lmm.save(fit, tmp_path / "fit.lmm")
    again = lmm.load(tmp_path / "fit.lmm")
    assert again.criterion == fit.criterion
    assert again.update(data=TABLE).criterion == fit.criterion
    assert lmm.criterion(formula, TABLE, select=True)(fit.theta) == pytest.approx(fit.criterion)
    theta = dict.fromkeys(fit.theta_names, 1.0)
    drawn = lmm.simulate(formula, TABLE, beta=[0.0], theta=theta, sigma=1.0, seed=1, select=True)
    assert drawn.shape == (N, 1)


@pytest.mark.parametrize("select", [1, "TRUE", None])
def test_select_is_true_or_false(select):
    with pytest.raises(LmmError, match="select= must be True or False"):
        lmm.fit(FORMULA, TABLE, select=select)


def test_select_needs_a_smooth_term():
    with pytest.raises(DesignError, match="select=True penalizes smooth terms, and the formula has none"):
        lmm.fit("y ~ v + (1 | g)", TABLE, select=True)


def test_objects_of_smooths_where_nothing_is_fitted():
    knots = {"kn": np.linspace(0.0, 10.0, 6)}
    formula = "y ~ s(x, bs='cr', k=6, knots=kn)"
    fit = lmm.fit(formula, TABLE, smooths=knots)
    assert lmm.criterion(formula, TABLE, smooths=knots)(fit.theta) == pytest.approx(fit.criterion)
    drawn = lmm.simulate(formula, TABLE, beta=fit.beta, theta=fit.theta, sigma=1.0, seed=1, smooths=knots)
    assert drawn.shape == (N, 1)
