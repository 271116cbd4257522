"""Functions of formulas: their values, what they remember for new data, names of coefficients."""

import numpy as np
import pandas as pd
import pytest
from formulaic.transforms import ContrastsRegistry

from lmm.data import open_table
from lmm.design.evaluator import Evaluator
from lmm.design.factor_calls import FACTOR_CALLS, LEARNED_FACTOR_CALLS
from lmm.design.matrix import learn_matrix
from lmm.errors import ColumnError
from lmm.formula import parse
from lmm.formula.elementwise import ELEMENTWISE
from lmm.formula.functions import CONTRAST_CLASSES, CONTRASTS, FUNCTIONS, METHODS
from lmm.formula.signatures import BINARY_NUMPY, SIGNATURES, UNARY_NUMPY, signature_of
from lmm.formula.transforms import LEARNED

X = np.array([1.0, 2.0, 4.0, 9.0])
FRAME = pd.DataFrame(
    {"x": X, "z": X[::-1], "f": list("abab"), "yield": X, "x.1": X, "x.10": 2 * X, "Weight (kg)": X}
)


def columns(frame):
    source = open_table(frame)
    return source.read(source.names)


def evaluate(term, frame=FRAME):
    """Spec and matrix of one side of a formula."""
    formula = parse(f"y ~ 0 + {term}", columns=frame.columns)
    return learn_matrix(formula.fixed, Evaluator(columns(frame), {}))


COMPUTED = ELEMENTWISE.keys() | LEARNED.keys() | FACTOR_CALLS.keys() | LEARNED_FACTOR_CALLS.keys()


def test_every_name_that_a_formula_may_call_has_a_function():
    codings = {f"contr.{name}" for name in CONTRASTS} | CONTRAST_CLASSES
    own = {"Q", "is.na"}  # the reader's, and the evaluator's
    assert COMPUTED | codings | own == SIGNATURES.keys() | {f"np.{n}" for n in UNARY_NUMPY | BINARY_NUMPY}
    assert {name for name in SIGNATURES if "." not in name} | {
        "as.numeric",
        "as.integer",
        "is.na",
    } == FUNCTIONS
    assert {name.removeprefix(".") for name in SIGNATURES if name.startswith(".")} == METHODS


@pytest.mark.parametrize("function", sorted(COMPUTED))
def test_every_function_has_the_arguments_of_its_signature(function):
    signature = signature_of(function)
    assert signature is not None
    assert signature.arguments[0].name in ("x", "condition", "conditions")


def test_codings_are_those_of_formulaic():
    assert {name for name in vars(ContrastsRegistry) if not name.startswith("__")} == CONTRASTS


VALUES = {
    "log(x)": np.log(X),
    "log(x, 2)": [0, 1, 2, np.log2(9)],
    "log(x, base=3)": np.log(X) / np.log(3),
    "log2(x)": np.log2(X),
    "log10(x)": np.log10(X),
    "log1p(x)": np.log(X + 1),
    "exp(x)": np.exp(X),
    "exp10(x)": [10, 100, 1e4, 1e9],
    "exp2(x)": [2, 4, 16, 512],
    "sqrt(x)": [1, np.sqrt(2), 2, 3],
    "abs(-x)": X,
    "np.abs(-x)": X,
    "ceiling(x / 2)": [1, 1, 2, 5],
    "round(x / 3)": [0, 1, 1, 3],
    "I(x^2)": X**2,
    "I(x %% 2)": [1, 0, 0, 1],
    "I(x %/% 2)": [0, 1, 2, 4],
    "{x^2 + 1}": X**2 + 1,
    "ifelse(x > 3, 1, 0)": [0, 0, 1, 1],
    "pmin(x, z)": [1, 2, 2, 1],
    "pmax(x, 3)": [3, 3, 4, 9],
    "I(x - mean(x))": X - 4,
    "I(x - median(x))": X - 3,
    "I(x - min(x))": X - 1,
    "I(x / max(x))": X / 9,
    "I((x - mean(x)) / sd(x))": (X - 4) / X.std(ddof=1),
    "scale(x)": (X - 4) / X.std(ddof=1),
    "center(x)": X - 4,
    "log(yield)": np.log(X),
    "scale(yield)": (X - 4) / X.std(ddof=1),
    "I(x.10 - x.1)": X,
    "scale(x.10) : x.1": (X - 4) / X.std(ddof=1) * X,
    "log(`Weight (kg)`)": np.log(X),
    "x.clip(2, 4).round()": [2, 2, 4, 4],
    "I((x > 1) & (z > 1))": [0, 1, 1, 0],
}


@pytest.mark.parametrize(("term", "values"), VALUES.items())
def test_values(term, values):
    np.testing.assert_allclose(evaluate(term)[1][:, -1], values, rtol=1e-14)


@pytest.mark.parametrize(
    "term",
    [
        "scale(x)",
        "center(x)",
        "poly(x, 2)",
        "ns(x, 3)",
        "I(x - mean(x))",
        "I(x / max(x))",
        "scale(yield)",
        "scale(x.10):x.1",
    ],
)
def test_what_was_learnt_from_the_data_is_kept_for_new_data(term):
    spec, matrix = evaluate(term)
    again = spec.build(Evaluator(columns(FRAME.iloc[:2]), {}, spec.transforms))
    np.testing.assert_allclose(again, matrix[:2], rtol=1e-14)


NAMES = {
    "C(f)": ["C(f)[a]", "C(f)[b]"],
    "factor(f)": ["C(f)[a]", "C(f)[b]"],
    "1 + factor(f)": ["Intercept", "C(f)[T.b]"],
    "1 + C(f, contr.sum)": ["Intercept", "C(f, contr.sum)[S.a]"],
    "1 + C(f, Sum)": ["Intercept", "C(f, Sum)[S.a]"],
    "1 + C(f, contr.treatment('b'))": ["Intercept", "C(f, contr.treatment('b'))[T.a]"],
    "1 + C(f, levels=c('b', 'a'))": ["Intercept", "C(f, levels=['b', 'a'])[T.a]"],
    "1 + poly(x,2,raw=TRUE)": ["Intercept", "poly(x, 2, raw=True)[0]", "poly(x, 2, raw=True)[1]"],
    "1 + x*f": ["Intercept", "x", "f[T.b]", "x:f[T.b]"],
    "1 + x %in% f": ["Intercept", "f[a]:x", "f[b]:x"],
    "1 + (x + z + f)^2 - x:z": ["Intercept", "x", "z", "f[T.b]", "x:f[T.b]", "z:f[T.b]"],
    "1 + `Weight (kg)`": ["Intercept", "Weight (kg)"],
    "1 + x.1 + log(x.1)": ["Intercept", "x.1", "log(`x.1`)"],
}


@pytest.mark.parametrize(("term", "names"), NAMES.items())
def test_names_of_coefficients_are_formulaics(term, names):
    assert list(evaluate(term)[0].names) == names


def test_a_column_that_is_not_there():
    with pytest.raises(ColumnError, match=r'There is no column "yeild"\. Did you mean "yield"\?'):
        Evaluator(columns(FRAME), {}).value("log(Q('yeild'))")
