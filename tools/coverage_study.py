"""Simulate how often bands cover and tests reject, and write docs/coverage.md.

    python -m tools.coverage_study                 # some minutes; exit 1 where a rate is outside of its limits
    python -m tools.coverage_study --write         # also write the page
    python -m tools.coverage_study --count 200     # fewer data sets of each kind

Each study draws data sets from one seed and is judged by limits that are stated beside it: what theory promises,
three standard errors of the simulation wider.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import numpy as np

import lmm
from lmm.typing import FloatVector

PAGE = Path(__file__).resolve().parent.parent / "docs" / "coverage.md"
HEAD = """# Coverage of bands, level of tests

How often do bands cover, and tests reject what is true? Data sets are drawn from known models and fitted; this page
is written by `make coverage` (`tools/coverage_study.py`, which has the models). A rate is judged by its limits, with
three standard errors of the simulation on either side.

"""


@dataclass(frozen=True)
class Study:
    """One kind of data sets: what is counted, and what theory promises.

    Attributes
    ----------
    title
        For readers.
    draw
        From a generator of random numbers to the rates of one data set, one for each of ``rows``.
    rows
        What is counted, with its least and its largest rate.
    """

    title: str
    draw: Callable[[np.random.Generator], list[float]]
    rows: tuple[tuple[str, float, float], ...]


def bands(rng: np.random.Generator) -> list[float]:
    """Bands of a curve with five bends, 200 rows: the mean over 100 points, and all at once."""
    x = np.sort(rng.uniform(size=200))
    at = np.linspace(x[0], x[-1], 100)

    def curve(x: FloatVector) -> FloatVector:
        return np.sin(2 * np.pi * x) + 0.5 * np.cos(5 * np.pi * x)

    data = {"x": x, "y": 3.0 + curve(x) + rng.normal(scale=0.4, size=x.size)}
    fit = lmm.fit("y ~ s(x, k=20)", data)
    found = []
    for covariance in ("bayes", "corrected", "frequentist"):
        table = fit.smooth("s(x)", {"x": at}, covariance=covariance, intercept=True)
        truth = 3.0 + curve(at)
        found.append(float(np.mean((table["conf_low"] <= truth) & (truth <= table["conf_high"]))))
    for covariance in ("bayes", "corrected"):
        table = fit.smooth("s(x)", {"x": at}, covariance=covariance, band="simultaneous")
        truth = curve(at) - curve(x).mean()
        found.append(float(np.all((table["conf_low"] <= truth) & (truth <= table["conf_high"]))))
    return found


def smooth_tests(rng: np.random.Generator) -> list[float]:
    """Wood's test of a curve that is not there, beside one that is."""
    x, z = rng.uniform(size=(2, 200))
    data = {"x": x, "z": z, "y": np.sin(2 * np.pi * x) + rng.normal(scale=0.5, size=x.size)}
    fit = lmm.fit("y ~ s(x) + s(z)", data)
    return _rejected(float(fit.smooths()["p_value"][1]))


def smooth_tests_beside_subjects(rng: np.random.Generator) -> list[float]:
    """Test it beside random intercepts of 20 subjects with 10 rows each."""
    subject = np.repeat(np.arange(20), 10)
    z = rng.uniform(size=200)
    y = rng.normal(size=20)[subject] + rng.normal(scale=0.5, size=200)
    data = {"z": z, "y": y, "subject": [f"S{i:02d}" for i in subject]}
    fit = lmm.fit("y ~ s(z) + (1 | subject)", data)
    return _rejected(float(fit.smooths()["p_value"][0]))


def treatment(rng: np.random.Generator) -> list[float]:
    """Test a treatment without effect on 6 of 12 subjects beside a trend, by Kenward–Roger and by the normal."""
    subject, time_ = np.repeat(np.arange(12), 8), np.tile(np.arange(8.0), 12)
    y = np.sin(time_ / 1.5) + rng.normal(scale=0.7, size=12)[subject] + rng.normal(scale=0.5, size=96)
    data = {
        "y": y,
        "time": time_,
        "arm": [("A", "B")[i % 2] for i in subject],
        "subject": [f"S{i:02d}" for i in subject],
    }
    fit = lmm.fit("y ~ arm + s(time, k=6) + (1 | subject)", data)
    found = []
    for method in ("kenward-roger", "normal"):
        p = float(lmm.contrast_test(fit, "arm[T.B] = 0", df=method)["p_value"][0])
        found += [float(p <= 0.05), float(p <= 0.01)]
    return found


