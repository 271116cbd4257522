"""Adjustments against their definitions."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lmm
from lmm.means.adjusting import stepwise
from lmm.means.adjusting.adjustments import (
    ADJUSTMENTS,
    FamilyOfTests,
    adjusted_p,
    adjustment_named,
    critical_values,
    settled,
)
from tests.means.models import looms

p_values = st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=6).map(np.array)


def closed(p, local):
    """Closed testing by brute force: the largest local p-value of all sets that contain a hypothesis."""
    n = len(p)
    found = np.zeros(n)
    for size in range(1, n + 1):
        for subset in itertools.combinations(range(n), size):
            value = local(np.sort(p[list(subset)]))
            found[list(subset)] = np.maximum(found[list(subset)], value)
    return np.minimum(found, 1)


@given(p_values)
def test_holm_is_closed_bonferroni(p):
    expected = closed(p, lambda ordered: len(ordered) * ordered[0])
    assert stepwise.holm(p, len(p)) == pytest.approx(expected)


@given(p_values)
def test_hommel_is_closed_simes(p):
    simes = lambda ordered: np.min(len(ordered) * ordered / np.arange(1, len(ordered) + 1))  # noqa: E731
    assert stepwise.hommel(p, len(p)) == pytest.approx(closed(p, simes))


@given(p_values)
def test_order_of_strength(p):
    n = len(p)
    bonferroni = np.minimum(n * p, 1)
    assert (stepwise.holm(p, n) <= bonferroni + 1e-12).all()
    assert (stepwise.hochberg(p, n) <= stepwise.holm(p, n) + 1e-12).all()
    assert (stepwise.hommel(p, n) <= stepwise.hochberg(p, n) + 1e-12).all()
    assert (stepwise.benjamini_hochberg(p, n) <= stepwise.hommel(p, n) + 1e-12).all()
    assert (p <= stepwise.benjamini_hochberg(p, n) + 1e-12).all()


def test_false_discovery_rate_by_hand():
    """Benjamini and Hochberg (1995), the example of 15 comparisons: four rejected at 5 %."""
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.759,
        1.0,
    ]
    assert np.sum(stepwise.benjamini_hochberg(np.array(p), 15) <= 0.05) == 4
    assert np.sum(stepwise.hochberg(np.array(p), 15) <= 0.05) == 3
    harmonic = np.sum(1 / np.arange(1, 16))
    assert stepwise.benjamini_yekutieli(np.array(p), 15)[0] == pytest.approx(15 * 0.0001 * harmonic)


def test_missing_tests_count_in_the_family():
    tests = FamilyOfTests(
        np.array([2.0, np.nan, 3.0]), np.full(3, 20.0), 0, 3, True, lambda: np.eye(2), lambda: 2
    )
    found = adjusted_p("bonferroni", tests).values
    plain = adjusted_p("none", tests).values
    assert found[[0, 2]] == pytest.approx(3 * plain[[0, 2]])
    assert np.isnan(found[1])
    assert np.isnan(critical_values("tukey", tests, 0.95).values[1])


@pytest.mark.parametrize("name", ADJUSTMENTS)
@pytest.mark.parametrize("side", [0, 1, -1])
def test_one_test_needs_no_adjustment(name, side):
    tests = FamilyOfTests(np.array([1.7]), np.array([12.0]), side, 2, True, lambda: np.eye(1), lambda: 1)
    assert settled(name, tests) == ("none", "")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(-5, 5), min_size=3, max_size=3),
    st.sampled_from([3.0, 11.5, 200.0, np.inf]),
    st.sampled_from([name for name in ADJUSTMENTS if name not in ("holm", "hochberg", "hommel", "bh", "by")]),
    st.sampled_from([0, 1, -1]),
)
def test_intervals_and_tests_agree(t, df, name, side):
    """A single-step p-value is below 1 - level exactly if the interval leaves the null value out."""
    correlation = np.array([[1, 0.5, -0.5], [0.5, 1, 0.5], [-0.5, 0.5, 1]])
    tests = FamilyOfTests(np.array(t), np.full(3, df), side, 3, True, lambda: correlation, lambda: 2)
    name, _ = settled(name, tests)
    p = adjusted_p(name, tests).values
    width = critical_values(name, tests, 0.9).values
    size = np.abs(t) if side == 0 else side * np.array(t)
    clear = np.abs(size - width) > 1e-4
    assert ((p < 0.1) == (size > width))[clear].all()


@pytest.mark.parametrize("given_name", ["BH", "fdr", "Tukey", "BONFERRONI"])
def test_names_as_in_r(given_name):
    assert adjustment_named(given_name) in ADJUSTMENTS


def test_notes_tell_of_changes():
    means = looms().emmeans("tension")
    assert any(
        '"tukey" was changed to "sidak"' in note for note in means.contrast("eff", adjust="tukey").notes
    )
    one_sided = means.contrast("pairwise").test(side="less")
    assert any("not defined for one-sided tests" in note for note in one_sided.notes)
    assert any("Adjusted for 3 means: tukey." in note for note in means.contrast().notes)
    assert any("Adjusted for 3 tests: holm." in note for note in means.contrast(adjust="holm").notes)


def test_hommel_has_its_limit():
    with pytest.raises(lmm.LmmError, match="up to 20,000 tests"):
        stepwise.hommel(np.full(20_001, 0.5), 20_001)
