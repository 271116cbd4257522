"""Numbers do not depend on how many threads work, and hardly on the order in which rows and terms are added up."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from lmm.engine import CrossProducts, GroupBlock
from tests.architecture.source import ROOT
from tests.engine.many_levels import PROBLEMS, make

every_problem = pytest.mark.parametrize("name", PROBLEMS)


def bits_on(cpus):
    command = [sys.executable, "-m", "tests.engine.many_levels", *map(str, cpus)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_same_bits_for_any_number_of_threads():
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    found = {count: bits_on(cpus[:count]) for count in {1, min(2, len(cpus)), len(cpus)}}
    assert len(found[1].splitlines()) == len(PROBLEMS)
    assert set(found.values()) == {found[1]}


@pytest.mark.parametrize(("name", "form"), [("crossed", "full"), ("two_large", "sparse")])
def test_both_forms_of_what_crossed_factors_leave_are_among_them(name, form):
    found = CrossProducts(*make(name)).optimize(True)
    assert found.certificate["factor_form"].startswith(form)


@every_problem
def test_same_bits_a_second_time(name):
    arguments = make(name)
    one, other = (CrossProducts(*arguments).optimize(True) for _ in range(2))
    assert one.criterion == other.criterion
    np.testing.assert_array_equal(one.T[0], other.T[0])


@every_problem
def test_order_of_rows_and_terms(name):
    y, X, blocks, weights = make(name)
    T = [0.7 * np.eye(block.n_columns) for block in blocks]
    expected = CrossProducts(y, X, blocks, weights).evaluate(T, True)
    order = np.random.default_rng(3).permutation(y.size)
    turned = [block.take(order) for block in blocks[::-1]]
    found = CrossProducts(y[order], X[order], turned, weights[order]).evaluate(T[::-1], True)
    np.testing.assert_allclose(found.criterion, expected.criterion, rtol=1e-12)
    np.testing.assert_allclose(found.sigma, expected.sigma, rtol=1e-12)
    errors = expected.sigma * np.sqrt(np.diag(expected.unscaled_vcov))
    np.testing.assert_allclose((found.beta - expected.beta) / errors, 0.0, atol=1e-11)
    for M, M0 in zip(found.M[::-1], expected.M, strict=True):
        np.testing.assert_allclose(M, M0, rtol=0, atol=1e-12 * y.size)
    for b, b0 in zip(found.b[::-1], expected.b, strict=True):
        np.testing.assert_allclose(b, b0, rtol=0, atol=1e-11)


@every_problem
def test_names_of_the_levels(name):
    y, X, blocks, weights = make(name)
    rng = np.random.default_rng(4)
    new_codes = [rng.permutation(block.n_levels) for block in blocks]
    turned = [
        GroupBlock(codes[block.codes].astype(np.int32), block.values, block.n_levels)
        for block, codes in zip(blocks, new_codes, strict=True)
    ]
    T = [0.7 * np.eye(block.n_columns) for block in blocks]
    expected = CrossProducts(y, X, blocks, weights).evaluate(T, False, gradient=False)
    found = CrossProducts(y, X, turned, weights).evaluate(T, False, gradient=False)
    np.testing.assert_allclose(found.criterion, expected.criterion, rtol=1e-12)
    for b, b0, codes in zip(found.b, expected.b, new_codes, strict=True):
        np.testing.assert_allclose(b[codes], b0, rtol=0, atol=1e-11)
