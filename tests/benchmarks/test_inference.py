"""The benchmark of inference measures what it says, and notices other numbers."""

import numpy as np
import pytest

from benchmarks import inference as bench
from benchmarks.page import inference

SMALL = [case for case in bench.CASES if case.data in {"sleepstudy", "oats"} and case.task != "bootstrap"]


@pytest.mark.parametrize("case", SMALL, ids=lambda case: f"{case.data} {case.task}")
def test_one_task(case):
    row = bench.measured(case, repeats=2)
    assert len(row["seconds"]) == 2
    assert np.isfinite(row["numbers"]).all()


def test_every_task_has_its_data_and_its_numbers():
    assert {case.data for case in bench.CASES} == set(bench.DATA)
    assert {case.task for case in bench.CASES} == set(bench.RUNS)
    script = (bench.FOLDER / "inference.R").read_text(encoding="utf-8")
    assert all(f'"{task}" = function' in script for task in bench.RUNS)


def test_numbers_of_r_are_compared():
    assert bench.apart("satterthwaite", np.array([1.0, 2.0]), np.array([1.0, 2.5])) == pytest.approx(0.2)
    assert bench.apart("profile", np.array([0.0, 2.0]), np.array([0.0, 1.0])) == pytest.approx(1.0)
    assert bench.apart("satterthwaite", np.ones(2), np.ones(3)) == np.inf


def test_the_page_says_what_r_cannot():
    ours = {"median": 0.5, "peak_gb": 1.0}
    row = {"what": "KR", "formula": "y ~ (1 | g)", "aim_s": 5.0, "ours": ours}
    report = {
        "machine": {"processor": "P", "cores": 1, "memory_gb": 1, "threads": {}, "date": "2000-01-01"},
        "versions": {"R": "4"},
        "runs": [
            row | {"r": {"skipped": "there is no Rscript"}},
            row | {"r": {"median": 2.0, "peak_gb": 3.0}, "apart": 1e-6},
        ],
    }
    text = inference(report)
    assert "| `y ~ (1 \\| g)` | 500 ms | 5 s | 1.00 GB | there is no Rscript |  |  |" in text
    assert "| 2 s | 3.00 GB | 1.0e-06 |" in text
