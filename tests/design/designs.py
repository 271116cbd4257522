"""A small table with every kind of column, and a short way to a design."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmm.data import open_table
from lmm.design import Design, DesignSpec
from lmm.formula import parse

N_ROWS = 24


def table() -> dict[str, Any]:
    random = np.random.default_rng(20261)
    return {
        "y": random.normal(size=N_ROWS),
        "x": np.arange(N_ROWS) % 7 * 1.0,
        "z": random.normal(size=N_ROWS) + 3,
        "f": list("abc") * 8,
        "b": [True, False] * 12,
        "dose": np.tile([0, 10, 5], 8),
        "g": np.repeat(np.arange(6), 4),
        "h": list("pqrs") * 6,
    }


def learn(formula: str, data: Any = None, **options: Any) -> tuple[DesignSpec, Design]:
    source = open_table(table() if data is None else data)
    return DesignSpec.learn(parse(formula, columns=source.names), source, **options)


def design(formula: str, data: Any = None, **options: Any) -> Design:
    return learn(formula, data, **options)[1]
