"""What users give for theta, start and control."""

import numpy as np
import pytest

from lmm.covariance import ThetaLayout
from lmm.errors import LmmError
from lmm.estimation import checked_control, given_start, given_theta

LAYOUT = ThetaLayout.of([("Subject", ("Intercept", "Days"), "us")])


def test_nothing_given_holds_nothing():
    assert not given_theta(None, LAYOUT).held.any()


@pytest.mark.parametrize("given", [[1, None, 0], [1, np.nan, 0.0], np.array([1, np.nan, 0])])
def test_missing_values_are_free(given):
    read = given_theta(given, LAYOUT)
    np.testing.assert_array_equal(read.held, [True, False, True])
    np.testing.assert_array_equal(read.theta, [1, np.nan, 0])


def test_names_hold_what_they_name():
    read = given_theta({"Subject.Days": 0.5, "Subject.Intercept": None}, LAYOUT)
    np.testing.assert_array_equal(read.theta, [np.nan, np.nan, 0.5])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1, 2], r"theta= has 2 values; this model has 3 parameters: Subject.Intercept, Sub"),
        ({"Subject.days": 1}, r"not a parameter of this model.*Did you mean \"Subject.Days\"\?"),
        ([1, "a", 2], r"Subject.Days.Intercept must be a number or None, not 'a'"),
        ([1, 0, np.inf], r"Subject.Days must be finite, not inf"),
        ([-1, 0, 1], r"theta= gives Subject.Intercept the value -1; it must be at least 0"),
        (0.5, r"theta= has 1 values"),
    ],
)
def test_what_theta_cannot_be(given, message):
    with pytest.raises(LmmError, match=message):
        given_theta(given, LAYOUT)


def test_a_start_needs_every_parameter():
    np.testing.assert_array_equal(given_start([1, 0, 1], LAYOUT), [1, 0, 1])
    assert given_start(None, LAYOUT) is None
    with pytest.raises(LmmError, match=r"start= must give every parameter a number"):
        given_start([1, None, 1], LAYOUT)


def test_control_from_a_dict():
    assert checked_control({"tolerance": 1e-6}).tolerance == 1e-6
    assert checked_control(checked_control(None)) == checked_control({})


@pytest.mark.parametrize(
    ("control", "message"),
    [
        ({"tolerence": 1}, r"no setting 'tolerence'.*Did you mean \"tolerance\"\?"),
        (100, r"control= must be a dict of settings, not int"),
        ({"max_iterations": 0}, r"max_iterations must be a whole number of at least 1"),
    ],
)
def test_what_control_cannot_be(control, message):
    with pytest.raises(LmmError, match=message):
        checked_control(control)
