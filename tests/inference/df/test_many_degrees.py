"""Where degrees of freedom are many: the cheap method, when `df="auto"` takes it, and that it cannot be seen."""

import numpy as np
import pytest
from scipy.stats import t as student

import lmm
from lmm.engine import CrossProducts
from lmm.inference import df_method, joint_test, row_tests
from lmm.inference.algebra import derivatives as components_module
from lmm.inference.algebra.information import parameter_covariance
from lmm.inference.algebra.mixed_equations import mixed_equations
from lmm.inference.df.many_degrees import LARGE_ROWS, LARGE_TAIL, MANY, are_many
from lmm.inference.df.satterthwaite import row_moves, single_df
from lmm.inference.df.spread import fewest_df, is_inside, movement, row_movement
from tests.inference.models import RANDOM_PARTS, quietly, random_table

AVERAGE = "Degrees of freedom: Satterthwaite (average information)."
KENWARD_ROGER = "Degrees of freedom: Kenward–Roger (expected information)."


def table(n, n_a, n_b=1, seed=1, spread=1.0):
    """Two factors at random, a slope, a treatment of three levels, a covariate of the first factor."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, n_a, n), rng.integers(0, n_b, n)
    a[:n_a], b[:n_b] = np.arange(n_a), np.arange(n_b)
    x, z = rng.normal(size=n), rng.normal(size=n_a)[a]
    y = 1 + 0.5 * x + 0.7 * rng.normal(size=n_b)[b] + rng.normal(size=n)
    if spread:
        y = y + spread * (rng.normal(size=n_a)[a] + rng.normal(size=n_a)[a] * x)
    else:  # means of the first factor are closer to each other than noise would have them
        y = y - 0.5 * (np.bincount(a, y) / np.bincount(a))[a]
    t = np.array(["p", "q", "r"])[rng.integers(0, 3, n)]
    return {"y": y, "x": x, "z": z, "t": t, "a": a.astype(str), "b": b.astype(str)}


# The average information from one factorization


@pytest.mark.parametrize("part", RANDOM_PARTS.values(), ids=RANDOM_PARTS)
@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("weights", [None, "w"])
def test_one_factorization_tells_what_the_matrices_of_all_effects_tell(part, method, weights):
    """Both ways at the same theta: the quadratic forms R'V_iPV_jR through products with Z'V⁻¹Z, and by the engine."""
    fits = [
        quietly(f"y ~ x + t + {part}", random_table(seed, n=90), method=method, weights=weights)
        for seed in range(6)
    ]
    inside = [fit for fit in fits if is_inside(fit)]
    assert inside
    for fit in inside:
        W = parameter_covariance(fit, "average", "drop").W
        sizes = np.sqrt(np.diag(W))
        np.testing.assert_allclose(
            movement(fit).covariance.W / sizes / sizes[:, None], W / sizes / sizes[:, None], atol=1e-5
        )
        for found, expected in zip(row_movement(fit, np.eye(4)), row_moves(fit, np.eye(4)), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def test_where_the_three_kinds_of_information_are_one_so_are_the_degrees_of_freedom():
    """A balanced one-way layout: the mean has as many degrees of freedom as there are batches, less one."""
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    found = fit.coefficients(df=lmm.Satterthwaite(information="average"))
    assert found["df"] == pytest.approx([5.0])
    assert found.notes[0] == AVERAGE


@pytest.mark.parametrize("start", ["(1 | g)", "(x || g)", "(1 | g) + (1 | h)"])
def test_on_the_boundary_it_is_the_average_of_the_directions_that_are_left(start):
    fits = [quietly(f"y ~ x + {start}", random_table(seed, n=24)) for seed in range(40)]
    singular = [fit for fit in fits if fit.singular and not np.allclose(fit.theta, 0.0)]
    for fit in singular[:3]:
        expected = single_df(*row_moves(fit, np.eye(2)), parameter_covariance(fit, "average", "drop").W)
        found = row_tests(fit, np.eye(2), lmm.Satterthwaite(information="average")).df
        np.testing.assert_allclose(found, expected)


# The bound


@pytest.mark.parametrize("part", RANDOM_PARTS.values(), ids=RANDOM_PARTS)
@pytest.mark.parametrize("seed", range(4))
def test_no_contrast_and_no_joint_test_is_below_the_bound(part, seed):
    fit = quietly(f"y ~ x + t + {part}", random_table(seed, n=120))
    if not is_inside(fit):
        fit = quietly(f"y ~ x + t + {part}", random_table(seed + 10, n=240))
    assert is_inside(fit)
    method, rng = lmm.Satterthwaite(information="average"), np.random.default_rng(seed)
    bound = fewest_df(fit)
    assert row_tests(fit, rng.normal(size=(2_000, 4)), method).df.min() >= bound * (1 - 1e-9)
    for rank in (2, 3, 4):
        assert joint_test(fit, rng.normal(size=(rank, 4)), method).den_df >= bound * (1 - 1e-9)


def test_the_bound_is_reached_in_a_balanced_layout():
    """Batches are the only thing that the mean varies with: one direction, hence no slack but the residual's."""
    rng = np.random.default_rng(0)
    g = np.repeat(np.arange(200), 30)
    y = 10.0 * rng.normal(size=200)[g] + rng.normal(size=6_000)
    fit = lmm.fit("y ~ 1 + (1 | g)", {"y": y, "g": g.astype(str)})
    assert fewest_df(fit) == pytest.approx(199.0, rel=1e-2)


