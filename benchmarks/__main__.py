"""Run the benchmarks and write their page."""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks import peers
from benchmarks.page import PAGE, page, seconds
from benchmarks.running import RESULTS, measure
from benchmarks.timing import time_imports
from benchmarks.workloads import WORKLOADS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [workload.name for workload in WORKLOADS]
    parser.add_argument(
        "--work", nargs="+", metavar="NAME", choices=names, default=names, help=", ".join(names)
    )
    choices = [*peers.NAMES, "none"]
    parser.add_argument(
        "--peer",
        nargs="+",
        metavar="NAME",
        choices=choices,
        default=list(peers.NAMES),
        help=", ".join(choices),
    )
    parser.add_argument(
        "--repeats", type=int, default=15, help="at most so many counted runs of one thing (15)"
    )
    parser.add_argument(
        "--budget", type=float, default=30.0, help="no new run after so many seconds of runs (30)"
    )
    parser.add_argument("--timeout", type=float, default=900.0, help="most seconds for one package (900)")
    parser.add_argument("--imports", action="store_true", help="measure imports instead")
    parser.add_argument("--page", action="store_true", help="only write the page from the results that exist")
    request = parser.parse_args()

    if request.imports:
        print(time_imports(request.repeats))
        return
    disagreements = [] if request.page else run(request)
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
    if disagreements:
        sys.exit(f"a package found a lower optimum than ours: {', '.join(disagreements)}")


def run(request: argparse.Namespace) -> list[str]:
    """Measure what was asked for; the workloads in which another package found a lower optimum."""
    disagreements = []
    for name in request.peer:
        if name != "none" and peers.command(name) is None:
            print(f"{name} is not installed: skipped")
    for workload in WORKLOADS:
        if workload.name not in request.work:
            continue
        print(f"\n{workload.title}: {workload.formula} ({workload.method})", flush=True)
        for found in measure(workload, request.peer, request.repeats, request.budget, request.timeout):
            if found.get("agree") is False:
                disagreements.append(workload.name)
            if "peer" in found:
                print(line(found), flush=True)
        kept = json.loads((RESULTS / f"{workload.name}.json").read_text(encoding="utf-8"))
        for found in kept["runs"][1:]:
            if "above_ours" in found:
                print(f"  {found['peer']} ends {found['above_ours']:.2e} above ours")
    return disagreements


def line(found: dict) -> str:
    """What the terminal shows of one package."""
    if "median" not in found:
        return f"  {found['peer']:12s} {found.get('skipped') or found.get('failed')}"
    return (
        f"  {found['peer']:12s} {seconds(found['median']):>9s}  criterion {found['criterion']:.6f}  "
        f"evaluations {found['evaluations']}  memory {found['memory_mb']:.0f} MB"
    )


if __name__ == "__main__":
    main()
