"""Marginal means of the course page "Day 4 Linear mixed models", blocks fixed or random; the data are synthetic."""

import numpy as np
import pytest

import lmm
from lmm.plots import blocks_data
from tests.reference.documents.printed import as_printed


@pytest.fixture(scope="module")
def crd():
    return lmm.fit("F.Dry.matter ~ Day*Trt", lmm.datasets.load("pigs_crd"))


@pytest.fixture(scope="module")
def pigs_grcbd():
    return lmm.datasets.load("pigs_grcbd")


@pytest.fixture(scope="module")
def blocks(pigs_grcbd):
    return {
        "fixed": lmm.fit("F.Dry.matter ~ Day*Trt + Room", pigs_grcbd),
        "random": lmm.fit("F.Dry.matter ~ Day*Trt + (1|Room)", pigs_grcbd),
    }


def test_means_of_the_diets(crd):
    printed = """
        A 18.5 1.04 252 16.4 20.5
        B 23.6 1.04 252 21.5 25.6
        C 20.1 1.04 252 18.1 22.2
        D 18.3 1.04 252 16.3 20.4
        E 19.8 1.04 252 17.8 21.9
        F 18.6 1.04 252 16.5 20.6
    """
    means = crd.emmeans("Trt")
    for row, line in zip(means, printed.split("\n")[1:-1], strict=True):
        level, *numbers = line.split()
        assert row["Trt"] == level
        for name, text in zip(("emmean", "std_error", "df", "conf_low", "conf_high"), numbers, strict=True):
            assert as_printed(row[name], text)
    assert any("Averaged over the levels of Day" in note for note in means.notes)
    assert any("Confidence level: 95 %" in note for note in means.notes)


def test_standard_error_and_limits_of_one_diet(crd):
    (row,) = crd.emmeans("Trt", at={"Trt": "A"})
    assert as_printed(row["std_error"], "1.044041")
    assert as_printed(row["conf_low"], "16.40749")
    assert as_printed(row["conf_high"], "20.5198")


def test_blocks_fixed_or_random_have_the_same_means_and_differences(blocks):
    means = {kind: fit.emmeans("Trt") for kind, fit in blocks.items()}
    assert means["fixed"]["emmean"] == pytest.approx(means["random"]["emmean"], rel=1e-6)
    own = [[1, -1, 0, 0, 0, 0]]
    fixed, random = (next(iter(means[kind].contrast(own))) for kind in ("fixed", "random"))
    for name in ("estimate", "std_error", "df"):
        assert fixed[name] == pytest.approx(random[name], rel=1e-5)


def test_standard_errors_in_closed_form(blocks):
    """Balanced: a mean over 45 observations, 15 in each of 3 rooms."""
    fixed, random = blocks["fixed"], blocks["random"]
    s2, room = random.sigma**2, random.varcorr["vcov"][0]
    assert fixed.emmeans("Trt")["std_error"] == pytest.approx(np.sqrt(s2 / 45), rel=1e-5)
    assert random.emmeans("Trt")["std_error"] == pytest.approx(np.sqrt(s2 / 45 + room / 3), rel=1e-6)
    for fit in (fixed, random):
        pairs = fit.emmeans("Trt").contrast("pairwise")
        assert pairs["std_error"] == pytest.approx(np.sqrt(2 * s2 / 45), rel=1e-5)
        assert pairs["df"] == pytest.approx(250, rel=1e-5)


def test_numbers_of_the_figure(blocks):
    table = blocks_data(blocks, "Trt")
    for kind, fit in blocks.items():
        rows = table["blocks"] == kind
        assert list(table["label"][rows]) == list("ABCDEF")
        assert table["std_error"][rows] == pytest.approx(fit.emmeans("Trt")["std_error"])
        assert table["sed"][rows] == pytest.approx(np.sqrt(2 * fit.sigma**2 / 45), rel=1e-6)
