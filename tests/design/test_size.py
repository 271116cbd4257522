"""Designs of thousands of terms, and expressions of thousands of summands."""

from __future__ import annotations

import numpy as np
import pytest

import lmm
from lmm.design import DesignSpec
from lmm.errors import DesignError
from lmm.formula import parse

ROWS = 40


def columns(n: int, rows: int = ROWS) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {"y": rng.normal(size=rows)} | {f"x{i}": rng.normal(size=rows) for i in range(n)}


@pytest.mark.parametrize("number", [2, 1200, 5000])
@pytest.mark.parametrize("operator", ["+", "-", "*"])
def test_an_expression_of_thousands_of_columns_is_their_sum_or_product(number, operator):
    data = columns(number)
    parts = np.array([data[f"x{i}"] for i in range(number)])
    expected = {
        "+": lambda: parts.sum(axis=0),
        "-": lambda: parts[0] - parts[1:].sum(axis=0),
        "*": lambda: parts.prod(axis=0),
    }[operator]()
    text = operator.join(f"x{i}" for i in range(number))
    scale = float(np.abs(expected).max()) or 1.0
    _, design = DesignSpec.learn(parse(f"y ~ I({text})"), data)

    assert design.X[:, 1] / scale == pytest.approx(expected / scale, abs=1e-10)


def test_five_thousand_terms_are_built():
    data = columns(5000, 30)
    formula = parse("y ~ " + " + ".join(f"x{i}" for i in range(5000)))
    with pytest.raises(DesignError, match="30 independent columns for 30 rows"):
        DesignSpec.learn(formula, data)


@pytest.mark.parametrize("intercept", ["1", "0"])
def test_hundreds_of_terms_are_fitted(intercept):
    data = columns(250, 300)
    fit = lmm.fit(f"y ~ {intercept} + " + " + ".join(f"x{i}" for i in range(250)), data)
    X = np.column_stack([*([np.ones(300)] if intercept == "1" else []), *(data[f"x{i}"] for i in range(250))])

    assert fit.beta == pytest.approx(np.linalg.lstsq(X, data["y"], rcond=None)[0], rel=1e-8, abs=1e-10)
