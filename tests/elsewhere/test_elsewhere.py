"""Names of other packages lead to ours; what is not here leads to who has it."""

from __future__ import annotations

import copy
import pickle
import re

import pytest

import lmm
from lmm import elsewhere
from lmm.elsewhere import ABSENT
from tests.architecture.source import ROOT

OURS = {
    "fit": lmm.Fit,
    "means": lmm.Means,
    "table": lmm.Table,
}


@pytest.fixture(scope="module")
def fit():
    return lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))


@pytest.mark.parametrize("table", ["OF_FIT", "OF_MEANS", "OF_TABLE", "OF_MODULE"])
def test_what_a_name_leads_to_exists(table):
    for advice in getattr(elsewhere, table).values():
        found = re.findall(r"\b(fit|means|table|lmm)\.(\w+)", advice)
        assert found or advice in {"a loop over the table", "print(means)"} or '["' in advice
        for owner, name in found:
            assert name in lmm.__all__ if owner == "lmm" else hasattr(OURS[owner], name), advice


@pytest.mark.parametrize(
    ("table", "owner"),
    [("OF_FIT", lmm.Fit), ("OF_MEANS", lmm.Means), ("OF_TABLE", lmm.Table), ("OF_MODULE", lmm)],
)
def test_no_name_of_other_packages_hides_one_of_ours(table, owner):
    ours = set(lmm.__all__) if owner is lmm else set(dir(owner))

    assert not set(getattr(elsewhere, table)) & ours


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("params", "here it is fit.fixef"),
        ("VarCorr", "here it is fit.varcorr"),
        ("leverages", r"[Dd]id you mean \"leverage\""),
        ("fixed_effects", "here it is fit.fixef"),
        ("coefs", r"here it is fit\.coefficients\(\)"),
        ("pvalues", r'here it is fit\.coefficients\(\)\["p_value"\]'),
        ("bse", r'here it is fit\.coefficients\(\)\["std_error"\]'),
        ("tvalues", r'here it is fit\.coefficients\(\)\["statistic"\]'),
        ("AIC", "here it is fit.aic"),
        ("pvalue", r"here it is fit\.coefficients"),
        ("emmean", 'Did you mean "emmeans"'),
        ("varcor", 'Did you mean "varcorr"'),
    ],
)
def test_attributes_of_a_fit(fit, name, says):
    with pytest.raises(lmm.UnknownNameError, match=says):
        getattr(fit, name)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("pairs", r'means\.contrast\("pairwise"\)'),
        ("cld", r"means\.letters\(\)"),
        ("to_frame", r"means\.to_pandas\(\)"),
        ("emmean", r'their items: means\["emmean"\]'),
        ("contrasts", 'Did you mean "contrast"'),
    ],
)
def test_attributes_of_means(fit, name, says):
    with pytest.raises(lmm.UnknownNameError, match=says):
        getattr(fit.emmeans("wool"), name)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("to_csv", r"table\.to_pandas\(\)\.to_csv"),
        ("iloc", r"table\.to_pandas\(\)\.iloc"),
        ("estimate", r'items: table\["estimate"\]'),
        ("to_latx", 'Did you mean "to_latex"'),
        ("zzz", 'A table has no attribute "zzz".$'),
    ],
)
def test_attributes_of_a_table(fit, name, says):
    with pytest.raises(lmm.UnknownNameError, match=says):
        getattr(fit.fixef, name)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("lmer", r"lmm\.fit\(formula, data\)"),
        ("mixedlm", r"lmm\.fit\(formula, data\)"),
        ("glmer", r"not available yet, planned\. Until then: glmmTMB, lme4"),
        ("mmrm", "Until then: nlme, mmrm"),
        ("gamm4", r"lmm\.fit\(formula, data\)"),
        ("nlme", "not planned. Instead: nlme"),
        ("emmean", 'Did you mean "emmeans"'),
        ("VarCorr", "here it is fit.varcorr"),
    ],
)
def test_names_of_the_package(name, says):
    with pytest.raises(lmm.UnknownNameError, match=says):
        getattr(lmm, name)


