"""Bases on points against the columns and penalties of mgcv."""

from dataclasses import replace

import numpy as np
import pytest

from lmm.bases import Settings, learn_basis, learn_smooths
from lmm.errors import UnsupportedError
from tests.bases.stored import invariant, matrix, mcycle, numbers, penalties, reference

STORED = reference("o17")
CURVES = {
    "tp_k10": ("tp", Settings()),
    "tp_k10_extrapolated": ("tp", Settings()),
    "tp_k6_m1": ("tp", Settings(k=6, m=1)),
    "tp_k8_m3": ("tp", Settings(k=8, m=3)),
    "tp_k8_user_knots8": ("tp", Settings(k=8, knots=(np.linspace(0.0, 60.0, 8),))),
    "tp_k10_m2_nonull": ("tp", Settings(k=10, m=(2, 0))),
    "ts_k10": ("ts", Settings()),
    "gp_k12_default": ("gp", Settings()),
    "gp_k12_exp_rho10": ("gp", Settings(m=(2, 10, 1))),
    "gp_k12_spherical_rho20": ("gp", Settings(m=(1, 20))),
    "gp_k12_mat25_rho15": ("gp", Settings(m=(4, 15))),
    "gp_k12_mat35_rho15_stationary": ("gp", Settings(m=(-5, 15))),
    "gp_k12_powexp": ("gp", Settings(m=(2, 10, 1.5))),
}
PLANE, SPACE, EARTH = ("x", "z"), ("x", "z", "t"), ("lat", "lon")


def firsts(names, count):
    return tuple(np.array(STORED["data"][name][:count]) for name in names)


SURFACES = {
    "ds_x": (("x",), Settings(k=12)),
    "ds_x_z": (PLANE, Settings(k=20)),
    "ds_x_z_1_half": (PLANE, Settings(k=20, m=(1, 0.5))),
    "ds_x_z_3_minus_half": (PLANE, Settings(k=25, m=(3, -0.5))),
    "ds_x_z_t": (SPACE, Settings(k=30, m=(2, 0.5))),
    "ds_full": (PLANE, Settings(k=70, m=(1, 0.5))),
    "sos_0": (EARTH, Settings(k=30)),
    "sos_1": (EARTH, Settings(k=30, m=1)),
    "sos_2": (EARTH, Settings(k=30, m=2)),
    "sos_3": (EARTH, Settings(k=20, m=3)),
    "sos_4": (EARTH, Settings(k=20, m=4)),
    "sos_minus_1": (EARTH, Settings(k=30, m=-1)),
    "sos_minus_2": (EARTH, Settings(k=30, m=-2)),
    "sos_knots": (EARTH, Settings(k=30, knots=firsts(EARTH, 30))),
    "gp_x_z": (PLANE, Settings(k=25, m=(4, 0.4))),
    "gp_x_z_t": (SPACE, Settings(k=40)),
    "gp_stationary": (PLANE, Settings(k=25, m=(-2, 0.3, 1.2))),
    "gp_knots": (PLANE, Settings(k=18, m=(3, 0.4), knots=firsts(PLANE, 15))),
    "tp_x_z": (PLANE, Settings(k=25)),
    "tp_x_z_3": (PLANE, Settings(k=25, m=3)),
    "tp_x_z_t": (SPACE, Settings(k=40)),
    "tp_x_z_t_2": (SPACE, Settings(k=30, m=2)),
    "tp_full": (PLANE, Settings(k=70)),
    "ts_x_z": (PLANE, Settings(k=25, m=2)),
    "tp_no_null": (PLANE, Settings(k=20, m=(2, 0))),
    "tp_knots": (PLANE, Settings(k=10, knots=firsts(PLANE, 15))),
}
ROUGH = {
    "tp, m=1": ("tp", ("x",), Settings(k=8, m=1)),
    "tp of two": ("tp", PLANE, Settings(k=12)),
    "ds": ("ds", PLANE, Settings(k=12, m=(1, 0.5))),
    "spherical": ("gp", PLANE, Settings(k=12, m=(1, 0.4))),
    "exponential": ("gp", PLANE, Settings(k=12, m=(2, 0.4))),
    "power 1.4": ("gp", PLANE, Settings(k=12, m=(2, 0.4, 1.4))),
    "sphere": ("sos", EARTH, Settings(k=12)),
}
SMOOTH = {
    "tp": ("tp", ("x",), Settings()),
    "ts": ("ts", ("x",), Settings(k=7)),
    "tp without polynomials": ("tp", ("x",), Settings(k=8, m=(3, 0))),
    "tp of two, m=3": ("tp", PLANE, Settings(k=20, m=3)),
    "tp of three": ("tp", SPACE, Settings(k=30)),
    "ds, s=1/2": ("ds", PLANE, Settings(k=20, m=(2, 0.5))),
    "ds of three": ("ds", SPACE, Settings(k=20, m=(3, 0))),
    "Matérn 3/2": ("gp", ("x",), Settings()),
    "Matérn 5/2": ("gp", PLANE, Settings(k=20, m=(4, 0.4))),
    "Matérn 7/2": ("gp", PLANE, Settings(k=20, m=(-5, 0.4))),
    "Gaussian": ("gp", PLANE, Settings(k=20, m=(2, 0.3, 2))),
}


