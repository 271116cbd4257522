"""A part of Z says why it is there: a smooth term is not a grouping factor in any table, and stands anywhere in Z."""

from dataclasses import replace

import numpy as np
import pytest

import lmm
from lmm.data import open_table
from lmm.design import DesignSpec
from lmm.errors import DesignError, LmmError, UnsupportedError
from lmm.formula import parse
from lmm.model.fitting import fit_design
from lmm.plots import caterpillar_data

NAME = "s(x)"
"""A block of the user that is told to be a smooth term."""


def table(seed=0, n=120):
    rng = np.random.default_rng(seed)
    g, h = rng.integers(0, 12, n), rng.integers(0, 6, n)
    x = rng.uniform(size=n)
    y = np.sin(6 * x) + rng.normal(size=12)[g] + 0.5 * rng.normal(size=6)[h] + 0.3 * rng.normal(size=n)
    return {"y": y, "x": x, "g": [f"g{i}" for i in g], "h": [f"h{i}" for i in h]}


def basis(x):
    knots = np.linspace(0.1, 0.9, 6)
    return np.maximum(x[:, None] - knots, 0.0)


def fitted(kind, first=False, formula="y ~ x + (x | g) + (1 | h)", method="reml"):
    """A fit with a curve in x, as a block of the user or as a smooth term; `first`: before the bars."""
    data = table()
    plain = lmm.fit("y ~ x", data).internals.request
    request = replace(plain, formula=formula, method=method, random={NAME: lmm.block(basis(data["x"]))})
    spec, design = DesignSpec.learn(parse(formula), open_table(data), random=request.random)
    parts = tuple(replace(part, kind=kind) if part.group == NAME else part for part in design.random)
    if first:
        parts = (parts[-1], *parts[:-1])
    return fit_design(request, spec, replace(design, random=parts))


@pytest.fixture(scope="module")
def fits():
    return {(kind, first): fitted(kind, first) for kind in ("block", "smooth") for first in (False, True)}


def cells(value):
    """Texts of a result that stand under a name of groups, or are keys of a dict."""
    if isinstance(value, dict):
        return {str(key) for key in value}
    if isinstance(value, lmm.Table):
        found = [value[name] for name in ("group", "source", "term", "grp", "parameter") if name in value]
        return {str(cell) for column in found for cell in column}
    return {line.strip() for line in str(value).splitlines()}


TABLES = {
    "n_levels": lambda fit: fit.n_levels,
    "varcorr": lambda fit: fit.varcorr,
    "ranef": lambda fit: fit.ranef(),
    "ranef with errors": lambda fit: fit.ranef(cond_var=True),
    "ranef with prediction errors": lambda fit: fit.ranef(pev=True),
    "tidy ran_pars": lambda fit: lmm.tidy(fit, "ran_pars"),
    "tidy ran_vals": lambda fit: lmm.tidy(fit, "ran_vals"),
    "random part of the summary": lambda fit: fit.summary().random,
    "levels of the summary": lambda fit: fit.summary().n_levels,
    "icc": lmm.icc,
    "variance_partition": lmm.variance_partition,
    "variance_components": lmm.variance_components,
    "random_anova": lambda fit: lmm.random_anova(fit, reduce=False),
    "caterpillar": caterpillar_data,
}


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("name", TABLES)
def test_no_table_lists_a_smooth_term_as_a_grouping_factor(fits, name, first):
    block, smooth = (cells(TABLES[name](fits[kind, first])) for kind in ("block", "smooth"))
    assert any(NAME in cell for cell in block)
    assert not any(NAME in cell for cell in smooth)
    assert any("g" in cell for cell in smooth)


