"""Optima at zero variance, at correlation ±1, of low rank, and near them, where closed forms know the answer."""

from __future__ import annotations

import numpy as np
import pytest

import lmm
from lmm.engine import CrossProducts
from tests.engine.balanced import crossed, growth, nested

# Eigenvalues of the mean squares between levels; the residual's is 1. What is not above the residual has no variance.
EIGENVALUES = {
    "zero": (0.3,),
    "just zero": (0.999,),
    "the boundary itself": (1.0,),
    "near zero": (1.001,),
    "very near zero": (1.0 + 1e-5,),
    "correlation one": (5.0, 0.4),
    "correlation just one": (5.0, 0.999),
    "correlation near one": (5.0, 1.001),
    "correlation very near one": (5.0, 1.0 + 1e-5),
    "both zero": (0.5, 0.4),
    "one near zero, one zero": (1.001, 0.2),
    "rank one of three": (9.0, 0.5, 0.3),
    "rank two of three": (9.0, 4.0, 0.2),
    "rank nearly two of three": (9.0, 4.0, 1.0 + 1e-4),
    "rank one and a little": (9.0, 1.0001, 0.9),
    "rank nearly one of three": (9.0, 1.0001, 1.00005),
    "large and zero": (1e4, 1e-3, 1e-4),
}
LAYOUTS = {
    **{name: lambda e=e: growth(e) for name, e in EIGENVALUES.items()},
    **{f"{name}, ML": lambda e=e: growth(e, reml=False) for name, e in EIGENVALUES.items()},
    "diagonal, one zero": lambda: growth((4.0, 0.7, 2.0), structure="diag"),
    "diagonal, near zero": lambda: growth((0.2, 1.0001, 3.0), structure="diag"),
    "rows zero": lambda: crossed(0.6, 4.0),
    "columns zero": lambda: crossed(7.0, 0.9),
    "rows and columns zero": lambda: crossed(0.6, 0.9),
    "columns zero by pooling only": lambda: crossed(0.2, 0.99),
    "columns near zero": lambda: crossed(7.0, 1.0001),
    "outer zero": lambda: nested(2.0, 3.0),
    "outer near zero": lambda: nested(3.001, 3.0),
    "inner zero": lambda: nested(5.0, 0.5),
    "chain zero": lambda: nested(0.4, 0.5),
    "inner near zero": lambda: nested(5.0, 1.00001),
}

every_layout = pytest.mark.parametrize("name", LAYOUTS)


def assert_optimum(found, layout):
    n = layout.y.size
    assert found.converged
    assert found.criterion == pytest.approx(layout.criterion, rel=0, abs=1e-11 * (10 + n))
    assert found.singular == any(rank < len(S) for rank, S in zip(layout.rank, layout.S, strict=True))
    for T, N, S, unit, rank in zip(
        found.T, found.null_directions, layout.S, layout.unit, layout.rank, strict=True
    ):
        assert N.shape[1] == len(S) - rank
        np.testing.assert_allclose(N.T @ N, np.eye(N.shape[1]), atol=1e-12)
        # 1e-7 of what the strata show: S beside the residual
        sizes = np.sqrt(np.diag(S + unit))
        np.testing.assert_allclose((T @ T.T - S) / np.outer(sizes, sizes), 0.0, atol=1e-7)
        null = N.T @ S @ N / np.trace(unit + S)
        np.testing.assert_allclose(null, 0.0, atol=1e-9)


@every_layout
def test_optimum_is_that_of_the_closed_form(name):
    layout = LAYOUTS[name]()
    assert_optimum(CrossProducts(*layout.arguments).optimize(layout.reml), layout)


@pytest.mark.parametrize("name", [name for name in LAYOUTS if "itself" not in name])
@pytest.mark.parametrize("size", [0.0, 1e-4, 30.0])
def test_the_start_does_not_matter(name, size):
    """At zero the gradient with respect to theta vanishes in every model."""
    layout = LAYOUTS[name]()
    start = [size * np.sqrt(len(unit)) * np.linalg.cholesky(unit) for unit in layout.unit]
    assert_optimum(CrossProducts(*layout.arguments).optimize(layout.reml, start=start), layout)


@pytest.mark.parametrize("eigenvalues", [(1e6,), (1e6, 2.0), (1e6, 0.5), (1e6, 1e3, 2.0), (1e6, 2.0, 0.5)])
def test_variances_a_million_times_that_of_the_residual(eigenvalues):
    """Cross-products lose the digits by which the strata differ, no more."""
    layout = growth(eigenvalues)
    found = CrossProducts(*layout.arguments).optimize(True)
    assert found.converged
    assert found.n_evaluations <= 40
    assert found.criterion == pytest.approx(layout.criterion, rel=0, abs=1e-7)
    root = np.linalg.inv(
        np.linalg.cholesky(layout.unit[0])
    )  # as many eigenvalues of the mean squares, minus one
    ours, theirs = (np.linalg.eigvalsh(root @ S @ root.T) for S in (found.T[0] @ found.T[0].T, layout.S[0]))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-4)
    assert found.null_directions[0].shape[1] == np.count_nonzero(np.array(eigenvalues) < 1.0)


def test_a_start_of_low_rank_in_the_wrong_direction_is_left():
    layout = growth((9.0, 4.0, 2.0))
    start = [np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])]
    assert_optimum(CrossProducts(*layout.arguments).optimize(layout.reml, start=start), layout)


@pytest.mark.parametrize("name", [name for name in LAYOUTS if np.isfinite(LAYOUTS[name]().slope)])
def test_certificate_has_the_slope_into_the_directions_without_variance(name):
    layout = LAYOUTS[name]()
    certificate = CrossProducts(*layout.arguments).optimize(layout.reml).certificate
    assert certificate["min_boundary_slope"] == pytest.approx(layout.slope, rel=1e-5, abs=1e-4)


def test_certificate_of_an_interior_optimum_has_no_boundary():
    certificate = CrossProducts(*growth((9.0, 4.0)).arguments).optimize(True).certificate
    assert "min_boundary_slope" not in certificate
    assert certificate["newton_decrement"] < 1e-8
    assert certificate["max_gradient"] < 1e-6
    assert certificate["min_curvature"] > 0.5


@pytest.mark.parametrize("name", ["correlation one", "rank two of three", "rank one of three", "both zero"])
def test_a_fit_names_the_directions(name):
    layout = LAYOUTS[name]()
    (block,) = layout.blocks
    k = block.n_columns
    table = {"y": layout.y, "x": block.values[:, 1], "g": np.char.add("g", block.codes.astype(str))}
    effects = " + ".join(["x", "I(x^2)"][: k - 1])
    fit = lmm.fit(f"y ~ {effects} + ({effects} | g)", table)
    assert fit.singular
    assert fit.certificate.singular
    (N,) = fit.internals.optimum.null_directions
    assert N.shape == (k, k - layout.rank[0])
    size = np.trace(layout.S[0] + layout.unit[0])
    np.testing.assert_allclose(N.T @ layout.S[0] @ N / size, 0.0, atol=1e-9)
    assert any(note.startswith("Singular: ") for note in fit.notes)
    assert "smallest slope into a direction without variance: " in str(fit.certificate)
