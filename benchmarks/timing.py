"""Seconds of whole calls, each with the criterion reached: speed is not bought with a worse fit."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable

import numpy as np

import lmm
from benchmarks.problems import Problem


def time_fits(problems: Iterable[Problem], repeats: int, budget: float) -> lmm.Table:
    """Fit each problem up to ``repeats`` times, or until ``budget`` seconds are spent on it.

    The first fit, which pays for imports, is not counted.
    """
    rows = []
    for problem in problems:
        data = lmm.datasets.load(problem.dataset)
        lmm.fit(problem.formula, data)
        seconds: list[float] = []
        while len(seconds) < repeats and sum(seconds) < budget:
            start = time.perf_counter()
            fit = lmm.fit(problem.formula, data)
            seconds.append(time.perf_counter() - start)
        rows.append(
            {
                "data": problem.dataset,
                "formula": problem.formula,
                "n_obs": fit.n_obs,
                "iterations": len(fit.trace) - 1,  # the first row is the start
                "best_ms": 1e3 * min(seconds),
                "median_ms": 1e3 * statistics.median(seconds),
                "criterion": fit.criterion,
            }
        )
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return lmm.Table(columns, title="lmm.fit, from the table to the fit", notes=[machine()])


def time_imports(repeats: int) -> lmm.Table:
    """Import in fresh interpreters, in turns, so that a slow minute of the machine hits all alike."""
    statements = {
        "nothing": "pass",
        "numpy": "import numpy",
        "formulaic": "import formulaic",
        "lmm": "import lmm",
        "lmm and fit": "import lmm; lmm.fit",
    }
    seconds: dict[str, list[float]] = {name: [] for name in statements}
    for _ in range(repeats):
        for name, statement in statements.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            seconds[name].append(time.perf_counter() - start)
    columns = {
        "import": list(seconds),
        "best_ms": [1e3 * min(values) for values in seconds.values()],
        "median_ms": [1e3 * statistics.median(values) for values in seconds.values()],
    }
    return lmm.Table(columns, title="Imports, with the start of Python")


def machine() -> str:
    """Say what the figures were measured on."""
    return (
        f"lmm {lmm.__version__}, numpy {np.__version__}, Python {platform.python_version()}, "
        f"{platform.machine()}, {os.cpu_count()} cores"
    )
