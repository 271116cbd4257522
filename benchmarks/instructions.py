"""Count the instructions of the kernels under callgrind and hold them against their bounds.

    python -m benchmarks.instructions            # compare; exit 1 where a kernel does a tenth more than it did
    python -m benchmarks.instructions --write    # keep what they do now

Instructions do not depend on what else the machine does; a bound that is broken means more work.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.kernels import KERNELS

BOUNDS = Path(__file__).with_name("instructions.json")
MARGIN = 1.1
ENVIRONMENT = {
    **os.environ,
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def counted(name: str) -> float:
    """Millions of instructions of one more run of a kernel."""
    return (total(name, 2) - total(name, 1)) / 1e6


def total(name: str, count: int) -> int:
    """Instructions of a whole process."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable]
    command += ["-m", "benchmarks.kernels", name, str(count)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found, done.stderr
    return int(found[1])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.instructions", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--only", nargs="+", choices=list(KERNELS), default=list(KERNELS), metavar="NAME")
    parser.add_argument("--write", action="store_true", help="keep the numbers as the new bounds")
    request = parser.parse_args()
    if shutil.which("valgrind") is None:
        sys.exit("valgrind is not installed; it counts the instructions.")
    bounds = json.loads(BOUNDS.read_text(encoding="utf-8")) if BOUNDS.exists() else {}
    broken = []
    for name in request.only:
        found, bound = counted(name), bounds.get(name)
        print(
            f"{name:16s} {found:10.2f} million instructions" + (f", bound {bound:.2f}" if bound else ""),
            flush=True,
        )
        if request.write or bound is None:
            bounds[name] = round(found, 2)
        elif found > MARGIN * bound:
            broken.append(name)
    if request.write:
        BOUNDS.write_text(json.dumps(bounds, indent=1) + "\n", encoding="utf-8")
    if broken:
        sys.exit(f"more work than before: {', '.join(broken)}")


if __name__ == "__main__":
    main()
