"""Thin plates of one variable as polynomials between centres: many rows cost a few numbers each."""

import numpy as np
import pytest
from scipy import sparse

from lmm.bases import Settings, learn_basis, learn_smooths
from lmm.bases.surfaces.pieces import power_slopes
from tests.bases.stored import numbers

RNG = np.random.default_rng(11)
X = numbers("x", RNG.uniform(0.0, 5.0, 40))
MANY = RNG.uniform(-2.0, 7.0, 600)
CASES = {
    "tp": ("tp", Settings()),
    "tp, m=1": ("tp", Settings(k=7, m=1)),
    "tp, m=3": ("tp", Settings(k=9, m=3)),
    "tp, m=5": ("tp", Settings(k=12, m=5)),
    "tp without polynomials": ("tp", Settings(k=9, m=(2, 0))),
    "ts": ("ts", Settings()),
    "ds": ("ds", Settings(k=9)),
    "knots": ("tp", Settings(k=6, knots=(np.linspace(-1.0, 6.0, 9),))),
}


@pytest.mark.parametrize("case", CASES)
def test_many_rows_have_the_columns_of_few(case):
    name, settings = CASES[case]
    basis = learn_basis(name, [X], settings)
    carrier = basis.carrier([numbers("x", MANY)])
    few = np.vstack([basis.columns([numbers("x", part)]) for part in np.split(MANY, 20)])

    m = (basis.kernel.exponent + 1) // 2
    assert sparse.issparse(carrier.rows)
    assert carrier.rows.nnz <= 2 * m * 600
    np.testing.assert_allclose(carrier.dense(), few, rtol=1e-10, atol=1e-11 * np.abs(few).max())


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_slopes_of_powers_are_differences(order):
    x, centres, h = np.array([-0.3, 0.4, 2.0]), np.array([0.0, 1.0]), 1e-5
    up, down = (power_slopes(x + s, centres, 5, order) for s in (h, -h))
    np.testing.assert_allclose(
        power_slopes(x, centres, 5, order + 1), (up - down) / (2 * h), rtol=1e-6, atol=1e-6
    )


def test_a_fit_of_many_rows_is_scaled_by_all_of_them():
    """More distinct rows than centres: root mean squares come from all rows."""
    x = numbers("x", RNG.uniform(0.0, 1.0, 9000))
    (smooth,) = learn_smooths("s(x)", "tp", [x], Settings(k=8, extra={"xt": {"max.knots": 200}}))
    columns = smooth.basis.columns([x])
    np.testing.assert_allclose((columns**2).mean(axis=0), 1.0, rtol=1e-10)
    np.testing.assert_allclose(smooth.columns([x]).mean(axis=0), 0.0, atol=1e-12)


def test_surfaces_and_processes_have_no_pieces():
    z = numbers("z", RNG.uniform(size=40))
    many = [numbers("x", MANY), numbers("z", RNG.uniform(size=600))]
    assert isinstance(learn_basis("tp", [X, z], Settings(k=8)).carrier(many).rows, np.ndarray)
    assert isinstance(learn_basis("gp", [X], Settings(k=8)).carrier(many[:1]).rows, np.ndarray)
