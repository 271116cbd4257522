"""The door: contrasts in every form, joint tests, estimability, covariances given, and what bad input gets."""

import numpy as np
import pytest

import lmm
from lmm.inference import joint_test, row_tests
from tests.inference.models import quietly, random_table

KR = "Degrees of freedom: Kenward–Roger (expected information)."


@pytest.fixture(scope="module")
def oats():
    return lmm.fit("yield ~ Variety + nitro + (1 | Block/Variety)", lmm.datasets.load("Oats"))


@pytest.fixture(scope="module")
def aliased():
    """The cell (a2, b2) is empty."""
    rng = np.random.default_rng(3)
    cells = [("a1", "b1"), ("a1", "b2"), ("a2", "b1"), ("a3", "b1"), ("a3", "b2")]
    rows = [{"a": a, "b": b, "g": f"g{g}", "y": rng.normal() + g} for a, b in cells for g in range(6)]
    return quietly("y ~ a * b + (1 | g)", rows)


# One hypothesis, many ways to say it


def test_all_forms_say_the_same(oats):
    expected = oats.test("Variety[T.Marvellous] - Variety[T.Victory] = 2")
    names = dict.fromkeys(["Variety[T.Marvellous]"], 1) | {"Variety[T.Victory]": -1}
    for contrast in (names, [0, 1, -1, 0], [[0, 1, -1, 0]], np.array([0.0, 1.0, -1.0, 0.0])):
        found = oats.test(contrast, 2)
        for column in expected.columns[1:]:
            assert found[column].tolist() == expected[column].tolist()
        assert found["contrast"][0] == "Variety[T.Marvellous] - Variety[T.Victory] = 2"
    assert lmm.contrast_test(oats, names, 2) == oats.test(names, rhs=2)


def test_dicts_name_rows(oats):
    table = oats.test(
        {
            "M against V": {"Variety[T.Marvellous]": 1, "Variety[T.Victory]": -1},
            "slope": [0, 0, 0, 1],
            "half": "nitro / 2 = 30",
        }
    )
    assert table["contrast"].tolist() == ["M against V", "slope", "half"]
    assert table["estimate"][2] == pytest.approx(table["estimate"][1] / 2)
    assert table["statistic"][2] == pytest.approx((table["estimate"][2] - 30) / table["std_error"][2])


def test_lists_of_text(oats):
    table = oats.test(["nitro = 60", "Variety[T.Marvellous]"])
    assert table["contrast"].tolist() == ["nitro = 60", "Variety[T.Marvellous]"]


def test_long_rows_are_numbered():
    fit = lmm.fit("yield ~ Variety * C(nitro) + (1 | Block/Variety)", lmm.datasets.load("Oats"))
    table = fit.test([np.ones(12), [1, *[0] * 11], [0, -0.5, *[0] * 10]])
    assert table["contrast"].tolist() == ["row 1", "Intercept", "-0.5 Variety[T.Marvellous]"]


def test_columns_and_notes(oats):
    table = oats.test("nitro = 60", level=0.9)
    assert table.columns == (
        "contrast",
        "estimate",
        "std_error",
        "df",
        "statistic",
        "p_value",
        "conf_low",
        "conf_high",
    )
    assert table.notes == (KR, "Confidence intervals: 90 %.")


def test_intervals_are_those_of_t(oats):
    from scipy.stats import t

    table = oats.coefficients(level=0.8)
    half = t.ppf(0.9, table["df"]) * table["std_error"]
    assert table["conf_low"] == pytest.approx(table["estimate"] - half)
    assert table["conf_high"] == pytest.approx(table["estimate"] + half)
    p = 2 * t.sf(np.abs(table["statistic"]), table["df"])
    assert table["p_value"] == pytest.approx(p)


def test_normal_is_z_and_chi_square(oats):
    from scipy.stats import chi2, norm

    table = oats.coefficients(df="normal")
    assert np.isinf(table["df"]).all()
    assert table["p_value"] == pytest.approx(2 * norm.sf(np.abs(table["statistic"])))
    assert table["conf_high"] == pytest.approx(table["estimate"] + norm.ppf(0.975) * table["std_error"])
    joint = joint_test(oats, np.eye(4)[1:3], "normal")
    wald = oats.beta[1:3] @ np.linalg.solve(oats.vcov[1:3, 1:3], oats.beta[1:3])
    assert joint.p_value == pytest.approx(chi2.sf(wald, 2))


