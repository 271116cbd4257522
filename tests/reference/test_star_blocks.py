"""A tensor product of splines through blocks of the user: ties between variances, and dense penalties.

Numbers of mgcv 1.8-41, gam(y ~ te(x, z, k = 5), method = "REML"): `tests/reference/star/ref/o08_gamsim2_surface.json`.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

import lmm
from lmm.errors import DesignError, UnsupportedError

SCORE = -157.194872385982
SP = [0.512663491082523, 1.24648418889244]
DATA = Path(__file__).parent / "star" / "data" / "gamsim2.csv"


def cubic(x, k):
    """Columns (n, k) and penalty of a cubic regression spline in its values at quantiles (Wood 2017, 5.3.1)."""
    knots = np.quantile(np.unique(x), np.linspace(0.0, 1.0, k))
    h = np.diff(knots)
    D, B = np.zeros((k - 2, k)), np.zeros((k - 2, k - 2))
    for i in range(k - 2):
        D[i, i : i + 3] = 1 / h[i], -1 / h[i] - 1 / h[i + 1], 1 / h[i + 1]
        B[i, i] = (h[i] + h[i + 1]) / 3
        if i < k - 3:
            B[i, i + 1] = B[i + 1, i] = h[i + 1] / 6
    bends = np.vstack([np.zeros(k), np.linalg.solve(B, D), np.zeros(k)])
    j = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, k - 2)
    left, right, width = knots[j + 1] - x, x - knots[j], h[j]
    X, row = np.zeros((len(x), k)), np.arange(len(x))
    X[row, j] += left / width
    X[row, j + 1] += right / width
    X += ((left**3 / width - width * left) / 6)[:, None] * bends[j]
    X += ((right**3 / width - width * right) / 6)[:, None] * bends[j + 1]
    return X, D.T @ np.linalg.solve(B, D)


@pytest.fixture(scope="module")
def surface():
    """Response, fixed columns X U0, columns and penalties of the rest: centred, scaled as mgcv does."""
    with DATA.open() as file:
        rows = list(csv.DictReader(file))
    x, z, y = (np.array([float(row[name]) for row in rows]) for name in ("x", "z", "y"))
    (A, S), (B, V) = cubic(x, 5), cubic(z, 5)
    X = np.einsum("ni,nj->nij", A, B).reshape(len(y), -1)
    penalties = [np.kron(S / np.linalg.norm(S, 2), np.eye(5)), np.kron(np.eye(5), V / np.linalg.norm(V, 2))]
    penalties = [P * np.linalg.norm(X, np.inf) ** 2 / np.linalg.norm(P, 1) for P in penalties]
    centre = np.linalg.qr(X.mean(axis=0)[:, None], mode="complete")[0][:, 1:]
    X, penalties = X @ centre, [centre.T @ P @ centre for P in penalties]
    values, U = np.linalg.eigh(sum(P / np.linalg.norm(P) for P in penalties))
    free = values < 1e-9 * values[-1]
    fixed = {f"f{i}": column for i, column in enumerate((X @ U[:, free]).T)}
    U = U[:, ~free]
    return {"y": y, **fixed}, X @ U, [U.T @ P @ U for P in penalties]


def fitted(surface, **how):
    data, Z, penalties = surface
    if how.get("dense"):
        block = lmm.block(Z, penalty=dict(zip("xz", penalties, strict=True)))
    else:
        # Coordinates in which the penalties add up to the identity, and each is diagonal.
        values, U = np.linalg.eigh(penalties[0] + penalties[1])
        W = U / np.sqrt(values)
        first, Q = np.linalg.eigh(W.T @ penalties[0] @ W)
        d = np.clip([first, 1.0 - first], 0.0, None)
        block = lmm.block(
            Z @ W @ Q, scales={"x": np.where(d[0] < 1e-10, 0, d[0]), "z": np.where(d[1] < 1e-10, 0, d[1])}
        )
    return lmm.fit("y ~ f0 + f1 + f2", data, random={"te": block}, **how.get("more", {}))


@pytest.fixture(scope="module")
def fits(surface):
    return {"tied": fitted(surface), "dense": fitted(surface, dense=True)}


@pytest.mark.parametrize("kind", ["tied", "dense"])
def test_the_score_and_the_smoothing_parameters_of_a_tensor_product(fits, kind):
    fit = fits[kind]
    assert fit.converged
    assert fit.criterion == pytest.approx(2 * SCORE, abs=1e-8)
    assert fit.theta_names == ("te.x", "te.z")
    np.testing.assert_allclose(fit.theta**-2, SP, rtol=1e-5)
    assert fit.certificate.n_evaluations <= 15


@pytest.mark.parametrize("kind", ["tied", "dense"])
def test_tables_tell_the_variances_of_the_penalties(fits, kind):
    fit = fits[kind]
    assert list(fit.varcorr["term"]) == ["x", "z", None]
    np.testing.assert_allclose(fit.varcorr["sdcor"][:2], fit.sigma / np.sqrt(SP), rtol=1e-5)
    wald = lmm.confint(fit, terms="theta_", method="wald")
    profile = lmm.confint(fit, terms="theta_", method="profile")
    for table in (wald, profile):
        assert list(table["term"]) == ["sd_x|te", "sd_z|te", "sigma"]
        np.testing.assert_allclose(table["estimate"][:2], fit.sigma / np.sqrt(SP), rtol=1e-5)
        assert np.all(table["conf_low"] < table["estimate"])
        assert np.all(table["estimate"] < table["conf_high"])
    assert len(lmm.variance_components(fit)) == 3


def test_both_forms_of_the_covariance_give_the_same_inference(fits):
    tied, dense = fits["tied"], fits["dense"]
    np.testing.assert_allclose(tied.fitted, dense.fitted, atol=1e-7)
    for df in ("kenward-roger", "satterthwaite"):
        one, other = lmm.coefficients(tied, df=df), lmm.coefficients(dense, df=df)
        for name in ("std_error", "df"):
            np.testing.assert_allclose(np.array(one[name], float), np.array(other[name], float), rtol=1e-4)
    one, other = (lmm.confint(fit, terms="theta_", method="profile") for fit in (tied, dense))
    np.testing.assert_allclose(one["conf_low"], other["conf_low"], rtol=1e-3)
    np.testing.assert_allclose(one["conf_high"], other["conf_high"], rtol=1e-3)
    assert lmm.icc(tied)["icc"][0] == pytest.approx(lmm.icc(dense)["icc"][0], rel=1e-5)


@pytest.mark.parametrize("dense", [False, True])
def test_a_file_keeps_the_penalties(surface, dense, tmp_path):
    fit = fitted(surface, dense=dense)
    lmm.save(fit, tmp_path / "fit.lmm")
    again = lmm.load(tmp_path / "fit.lmm")
    assert np.array_equal(again.theta, fit.theta)
    assert again.theta_names == fit.theta_names
    assert again.criterion == pytest.approx(fit.criterion, abs=1e-9)
    np.testing.assert_allclose(again.varcorr["vcov"], fit.varcorr["vcov"], rtol=1e-12)


@pytest.mark.parametrize("dense", [False, True])
def test_a_penalty_held_at_zero_is_told_by_name(surface, dense):
    fit = fitted(surface, dense=dense, more={"theta": {"te.x": 0.0}})
    assert fit.varcorr["vcov"][0] == 0.0
    assert [note for note in fit.notes if note.startswith("Singular")] == [
        "Singular: the variance x of te is zero: the effects that it penalises are zero."
    ]


def test_moments_are_not_defined_with_tied_variances(surface):
    for dense in (False, True):
        with pytest.raises(UnsupportedError, match="tied by its penalties"):
            fitted(surface, dense=dense, more={"method": "moments"})


def test_one_penalty_is_a_known_precision():
    rng = np.random.default_rng(0)
    Z, y = rng.normal(size=(60, 4)), rng.normal(size=60)
    L = rng.normal(size=(4, 4))
    data = {"y": y + Z.sum(axis=1)}
    one, other = (
        lmm.fit("y ~ 1", data, random={"p": block})
        for block in (lmm.block(Z, penalty=L @ L.T), lmm.block(Z, precision=L @ L.T))
    )
    assert one.criterion == other.criterion
    assert lmm.fit("y ~ 1", data, random={"p": lmm.block(Z, penalty=[L @ L.T])}).criterion == one.criterion


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ({"scales": [[1, 1]], "penalty": np.eye(2)}, "scales= or penalty=, not both"),
        ({"scales": [[1, 1]], "k": 2}, "leave k= out"),
        ({"penalty": np.eye(4), "structure": "diag"}, "leave structure= out"),
        ({"scales": [[1, 1]], "covariance": np.eye(4)}, "leave covariance= out"),
        ({"scales": [[1, 1, 1]]}, "4 columns, which is not a multiple of 3"),
        ({"scales": [[1, 1], [0, "a"]]}, "scales= must hold numbers"),
        ({"scales": [[1, 1], [0]]}, "scales= must hold numbers"),
        ({"scales": [[1, 0], [1, 0]]}, "Effect 2 of 2 has no penalty"),
        ({"penalty": np.diag([1.0, 1, 1, 0])}, r"leaves 1 of 4 combinations.*Z @ U0"),
        ({"penalty": np.eye(3)}, r"shape \(4, 4\); its shape is \(3, 3\)"),
        ({"penalty": [np.eye(3), np.eye(3)]}, "not a multiple of 3"),
        ({"penalty": [np.diag([1.0, 1, 0, 0]), np.diag([0.0, 1, 1, 0])]}, "leave 1 of 4 combinations"),
    ],
)
def test_penalties_that_cannot_be_are_refused(how, match):
    with pytest.raises(DesignError, match=match):
        lmm.block(np.ones((9, 4)) + np.eye(9)[:, :4], **how)