def data(names, first=0, last=None):
    return [numbers(name, STORED["data"][name][first:last]) for name in names]


def points(names):
    return [numbers(name, STORED["points"][name]) for name in names]


def moved(covariates, along, step):
    return [numbers(each.name, each.values + step * (j == along)) for j, each in enumerate(covariates)]


def scattered(names):
    """Points that are not among the data."""
    rng = np.random.default_rng(7)
    return [
        numbers(name, rng.uniform(-60.0 if name in EARTH else 0.0, 60.0 if name in EARTH else 1.0, 9))
        for name in names
    ]


@pytest.mark.parametrize("case", CURVES)
def test_columns_and_penalties_of_one_variable(case):
    stored = reference("o03")["bases"][case]
    name, settings = CURVES[case]
    basis = learn_basis(name, mcycle(), settings)

    X, expected = basis.columns([numbers("x", stored["pts"])]), matrix(stored["X_raw"])
    # Eigenvectors have no sign.
    signs = np.sign((X * expected).sum(axis=0))
    np.testing.assert_allclose(X * signs, expected, rtol=1e-5, atol=1e-7 * np.abs(expected).max())
    (S,) = penalties(stored["S_raw"])
    np.testing.assert_allclose(
        basis.penalties[0] * np.outer(signs, signs), S, rtol=1e-5, atol=1e-8 * np.abs(S).max()
    )


@pytest.mark.parametrize("case", CURVES)
def test_scales_and_the_constrained_term_of_one_variable(case):
    stored = reference("o03")["bases"][case]
    name, settings = CURVES[case]
    (smooth,) = learn_smooths("s(x)", name, mcycle(), settings)

    np.testing.assert_allclose(smooth.scales, np.atleast_1d(stored["S_scale"]), rtol=1e-6)
    assert smooth.p == stored["dim_absorbed"]
    assert smooth.null_space.shape[1] == stored["null_space_dim_absorbed"]
    G = matrix(stored["G_invariant"])
    np.testing.assert_allclose(
        invariant(smooth, mcycle(), [numbers("x", stored["pts"])]), G, rtol=1e-5, atol=1e-7 * np.abs(G).max()
    )


