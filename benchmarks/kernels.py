"""Pieces of the work of the engine, small enough to count: ``python -m benchmarks.kernels NAME COUNT``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import numpy as np

from lmm import _core

LIMITS = (60, 1e-8)


def intercepts(codes: np.ndarray) -> tuple:
    """A term as the core takes it."""
    return codes.astype(np.uint32), None, int(codes.max()) + 1, [1]


def one_factor() -> Callable[[], object]:
    """Cross-products of 20,000 rows and three columns on 2,000 levels."""
    rng = np.random.default_rng(1)
    codes = (np.arange(20_000) // 10).astype(np.uint32)
    Z = np.column_stack([np.ones(codes.size), rng.normal(size=(codes.size, 2))])
    y = rng.normal(size=codes.size) + codes % 7
    return lambda: _core.Problem(y, Z, None, [(codes, Z, 2_000, [3])])


def slopes() -> Callable[[], object]:
    """Search for the six θ of that."""
    problem = one_factor()()
    return lambda: problem.optimize(True, None, None, LIMITS, None)


def crossed() -> Callable[[], object]:
    """Search on 400 levels crossed with 250."""
    rng = np.random.default_rng(2)
    g, h = rng.integers(0, 400, 6_000), rng.integers(0, 250, 6_000)
    y = rng.normal(size=6_000) + rng.normal(size=400)[g] + rng.normal(size=250)[h]
    problem = _core.Problem(y, np.ones((6_000, 1)), None, [intercepts(g), intercepts(h)])
    return lambda: problem.optimize(True, None, None, LIMITS, None)


def many_parameters() -> Callable[[], object]:
    """Search for the 20 θ of two crossed factors with four columns each."""
    rng = np.random.default_rng(3)
    s, i = (grid.ravel() for grid in np.meshgrid(np.arange(28), np.arange(16), indexing="ij"))
    X = np.column_stack([np.ones(s.size), rng.choice([-1.0, 1.0], (s.size, 3))])
    y = rng.normal(size=s.size)
    for codes, count in ((s, 28), (i, 16)):
        y = y + np.sum(X * (rng.normal(size=(count, 4)) * [1.0, 0.5, 0.5, 0.5])[codes], axis=1)
    terms = [(s.astype(np.uint32), X, 28, [4]), (i.astype(np.uint32), X, 16, [4])]
    problem = _core.Problem(y, X, None, terms)
    return lambda: problem.optimize(False, None, None, LIMITS, None)


def chain() -> Callable[[], object]:
    """Search on 4,000 levels in 400 in 40."""
    rng = np.random.default_rng(4)
    c = np.arange(16_000) // 4
    y = rng.normal(size=16_000) + rng.normal(size=4_000)[c] + rng.normal(size=400)[c // 10]
    y += rng.normal(size=40)[c // 100]
    problem = _core.Problem(
        y, np.ones((16_000, 1)), None, [intercepts(c // 100), intercepts(c // 10), intercepts(c)]
    )
    return lambda: problem.optimize(True, None, None, LIMITS, None)


def conditional() -> Callable[[], object]:
    """Conditional covariances of 400 levels crossed with 250."""
    rng = np.random.default_rng(5)
    g, h = rng.integers(0, 400, 6_000), rng.integers(0, 250, 6_000)
    problem = _core.Problem(rng.normal(size=6_000), np.ones((6_000, 1)), None, [intercepts(g), intercepts(h)])
    T = [np.array([[0.7]]), np.array([[0.5]])]
    return lambda: problem.conditional(T, True)


KERNELS = {
    kernel.__name__: kernel for kernel in (one_factor, slopes, crossed, many_parameters, chain, conditional)
}


def main() -> None:
    name, count = sys.argv[1], int(sys.argv[2])
    if hasattr(os, "sched_setaffinity"):  # one thread: the same instructions every time
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    run = KERNELS[name]()
    for _ in range(count):
        run()


if __name__ == "__main__":
    main()
