"""Means with letters on the page, where the model has factors."""

import numpy as np
import pytest

import lmm
from lmm.reports import page
from lmm.reports.group_means import interactions_for_page, means_for_page


@pytest.fixture(scope="module")
def pigs():
    return lmm.fit("F.Dry.matter ~ Day * Trt + (1 | Room)", lmm.datasets.load("pigs_grcbd"))


def test_each_factor_has_its_means_and_each_interaction_its_picture(pigs):
    found = means_for_page(pigs)
    assert [list(means.labels) for means, _ in found] == [["Day"], ["Trt"]]
    assert all("letters" in table for _, table in found)
    assert [list(means.labels) for means in interactions_for_page(pigs)] == [["Day", "Trt"]]


def test_page_shows_them(pigs):
    text = page(pigs)
    assert "<h2>Marginal means</h2>" in text
    assert "Estimated marginal means of Trt" in text
    assert "Means that share a letter do not differ significantly" in text
    assert "Interaction of Day and Trt" in text


def test_page_of_a_model_without_factors_has_none(sleepstudy):
    assert means_for_page(sleepstudy) == []
    assert "Marginal means" not in page(sleepstudy)


def test_means_stand_on_the_scale_of_the_response():
    fit = lmm.fit("log(breaks) ~ tension", lmm.datasets.load("warpbreaks"))
    ((means, table),) = means_for_page(fit)
    assert table["response"] == pytest.approx(np.exp(fit.emmeans("tension")["emmean"]))
    assert means.options.response


def test_a_left_side_that_cannot_be_undone_keeps_its_scale():
    fit = lmm.fit("scale(breaks) ~ tension", lmm.datasets.load("warpbreaks"))
    ((_, table),) = means_for_page(fit)
    assert "emmean" in table


def test_factors_with_too_many_levels_are_left_out():
    rng = np.random.default_rng(1)
    data = {"y": rng.normal(size=200), "f": [f"level {i}" for i in range(50)] * 4, "g": list("ab") * 100}
    assert [list(means.labels) for means, _ in means_for_page(lmm.fit("y ~ f + g", data))] == [["g"]]
