"""A curve for each level is not a single curve for all."""

import pytest

import lmm
from lmm.errors import UnsupportedError


@pytest.mark.parametrize("k", [4, 5])
def test_curves_per_level_are_not_fitted_as_one_curve(k):
    data = lmm.datasets.load("sleepstudy")
    with pytest.raises(UnsupportedError, match="a curve for each level"):
        lmm.fit(f'Reaction ~ s(Days, Subject, bs="fs", k={k})', data)