def test_python_still_asks_for_what_is_not_there(fit):
    for thing in (fit, fit.fixef, fit.emmeans("wool")):
        assert not hasattr(thing, "__array_interface__")
        assert not hasattr(thing, "shape")
        assert type(copy.copy(thing)) is type(thing)
        assert type(pickle.loads(pickle.dumps(thing))) is type(thing)


def test_a_property_that_fails_shows_its_own_error(fit, monkeypatch):
    monkeypatch.setattr(lmm.Fit, "aic", property(lambda self: self.nothing_like_it))
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = fit.aic


@pytest.mark.parametrize(
    ("call", "who"),
    [
        (lambda data: lmm.fit("cbind(breaks, wool) ~ 1", data), "MCMCglmm"),
        (lambda data: lmm.fit("breaks ~ toep(wool | tension)", data), "glmmTMB"),
        (lambda data: lmm.fit("breaks ~ wool", data, residual="ar1"), "nlme, mmrm, glmmTMB"),
        (lambda data: lmm.fit("breaks ~ wool", data, family="poisson"), "glmmTMB, lme4"),
        (lambda data: lmm.fit("breaks ~ wool", data).update(family="poisson"), "glmmTMB, lme4"),
    ],
    ids=["cbind", "toep", "residual", "family", "update"],
)
def test_refusals_say_who_has_it(call, who):
    with pytest.raises(lmm.UnsupportedError, match=f"not available yet, planned. Until then: {who}"):
        call(lmm.datasets.load("warpbreaks"))


def test_the_page_of_limitations_is_the_table_of_the_package():
    page = (ROOT / "docs" / "limitations.md").read_text(encoding="utf-8")
    rows = [row for row in re.findall(r"^\| (.*) \|$", page, re.MULTILINE) if "---" not in row][1:]

    assert rows == [f"{each.what} | {each.here} | {each.who}".rstrip() for each in ABSENT.values()]


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.stem)
def test_tables_of_documents_have_a_head_and_rows_of_one_width(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for table in re.findall(r"(?:^\|.*\|[^\S\n]*\n)+", text, re.MULTILINE):
        head, rule, *rows = table.splitlines()
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in (head, rule, *rows)}
        assert re.fullmatch(r"[|:\- ]+", rule), head
        assert len(widths) == 1, head


RESULTS = {
    "profile": (
        lambda fit: fit.profile("sigma"),
        "confnt",
        'A profile has no attribute "confnt". Did you mean "confint"?',
    ),
    "curve": (lambda fit: fit.profile("sigma").curve("sigma"), "paramter", 'Did you mean "parameter"?'),
    "bootstrap": (lambda fit: fit.bootstrap(n=2, seed=1), "replicate", 'Did you mean "replicates"?'),
    "bootstrap test": (
        lambda fit: lmm.bootstrap_test(fit.update(". ~ 1"), fit, n=2, seed=1),
        "tabel",
        "A bootstrap test",
    ),
    "certificate": (lambda fit: fit.certificate, "convergd", 'Did you mean "converged"?'),
    "criterion of a fit": (
        lambda fit: fit.internals.criterion_function,
        "evalute",
        'Did you mean "evaluate"?',
    ),
    "criterion": (
        lambda _: lmm.criterion("breaks ~ wool", lmm.datasets.load("warpbreaks")),
        "gradiant",
        'Did you mean "gradient"?',
    ),
    "evaluation": (lambda fit: fit.internals.evaluation, "sigm", 'Did you mean "sigma"?'),
    "optimum": (lambda fit: fit.internals.optimum, "thetta", 'Did you mean "theta"?'),
    "design": (lambda fit: fit.internals.design, "aliassed", 'Did you mean "aliased"?'),
    "marginal": (lmm.marginal, "vcv", "A marginal model has no attribute"),
    "summary": (lambda fit: fit.summary(), "coeficients", "A summary has no attribute"),
    "strata": (lambda fit: fit.strata(), "emss", "has no attribute"),
}


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_answers_a_misspelt_name(name, fit):
    make, attribute, message = RESULTS[name]
    result = make(fit)
    with pytest.raises(lmm.UnknownNameError) as caught:
        getattr(result, attribute)
    assert message in str(caught.value)
    assert not hasattr(result, "_repr_of_others_")
    assert type(copy.copy(result)) is type(result)
