"""What is measured: one model and its data each, made from a seed, from 180 rows to a million."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

import lmm


@dataclass(frozen=True)
class Workload:
    """A fit, and what we want of it.

    Attributes
    ----------
    name
        Short, for files and the command line.
    title
        For readers.
    formula
        As lme4 and we write it.
    method
        ``"reml"`` or ``"ml"``.
    make
        The data.
    reach
        Seconds that `lmm.fit` may take, on two cores of a machine of 2026.
    published
        What others have published about this fit, or about one like it.
    refits
        How many parametric-bootstrap refits are measured instead of the fit; 0 for the fit.
    tail
        Columns of Z that cannot be eliminated level by level.
    peers
        Names of the packages that can do it in reasonable time.
    """

    name: str
    title: str
    formula: str
    method: str
    make: Callable[[], pd.DataFrame]
    reach: float
    published: str = ""
    refits: int = 0
    tail: int = 0
    peers: tuple[str, ...] = ("lme4", "mixedlm")


def factor(codes: np.ndarray, n_levels: int | None = None) -> pd.Categorical:
    """Categories "0", "1", …"""
    count = int(codes.max()) + 1 if n_levels is None else n_levels
    return pd.Categorical.from_codes(codes, [str(level) for level in range(count)])


def sleepstudy() -> pd.DataFrame:
    """180 rows, as published."""
    return lmm.datasets.load("sleepstudy")


def words() -> pd.DataFrame:
    """56 people read 32 words under three conditions of two levels each; 1,792 rows."""
    rng = np.random.default_rng(56)
    people, items = (grid.ravel() for grid in np.meshgrid(np.arange(56), np.arange(32), indexing="ij"))
    x = rng.choice([-1.0, 1.0], (people.size, 3))
    Z = np.column_stack([np.ones(people.size), x])
    sizes = np.array([1.0, 0.5, 0.3, 0.4])
    y = 2.0 + x @ [0.3, 0.2, 0.1] + 1.5 * rng.normal(size=people.size)
    for codes, count in ((people, 56), (items, 32)):
        y = y + np.sum(Z * (rng.normal(size=(count, 4)) * sizes)[codes], axis=1)
    columns = {f"x{j + 1}": x[:, j] for j in range(3)}
    return pd.DataFrame({"y": y, **columns, "s": factor(people), "i": factor(items)})


def one_factor(n: int, n_levels: int, n_slopes: int) -> pd.DataFrame:
    """Rows spread over the levels of one factor at random, with slopes that vary."""
    rng = np.random.default_rng(n)
    g = rng.integers(0, n_levels, n)
    g[:n_levels] = np.arange(n_levels)
    x = rng.normal(size=(n, n_slopes))
    b = rng.normal(size=(n_levels, n_slopes + 1)) * np.r_[1.0, np.full(n_slopes, 0.5)]
    y = 1.0 + 0.5 * x.sum(axis=1) + b[g, 0] + np.sum(x * b[g, 1:], axis=1) + rng.normal(size=n)
    columns = {f"x{j + 1}": x[:, j] for j in range(n_slopes)}
    return pd.DataFrame({"y": y, **columns, "g": factor(g, n_levels)})


def lectures() -> pd.DataFrame:
    """73,421 ratings of lectures at ETH Zurich, as published; service and department as factors."""
    frame = lmm.datasets.load("InstEval")
    return frame.assign(service=pd.Categorical(frame["service"]), dept=pd.Categorical(frame["dept"]))


def films() -> pd.DataFrame:
    """A million ratings of 3,706 films by 6,040 people, nobody twice; few films have most of them."""
    rng = np.random.default_rng(6040)
    n, n_people, n_films = 1_000_209, 6_040, 3_706
    counts = 20 + _shares(rng, np.exp(1.1 * rng.normal(size=n_people)), n - 20 * n_people, n_films - 20)
    appeal = -1.3 * np.log(np.arange(n_films) + 60.0)
    film = np.empty(n, dtype=np.int64)
    ends = np.cumsum(counts)
    for start, stop in zip(ends - counts, ends, strict=True):
        # The largest of appeal plus Gumbel noise: a draw without replacement.
        film[start:stop] = np.argpartition(-(appeal + rng.gumbel(size=n_films)), stop - start - 1)[
            : stop - start
        ]
    film[:n_films] = np.where(np.isin(np.arange(n_films), film), film[:n_films], np.arange(n_films))
    person = np.repeat(np.arange(n_people), counts)
    y = (
        3.5
        + 0.4 * rng.normal(size=n_people)[person]
        + 0.6 * rng.normal(size=n_films)[film]
        + 0.9 * rng.normal(size=n)
    )
    order = rng.permutation(n)
    return pd.DataFrame(
        {"y": y[order], "u": factor(person[order], n_people), "i": factor(film[order], n_films)}
    )


def _shares(rng: np.random.Generator, weights: np.ndarray, total: int, most: int) -> np.ndarray:
    """Whole numbers of the given sum, about proportional to weights, none above ``most``."""
    shares = np.minimum(np.floor(weights / weights.sum() * total).astype(np.int64), most)
    while (rest := total - int(shares.sum())) > 0:
        open_ = np.flatnonzero(shares < most)
        shares[rng.choice(open_, min(rest, open_.size), replace=False)] += 1
    return shares


def nested() -> pd.DataFrame:
    """A million rows in 100,000 classes in 10,000 schools in 1,000 districts."""
    rng = np.random.default_rng(1000)
    n = 1_000_000
    c = rng.integers(0, 100_000, n)
    c[:100_000] = np.arange(100_000)
    y = 1.0 + rng.normal(size=n) + 0.5 * rng.normal(size=100_000)[c]
    y += 0.7 * rng.normal(size=10_000)[c // 10] + rng.normal(size=1_000)[c // 100]
    return pd.DataFrame({"y": y, "a": factor(c // 100), "b": factor(c // 10), "c": factor(c)})


def field_trials() -> pd.DataFrame:
    """600 varieties in 40 trials of 4 replicates of 12 rows and 12 columns; 20,000 plots."""
    rng = np.random.default_rng(40)
    n = 20_000
    trial, variety = rng.integers(0, 40, n), rng.integers(0, 600, n)
    replicate = trial * 4 + rng.integers(0, 4, n)
    row, column = replicate * 12 + rng.integers(0, 12, n), replicate * 12 + rng.integers(0, 12, n)
    y = 5.0 + rng.normal(size=n) + 0.5 * rng.normal(size=600)[variety] + rng.normal(size=40)[trial]
    y += 0.3 * (rng.normal(size=160)[replicate] + rng.normal(size=1920)[row] + rng.normal(size=1920)[column])
    codes = {"variety": (variety, 600), "trial": (trial, 40), "rep": (replicate, 160)}
    codes |= {"row": (row, 1920), "column": (column, 1920)}
    return pd.DataFrame({"y": y, **{name: factor(*pair) for name, pair in codes.items()}})


SCALAR = ("lme4", "mixedlm", "gpboost")
ONE = ("lme4", "mixedlm", "statsmodels")

WORKLOADS = (
    Workload(
        "sleepstudy", "180 rows, (Days | Subject)", "Reaction ~ Days + (Days | Subject)", "reml", sleepstudy,
        0.0025, peers=ONE,
    ),
    Workload(
        "words", "56 × 32 crossed, 20 θ", "y ~ x1 + x2 + x3 + (x1 + x2 + x3 | s) + (x1 + x2 + x3 | i)", "ml", words,
        0.02, published="MixedModels.jl 58 ms (data of this shape)", tail=128,
    ),
    Workload(
        "slopes-50k", "50k rows, (x1 + x2 | g), 5k levels", "y ~ x1 + x2 + (x1 + x2 | g)", "reml",
        lambda: one_factor(50_000, 5_000, 2), 0.03, peers=ONE,
    ),
    Workload(
        "slopes-300k", "300k rows, (x | g), 60k levels", "y ~ x1 + (x1 | g)", "reml",
        lambda: one_factor(300_000, 60_000, 1), 0.06,
    ),
    Workload(
        "lectures", "InstEval, 73k rows, 2,972 × 1,128", "y ~ 1 + (1 | s) + (1 | d)", "reml", lectures,
        0.25, published="MixedModels.jl 0.24 s", tail=1128, peers=SCALAR,
    ),
    Workload(
        "lectures-fixed", "InstEval, service * dept", "y ~ service * dept + (1 | s) + (1 | d)", "ml", lectures,
        0.3, published="MixedModels.jl 0.25 s", tail=1128, peers=SCALAR,
    ),
    Workload(
        "lectures-three", "InstEval, three factors", "y ~ service + (1 | s) + (1 | d) + (1 | dept)", "ml", lectures,
        0.35, published="MixedModels.jl 0.42 s", tail=1142, peers=SCALAR,
    ),
    Workload(
        "films", "1M rows, 6,040 × 3,706 crossed", "y ~ 1 + (1 | u) + (1 | i)", "ml", films,
        10.0, published="MixedModels.jl 38–46 s (8 threads, the ratings themselves)", tail=3706,
        peers=("gpboost", "mixedlm"),
    ),
    Workload(
        "nested", "1M rows, 100k in 10k in 1k levels", "y ~ 1 + (1 | a) + (1 | b) + (1 | c)", "reml", nested,
        0.5, peers=SCALAR,
    ),
    Workload(
        "field-trials", "20k rows, five partly crossed factors",
        "y ~ 1 + (1 | variety) + (1 | trial) + (1 | rep) + (1 | row) + (1 | column)", "reml", field_trials,
        1.0, peers=SCALAR,
    ),
    Workload(
        "bootstrap", "1,000 refits of sleepstudy", "Reaction ~ Days + (Days | Subject)", "reml", sleepstudy,
        0.3, refits=1000,
    ),
)  # fmt: skip