# What auto does


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({}, AVERAGE),
        ({"method": "ml"}, AVERAGE),
        ({"formula": "y ~ x + z + t + (x | a)"}, AVERAGE),
        ({"n": LARGE_ROWS - 1}, KENWARD_ROGER),  # small
        ({"n_a": 300}, KENWARD_ROGER),  # the covariate of a has fewer than 500
        ({"n_b": 6, "formula": "y ~ x + z + t + (1 | a) + (1 | b)"}, KENWARD_ROGER),  # the intercept has five
        ({"n_a": 300, "method": "ml"}, "Degrees of freedom: Satterthwaite."),
        ({"theta": {"a.Intercept": 1.0}}, KENWARD_ROGER),  # nothing was estimated but the residual variance
        ({"spread": 0.0}, KENWARD_ROGER),  # on the boundary
        ({"formula": "y ~ x"}, "Degrees of freedom: residual."),
    ],
)
def test_auto_weighs_counts_and_the_size_of_the_degrees_of_freedom(change, note):
    options = {"n": LARGE_ROWS, "n_a": 1_500, "n_b": 1, "spread": 1.0} | change
    formula = options.pop("formula", "y ~ x + z + t + (1 | a)")
    data = table(
        options.pop("n"), options.pop("n_a"), options.pop("n_b"), seed=2, spread=options.pop("spread")
    )
    fit = quietly(formula, data, **options)
    assert fit.coefficients().notes[0] == note


def test_few_rows_with_many_crossed_effects_are_large_too():
    fit = lmm.fit("y ~ x + (1 | a) + (1 | b)", table(12_000, 1_500, LARGE_TAIL + 1))
    assert are_many(fit)
    assert not are_many(lmm.fit("y ~ x + (1 | a) + (1 | b)", table(12_000, 1_500, LARGE_TAIL)))


@pytest.fixture(scope="module")
def large():
    return lmm.fit("y ~ x + z * t + (1 | a) + (1 | b)", table(LARGE_ROWS, 1_800, 900, seed=5))


def test_all_tables_take_the_same_method_and_say_why(large):
    tables = [
        large.coefficients(),
        large.summary().coefficients,
        large.anova(),
        large.test("x = 0"),
        large.test("x = 0, z = 0", joint=True),
        large.confint(terms="x", method="wald"),
        large.emmeans("t").table,
        large.emmeans("t").contrast().table,
        large.emtrends("t", "z").table,
        lmm.drop1(large),
    ]
    for one in tables:
        assert AVERAGE in one.notes, one.title
        assert any("No test of this fit has fewer than 500" in note for note in one.notes), one.title
    assert isinstance(df_method(large), lmm.Satterthwaite)


