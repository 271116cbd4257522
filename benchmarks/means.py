"""Marginal means: all pairs of a thousand, and a grid of five factors: ``python -m benchmarks.means``."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable

import numpy as np

import lmm

N_MEANS = 1000


def main() -> None:
    rows = [*five_factors(), *thousand_means()]
    print(lmm.Table({name: [row[name] for row in rows] for name in rows[0]}, title="Marginal means"))


def five_factors() -> list[dict[str, object]]:
    """Means of two of five factors, the grid of 216 combinations built each time."""
    rng = np.random.default_rng(0)
    levels = (3, 3, 4, 2, 3)
    data = {f"f{i}": rng.integers(0, n, 800).astype(str) for i, n in enumerate(levels)}
    data |= {"x": rng.normal(size=800), "y": rng.normal(size=800), "g": rng.integers(0, 30, 800).astype(str)}
    found = []
    for formula in ("y ~ f0 * f1 + f2 + f3 * f4 + x", "y ~ f0 * f1 + f2 + f3 * f4 + x + (1 | g)"):
        fit = lmm.fit(formula, data)
        found.append(row(f"emmeans, {formula}", lambda fit=fit: fit.emmeans("f0:f1").table, repeats=30))
    return found


def thousand_means() -> list[dict[str, object]]:
    """All 499,500 differences, in a linear model and in one with unequal degrees of freedom."""
    rng = np.random.default_rng(0)
    f = np.repeat(np.arange(N_MEANS), 5)
    data = {
        "f": np.array([f"v{i:04d}" for i in range(N_MEANS)])[f],
        "g": rng.integers(0, 25, f.size).astype(str),
    }
    data["y"] = rng.normal(size=f.size) + rng.normal(size=N_MEANS)[f]
    found = []
    for formula in ("y ~ f", "y ~ f + (1 | g)"):
        means = lmm.fit(formula, data).emmeans("f")
        for adjust in ("none", "tukey"):
            name = f"499,500 differences, {formula}, {adjust}"
            found.append(
                row(name, lambda means=means, adjust=adjust: means.contrast(adjust=adjust).table, repeats=2)
            )
        found.append(
            row(f"letters of 1,000 means, {formula}", lambda means=means: means.letters(), repeats=1)
        )
    return found


def row(name: str, run: Callable[[], object], repeats: int) -> dict[str, object]:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"what": name, "best_s": min(seconds), "median_s": statistics.median(seconds), "peak_gb": peak}


if __name__ == "__main__":
    main()
