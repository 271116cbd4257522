"""In balanced designs Kenward-Roger, Satterthwaite and the classical strata are one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

import lmm

DESIGNS = st.tuples(st.integers(3, 7), st.integers(2, 4), st.integers(2, 4), st.integers(0, 10_000))


def split_plot(blocks, whole, split, seed):
    """Responses (blocks, whole, split) with all variances well above zero, and their table."""
    rng = np.random.default_rng(seed)
    y = (
        rng.normal(scale=4.0, size=(blocks, 1, 1))
        + rng.normal(scale=3.0, size=(blocks, whole, 1))
        + rng.normal(size=(blocks, whole, split))
        + rng.normal(size=(1, whole, 1))
        + rng.normal(size=(1, 1, split))
    )
    index = np.indices(y.shape).reshape(3, -1)
    names = {"block": "b", "whole": "w", "split": "s"}
    columns = {
        name: [f"{letter}{i}" for i in at] for (name, letter), at in zip(names.items(), index, strict=True)
    }
    return y, pd.DataFrame(columns | {"y": y.ravel()})


def strata(y):
    """F and denominator degrees of freedom of whole, split and their product, from means."""
    r, a, b = y.shape
    mean = y.mean()
    block, whole, split = y.mean((1, 2)), y.mean((0, 2)), y.mean((0, 1))
    plots, cells = y.mean(2), y.mean(0)
    ss_whole = r * b * np.sum((whole - mean) ** 2)
    ss_plots = b * np.sum((plots - block[:, None] - whole + mean) ** 2)
    ss_split = r * a * np.sum((split - mean) ** 2)
    ss_both = r * np.sum((cells - whole[:, None] - split + mean) ** 2)
    ss_error = np.sum((y - plots[:, :, None] - cells + whole[:, None]) ** 2)
    df_plots, df_error = (r - 1) * (a - 1), a * (r - 1) * (b - 1)
    ms_plots, ms_error = ss_plots / df_plots, ss_error / df_error
    ms_block = a * b * np.sum((block - mean) ** 2) / (r - 1)
    f = [
        ss_whole / (a - 1) / ms_plots,
        ss_split / (b - 1) / ms_error,
        ss_both / ((a - 1) * (b - 1)) / ms_error,
    ]
    return f, [df_plots, df_error, df_error], ms_block > ms_plots > ms_error


@given(DESIGNS)
def test_split_plot(design):
    y, data = split_plot(*design)
    f, df, positive = strata(y)
    # Where a mean square is below that of the next stratum, REML has a variance of zero and the classical F none.
    assume(positive)
    fit = lmm.fit("y ~ whole * split + (1 | block/whole)", data)
    for kind in (1, 2, 3):
        for method in ("kenward-roger", "satterthwaite"):
            table = fit.anova(type=kind, df=method)
            assert table["f_value"] == pytest.approx(f, rel=1e-6)
            assert table["den_df"] == pytest.approx(df, rel=1e-5)


@given(st.integers(3, 12), st.integers(0, 10_000))
def test_two_treatments_in_complete_blocks_are_a_paired_t_test(blocks, seed):
    y, data = split_plot(blocks, 2, 1, seed)
    fit = lmm.fit("y ~ whole + (1 | block)", data)
    assume(not fit.singular)
    row = next(iter(fit.anova(df="kenward-roger")))
    paired = ttest_rel(y[:, 0, 0], y[:, 1, 0])
    assert row["f_value"] == pytest.approx(paired.statistic**2, rel=1e-6)
    assert row["den_df"] == pytest.approx(blocks - 1, rel=1e-6)
    assert row["p_value"] == pytest.approx(paired.pvalue, rel=1e-5)


@given(DESIGNS)
def test_balanced_data_have_one_analysis_of_variance(design):
    _, data = split_plot(*design)
    fit = lmm.fit("y ~ whole * split", data)
    first, second, third = (fit.anova(type=kind)["sum_sq"] for kind in (1, 2, 3))
    assert second == pytest.approx(first, rel=1e-9)
    assert third == pytest.approx(first, rel=1e-9)
