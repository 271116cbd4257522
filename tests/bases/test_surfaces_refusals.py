"""Bases on points: bad input gets errors that say what to do."""

import numpy as np
import pytest

from lmm.bases import Covariate, Settings, learn_basis
from lmm.errors import ArgumentError, DataError
from tests.bases.stored import factor, numbers

GRID = np.linspace(0.0, 1.0, 30)
X, Z = numbers("x", GRID), numbers("z", np.cos(9.0 * GRID))
FOUR = [numbers(name, np.cos(i * GRID + i)) for i, name in enumerate("abcd", start=3)]

BAD_DATA = {
    "text": ("tp", [factor("g", ["a", "b"] * 15)], Settings(), "needs numbers, and g holds levels"),
    "missing": (
        "gp",
        [numbers("x", [*GRID[:-1], np.nan])],
        Settings(),
        "missing or infinite values in 1 of 30",
    ),
    "infinite": ("ds", [X, numbers("z", [*GRID[:-1], np.inf])], Settings(), "z has missing or infinite"),
    "constant": ("tp", [numbers("x", np.ones(30))], Settings(), "x is 1 in all rows"),
    "one constant": ("gp", [X, numbers("z", np.zeros(30))], Settings(), "z is 0 in all rows"),
    "few values": (
        "tp",
        [numbers("x", GRID.round(1))],
        Settings(k=20),
        "k=20 columns, and x has 11 distinct",
    ),
    "few by default": (
        "tp",
        [numbers("x", GRID.round(0))],
        Settings(),
        "has by default k=10 .* 2 distinct .* lines",
    ),
    "few points": ("ds", [X, Z], Settings(k=31), "k=31 columns, and x and z have 30 distinct points"),
    "a line": ("tp", [X, numbers("z", 2.0 * GRID)], Settings(k=10), "lie on a line"),
    "overflow": ("tp", [numbers("x", 1e150 * GRID)], Settings(), "span 1.0e\\+150.* Divide by the range"),
    "underflow": ("ds", [numbers("x", 1e-90 * GRID)], Settings(), "span 1.0e-90"),
    "poles": ("sos", [numbers("lat", 120.0 * GRID), numbers("lon", GRID)], Settings(k=9), "latitude first"),
}
BAD_SETTINGS = {
    "small k": ("tp", [X], Settings(k=2), "needs k of 3 or more, not 2"),
    "several k": ("gp", [X, Z], Settings(k=(5, 5)), "takes one number as k"),
    "text as m": ("tp", [X], Settings(m="two"), "takes at most 2 numbers"),
    "three m": ("tp", [X], Settings(m=(2, 0, 1)), "takes at most 2 numbers"),
    "second m": ("tp", [X], Settings(m=(2, 1)), "can only be 0"),
    "broken m": ("tp", [X], Settings(m=1.5), "whole number"),
    "low m": ("tp", [X, Z], Settings(m=1), "needs m above 1, not 1"),
    "ts": ("ts", [X], Settings(m=(2, 0)), "penalises the polynomials"),
    "correlation": ("gp", [X], Settings(m=6), "3 \\(Matérn 3/2\\)"),
    "power": ("gp", [X], Settings(m=(2, 1, 2.5)), "at most 2"),
    "s": ("ds", [X, Z], Settings(m=(2, 0.3)), "multiple of 0.5"),
    "large s": ("ds", [X, Z], Settings(m=(2, 1)), "both excluded"),
    "sum": ("ds", [X, Z], Settings(m=(1, 0)), "m=\\(1, 0.5\\) fits"),
    "sum by default": ("ds", FOUR, Settings(), "m=\\(2, 0.5\\) fits"),
    "sphere of one": ("sos", [X], Settings(), "latitude and longitude"),
    "order on the sphere": ("sos", [X, Z], Settings(m=5), "between -2 and 4"),
    "xt": ("tp", [X], Settings(extra={"xt": "cr"}), "can hold max.knots"),
    "seed": ("gp", [X], Settings(extra={"xt": {"max.knots": 20, "seed": 3}}), "nothing else"),
    "many max.knots": ("ds", [X, Z], Settings(extra={"xt": {"max.knots": 1e9}}), "at most 5,000"),
    "few max.knots": ("tp", [X], Settings(extra={"xt": {"max.knots": 0}}), "can hold max.knots"),
    "knots of one": ("gp", [X, Z], Settings(knots=(GRID, None)), "30, none"),
    "knots of two sizes": ("gp", [X, Z], Settings(knots=(GRID, GRID[1:])), "30, 29"),
    "endless knots": ("ds", [X, Z], Settings(knots=(GRID + np.nan, GRID)), "finite"),
    "knots twice": ("tp", [X, Z], Settings(knots=(GRID.round(1), GRID.round(1))), "a point twice"),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data(case):
    name, covariates, settings, message = BAD_DATA[case]
    with pytest.raises(DataError, match=message):
        learn_basis(name, covariates, settings)


@pytest.mark.parametrize("case", BAD_SETTINGS)
def test_bad_settings(case):
    name, covariates, settings, message = BAD_SETTINGS[case]
    with pytest.raises(ArgumentError, match=message):
        learn_basis(name, covariates, settings)


def test_a_range_must_be_positive():
    basis = learn_basis("gp", [X], Settings())
    for scale in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ArgumentError, match="above 0"):
            basis.with_range(scale)


def test_the_default_range_is_noted():
    assert "largest distance" in learn_basis("gp", [X], Settings()).notes[0]
    assert learn_basis("gp", [X], Settings(m=(3, 0.5))).notes == ()


def test_no_covariates():
    with pytest.raises(ArgumentError):
        learn_basis("tp", [Covariate("x", values=GRID)] * 0, Settings())
