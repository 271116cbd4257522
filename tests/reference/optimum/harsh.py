"""Designs at the edge of what can be fitted: few rows, weights over twelve orders, saturated slopes, one outlier.

Like `designs.py`, from a seed, with numbers that are multiples of 2**-16. `criterion` evaluates them by orthogonal
transformations of the augmented matrix [W^½ZΛ W^½X W^½y; I 0 0], whose rows are sorted by size: products of columns,
and the inverse of V, lose the light rows where weights span many orders.
"""

from __future__ import annotations

import numpy as np

from tests.reference.optimum.designs import Design, Term, grained

HARDEST_HARSH = (11, 81, 95, 129, 176, 309, 325, 459, 489, 626, 736, 991, 1029, 1140, 1160, 1470)
"""Designs that searches have missed or hardly ended in: nearly saturated levels, valleys that are almost flat."""

HARSH = ("weights", "few rows", "saturated", "heavy tails", "one outlier")


def draw_harsh(seed):
    """The design of a seed; [X Z] has a rank below n, since a model that reproduces every response has no optimum."""
    rng = np.random.default_rng([seed, 4])
    while True:
        design = _drawn(rng, HARSH[seed % len(HARSH)], bool(seed // len(HARSH) % 2))
        columns = [
            design.X[:, : design.n_fixed],
            *_random_columns(design, [np.eye(len(t.columns)) for t in design.terms]),
        ]
        if np.linalg.matrix_rank(np.hstack(columns)) < design.y.size:
            return design


def _drawn(rng, family, reml):
    p = int(rng.integers(1, 5))
    n = int(rng.integers(12, 41))
    shape = str(rng.choice(["intercept", "slope", "nested", "diagonal", "crossed", "slope and nested"]))
    terms = _terms(rng, shape, n, few=family == "saturated")
    if family == "few rows":
        terms, n = _just_enough(rng, terms, p)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, max(p - 1, 1)))])
    terms = tuple(terms)
    y = X[:, :p] @ rng.normal(size=p) + _errors(rng, n, family)
    for term in terms:
        size = 10.0 ** rng.uniform(-1.0, 2.0)
        effects = size * rng.normal(size=(term.codes.max() + 1, len(term.columns)))
        y = y + np.sum(X[:, term.columns] * effects[term.codes], axis=1)
    if family == "one outlier":
        y[rng.integers(n)] += 1e5 * rng.choice([-1.0, 1.0])
    weighted = family == "weights" or rng.random() < 0.15
    weights = 10.0 ** rng.uniform(-6.0, 6.0, n) if weighted else None
    return Design(family, grained(y), grained(X), terms, weights, reml, p)


def criterion(design, T):
    """−2 (REML) log-likelihood at one factor per term, by QR."""
    y, X = design.y, design.X[:, : design.n_fixed]
    n, p = X.shape
    w = np.ones(n) if design.weights is None else design.weights
    Z = np.hstack(_random_columns(design, T))
    q = Z.shape[1]
    top = np.sqrt(w)[:, None] * np.column_stack([Z, X, y - y.mean()])
    augmented = np.vstack([top, np.hstack([np.eye(q), np.zeros((q, p + 1))])])
    order = np.argsort(-np.abs(augmented).max(axis=1))
    R = np.linalg.qr(augmented[order], mode="r")
    d = np.abs(np.diag(R))
    m = n - p if design.reml else n
    log_det = 2.0 * np.log(d[:q]).sum() + (2.0 * np.log(d[q : q + p]).sum() if design.reml else 0.0)
    return float(log_det + m * (1.0 + np.log(2.0 * np.pi * d[q + p] ** 2 / m)) - np.log(w).sum())


def _random_columns(design, T):
    columns = []
    for term, factor in zip(design.terms, T, strict=True):
        n, n_levels, k = design.y.size, term.codes.max() + 1, len(term.columns)
        Z = np.zeros((n, n_levels, k))
        Z[np.arange(n), term.codes] = design.X[:, term.columns] @ factor
        columns.append(Z.reshape(n, n_levels * k))
    return columns


def _terms(rng, shape, n, few):
    width = 2 if few else 1
    one = lambda: _codes(rng, n, int(rng.integers(3, max(4, n // (2 * width) + 1))))  # noqa: E731
    slope = (0, 1)
    if shape == "intercept":
        return [Term(one(), (0,))]
    if shape == "slope":
        return [Term(one(), slope)]
    if shape == "diagonal":
        return [Term(one(), slope, "diag")]
    if shape == "crossed":
        return [Term(one(), (0,)), Term(one(), (0,))]
    outer = _codes(rng, n, int(rng.integers(3, 9)))
    inner = np.unique(outer * 6 + rng.integers(0, int(rng.integers(2, 6)), n), return_inverse=True)[1]
    return [Term(outer, (0,) if shape == "nested" else slope), Term(inner, (0,))]


def _just_enough(rng, terms, p):
    """The same terms on p + q + 2 rows: every level has a row, the others are drawn."""
    counts = [int(term.codes.max()) + 1 for term in terms]
    q = sum(count * len(term.columns) for count, term in zip(counts, terms, strict=True))
    n = p + min(q, 40) + 2
    out = []
    for count, term in zip(counts, terms, strict=True):
        codes = np.concatenate([np.arange(min(count, n)), rng.integers(0, count, max(n - count, 0))])
        out.append(
            Term(np.unique(rng.permutation(codes), return_inverse=True)[1], term.columns, term.structure)
        )
    return out, n


def _codes(rng, n, n_levels):
    share = rng.dirichlet(np.full(n_levels, rng.choice([0.5, 2.0, 50.0])))
    return np.unique(rng.choice(n_levels, n, p=share), return_inverse=True)[1]


def _errors(rng, n, family):
    if family == "heavy tails":
        return np.clip(rng.standard_cauchy(n), -1e4, 1e4)
    return rng.normal(size=n)
