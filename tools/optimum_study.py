"""Compare the search with the best of ten starts of SciPy on the dense oracle, over many hard designs.

    python -m tools.optimum_study              # 720 designs and 1,500 harsh ones; exit 1 where ours is higher
    python -m tools.optimum_study --write 60   # also keep the oracle's criteria of 60 and of the hardest

The oracle knows nothing of the engine: textbook n × n algebra, ten starts, five of them searched by Powell's method
without derivatives, all polished by BFGS over the entries of T, the lowest taken.

Harsh designs (few rows, weights over twelve orders, saturated slopes, heavy tails, one outlier) are evaluated by QR of
their rows, which is exact there, and searched without derivatives: ten starts over eight decades by Nelder and Mead's
method, the two lowest ends polished by Powell's.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np

from lmm.engine import CrossProducts, DenseCrossProducts, Optimum
from lmm.typing import FloatMatrix, FloatVector
from tests.reference.optimum.designs import FAMILIES, HARDEST, Design, draw, draw_units
from tests.reference.optimum.harsh import HARDEST_HARSH, HARSH, criterion, draw_harsh

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "reference" / "optimum"
VALUES, HARSH_VALUES = FOLDER / "values.json", FOLDER / "harsh_values.json"
MARGIN = 1e-6  # of the criterion, by which ours may be above
ABSENT = 1e10  # the criterion where it cannot be computed


class Oracle:
    """The criterion of one design over the free entries of T, as a vector."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.model = DenseCrossProducts(*design.arguments)
        sizes = [len(term.columns) for term in design.terms]
        self.free = [
            np.eye(k, dtype=bool) if term.structure == "diag" else np.tril(np.ones((k, k), dtype=bool))
            for k, term in zip(sizes, design.terms, strict=True)
        ]
        self.size = sum(int(free.sum()) for free in self.free)

    def factors(self, x: FloatVector) -> list[FloatMatrix]:
        """T per term from its free entries."""
        T, at = [], 0
        for free in self.free:
            factor = np.zeros(free.shape)
            factor[free] = x[at : at + int(free.sum())]
            at += int(free.sum())
            T.append(factor)
        return T

    def value(self, x: FloatVector) -> float:
        """Evaluate the criterion."""
        return self.value_and_gradient(x)[0]

    def value_and_gradient(self, x: FloatVector) -> tuple[float, FloatVector]:
        """Evaluate the criterion and its gradient 2 M T in the free entries."""
        T = self.factors(x)
        try:
            found = self.model.evaluate(T, self.design.reml)
        except np.linalg.LinAlgError:
            return ABSENT, np.zeros(self.size)
        gradient = np.concatenate(
            [(2.0 * M @ factor)[free] for M, factor, free in zip(found.M, T, self.free, strict=True)]
        )
        good = np.isfinite(found.criterion) and np.all(np.isfinite(gradient))
        return (found.criterion, gradient) if good else (ABSENT, np.zeros(self.size))

    def starts(self, rng: np.random.Generator, count: int = 10) -> list[FloatVector]:
        """Three sizes of the identity, and random ones over two and a half decades."""
        identity = np.concatenate([np.eye(len(free))[free] for free in self.free])
        drawn = [rng.normal(size=self.size) * 10.0 ** rng.uniform(-1.5, 1.0) for _ in range(count - 3)]
        return [identity, 0.1 * identity, 10.0 * identity, *drawn]

    def best(self, seed: int) -> tuple[float, list[float]]:
        """Lowest criterion, and those of all ten starts."""
        from scipy.optimize import minimize

        found = []
        for i, start in enumerate(self.starts(np.random.default_rng([seed, 3]))):
            x = start
            if i % 2:
                x = minimize(self.value, x, method="Powell", options={"maxiter": 30, "ftol": 1e-10}).x
            for _ in range(2):
                x = minimize(
                    self.value_and_gradient,
                    x,
                    jac=True,
                    method="BFGS",
                    options={"gtol": 1e-8, "maxiter": 400},
                ).x
            found.append(self.value(x))
        return min(found), found


class HarshOracle(Oracle):
    """The same by QR of the rows, without derivatives."""

    def value(self, x: FloatVector) -> float:
        """Evaluate the criterion."""
        if np.abs(x).max() > 1e12:
            return ABSENT
        found = criterion(self.design, self.factors(x))
        return found if np.isfinite(found) else ABSENT

    def starts(self, rng: np.random.Generator, count: int = 10) -> list[FloatVector]:
        """Four sizes of the identity, and random ones whose entries lie over five and a half decades."""
        identity = np.concatenate([np.eye(len(free))[free] for free in self.free])
        scales = [10.0 ** rng.uniform(-1.5, 4.0, self.size) for _ in range(count - 4)]
        return [*np.outer([1.0, 0.1, 10.0, 1e3], identity), *(rng.normal(size=self.size) * s for s in scales)]

    def best(self, seed: int) -> tuple[float, list[float]]:
        """Lowest criterion, and those of all ten starts."""
        from scipy.optimize import minimize

        simplex = {"maxiter": 150 * self.size, "xatol": 1e-6, "fatol": 1e-8, "adaptive": True}
        last = {"maxiter": 400 * self.size, "xatol": 1e-9, "fatol": 1e-11}
        starts = self.starts(np.random.default_rng([seed, 5]))
        ends = [minimize(self.value, x, method="Nelder-Mead", options=simplex).x for x in starts]
        ends.sort(key=self.value)
        for i, x in enumerate(ends[:2]):
            best = x
            for _ in range(3):
                for method, options in (("Powell", {"maxiter": 50, "ftol": 1e-12}), ("Nelder-Mead", last)):
                    best = min(
                        minimize(self.value, best, method=method, options=options).x, best, key=self.value
                    )
            ends[i] = best
        values = [self.value(x) for x in ends]
        return min(values), values