def test_one_factorization_serves_all_of_them(monkeypatch):
    """No evaluation of the criterion, and no matrix of all random effects that hang together."""
    fit = lmm.fit("y ~ x + z * t + (1 | a) + (1 | b)", table(LARGE_ROWS, 1_500, 800, seed=6))
    calls = []
    spread = CrossProducts.spread
    monkeypatch.setattr(CrossProducts, "spread", lambda *args: calls.append(1) or spread(*args))

    def refuse(*_args, **_options):
        pytest.fail("more than one factorization")

    monkeypatch.setattr(CrossProducts, "evaluate", refuse)
    monkeypatch.setattr(components_module, "project", refuse)
    for look in (fit.summary, fit.anova, lambda: fit.emmeans("t").contrast(), lambda: fit.test("x = 0")):
        look()
    assert len(calls) == 1


@pytest.mark.parametrize("df", ["kenward-roger", "satterthwaite", "residual", "normal"])
def test_tables_with_a_name_are_what_they_were(large, df):
    tests = large.coefficients(df=df)
    assert tests.notes[0] != AVERAGE
    if df in ("residual", "normal"):
        assert set(tests["df"]) == {large.df_residual if df == "residual" else np.inf}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("part", ["(1 | a)", "(1 | a) + (1 | b)"])
def test_the_choice_cannot_be_seen(part, seed):
    """Unbalanced, with sizes over three orders: beside Kenward and Roger's standard errors and p-values of t = 2."""
    rng = np.random.default_rng(seed)
    a = np.repeat(np.arange(900), np.ceil(rng.pareto(1.0, 900) + 0.2).astype(int).clip(1, 3_000))
    n = len(a)
    b = np.minimum(rng.geometric(0.01, n), 900) - 1
    x, z = rng.normal(size=n), rng.normal(size=900)[a]
    y = x + 0.7 * rng.normal(size=900)[a] + 0.5 * rng.normal(size=900)[b] + rng.normal(size=n)
    fit = lmm.fit(f"y ~ x + z + {part}", {"y": y, "x": x, "z": z, "a": a.astype(str), "b": b.astype(str)})
    assert fewest_df(fit) > MANY
    cheap = fit.coefficients(df=lmm.Satterthwaite(information="average"))
    dear = fit.coefficients(df="kenward-roger")
    np.testing.assert_allclose(cheap["std_error"], dear["std_error"], rtol=1e-3)
    ratio = cheap["std_error"] / dear["std_error"]
    np.testing.assert_allclose(student.sf(2.0, cheap["df"]), student.sf(2.0 * ratio, dear["df"]), rtol=5e-3)


@pytest.mark.parametrize("interval", ["confidence", "prediction"])
def test_predictions_with_random_effects_follow_the_catalog(interval, large):
    new = {"x": [0.0, 1.0, -1.0], "z": 0.5, "t": list("pqr"), "a": list("012"), "b": list("345")}
    new = {name: values if isinstance(values, list) else [values] * 3 for name, values in new.items()}

    found = large.predict(new, interval=interval)

    assert found.notes[0] == AVERAGE
    assert found == large.predict(new, interval=interval, df=lmm.Satterthwaite("average"))
    small = lmm.fit("y ~ x + (x | a)", table(300, 12))
    assert small.predict(interval=interval).notes[0] == "Degrees of freedom: Satterthwaite."


def test_the_average_information_of_one_factorization_gives_predictions_the_same_degrees_of_freedom():
    fit = lmm.fit("y ~ x + z + (1 | a) + (1 | b)", table(400, 12, 8, seed=3))
    method = lmm.Satterthwaite("average")
    predicted = fit.predict(interval="confidence", df=method)

    equations = mixed_equations(fit)
    blocks = [part.block.to_sparse() for part in fit.internals.design.random]
    moving = equations.moving(fit.X, equations.rows(blocks, fit.n_obs))
    by_hand = single_df(moving.value, moving.gradient, parameter_covariance(fit, "average", "drop").W)

    np.testing.assert_allclose(predicted["df"], by_hand, rtol=1e-5)
