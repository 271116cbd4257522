import numpy as np
import pytest

import lmm
from lmm.plots import fitted_data, plot_fitted
from lmm.plots.covariate import curves_of, numeric_covariate


def test_lines_are_the_fitted_values(sleepstudy):
    table = fitted_data(sleepstudy)
    np.testing.assert_allclose(table["fitted"], sleepstudy.fitted)
    np.testing.assert_allclose(table["population"], sleepstudy.X @ sleepstudy.beta)
    np.testing.assert_array_equal(table["response"], lmm.datasets.load("sleepstudy")["Reaction"])


def test_nested_groups_share_a_panel_and_differ_by_line(oats):
    table = fitted_data(oats)
    assert set(table["group"]) == {"I", "II", "III", "IV", "V", "VI"}
    assert set(table["line"]) == {"Golden Rain", "Marvellous", "Victory"}
    np.testing.assert_allclose(table["fitted"], oats.fitted)


def test_panels_may_be_another_factor(oats):
    assert len(set(fitted_data(oats, "Block:Variety")["group"])) == 18


def test_effects_of_a_crossed_factor_are_left_out_of_the_lines():
    rng = np.random.default_rng(5)
    subject, item = (part.ravel() for part in np.meshgrid(np.arange(8), np.arange(6), indexing="ij"))
    x = ((subject + item) % 5).astype(float)
    y = x + rng.normal(size=8)[subject] + rng.normal(size=6)[item] + 0.3 * rng.normal(size=48)
    fit = lmm.fit("y ~ x + (1 | subject) + (1 | item)", {"y": y, "x": x, "subject": subject, "item": item})
    table = fitted_data(fit)
    intercepts = {row["level"]: row["estimate"] for row in fit.ranef() if row["group"] == "subject"}
    expected = fit.X @ fit.beta + np.array([intercepts[str(s)] for s in subject])
    np.testing.assert_allclose(table["fitted"], expected)


def test_offset_belongs_to_both_lines():
    data = lmm.datasets.load("sleepstudy").assign(known=lambda d: 3.0 * d["Days"])
    fit = lmm.fit("Reaction ~ Days + (1 | Subject)", data, offset="known")
    table = fitted_data(fit)
    np.testing.assert_allclose(table["fitted"], fit.fitted)
    np.testing.assert_allclose(table["population"], fit.X @ fit.beta + data["known"])


@pytest.mark.parametrize(
    ("formula", "covariate"),
    [
        ("Reaction ~ Days", "Days"),
        ("log(Reaction) ~ I(Days**2) + Days", "Days"),
        ("Reaction ~ poly(Days, 2) + late", "Days"),
        ("Reaction ~ Days + C(wave)", "Days"),
        ("Reaction ~ Days + two", "Days"),
    ],
)
def test_covariate_is_the_numeric_one(formula, covariate):
    assert numeric_covariate(lmm.fit(formula, _wide()).internals.design) == covariate


@pytest.mark.parametrize(
    ("formula", "error", "message"),
    [
        ("Reaction ~ late", lmm.DesignError, "no numeric covariate"),
        ("Reaction ~ C(wave)", lmm.DesignError, "no numeric covariate"),
        ("Reaction ~ 1", lmm.DesignError, "no numeric covariate"),
        ("Reaction ~ Days + wave", lmm.UnsupportedError, r"several numeric covariates \(Days, wave\)"),
    ],
)
def test_without_one_covariate_there_is_no_line(formula, error, message):
    with pytest.raises(error, match=message):
        plot_fitted(lmm.fit(formula, _wide()))


def test_unknown_group_gets_the_nearest_name(sleepstudy):
    with pytest.raises(lmm.DesignError, match=r'no grouping factor "subject".*Did you mean "Subject"'):
        plot_fitted(sleepstudy, "subject")


def test_numbers_that_tell_lines_apart_carry_their_name():
    curves = curves_of(lmm.fit("Reaction ~ Days * C(wave)", _wide()).internals.design)
    assert curves.kinds == ("wave 0", "wave 1", "wave 2")


@pytest.mark.parametrize(("columns", "n_rows"), [(6, 3), (3, 6), (5, 4)])
def test_small_multiples_share_their_axes(sleepstudy, columns, n_rows):
    figure = plot_fitted(sleepstudy, columns=columns, width=8.0)
    assert [axes.get_title("left") for axes in figure.axes] == list(
        sleepstudy.internals.design.random[0].levels
    )
    limits = {axes.get_xlim() + axes.get_ylim() for axes in figure.axes}
    assert len(limits) == 1
    assert len({axes.get_position().y0 for axes in figure.axes}) == n_rows


def test_many_groups_share_one_panel():
    rng = np.random.default_rng(2)
    group, x = np.repeat(np.arange(40), 4), np.tile(np.arange(4.0), 40)
    y = x + rng.normal(size=40)[group] + 0.5 * rng.normal(size=160)
    figure = plot_fitted(lmm.fit("y ~ x + (1 | g)", {"y": y, "x": x, "g": group}))
    (axes,) = figure.axes
    assert len(axes.lines) == 41


def test_colours_have_a_legend(oats):
    (legend,) = plot_fitted(oats).legends
    assert [text.get_text() for text in legend.get_texts()] == ["Golden Rain", "Marvellous", "Victory"]


def _wide():
    data = lmm.datasets.load("sleepstudy")
    return data.assign(
        late=(data["Days"] > 4).map({True: "late", False: "early"}),
        wave=data["Subject"].cat.codes.astype(int) % 3,
        two=data["Subject"].cat.codes.astype(int) % 2,
    )
