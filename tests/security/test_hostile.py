"""No text that a user or a file can give runs code, writes files or changes data: each ends in an error of ours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.security import hostile

ROOT = Path(__file__).parents[2]

FORMULAS = [
    *(place.format(text) for place in hostile.PLACES.values() for text in hostile.EXPRESSIONS),
    *hostile.FORMULAS,
]
CASES = {
    "formulas": [{"kind": "fit", "text": text} for text in FORMULAS],
    "hypotheses": [{"kind": "hypothesis", "text": text} for text in hostile.HYPOTHESES],
    "arguments": [{"kind": kind, "text": text} for kind in hostile.TAKE_A_NAME for text in hostile.ARGUMENTS],
    "commands": [
        {"kind": "command", "words": [word.replace("{}", text) for word in words]}
        for words in hostile.COMMANDS
        for text in hostile.ARGUMENTS
        # No shell hands a zero byte to a program.
        if "\x00" not in text
    ],
}
ODD_NAMES = [
    {"kind": "fit", "text": text.format(column), "column": column}
    for text in hostile.HARMLESS
    for column in hostile.COLUMNS
]


def answers(cases, folder):
    """What the child says to each case."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.security.child"],
        input="".join(json.dumps(case) + "\n" for case in cases),
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={"PYTHONPATH": f"{ROOT / 'python'}:{ROOT}", "PATH": "", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(cases), done.stderr
    return found


def faults(cases, found, allowed=("LmmError",)):
    """Cases that ran something, or ended in another way, or whose message is not for a person."""
    return [
        (case, answer)
        for case, answer in zip(cases, found, strict=True)
        if answer["heard"]
        or answer["ended"] not in allowed
        or len(answer["message"]) > 6000
        or any(not char.isprintable() and char not in "\n\t" for char in answer["message"])
    ]


@pytest.mark.parametrize("kind", CASES)
def test_hostile_text_ends_in_an_error_of_ours_and_sets_nothing_off(kind, tmp_path):
    cases = CASES[kind]

    assert faults(cases, answers(cases, tmp_path)) == []


def test_columns_whose_names_are_code_are_columns(tmp_path):
    assert faults(ODD_NAMES, answers(ODD_NAMES, tmp_path), ("LmmError", "nothing")) == []


def test_the_listener_hears(tmp_path):
    """A corpus that nobody listens to would prove nothing."""
    done = subprocess.run(
        [sys.executable, "-c", LISTENS],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT / 'python'}:{ROOT}", "PATH": ""},
    )

    assert json.loads(done.stdout) == [
        "compile <string>",
        "exec <string>",
        "compile <string>",
        "exec <string>",
        "compile <unknown>",
        "open lmm_canary.txt w",
        "os.system",
    ]


LISTENS = """
import ast, json, os, sys
from tests.security.child import Listener
listener = Listener()
listener.heard = []
eval("1")
exec("1")
ast.parse("1")
open("lmm_canary.txt", "w").close()
os.system("")
heard, listener.heard = listener.heard, None
print(json.dumps(heard))
"""
