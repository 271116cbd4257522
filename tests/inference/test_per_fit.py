"""Memory of what was computed for a fit."""

import gc
import weakref

import numpy as np
import pytest

import lmm
from lmm.inference.per_fit import per_fit


def dyestuff():
    return lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))


def test_computed_once_for_each_fit_and_option():
    calls = []

    @per_fit
    def number(fit, option="a"):
        """Say what was asked."""
        calls.append(option)
        return fit.n_obs, option

    one, other = dyestuff(), dyestuff()
    for fit in (one, one, other):
        assert number(fit) == (30, "a")
    assert number(one, "b") == number(one, "b") == (30, "b")
    assert calls == ["a", "a", "b"]
    assert number.__doc__ == "Say what was asked."


def test_memory_goes_with_the_fit():
    kept = []

    @per_fit
    def array(fit):
        found = np.zeros(fit.n_obs)
        kept.append(weakref.ref(found))
        return found

    fit = dyestuff()
    array(fit)
    assert kept[0]() is not None
    del fit
    gc.collect()
    assert kept[0]() is None


def test_tables_of_a_fit_do_not_keep_it():
    fit = dyestuff()
    fit.coefficients()
    fit.summary()
    lmm.variance_components(fit)
    gone = weakref.ref(fit)
    del fit
    gc.collect()
    assert gone() is None


def test_failures_are_not_remembered():
    calls = []

    @per_fit
    def fails(fit):
        calls.append(fit)
        raise ValueError

    fit = dyestuff()
    for _ in range(2):
        with pytest.raises(ValueError):  # noqa: PT011
            fails(fit)
    assert len(calls) == 2
