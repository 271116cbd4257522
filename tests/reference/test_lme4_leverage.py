"""Leverages against lme4's hatvalues, at the theta where R stopped."""

import pytest

import lmm
from tests import tolerances
from tests.reference.lme4 import cases

WITH_LEVERAGES = [case_id for case_id, case in cases.reference().items() if case.get("hat_head")]


def test_there_are_such_cases():
    assert len(WITH_LEVERAGES) == 2


@pytest.mark.parametrize("case_id", WITH_LEVERAGES)
def test_leverages_are_hatvalues(case_id):
    expected = cases.reference()[case_id]["hat_head"]
    found = lmm.leverage(cases.at_theta_of_r(case_id))[: len(expected)]
    assert found == pytest.approx(expected, rel=tolerances.SAME_THETA)
