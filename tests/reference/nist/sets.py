"""The sets as published, and their mean squares in exact arithmetic."""

from __future__ import annotations

import functools
import gzip
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent
NAMES = (
    "SiRstv",
    "SmLs01",
    "SmLs02",
    "SmLs03",
    "AtmWtAg",
    "SmLs04",
    "SmLs05",
    "SmLs06",
    "SmLs07",
    "SmLs08",
    "SmLs09",
)


@dataclass(frozen=True, eq=False)
class OneWay:
    """A balanced one-way layout with certified mean squares.

    Attributes
    ----------
    difficulty
        ``"lower"``, ``"average"`` or ``"higher"``, as NIST says.
    leading_digits
        Digits that all values have in common.
    between, within
        Certified mean squares.
    """

    name: str
    difficulty: str
    leading_digits: int
    y: NDArray[np.float64]
    group: NDArray[np.int64]
    between: float
    within: float

    @property
    def n_groups(self) -> int:
        """Count the groups."""
        return int(np.unique(self.group).size)

    @property
    def n_rows_per_group(self) -> int:
        """Count the rows of each group."""
        return int(self.y.size) // self.n_groups

    @functools.cached_property
    def stored_mean_squares(self) -> tuple[float, float]:
        """Mean squares between and within of the numbers as stored, rounded once at the end."""
        groups = [
            [Fraction(value) for value in self.y[self.group == g].tolist()] for g in np.unique(self.group)
        ]
        means = [sum(values) / len(values) for values in groups]
        grand = sum(means) / len(means)
        between = len(groups[0]) * sum((mean - grand) ** 2 for mean in means) / (len(means) - 1)
        within = sum(
            (value - mean) ** 2 for values, mean in zip(groups, means, strict=True) for value in values
        )
        return float(between), float(within / (self.y.size - len(groups)))

    def variances(self, mean_squares: tuple[float, float] | None = None) -> tuple[float, float]:
        """τ² and σ² of REML; from the certified mean squares unless others are given."""
        between, within = mean_squares or (self.between, self.within)
        return (between - within) / self.n_rows_per_group, within


@functools.cache
def load(name: str) -> OneWay:
    """Read a set by its name."""
    text = gzip.decompress((FOLDER / f"{name}.dat.gz").read_bytes()).decode("ascii")
    rows = [line.split() for line in text.splitlines()[60:] if line.strip()]
    return OneWay(
        name=name,
        difficulty=_found(r"(\w+) Level of Difficulty", text).lower(),
        leading_digits=int(_found(r"(\d+) Constant Leading Digit", text)),
        y=np.array([float(value) for _, value in rows]),
        group=np.array([int(group) for group, _ in rows]),
        between=float(_found(r"Between \w+ +\d+ +\S+ +(\S+)", text)),
        within=float(_found(r"Within \w+ +\d+ +\S+ +(\S+)", text)),
    )


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, pattern
    return found[1]


def digits(value: float, expected: float) -> float:
    """Count the digits that are right: −log10 of the relative error, at most 15."""
    error = abs(value - expected) / abs(expected)
    return 15.0 if error < 1e-15 else float(-np.log10(error))