@pytest.mark.parametrize("case", SURFACES)
def test_columns_penalties_and_scales_of_surfaces(case):
    stored = STORED["bases"][case]
    names, settings = SURFACES[case]
    name = case.partition("_")[0]
    basis = learn_basis(name, data(names), settings)
    (smooth,) = learn_smooths("s()", name, data(names), settings)

    X, expected = basis.columns(points(names)), matrix(stored["X"])
    assert X.shape == expected.shape
    signs = np.sign((X * expected).sum(axis=0))
    # mgcv's own Lanczos stops at 1e-6.
    np.testing.assert_allclose(X * signs, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
    (S,) = basis.penalties
    gram = matrix(stored["XSXt"])
    np.testing.assert_allclose(X @ S @ X.T, gram, rtol=1e-5, atol=1e-5 * np.abs(gram).max())
    values = np.array(stored["eigenvalues"])
    np.testing.assert_allclose(np.linalg.eigvalsh(S)[::-1], values, rtol=1e-5, atol=1e-8 * values[0])
    np.testing.assert_allclose(smooth.scales, stored["S_scale"], rtol=1e-5)
    assert np.linalg.matrix_rank(S, tol=1e-9 * values[0]) == stored["rank"]


@pytest.mark.parametrize("case", ["tp", "gp"])
def test_surfaces_of_the_second_set(case):
    stored = reference("o08")
    settings = {"tp": Settings(k=12), "gp": Settings(k=15, m=(3, 0.3))}[case]
    from tests.bases.stored import table

    held = table("gamsim2")
    (smooth,) = learn_smooths("s(x,z)", case, [numbers(name, held[name]) for name in PLANE], settings)
    at = [numbers("x", [0.1, 0.2, 0.5, 0.7, 0.95]), numbers("z", [0.9, 0.3, 0.5, 0.8, 0.05])]

    np.testing.assert_allclose(smooth.scales, np.atleast_1d(stored["bases"][case]["S_scale"]), rtol=1e-6)
    X, expected = smooth.basis.columns(at), matrix(stored["bases"][case]["X_raw"])
    np.testing.assert_allclose(np.abs(X), np.abs(expected), rtol=1e-5, atol=1e-7 * np.abs(expected).max())


@pytest.mark.parametrize("case", [*SMOOTH, *ROUGH])
def test_the_null_space_is_not_penalized_and_all_else_is(case):
    name, names, settings = (SMOOTH | ROUGH)[case]
    basis = learn_basis(name, data(names), settings)
    (S,), N = basis.penalties, basis.null_space

    values = np.linalg.eigvalsh(S)
    assert values[0] >= -1e-12 * values[-1]
    np.testing.assert_array_equal(S @ N, 0.0)
    assert np.linalg.matrix_rank(S, tol=1e-10 * values[-1]) == basis.k - N.shape[1]


@pytest.mark.parametrize("case", [*SMOOTH, *ROUGH])
def test_new_data_give_the_columns_of_the_same_old_data(case):
    name, names, settings = (SMOOTH | ROUGH)[case]
    basis = learn_basis(name, data(names), settings)
    X = basis.columns(data(names))

    np.testing.assert_allclose(basis.columns(data(names, 20, 50)), X[20:50], rtol=1e-12, atol=1e-12)
    # Also where no row is looked up among the centres: a step of the last digit.
    near = basis.columns(moved(data(names), 0, 1e-14))
    np.testing.assert_allclose(near, X, rtol=1e-8, atol=1e-9 * np.abs(X).max())
    rows = [numbers(each.name, np.tile(each.values, 4)) for each in data(names)]
    carrier = basis.carrier(rows)
    assert carrier.rows.nnz == 4 * 75
    np.testing.assert_allclose(carrier.dense(), np.tile(X, (4, 1)), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("case", [*SMOOTH, *ROUGH])
def test_rows_that_are_asked_for_again_are_not_computed_again(case, monkeypatch):
    name, names, settings = (SMOOTH | ROUGH)[case]
    settings = replace(settings, extra={"xt": {"max.knots": 40}})
    basis = learn_basis(name, data(names), settings)
    first, other = basis.columns(data(names)), basis.columns(points(names))
    again = basis.columns(points(names))
    np.testing.assert_array_equal(other, again)
    fresh = learn_basis(name, data(names), settings)
    np.testing.assert_array_equal(first, fresh.columns(data(names)))
    np.testing.assert_allclose(basis.columns(data(names)), first, rtol=1e-9, atol=1e-10 * np.abs(first).max())
    basis.columns(data(names))
    monkeypatch.setattr(type(basis), "raw", None)
    basis.columns(data(names, 0, 75))


@pytest.mark.parametrize("case", [*SMOOTH, *ROUGH])
def test_first_derivatives_are_differences(case):
    name, names, settings = (SMOOTH | ROUGH)[case]
    basis, at = learn_basis(name, data(names), settings), scattered(names)
    h = 1e-2 if name == "sos" else 1e-4
    for along in range(len(names)):
        one, two = (
            basis.columns(moved(at, along, s)) - basis.columns(moved(at, along, -s)) for s in (h, 2 * h)
        )
        D = basis.derivative(at, 1, along)
        np.testing.assert_allclose(D, (8.0 * one - two) / (12.0 * h), atol=1e-8 * np.abs(D).max())


@pytest.mark.parametrize("case", SMOOTH)
def test_second_derivatives_are_differences(case):
    name, names, settings = SMOOTH[case]
    basis, at = learn_basis(name, data(names), settings), scattered(names)
    h = 1e-4
    for along in range(len(names)):
        slopes = [basis.derivative(moved(at, along, s), 1, along) for s in (h, -h, 2 * h, -2 * h)]
        D = basis.derivative(at, 2, along)
        differences = (8.0 * (slopes[0] - slopes[1]) - slopes[2] + slopes[3]) / (12.0 * h)
        np.testing.assert_allclose(D, differences, atol=1e-7 * np.abs(D).max())


@pytest.mark.parametrize("case", ROUGH)
def test_a_second_derivative_that_does_not_exist_is_refused(case):
    name, names, settings = ROUGH[case]
    basis = learn_basis(name, data(names), settings)
    with pytest.raises(UnsupportedError, match="no derivative of order 2"):
        basis.derivative(points(names), 2)


def test_a_cusp_has_no_derivative():
    basis = learn_basis("gp", data(PLANE), Settings(k=12, m=(2, 0.4, 0.7)))
    with pytest.raises(UnsupportedError, match="cusps"):
        basis.derivative(points(PLANE))


def test_derivatives_at_the_data_are_finite():
    for name, names, settings in (SMOOTH | ROUGH).values():
        basis = learn_basis(name, data(names), settings)
        for along in range(len(names)):
            assert np.isfinite(basis.derivative(data(names), 1, along)).all()


def test_thin_plates_go_on_as_straight_lines():
    basis = learn_basis("tp", mcycle(), Settings())
    left = basis.columns([numbers("x", [-30.0, -20.0, -10.0])])
    right = basis.columns([numbers("x", [80.0, 90.0, 100.0])])
    for three in (left, right):
        np.testing.assert_allclose(three[0] - 2.0 * three[1] + three[2], 0.0, atol=1e-9 * np.abs(three).max())


def test_gaussian_processes_go_back_to_their_plane():
    basis = learn_basis("gp", data(PLANE), Settings(k=20, m=(3, 0.2)))
    far = basis.columns([numbers("x", [60.0]), numbers("z", [-60.0])])
    np.testing.assert_allclose(far[0, :17], 0.0, atol=1e-30)


def test_the_earth_has_no_seam():
    basis = learn_basis("sos", data(EARTH), Settings(k=30, m=2))
    here = basis.columns([numbers("lat", [10.0, 90.0]), numbers("lon", [-180.0, 20.0])])
    there = basis.columns([numbers("lat", [10.0, 90.0]), numbers("lon", [180.0, -133.0])])
    np.testing.assert_allclose(here, there, rtol=1e-10, atol=1e-12)


def test_the_order_of_rows_does_not_matter():
    order = np.random.default_rng(3).permutation(75)
    for name, names, settings in SMOOTH.values():
        turned = [numbers(each.name, each.values[order]) for each in data(names)]
        one, other = (learn_basis(name, rows, settings) for rows in (data(names), turned))
        np.testing.assert_allclose(
            one.columns(points(names)), other.columns(points(names)), rtol=1e-9, atol=1e-9
        )


def test_another_range_is_learned_on_the_same_points():
    one = learn_basis("gp", data(PLANE), Settings(k=20, m=(4, 0.4)))
    other = learn_basis("gp", data(PLANE), Settings(k=20, m=(4, 0.7)))
    np.testing.assert_allclose(one.with_range(0.7).columns(points(PLANE)), other.columns(points(PLANE)))
    np.testing.assert_allclose(one.with_range(0.7).penalties[0], other.penalties[0])
