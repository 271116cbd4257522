"""What every basis must fulfil: closed forms, partition of unity, null space, derivatives, new data."""

import numpy as np
import pytest
from scipy.interpolate import BSpline, CubicSpline

from lmm.bases import CATALOG, Settings, learn_basis, learn_smooths, mixed_form
from lmm.errors import ArgumentError, UnsupportedError
from tests.bases.stored import factor, invariant, numbers

RNG = np.random.default_rng(7)
X = np.sort(RNG.uniform(-2.0, 5.0, 60)).round(3)
MORE = numbers("x", np.linspace(-4.0, 8.0, 41) + 0.01)
OUTSIDE = np.array([-9.0, -3.0, 6.0, 11.0])

CURVES = {
    "cr": ("cr", Settings()),
    "cr with few knots": ("cr", Settings(k=3)),
    "cr with knots": ("cr", Settings(knots=(np.array([-1.0, 0.0, 0.5, 3.0, 7.0]),))),
    "cs": ("cs", Settings(k=7)),
    "cc": ("cc", Settings(k=7)),
    "cc of four": ("cc", Settings(k=4)),
    "cc with ends": ("cc", Settings(k=8, knots=(np.array([-3.0, 6.0]),))),
    "ps": ("ps", Settings()),
    "ps linear": ("ps", Settings(k=6, m=(0, 1))),
    "ps quintic": ("ps", Settings(k=12, m=(4, 3))),
    "ps with all knots": ("ps", Settings(k=5, knots=(np.array([-8.0, -7, -5, -3, 1, 5.5, 7, 9, 10]),))),
    "cp": ("cp", Settings()),
    "cp quadratic": ("cp", Settings(k=7, m=(1, 1))),
    "cp with ends": ("cp", Settings(k=8, knots=(np.array([-3.0, 6.0]),))),
    "bs": ("bs", Settings()),
    "bs with two": ("bs", Settings(m=(3, 2, 0))),
    "bs with three": ("bs", Settings(k=14, m=(5, 3, 2, 1))),
    "bs with all knots": (
        "bs",
        Settings(k=6, m=(2, 1), knots=(np.array([-8.0, -6, -3, -1, 2, 3, 6, 7, 9.0]),)),
    ),
    "ad": ("ad", Settings(k=12)),
    "ad with two": ("ad", Settings(k=9, m=2)),
    "ad with one": ("ad", Settings(k=9, m=1)),
    "ad with three": ("ad", Settings(k=9, m=3)),
    "rk": ("rk", Settings()),
    "rk with knots": ("rk", Settings(knots=(np.array([-1.0, 0.0, 2.5]),))),
}

each_curve = pytest.mark.parametrize("case", CURVES)


def learned(case):
    name, settings = CURVES[case]
    return learn_basis(name, [numbers("x", X)], settings)


@each_curve
def test_constant_is_the_sum_of_all_functions(case):
    basis = learned(case)
    if case.startswith("rk"):
        np.testing.assert_allclose(basis.columns([MORE])[:, 0], 1.0)
    else:
        np.testing.assert_allclose(basis.columns([MORE]).sum(axis=1), 1.0, rtol=1e-12)


@each_curve
def test_penalties_are_symmetric_and_vanish_on_the_null_space_only(case):
    basis = learned(case)
    for S in basis.penalties:
        np.testing.assert_array_equal(S, S.T)
        np.testing.assert_allclose(
            S @ basis.null_space, 0.0, atol=1e-9 * np.abs(S).max() * np.abs(basis.null_space).max(initial=0.0)
        )
    total = sum(S / np.abs(S).max() for S in basis.penalties)
    assert np.sum(np.linalg.eigvalsh(total) > 1e-10) == basis.k - basis.null_space.shape[1]


@pytest.mark.parametrize("case", sorted(CURVES.keys() - {"ps with all knots"}))  # there of the index
def test_null_space_holds_polynomials(case):
    basis = learned(case)
    inside = numbers("x", X)
    functions = basis.columns([inside]) @ basis.null_space
    powers = np.vander(X, basis.null_space.shape[1], increasing=True)
    if functions.shape[1]:
        fitted = powers @ np.linalg.lstsq(powers, functions)[0]
        np.testing.assert_allclose(fitted, functions, atol=1e-9 * np.abs(functions).max())


@each_curve
@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_are_differences(case, order):
    basis = learned(case)
    if case in {"ps linear"} and order == 2:
        np.testing.assert_array_equal(basis.derivative([MORE], 2), 0.0)
        return
    step = 1e-5
    up, down = (numbers("x", MORE.values + s * step) for s in (1, -1))
    if order == 1:
        numeric = (basis.columns([up]) - basis.columns([down])) / (2 * step)
    else:
        numeric = (basis.derivative([up], 1) - basis.derivative([down], 1)) / (2 * step)
    found = basis.derivative([MORE], order)
    np.testing.assert_allclose(found, numeric, rtol=1e-6, atol=1e-6 * max(1.0, np.abs(found).max()))


