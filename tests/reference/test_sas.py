"""PROC MIXED: solutions with Kenward-Roger and Satterthwaite, and the covariance of the variance components."""

import functools
import pathlib

import numpy as np
import pandas as pd
import pytest

import lmm

FOLDER = pathlib.Path(__file__).with_name("sas")
CLOSE = 1e-4  # relative; what SAS's convergence criterion of 1e-8 leaves in the variances
QUADRATIC = "({0} + {1} + {2}) ** 2 + I({0} ** 2) + I({1} ** 2) + I({2} ** 2)"
METHODS = {"kr": lmm.KenwardRoger(information="observed"), "satterthwaite": lmm.Satterthwaite()}


def read(name):
    return pd.read_csv(FOLDER / f"{name}.csv")


def coded(column):
    """[-1, 1] by the smallest and the largest value."""
    low, high = column.min(), column.max()
    return (2 * column - low - high) / (high - low)


@functools.cache
def fitted(name):
    if name == "wind_tunnel":
        fixed = "(FRH + RRH + YA + GC) ** 2 + " + " + ".join(
            f"I({x} ** 2)" for x in ("FRH", "RRH", "YA", "GC")
        )
        data = read(name).rename(columns={"Whole Plots": "WP"})
        return lmm.fit(f"EFFICIENCY ~ {fixed} + (1 | WP)", data)
    if name == "pastry":
        data = read(name)
        short = {"Flow Rate": "FR", "Moisture Content": "MC", "Screw Speed": "SS"}
        data = data.assign(**{new: coded(data[old]) for old, new in short.items()})
        data["LEI"] = data["Longitudinal Expansion Index"]
        return lmm.fit(f"LEI ~ {QUADRATIC.format(*short.values())} + (1 | Day)", data)
    bars = {"sleepstudy_corr": "(Days | Subject)", "sleepstudy_zerocorr": "(Days || Subject)"}
    return lmm.fit(f"Reaction ~ Days + {bars[name]}", lmm.datasets.load("sleepstudy"))


def ours(effect):
    """SAS's ``FRH*FRH`` is a square here, ``FRH*RRH`` a product."""
    first, _, second = effect.partition("*")
    if first == second:
        return f"I({first} ** 2)"
    return effect.replace("*", ":").replace("days", "Days")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["wind_tunnel", "pastry", "sleepstudy_corr", "sleepstudy_zerocorr"])
def test_solution(name, method):
    expected = read(f"{name}_{method}")
    table = fitted(name).coefficients(df=METHODS[method])
    rows = [list(table["term"]).index(ours(effect)) for effect in expected["Effect"]]
    assert len(rows) == len(table)
    errors = expected["StdErr"].to_numpy()
    # An estimate near zero is as exact as its standard error.
    assert table["estimate"][rows] == pytest.approx(expected["Estimate"].to_numpy(), abs=CLOSE * errors.min())
    for ours_name, sas_name in (("std_error", "StdErr"), ("df", "DF"), ("p_value", "Probt")):
        assert table[ours_name][rows] == pytest.approx(
            expected[sas_name].to_numpy(), rel=10 * CLOSE if ours_name == "p_value" else CLOSE
        )
    assert table["statistic"][rows] == pytest.approx(expected["tValue"].to_numpy(), rel=CLOSE, abs=CLOSE)


@pytest.mark.parametrize("name", ["wind_tunnel", "pastry", "sleepstudy_zerocorr"])
def test_asymptotic_covariance_of_the_variances(name):
    expected = read(f"{name}_asycov").filter(like="CovP").select_dtypes("number").to_numpy()
    table = lmm.asymptotic_covariance(fitted(name))
    found = np.column_stack([table[column] for column in table.columns[1:]])
    sizes = np.sqrt(np.diag(expected))
    assert found / np.outer(sizes, sizes) == pytest.approx(expected / np.outer(sizes, sizes), abs=CLOSE)


def test_expected_information_gives_other_degrees_of_freedom():
    """The files tell the two informations apart: the intercept of wind_tunnel has 4.2114 df in SAS."""
    expected = read("wind_tunnel_kr")["DF"][0]
    found = fitted("wind_tunnel").coefficients(df="kenward-roger")["df"][0]
    assert found == pytest.approx(4.2078, abs=5e-5)
    assert expected == pytest.approx(4.2114, abs=5e-5)


def test_heights():
    """SAS/STAT User's Guide, The MIXED Procedure, Getting Started: clustered data example."""
    fit = lmm.fit("Height ~ Gender + (1 | Family) + (1 | Family:Gender)", lmm.datasets.load("heights"))
    assert fit.criterion == pytest.approx(71.02245869, abs=5e-9)
    assert fit.varcorr["vcov"].round(4).tolist() == [2.4010, 1.7657, 2.1668]
    # Type 3 test of Gender with the default, containment.
    table = fit.test("Gender[T.M] = 0", joint=True, df="containment")
    assert (table["num_df"][0], table["den_df"][0]) == (1, 3)
    assert table["f_value"].round(2).tolist() == [7.95]
    assert table["p_value"].round(4).tolist() == [0.0667]
