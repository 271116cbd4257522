"""Problems large enough to be cut into pieces, and all the bits of what the engine says of them.

``python -m tests.engine.many_levels 0 1`` prints them as found on the processors 0 and 1.
"""

from __future__ import annotations

import hashlib
import os
import sys

import numpy as np

from lmm.engine import CrossProducts, GroupBlock


def one_factor(rng):
    """Slopes that differ from row to row, 20,000 levels."""
    g = np.repeat(np.arange(20_000), 3)
    x = np.column_stack([np.ones(g.size), rng.normal(size=g.size)])
    return x, [GroupBlock(g.astype(np.int32), x, 20_000)]


def crossed(rng):
    """18,000 levels crossed with 250: a dense tail."""
    g = rng.permutation(np.arange(60_000) % 18_000)
    h = rng.integers(0, 250, g.size)
    return np.ones((g.size, 1)), [_intercepts(g), _intercepts(h)]


def chain(rng):
    """20,000 levels in 2,000 in 200, the middle ones with slopes."""
    g = rng.permutation(np.arange(60_000) % 20_000)
    x = np.column_stack([np.ones(g.size), rng.normal(size=g.size)])
    middle = GroupBlock((g // 10).astype(np.int32), x, 2_000)
    return x, [_intercepts(g), middle, _intercepts(g // 100)]


def two_large(rng):
    """17,000 levels and 1,000, each of which meets few of the others."""
    g = rng.permutation(np.arange(34_000) % 17_000)
    h = (g // 17 + rng.integers(0, 2, g.size)) % 1_000
    return np.ones((g.size, 1)), [_intercepts(g), _intercepts(h)]


PROBLEMS = {problem.__name__: problem for problem in (one_factor, crossed, chain, two_large)}


def make(name):
    """y, X, blocks and weights of a problem."""
    rng = np.random.default_rng(20)
    X, blocks = PROBLEMS[name](rng)
    y = X.sum(axis=1) + rng.normal(size=len(X))
    for block in blocks:
        y = y + block.apply(rng.normal(size=block.n_effects))
    return y, X, blocks, rng.uniform(0.5, 2.0, y.size)


def bits(name):
    """Digest of the evaluation at the optimum, and of the way there."""
    model = CrossProducts(*make(name))
    optimum = model.optimize(True)
    at, sums = model.evaluate(optimum.T, True), model.products()
    numbers = [
        *optimum.T, *at.M, *at.b, at.beta, at.unscaled_vcov, *model.conditional(optimum.T, True),
        model.average_information(optimum.T, True), optimum.trace["criterion"], optimum.trace["decrement"],
        sums.ZZ.data, sums.ZX, sums.Zy,
    ]  # fmt: skip
    digest = hashlib.sha256()
    for array in numbers:
        digest.update(np.ascontiguousarray(array, dtype=float).tobytes())
    return digest.hexdigest()


def _intercepts(codes):
    codes = np.unique(codes, return_inverse=True)[1]
    return GroupBlock(codes.astype(np.int32), None, int(codes.max()) + 1)


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(cpu) for cpu in sys.argv[1:]})
    for problem in PROBLEMS:
        print(problem, bits(problem))