# Joint tests


def test_joint_test_as_a_table(oats):
    table = oats.test("Variety[T.Marvellous] = 0, Variety[T.Victory] = 0", joint=True)
    assert table.columns == ("contrast", "num_df", "den_df", "f_value", "p_value")
    assert table["contrast"][0] == "Variety[T.Marvellous] = 0; Variety[T.Victory] = 0"
    assert (table["num_df"][0], table["den_df"][0]) == pytest.approx((2, 10))


def test_dependent_rows_count_once(oats):
    rows = np.array([[0, 1, 0, 0], [0, 0, 1, 0], [0, 1, -1, 0], [0, 0, 0, 0]], dtype=float)
    for df in ("kenward-roger", "satterthwaite", "containment", "normal"):
        whole, part = joint_test(oats, rows, df), joint_test(oats, rows[:2], df)
        assert whole.num_df == 2
        assert whole.f_value == pytest.approx(part.f_value)
        assert whole.den_df == pytest.approx(part.den_df)


def test_dependent_rows_with_right_sides(oats):
    rows = np.array([[0, 1, 0, 0], [0, 0, 1, 0], [0, 1, -1, 0]], dtype=float)
    agreeing = joint_test(oats, rows, rhs=np.array([2.0, 1.0, 1.0]))
    assert agreeing.f_value == pytest.approx(joint_test(oats, rows[:2], rhs=np.array([2.0, 1.0])).f_value)
    with pytest.raises(lmm.LmmError, match="The hypotheses contradict each other"):
        joint_test(oats, rows, rhs=np.array([2.0, 1.0, 5.0]))


def test_units_do_not_decide_what_is_independent(oats):
    rows = np.array([[0, 1e9, 0, 0], [0, 0, 1e-9, 0]])
    assert joint_test(oats, rows).num_df == 2


def test_rows_of_zeros_have_no_test(oats):
    tests = row_tests(oats, np.zeros((1, 4)))
    assert tests.estimate[0] == 0.0
    assert np.isnan(tests.statistic[0])
    joint = joint_test(oats, np.zeros((1, 4)))
    assert (joint.num_df, np.isnan(joint.f_value)) == (0, True)


# Estimability


def test_estimable_functions_of_an_aliased_fit(aliased):
    names = aliased.internals.design.names
    assert aliased.dropped_columns == ("a[T.a2]:b[T.b2]",)
    assert aliased.n_fixed == 5
    # Cell means of occupied cells are estimable, that of the empty cell is not.
    means = {
        "a1:b1": {"Intercept": 1},
        "a2:b1": {"Intercept": 1, "a[T.a2]": 1},
        "a2:b2": dict.fromkeys(("Intercept", "a[T.a2]", "b[T.b2]", "a[T.a2]:b[T.b2]"), 1),
    }
    empty = means.pop("a2:b2")
    assert np.isfinite(aliased.test(means)["p_value"]).all()
    tests = row_tests(aliased, np.array([[empty.get(name, 0) for name in names]]))
    for numbers in (tests.estimate, tests.std_error, tests.df, tests.p_value):
        assert np.isnan(numbers).all()
    assert (
        "Missing: One row is not estimable from these data, since columns of X depend on each other "
        "(a[T.a2]:b[T.b2])."
    ) in tests.notes
    message = r"cannot estimate .a2:b2.: columns of X depend on each other, and a\[T.a2\]:b\[T.b2\] had to be left out"
    for joint in (False, True):
        with pytest.raises(lmm.DesignError, match=message):
            aliased.test(means | {"a2:b2": empty}, joint=joint)
    # Sums over the columns of an occupied cell, with all columns of X, equal the reduced rows.
    occupied = aliased.internals.design.X[[0, 13]]
    assert row_tests(aliased, occupied).estimate == pytest.approx(
        occupied[:, aliased.internals.design.kept] @ aliased.beta
    )
    assert len(names) == 6


