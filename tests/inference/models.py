"""Small fits for tests of inference."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

import lmm


def as_estimated(fit):
    """The fit at a given theta as if a search had ended there: its theta count as estimated."""
    optimum = replace(fit.internals.optimum, held=np.zeros_like(fit.internals.optimum.held))
    return lmm.Fit(replace(fit.internals, optimum=optimum))


def quietly(formula, data, **options):
    """Fit without warnings about convergence: random data need not identify anything."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lmm.LmmWarning)
        return lmm.fit(formula, data, **options)


RANDOM_PARTS = {
    "one factor": "(1 | g)",
    "slopes": "(x | g)",
    "uncorrelated": "(x || g)",
    "crossed": "(1 | g) + (1 | h)",
    "crossed slopes": "(x | g) + (1 | h)",
    "nested": "(1 | g/h)",
    "two terms of one factor": "(1 | g) + (0 + x | g)",
}


def random_table(seed, n=36):
    """Two factors, a covariate, a treatment of three levels and weights; nothing balanced."""
    rng = np.random.default_rng(seed)
    g, h = rng.integers(0, 6, n), rng.integers(0, 4, n)
    x = rng.normal(size=n)
    b = rng.normal(size=(6, 2))
    y = 2 + x + b[g, 0] + 0.6 * b[g, 1] * x + 0.7 * rng.normal(size=4)[h] + rng.normal(size=n)
    return {
        "y": y,
        "x": x,
        "g": np.array([f"g{j}" for j in g]),
        "h": np.array([f"h{j}" for j in h]),
        "t": np.array(["a", "b", "c"])[rng.permutation(np.arange(n) % 3)],
        "w": rng.choice([0.5, 1.0, 2.0], n),
    }


def balanced_split_plot(seed, n_blocks, n_whole, n_sub, sd_block=2.0, sd_whole=1.0):
    """y of a split plot: `a` on whole plots, `b` on sub-plots."""
    rng = np.random.default_rng(seed)
    block, a, b = (index.ravel() for index in np.indices((n_blocks, n_whole, n_sub)))
    y = (
        sd_block * rng.normal(size=n_blocks)[block]
        + sd_whole * rng.normal(size=(n_blocks, n_whole))[block, a]
        + 0.5 * a
        + rng.normal(size=block.size)
    )
    label = lambda letter, codes: np.array([f"{letter}{code}" for code in codes])  # noqa: E731
    return {"y": y, "block": label("B", block), "a": label("a", a), "b": label("b", b)}


def strata(data, n_blocks, n_whole, n_sub):
    """Classical F of a, b and a:b with their denominators, from the sums of squares of the balanced table."""
    y = np.asarray(data["y"]).reshape(n_blocks, n_whole, n_sub)
    grand = y.mean()
    ya, yb, yab = y.mean(axis=(0, 2)), y.mean(axis=(0, 1)), y.mean(axis=0)
    plots, blocks = y.mean(axis=2), y.mean(axis=(1, 2))
    ss_a = n_blocks * n_sub * np.sum((ya - grand) ** 2)
    ss_b = n_blocks * n_whole * np.sum((yb - grand) ** 2)
    ss_ab = n_blocks * np.sum((yab - ya[:, None] - yb[None, :] + grand) ** 2)
    ss_whole = n_sub * np.sum((plots - ya[None, :] - blocks[:, None] + grand) ** 2)
    ss_sub = np.sum((y - plots[:, :, None] - yab[None] + ya[None, :, None]) ** 2)
    df_whole, df_sub = (n_blocks - 1) * (n_whole - 1), n_whole * (n_blocks - 1) * (n_sub - 1)
    whole, sub = ss_whole / df_whole, ss_sub / df_sub
    return {
        "a": (n_whole - 1, df_whole, ss_a / (n_whole - 1) / whole),
        "b": (n_sub - 1, df_sub, ss_b / (n_sub - 1) / sub),
        "a:b": ((n_whole - 1) * (n_sub - 1), df_sub, ss_ab / ((n_whole - 1) * (n_sub - 1)) / sub),
    }


def term_contrast(fit, name):
    """Rows of the identity for the columns of a term."""
    term = next(term for term in fit.internals.design.terms if term.name == name)
    return np.eye(len(fit.internals.design.names))[term.columns]
