"""Where memory ends the call ends, not the process: in a child with little address space."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from lmm.arguments import takes
from lmm.errors import OutOfMemoryError

CHILD = """
import os, resource, sys
import numpy as np
import lmm, lmm.errors
from lmm.engine import CrossProducts, GroupBlock

what, extras = sys.argv[1], [int(megabytes) for megabytes in sys.argv[2:]]
rng = np.random.default_rng(1)

def blocks(n, *levels, k=1):
    values = None if k == 1 else np.column_stack([np.ones(n), rng.normal(size=(n, k - 1))])
    return [GroupBlock(rng.integers(0, l, n).astype(np.int32), values, l) for l in levels]

DESIGNS = {
    "crossed": lambda: (40000, blocks(40000, 2500, 2400)),
    "levels": lambda: (400000, blocks(400000, 200000, k=3)),
    "rows": lambda: (3000000, blocks(3000000, 50)),
}

def run():
    n, random = DESIGNS[what]()
    X = np.column_stack([np.ones(n), rng.normal(size=n)])
    return CrossProducts(rng.normal(size=n), X, random).optimize(True).converged

CrossProducts(rng.normal(size=60), np.ones((60, 1)), blocks(60, 6)).optimize(True)
for extra in extras:
    child = os.fork()
    if child == 0:
        with open("/proc/self/statm") as file:
            here = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (here + extra * 2**20,) * 2)
        try:
            run()
            print(extra, "done", flush=True)
        except MemoryError as error:
            print(extra, type(error).__name__, str(error), flush=True)
        os._exit(0)
    print(extra, "exit", os.waitpid(child, 0)[1], flush=True)
"""


def children(what, *extras):
    """What happened with so many megabytes of address space beyond those of the interpreter."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CHILD, what, *map(str, extras)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    lines = [line.split(" ", 2) for line in done.stdout.splitlines()]
    assert [line[2] for line in lines if line[1] == "exit"] == ["0"] * len(extras), done.stdout + done.stderr
    return {int(line[0]): line[1:] for line in lines if line[1] != "exit"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "extras"),
    [
        ("crossed", (50, 100, 180)),
        ("levels", (50, 90, 130)),
        ("rows", (150, 260, 350)),
    ],
)
def test_too_little_memory_is_an_error_that_says_for_what(what, extras):
    ends = children(what, *extras)
    assert [end[0] for end in ends.values()] == ["OutOfMemoryError"] * len(extras)
    assert all(
        "There is not enough memory for" in text and "MB are needed" in text for _, text in ends.values()
    )


def test_arrays_of_python_that_find_no_room_are_named():
    @takes()
    def enormous():
        return np.ones((1 << 40, 1 << 10))

    with pytest.raises(OutOfMemoryError, match=r"not enough memory for enormous\(\).*Unable to allocate"):
        enormous()