def test_joint_tests_need_all_rows_estimable(aliased):
    rows = np.eye(6)[[1, 4]]
    test = joint_test(aliased, rows)
    assert not test.estimable
    assert np.isnan(test.p_value)
    assert "not estimable" in " ".join(test.notes)
    # A row with one number for each kept coefficient is read as the coefficients are printed.
    assert aliased.test(np.eye(5), joint=True)["num_df"] == [5]


def test_coefficients_of_an_aliased_fit_are_as_printed(aliased):
    table = aliased.coefficients()
    assert np.isnan(table["estimate"][4])
    assert table["estimate"][aliased.internals.design.kept].tolist() == aliased.beta.tolist()
    assert row_tests(aliased, np.eye(5)).estimable.all()
    assert any("linear combination" in note for note in table.notes)


def test_numerical_combinations_are_estimable():
    data = random_table(1)
    data["both"] = 0.3 * data["x"] + 1e6
    fit = quietly("y ~ x + both + (1 | g)", data)
    X = fit.internals.design.X
    assert row_tests(fit, X[:5]).estimable.all()
    other = X[:5].copy()
    other[:, 2] += 0.5
    assert not row_tests(fit, other).estimable.any()


# Covariances given


def test_matrix_as_vcov(oats):
    table = oats.coefficients(vcov=4 * oats.vcov, df="normal")
    assert table["std_error"] == pytest.approx(2 * oats.fixef["std_error"])
    assert "Standard errors: from the covariance given as vcov=." in table.notes
    # λ belongs to the adjusted covariance of Kenward and Roger, not to another.
    assert joint_test(oats, np.eye(4)[1:3], "kenward-roger", vcov=oats.vcov).scale == 1.0


@pytest.mark.parametrize(
    ("vcov", "message"),
    [
        (np.eye(3), r"vcov= must have the shape \(4, 4\), as fit.vcov; it has \(3, 3\)"),
        (np.triu(np.ones((4, 4))), "vcov= must be a symmetric matrix of finite numbers"),
        (np.full((4, 4), np.nan), "vcov= must be a symmetric matrix of finite numbers"),
        (-np.eye(4), "vcov= must be positive definite"),
        ("CR2", r"vcov= must be a covariance matrix .* or lmm.ClusterRobust\(\), not 'CR2'"),
    ],
)
def test_bad_vcov(oats, vcov, message):
    with pytest.raises(lmm.LmmError, match=message):
        oats.coefficients(vcov=vcov)


# Bad input


@pytest.mark.parametrize(
    ("contrast", "message"),
    [
        (
            [1, 0, 0],
            r"needs one number for each of the 4 fixed effects \(Intercept, .*\); this one has 3 numbers",
        ),
        (np.zeros((2, 2, 2)), "must be a vector or matrix of numbers|the shape"),
        ([0, 1, np.nan, 0], "A contrast has numbers that are missing or infinite"),
        ([[0, 1, 0, 0], [0, 1]], "A contrast must be a vector or matrix of numbers"),
        (
            {"Variety[T.Victry]": 1},
            r'no coefficient "Variety\[T.Victry\]".* Did you mean "Variety\[T.Victory\]"',
        ),
        ({"nitro": np.inf}, "A contrast has numbers that are missing or infinite"),
        ({}, "The contrast is an empty dict"),
        ({"rows": np.eye(4)}, "The contrast 'rows' has 4 rows; a label names one"),
        (np.zeros((0, 4)), "The contrast has no rows"),
        ("nitr = 0", 'there is no coefficient "nitr".* Did you mean "nitro"'),
        (None, "A contrast must be a vector or matrix of numbers|this one has 1 numbers"),
    ],
)
def test_bad_contrasts(oats, contrast, message):
    with pytest.raises(lmm.LmmError, match=message):
        oats.test(contrast)


def test_length_of_aliased_fits_is_explained(aliased):
    with pytest.raises(lmm.LmmError, match=r"each of the 6 \(or 5 without the aliased ones\) fixed effects"):
        aliased.test([1.0, 0.0])


