"""Fits that several test files use, each made once."""

import functools
import warnings

import numpy as np
import pandas as pd

import lmm


@functools.cache
def looms(formula="breaks ~ wool * tension"):
    return lmm.fit(formula, lmm.datasets.load("warpbreaks"))


@functools.cache
def oats(formula="yield ~ Variety * C(nitro) + (1 | Block/Variety)"):
    return lmm.fit(formula, lmm.datasets.load("Oats"))


@functools.cache
def unbalanced():
    """A mixed model with a covariate, unequal cells and every kind of column."""
    rng = np.random.default_rng(11)
    n = 160
    frame = pd.DataFrame(
        {
            "a": rng.choice(list("xyz"), n, p=[0.5, 0.3, 0.2]),
            "b": rng.choice(["lo", "hi"], n),
            "dose": rng.choice([1, 2, 4], n),
            "x": rng.normal(3.0, 2.0, n),
            "sick": rng.random(n) < 0.3,
            "g": rng.integers(0, 12, n).astype(str),
        }
    )
    shift = dict(zip(sorted(set(frame["g"])), rng.normal(size=12), strict=True))
    frame["y"] = frame["x"] + (frame["a"] == "y") + frame["g"].map(shift) + rng.normal(size=n)
    return lmm.fit("y ~ a * b + C(dose) + a:x + x + sick + (1 | g)", frame)


def without_warnings(formula, data, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lmm.LmmWarning)
        return lmm.fit(formula, data, **options)
