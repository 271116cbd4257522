"""Requests without end are refused by name before the work begins, in a process that has little memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.security.endless import REQUESTS

ROOT = Path(__file__).parents[2]
AT_A_TIME = 24  # requests of one process, so that one that ends it is found


@pytest.mark.parametrize("first", range(0, len(REQUESTS), AT_A_TIME))
def test_what_has_no_end_is_refused(first):
    names = list(REQUESTS)[first : first + AT_A_TIME]
    done = subprocess.run(
        [sys.executable, "-m", "tests.security.endless"],
        input="".join(f"{name}\n" for name in names),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={"PYTHONPATH": f"{ROOT / 'python'}:{ROOT}", "PATH": "", "OPENBLAS_NUM_THREADS": "1"},
    )
    found = dict(zip(names, map(json.loads, done.stdout.splitlines()), strict=False))

    assert done.returncode == 0, (list(found)[-1:], done.stderr)
    assert {name: answer for name, answer in found.items() if answer["ended"] != "LmmError"} == {}
    assert {name: answer for name, answer in found.items() if len(answer["message"]) > 5000} == {}
    assert set(found) == set(names)