def harsh_study(seed: int) -> dict[str, Any]:
    """One row of the study of harsh designs."""
    design = draw_harsh(seed)
    with np.errstate(all="ignore"):
        lowest, all_starts = HarshOracle(design).best(seed)
    ours = CrossProducts(*design.arguments).optimize(design.reml)
    return _row(seed, design, (lowest, all_starts), ours, criterion(design, ours.T))


def study(seed: int) -> dict[str, Any]:
    """One row of the study."""
    design = draw(seed)
    units = draw_units(design, seed)
    lowest, all_starts = Oracle(design).best(seed)
    ours = CrossProducts(*units.of(design).arguments).optimize(design.reml)
    return _row(seed, design, (lowest, all_starts), ours, ours.criterion - units.constant(design))


def _row(
    seed: int, design: Design, oracle: tuple[float, list[float]], ours: Optimum, reached: float
) -> dict[str, Any]:
    lowest, all_starts = oracle
    return {
        "seed": seed,
        "family": design.family,
        "reml": design.reml,
        "n": int(design.y.size),
        "oracle": lowest,
        "oracle_starts": all_starts,
        "ours": reached,
        "above": reached - lowest,
        "evaluations": ours.n_evaluations,
        "converged": ours.converged,
        "singular": ours.singular,
        "told": "optima" in ours.message,
    }


def summary(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Lines for the terminal."""
    above = np.array([row["above"] for row in rows])
    evaluations = np.array([row["evaluations"] for row in rows])
    several = [row for row in rows if np.sort(row["oracle_starts"])[-1] > row["oracle"] + 1e-4]
    yield f"{len(rows)} designs, {sum(row['singular'] for row in rows)} with a singular optimum"
    told = sum(row["told"] for row in rows if row["above"] > MARGIN)
    yield f"higher than the oracle by more than {MARGIN:g}: {np.count_nonzero(above > MARGIN)}, of which {told} said so"
    yield f"lower than the oracle by more than {MARGIN:g}: {np.count_nonzero(above < -MARGIN)}"
    yield f"not converged: {sum(not row['converged'] for row in rows)}"
    yield f"designs in which some start of the oracle ended higher than another: {len(several)}"
    yield f"evaluations: median {np.median(evaluations):g}, largest {evaluations.max()}"
    for family in (*FAMILIES, *HARSH):
        own = [row for row in rows if row["family"] == family]
        if not own:
            continue
        counts = [row["evaluations"] for row in own]
        yield f"  {family:18s} {len(own):4d} designs, evaluations {np.median(counts):g} / {max(counts)}"
    for row in rows:
        if row["above"] > MARGIN or not row["converged"]:
            yield (
                f"seed {row['seed']} ({row['family']}, {'REML' if row['reml'] else 'ML'}): ours {row['ours']:.8f}, "
                f"oracle {row['oracle']:.8f}, converged {row['converged']}, evaluations {row['evaluations']}"
                f"{', says that other optima are possible' if row['told'] else ''}"
            )


def main() -> None:
    """Run the study that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tools.optimum_study", description=__doc__.split("\n")[0])
    parser.add_argument("--designs", type=int, default=720, help="how many designs (720)")
    parser.add_argument("--harsh", type=int, default=1500, help="how many harsh designs (1500)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--processes", type=int, default=None, help="processes side by side (one per core)")
    parser.add_argument(
        "--write", type=int, metavar="N", help="keep the oracle's criteria of the first N designs"
    )
    parser.add_argument("--rows", type=Path, metavar="FILE", help="write all rows there as JSON")
    request = parser.parse_args()

    start = time.perf_counter()
    seeds = [*range(request.first, request.first + request.designs)]
    if request.write:
        seeds += [seed for seed in HARDEST if seed not in seeds]
    harsh_seeds = [*range(request.first, request.first + request.harsh)]
    if request.write:
        harsh_seeds += [seed for seed in HARDEST_HARSH if seed not in harsh_seeds]
    with Pool(request.processes) as pool:
        rows = list(pool.imap(study, seeds, chunksize=1))
        harsh = list(pool.imap(harsh_study, harsh_seeds, chunksize=1))
    for part in filter(None, (rows, harsh)):
        sys.stdout.write("\n".join(summary(part)) + "\n")
    sys.stdout.write(f"{time.perf_counter() - start:.0f} seconds\n")
    if request.rows:
        request.rows.write_text(json.dumps([*rows, *harsh], indent=1), encoding="utf-8")
    if request.write:
        keep(VALUES, rows, request.first + request.write, HARDEST)
        keep(HARSH_VALUES, harsh, request.first + request.write, HARDEST_HARSH)
    missed = [row for row in rows if row["above"] > MARGIN and not row["told"]]
    sys.exit(bool(missed) or any(row["above"] > MARGIN for row in harsh))


def keep(path: Path, rows: Sequence[dict[str, Any]], end: int, hardest: Sequence[int]) -> None:
    """Write the oracle's criteria of the first seeds and of the hardest."""
    kept = {str(row["seed"]): row["oracle"] for row in rows if row["seed"] in hardest or row["seed"] < end}
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