@each_curve
def test_rows_of_new_data_are_those_of_old_data(case):
    basis = learned(case)
    whole = basis.columns([numbers("x", X)])
    for rows in (slice(0, 1), slice(7, 20), slice(None, None, 9)):
        np.testing.assert_array_equal(basis.columns([numbers("x", X[rows])]), whole[rows])


@each_curve
def test_outside_of_the_data_it_goes_on_as_it_says(case):
    basis = learned(case)
    at = basis.columns([numbers("x", OUTSIDE)])
    if basis.extrapolates == "cyclic":
        period = basis.knots[-1] - basis.knots[0]
        back = OUTSIDE - period * np.floor((OUTSIDE - basis.knots[0]) / period)
        np.testing.assert_allclose(at, basis.columns([numbers("x", back)]), atol=1e-12)
    else:
        far = basis.columns([numbers("x", OUTSIDE + np.array([-1.0, -1.0, 1.0, 1.0]) * 4.0)])
        slope = basis.derivative([numbers("x", OUTSIDE)]) * np.array([[-1.0], [-1.0], [1.0], [1.0]])
        reached = np.array([-9.0, 11.0])
        rows = [0, 3]
        assert reached.size == 2
        np.testing.assert_allclose(far[rows], (at + 4.0 * slope)[rows], atol=1e-9)
        np.testing.assert_allclose(basis.derivative([numbers("x", OUTSIDE[rows])], 2), 0.0)


@pytest.mark.parametrize("case", ["cr", "cr with few knots", "cr with knots", "cs"])
def test_cubic_regression_columns_are_natural_splines(case):
    basis = learned(case)
    inside = np.linspace(basis.knots[0], basis.knots[-1], 57)
    dense = CubicSpline(basis.knots, np.eye(basis.k), bc_type="natural")
    rows, to_columns = basis.carrier([numbers("x", inside)])
    np.testing.assert_allclose(rows @ to_columns, dense(inside), atol=1e-13)
    assert rows.nnz <= 4 * inside.size
    at = np.linspace(basis.knots[0], basis.knots[-1], 20001)
    bends = dense(at, 2)
    if case != "cs":
        S = np.trapezoid(bends[:, :, None] * bends[:, None, :], at, axis=0)
        np.testing.assert_allclose(basis.penalties[0], S, rtol=1e-6, atol=1e-6 * np.abs(S).max())


@pytest.mark.parametrize("case", ["cc", "cc of four", "cc with ends"])
def test_cyclic_cubic_columns_are_periodic_splines(case):
    basis = learned(case)
    inside = np.linspace(basis.knots[0], basis.knots[-1], 57)
    values = np.vstack([np.eye(basis.k), np.eye(basis.k)[:1]])
    rows, to_columns = basis.carrier([numbers("x", inside)])
    np.testing.assert_allclose(
        rows @ to_columns, CubicSpline(basis.knots, values, bc_type="periodic")(inside), atol=1e-13
    )
    assert rows.nnz <= 4 * inside.size


@pytest.mark.parametrize(
    "case", ["ps", "ps quintic", "ps with all knots", "bs", "bs with three", "bs with all knots"]
)
def test_b_spline_columns_are_those_of_scipy(case):
    basis = learned(case)
    inside = np.linspace(basis.knots[basis.degree], basis.knots[-basis.degree - 1], 57)
    rows, to_columns = basis.carrier([numbers("x", inside)])
    dense = BSpline(basis.knots, np.eye(basis.k), basis.degree)(inside)
    np.testing.assert_allclose(rows @ to_columns, dense, atol=1e-13)
    assert rows.nnz <= (basis.degree + 1) * inside.size


@pytest.mark.parametrize("case", ["bs", "bs with two", "bs with three"])
def test_penalties_of_b_splines_are_integrals(case):
    basis = learned(case)
    spline = BSpline(basis.knots, np.eye(basis.k), basis.degree)
    at = np.linspace(basis.knots[basis.degree], basis.knots[-basis.degree - 1], 40001)
    _, *orders = CURVES[case][1].m or (3, 2)
    for S, order in zip(basis.penalties, orders, strict=True):
        D = spline.derivative(order)(at) if order else spline(at)
        expected = np.trapezoid(D[:, :, None] * D[:, None, :], at, axis=0)
        np.testing.assert_allclose(S, expected, rtol=1e-5, atol=1e-5 * np.abs(S).max())


