"""Acceleration of BCa intervals: a sixth of the skewness of χ² for sigma of a balanced layout."""

import numpy as np
import pytest

import lmm
from lmm.inference.likelihood.parameters import select
from lmm.inference.resampling.acceleration import accelerations


def test_sigma_of_a_balanced_layout():
    """The score of log σ is χ²(24) - 24: skewness √(8/24)."""
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    found, notes = accelerations(fit, select(fit, "sigma"))
    assert found[0] == pytest.approx(np.sqrt(8.0 / 24.0) / 6.0, abs=0.02)
    assert not notes


def test_fixed_effects_have_none_and_the_boundary_says_so():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"))
    assert accelerations(fit, select(fit, "beta_"))[0].tolist() == [0.0]
    found, notes = accelerations(fit, select(fit, "sigma"))
    assert found.tolist() == [0.0]
    assert "no correction for skewness" in notes[0]
