"""The benchmark of marginal means measures what it says."""

from benchmarks.means import CASES, FIVE, RUNS, five_factors, measured
from benchmarks.page import means


def test_one_task():
    row = measured(CASES[0]._replace(repeats=2))
    assert row["first_s"] == row["seconds"][0]
    assert len(row["seconds"]) == 2
    assert 0.0 < row["peak_gb"] < 100.0
    report = {
        "machine": {"processor": "P", "cores": 1, "memory_gb": 1, "threads": {}, "date": "2000-01-01"},
        "versions": {"python": "3"},
        "runs": [{**row, "formula": "y ~ f + (1 | g)"}],
    }
    assert "| `y ~ f + (1 \\| g)` |" in means(report)
    assert "P, 1 cores, 1 GB; threads: default; 2000-01-01; python 3." in means(report)


def test_tasks_have_what_they_need():
    assert {case.run for case in CASES} == set(RUNS)
    data = five_factors()
    assert len({tuple(row) for row in zip(*(data[f"f{i}"] for i in range(5)), strict=True)}) > 200
    assert {case.formula.startswith(FIVE) for case in CASES} == {True, False}
