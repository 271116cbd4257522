"""The same rows fitted with another criterion or without a term: as a new fit of the smaller formula."""

import pytest

import lmm
from lmm.errors import LmmError
from lmm.inference.fits.variants import by_ml, with_random, without_term

DATA = lmm.datasets.load("sleepstudy")
FIT = lmm.fit("Reaction ~ Days + (Days | Subject)", DATA)


def test_by_ml():
    wanted = lmm.fit("Reaction ~ Days + (Days | Subject)", DATA, method="ml")
    assert by_ml(FIT).criterion == pytest.approx(wanted.criterion, rel=1e-10)
    assert by_ml(wanted) is wanted


def test_without_a_fixed_term():
    wanted = lmm.fit("Reaction ~ 1 + (Days | Subject)", DATA, method="ml")
    assert without_term(FIT, "Days").criterion == pytest.approx(wanted.criterion, rel=1e-10)


def test_with_fewer_random_terms():
    assert with_random(FIT, ()).criterion == pytest.approx(
        lmm.fit("Reaction ~ Days", DATA).criterion, rel=1e-10
    )
    held = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"), theta=[0.5])
    with pytest.raises(LmmError, match="given as theta="):
        with_random(held, ())