@pytest.mark.parametrize(
    ("rhs", "message"),
    [
        ([1.0, 2.0], "rhs= must be a number, or one for each of the 1 rows"),
        ("10", "rhs= must be a number"),
        (np.inf, "rhs= has numbers that are missing or infinite"),
    ],
)
def test_bad_right_sides(oats, rhs, message):
    with pytest.raises(lmm.LmmError, match=message):
        oats.test("nitro", rhs)


def test_text_has_its_own_right_side(oats):
    with pytest.raises(
        lmm.LmmError, match="The hypotheses say themselves what they are compared with; leave rhs= out"
    ):
        oats.test("nitro = 60", 50)


@pytest.mark.parametrize("level", [0, 1, 1.5, -0.1, True, "0.95", np.nan])
def test_bad_levels(oats, level):
    with pytest.raises(lmm.LmmError, match="level= must lie between 0 and 1"):
        oats.coefficients(level=level)


def test_percent_are_told_how_to_be_written(oats):
    with pytest.raises(lmm.LmmError, match=r"For 95 % write level=0.95"):
        oats.test("nitro", level=95)


@pytest.mark.parametrize("df", ["kenward-rogers", "Satterthwaite", 12, None])
def test_unknown_methods(oats, df):
    with pytest.raises(
        lmm.LmmError, match="df= must be one of auto, kenward-roger, satterthwaite, containment"
    ) as error:
        oats.coefficients(df=df)
    if isinstance(df, str):
        assert "Did you mean" in str(error.value)


# What auto chooses


@pytest.mark.parametrize(
    ("formula", "method", "label"),
    [
        ("y ~ x", "reml", "residual"),
        ("y ~ x", "ml", "residual"),
        ("y ~ x + (1 | g)", "reml", "Kenward–Roger (expected information)"),
        ("y ~ x + (1 | g)", "ml", "Satterthwaite"),
        ("y ~ x + (1 | g) + (1 | h)", "moments", "Satterthwaite"),
    ],
)
def test_auto(formula, method, label):
    fit = quietly(formula, random_table(1), method=method)
    assert fit.coefficients().notes[0] == f"Degrees of freedom: {label}."


def test_no_fixed_effects():
    fit = quietly("y ~ 0 + (1 | g)", random_table(1))
    assert len(fit.coefficients()) == 0
    assert len(fit.summary().coefficients) == 0


def test_one_fixed_effect_many_rows():
    """Thousands of rows of a contrast at once, as predictions and grids have them."""
    fit = quietly("y ~ x + t + (x | g)", random_table(1))
    rows = np.column_stack([np.ones(5000), np.linspace(-3, 3, 5000), np.zeros((5000, 2))])
    tests = row_tests(fit, rows)
    assert tests.df.shape == (5000,)
    assert tests.df[17] == pytest.approx(row_tests(fit, rows[17]).df[0])


def test_a_loaded_fit_tests_alike(oats, tmp_path):
    lmm.save(oats, tmp_path / "oats.lmm")
    again = lmm.load(tmp_path / "oats.lmm")
    for df in ("kenward-roger", "satterthwaite", "containment", "between-within"):
        assert again.coefficients(df=df)["df"] == pytest.approx(oats.coefficients(df=df)["df"])


def test_fixed_effects_that_depend_on_each_other_but_for_rounding_are_named():
    x = np.tile(np.arange(1990.0, 2021.0), 4)
    rng = np.random.default_rng(1)
    data = {"x": x, "near": x + 1e-6 * rng.normal(size=x.size), "y": rng.normal(size=x.size)}
    data["g"] = np.repeat(list("abcd"), 31)
    fit = lmm.fit("y ~ x + near + (1 | g)", data)
    for look in (
        fit.summary,
        fit.anova,
        fit.influence,
        lambda: fit.influence(by="g"),
        lambda: lmm.contrast_test(fit, np.eye(3), joint=True, df="normal"),
        lambda: fit.predict(interval="confidence"),
    ):
        with pytest.raises(lmm.DesignError, match="so nearly linearly dependent"):
            look()
