"""Run workloads and peers, compare the optima, keep the results."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import lmm
from benchmarks import peers, storage
from benchmarks.workloads import Workload

RESULTS = Path(__file__).parent / "results"
AGREE = 1e-6  # of the criterion, by which ours may be above a peer's


def prepare(workload: Workload) -> tuple[Path, int]:
    """Make the data and write them; the path and the number of rows."""
    frame = workload.make()
    factors = [name for name in frame if str(frame[name].dtype) == "category"]
    spec = {
        "formula": workload.formula,
        "method": workload.method,
        "refits": workload.refits,
        "columns": list(frame.columns),
        "factors": factors,
    }
    X = fixed_matrix(workload.formula, frame) if "gpboost" in workload.peers else None
    return storage.write(workload.name, frame, spec, X), len(frame)


def fixed_matrix(formula: str, frame: Any) -> np.ndarray:
    """X of the fixed part, for packages without formulas."""
    from formulaic import model_matrix

    fixed = re.sub(r" \+ \([^)]*\)", "", formula.split(" ~ ")[1])
    return np.asarray(model_matrix(fixed, frame), dtype=float)


def measure(
    workload: Workload, chosen: Sequence[str], repeats: int, budget: float, timeout: float
) -> Iterator[dict[str, Any]]:
    """Measure us and the chosen peers; one line each as soon as it is there, the results at the end."""
    path, n_rows = prepare(workload)
    runs = []
    for name in ("lmm", *(peer for peer in chosen if peer in workload.peers)):
        run = peers.run(name, path, repeats, budget, timeout)
        runs.append(run)
        yield run
    ours = runs[0]
    for run in runs[1:]:
        if "theta" in run:
            frame, _ = storage.read(path)
            run["criterion_reported"] = run["criterion"]
            at_theirs = lmm.fit(workload.formula, frame, method=run["method"], theta=run["theta"])
            run["criterion"] = at_theirs.criterion
        if "criterion" in run:
            run["above_ours"] = run["criterion"] - criterion_of(workload, path, ours, run["method"])
    report = {
        "workload": workload.name,
        "rows": n_rows,
        "memory_allowed_mb": memory_allowed(workload, ours, n_rows),
        "machine": machine(),
        "runs": runs,
        "agree": all(run.get("above_ours", 0.0) > -AGREE for run in runs[1:]),
    }
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{workload.name}.json"
    file.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    yield {"agree": report["agree"]}


def memory_allowed(workload: Workload, ours: dict[str, Any], n_rows: int) -> float:
    """What a fit may take above the data, in MB.

    Four times the columns of the model (the frame's, the core's, scaled, and results by row), two matrices of
    the tail (cross-products, and the factor in the place of a copy), 24 bytes a pair of levels that meet, and
    32 MB that allocators and threads keep for reuse.
    """
    pairs = 24 * n_rows if workload.tail else 0
    return 32.0 + 4.0 * ours.get("model_mb", 0.0) + (16 * workload.tail**2 + pairs) / 2**20


def criterion_of(workload: Workload, path: Path, ours: dict[str, Any], method: str) -> float:
    """Our criterion by the method of a peer: GPBoost has maximum likelihood only."""
    if method == ours.get("method"):
        return float(ours["criterion"])
    frame, _ = storage.read(path)
    return lmm.fit(workload.formula, frame, method=method).criterion


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": _memory_gb(),
        "system": f"{platform.system()} {platform.machine()}",
        "threads": {
            name: os.environ[name]
            for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
            if name in os.environ
        },
        "date": dt.date.today().isoformat(),
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    found = re.search(r"model name\s*:\s*(.*)", text)
    return found[1].strip() if found else platform.processor()


def _memory_gb() -> int | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    except (OSError, ValueError):
        return None
