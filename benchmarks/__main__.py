"""Run the benchmarks and print their tables."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.problems import PROBLEMS
from benchmarks.timing import machine, time_fits, time_imports


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", metavar="TEXT", help="problems whose data set or formula contains this")
    parser.add_argument("--repeats", type=int, default=20, help="at most so many runs of one thing")
    parser.add_argument("--budget", type=float, default=5.0, help="at most so many seconds on one problem")
    parser.add_argument("--imports", action="store_true", help="measure imports instead")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there besides")
    request = parser.parse_args()

    if request.imports:
        table = time_imports(request.repeats)
    else:
        problems = [p for p in PROBLEMS if not request.only or request.only in f"{p.dataset} {p.formula}"]
        if not problems:
            parser.error(f"no problem contains {request.only!r}")
        table = time_fits(problems, request.repeats, request.budget)
    print(table)
    if request.json:
        request.json.write_text(
            json.dumps({"machine": machine(), **table.to_dict()}, indent=2), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
