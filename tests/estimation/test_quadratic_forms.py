"""Sums of squares: order, types, large factors, precision, what is refused."""

import numpy as np
import pandas as pd
import pytest

import lmm
from lmm.design import DesignSpec
from lmm.estimation import Anova, checked_sums, contains
from lmm.estimation import projections as room
from lmm.formula import parse


def anova_of(formula, table, **options):
    return Anova(DesignSpec.learn(parse(formula), table, **options)[1])


@pytest.fixture
def plots():
    """Unequal numbers of rows in 24 whole plots."""
    rng = np.random.default_rng(4)
    rows = [
        (b, a, c) for b in range(6) for a in range(4) for c in range(3) for _ in range(rng.integers(1, 4))
    ]
    frame = pd.DataFrame(rows, columns=["block", "A", "C"]).astype(str)
    return frame.assign(x=rng.normal(size=len(frame)), y=rng.normal(size=len(frame)))


def test_components_come_coarse_before_fine_whatever_the_formula_says(plots):
    forms = anova_of("y ~ C + (1 | block:A) + (1 | block)", plots).forms(1)
    assert [form.name for form in forms] == ["C", "block", "block:A", "Residual"]
    assert all(form.df > 0 for form in forms)


def test_crossed_components_stay_in_the_order_of_the_formula():
    penicillin = lmm.datasets.load("Penicillin")
    names = [form.name for form in anova_of("diameter ~ 1 + (1 | sample) + (1 | plate)", penicillin).forms(1)]
    assert names == ["sample", "plate", "Residual"]


def test_sums_of_squares_of_type_one_add_up(plots):
    anova = anova_of("y ~ A * C + x + (1 | block/A)", plots)
    y = anova.design.y
    assert sum(form.sum_sq for form in anova.forms(1)) == pytest.approx(
        np.sum((y - y.mean()) ** 2), rel=1e-12
    )
    assert sum(form.df for form in anova.forms(1)) == len(y) - 1


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_a_large_mean_costs_no_digits(plots, kind):
    near = anova_of("y ~ A * C + (1 | block/A)", plots).forms(kind)
    far = anova_of("y ~ A * C + (1 | block/A)", plots.assign(y=plots["y"] + 1e8)).forms(kind)
    for a, b in zip(near, far, strict=True):
        assert b.sum_sq == pytest.approx(a.sum_sq, rel=1e-6)


@pytest.mark.parametrize("kind", [1, 2])
def test_the_largest_factor_may_be_any(plots, kind, monkeypatch):
    """Eliminating the largest factor level by level, and not at all, give the same."""
    formula = "y ~ A + C + (1 | block) + (x || block:A)"
    eliminated = anova_of(formula, plots).forms(kind)
    monkeypatch.setattr(room.Projections, "_largest", lambda _: None)
    dense = anova_of(formula, plots).forms(kind)
    for a, b in zip(eliminated, dense, strict=True):
        assert a.df == b.df
        assert a.sum_sq == pytest.approx(b.sum_sq, rel=1e-10)
        np.testing.assert_allclose(a.coefficients, b.coefficients, rtol=1e-10, atol=1e-12)


def test_twenty_thousand_levels_need_no_dense_matrix():
    rng = np.random.default_rng(1)
    ids = rng.integers(0, 20_000, 60_000)
    table = {"id": ids, "T": rng.choice(list("ab"), 60_000), "y": rng.normal(size=60_000)}
    forms = anova_of("y ~ T + (1 | id)", table).forms(1)
    counts = np.bincount(ids)
    # Hartley's coefficient of a one-way layout is (n - sum n_i^2 / n) / (l - 1); T takes next to nothing away.
    expected = (60_000 - np.sum(counts**2) / 60_000) / (np.count_nonzero(counts) - 1)
    assert forms[1].coefficients[0] == pytest.approx(expected, rel=1e-4)


def test_two_large_factors_are_refused(monkeypatch):
    monkeypatch.setattr(room, "MOST_LEVELS", 10)
    with pytest.raises(lmm.UnsupportedError, match="here these are 12 levels, and 10 are possible"):
        anova_of(
            "y ~ 1 + (1 | a) + (1 | b)",
            {"a": np.arange(60) % 12, "b": np.arange(60) % 13, "y": np.random.default_rng(0).normal(size=60)},
        )


def test_weights_and_offset_count(plots):
    """Rows of weight 2 are as good as two rows with the same response, but for the residual."""
    w = np.where(np.arange(len(plots)) % 3 == 0, 2.0, 1.0)
    twice = plots.loc[np.repeat(plots.index, w.astype(int))]
    for kind in (1, 2, 3):
        weighted = anova_of("y ~ A + C + (1 | block/A)", plots, weights=w).forms(kind)
        repeated = anova_of("y ~ A + C + (1 | block/A)", twice).forms(kind)
        for a, b in zip(weighted[:-1], repeated[:-1], strict=True):
            assert a.sum_sq == pytest.approx(b.sum_sq, rel=1e-10)
            np.testing.assert_allclose(a.coefficients, b.coefficients, rtol=1e-10, atol=1e-12)
    moved = anova_of("y ~ A + C + (1 | block/A)", plots.assign(y=plots["y"] + plots["x"]), offset="x").forms(
        1
    )
    plain = anova_of("y ~ A + C + (1 | block/A)", plots).forms(1)
    assert [form.sum_sq for form in moved] == pytest.approx([form.sum_sq for form in plain])