def _rejected(p: float) -> list[float]:
    return [float(p <= level) for level in (0.5, 0.2, 0.1, 0.05, 0.01)]


# The limits of Wood's test are wider than its level: p-values hold the smoothing parameters as known.
_TESTS = tuple(
    (f"p ≤ {level:g}", low, high)
    for level, low, high in (
        (0.5, 0.4, 0.6),
        (0.2, 0.15, 0.28),
        (0.1, 0.07, 0.15),
        (0.05, 0.03, 0.08),
        (0.01, 0.004, 0.025),
    )
)
STUDIES = (
    Study(
        "Bands of 95 % for y ~ s(x, k=20), 200 rows",
        bands,
        (
            ("pointwise, bayes, mean over the curve", 0.93, 0.97),
            ("pointwise, corrected", 0.93, 0.98),
            ("pointwise, frequentist (bias is not counted: too low is expected)", 0.85, 0.96),
            ("simultaneous, bayes", 0.91, 0.98),
            ("simultaneous, corrected", 0.92, 0.99),
        ),
    ),
    Study("Test of s(z) without effect, y ~ s(x) + s(z), 200 rows", smooth_tests, _TESTS),
    Study("Test of s(z) without effect, y ~ s(z) + (1 | subject)", smooth_tests_beside_subjects, _TESTS),
    Study(
        "Test of a treatment without effect, y ~ arm + s(time) + (1 | subject), 12 subjects",
        treatment,
        (
            ("Kenward–Roger, p ≤ 0.05", 0.04, 0.06),
            ("Kenward–Roger, p ≤ 0.01", 0.006, 0.014),
            ("normal distribution, p ≤ 0.05 (too often, for comparison)", 0.06, 0.14),
            ("normal distribution, p ≤ 0.01 (too often, for comparison)", 0.015, 0.06),
        ),
    ),
)


def main(arguments: argparse.Namespace) -> int:
    """Run all studies; the number of rates outside of their limits."""
    lines, outside = [], 0
    for place, study in enumerate(STUDIES):
        began = time.perf_counter()
        rates, count = _rates(place, arguments.count)
        lines += [f"## {study.title}", "", f"{count:,} data sets, seed {place}.", ""]
        lines += ["| | rate | standard error | limits |", "|---|--:|--:|---|"]
        for (name, low, high), rate in zip(study.rows, rates, strict=True):
            least, most = low - 3.0 * _error(low, count), high + 3.0 * _error(high, count)
            is_outside = not least <= rate <= most
            outside += is_outside
            mark = ", **outside**" if is_outside else ""
            lines.append(f"| {name} | {rate:.4f} | {_error(rate, count):.4f} | {low:g} to {high:g}{mark} |")
        lines.append("")
        print(f"{study.title}: {time.perf_counter() - began:.0f} s", flush=True)  # noqa: T201
    text = HEAD + "\n".join(lines)
    print(text)  # noqa: T201
    if arguments.write:
        PAGE.write_text(text, encoding="utf-8")
    return outside


def _error(rate: float, count: int) -> float:
    """Compute the standard error of a rate; for a mean over a curve it is an upper bound."""
    return float(np.sqrt(rate * (1.0 - rate) / count))


def _rates(place: int, count: int) -> tuple[FloatVector, int]:
    pieces = list(_pieces(place, count))
    with Pool(2) as pool:
        found = np.vstack(pool.starmap(_piece, pieces))
    return found.mean(axis=0), len(found)


def _pieces(place: int, count: int) -> Iterator[tuple[int, int, int]]:
    """Blocks of 50 data sets, each with its own stream of random numbers."""
    for block in range(-(-count // 50)):
        yield place, block, min(50, count - 50 * block)


def _piece(place: int, block: int, count: int) -> list[list[float]]:
    rng = np.random.default_rng((place, block))
    return [STUDIES[place].draw(rng) for _ in range(count)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="How often bands cover and tests reject.")
    parser.add_argument("--count", type=int, default=2000, help="data sets of each kind")
    parser.add_argument("--write", action="store_true", help="write docs/coverage.md")
    sys.exit(1 if main(parser.parse_args()) else 0)
