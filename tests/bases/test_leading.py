"""Leading eigenpairs by Lanczos against all eigenpairs."""

import numpy as np
import pytest

from lmm.bases import Settings, learn_basis
from lmm.bases.surfaces.kernels import Correlation, Power
from lmm.bases.surfaces.leading import leading_pairs, pairs_on_a_line
from lmm.bases.surfaces.points import MOST_CENTRES, centres_of, distances
from lmm.engine import line_pairs
from lmm.errors import DesignError
from tests.bases.stored import numbers


def plane(n):
    return np.random.default_rng(4).uniform(size=(n, 2))


def grid(n):
    return np.stack(np.meshgrid(np.arange(n), np.arange(n + 1)), axis=-1).reshape(-1, 2).astype(float)


CASES = {
    "thin plate": (Power(2), plane(600), 50),
    "cubic": (Power(3), plane(600)[:, :1], 20),
    "wide Matérn": (Correlation(3, 1.0), plane(600), 50),
    "narrow Matérn": (Correlation(3, 0.1), plane(600), 80),
    "spherical": (Correlation(1, 0.3), plane(500), 40),
    "a grid": (Power(2), grid(22), 40),
}


@pytest.mark.parametrize("case", CASES)
def test_lanczos_finds_the_subspace_of_all_eigenpairs(case):
    kernel, points, k = CASES[case]
    E = kernel.values(distances(points, points))
    values, vectors = leading_pairs(E, k)

    every, all_vectors = np.linalg.eigh(E)
    order = np.argsort(-np.abs(every))
    expected = all_vectors[:, order[:k]]
    assert np.abs(every[order[k - 1]]) > np.abs(every[order[k]]) * (
        1.0 + 1e-6
    )  # else there is no such subspace
    np.testing.assert_allclose(
        values, np.sort(every[order[:k]])[::-1], rtol=1e-10, atol=1e-13 * abs(every).max()
    )
    assert np.linalg.norm(vectors - expected @ (expected.T @ vectors), 2) < 1e-9
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(k), atol=1e-12)


def test_repeated_eigenvalues_are_all_found():
    """A Krylov space from one start holds one vector of each eigenspace."""
    rng = np.random.default_rng(5)
    Q = np.linalg.qr(rng.normal(size=(400, 400)))[0]
    values = np.r_[np.full(6, 10.0), np.full(4, -7.0), np.full(2, 3.0), rng.uniform(-1.0, 1.0, 388)]
    found, vectors = leading_pairs((Q * values) @ Q.T, 12)

    np.testing.assert_allclose(found, [10.0] * 6 + [3.0] * 2 + [-7.0] * 4, rtol=1e-12)
    assert np.linalg.norm(vectors - Q[:, :12] @ (Q[:, :12].T @ vectors), 2) < 1e-9


def test_the_same_pairs_come_twice():
    E = Power(2).values(distances(plane(500), plane(500)))
    for one, other in zip(leading_pairs(E, 30), leading_pairs(E, 30), strict=True):
        np.testing.assert_array_equal(one, other)


def test_of_many_points_a_sample_is_taken_whatever_their_order():
    points = plane(MOST_CENTRES + 500)
    chosen = centres_of(points, ("x", "z"), Settings(), "tp")
    assert len(chosen) == MOST_CENTRES
    np.testing.assert_array_equal(chosen, centres_of(points[::-1], ("x", "z"), Settings(), "tp"))


def test_the_user_says_how_many_points_are_many():
    for spelling in ("max.knots", "max_knots"):
        settings = Settings(extra={"xt": {spelling: 40}})
        assert len(centres_of(plane(90), ("x", "z"), settings, "gp")) == 40


def test_columns_of_more_points_than_centres():
    points = plane(MOST_CENTRES + 200)
    covariates = [numbers("x", points[:, 0]), numbers("z", points[:, 1])]
    basis = learn_basis("gp", covariates, Settings(k=12, m=(3, 0.5)))
    X = basis.columns(covariates)
    expected = basis.kernel.values(distances(points, basis.centres)) @ basis.weights
    np.testing.assert_allclose(X[:, :9], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("spacing", ["even", "random", "clustered"])
@pytest.mark.parametrize(
    ("power", "n", "k"), [(1, 200, 10), (3, 400, 10), (3, 400, 40), (5, 300, 12), (3, 2000, 30)]
)
def test_pairs_of_points_on_a_line_are_those_of_their_matrix(power, n, k, spacing):
    rng = np.random.default_rng(6)
    x = {
        "even": np.linspace(-3.0, 9.0, n),
        "random": rng.uniform(size=n),
        "clustered": rng.normal(size=n) ** 3,
    }
    centres = np.sort(x[spacing])[:, None]
    kernel = Power(power, -0.3)
    values, vectors = pairs_on_a_line(line_pairs, kernel, centres, k)
    expected_values, expected = leading_pairs(kernel.values(distances(centres, centres)), k)

    np.testing.assert_allclose(values, expected_values, rtol=1e-9, atol=1e-14 * abs(values).max())
    assert np.linalg.norm(vectors - expected @ (expected.T @ vectors), 2) < 1e-9
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(k), atol=1e-12)


@pytest.mark.parametrize("basis", ["tp", "ts", "ds"])
def test_bases_are_the_same_with_and_without_the_line(basis):
    x = numbers("x", np.random.default_rng(7).uniform(size=300))
    with_line = learn_basis(basis, [x], Settings(k=12), line_pairs)
    without = learn_basis(basis, [x], Settings(k=12))
    new = [numbers("x", np.linspace(-0.1, 1.1, 50))]
    size = np.abs(without.columns(new)).max()
    np.testing.assert_allclose(with_line.columns(new), without.columns(new), atol=1e-8 * size)
    np.testing.assert_allclose(
        with_line.columns([x]),
        with_line.raw(x.values[:, None]) * with_line.factors - with_line.offsets,
        atol=1e-9,
    )


def test_where_the_line_has_no_answer():
    centres = np.linspace(0.0, 1.0, 30)[:, None]
    assert pairs_on_a_line(None, Power(3), centres, 4) is None
    assert pairs_on_a_line(line_pairs, Power(2), centres, 4) is None
    assert pairs_on_a_line(line_pairs, Power(3), plane(30), 4) is None
    assert pairs_on_a_line(line_pairs, Power(3), centres, 20) is None
    with pytest.raises(DesignError, match="increasing points"):
        line_pairs(np.ones(9), 3, 2)
