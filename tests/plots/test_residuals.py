import numpy as np

from lmm.plots import plot_residuals, residuals_data
from tests.plots.stand_in import stand_in


def test_table_has_fitted_values_and_scaled_residuals(sleepstudy):
    table = residuals_data(sleepstudy)
    np.testing.assert_array_equal(table["fitted"], sleepstudy.fitted)
    np.testing.assert_allclose(table["residual"] * sleepstudy.sigma, sleepstudy.residuals(), rtol=1e-12)


def test_points_are_drawn_one_by_one(sleepstudy):
    (axes,) = plot_residuals(sleepstudy).axes
    assert any(np.size(line.get_xdata()) == 180 for line in axes.lines)
    assert not axes.collections


def test_a_large_cloud_becomes_hexagons_that_count_every_point():
    rng = np.random.default_rng(0)
    fit = stand_in(fitted=rng.normal(size=30_000), residuals=lambda *_: rng.normal(size=30_000))
    (axes,) = plot_residuals(fit).axes
    (hexagons,) = axes.collections
    assert np.sum(np.asarray(hexagons.get_array()) ** 2) == 30_000


def test_few_distinct_fitted_values_get_no_trend():
    fit = stand_in(fitted=np.repeat([1.0, 2.0, 3.0], 5), residuals=lambda *_: np.arange(15.0))
    (axes,) = plot_residuals(fit).axes
    assert len(axes.lines) == 2
