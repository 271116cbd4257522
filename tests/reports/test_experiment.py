"""The page of a designed experiment has its shell, its strata and the diagram; other pages do not."""

import pytest

import lmm
from lmm.experiments import designed_experiment
from lmm.reports import page
from lmm.reports.experiment import experiment_table


@pytest.fixture(scope="module")
def oats():
    return lmm.datasets.load("Oats").astype({"nitro": "category"})


def test_page_of_a_split_plot(oats):
    html = page(lmm.fit("yield ~ Variety * nitro + (1 | Block/Variety)", oats))
    for text in (
        *(
            "Design of the experiment",
            "ANOVA shell",
            "Analysis of variance by strata",
            "Which factor is nested in which",
        ),
        *("v(b-1)(n-1)", "σ²<sub>ε</sub> + 4 σ²<sub>Block:Variety</sub> + 12 σ²<sub>Block</sub>", "3175.06"),
        "18 levels, 10 df",
    ):
        assert text in html, text


@pytest.mark.parametrize(
    ("formula", "data"),
    [
        ("Reaction ~ Days + (Days | Subject)", "sleepstudy"),
        ("Reaction ~ Days + (1 | Subject)", "sleepstudy"),
        ("normexam ~ 1", None),
    ],
)
def test_other_pages_have_none(formula, data):
    table = lmm.datasets.load(data) if data else {"normexam": [1.0, 2.0, 4.0]}
    fit = lmm.fit(formula, table)
    assert designed_experiment(fit) is None
    assert "Design of the experiment" not in page(fit)


def test_what_has_no_error_has_no_strata_and_still_a_page(oats):
    fit = lmm.fit("yield ~ Variety * Block + nitro + (1 | Block)", oats)
    assert designed_experiment(fit) is None


def test_sampling_in_stages_is_an_experiment():
    shell, strata = designed_experiment(lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff")))
    assert shell["source"].tolist() == ["Batch", "Error", "Total"]
    assert strata["df"].tolist() == [5, 24]


def test_names_are_escaped_and_subscripts_are_whole():
    table = {
        "<i>": list("aabb") * 3,
        "main plot": list("uvwx") * 3,
        "y": [1.0, 2, 3, 5, 4, 6, 7, 9, 8, 1, 4, 2],
    }
    html = experiment_table(lmm.strata("y ~ `<i>` + (1 | `main plot`)", table))
    assert "<i>" not in html
    assert "σ²<sub>main plot</sub> + φ²(&lt;i&gt;)" in html


def test_a_kept_negative_component_has_a_page():
    data = lmm.datasets.load("Dyestuff2")
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", data, method="moments", negative="allow")
    html = page(fit)
    assert "fit by the method of moments" in html
    assert "-1.322" in html
    assert "<h2>Random effects</h2>" not in html
