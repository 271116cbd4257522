"""Henderson's equations by dense matrices, and fits of many shapes to compare with."""

from __future__ import annotations

import functools

import numpy as np
from scipy.linalg import block_diag

import lmm

N = 90


@functools.cache
def table():
    rng = np.random.default_rng(20)
    g, h = rng.integers(0, 8, N), rng.integers(0, 6, N)
    x = rng.uniform(-1, 2, N)
    effects = rng.normal(size=(8, 2)) @ [[1.0, 0.2], [0.0, 0.7]]
    y = 3 + x + effects[g, 0] + effects[g, 1] * x + 0.8 * rng.normal(size=6)[h] + rng.normal(size=N)
    return {
        "y": y,
        "x": x,
        "g": np.array([f"g{j}" for j in g]),
        "h": np.array([f"h{j}" for j in h]),
        "t": np.array(["a", "b", "c"])[rng.integers(0, 3, N)],
        "w": rng.choice([0.5, 1.0, 3.0], N),
        "z": rng.normal(size=N),
    }


@functools.cache
def kinship():
    rng = np.random.default_rng(21)
    root = rng.normal(size=(5, 5)) / 2 + np.eye(5)
    return root @ root.T


@functools.cache
def user_columns():
    return np.random.default_rng(22).normal(size=(N, 5))


SHAPES = {
    "one factor": {"formula": "y ~ x + (1 | g)"},
    "slopes": {"formula": "y ~ x * t + (x | g)"},
    "uncorrelated": {"formula": "y ~ x + (x || g)"},
    "crossed": {"formula": "y ~ x + t + (1 | g) + (x | h)"},
    "nested": {"formula": "y ~ x + (1 | g/t)"},
    "three": {"formula": "y ~ x + (x | g) + (1 | h) + (1 | t)"},
    "weights and offset": {"formula": "y ~ x + (x | g) + (1 | h)", "weights": "w", "offset": "z"},
    "ML": {"formula": "y ~ x + (1 | g) + (1 | h)", "method": "ml"},
    "singular": {"formula": "y ~ x + (x | g) + (1 | h)", "theta": [0.8, 0.3, 0.0, 0.0]},
    "aliased": {"formula": "y ~ x + I(2 * x) + (1 | g)"},
    "only a block": {"formula": "y ~ x", "random": "block"},
    "a block": {"formula": "y ~ x + (1 | g)", "random": "block"},
}


@functools.cache
def fitted(shape):
    options = dict(SHAPES[shape])
    if options.get("random") == "block":
        options["random"] = {"s": lmm.block(user_columns(), covariance=kinship())}
    return lmm.fit(options.pop("formula"), table(), **options)


def weights_of(fit):
    return np.ones(fit.n_obs) if fit.weights is None else fit.weights


def spherical(fit):
    """S (q, q), relative covariance of all random effects."""
    Lambda = fit.Lambda.toarray()
    return Lambda @ Lambda.T


def error_variance(S, X, Z, weights, x, z, residual=1.0):
    """Covariance of the errors of x'beta + z'b over sigma², from V of the rows of the fit (n, n)."""
    V_inverse = np.linalg.inv(Z @ S @ Z.T + residual * np.diag(1 / weights))
    Phi = np.linalg.inv(X.T @ V_inverse @ X)
    D = x - z @ S @ Z.T @ V_inverse @ X
    return z @ (S - S @ Z.T @ V_inverse @ Z @ S) @ z.T + D @ Phi @ D.T


def spherical_of(fit, factors):
    """S (q, q) from S (k, k) of each term."""
    found = []
    for part, S in zip(fit.internals.design.random, factors, strict=True):
        root = part.block.root
        K = np.eye(part.block.n_levels) if root is None else root @ root.T
        found.append(np.kron(K, S))
    return block_diag(*found)
