"""Contrasts of means: groups, simple, interactions, one's own, of contrasts; tests and intervals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lmm
from lmm.inference import row_tests
from lmm.means.functions import LinearFunctions
from tests.means.models import looms, oats, unbalanced, without_warnings


def test_each_row_goes_through_the_one_door():
    fit = unbalanced()
    means = fit.emmeans("a:b")
    for part in (means, means.contrast("pairwise", adjust="none"), means.contrast("poly")):
        door = row_tests(fit, part.functions.rows)
        table = {**part.confint().to_dict(), **part.test().to_dict()}
        assert part.evaluated.estimate == pytest.approx(door.estimate, rel=1e-12)
        assert table["std_error"] == pytest.approx(door.std_error, rel=1e-12)
        assert table["df"] == pytest.approx(door.df, rel=1e-10)
        assert table["p_value"] == pytest.approx(door.p_value, rel=1e-9)
        low, high = door.interval(0.95)
        assert table["conf_low"] == pytest.approx(low, rel=1e-9)
        assert table["conf_high"] == pytest.approx(high, rel=1e-9)


@pytest.mark.parametrize("df", ["kenward-roger", "satterthwaite", "residual", "normal", "between-within"])
def test_combinations_that_are_not_written_out(df, monkeypatch):
    fit = unbalanced()
    written = fit.emmeans("a:b:dose", df=df).contrast("pairwise")
    monkeypatch.setattr("lmm.means.functions._MOST_WRITTEN_OUT", 10)
    product = fit.emmeans("a:b:dose", df=df).contrast("pairwise")
    assert product.functions.combine is not None
    for column in written.columns[1:]:
        assert product[column] == pytest.approx(written[column], rel=1e-8, abs=1e-10)
    twice = product.contrast("consec", adjust="none")
    assert twice["estimate"] == pytest.approx(np.diff(written["estimate"]), rel=1e-8)


def test_combinations_know_what_is_not_estimable(monkeypatch):
    frame = lmm.datasets.load("warpbreaks")
    fit = lmm.fit("breaks ~ wool * tension", frame[~((frame["wool"] == "B") & (frame["tension"] == "H"))])
    written = fit.emmeans("wool:tension").contrast()
    monkeypatch.setattr("lmm.means.functions._MOST_WRITTEN_OUT", 10)
    product = fit.emmeans("wool:tension").contrast()
    assert isinstance(product.functions, LinearFunctions)
    assert (np.isnan(product["estimate"]) == np.isnan(written["estimate"])).all()
    assert np.isnan(written["estimate"]).sum() == 5


def test_groups_are_adjusted_by_themselves():
    means = looms().emmeans("tension | wool")
    by_group = means.contrast("pairwise")
    only_a = lmm.emmeans(looms(), "tension", at={"wool": "A"}).contrast("pairwise")
    assert by_group["p_value"][:3] == pytest.approx(only_a["p_value"])
    together = means.contrast("pairwise", by=None)
    assert len(together) == 15
    assert list(together.columns)[:2] == ["contrast", "estimate"]
    assert together["contrast"][0] == "L A - M A"
    other = means.contrast("pairwise", by="tension")
    assert list(other["contrast"]) == ["A - B"] * 3


def test_simple_contrasts_of_each_factor():
    means = looms().emmeans("wool:tension")
    each = means.contrast("pairwise", simple="each")
    assert list(each["wool"][:3]) == [None] * 3
    assert list(each["tension"][:3]) == ["L", "M", "H"]
    wool = means.contrast("pairwise", simple="wool")
    tension = means.contrast("pairwise", simple="tension")
    for column in ("estimate", "p_value", "conf_low"):
        assert each[column] == pytest.approx(np.concatenate([wool[column], tension[column]]))
    both = means.contrast("pairwise", simple=["wool", "tension"])
    assert both.table == means.contrast("pairwise", by=None).table


def test_contrasts_of_contrasts_are_products():
    means = oats().emmeans("nitro | Variety")
    slopes = means.contrast("poly")
    changes = slopes.contrast("pairwise", by="contrast")
    expected = oats().emmeans("nitro:Variety").contrast(interaction=["poly", "pairwise"])
    assert sorted(changes["estimate"]) == pytest.approx(sorted(expected["estimate"]))


def test_contrasts_are_tested_against_zero_whatever_their_means_were():
    means = looms().emmeans("tension")
    asked = means.test(null=20, side="greater", delta=2).contrast("pairwise")
    assert asked.table == means.contrast("pairwise").table


def test_own_contrasts():
    means = oats().emmeans("nitro")
    by_name = means.contrast({"late": [-1, 0, 0, 1]})
    by_row = means.contrast([-1, 0, 0, 1])
    by_matrix = means.contrast(np.array([[-1, 0, 0, 1], [0, -1, 1, 0]]))
    assert list(by_name["contrast"]) == ["late"]
    assert list(by_matrix["contrast"]) == ["C1", "C2"]
    assert by_name["estimate"][0] == by_row["estimate"][0] == by_matrix["estimate"][0]
    assert means.contrast({"sum": [1, 1, 1, 1]})["estimate"][0] == pytest.approx(means["emmean"].sum())


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        (
            {"x": [1, -1]},
            {},
            'The contrast "x" has 2 coefficients; it needs 4, one for each of nitro0, nitro0.2',
        ),
        ([[1, -1, 0]], {}, 'The contrast "C1" has 3 coefficients; it needs 4'),
        ({"x": ["a", 1, 2, 3]}, {}, "coefficients that are not numbers"),
        ({"x": [1, np.nan, 0, 0]}, {}, "missing or infinite"),
        ({}, {}, "The dict of contrasts is empty"),
        (object(), {}, "Contrasts must be the name of a family"),
        ({"x": [1, -1, 0, 0]}, {"reverse": True}, "own coefficients take no options"),
        ("pairwise", {"adjust": "tuky"}, 'Did you mean "tukey"'),
        (
            "pairwise",
            {"by": "Varety"},
            'by= names "Varety", which is not a column of levels; there are nitro',
        ),
        ("pairwise", {"simple": "nitro"}, None),
        ("pairwise", {"simple": "Block"}, 'simple= names "Block", which is not a factor of these means'),
        ("pairwise", {"simple": "nitro", "by": None}, "leave by= and interaction= out"),
        ("pairwise", {"simple": "nitro", "interaction": "poly"}, "leave by= and interaction= out"),
        ("pairwise", {"simple": "each"}, "these means have one only"),
        ("pairwise", {"interaction": ["poly", "consec"]}, "has 2 methods for the 1 factors nitro"),
        ("eff", {"interaction": "poly"}, "interaction= replaces method="),
        ("pairwise", {"levle": 0.9}, "Unknown argument levle= of contrast"),
    ],
)
def test_mistakes(method, options, message):
    means = oats().emmeans("nitro")
    if message is None:
        assert len(means.contrast(method, **options)) == 6
        return
    with pytest.raises(lmm.LmmError, match=message):
        means.contrast(method, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"side": "up"}, 'side= must be one of "two-sided", "greater", "less"'),
        ({"side": "equivalence"}, "A test of equivalence needs its margin: delta="),
        ({"side": "noninferiority", "delta": -1}, "delta= must be 0 or more"),
        ({"null": "zero"}, "null= must be a finite number"),
        ({"null": np.inf}, "null= must be a finite number"),
        ({"adjust": "x"}, "There is no adjustment"),
    ],
)
def test_mistakes_in_tests(options, message):
    with pytest.raises(lmm.LmmError, match=message):
        looms().emmeans("tension").test(**options)


def test_equivalence_is_two_one_sided_tests():
    """Schuirmann (1987): the larger of both one-sided p-values."""
    pairs = oats().emmeans("Variety").contrast("pairwise", adjust="none")
    upper = pairs.test(null=15, side="<")["p_value"]
    lower = pairs.test(null=-15, side=">")["p_value"]
    assert pairs.test(delta=15)["p_value"] == pytest.approx(np.maximum(upper, lower))
    assert pairs.test(delta=15, side=">")["p_value"] == pytest.approx(lower)
    assert pairs.test(delta=15, side="nonsuperiority")["p_value"] == pytest.approx(upper)


def test_adjusted_intervals_hold_all_means_at_once():
    means = looms().emmeans("tension", adjust="bonferroni")
    plain = looms().emmeans("tension", level=1 - 0.05 / 3)
    assert means["conf_low"] == pytest.approx(plain["conf_low"])
    assert means.confint(0.9)["conf_low"] == pytest.approx(
        plain.confint(1 - 0.1 / 3, adjust="none")["conf_low"]
    )


def test_joint_test_of_contrasts_is_the_test_of_the_term():
    for fit, name in ((looms(), "tension"), (oats(), "Variety"), (oats(), "C(nitro)")):
        table = {row["term"]: row for row in fit.anova()}
        specs = name.removeprefix("C(").removesuffix(")")
        joint = next(iter(fit.emmeans(specs).contrast("consec", adjust="none").joint_test()))
        for column in ("num_df", "den_df", "f_value", "p_value"):
            assert joint[column] == pytest.approx(table[name][column], rel=1e-6)


def test_joint_tests_are_the_analysis_of_variance_of_type_three():
    rng = np.random.default_rng(8)
    frame = lmm.datasets.load("warpbreaks").iloc[rng.choice(54, 45, replace=False)]
    fit = lmm.fit("breaks ~ wool * tension", frame)
    anova = {row["term"]: row for row in fit.anova(type=3)}
    for row in fit.joint_tests():
        for column in ("num_df", "den_df", "f_value", "p_value"):
            assert row[column] == pytest.approx(anova[row["term"]][column], rel=1e-8)


def test_joint_tests_of_covariates_are_tests_of_their_slopes():
    fit = unbalanced()
    joint = {row["term"]: row for row in fit.joint_tests()}
    slope = fit.emtrends("1", "x")
    assert joint["x"]["f_value"] == pytest.approx(slope.test()["statistic"][0] ** 2, rel=1e-6)
    differences = fit.emtrends("a", "x").contrast("consec", adjust="none").joint_test()
    assert joint["a:x"]["f_value"] == pytest.approx(differences["f_value"][0], rel=1e-5)
    assert list(joint) == ["dose", "a", "b", "x", "sick", "a:b", "a:x"] or set(joint) == {
        "a",
        "b",
        "dose",
        "x",
        "sick",
        "a:b",
        "a:x",
    }


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda fit: fit.joint_tests(by="x"),
            "which is a covariate; joint tests have groups of factors only",
        ),
        (lambda fit: fit.joint_tests(by="g"), "grouping factor of random effects"),
        (lambda fit: fit.joint_tests(by=["a", "b", "dose", "sick"]), None),
        (lambda fit: fit.emtrends("a", "z"), 'There is no covariate "z" in the fixed part; there are x'),
        (lambda fit: fit.emtrends("a", "b"), '"b" is a factor and has no slope'),
    ],
)
def test_mistakes_in_trends_and_joint_tests(call, message):
    if message is None:
        assert {row["term"] for row in call(unbalanced())} == {"x"}
        return
    with pytest.raises(lmm.LmmError, match=message):
        call(unbalanced())


def test_nothing_to_test():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    with pytest.raises(lmm.LmmError, match="There is no term to test"):
        fit.joint_tests()
    assert fit.emmeans("1")["emmean"] == pytest.approx(fit.beta)


def test_slopes_are_derivatives():
    rng = np.random.default_rng(4)
    x = rng.uniform(1, 9, 80)
    data = {"x": x, "y": np.sin(x) + rng.normal(size=80) / 9, "f": list("ab") * 40}
    fit = lmm.fit("y ~ f * log(x) + poly(x, 3)", data)
    places = [x.min(), 4.0, x.max()]
    trends = fit.emtrends("f | x", "x", at={"x": places})
    h = 1e-6
    for row in trends:
        two = fit.predict({"x": [row["x"] - h, row["x"] + h], "f": [row["f"]] * 2}, random=False)
        assert row["trend"] == pytest.approx((two[1] - two[0]) / (2 * h), rel=1e-5)
    spline = lmm.fit("y ~ bs(x, df=5)", data).emtrends("x", "x", at={"x": places})
    assert np.isfinite(spline["trend"]).all()


def test_tables_convert_like_tables():
    means = looms().emmeans("tension | wool")
    assert means.to_dict() == means.table.to_dict()
    assert list(means.to_pandas().columns) == list(means.columns)
    assert "| tension | wool | emmean |" in means.to_markdown()
    assert "\\toprule" in means.to_latex()
    assert "<table" in means.to_html()
    assert "<table" in means._repr_html_()
    assert means.to_text(2).count("\n") < str(means).count("\n")
    assert means.to_polars().shape == means.to_arrow().to_pandas().shape == (6, 7)
    assert "emmean" in means
    assert "estimate" not in means
    assert [row["wool"] for row in means] == list(means["wool"])
    assert repr(means) == str(means.table)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_joint_tests_take_all_that_is_estimable(seed):
    """As many degrees of freedom as the rows and the row space of X have in common, whatever cells are empty."""
    rng = np.random.default_rng(seed)
    cells = [(a, b) for a in "pqrs" for b in "uvw"]
    kept = [cells[i] for i in sorted(rng.choice(12, rng.integers(7, 13), replace=False))]
    data = {
        "a": [a for a, _ in kept for _ in range(3)],
        "b": [b for _, b in kept for _ in range(3)],
        "y": rng.normal(size=3 * len(kept)),
    }
    if len(set(data["a"])) < 2 or len(set(data["b"])) < 2:
        return
    fit = without_warnings("y ~ a * b", data)
    means = fit.emmeans("a")
    if len(means) < 2 or fit.internals.design.X.shape[1] < 4 or means.grid.nests:
        return
    contrasts = means.contrast("consec", adjust="none")
    K, X = contrasts.functions.rows, fit.internals.design.X
    common = sum(map(np.linalg.matrix_rank, (K, X))) - np.linalg.matrix_rank(np.vstack([K, X]))
    row = next(iter(contrasts.joint_test()))
    assert row["num_df"] == common
    assert (row["f_value"] is None) == (common == 0)


def test_groups_with_one_mean_have_no_contrasts():
    levels = {"x": "123", "y": "45", "z": "6"}
    data = {
        "a": [a for a, inside in levels.items() for _ in range(3 * len(inside))],
        "b": [b for inside in levels.values() for b in inside for _ in range(3)],
        "y": np.arange(18.0) ** 1.5 % 7,
    }
    means = lmm.fit("y ~ a / b", data).emmeans("b | a")
    pairs = means.contrast("pairwise")
    assert list(pairs["a"]) == ["x", "x", "x", "y"]
    assert "One mean only, and nothing to compare it with: a z." in pairs.notes
    assert "Adjusted for 2 to 3 means in each group: tukey." in pairs.notes
    alone = lmm.fit("y ~ a / b", data).emmeans("b | a", at={"a": "y"}).contrast("pairwise")
    assert pairs["p_value"][3] == pytest.approx(alone["p_value"][0])
    assert list(pairs.joint_test()["a"]) == ["x", "y"]
    assert all(row["letters"] == "a" for row in means.letters() if row["a"] == "z")
    assert np.isnan(means.significant_differences()["value"][-2:]).all()
    for kind in ("arrows", "letters", "p_values", "interaction"):
        means.plot(kind).canvas.draw()
