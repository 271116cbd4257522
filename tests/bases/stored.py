"""Stored columns and penalties of mgcv, and ways to compare with them."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path

import numpy as np

from lmm.bases import Covariate

STAR = Path(__file__).parents[1] / "reference" / "star"


@cache
def reference(case):
    (path,) = (STAR / "ref").glob(f"{case}_*.json")
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def table(name):
    """Columns of a data set: floats where all cells are numbers, else text."""
    with (STAR / "data" / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {key: _column([row[key] for row in rows]) for key in rows[0]}


def _column(cells):
    try:
        return np.array([float(cell) for cell in cells])
    except ValueError:
        return np.array(cells)


def numbers(name, values):
    return Covariate(name, values=np.asarray(values, dtype=float))


def factor(name, values, levels=None):
    texts = [str(value) for value in values]
    levels = tuple(sorted(set(texts))) if levels is None else tuple(levels)
    codes = [levels.index(text) if text in levels else -1 for text in texts]
    return Covariate(name, codes=np.array(codes), levels=levels)


def mcycle():
    return [numbers("x", table("mcycle")["times"])]


def matrix(nested):
    return np.atleast_2d(np.array(nested, dtype=float))


def penalties(stored):
    """R writes one penalty as a list or as an object."""
    return [matrix(S) for S in (stored.values() if isinstance(stored, dict) else stored)]


def invariant(smooth, fitted, points):
    """G = X (S + X'X / 1000 n)^-1 X' at points, free of the choice of coordinates."""
    X, at = smooth.columns(fitted), smooth.columns(points)
    return at @ np.linalg.solve(sum(smooth.penalties) + 1e-3 * X.T @ X / len(X), at.T)
