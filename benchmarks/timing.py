"""Seconds of imports: what a script pays before its first fit."""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import time

import numpy as np

import lmm


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
    return lmm.Table(columns, title="Imports, with the start of Python", notes=[versions()])


def versions() -> str:
    """Say what was imported."""
    return f"lmm {lmm.__version__}, numpy {np.__version__}, Python {platform.python_version()}, {platform.machine()}"
