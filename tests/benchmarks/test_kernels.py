"""The kernels whose instructions are counted exist and do something."""

from __future__ import annotations

import json

import pytest

from benchmarks.instructions import BOUNDS
from benchmarks.kernels import KERNELS


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_run(name):
    assert KERNELS[name]()() is not None


def test_every_kernel_has_its_bound():
    assert set(json.loads(BOUNDS.read_text(encoding="utf-8"))) == set(KERNELS)
