"""Hard designs for the search: unbalanced, nearly singular, heavy-tailed, in awkward units; all from a seed.

A design is drawn in good units, in which the dense oracle is exact. What the engine gets is the same design in other
units: covariates shifted and scaled, another unit of the response, weights times a constant. Numbers are multiples of
2**-16 and scales powers of two, so that the change of units rounds nothing; the criterion changes by a known constant.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lmm.engine import GroupBlock

GRAIN = 2.0**16
FAMILIES = (
    "intercept",
    "slope",
    "three columns",
    "diagonal",
    "crossed",
    "nested",
    "slope and crossed",
    "two slopes",
    "slope and nested",
    "split bars",
    "aliased columns",
    "three factors",
)

# Designs that searches have missed, hardly ended in, or been long in: several optima, valleys that are nearly flat,
# weights over decades, variances thousands of times that of the residual.
HARDEST = (217, 222, 367, 534, 638, 744, 866, 1473, 1585, 1993, 3242, 4041, 4795, 6317, 6337, 6663, 6777)


@dataclass(frozen=True)
class Term:
    """A random term: the level of each row and the columns of X that vary by level."""

    codes: np.ndarray
    columns: tuple[int, ...]
    structure: str = "us"


@dataclass(frozen=True)
class Design:
    """Response, columns, terms, weights, and the method of estimation."""

    family: str
    y: np.ndarray
    X: np.ndarray
    terms: tuple[Term, ...]
    weights: np.ndarray | None
    reml: bool
    n_fixed: int | None = None  # the first columns of X that have fixed effects; all by default

    @property
    def arguments(self):
        """What the engine and the oracle are made from."""
        blocks = [
            GroupBlock(
                term.codes.astype(np.int32),
                np.ascontiguousarray(self.X[:, term.columns]),
                int(term.codes.max()) + 1,
                structure=term.structure,
            )
            for term in self.terms
        ]
        return self.y, np.ascontiguousarray(self.X[:, : self.n_fixed]), blocks, self.weights


def draw(seed):
    """The design of a seed, in good units."""
    rng = np.random.default_rng([seed, 1])
    family = FAMILIES[seed % len(FAMILIES)]
    n = int(rng.choice([rng.integers(16, 41), rng.integers(41, 91)]))
    X = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    if rng.random() < 0.3:  # few distinct values
        X[:, 1] = rng.integers(0, 5, n) - 2.0
    if family == "aliased columns":
        X[:, 2] = X[:, 1] + 0.1 * X[:, 2]
    X = grained(X)
    terms = _terms(rng, family, n)
    y = X @ rng.normal(size=3) + _errors(rng, n)
    for term in terms:
        effects = rng.normal(size=(term.codes.max() + 1, len(term.columns))) @ _root(rng, term).T
        y = y + np.sum(X[:, term.columns] * effects[term.codes], axis=1)
    weights = np.exp(rng.normal(scale=2.0, size=n)) if rng.random() < 0.25 else None
    return Design(family, grained(y), X, terms, weights, bool(seed // len(FAMILIES) % 2))


@dataclass(frozen=True)
class Units:
    """Other units: X A for X, unit · (y + level) for y, weight · w for the weights w."""

    A: np.ndarray
    unit: float
    level: float
    weight: float

    def of(self, design):
        """The design in these units."""
        weights = None if design.weights is None else self.weight * design.weights
        return replace(design, y=self.unit * (design.y + self.level), X=design.X @ self.A, weights=weights)

    def constant(self, design):
        """What the criterion has more in these units."""
        n, p = design.X.shape
        if not design.reml:
            return 2.0 * n * np.log(self.unit)
        return 2.0 * (n - p) * np.log(self.unit) + 2.0 * np.linalg.slogdet(self.A)[1]


def draw_units(design, seed):
    """Units of a seed that the design allows: without its intercept a term does not bear a shift."""
    rng = np.random.default_rng([seed, 2])
    p = design.X.shape[1]
    scales = 2.0 ** rng.integers(-20, 21, p - 1)
    shifts = np.round(10.0 ** rng.uniform(0, 4, p - 1)) * rng.choice([-1, 0, 1], p - 1)
    if not all(term.structure == "us" and 0 in term.columns for term in design.terms):
        shifts[:] = 0.0
    A = np.diag([1.0, *scales])
    A[0, 1:] = shifts * scales
    unit = 2.0 ** int(rng.integers(-20, 21))
    level = np.round(10.0 ** rng.uniform(0, 6)) * rng.choice([0, 1])
    return Units(A, unit, level, 10.0 ** rng.uniform(-8, 8))


def grained(x):
    """Multiples of 2**-16."""
    return np.round(np.asarray(x) * GRAIN) / GRAIN


def _terms(rng, family, n):
    slope, full = (0, 1), (0, 1, 2)
    one = lambda width: _codes(rng, n, width)  # noqa: E731
    if family == "intercept":
        return (Term(one(1), (0,)),)
    if family == "slope":
        return (Term(one(2), slope),)
    if family in {"three columns", "aliased columns"}:
        return (Term(one(3), full),)
    if family == "three factors":
        return Term(one(2), (0,)), Term(one(3), (0,)), Term(one(3), (0,))
    if family == "diagonal":
        return (Term(one(3), full, "diag"),)
    if family == "crossed":
        return Term(one(2), (0,)), Term(one(3), (0,))
    if family == "slope and crossed":
        return Term(one(3), slope), Term(one(2), (0,))
    if family == "two slopes":
        return Term(one(3), slope), Term(one(4), slope)
    if family == "split bars":
        codes = one(2)
        return Term(codes, (0,)), Term(codes, (1,))
    outer = _codes(rng, n, 4)
    inner = np.unique(outer * 3 + rng.integers(0, 3, n), return_inverse=True)[1]
    return Term(outer, (0,) if family == "nested" else slope), Term(inner, (0,))


def _codes(rng, n, width):
    """Levels of very unequal sizes, few enough for `width` columns each."""
    n_levels = int(rng.integers(4, max(5, int(n / (2.5 * width)))))
    share = rng.dirichlet(np.full(n_levels, rng.choice([0.5, 2.0, 50.0])))
    codes = rng.choice(n_levels, n, p=share)
    return np.unique(codes, return_inverse=True)[1]


def _root(rng, term):
    """Root of the covariance of the effects: sizes over several decades, often of low rank or nearly so."""
    k = len(term.columns)
    root = np.tril(rng.normal(size=(k, k))) * 10.0 ** rng.uniform(-1.0, 1.5)
    if term.structure == "diag":
        root = np.diag(np.diag(root))
    kind = rng.choice(["full", "low rank", "nearly low rank", "zero"], p=[0.55, 0.2, 0.15, 0.1])
    if kind != "full":
        root[:, -1] *= {"low rank": 0.0, "nearly low rank": 0.05, "zero": 0.0}[kind]
    return np.zeros((k, k)) if kind == "zero" else root


def _errors(rng, n):
    kind = rng.choice(["normal", "t", "Cauchy", "outliers"], p=[0.4, 0.2, 0.1, 0.3])
    if kind == "t":
        return rng.standard_t(2, n)
    if kind == "Cauchy":
        return np.clip(rng.standard_cauchy(n), -1e3, 1e3)
    errors = rng.normal(size=n)
    if kind == "outliers":
        errors[rng.random(n) < 0.06] *= 20.0
    return errors
