"""`lmm.Family` and family=: what is read, and what is refused by name."""

import pytest

import lmm
from lmm.errors import ArgumentError, UnsupportedError

FORMULA = "Reaction ~ Days + (1 | Subject)"


@pytest.fixture(scope="module")
def data():
    return lmm.datasets.load("sleepstudy")


@pytest.mark.parametrize(
    "family", ["gaussian", "gaussian(identity)", " gaussian ( identity ) ", "normal", lmm.Family(), None]
)
def test_the_linear_model_by_any_name(data, family):
    assert lmm.fit(FORMULA, data, family=family).criterion == lmm.fit(FORMULA, data).criterion


@pytest.mark.parametrize(
    ("family", "match"),
    [
        ("binomial", 'family="binomial" is not available yet'),
        ("gamma(inverse)", r'family="gamma\(inverse\)" is not available yet'),
        ("negative_binomial", 'family="nbinom2" is not available yet'),
        ("gaussian(log)", r'family="gaussian\(log\)" is not available yet'),
        (lmm.Family("gaussian", dispersion="~ x"), "dispersion= of a family is not available yet"),
        (lmm.Family("poisson", nagq=9), 'family="poisson" is not available yet'),
    ],
)
def test_what_comes_later_names_who_has_it(data, family, match):
    with pytest.raises(UnsupportedError, match=f"{match}.*glmmTMB"):
        lmm.fit(FORMULA, data, family=family)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: lmm.Family("poison"), 'no family "poison". Did you mean "poisson"'),
        (lambda: lmm.Family("cauchy-like"), "There are gaussian, binomial"),
        (lambda: lmm.Family("poisson", link="logit"), "link"),
        (lambda: lmm.Family("poisson", dispersion="x"), 'a formula such as "~ x"'),
        (lambda: lmm.Family(3), "name"),
        (lambda: lmm.Family("poisson", nagq=-1), "nagq"),
        (lambda: lmm.Family(naqg=2), "did you mean nagq="),
    ],
)
def test_what_cannot_be_is_refused(make, match):
    with pytest.raises(ArgumentError, match=match):
        make()


def test_other_kinds_and_quadrature_of_a_linear_model(data):
    with pytest.raises(ArgumentError, match="family= must be a name"):
        lmm.fit(FORMULA, data, family=3)
    with pytest.raises(ArgumentError, match="nagq= has no meaning for the linear mixed model"):
        lmm.fit(FORMULA, data, family=lmm.Family(nagq=5))
