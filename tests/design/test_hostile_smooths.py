"""Formulas with smooth terms that cannot be meant, or mean harm: refused in words, at once."""

import re

import numpy as np
import pytest

import lmm

RNG = np.random.default_rng(13)
N = 60
DATA = {
    "x": RNG.uniform(0, 1, N),
    "z": RNG.uniform(0, 1, N),
    "few": np.arange(N) % 4.0,
    "one": np.ones(N),
    "t": np.array(["a", "b", "c"])[np.arange(N) % 3],
    "y": RNG.normal(size=N),
}


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("s(few, k=10)", "few has 4 distinct values. Write k=4 or less"),
        ("s(x, k=1e9)", "asks for k=1000000000 columns, and x has 60 distinct values"),
        ("s(t, bs='mrf')", "needs a map. Give neighbours="),
        ("s(x) + s(x)", "stands twice: leave one out"),
        ("s(one)", "has nothing to follow. Leave one out"),
        ("s(t)", "needs numbers, and t holds levels"),
        ("s(x, by=nope)", 'no column "nope"'),
        ("s(nope)", 'no column "nope"'),
        ("te(x, z, k=2)", "needs k of 3 or more, not 2"),
        ("te(x, z, x, z, x, z, x, z, x, z)", "Choose a smaller k for the margins"),
        ("(s(x) | t)", "a smooth term stands alone on the right side"),
        ("s(x, kk=3)", 'Did you mean "k"'),
        ("s(x, bs='crr')", 'Did you mean "cr"'),
        ("s()", "the smooth has no covariate"),
    ],
)
def test_a_smooth_that_cannot_be_built_says_what_to_do(term, words):
    with pytest.raises(lmm.errors.LmmError) as caught:
        lmm.fit(f"y ~ {term}", DATA)
    assert words in str(caught.value)


def test_a_smooth_on_the_left_side_is_refused():
    with pytest.raises(lmm.errors.FormulaError, match="stands alone on the right side"):
        lmm.fit("s(x) ~ z", DATA)


@pytest.mark.parametrize("argument", ["knots", "xt", "k", "m", "sp"])
def test_arguments_of_smooths_run_no_code(argument, tmp_path):
    trace = tmp_path / "trace"
    with pytest.raises(lmm.errors.LmmError):
        lmm.fit(f"y ~ s(x, {argument}=open('{trace}', 'w'))", DATA)
    assert not trace.exists()


@pytest.mark.parametrize("basis", ["cr", "cs", "cc", "ps", "cp", "bs", "rk", "ad", "tp", "ts", "gp"])
@pytest.mark.parametrize("k", ["1e9", "20001", "c(100000)"])
def test_endless_columns_are_refused_before_they_are_built(basis, k):
    with pytest.raises((lmm.errors.ArgumentError, lmm.errors.DataError)) as caught:
        lmm.fit(f"y ~ s(x, bs='{basis}', k={k})", DATA)
    assert re.search(r"Write k=60 or less|Choose a smaller k", str(caught.value))


@pytest.mark.parametrize("basis", ["ps", "cp", "bs", "ad", "tp", "ts"])
@pytest.mark.parametrize("m", ["1e9", "1000000", "30000"])
def test_endless_orders_are_refused_before_they_are_built(basis, m):
    with pytest.raises(lmm.errors.ArgumentError, match=r"m = .* is more than the 20|needs k of"):
        lmm.fit(f"y ~ s(x, bs='{basis}', m={m})", DATA)


@pytest.mark.parametrize("basis", ["ds", "tp"])
def test_endless_orders_of_surfaces_are_refused(basis):
    with pytest.raises(lmm.errors.ArgumentError, match=r"m = .* is more than the 20"):
        lmm.fit(f"y ~ s(x, z, bs='{basis}', m=1e6)", DATA)
