"""Formulas by chance, hostile pieces among them: the first thousands; ``make fuzz`` goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tools.fuzz_formulas import formula_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", [1, 2])
def test_formulas_by_chance_end_in_a_fit_or_an_error_of_ours_and_set_nothing_off(seed, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tools.fuzz_formulas", "--count", "1500", "--seed", str(seed)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT / 'python'}:{ROOT}", "PATH": "", "OPENBLAS_NUM_THREADS": "1"},
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == f"1,500 formulas of seed {seed}; 0 failed\n"


def test_a_formula_is_found_again_by_its_number():
    assert [formula_of(3, number) for number in range(50)] == [formula_of(3, number) for number in range(50)]
    assert formula_of(3, 1) != formula_of(4, 1)
