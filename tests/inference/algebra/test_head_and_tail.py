"""Which term is eliminated by level, and how the others hang together."""

import numpy as np
import pytest

import lmm
from lmm.inference.algebra.head_and_tail import Effects, head_and_tail, largest_part, n_column_pairs


def parts_of(formula, data):
    fit = lmm.fit(formula, data)
    return fit, fit.internals.design.random


def test_the_factor_with_the_most_effects_leads():
    fit, parts = parts_of("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    assert head_and_tail(parts) == (0, [])
    fit, parts = parts_of("diameter ~ 1 + (1 | plate) + (1 | sample)", lmm.datasets.load("Penicillin"))
    assert head_and_tail(parts) == (0, [1])
    assert largest_part(fit.internals.criterion_function.cross, parts) == 6


@pytest.mark.parametrize(("formula", "count"), [("(Days | Subject)", 4), ("(Days || Subject)", 2)])
def test_pairs_of_columns(formula, count):
    _, parts = parts_of(f"Reaction ~ Days + {formula}", lmm.datasets.load("sleepstudy"))
    assert n_column_pairs(parts[0]) == count


def test_nested_factors_fall_into_parts(monkeypatch):
    monkeypatch.setattr("lmm.inference.algebra.head_and_tail.SMALL_TAIL", 0)
    fit, parts = parts_of("Thickness ~ Source + (1 | Lot/Wafer)", lmm.datasets.load("Oxide"))
    effects = Effects(parts, fit.T, fit.internals.criterion_function.cross)
    ((index, _),) = effects.tail_parts()
    # Wafers are eliminated; each of eight lots is a part of its own.
    np.testing.assert_array_equal(np.sort(index.ravel()), np.arange(8))
    assert index.shape == (8, 1)
    assert effects.order == [1, 0] or effects.order == [parts.index(parts[1]), 0]
