"""Names of methods, and the rule of df="auto"."""

import pytest

import lmm
from lmm.errors import LmmError
from lmm.inference.df.catalog import df_method, df_method_of_effects

FORMULA = "Reaction ~ Days + (Days | Subject)"


@pytest.mark.parametrize(
    ("method", "name"), [("reml", "kenward-roger"), ("ml", "satterthwaite"), ("moments", "satterthwaite")]
)
def test_auto(method, name):
    formula = FORMULA if method != "moments" else "Reaction ~ Days + (1 | Subject)"
    fit = lmm.fit(formula, lmm.datasets.load("sleepstudy"), method=method)
    assert df_method(fit, "auto").name == name


def test_a_linear_model_has_residual_df():
    fit = lmm.fit("Reaction ~ Days", lmm.datasets.load("sleepstudy"))
    assert df_method(fit).name == df_method_of_effects(fit).name == "residual"


def test_names_numbers_and_objects():
    fit = lmm.fit(FORMULA, lmm.datasets.load("sleepstudy"))
    assert df_method(fit, "normal").name == "normal"
    assert df_method(fit, lmm.Satterthwaite()) == lmm.Satterthwaite()
    with pytest.raises(LmmError, match="kenward-roger"):
        df_method(fit, "kenward-rogers")
