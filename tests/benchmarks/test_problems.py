"""The benchmarks fit what exists."""

from __future__ import annotations

import pytest

import lmm
from benchmarks.problems import PROBLEMS
from benchmarks.timing import time_fits


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.dataset)
def test_problems_use_columns_of_their_data(problem):
    from lmm.formula import parse

    assert parse(problem.formula).variables <= set(lmm.datasets.load(problem.dataset).columns)


def test_figures_come_with_the_criterion_reached():
    table = time_fits(PROBLEMS[:1], repeats=1, budget=1.0)

    assert table["criterion"][0] == lmm.fit(PROBLEMS[0].formula, lmm.datasets.load("Dyestuff")).criterion
    assert table["best_ms"][0] > 0.0
