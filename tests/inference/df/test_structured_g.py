"""Inference where the covariance of random effects is not a cone: against n by n matrices."""

import numpy as np
import pytest

import lmm
from lmm.covariance import structure

NAMES = ["cs", "csh", "ar1"]


def data(seed=0, n=90, k=4):
    rng = np.random.default_rng(seed)
    g, t, item = rng.integers(0, 10, n), rng.integers(0, k, n), rng.integers(0, 5, n)
    x = rng.normal(size=n)
    effects = rng.normal(size=(10, k)) @ np.linalg.cholesky(0.6 * np.ones((k, k)) + 0.4 * np.eye(k)).T * 1.5
    y = 1 + 0.5 * x + effects[g, t] + rng.normal(size=5)[item] * 0.8 + rng.normal(size=n)
    return {
        "y": y,
        "x": x,
        "g": [f"g{i:02}" for i in g],
        "t": [f"t{i}" for i in t],
        "item": [f"i{i}" for i in item],
        "w": rng.uniform(0.5, 2, n),
    }


@pytest.fixture(scope="module", params=NAMES)
def fit(request):
    return lmm.fit(f"y ~ x * t + {request.param}(0 + t | g) + (1 | item)", data(), weights="w")


class Dense:
    """V and its derivatives by the natural parameters (variances and correlations of the structure, item, σ²)."""

    def __init__(self, fit):
        self.fit = fit
        self.family, self.k = fit.internals.design.random[0].structure, 4
        layout = fit.internals.criterion_function.layout
        natural = np.concatenate(layout.natural_of_terms(fit.theta))
        is_variance = layout.natural(fit.theta).is_variance
        self.phi = np.append(np.where(is_variance, fit.sigma**2 * natural, natural), fit.sigma**2)
        self.Z, self.Zi = (part.block.to_dense() for part in fit.internals.design.random)
        self.W = np.diag(1 / fit.weights)

    def V(self, phi):
        n_scales = len(phi) - 3
        theta = np.concatenate([np.sqrt(phi[:n_scales]), phi[n_scales : n_scales + 1]])
        T = self.family.factor(theta, self.k)
        levels = self.Z.shape[1] // self.k
        G = np.kron(np.eye(levels), T @ T.T)
        return self.Z @ G @ self.Z.T + phi[-2] * self.Zi @ self.Zi.T + phi[-1] * self.W

    def first(self, phi, i, step=1e-5):
        e = step * np.abs(phi[i]) * (np.arange(len(phi)) == i)
        return (8 * (self.V(phi + e) - self.V(phi - e)) - (self.V(phi + 2 * e) - self.V(phi - 2 * e))) / (
            12 * e[i]
        )

    def second(self, phi, i, j, step=1e-3):
        e = step * np.abs(phi[j]) * (np.arange(len(phi)) == j)
        near = self.first(phi + e, i, 1e-3) - self.first(phi - e, i, 1e-3)
        far = self.first(phi + 2 * e, i, 1e-3) - self.first(phi - 2 * e, i, 1e-3)
        return (8 * near - far) / (12 * e[j])

    def kenward_roger(self, first_order=False):
        """Adjusted covariance, and df of each coefficient (Kenward and Roger 1997)."""
        X, V, m = self.fit.X, self.V(self.phi), len(self.phi)
        K = np.linalg.inv(V)
        Phi = np.linalg.inv(X.T @ K @ X)
        Q = K - K @ X @ Phi @ X.T @ K
        d = [self.first(self.phi, i) for i in range(m)]
        information = np.array([[np.trace(Q @ a @ Q @ b) / 2 for b in d] for a in d])
        W = np.linalg.inv(information)
        P = [-X.T @ K @ a @ K @ X for a in d]
        total = np.zeros_like(Phi)
        for i in range(m):
            for j in range(m):
                R = 0.0 if first_order else X.T @ K @ self.second(self.phi, i, j) @ K @ X
                total += W[i, j] * (X.T @ K @ d[i] @ K @ d[j] @ K @ X - P[i] @ Phi @ P[j] - R / 4)
        adjusted = Phi + 2 * Phi @ total @ Phi
        df = []
        for c in np.eye(len(Phi)):
            moves = np.array([(c @ Phi @ p @ Phi @ c) / (c @ Phi @ c) for p in P])
            df.append(2.0 / (moves @ W @ moves))
        return adjusted, np.array(df)

    def observed(self):
        """Inverse of the observed information of the natural parameters."""
        X, V, m = self.fit.X, self.V(self.phi), len(self.phi)
        K = np.linalg.inv(V)
        Q = K - K @ X @ np.linalg.inv(X.T @ K @ X) @ X.T @ K
        e = Q @ self.fit.y
        d = [self.first(self.phi, i) for i in range(m)]
        H = np.array(
            [
                [
                    -np.trace(Q @ d[i] @ Q @ d[j])
                    + 2 * e @ d[i] @ Q @ d[j] @ e
                    + np.trace(Q @ self.second(self.phi, i, j))
                    - e @ self.second(self.phi, i, j) @ e
                    for j in range(m)
                ]
                for i in range(m)
            ]
        )
        return np.linalg.inv(H / 2)


def test_kenward_roger_has_the_second_derivatives_of_v(fit):
    adjusted, df = Dense(fit).kenward_roger()
    table = fit.coefficients(df="kenward-roger")
    np.testing.assert_allclose(table["std_error"], np.sqrt(np.diag(adjusted)), rtol=1e-6)
    np.testing.assert_allclose(table["df"], df, rtol=1e-6)


def test_first_order_leaves_them_out(fit):
    adjusted, _ = Dense(fit).kenward_roger(first_order=True)
    table = fit.coefficients(df=lmm.KenwardRoger(first_order=True))
    np.testing.assert_allclose(table["std_error"], np.sqrt(np.diag(adjusted)), rtol=1e-6)


def test_covariance_of_the_parameters_is_the_inverse_of_the_observed_information(fit):
    table = lmm.asymptotic_covariance(fit)
    names = table.columns[1:]
    found = np.column_stack([table[name] for name in names])
    np.testing.assert_allclose(found, Dense(fit).observed(), rtol=2e-4, atol=2e-5)
    assert list(table["parameter"]) == list(names)


def test_satterthwaite_differentiates_by_the_parameters(fit):
    dense = Dense(fit)
    W, X = dense.observed(), fit.X
    Phi = np.linalg.inv(X.T @ np.linalg.inv(dense.V(dense.phi)) @ X)
    K = np.linalg.inv(dense.V(dense.phi))
    moves = [Phi @ X.T @ K @ dense.first(dense.phi, i) @ K @ X @ Phi for i in range(len(dense.phi))]
    for j, df in enumerate(fit.coefficients(df="satterthwaite")["df"]):
        g = np.array([move[j, j] for move in moves])
        assert df == pytest.approx(2 * Phi[j, j] ** 2 / (g @ W @ g), rel=1e-4)


def test_the_table_of_variances_has_a_row_for_each_parameter(fit):
    table, name = fit.varcorr, fit.internals.design.random[0].structure.name
    assert table.columns == ("group", "term", "term_2", "vcov", "sdcor", "value")
    assert len(table) == structure(name).n_theta(4) + 2
    rho = next(row for row in table if row["term"] == "rho")
    assert -1 < rho["value"] < 1
    assert rho["vcov"] is None
