"""Hartley's coefficients against tr(QV) written out, on random unbalanced experiments."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lmm
from lmm.design import DesignSpec
from lmm.estimation import Anova
from lmm.formula import parse

FORMULAS = [
    "y ~ A * C + (1 | B/A)",
    "y ~ A + x + (1 | B) + (1 | C)",
    "y ~ A * x + (x || B) + (1 | B:C)",
    "y ~ 0 + A + C + (1 | B:A) + (1 | B)",
]


@st.composite
def experiments(draw, filled=False):
    """A table with unequal numbers of rows in the cells of B, A and C; some cells are empty unless filled."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(st.tuples(st.integers(3, 6), st.integers(2, 3), st.integers(2, 4)))
    cells = np.stack(np.meshgrid(*map(np.arange, sizes), indexing="ij"), axis=-1).reshape(-1, 3)
    counts = rng.integers(1 if filled else 0, 4, len(cells))
    rows = np.repeat(cells, counts, axis=0)
    n = len(rows)
    table = {name: np.array(list("abcdef"))[rows[:, i]] for i, name in enumerate("BAC")}
    table |= {"x": rng.normal(size=n), "y": 50 + 3 * rng.normal(size=n)}
    weights = rng.uniform(0.5, 2.0, n) if draw(st.booleans()) else None
    return pd.DataFrame(table), weights


def projection(columns):
    """Projection (n, n) on the columns, whatever their rank."""
    if columns.shape[1] == 0:
        return np.zeros((len(columns), len(columns)))
    U, s, _ = np.linalg.svd(
        columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-300), full_matrices=False
    )
    U = U[:, s > 1e-9 * s[0]]
    return U @ U.T


class Dense:
    """The model with its n × n matrices."""

    def __init__(self, anova, weights):
        design = anova.design
        root = np.ones(design.n_obs) if weights is None else np.sqrt(weights[design.rows])
        self.y = root * design.y
        self.Z = [root[:, None] * c.Z.toarray() for c in anova.components]
        self.X = root[:, None] * design.X
        self.terms = design.terms

    def columns(self, effects):
        blocks = [self.X[:, :0]]
        blocks += [
            self.X[:, self.terms[e.position].columns] if e.kind == "fixed" else self.Z[e.position]
            for e in effects
        ]
        return np.hstack(blocks)

    def expect(self, form, Q):
        df = round(np.trace(Q))
        assert form.df == df
        if df == 0:
            return
        assert form.sum_sq == pytest.approx(self.y @ Q @ self.y, rel=1e-9, abs=1e-9)
        wanted = [np.trace(Z.T @ Q @ Z) / df for Z in self.Z]
        np.testing.assert_allclose(form.coefficients, [*wanted, 1.0], rtol=1e-9, atol=1e-9)


def learnt(formula, table, weights):
    _, design = DesignSpec.learn(parse(formula), table, weights=weights)
    anova = Anova(design)
    return anova, Dense(anova, weights)


def tried(formula, experiment):
    """The model, where the random table allows it."""
    try:
        return learnt(formula, *experiment)
    except lmm.DesignError:
        return None


@pytest.mark.parametrize("formula", FORMULAS)
@settings(max_examples=25, deadline=None)
@given(experiment=experiments())
def test_sequential_coefficients(formula, experiment):
    model = tried(formula, experiment)
    if model is None:
        return
    anova, dense = model
    forms = {form.name: form for form in anova.forms(1)}
    for i, effect in enumerate(anova.effects):
        if effect.name != "Intercept":
            smaller, larger = dense.columns(anova.effects[:i]), dense.columns(anova.effects[: i + 1])
            dense.expect(forms[effect.name], projection(larger) - projection(smaller))
    everything = projection(dense.columns(anova.effects))
    dense.expect(forms["Residual"], np.eye(len(everything)) - everything)


@settings(max_examples=25, deadline=None)
@given(experiment=experiments())
def test_partial_coefficients(experiment):
    """Type II: what contains an effect is left out of the model around it."""
    model = tried(FORMULAS[0], experiment)
    if model is None:
        return
    anova, dense = model
    inside = {"A": {"A:C", "B:A"}, "C": {"A:C"}, "B": {"B:A"}}
    for form in anova.forms(2)[:-1]:
        own = next(e for e in anova.effects if e.name == form.name)
        others = [e for e in anova.effects if e is not own and e.name not in inside.get(form.name, ())]
        dense.expect(form, projection(dense.columns([*others, own])) - projection(dense.columns(others)))


@settings(max_examples=25, deadline=None)
@given(experiment=experiments(filled=True))
def test_coefficients_of_type_three(experiment):
    """With all cells filled, type III is each effect after all others in sum-to-zero columns."""
    table, weights = experiment
    anova, dense = learnt(FORMULAS[0], table, weights)
    root = np.ones(len(table)) if weights is None else np.sqrt(weights)
    main = {name: sum_coded(table[name]) for name in "BAC"}
    columns = {
        "Intercept": np.ones((len(table), 1)),
        **{name: main[name] for name in "ACB"},
        "A:C": products(main["A"], main["C"]),
        "B:A": products(main["B"], main["A"]),
    }
    scaled = {name: root[:, None] * block for name, block in columns.items()}
    whole = projection(np.hstack(list(scaled.values())))
    for form in anova.forms(3)[:-1]:
        rest = np.hstack([block for name, block in scaled.items() if name != form.name])
        dense.expect(form, whole - projection(rest))


def sum_coded(column):
    codes, levels = pd.factorize(column, sort=True)
    return np.vstack([np.eye(len(levels) - 1), -np.ones(len(levels) - 1)])[codes]


def products(first, second):
    return np.einsum("ia,ib->iab", first, second).reshape(len(first), -1)