@pytest.mark.parametrize("kind", ["block", "smooth"])
def test_the_place_of_a_part_among_the_others_does_not_matter(fits, kind):
    last, first = fits[kind, False], fits[kind, True]
    assert first.criterion == pytest.approx(last.criterion, abs=1e-8)
    np.testing.assert_allclose(first.beta, last.beta, rtol=1e-5)
    np.testing.assert_allclose(first.fitted, last.fitted, rtol=1e-5, atol=1e-6)
    variances = [
        {(row["group"], row["term"], row["term_2"]): row["vcov"] for row in fit.varcorr}
        for fit in (first, last)
    ]
    assert variances[0] == pytest.approx(variances[1], rel=1e-3, abs=1e-6)
    for table_of in (lmm.icc, lambda fit: lmm.random_anova(fit, reduce=True), lambda fit: fit.coef()):
        assert len(table_of(first)) == len(table_of(last))


@pytest.mark.parametrize("first", [False, True])
def test_a_smooth_term_belongs_to_the_mean(fits, first):
    block, smooth = fits["block", first], fits["smooth", first]
    curve = next(
        part.block.apply(b.ravel())
        for part, b in zip(smooth.internals.design.random, smooth.effects, strict=True)
        if part.is_smooth
    )
    assert np.std(curve) > 0.1
    np.testing.assert_allclose(smooth.predict(random=False), block.predict(random=False) + curve, rtol=1e-10)
    np.testing.assert_allclose(smooth.predict(random="g"), block.predict(random=["g", NAME]), rtol=1e-10)
    np.testing.assert_allclose(smooth.predict(), block.predict(), rtol=1e-10)
    drawn = smooth.simulate(400, seed=1)
    np.testing.assert_allclose(drawn.mean(axis=1), smooth.predict(random=False), atol=0.5)
    with pytest.raises(LmmError, match="not a random term"):
        smooth.predict(random=NAME)


@pytest.mark.parametrize("first", [False, True])
def test_shares_count_a_smooth_term_with_the_mean(fits, first):
    smooth = fits["smooth", first]
    share = lmm.variance_partition(smooth)
    mean = smooth.predict(random=False)
    assert share["variance"][0] == pytest.approx(np.var(mean, ddof=1))
    assert list(share["source"]) == ["fixed effects", "g", "h", "Residual"]
    sizes = share["variance"]
    np.testing.assert_allclose(lmm.icc(smooth)["icc"][:2], sizes[1:3] / sizes[1:].sum(), rtol=1e-10)


@pytest.mark.parametrize("first", [False, True])
def test_what_needs_groups_of_all_parts_names_the_smooth_term(fits, first):
    smooth = fits["smooth", first]
    for ask in (
        lambda: lmm.coefficients(smooth, df="between-within"),
        lambda: smooth.summary(df="between-within"),
        lambda: smooth.summary(df=lmm.ClusterRobust()),
    ):
        with pytest.raises((UnsupportedError, LmmError), match=r"s\(x\).*smooth term") as error:
            ask()
        assert "block of your own" not in str(error.value)
    assert np.isfinite(np.array(smooth.summary(df="containment").coefficients["df"], float)).all()
    with pytest.raises(UnsupportedError, match=r"s\(x\) is a smooth term"):
        fitted("smooth", formula="y ~ x + (x || g)", method="moments")


@pytest.mark.parametrize("first", [False, True])
def test_intervals_of_predictions_take_the_parts_where_they_stand(fits, first):
    block, smooth = fits["block", first], fits["smooth", first]
    own = smooth.predict(interval="confidence", random=["g", "h"])
    other = block.predict(interval="confidence")
    np.testing.assert_allclose(own["std_error"], other["std_error"], rtol=1e-8)


def test_the_views_of_a_design():
    design = fitted("smooth", first=True).internals.design
    assert [part.group for part in design.random] == [NAME, "g", "h"]
    assert [part.group for part in design.groups] == ["g", "h"] == [part.group for part in design.bars]
    assert [part.group for part in design.smooths] == [NAME]
    assert design.places_of_groups == (1, 2)
    assert design.of_groups(["a", "b", "c"]) == ["b", "c"]
    assert [part.is_intercept for part in design.random] == [False, False, True]
    assert design.random[0].recipe is None
    assert design.random[1].recipe is design.random[1].spec
    with pytest.raises(DesignError, match=r"s\(x\) belong to no levels"):
        _ = design.random[0].level_of_row
