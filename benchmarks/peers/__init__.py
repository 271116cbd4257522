"""One adapter per package; each runs in a process of its own and prints one line of JSON.

A Python adapter has ``VERSIONS`` (names of distributions), ``warm_up()``, ``prepare(frame, spec)`` which gives a
function without arguments that fits, ``refits(frame, spec)`` likewise where it can bootstrap, and
``describe(result)``. `measuring` does the rest.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
VENV = ROOT / ".venv" / "peers"  # made by `make peers`
PYTHON_PEERS = ("mixedlm", "statsmodels", "gpboost")
NAMES = ("lme4", *PYTHON_PEERS)


def command(peer: str) -> list[str] | None:
    """Find the beginning of the command that runs an adapter; None where the package is not installed."""
    if peer == "lme4":
        return _r_command()
    if peer == "lmm":
        return [sys.executable, "-m", "benchmarks.peers.measuring", "lmm"]
    python = os.environ.get("LMM_PEERS_PYTHON") or str(VENV / "bin" / "python")
    for interpreter in (sys.executable, python):
        if _has(interpreter, peer):
            return [interpreter, "-m", "benchmarks.peers.measuring", peer]
    return None


def _has(interpreter: str, package: str) -> bool:
    if interpreter == sys.executable:
        return importlib.util.find_spec(package) is not None
    if not Path(interpreter).exists():
        return False
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({package!r}) is None)"
    return subprocess.run([interpreter, "-c", code], capture_output=True, check=False).returncode == 0


def _r_command() -> list[str] | None:
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None
    code = "quit(status = !all(sapply(c('lme4', 'jsonlite'), requireNamespace, quietly = TRUE)))"
    if subprocess.run([rscript, "-e", code], capture_output=True, check=False).returncode != 0:
        return None
    return [rscript, str(FOLDER / "lme4.R")]


def run(
    peer: str, path: Path, repeats: int, budget: float, timeout: float, options: Sequence[str] = ()
) -> dict[str, Any]:
    """Measure one package on one workload; a failure is a result too."""
    start = command(peer)
    if start is None:
        return {"peer": peer, "skipped": "not installed"}
    return {"peer": peer, **answer([*start, str(path), str(repeats), str(budget), *options], timeout)}


def answer(arguments: Sequence[str], timeout: float) -> dict[str, Any]:
    """Run a command and read its last line, which is JSON; a failure is an answer too."""
    try:
        done = subprocess.run(
            arguments, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"more than {timeout:.0f} s"}
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        return {"failed": lines[-1] if lines else f"status {done.returncode}"}
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))
