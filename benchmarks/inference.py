"""Tests and intervals beside R's, in one run: ``python -m benchmarks.inference --write``."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import resource
import shutil
import statistics
import subprocess
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy

import lmm
from benchmarks import storage
from benchmarks.page import PAGE, page, seconds
from benchmarks.peers import FOLDER, answer
from benchmarks.running import RESULTS, machine

SLOPES = "Reaction ~ Days + (Days | Subject)"
SPLIT_PLOT = "yield ~ Variety * nitro + (1 | Block) + (1 | Block:Variety)"
LECTURES = "y ~ service + (1 | s) + (1 | d)"
N_REFITS = 1000
R_PACKAGES = ("lme4", "lmerTest", "pbkrtest", "jsonlite")


class Case(NamedTuple):
    """What is measured: from a fit to the numbers that a table has; and by how much another package may differ."""

    title: str
    data: str
    formula: str
    task: str
    method: str = "reml"
    within: float = 1e-4
    aim_s: float | None = None
    cannot: str = ""
    """Why R is not asked."""


_DENSE = "cannot: pbkrtest has matrices of 73,421 × 73,421, 43 GB each"

CASES = (
    Case("Satterthwaite, sleepstudy", "sleepstudy", SLOPES, "satterthwaite"),
    Case("Kenward–Roger, sleepstudy", "sleepstudy", SLOPES, "kenward-roger"),
    Case("type III by Satterthwaite, split plot", "oats", SPLIT_PLOT, "anova satterthwaite"),
    Case("type III by Kenward–Roger, split plot", "oats", SPLIT_PLOT, "anova kenward-roger"),
    # Its numerical derivatives and the place where its search stops leave R with three digits.
    Case("Satterthwaite, InstEval", "lectures", LECTURES, "satterthwaite", within=1e-3),
    Case("Kenward–Roger, InstEval, one department", "department", LECTURES, "kenward-roger", within=1e-3),
    Case("Kenward–Roger, InstEval", "lectures", LECTURES, "kenward-roger", aim_s=5.0, cannot=_DENSE),
    Case(
        "Kenward–Roger, InstEval, 28 fixed effects", "lectures", LECTURES.replace("service", "service * dept"),
        "kenward-roger", aim_s=5.0, cannot=_DENSE,
    ),
    Case("profile of all parameters, sleepstudy", "sleepstudy", SLOPES, "profile", "ml", 1e-3, 0.1),
    Case("1,000 parametric bootstrap refits, sleepstudy", "sleepstudy", SLOPES, "bootstrap", within=0.15),
)  # fmt: skip

DATA: dict[str, Callable[[], pd.DataFrame]] = {
    "sleepstudy": lambda: lmm.datasets.load("sleepstudy"),
    "oats": lambda: lmm.datasets.load("Oats").assign(nitro=lambda data: data["nitro"].astype(str)),
    "lectures": lambda: lmm.datasets.load("InstEval"),
    "department": lambda: lmm.datasets.load("InstEval").query("dept == '7'"),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inference", description=__doc__)
    parser.add_argument(
        "--write", action="store_true", help="write results/inference.json and docs/benchmarks.md too"
    )
    parser.add_argument(
        "--task", nargs="+", default=[], metavar="TEXT", help="only titles with one of these texts"
    )
    parser.add_argument("--timeout", type=float, default=900.0, help="most seconds for R with one task (900)")
    request = parser.parse_args()
    missing = missing_in_r()
    if missing:
        print(f"R is skipped: {missing}")
    rows = []
    for case in CASES:
        if request.task and not any(text in case.title for text in request.task):
            continue
        rows.append(compared(case, missing, request.timeout))
        print(line(rows[-1]), flush=True)
    if request.write:
        report = {"machine": machine(), "versions": versions(rows), "runs": rows}
        RESULTS.joinpath("inference.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(page(), encoding="utf-8")
        print(f"wrote {RESULTS / 'inference.json'} and {PAGE}")
    apart = [row["what"] for row in rows if row.get("agree") is False]
    if apart:
        raise SystemExit(f"R gives other numbers: {', '.join(apart)}")


def missing_in_r(packages: tuple[str, ...] = R_PACKAGES) -> str:
    """Say what R lacks; empty where it lacks nothing."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return "there is no Rscript"
    code = "cat(setdiff(commandArgs(TRUE), rownames(installed.packages())))"
    done = subprocess.run([rscript, "-e", code, *packages], capture_output=True, text=True, check=False)
    return f"it has no {done.stdout.strip()}" if done.stdout.strip() or done.returncode else ""