def test_correlated_effects_are_refused_with_what_to_write_instead():
    with pytest.raises(lmm.UnsupportedError, match=r'Write \(Days \|\| Subject\).*method="reml"'):
        anova_of("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))


def test_a_component_for_each_column_of_a_diagonal_term():
    anova = anova_of("Reaction ~ Days + (Days || Subject)", lmm.datasets.load("sleepstudy"))
    assert anova.names == ("Subject", "Subject.Days", "Residual")
    forms = {form.name: form for form in anova.forms(1)}
    # Ten subjects' slopes: sum of squared days around their mean is 82.5.
    np.testing.assert_allclose(forms["Subject.Days"].coefficients, [0.0, 82.5, 1.0])
    np.testing.assert_allclose(forms["Days"].coefficients, [0.0, 82.5, 1.0], atol=1e-12)


def test_known_covariance_of_levels_counts():
    rng = np.random.default_rng(3)
    n, K = (
        40,
        np.array([[1.0, 0.5, 0.0, 0.0], [0.5, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.25], [0.0, 0.0, 0.25, 1.0]]),
    )
    Z = np.eye(4)[rng.integers(0, 4, n)]
    design = DesignSpec.learn(
        parse("y ~ 1"), {"y": rng.normal(size=n)}, random={"kin": lmm.block(Z, covariance=K)}
    )[1]
    form = Anova(design).forms(1)[0]
    centred = Z - Z.mean(axis=0)
    U, s, _ = np.linalg.svd(centred, full_matrices=False)
    Q = U[:, s > 1e-9] @ U[:, s > 1e-9].T
    assert form.coefficients[0] == pytest.approx(np.trace(Q @ Z @ K @ Z.T) / 3)


def test_a_unit_contains_the_treatment_that_is_constant_within_it():
    pigs = lmm.datasets.load("pigs_grcbd")
    effects = {e.name: e for e in anova_of("`F.Dry.matter` ~ Trt * C(Day) + (1 | Pen)", pigs).effects}
    assert contains(effects["Pen"], effects["Trt"])
    assert not contains(effects["Pen"], effects["C(Day)"])
    assert contains(effects["Trt:C(Day)"], effects["Trt"])


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_factors_may_be_expressions(kind):
    oats = lmm.datasets.load("Oats").drop(index=[1, 2, 30])
    high = oats.assign(high=(oats["nitro"] > 0.3).astype(str))
    computed = anova_of(
        "yield ~ Variety * C(nitro > 0.3) + (1 | Block) + (1 | Block:I(nitro > 0.3))", oats
    ).forms(kind)
    column = anova_of("yield ~ Variety * high + (1 | Block) + (1 | Block:high)", high).forms(kind)
    for a, b in zip(computed, column, strict=True):
        assert a.sum_sq == pytest.approx(b.sum_sq)
        np.testing.assert_allclose(a.coefficients, b.coefficients)


def test_type_three_with_a_covariate():
    """A covariate is contained in its products with factors: parallel lines, then lines of their own."""
    rng = np.random.default_rng(8)
    g = np.repeat(list("abc"), 10)
    x = rng.normal(size=30)
    table = {"g": g, "x": x, "b": np.tile(list("uvwxy"), 6), "y": rng.normal(size=30)}
    forms = {form.name: form for form in anova_of("y ~ g * x + (1 | b)", table).forms(3)}
    # The mean slope: sum-to-zero columns.
    S = np.array([[1, 0], [0, 1], [-1, -1]])[[list("abc").index(v) for v in g]]
    B = np.eye(5)[["uvwxy".index(v) for v in table["b"]]]
    rest = np.column_stack([np.ones(30), S, S * x[:, None], B])
    e = [v - rest @ np.linalg.lstsq(rest, v, rcond=None)[0] for v in (x, table["y"])]
    assert forms["x"].sum_sq == pytest.approx((e[0] @ e[1]) ** 2 / (e[0] @ e[0]))


@pytest.mark.parametrize("given", [0, 4, "IV", None, True, 2.0])
def test_unknown_types_are_refused(given):
    with pytest.raises(lmm.LmmError, match="type= must be 1, 2 or 3"):
        checked_sums(given)


@pytest.mark.parametrize("given", [2, "2", "II"], ids=repr)
def test_types_have_several_names(given):
    assert checked_sums(given) == 2