def test_random_effects_are_dummies_times_numbers():
    g, h = factor("g", "abcab"), factor("h", "uuvvu")
    z = numbers("z", [1.0, 2.0, 3.0, 4.0, 5.0])
    basis = learn_basis("re", [g, h, z], Settings())
    X = basis.columns([g, h, z])
    expected = np.zeros((5, 6))
    expected[np.arange(5), [0, 1, 5, 3, 1]] = z.values
    np.testing.assert_array_equal(X, expected)
    np.testing.assert_array_equal(basis.derivative([g, h, z], 1, 2), (expected > 0).astype(float))
    np.testing.assert_array_equal(basis.derivative([g, h, z], 2, 2), 0.0)
    with pytest.raises(UnsupportedError, match="g holds levels"):
        basis.derivative([g, h, z], 1, 0)


def test_levels_in_another_order_and_unknown_levels_are_matched_by_name():
    basis = learn_basis("re", [factor("g", "abc")], Settings())
    np.testing.assert_array_equal(
        basis.columns([factor("g", "bxa", levels="xba")]), [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    )


@each_curve
def test_mixed_form_has_the_penalties_that_it_says(case):
    name, settings = CURVES[case]
    (smooth,) = learn_smooths("s(x)", name, [numbers("x", X)], settings)
    form = mixed_form(smooth)
    assert form.map.shape == (smooth.p, smooth.p)
    assert np.linalg.matrix_rank(form.map) == smooth.p
    sp = np.exp(RNG.normal(size=len(smooth.penalties)))
    S = sum(lam * S for lam, S in zip(sp, smooth.penalties, strict=True))
    for piece in form.random:
        own = sp[list(piece.penalties)]
        if piece.scales is not None:
            D = np.diag(piece.scales @ own)
        elif piece.dense is not None:
            D = np.tensordot(own, piece.dense, 1)
        else:
            D = own[0] * np.eye(piece.size)
        np.testing.assert_allclose(piece.map.T @ S @ piece.map, D, atol=1e-9 * np.abs(D).max())
        np.testing.assert_allclose(form.fixed.T @ S @ piece.map, 0.0, atol=1e-9)
    np.testing.assert_allclose(form.fixed.T @ form.fixed, np.eye(form.fixed.shape[1]), atol=1e-12)
    beta, effects = RNG.normal(size=form.fixed.shape[1]), [RNG.normal(size=p.size) for p in form.random]
    expected = form.fixed @ beta + sum(p.map @ u for p, u in zip(form.random, effects, strict=True))
    np.testing.assert_allclose(form.coefficients(beta, effects), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("order", "along", "error"), [(0, 0, UnsupportedError), (3, 0, UnsupportedError), (1, 1, ArgumentError)]
)
@pytest.mark.parametrize("name", ["cr", "cc", "ps", "cp", "bs", "rk"])
def test_derivatives_that_do_not_exist_are_refused(name, order, along, error):
    basis = learn_basis(name, [numbers("x", X)], Settings())
    with pytest.raises(error):
        basis.derivative([MORE], order, along)


def test_the_catalog_holds_each_basis_under_its_name():
    for name in ("cr", "cs", "cc", "ps", "cp", "bs", "rk", "ad", "re"):
        basis = learn_basis(name, [numbers("x", X)], Settings())
        assert basis.name == name
        assert name in CATALOG


@pytest.mark.parametrize("case", [case for case in CURVES if "knots" not in case and "ends" not in case])
@pytest.mark.parametrize(
    ("scale", "shift"), [(1e6, 0.0), (1e-6, 0.0), (1.0, 1e6), (86400.0, 1.7e9), (-1.0, 0.0)]
)
def test_units_of_the_covariate_do_not_matter(case, scale, shift):
    name, settings = CURVES[case]
    if (name == "ad" and scale < 0) or (name == "cs" and scale < 0):
        return  # weights and the shrunken line look in one direction
    own, moved = [numbers("x", X)], [numbers("x", shift + scale * X)]
    (first,), (second,) = (learn_smooths("s(x)", name, data, settings) for data in (own, moved))
    digits = 1e-9 + 1e-15 * abs(shift / scale)
    np.testing.assert_allclose(second.scales / first.scales, _power(name, settings, scale), rtol=1e3 * digits)
    G = invariant(first, own, own)
    np.testing.assert_allclose(invariant(second, moved, moved), G, atol=1e3 * digits * np.abs(G).max())
    assert first.null_space.shape == second.null_space.shape


def _power(name, settings, scale):
    """Penalties on derivatives have units."""
    if name in {"cr", "cs", "cc"}:
        return abs(scale) ** -3.0
    if name == "bs":
        _, *orders = settings.m or (3, 2)
        return [abs(scale) ** (1.0 - 2.0 * order) for order in orders]
    return 1.0