def compared(case: Case, missing: str, timeout: float) -> dict[str, Any]:
    """Measure us and R, each in a process of its own, and compare the numbers."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        ours = pool.submit(measured, case).result()
    row = {
        "what": case.title,
        "formula": case.formula,
        "aim_s": case.aim_s,
        "within": case.within,
        "ours": ours,
        "r": {"skipped": case.cannot or missing} if case.cannot or missing else by_r(case, timeout),
    }
    if "numbers" in row["r"]:
        row["apart"] = apart(case.task, np.array(ours["numbers"]), np.array(row["r"]["numbers"], dtype=float))
        row["agree"] = row["apart"] <= case.within
    return row


def measured(case: Case, budget: float = 10.0, repeats: int = 15) -> dict[str, Any]:
    """Seconds of each run on a fit that remembers nothing; a small fit has loaded what is needed."""
    warnings.simplefilter("ignore")
    run = RUNS[case.task]
    run(fitted(CASES[0]._replace(method=case.method)))
    spent: list[float] = []
    while len(spent) < repeats and sum(spent) < budget:
        fit = fitted(case)
        start = time.perf_counter()
        numbers = run(fit)
        spent.append(time.perf_counter() - start)
    return {
        "seconds": spent,
        "median": statistics.median(spent),
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
        "numbers": numbers,
    }


def fitted(case: Case) -> lmm.Fit:
    return lmm.fit(case.formula, DATA[case.data](), method=case.method)


def by_r(case: Case, timeout: float) -> dict[str, Any]:
    """Let R do the same; a failure is a result too."""
    frame = DATA[case.data]()
    path = storage.write(f"inference-{case.data}", frame, spec_of(case, frame), None)
    return answer(["Rscript", str(FOLDER / "inference.R"), str(path)], timeout)


def spec_of(case: Case, frame: pd.DataFrame) -> dict[str, Any]:
    """What R must know, beside the table."""
    numeric = [name for name in frame if pd.api.types.is_numeric_dtype(frame[name])]
    return {
        "formula": case.formula,
        "method": case.method,
        "task": case.task,
        "refits": N_REFITS,
        "numeric": numeric,
        "columns": list(frame.columns),
    }


def apart(task: str, ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest relative difference; of the ends of intervals, relative to their width."""
    if ours.shape != theirs.shape:
        return float("inf")
    scale = np.abs(theirs)
    if task == "profile":
        ends = theirs.reshape(-1, 2)
        scale = np.repeat(ends[:, 1] - ends[:, 0], 2)
    return float(np.max(np.abs(ours - theirs) / scale))


def coefficients(fit: lmm.Fit, df: str) -> list[float]:
    table = fit.coefficients(df=df)
    return [*table["df"], *table["std_error"]]


def anova(fit: lmm.Fit, df: str) -> list[float]:
    table = fit.anova(df=df)
    return [*table["den_df"], *table["f_value"]]


def profile(fit: lmm.Fit) -> list[float]:
    """Ends of all intervals, those of standard deviations first."""
    table = fit.confint(method="profile")
    return np.column_stack([table["conf_low"], table["conf_high"]]).ravel().tolist()


def bootstrap(fit: lmm.Fit) -> list[float]:
    """Standard errors of the fixed effects and of sigma."""
    refits = fit.bootstrap(n=N_REFITS, seed=1)
    columns = [list(refits.names).index(name) for name in ("Intercept", "Days", "sigma")]
    return np.std(refits.replicates[:, columns], axis=0, ddof=1).tolist()


RUNS: dict[str, Callable[[lmm.Fit], list[float]]] = {
    "satterthwaite": lambda fit: coefficients(fit, "satterthwaite"),
    "kenward-roger": lambda fit: coefficients(fit, "kenward-roger"),
    "anova satterthwaite": lambda fit: anova(fit, "satterthwaite"),
    "anova kenward-roger": lambda fit: anova(fit, "kenward-roger"),
    "profile": profile,
    "bootstrap": bootstrap,
}


def versions(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Say what was measured."""
    found = {
        "python": platform.python_version(),
        "lmm": lmm.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }
    for row in rows:
        found |= row["r"].get("versions", {})
    return found


def line(row: dict[str, Any]) -> str:
    """What the terminal shows of one task."""
    theirs = row["r"]
    other = seconds(theirs["median"]) if "median" in theirs else theirs.get("skipped") or theirs.get("failed")
    distance = f", {row['apart']:.1e} apart" if "apart" in row else ""
    return f"{row['what']:48s} {seconds(row['ours']['median']):>9s}   R: {other}{distance}"


if __name__ == "__main__":
    main()
