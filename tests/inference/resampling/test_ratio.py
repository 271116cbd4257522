"""Likelihood ratios by parametric bootstrap."""

import numpy as np
import pytest
from scipy.stats import chi2, kstest

import lmm
from lmm.inference.resampling.ratio import refitted_criteria


@pytest.fixture(scope="module")
def cake():
    return lmm.datasets.load("cake").assign(w=1.0 + np.arange(270) % 2)


@pytest.fixture(scope="module")
def fits(cake):
    formulas = ("angle ~ temp + (1 | replicate)", "angle ~ temp + (1 | replicate) + (1 | replicate:recipe)")
    return [lmm.fit(formula, cake) for formula in formulas]


@pytest.mark.parametrize("options", [{}, {"weights": "w"}, {"method": "ml"}])
def test_criteria_are_those_of_refits(fits, options):
    fit = fits[1].update(**options)
    responses = fit.simulate(5, seed=2)
    expected = [fit.refit(response).criterion for response in responses.T]
    assert refitted_criteria(fit, responses) == pytest.approx(expected, abs=1e-7)


def test_offsets_leave_the_responses(cake):
    fit = lmm.fit("angle ~ recipe + (1 | replicate)", cake, offset=np.asarray(0.1 * cake["temp"]))
    responses = fit.simulate(2, seed=2)
    expected = [fit.refit(response).criterion for response in responses.T]
    assert refitted_criteria(fit, responses) == pytest.approx(expected, abs=1e-7)


def test_half_of_the_ratios_of_a_variance_are_zero(cake):
    """Self and Liang: half of them zero, the others χ² with one degree of freedom."""
    rng = np.random.default_rng(4)
    blank = cake.assign(angle=rng.normal(size=270))
    small = lmm.fit("angle ~ temp", blank)
    large = lmm.fit("angle ~ temp + (1 | replicate:recipe)", blank)
    test = lmm.bootstrap_test(small, large, n=2000, seed=1)
    zero = np.mean(test.ratios == 0.0)
    # In finite samples somewhat more than half.
    assert 0.48 < zero < 0.60
    assert kstest(test.ratios[test.ratios > 0.0], chi2(1).cdf).pvalue > 0.001


def test_fixed_effects_are_tested_by_maximum_likelihood(cake):
    small = lmm.fit("angle ~ 1 + (1 | replicate)", cake)
    large = lmm.fit("angle ~ recipe + (1 | replicate)", cake)
    test = lmm.bootstrap_test(small, large, n=200, seed=1)
    row = list(lmm.compare(small, large))[1]
    assert (test.lrt, test.df, test.p_value_naive) == pytest.approx((row["chisq"], row["df"], row["p_value"]))
    assert test.notes[0].startswith("Refitted by maximum likelihood")
    assert test.p_value == pytest.approx((1 + np.sum(test.ratios >= test.lrt)) / 201)


def test_the_same_seed_gives_the_same_numbers(fits):
    one, other = (lmm.bootstrap_test(*fits, n=50, seed=7) for _ in range(2))
    assert np.array_equal(one.ratios, other.ratios)
    assert one.table == other.table
    # The first responses do not depend on how many there are.
    assert np.array_equal(lmm.bootstrap_test(*fits, n=20, seed=7).ratios, one.ratios[:20])


def test_as_a_table(fits):
    test = lmm.bootstrap_test(*fits, n=99, seed=1)
    assert test.table.columns == ("test", "lrt", "df", "p_value")
    assert list(test.table["test"]) == ["bootstrap", "χ²"]
    assert test.table["p_value"] == pytest.approx([0.01, test.p_value_naive])
    assert test.n_failed == 0
    assert str(test) == str(test.table)
    assert "99 responses simulated from the smaller model; standard error of p 0.0099." in test.notes
    assert "<table" in test._repr_html_()


def test_what_cannot_be_tested(fits, cake):
    small, large = fits
    for n in (0, 2.5, True):
        with pytest.raises(lmm.LmmError, match="n= must be a whole number of at least 1"):
            lmm.bootstrap_test(small, large, n=n)
    with pytest.raises(lmm.LmmError, match="more parameters than the second: give the smaller model first"):
        lmm.bootstrap_test(large, small)
    other = lmm.fit("angle ~ temp + (temp || recipe)", cake)
    with pytest.raises(lmm.LmmError, match="are not nested"):
        lmm.bootstrap_test(small, other)
    held = large.update(theta=[1.0, None])
    with pytest.raises(lmm.LmmError, match="given as theta=; fit without it"):
        lmm.bootstrap_test(small, held)
