"""Numbers of the course page "Day 4 Linear mixed models"; the data are synthetic."""

import numpy as np
import pytest

import lmm
from tests.reference.documents.printed import as_printed

MEANS = {"A": "18.5", "B": "23.6", "C": "20.1", "D": "18.3", "E": "19.8", "F": "18.6"}
N_REPS = 45


@pytest.fixture(scope="module")
def pigs_crd():
    return lmm.datasets.load("pigs_crd")


@pytest.fixture(scope="module")
def pigs_grcbd():
    return lmm.datasets.load("pigs_grcbd")


@pytest.fixture(scope="module")
def crd(pigs_crd):
    return lmm.fit("F.Dry.matter ~ Day*Trt", pigs_crd)


def residual_sum_of_squares(formula, data):
    return np.sum(lmm.fit(formula, data).residuals() ** 2)


def diet_means(fit, data):
    return data.assign(fitted=fit.fitted).groupby("Trt", observed=True)["fitted"].mean()


def test_sums_of_squares(pigs_crd, crd):
    # Type II: what a term explains beyond the others that do not contain it.
    additive = residual_sum_of_squares("F.Dry.matter ~ Day + Trt", pigs_crd)
    error = np.sum(crd.residuals() ** 2)
    assert as_printed(error, "12360.9")
    assert crd.df_residual == 252
    assert as_printed(residual_sum_of_squares("F.Dry.matter ~ Trt", pigs_crd) - additive, "850.7")
    assert as_printed(residual_sum_of_squares("F.Dry.matter ~ Day", pigs_crd) - additive, "896.5")
    assert as_printed(additive - error, "673.1")


def test_the_general_linear_model_is_least_squares(crd):
    beta, (error,), *_ = np.linalg.lstsq(crd.X, crd.y)
    assert crd.beta == pytest.approx(beta, rel=1e-9)
    assert crd.sigma == pytest.approx(np.sqrt(error / 252), rel=1e-12)
    assert crd.vcov == pytest.approx(error / 252 * np.linalg.inv(crd.X.T @ crd.X), rel=1e-9)
    assert len(crd.theta) == 0


def test_standard_error_of_a_mean(crd):
    assert as_printed(crd.sigma / np.sqrt(N_REPS), "1.044041")


def test_means_of_the_diets(crd, pigs_crd):
    means = diet_means(crd, pigs_crd)
    for diet, printed in MEANS.items():
        assert as_printed(means[diet], printed), diet
    # The middle of the interval that is printed for diet A.
    assert means["A"] == pytest.approx((16.40749 + 20.5198) / 2, abs=5e-6)


def test_blocks_fixed_or_random_give_the_same_estimates(pigs_grcbd):
    fixed = lmm.fit("F.Dry.matter ~ Day*Trt + Room", pigs_grcbd)
    random = lmm.fit("F.Dry.matter ~ Day*Trt + (1|Room)", pigs_grcbd)
    assert fixed.df_residual == 250
    assert diet_means(random, pigs_grcbd).to_numpy() == pytest.approx(
        diet_means(fixed, pigs_grcbd).to_numpy()
    )
    names = list(random.fixef["term"])
    both = dict(zip(fixed.fixef["term"], fixed.fixef["estimate"], strict=True))
    slopes = [name for name in names if name != "Intercept"]
    ours = dict(zip(names, random.beta, strict=True))
    assert [ours[name] for name in slopes] == pytest.approx([both[name] for name in slopes], rel=1e-8)


def test_reml_of_a_balanced_block_design_is_its_analysis_of_variance(pigs_grcbd):
    fit = lmm.fit("F.Dry.matter ~ Day*Trt + (1|Room)", pigs_grcbd)
    room, residual = fit.varcorr["vcov"]
    fixed = lmm.fit("F.Dry.matter ~ Day*Trt + Room", pigs_grcbd)
    without = residual_sum_of_squares("F.Dry.matter ~ Day*Trt", pigs_grcbd)
    mean_square = (without - np.sum(fixed.residuals() ** 2)) / 2
    assert residual == pytest.approx(fixed.sigma**2, rel=1e-6)
    assert room == pytest.approx((mean_square - fixed.sigma**2) / 90, rel=1e-6)


def test_table_of_the_completely_randomized_design(crd):
    """car::Anova of the linear model, as printed: sum of squares, df, F, p."""
    printed = {
        "Day": ("850.7", 2, "8.6720", "0.0002279"),
        "Trt": ("896.5", 5, "3.6556", "0.0032772"),
        "Day:Trt": ("673.1", 10, "1.3723", "0.1934086"),
    }
    *terms, residuals = crd.anova(type=2)
    assert [row["term"] for row in terms] == list(printed)
    for row, (sum_sq, df, f_value, p_value) in zip(terms, printed.values(), strict=True):
        assert as_printed(row["sum_sq"], sum_sq)
        assert (row["num_df"], row["den_df"]) == (df, 252)
        assert as_printed(row["f_value"], f_value)
        assert as_printed(row["p_value"], p_value)
    assert (residuals["term"], residuals["num_df"]) == ("Residuals", 252)
    assert as_printed(residuals["sum_sq"], "12360.9")


def test_table_of_the_block_design(pigs_grcbd):
    """car::Anova of the mixed model with Kenward and Roger's degrees of freedom, as printed: F, df, p."""
    printed = {
        "Day": ("10.7115", 2, "250", "3.441e-05"),
        "Trt": ("4.7730", 5, "250", "0.0003483"),
        "Day:Trt": ("1.1153", 10, "250", "0.3509474"),
    }
    table = lmm.fit("F.Dry.matter ~ Day*Trt + (1 | Room)", pigs_grcbd).anova(type=2, df="kenward-roger")
    assert list(table["term"]) == list(printed)
    for row, (f_value, num_df, den_df, p_value) in zip(table, printed.values(), strict=True):
        assert as_printed(row["f_value"], f_value)
        assert row["num_df"] == num_df
        assert as_printed(row["den_df"], den_df)
        assert as_printed(row["p_value"], p_value)
