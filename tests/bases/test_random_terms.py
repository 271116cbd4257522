"""Random terms on awkward data: refused in words, or with effects whose law is that of the penalties."""

import numpy as np
import pytest

from lmm.bases import Covariate, Settings, learn_smooths, mixed_form
from lmm.errors import LmmError

CURVES = ("cr", "cs", "cc", "ps", "cp", "bs", "ad", "rk", "tp", "ts", "gp")
PRODUCTS = ("te", "ti", "t2")
OF_LEVELS = ("re", "fs", "sz")
N_DRAWS = 25


def numbers(name, rng, n):
    """Even, of odd units, tied, skewed, with far values, or seconds since 1970."""
    values = (
        lambda: rng.uniform(size=n),
        lambda: rng.normal(size=n) * 10.0 ** rng.integers(-5, 6),
        lambda: rng.integers(0, 12, n).astype(float),
        lambda: rng.exponential(size=n) ** 3,
        lambda: rng.standard_cauchy(n),
        lambda: 1.7e9 + 86400.0 * rng.integers(0, 365, n),
    )
    return Covariate(name, values[rng.integers(0, 6)]())


def drawn(basis, rng):
    """Arguments of a term."""
    n = int(rng.integers(5, 120))
    x, z = numbers("x", rng, n), numbers("z", rng, n)
    g = Covariate("g", codes=rng.integers(0, 4, n), levels=tuple("abcd"))
    k, extra, m = int(rng.integers(3, 14)), {}, None
    if basis in PRODUCTS:
        k = tuple(int(each) for each in rng.integers(3, 7, 2))
        extra = {"bs": tuple(str(each) for each in rng.choice(["cr", "cs", "cc", "ps", "cp", "tp", "bs"], 2))}
    if basis == "bs" and rng.random() < 0.5:
        m = (3, 2, 1)
    covariates = (
        [x, z] if basis in PRODUCTS else [g] if basis == "re" else [x, g] if basis in OF_LEVELS else [x]
    )
    by = (None, None, None, z, g)[rng.integers(0, 5)]
    return covariates, Settings(k=k, m=m, extra=extra), {"by": by, "select": bool(rng.random() < 0.3)}


@pytest.mark.parametrize("basis", CURVES + PRODUCTS + OF_LEVELS)
def test_law_of_the_effects_is_that_of_the_penalties(basis):
    fitted = 0
    for seed in range(N_DRAWS):
        rng = np.random.default_rng([seed, len(basis), *basis.encode()])
        covariates, settings, more = drawn(basis, rng)
        try:
            smooth = learn_smooths(basis, basis, covariates, settings, **more)[0]
        except LmmError:
            continue
        fitted += 1
        form = mixed_form(smooth)
        assert form.map.shape == (smooth.p, smooth.p)
        sp = np.exp(3.0 * rng.normal(size=len(smooth.penalties)))
        S = sum(lam * S_j for lam, S_j in zip(sp, smooth.penalties, strict=True))
        P, at = np.zeros((smooth.p, smooth.p)), form.fixed.shape[1]
        for piece in form.random:
            own = slice(at, at + piece.size)
            P[own, own] = piece.precision(sp)
            at += piece.size
        inverse = np.linalg.inv(form.map)
        np.testing.assert_allclose(inverse.T @ P @ inverse, S, atol=1e-6 * np.abs(S).max())
    assert fitted >= N_DRAWS // 3
