"""Smooth terms beside mgcv and gamm4, in one run: ``python -m benchmarks.smooths --write``."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import resource
import statistics
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
from benchmarks.inference import missing_in_r
from benchmarks.page import PAGE, page, seconds
from benchmarks.peers import FOLDER, answer
from benchmarks.running import RESULTS, machine

R_PACKAGES = ("mgcv", "gamm4", "jsonlite")
GAM, BAM = 'gam({}, data = data, method = "REML")', "bam({}, data = data, discrete = TRUE)"
FOUR = "y ~ s(x0) + s(x1) + s(x2) + s(x3)"
FOUR_CR = 'y ~ s(x0, bs="cr") + s(x1, bs="cr") + s(x2, bs="cr") + s(x3, bs="cr")'
TWENTY = FOUR_CR.replace('"cr"', '"cr", k=20')
RE = ' + s(g, bs="re")'


class Case(NamedTuple):
    """What is measured: a formula of ours, and the calls of R that fit the same model.

    ``reach`` is the time that we want, as part of that of the peer it is named for; ``exact`` says whether the
    criteria are of the same model and so may be compared.
    """

    name: str
    title: str
    formula: str
    data: tuple[str, int, int]
    calls: dict[str, str]
    reach: tuple[str, float] | None
    repeats: int = 15


CASES = (
    Case("four-tp", "four s(x), tp", FOUR, ("four", 400, 0), {
        "gam": GAM.format(FOUR), "gamm4": f"gamm4({FOUR}, data = data)",
    }, ("gam", 8)),
    Case("four-cr", "four s(x), cr", FOUR_CR, ("four", 400, 0), {"gam": GAM.format(FOUR_CR)}, ("gam", 12)),
    Case("four-cr-group", "four s(x), cr, and (1 | g), 40 levels", f"{FOUR_CR} + (1 | g)", ("four", 400, 40), {
        "gam": GAM.format(FOUR_CR + RE), "gamm4": f"gamm4({FOUR_CR}, random = ~(1 | g), data = data)",
    }, ("gam", 25)),
    Case("te", "te(x0, x1, k=7) + s(x2) + s(x3)", "y ~ te(x0, x1, k=7) + s(x2) + s(x3)", ("four", 400, 0), {
        "gam": GAM.format("y ~ te(x0, x1, k=7) + s(x2) + s(x3)"),
    }, ("gam", 8)),
    Case("four-cr-100k", "four cr, k = 20, and (1 | g), 1,000 levels", f"{TWENTY} + (1 | g)", ("four", 100_000, 1000), {
        "bam": BAM.format(TWENTY + RE),
    }, ("bam", 60), 3),
    Case("four-cr-1m", "four cr, k = 20", TWENTY, ("four", 1_000_000, 0), {"bam": BAM.format(TWENTY)}, ("bam", 10), 3),
    Case("gp", 's(x0, x1, bs="gp", k=100)', 'y ~ s(x0, x1, bs="gp", k=100)', ("four", 2000, 0), {
        "gam": GAM.format('y ~ s(x0, x1, bs="gp", k=100)'),
    }, ("gam", 4), 5),
    Case("fs", 's(x0, g, bs="fs"), 200 levels', 'y ~ s(x0, g, bs="fs")', ("curves", 10_000, 200), {
        "gamm4": 'gamm4(y ~ s(x0, g, bs="fs"), data = data)', "bam": BAM.format('y ~ s(x0, g, bs="fs")'),
    }, ("the better", 20), 2),
)  # fmt: skip


def four(n: int, n_levels: int) -> pd.DataFrame:
    """Four covariates, three functions of Gu and Wahba, and groups."""
    rng = np.random.default_rng([n, n_levels])
    x = rng.uniform(size=(n, 4))
    f0, f1 = 2.0 * np.sin(np.pi * x[:, 0]), np.exp(2.0 * x[:, 1])
    f2 = (
        0.2 * x[:, 2] ** 11 * (10.0 * (1.0 - x[:, 2])) ** 6
        + 10.0 * (10.0 * x[:, 2]) ** 3 * (1 - x[:, 2]) ** 10
    )
    data = pd.DataFrame(x, columns=["x0", "x1", "x2", "x3"])
    data["y"] = f0 + f1 + f2 + 2.0 * rng.normal(size=n)
    if n_levels:
        codes = rng.permutation(np.arange(n) % n_levels)
        data["y"] += rng.normal(size=n_levels)[codes]
        data["g"] = pd.Categorical.from_codes(codes, [f"g{i:04d}" for i in range(n_levels)])
    return data


def curves(n: int, n_levels: int) -> pd.DataFrame:
    """One curve for each level, round about a sine."""
    rng = np.random.default_rng([n, n_levels, 1])
    codes, x = np.arange(n) % n_levels, rng.uniform(size=n)
    level, slope, wave = rng.normal(size=(3, n_levels))
    y = np.sin(2 * np.pi * x) + level[codes] + slope[codes] * x + 0.5 * wave[codes] * np.sin(4 * np.pi * x)
    labels = [f"g{i:04d}" for i in range(n_levels)]
    return pd.DataFrame(
        {"y": y + 0.5 * rng.normal(size=n), "x0": x, "g": pd.Categorical.from_codes(codes, labels)}
    )


DATA: dict[str, Callable[[int, int], pd.DataFrame]] = {"four": four, "curves": curves}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.smooths", description=__doc__)
    parser.add_argument(
        "--write", action="store_true", help="write results/smooths.json and docs/benchmarks.md"
    )
    parser.add_argument("--work", nargs="+", default=[], metavar="NAME", help="only these workloads")
    parser.add_argument("--peers-only", action="store_true", help="leave us out")
    parser.add_argument("--timeout", type=float, default=900.0, help="most seconds for one call of R (900)")
    request = parser.parse_args()
    missing = missing_in_r(R_PACKAGES)
    rows = []
    for case in CASES:
        if request.work and case.name not in request.work:
            continue
        rows.append(compared(case, missing, request.timeout, ours=not request.peers_only))
        print("\n".join(lines(rows[-1])), flush=True)
    if request.write:
        report = {"machine": machine(), "runs": rows}
        RESULTS.joinpath("smooths.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(page(), encoding="utf-8")


def compared(case: Case, missing: str, timeout: float, *, ours: bool) -> dict[str, Any]:
    """Measure us and each call of R, in processes of their own, one thread each."""
    kind, n, n_levels = case.data
    frame = DATA[kind](n, n_levels)
    spec = {"columns": list(frame.columns), "factors": ["g"] if n_levels else []}
    row: dict[str, Any] = {
        "what": case.title,
        "formula": case.formula,
        "rows": n,
        "reach": case.reach,
        "peers": {},
    }
    fitted = None
    if ours:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            row["ours"] = pool.submit(measured, case).result()
        fitted = np.array(row["ours"].pop("fitted"))
    for name, call in case.calls.items():
        found = {"skipped": missing} if missing else by_r(case, frame, {**spec, "call": call}, timeout)
        values = found.pop("fitted", None)
        if fitted is not None and values is not None:
            found["apart"] = float(np.max(np.abs(fitted - np.array(values))) / np.std(fitted))
        row["peers"][name] = found
    return row


def measured(case: Case, budget: float = 20.0) -> dict[str, Any]:
    """Seconds of each run; a small fit has loaded what is needed."""
    warnings.simplefilter("ignore")
    kind, n, n_levels = case.data
    frame = DATA[kind](n, n_levels)
    lmm.fit(CASES[1].formula, four(100, 0))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent: list[float] = []
    peak = before
    while len(spent) < case.repeats and sum(spent) < budget:
        start = time.perf_counter()
        fit = lmm.fit(case.formula, frame)
        spent.append(time.perf_counter() - start)
        if len(spent) == 1:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent = spent[1:] or spent
    return {
        "seconds": spent,
        "median": statistics.median(spent),
        "memory_mb": (peak - before) / 1024,
        "criterion": fit.criterion,
        "fitted": np.asarray(fit.fitted)[:500].tolist(),
        "versions": {"python": platform.python_version(), "lmm": lmm.__version__, "numpy": np.__version__,
                     "scipy": scipy.__version__},
    }  # fmt: skip


def by_r(case: Case, frame: pd.DataFrame, spec: dict[str, Any], timeout: float) -> dict[str, Any]:
    """Let R do the same; a failure is a result too."""
    path = storage.write(f"smooths-{case.name}", frame, spec, None)
    return answer(["Rscript", str(FOLDER / "smooths.R"), str(path), str(case.repeats), "20"], timeout)


def lines(row: dict[str, Any]) -> list[str]:
    """What the terminal shows of one task."""
    ours = row.get("ours")
    out = [
        row["what"]
        if ours is None
        else f"{row['what']}: {seconds(ours['median'])}, {ours['memory_mb']:.0f} MB"
    ]
    for name, found in row["peers"].items():
        if "median" not in found:
            out.append(f"    {name}: {found.get('skipped') or found.get('failed')}")
            continue
        text = f"    {name}: {seconds(found['median'])}, {found['memory_mb']:.0f} MB"
        if ours is not None:
            above = found["criterion"] - ours["criterion"]
            text += f", ratio {found['median'] / ours['median']:.1f}, criterion above {above:.1e}"
            text += f", fitted {found['apart']:.1e} apart"
        out.append(text)
    return out


if __name__ == "__main__":
    main()
