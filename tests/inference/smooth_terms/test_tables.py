"""Tables of smooth terms: scales of the smoothing parameters."""

import numpy as np
import pytest

from tests.inference.smooth_terms.fits import growth, motorcycle


def test_sd_sp_and_theta_say_the_same():
    """sp = σ² / (sd² c), c mgcv's scale of the penalty."""
    fit = motorcycle()
    row, curve = fit.smoothing(), fit.internals.spec.smooths.terms[0].curves[0]
    c = float(curve.smooth.scales[0])
    ratio = row["sp"][0] * row["sd"][0] ** 2 / fit.sigma**2
    assert ratio == pytest.approx(c, rel=1e-8) or ratio == pytest.approx(1.0 / c, rel=1e-8)


def test_a_straight_line_has_no_spread():
    rows = growth().smoothing()
    assert rows["sd"][1] == rows["theta"][1] == 0.0
    assert np.isinf(rows["sp"][1])
