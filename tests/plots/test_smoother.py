import numpy as np
import pytest

from lmm.plots.smoother import smooth


@pytest.mark.parametrize("n", [10, 500, 20_000])
def test_a_line_is_reproduced(n):
    x = np.random.default_rng(n).uniform(-3.0, 5.0, size=n)
    grid, trend = smooth(x, 2.0 - 0.5 * x)
    np.testing.assert_allclose(trend, 2.0 - 0.5 * grid, atol=1e-9)


def test_a_curve_is_followed():
    x = np.linspace(0.0, 2.0 * np.pi, 400)
    grid, trend = smooth(x, np.sin(x), fraction=0.2)
    assert np.max(np.abs(trend - np.sin(grid))[5:-5]) < 0.05


def test_order_of_points_does_not_matter():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 300))
    order = rng.permutation(300)
    np.testing.assert_allclose(smooth(x, y)[1], smooth(x[order], y[order])[1], rtol=1e-10)


def test_ties_do_not_close_the_window():
    x = np.repeat(np.arange(7.0), [200, 1, 1, 1, 1, 1, 200])
    grid, trend = smooth(x, 3.0 * x, fraction=0.3)
    np.testing.assert_allclose(trend, 3.0 * grid, atol=1.5)
    assert np.all(np.isfinite(trend))


def test_few_places_get_no_curve():
    grid, trend = smooth(np.repeat(np.arange(5.0), 9), np.arange(45.0))
    assert grid.size == trend.size == 0
