"""Deletion formulas against fits of the remaining rows at the same theta."""

import numpy as np
import pytest

import lmm
from lmm.errors import LmmError
from lmm.inference.observations import deletion
from lmm.inference.observations.deletion import delete_rows, delete_sets
from tests.inference.dense_equations import error_variance, fitted, spherical, table, user_columns, weights_of

SHAPES = (
    "one factor",
    "slopes",
    "crossed",
    "nested",
    "three",
    "weights and offset",
    "ML",
    "singular",
    "aliased",
)
every_shape = pytest.mark.parametrize("shape", SHAPES)


def without(fit, rows):
    """Fit the rows that are left, theta held where it is."""
    data = {name: np.delete(values, rows) for name, values in table().items()}
    request = fit.internals.request
    options = {"method": request.method, "weights": request.weights, "offset": request.offset}
    return lmm.fit(request.formula, data, theta=fit.theta, **options)


def check(fit, rows, change, sigma, covratio):
    left = without(fit, rows)
    scale = np.sqrt(np.diag(fit.vcov))
    np.testing.assert_allclose(change / scale, (fit.beta - left.beta) / scale, atol=1e-9)
    assert sigma == pytest.approx(left.sigma, rel=1e-9)
    assert covratio == pytest.approx(np.linalg.det(left.vcov) / np.linalg.det(fit.vcov), rel=1e-7)


@every_shape
def test_each_row_deleted(shape):
    fit = fitted(shape)
    found = delete_rows(fit)
    for row in (0, 17, 60):
        check(fit, [row], found.change[row], found.sigma[row], found.covratio[row])


@every_shape
def test_each_cluster_deleted(shape):
    fit = fitted(shape)
    sets = [np.flatnonzero(table()["g"] == f"g{j}") for j in (0, 3, 6)] + [np.arange(40)]
    found = delete_sets(fit, sets)
    for i, rows in enumerate(sets):
        check(fit, rows, found.change[i], found.sigma[i], found.covratio[i])


@every_shape
def test_many_rows_are_deleted_by_solving_again(shape, monkeypatch):
    fit = fitted(shape)
    sets = [np.flatnonzero(table()["h"] == f"h{j}") for j in range(6)]
    direct = delete_sets(fit, sets)
    monkeypatch.setattr(deletion, "MOST_DIRECT", 0)
    again = delete_sets(fit, sets)
    np.testing.assert_allclose(again.change, direct.change, atol=1e-10)
    np.testing.assert_allclose(again.sigma, direct.sigma)
    np.testing.assert_allclose(again.covratio, direct.covratio, rtol=1e-8)


@pytest.mark.parametrize("shape", [*SHAPES, "a block", "only a block"])
def test_leverage_is_the_diagonal_of_the_hat_matrix(shape):
    fit = fitted(shape)
    Z = fit.Z.toarray()
    hat = error_variance(spherical(fit), fit.X, Z, weights_of(fit), fit.X, Z) * weights_of(fit)
    np.testing.assert_allclose(lmm.leverage(fit), np.diag(hat))
    # The definition: what the fitted values do when a response moves.
    moved = fit.y.copy()
    moved[7] += 1.0
    again = lmm.fit(fit.internals.request.formula, table() | {"y": moved}, theta=fit.theta, **options_of(fit))
    np.testing.assert_allclose(again.fitted - fit.fitted, hat[:, 7], atol=1e-9)


def options_of(fit):
    random = {"s": fit.internals.design.random[-1].block} if fit.internals.request.random else None
    request = fit.internals.request
    return {"method": request.method, "weights": request.weights, "offset": request.offset, "random": random}


def test_measures_of_a_linear_model_are_the_textbook_ones():
    fit = lmm.fit("y ~ x + t", table(), weights="w")
    X, w = fit.X, fit.weights
    h = w * np.einsum("ij,jk,ik->i", X, np.linalg.inv(X.T * w @ X), X)
    e = fit.residuals("pearson")
    n, p = X.shape
    s_without = np.sqrt((e @ e - e**2 / (1 - h)) / (n - p - 1))
    found = fit.influence()
    np.testing.assert_allclose(found["leverage"], h)
    np.testing.assert_allclose(found["cooks_distance"], e**2 * h / (p * fit.sigma**2 * (1 - h) ** 2))
    np.testing.assert_allclose(found["sigma"], s_without)
    np.testing.assert_allclose(found["covratio"], (s_without / fit.sigma) ** (2 * p) / (1 - h))
    np.testing.assert_allclose(fit.residuals("studentized"), e / (fit.sigma * np.sqrt(1 - h)))
    A = np.linalg.inv(X.T * w @ X)
    dfbeta = (A @ X.T * np.sqrt(w)).T * (e / (1 - h))[:, None]
    for j, name in enumerate(fit.fixef["term"]):
        np.testing.assert_allclose(
            found[f"dfbetas.{name}"], dfbeta[:, j] / (s_without * np.sqrt(A[j, j])), atol=1e-12
        )


