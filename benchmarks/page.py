"""docs/benchmarks.md, made from the results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.running import RESULTS
from benchmarks.workloads import WORKLOADS, Workload

PAGE = RESULTS.parent.parent / "docs" / "benchmarks.md"

HEAD = """\
# Speed

Whole calls, from a data frame in memory with its groups as categoricals to a usable fit, side by side with other
packages on one machine. All reach the same optimum: "above" says by how much the criterion of another package ends
higher than ours. This page is written by `make bench` from `benchmarks/results/`; what is measured, and how, is in
`benchmarks/README.md`.

"""

FOOT = """
"Ratio" is the time of the fastest other package over ours. "Memory" is the peak during the fit above what was in
use before it, with all packages and the data loaded. "Evaluations" are those of the criterion, for us each with
its gradient and curvature. GPBoost has no REML: its fits are by maximum likelihood, and so is what they are
compared with. A package that is not named in a table cannot fit the model, or not in reasonable time.
"""

MEANS = (
    "From a fit to the whole table of results, each task in a process of its own. The first run loads and tabulates "
    "what the others find ready. Memory is the peak of the process, with Python, all packages, the data and the fit."
)

SMOOTHS = (
    'From a data frame to a fit with its smoothing parameters by REML, one thread each. "Ratio" is the time of the '
    'other package over ours, "aim" what we want it to be. "Above" is its criterion less ours, "apart" the largest '
    "difference of fitted values over their standard deviation; bam with discrete covariates fits another model, and "
    "its criterion is not comparable."
)

INFERENCE = (
    "From a fit that remembers nothing to the numbers of the table: degrees of freedom, standard errors, F, ends of "
    'intervals. "Apart" is the largest relative difference between our numbers and those of R (lme4, lmerTest, '
    "pbkrtest), of intervals as part of their width; of the bootstrap, between standard errors from different draws, "
    "where some percent are chance. lmerTest's time has the derivatives that it takes when it makes its model. Memory "
    "is the peak of the process, with all packages, the data and the fit."
)


def page(results: Path = RESULTS) -> str:
    """Write the page from the results that exist."""
    reports = {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*.json"))
    }
    found = [(workload, reports[workload.name]) for workload in WORKLOADS if workload.name in reports]
    sections = [HEAD, overview(found)]
    sections += [detail(workload, report) for workload, report in found]
    text = "\n".join(sections) + FOOT
    parts = {"inference": inference, "means": means, "smooths": smooths}
    return "\n".join([text, *(write(reports[name]) for name, write in parts.items() if name in reports)])


def overview(found: list[tuple[Workload, dict[str, Any]]]) -> str:
    """One row for each workload."""
    lines = [
        "| workload | rows | ours | aim | fastest other | ratio | published |",
        "|---|---|---|---|---|---|---|",
    ]
    for workload, report in found:
        ours, others = report["runs"][0], [run for run in report["runs"][1:] if "median" in run]
        best = min(others, key=lambda run: run["median"], default=None)
        cells = [
            workload.title.replace("|", "\\|"),
            f"{report['rows']:,}",
            seconds(ours.get("median")),
            seconds(workload.reach),
            f"{best['peer']} {seconds(best['median'])}" if best else "",
            f"{best['median'] / ours['median']:.1f}" if best and "median" in ours else "",
            workload.published,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def detail(workload: Workload, report: dict[str, Any]) -> str:
    """One row for each package, and the machine."""
    lines = [
        f"## {workload.title[0].upper()}{workload.title[1:]}",
        "",
        f"`{workload.formula}`, {workload.method.upper()}",
        "",
        "| package | seconds | memory | criterion | above | evaluations |",
        "|---|---|---|---|---|---|",
        *(f"| {' | '.join(_cells(run))} |" for run in report["runs"]),
        "",
    ]
    ours = report["runs"][0]
    if ours.get("memory_mb", 0.0) > report["memory_allowed_mb"]:
        lines += [
            f"Our memory is above the {report['memory_allowed_mb']:.0f} MB that we allow ourselves.",
            "",
        ]
    phases = ours.get("phases")
    if phases:
        parts = ", ".join(f"{name} {seconds(value)}" for name, value in phases.items())
        lines += [f"Our time: {parts}.", ""]
    lines += [_machine(report), ""]
    return "\n".join(lines)


def inference(report: dict[str, Any]) -> str:
    """One row for each task with tests and intervals."""
    lines = [
        "## Tests and intervals",
        "",
        INFERENCE,
        "",
        "| task | formula | ours | aim | memory | R | memory | apart |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for run in report["runs"]:
        ours, theirs = run["ours"], run["r"]
        cells = [
            run["what"],
            f"`{run['formula']}`".replace("|", "\\|"),
            seconds(ours["median"]),
            seconds(run["aim_s"]),
            f"{ours['peak_gb']:.2f} GB",
            seconds(theirs.get("median")) or theirs.get("skipped") or theirs["failed"],
            f"{theirs['peak_gb']:.2f} GB" if theirs.get("peak_gb") else "",
            f"{run['apart']:.1e}" if "apart" in run else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", _machine({**report, "runs": [report]}), ""])


def means(report: dict[str, Any]) -> str:
    """One row for each task with marginal means."""
    lines = [
        "## Marginal means",
        "",
        MEANS,
        "",
        "| task | formula | first run | median | aim | memory | aim |",
        "|---|---|---|---|---|---|---|",
    ]
    for run in report["runs"]:
        cells = [
            run["what"],
            f"`{run['formula']}`".replace("|", "\\|"),
            seconds(run["first_s"]),
            seconds(run["median_s"]),
            seconds(run["aim_s"]),
            f"{run['peak_gb']:.2f} GB",
            f"{run['aim_gb']:.3g} GB",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", _machine({**report, "runs": [report]}), ""])


def smooths(report: dict[str, Any]) -> str:
    """One row for each model with smooth terms and each other package."""
    lines = [
        "## Smooth terms",
        "",
        SMOOTHS,
        "",
        "| model | rows | ours | memory | other | its time | its memory | ratio | aim | above | apart |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for run in report["runs"]:
        ours = run["ours"]
        for name, found in run["peers"].items():
            head = [
                run["what"].replace("|", "\\|"),
                f"{run['rows']:,}",
                seconds(ours["median"]),
                f"{ours['memory_mb']:.0f} MB",
            ]
            if "median" not in found:
                cells = [*head, name, found.get("skipped") or found["failed"], *[""] * 5]
            else:
                reach = run["reach"]
                cells = [
                    *head,
                    name,
                    seconds(found["median"]),
                    f"{found['memory_mb']:.0f} MB",
                    f"{found['median'] / ours['median']:.1f}",
                    str(reach[1]) if reach and reach[0] in (name, "the better") else "",
                    f"{found['criterion'] - ours['criterion']:.1e}",
                    f"{found['apart']:.1e}",
                ]
            lines.append(f"| {' | '.join(cells)} |")
    runs = [
        {"versions": found.get("versions", {})} for run in report["runs"] for found in run["peers"].values()
    ]
    runs += [run["ours"] for run in report["runs"]]
    return "\n".join([*lines, "", _machine({**report, "runs": runs}), ""])


def _cells(run: dict[str, Any]) -> list[str]:
    name = run["peer"]
    if "median" not in run:
        return [name, run.get("skipped") or run.get("failed", ""), "", "", "", ""]
    version = run["versions"].get(name)
    method = " (ML)" if name == "gpboost" else ""
    above = run.get("above_ours")
    evaluations = run.get("evaluations")
    return [
        f"{name} {version}{method}" if version else name,
        f"{seconds(run['median'])} ({len(run['seconds'])} runs)",
        f"{run['memory_mb']:.0f} MB" if run.get("memory_mb") is not None else "",
        f"{run['criterion']:.6f}",
        "" if above is None else f"{above:.1e}",
        "" if evaluations is None else str(evaluations),
    ]


def _machine(report: dict[str, Any]) -> str:
    at = report["machine"]
    versions: dict[str, str] = {}
    for run in report["runs"]:
        versions |= run.get("versions", {})
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    threads = ", ".join(f"{name}={value}" for name, value in at["threads"].items()) or "default"
    return f"{at['processor']}, {at['cores']} cores, {at['memory_gb']} GB; threads: {threads}; {at['date']}; {listed}."


def seconds(value: float | None) -> str:
    """Time with three digits and a unit that suits it."""
    if value is None:
        return ""
    return f"{value:.3g} s" if value >= 1.0 else f"{1e3 * value:.3g} ms"
