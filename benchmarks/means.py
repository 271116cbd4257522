"""Marginal means: all pairs of a thousand, and a grid of five factors: ``python -m benchmarks.means --write``."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import scipy

import lmm
from benchmarks.page import PAGE, page
from benchmarks.running import RESULTS, machine

N_MEANS = 1000
LINEAR, MIXED = "y ~ f", "y ~ f + (1 | g)"
FIVE = "y ~ f0 * f1 + f2 + f3 * f4 + x"


class Case(NamedTuple):
    """What is measured: a fit that is made once, what is done with it, and what we want to reach."""

    title: str
    formula: str
    run: str
    repeats: int
    aim_s: float
    aim_gb: float = 1.0


CASES = (
    Case("5-factor grid, 9 means", FIVE, "two", 30, 0.02),
    Case("5-factor grid, 9 means", f"{FIVE} + (1 | g)", "two", 30, 0.02),
    Case("5-factor grid, all 216 means", FIVE, "all", 30, 0.02),
    Case("5-factor grid, all 216 means", f"{FIVE} + (1 | g)", "all", 30, 0.02),
    *(
        Case(f"1,000 means, 499,500 differences, {adjust}", formula, adjust, 3, 10.0)
        for formula in (LINEAR, MIXED)
        for adjust in ("none", "tukey")
    ),
    *(Case("letters of 1,000 means", formula, "letters", 3, 10.0) for formula in (LINEAR, MIXED)),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.means", description=__doc__)
    parser.add_argument(
        "--write", action="store_true", help="write results/means.json and docs/benchmarks.md too"
    )
    request = parser.parse_args()
    rows = [alone(case) for case in CASES]
    columns = {name: [row[name] for row in rows] for name in rows[0] if name != "seconds"}
    print(lmm.Table(columns, title="Marginal means"))
    if request.write:
        report = {"machine": machine(), "versions": versions(), "runs": rows}
        RESULTS.joinpath("means.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(page(), encoding="utf-8")
        print(f"wrote {RESULTS / 'means.json'} and {PAGE}")


def versions() -> dict[str, str]:
    """Say what was measured."""
    return {
        "python": platform.python_version(),
        "lmm": lmm.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }


def alone(case: Case) -> dict[str, Any]:
    """Measure in a process of its own, so that the peak of its memory is that of nothing else."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measured, case).result()


def measured(case: Case) -> dict[str, Any]:
    """Seconds of each run, the first with everything still to load and to tabulate; peak of the whole process."""
    data = five_factors() if case.formula.startswith(FIVE) else thousand_means()
    fit = lmm.fit(case.formula, data)
    run = RUNS[case.run]
    seconds = []
    for _ in range(case.repeats):
        start = time.perf_counter()
        run(fit)
        seconds.append(time.perf_counter() - start)
    return {
        "what": case.title,
        "formula": case.formula,
        "first_s": seconds[0],
        "median_s": statistics.median(seconds),
        "aim_s": case.aim_s,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
        "aim_gb": case.aim_gb,
        "seconds": seconds,
    }


RUNS: dict[str, Callable[[Any], object]] = {
    "two": lambda fit: fit.emmeans("f0:f1").table,
    "all": lambda fit: fit.emmeans("f0:f1:f2:f3:f4").table,
    "none": lambda fit: fit.emmeans("f").contrast(adjust="none").table,
    "tukey": lambda fit: fit.emmeans("f").contrast(adjust="tukey").table,
    "letters": lambda fit: fit.emmeans("f").letters(),
}


def five_factors() -> dict[str, Any]:
    """800 rows of five factors with 216 combinations."""
    rng = np.random.default_rng(0)
    levels = (3, 3, 4, 2, 3)
    data: dict[str, Any] = {f"f{i}": rng.integers(0, n, 800).astype(str) for i, n in enumerate(levels)}
    return data | {
        "x": rng.normal(size=800),
        "y": rng.normal(size=800),
        "g": rng.integers(0, 30, 800).astype(str),
    }


def thousand_means() -> dict[str, Any]:
    """A thousand varieties with five plots each, in 25 blocks that are not complete: unequal degrees of freedom."""
    rng = np.random.default_rng(0)
    f = np.repeat(np.arange(N_MEANS), 5)
    data: dict[str, Any] = {
        "f": np.array([f"v{i:04d}" for i in range(N_MEANS)])[f],
        "g": rng.integers(0, 25, f.size).astype(str),
    }
    data["y"] = rng.normal(size=f.size) + rng.normal(size=N_MEANS)[f]
    return data


if __name__ == "__main__":
    main()
