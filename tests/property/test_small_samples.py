"""A handful of rows, whatever their scale: every verb of inference gives numbers that can be, or says why not."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lmm
from tests.inference.models import quietly

FIXED = ("1", "x", "a", "a * b", "x * a", "0 + a", "0", "x + I(x ** 2)")
RANDOM = (
    "",
    " + (1 | g)",
    " + (x | g)",
    " + (x || g)",
    " + (1 | g) + (1 | h)",
    " + (1 | g/h)",
    " + (0 + x | g)",
)

VERBS = {
    "kenward-roger": lambda fit: fit.coefficients(),
    "satterthwaite": lambda fit: fit.coefficients(df="satterthwaite"),
    "observed": lambda fit: fit.anova(df=lmm.KenwardRoger("observed")),
    "type 1": lambda fit: fit.anova(type=1),
    "type 2": lambda fit: fit.anova(type=2, df="satterthwaite"),
    "type 3": lambda fit: fit.anova(),
    "car": lambda fit: fit.anova(type=2, containment="marginal", test="chisq"),
    "robust": lambda fit: fit.anova(vcov=lmm.ClusterRobust("CR2", cluster="g")),
    "wald": lambda fit: fit.confint(method="wald"),
    "bca": lambda fit: fit.confint(method="bootstrap", kind="bca", n=60, seed=1),
    "components": lmm.variance_components,
    "icc": lmm.icc,
    "r squared": lmm.r_squared,
    "random terms": lmm.random_anova,
    "rows": lambda fit: fit.influence(),
    "clusters": lambda fit: fit.influence(by="g"),
    "prediction": lambda fit: fit.predict(interval="prediction"),
}


def check(table):
    """Probabilities are some, and what is a size has no sign."""

    def known(name):
        values = np.asarray(table[name], dtype=float)
        return values[~np.isnan(values)]

    for name in table.columns:
        if name in {"p_value", "p_value_naive"}:
            assert ((known(name) >= 0.0) & (known(name) <= 1.0)).all(), name
        if name in {"df", "den_df", "f_value", "chisq", "std_error", "cooks_distance"}:
            assert (known(name) >= 0.0).all(), name
    if "conf_low" in table.columns:
        width = np.asarray(table["conf_high"], dtype=float) - np.asarray(table["conf_low"], dtype=float)
        assert not (width < 0.0).any()
        assert not np.isinf(np.asarray(table["conf_low"], dtype=float)).any()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    n=st.sampled_from([6, 9, 14, 30]),
    fixed=st.sampled_from(FIXED),
    random=st.sampled_from(RANDOM),
    method=st.sampled_from(["reml", "ml"]),
    scale=st.integers(-6, 6),
)
def test_numbers_that_can_be_or_words(seed, n, fixed, random, method, scale):
    rng = np.random.default_rng(seed)
    g, a = rng.integers(0, 4, n), rng.integers(0, 3, n)
    data = {"x": rng.normal(size=n) * 10.0**-scale, "g": g.astype(str), "a": a.astype(str)}
    data |= {"h": rng.integers(0, 3, n).astype(str), "b": rng.integers(0, 2, n).astype(str)}
    data["y"] = 10.0**scale * (rng.normal(size=n) + rng.choice([0.0, 2.0]) * rng.normal(size=4)[g])
    try:
        fit = quietly(f"y ~ {fixed}{random}", data, method=method)
    except lmm.LmmError:
        return
    for verb in VERBS.values():
        try:
            with warnings.catch_warnings():
                # Smaller models need not converge here.
                warnings.simplefilter("ignore", lmm.LmmWarning)
                table = verb(fit)
        except lmm.LmmError:
            continue
        check(table)


def test_the_verbs_give_tables():
    fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    assert all(len(verb(fit)) for name, verb in VERBS.items() if name not in {"robust", "clusters"})
    with pytest.raises(AssertionError, match="f_value"):
        check(lmm.Table({"f_value": np.array([-1.0])}))
