"""Degrees of freedom where a covariance of random effects has not full rank, against lmerTest and pbkrtest."""

import json
import pathlib

import pytest

import lmm
from tests import tolerances

VALUES = json.loads(pathlib.Path(__file__).with_name("singular").joinpath("values.json").read_text())
MODELS = {
    "oats_block": ("yield ~ nitro + (nitro | Block)", "Oats"),
    "oats_block_and_plot": ("yield ~ nitro + (nitro | Block) + (1 | Block:Variety)", "Oats"),
    "oats_plot": ("yield ~ nitro + Variety + (nitro | Block:Variety)", "Oats"),
    "cake": ("angle ~ recipe + temp + (temp | replicate)", "cake"),
}


@pytest.mark.parametrize("name", MODELS)
def test_degrees_of_freedom(name):
    formula, data = MODELS[name]
    fit, expected = lmm.fit(formula, lmm.datasets.load(data)), VALUES[name]
    assert fit.singular
    assert fit.criterion == pytest.approx(expected["criterion"], abs=1e-6)
    order = [list(fit.internals.design.names).index(ours(name)) for name in expected["names"]]
    table = fit.coefficients(df="satterthwaite")
    assert table["df"][order] == pytest.approx(expected["satterthwaite"], rel=tolerances.DF)
    assert table["std_error"][order] == pytest.approx(expected["std_error"], rel=tolerances.DF)
    table = fit.coefficients(df="kenward-roger")
    assert table["df"][order] == pytest.approx(expected["kr"], rel=tolerances.DF)
    assert table["std_error"][order] == pytest.approx(expected["kr_std_error"], rel=tolerances.DF)


def ours(name):
    if name == "(Intercept)":
        return "Intercept"
    for factor in ("Variety", "recipe"):
        if name.startswith(factor):
            return f"{factor}[T.{name.removeprefix(factor)}]"
    return name
