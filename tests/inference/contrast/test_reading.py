"""Contrasts as users give them: text, dicts, vectors, matrices say the same."""

import numpy as np
import pytest

import lmm
from lmm.errors import LmmError
from lmm.inference.contrast.reading import read_contrast


@pytest.fixture(scope="module")
def fit():
    return lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))


@pytest.mark.parametrize(
    "given", ["Days - 0.5 * Intercept", {"Days": 1, "Intercept": -0.5}, [-0.5, 1.0], np.array([[-0.5, 1.0]])]
)
def test_all_forms_are_one(fit, given):
    found = read_contrast(fit, given)
    np.testing.assert_array_equal(found.contrast, [[-0.5, 1.0]])
    np.testing.assert_array_equal(found.rhs, [0.0])


def test_labels_and_right_sides(fit):
    found = read_contrast(fit, {"slope": [0, 1], "start": {"Intercept": 1}}, rhs=[10, 250])
    assert found.labels == ("slope = 10", "start = 250")
    np.testing.assert_array_equal(found.rhs, [10.0, 250.0])


@pytest.mark.parametrize(
    ("given", "rhs", "match"),
    [
        ({}, 0.0, "empty dict"),
        ({"Day": 1}, 0.0, 'no coefficient "Day".*Days'),
        ("Days = 3", 2.0, "leave rhs= out"),
        ([0, 1], [1.0, 2.0], "one for each of the 1 rows"),
        ([0, 1], np.inf, "missing or infinite"),
        ({"both": "Days, Intercept"}, 0.0, "has 2 rows; a label names one"),
    ],
)
def test_what_cannot_be_read(fit, given, rhs, match):
    with pytest.raises(LmmError, match=match):
        read_contrast(fit, given, rhs)