def test_cooks_distance_and_dfbetas_of_clusters():
    fit = fitted("crossed")
    found = fit.influence("h")
    assert list(found["level"]) == [f"h{j}" for j in range(6)]
    rows = np.flatnonzero(table()["h"] == "h2")
    left = without(fit, rows)
    change = fit.beta - left.beta
    at = list(found["level"]).index("h2")
    assert found["n_rows"][at] == len(rows)
    assert found["leverage"][at] == pytest.approx(lmm.leverage(fit)[rows].sum())
    expected = change @ np.linalg.solve(fit.vcov, change) / fit.n_fixed
    assert found["cooks_distance"][at] == pytest.approx(expected)
    se = left.sigma / fit.sigma * np.sqrt(np.diag(fit.vcov))
    assert found["dfbetas.x"][at] == pytest.approx((change / se)[1])


def test_clusters_may_be_any_column_of_the_model():
    fit = fitted("crossed")
    found = fit.influence("t")
    assert list(found["level"]) == ["a", "b", "c"]
    # Without a level of t its coefficient cannot be estimated; without the first there is another first.
    assert np.isnan(found["cooks_distance"]).all()
    assert "Missing in 3 rows" in found.notes[-1]


def test_a_row_without_which_the_fixed_effects_cannot_be_estimated():
    data = {name: values.copy() for name, values in table().items()}
    data["only"] = np.where(np.arange(90) == 4, 1.0, 0.0)
    found = lmm.fit("y ~ x + only + (1 | g)", data).influence()
    assert np.flatnonzero(np.isnan(found["cooks_distance"])).tolist() == [4]
    assert found["leverage"][4] == pytest.approx(1.0)
    assert np.isnan(found["sigma"][4])
    assert np.isnan(found["dfbetas.x"][4])


def test_rows_are_those_of_the_table_that_was_fitted():
    data = {name: values.copy() for name, values in table().items()}
    data["y"][[2, 5]] = np.nan
    found = lmm.fit("y ~ x + (1 | g)", data).influence()
    assert found["row"][:5].tolist() == [0, 1, 3, 4, 6]


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("rows", r"by= must be one of row, g, h, t, x, y; it is 'rows'.*Did you mean \"row\""),
        ("G", r"Did you mean \"g\""),
        (3, r"by= must be text, not 3"),
    ],
)
def test_by_must_name_something(by, message):
    with pytest.raises(LmmError, match=message):
        lmm.influence(fitted("crossed"), by)


def test_user_blocks_take_part_in_deletions():
    fit = fitted("a block")
    rows = np.arange(12)
    found = delete_sets(fit, [rows])
    keep = np.arange(12, 90)
    block = lmm.block(
        user_columns()[keep],
        covariance=fit.internals.design.random[1].block.root @ fit.internals.design.random[1].block.root.T,
    )
    left = lmm.fit(
        "y ~ x + (1 | g)", {k: v[keep] for k, v in table().items()}, random={"s": block}, theta=fit.theta
    )
    np.testing.assert_allclose(found.change[0], fit.beta - left.beta, atol=1e-9)
    assert found.sigma[0] == pytest.approx(left.sigma)


def test_without_fixed_effects_nothing_moves():
    table = lmm.influence(lmm.fit("Reaction ~ 0 + (1 | Subject)", lmm.datasets.load("sleepstudy")))
    assert np.isnan(table["cooks_distance"]).all()
    assert not [name for name in table.columns if name.startswith("dfbetas")]
    assert np.isfinite(table["sigma"]).all()


def test_rows_without_which_the_others_are_reproduced_exactly():
    """Their sigma is zero and there is no scale for the changes."""
    fit = lmm.fit("y ~ x", {"y": [1.0, 2.0, 3.0, 9.0], "x": [1.0, 2.0, 3.0, 4.0]})
    table = lmm.influence(fit)
    assert table["sigma"][3] < 1e-6
    assert np.isnan(table["dfbetas.x"][3]) or abs(table["dfbetas.x"][3]) > 1e6
