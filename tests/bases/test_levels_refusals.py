"""Maps that contradict themselves, and curves per level of what has no levels: errors that say what to do."""

import numpy as np
import pytest

from lmm.bases import Settings, learn_basis
from lmm.errors import ArgumentError, DataError
from tests.bases.stored import factor, numbers

SITE = factor("site", list("abcd") * 5)
SQUARE = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
FOUR = np.diag([1.0, 2, 2, 1]) - np.eye(4, k=1) - np.eye(4, k=-1)

RING = {"a": ["b", "d"], "b": ["a", "c"], "c": ["b", "d"], "d": ["c", "a"]}
BAD_MAPS = {
    "no map": ({}, "needs a map"),
    "one-sided": ({"neighbours": RING | {"a": ["b"]}}, 'has "a" as a neighbour of "d", but not "d"'),
    "unknown neighbour": ({"neighbours": RING | {"a": ["b", "d", "D"]}}, 'Did you mean "d"'),
    "itself": ({"neighbours": RING | {"a": ["a", "b", "d"]}}, "among its own neighbours"),
    "twice": ({"neighbours": RING | {"a": ["b", "b", "d"]}}, 'lists "b" twice'),
    "numbered from one": ({"neighbours": {"a": [2], "b": [1, 3], "c": [2, 4], "d": [3]}}, "start at 1"),
    "negative": ({"neighbours": {"a": [-1], "b": [0], "c": [], "d": []}}, "numbered from 0 to 3"),
    "text": ({"neighbours": RING | {"a": "bd"}}, "must be a list for each region"),
    "no dict": ({"neighbours": [["b"], ["a"]]}, "must be a dict by region"),
    "empty": ({"neighbours": {}}, "must be a dict by region"),
    "two spellings": ({"neighbours": {1: [], "1": []}}, "holds a region twice"),
    "apart": ({"polygons": {name: SQUARE + 3 * i for i, name in enumerate("abcd")}}, "share a corner"),
    "three columns": ({"polygons": dict.fromkeys("abcd", np.ones((4, 3)))}, "two columns"),
    "no polygon": ({"polygons": dict.fromkeys("abcd", "square")}, "two columns"),
    "a flat penalty": ({"penalty": np.ones(4)}, "square matrix"),
    "a rectangle": ({"penalty": np.ones((4, 3))}, "square matrix"),
    "a penalty of words": ({"penalty": "S"}, "square matrix"),
    "missing": ({"penalty": FOUR + np.nan}, "finite numbers"),
    "skew": ({"penalty": FOUR + np.eye(4, k=2)}, "not symmetric"),
    "indefinite": ({"penalty": FOUR - np.eye(4)}, "negative eigenvalue"),
    "zero": ({"penalty": np.zeros((4, 4))}, "is zero"),
    "five rows": ({"penalty": np.eye(5)}, "has 5 rows, and the data have 4 regions"),
}


@pytest.mark.parametrize("case", BAD_MAPS)
def test_bad_maps(case):
    extra, message = BAD_MAPS[case]
    with pytest.raises(ArgumentError, match=message):
        learn_basis("mrf", [SITE], Settings(extra=extra))


def test_regions_that_the_map_does_not_have():
    short = {"a": ["b"], "b": ["a"], "Cc": []}
    with pytest.raises(DataError, match='holds "c", "d", which the map'):
        learn_basis("mrf", [SITE], Settings(extra={"neighbours": short}))
    basis = learn_basis("mrf", [SITE], Settings(extra={"neighbours": RING}))
    with pytest.raises(DataError, match=r'holds "A".* Did you mean "a"'):
        basis.columns([factor("site", ["A"])])
    with pytest.raises(DataError, match="missing, or unknown, in 1 rows"):
        basis.columns([factor("site", ["a", "x"], ("a",))])


def test_a_part_of_the_map_without_data():
    for lost in ({"e": []}, {"e": ["f"], "f": ["e"]}):
        with pytest.raises(DataError, match=r'"e".* no data and no neighbour'):
            learn_basis("mrf", [SITE], Settings(extra={"neighbours": RING | lost}))


def test_sizes_of_fields():
    for k, message in ((5, "asks for k=5 columns, and the map has 4"), (1, "needs k of 2 or more")):
        with pytest.raises((DataError, ArgumentError), match=message):
            learn_basis("mrf", [SITE], Settings(k=k, extra={"neighbours": RING}))
    parted = {"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]}
    with pytest.raises(DataError, match="needs k of 3 or more"):
        learn_basis("mrf", [SITE], Settings(k=2, extra={"neighbours": parted}))


def test_regions_as_broken_numbers():
    with pytest.raises(DataError, match="not whole"):
        learn_basis("mrf", [numbers("site", [0.5, 1.0])], Settings(extra={"neighbours": RING}))


X = numbers("x", np.linspace(0.0, 1.0, 20))
Z = numbers("z", np.cos(np.arange(20.0)))
ONE = factor("one", ["a"] * 20)
MANY = factor("many", [f"l{i:02}" for i in range(70)])
BAD_CURVES = {
    "no factor": ("fs", [X, Z], {}, "Add a factor"),
    "no factor, sz": ("sz", [X], {}, "Add a factor"),
    "no number": ("fs", [SITE], {}, 'bs="re"'),
    "no number, sz": ("sz", [SITE, ONE], {}, 'bs="re"'),
    "two factors": ("fs", [X, SITE, ONE], {}, "takes one factor"),
    "unknown basis": ("fs", [X, SITE], {"xt": "cR"}, 'Did you mean "cr"'),
    "basis of levels": ("sz", [SITE, X], {"xt": "mrf"}, "names the basis of the curves"),
    "no name": ("fs", [X, SITE], {"xt": 3}, "names the basis of the curves"),
    "two penalties": ("fs", [X, SITE], {"xt": "bs"}, "has 2 here"),
    "one level": ("sz", [ONE, X], {}, "has one only"),
}


@pytest.mark.parametrize("case", BAD_CURVES)
def test_bad_curves(case):
    name, covariates, extra, message = BAD_CURVES[case]
    m = (3, 2, 1) if case == "two penalties" else None
    with pytest.raises((ArgumentError, DataError), match=message):
        learn_basis(name, covariates, Settings(k=6, m=m, extra=extra))


def test_a_smoothing_parameter_for_each_of_very_many_levels():
    rows = [MANY, numbers("x", np.linspace(0.0, 1.0, 70))]
    with pytest.raises(DataError, match="70 combinations"):
        learn_basis("sz", rows, Settings(k=5))
    assert learn_basis("sz", rows, Settings(k=5, extra={"id": 1})).k == 69 * 5


def test_knots_go_to_the_numbers():
    knots = (None, np.array([0.0, 0.2, 0.5, 0.8, 1.0]))
    for name in ("fs", "sz"):
        basis = learn_basis(name, [SITE, X], Settings(k=5, knots=knots, extra={"xt": "cr"}))
        np.testing.assert_array_equal(basis.curve.knots, knots[1])
