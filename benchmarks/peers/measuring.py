"""Measure one Python package on one workload: ``python -m benchmarks.peers.measuring PACKAGE PATH REPEATS BUDGET``."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import resource
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.storage import read

KILO = 1024.0


def main() -> None:
    package, path, repeats, budget = sys.argv[1:5]
    warnings.simplefilter("ignore")
    adapter = importlib.import_module(f"benchmarks.peers.with_{package}")
    frame, spec = read(Path(path))
    adapter.warm_up()
    fit = adapter.refits(frame, spec) if spec["refits"] else adapter.prepare(frame, spec)
    result, seconds, memory = measured(fit, int(repeats), float(budget))
    versions = {name: importlib.metadata.version(name) for name in adapter.VERSIONS}
    report = {
        "versions": {"python": sys.version.split()[0], **versions},
        "seconds": seconds,
        "median": statistics.median(seconds),
        "memory_mb": memory,
        **adapter.describe(result),
    }
    sys.stdout.write(json.dumps(report) + "\n")


def measured(fit: Callable[[], Any], repeats: int, budget: float) -> tuple[Any, list[float], float]:
    """The last result, the seconds of each run, and the peak of memory of the first above what was there, in MB.

    What the first run has to import is not counted in the seconds: where there is time for two, the first is left out.
    """
    before = reset_peak()
    seconds: list[float] = []
    memory = 0.0
    while len(seconds) < repeats + 1 and (not seconds or sum(seconds) < budget):
        start = time.perf_counter()
        result = fit()
        seconds.append(time.perf_counter() - start)
        memory = memory or peak() - before
    return result, seconds[1:] or seconds, memory


def reset_peak() -> float:
    """Forget the peak of memory where the system can; the memory in use, in MB."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return peak()
    return _status("VmRSS")


def peak() -> float:
    """Peak of memory, in MB."""
    try:
        return _status("VmHWM")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILO


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / KILO


if __name__ == "__main__":
    main()
