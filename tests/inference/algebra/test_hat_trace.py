"""The trace of the matrix that makes fitted values, against that matrix."""

import numpy as np
import pytest

import lmm
from lmm.errors import UnsupportedError

RNG = np.random.default_rng(3)
N = 48
TABLE = {
    "x": RNG.uniform(size=N),
    "g": np.repeat(list("abcdefgh"), 6),
    "w": RNG.uniform(0.5, 2.0, N),
}
TABLE["y"] = np.sin(5 * TABLE["x"]) + np.repeat(RNG.normal(size=8), 6) + 0.4 * RNG.normal(size=N)


def hat_trace(fit):
    W = np.diag(np.ones(N) if fit.weights is None else fit.weights)
    C = np.hstack([fit.X, fit.Z.toarray() @ fit.Lambda.toarray()])
    penalty = np.diag(np.r_[np.zeros(fit.n_fixed), np.ones(C.shape[1] - fit.n_fixed)])
    return np.trace(np.linalg.solve(C.T @ W @ C + penalty, C.T @ W @ C))


@pytest.mark.parametrize(
    ("formula", "arguments"),
    [
        ("y ~ x", {}),
        ("y ~ x + (x | g)", {}),
        ("y ~ s(x, k=6) + (1 | g)", {"weights": "w"}),
        ("y ~ s(x, k=6, select=TRUE)", {"method": "gcv", "weights": "w"}),
        ("y ~ te(x, w, k=3) + (1 | g)", {"method": "ml"}),
    ],
)
def test_it_is_the_trace_of_the_hat_matrix(formula, arguments):
    fit = lmm.fit(formula, TABLE, **arguments)
    assert fit.edf == pytest.approx(hat_trace(fit), rel=1e-8)


def test_negative_components_have_none():
    y = np.tile([1.0, -1.0, 1.1, -1.2, 0.9, -0.8], 8) + 0.01 * RNG.normal(size=N)
    fit = lmm.fit("y ~ 1 + (1 | g)", TABLE | {"y": y}, method="moments", negative="allow")
    with pytest.raises(UnsupportedError, match="Effective degrees of freedom need a variance"):
        _ = fit.edf
