"""How numbers are written."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lmm.table.numbers import MISSING, format_columns, format_p_value


def written(values, name="x", spec=None):
    columns = {name: np.array(values)}
    return format_columns(columns, {} if spec is None else {name: spec})[name]


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1.0, "1.0000"),
        (0.04996, "0.0500"),
        (0.0012, "0.0012"),
        (0.000995, "0.0010"),
        (0.000213, "0.00021"),
        (0.0000995, "0.00010"),
        (1.234e-5, "1.2e-05"),
        (3e-16, "3.0e-16"),
        (1e-300, "<2e-16"),
        (0.0, "<2e-16"),
        (math.nan, MISSING),
    ],
)
def test_p_values_are_written_as_in_r(p, text):
    assert format_p_value(p) == text


@pytest.mark.parametrize("name", ["p_value", "p_value_naive"])
def test_columns_of_p_values_are_known_by_name(name):
    assert written([1e-20, 0.5], name) == ["<2e-16", "0.5000"]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([612.1, 35.0717], ["612.100", "35.072"]),
        ([0.0, 0.2, 0.4], ["0.0", "0.2", "0.4"]),
        ([17.0, 17.0], ["17", "17"]),
        ([1234567.0, 2.0], ["1234567", "2"]),
        ([1234.5, 1e-9], ["1234.5", "1.00e-09"]),
        ([math.nan, 1.5], [MISSING, "1.5"]),
        ([math.inf, -math.inf, 1.0], ["inf", "-inf", "1"]),
        ([-0.0, 1.25], ["0.00", "1.25"]),
        ([0.0, 0.0], ["0", "0"]),
        ([math.nan, math.nan], [MISSING, MISSING]),
        ([1e15, 1.0], ["1.000000e+15", "1"]),
    ],
)
def test_columns_share_their_decimals(values, texts):
    assert written(values) == texts


def test_no_number_that_is_not_zero_prints_as_zero():
    for exponent in range(-300, 12):
        assert float(written([10.0**exponent, 1000.0])[0]) == pytest.approx(10.0**exponent, rel=0.01)


def test_standard_errors_decide_the_decimals_of_estimates():
    columns = {
        "estimate": np.array([251.40510, 10.46729]),
        "std_error": np.array([6.82460, 1.54579]),
        "conf_low": np.array([237.68, 7.35842]),
    }

    assert format_columns(columns, {}) == {
        "estimate": ["251.405", "10.467"],
        "std_error": ["6.825", "1.546"],
        "conf_low": ["237.680", "7.358"],
    }


def test_missing_standard_errors_leave_estimates_readable():
    columns = {"estimate": np.array([251.405, np.nan]), "std_error": np.array([np.nan, np.nan])}

    assert format_columns(columns, {})["estimate"] == ["251.41", MISSING]


def test_a_format_of_ones_own_goes_first():
    assert written([0.5, math.nan], spec=".3f") == ["0.500", MISSING]
    assert written([0.5, 1e-5], spec="p") == ["0.5000", "1.0e-05"]


def test_integers_and_marks_are_written_plainly():
    assert written([1, 20]) == ["1", "20"]
    assert written([True, False]) == ["True", "False"]


@pytest.mark.parametrize(
    ("number", "text"),
    [(53.625, "53.63"), (321.75, "321.8"), (2.5, "3"), (-53.625, "-53.63"), (0.125, "0.13")],
)
def test_ties_round_away_from_zero_whatever_the_last_bits(number, text):
    decimals = len(text.partition(".")[2])
    for other in (number, np.nextafter(number, 0), np.nextafter(number, 2 * number)):
        columns = format_columns({"x": np.array([other])}, {"x": f".{decimals}f"})
        assert columns["x"] == [text]


def test_whole_numbers_with_noise_in_the_last_bit_are_whole():
    assert format_columns({"df": np.array([3.0, 3.0000000000000004])}, {})["df"] == ["3", "3"]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        # A number of ordinary size has no exponent because the others are large.
        ([251405105.0, 1.55], ["251405105", "1.55"]),
        ([1e8, 0.0656], ["100000000", "0.0656"]),
        ([123456789.0, 12.5], ["123456789", "13"]),
        ([1e7, 0.000123], ["10000000", "0.000123"]),
        # One that is very small has one, alone.
        ([1234.5, 1e-9], ["1234.5", "1.00e-09"]),
        ([0.5, 2.5e-7, 1.25], ["0.50", "2.50e-07", "1.25"]),
        # A column of small numbers has decimals as long as they can be read, and one form for all then.
        ([0.00012, 0.00034], ["0.00012", "0.00034"]),
        ([3.1e-6, 1.25e-5], ["0.0000031", "0.0000125"]),
        ([2.5e-15, 1.25e-16], ["2.5000e-15", "1.2500e-16"]),
        ([6.1209e-16, math.nan, 0.0], ["6.1209e-16", MISSING, "0"]),
    ],
)
def test_small_numbers_do_not_change_the_form_of_a_whole_column(values, texts):
    assert written(values) == texts


def test_a_slope_beside_a_large_intercept_keeps_its_decimals():
    columns = {"estimate": np.array([251405105.0, 10.4673]), "std_error": np.array([6824557.0, 1.5458])}
    assert format_columns(columns, {})["std_error"] == ["6824557", "1.55"]
