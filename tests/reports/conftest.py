import warnings

import pytest

import lmm


@pytest.fixture(scope="session")
def sleepstudy():
    return lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))


@pytest.fixture(scope="session")
def linear():
    return lmm.fit("Reaction ~ Days", lmm.datasets.load("sleepstudy"))


@pytest.fixture(scope="session")
def singular():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lmm.LmmWarning)
        return lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"))


@pytest.fixture(scope="session")
def hostile():
    """Names and levels that would be markup, mathematics or a link if they were not escaped."""
    levels = ["<script>alert(1)</script>", "a & b", "$\\frac{x$", 'url(#x) "y"', "| * _ `", "tab\tline\n"]
    rows = [
        {"<b>y</b>": 10.0 + 3.0 * i + 0.5 * j + ((7 * i + 3 * j) % 5), "x & z": float(j), "g": level}
        for i, level in enumerate(levels)
        for j in range(6)
    ]
    return lmm.fit("`<b>y</b>` ~ `x & z` + (1 | g)", rows)
