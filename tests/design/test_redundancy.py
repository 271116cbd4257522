"""Which factors are coded in full: as formulaic decides, and to the rank of the model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from formulaic import model_matrix
from hypothesis import given, settings
from hypothesis import strategies as st

from lmm.data import open_table
from lmm.design.evaluator import Evaluator
from lmm.design.matrix import learn_matrix
from lmm.design.redundancy import scoped_terms
from lmm.formula import parse
from lmm.formula.expansion import expand

ROWS = 48
FRAME = pd.DataFrame(
    {
        "a": np.tile(["u", "v"], 24),
        "b": np.repeat(["p", "q", "r"], 16),
        "c": np.tile(np.repeat(["s", "t"], 2), 12),
        "x": np.sin(np.arange(ROWS) * 1.7),
        "z": np.cos(np.arange(ROWS) * 2.3),
    }
)
TERMS = st.lists(st.sampled_from("abcxz"), min_size=1, max_size=4, unique=True).map(":".join)
SIDES = st.tuples(st.sampled_from("01"), st.lists(TERMS, min_size=1, max_size=5)).map(
    lambda parts: " + ".join([parts[0], *parts[1]])
)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(SIDES)
def test_codings_names_and_columns_are_those_of_formulaic(side):
    text = parse(f"y ~ {side}").fixed
    theirs = model_matrix(text, FRAME)
    source = open_table(FRAME)
    spec, ours = learn_matrix(text, Evaluator(source.read(source.names), {}))

    assert list(spec.names) == list(theirs.columns)
    np.testing.assert_array_equal(ours, theirs.to_numpy(dtype=float))


@settings(max_examples=100, derandomize=True, deadline=None)
@given(SIDES)
def test_columns_span_what_all_levels_span_and_none_is_redundant(side):
    text = parse(f"y ~ {side}").fixed
    source = open_table(FRAME)
    _, ours = learn_matrix(text, Evaluator(source.read(source.names), {}))
    values = {name: pd.get_dummies(FRAME[name]).to_numpy(float) for name in "abc"}
    values |= {name: FRAME[[name]].to_numpy() for name in "xz"}
    full = []
    for term in expand(text):
        product = np.ones((ROWS, 1))
        for factor in term:
            product = (product[:, :, None] * values[factor.name][:, None, :]).reshape(ROWS, -1)
        full.append(product)
    everything = np.hstack(full)

    rank = np.linalg.matrix_rank(everything)
    assert np.linalg.matrix_rank(ours) == rank == np.linalg.matrix_rank(np.hstack([ours, everything]))


@pytest.mark.parametrize("count", [5, 10, 14])
def test_many_factors_take_no_time(count):
    names = [f"f{i}" for i in range(count)]
    alone = scoped_terms([[(name, True) for name in names]])
    assert [[(part.name, part.reduced) for part in scoped] for scoped in alone[0]] == [
        [(n, False) for n in names]
    ]

    after = scoped_terms([[], [(names[0], True)], [(name, True) for name in names]])
    assert sum(len(scoped) for scoped in after[2]) > 0
