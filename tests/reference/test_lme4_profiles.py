"""ML profile intervals of lme4 (its confint of a fit by either method), to 1e-3 of their width."""

import pytest

from tests.reference.lme4 import cases, names

IDS = [case_id for case_id, case in cases.reference().items() if "confint_profile" in case]
WIDTH = 1e-3  # lme4 interpolates between points, we search the limits


@pytest.mark.parametrize("case_id", IDS)
def test_profile_intervals(case_id):
    fit, case = cases.fitted(case_id), cases.reference()[case_id]
    ours = {row["term"]: (row["conf_low"], row["conf_high"]) for row in fit.confint(criterion="ml")}
    assert len(ours) == len(case["confint_profile"])
    for name, row in zip(our_names(fit, case), case["confint_profile"], strict=True):
        limits = row["2.5 %"], row["97.5 %"]
        assert ours[name] == pytest.approx(limits, abs=WIDTH * (limits[1] - limits[0])), name


def our_names(fit, case):
    """In lme4's order: of each term the lower triangle of its covariance by columns, sigma, coefficients."""
    # No case has several terms with correlations, and none has terms in another order than the formula.
    for part in fit.internals.design.random:
        columns = part.columns
        for j, first in enumerate(columns):
            yield f"sd_{first}|{part.group}"
            yield from (f"cor_{first}.{second}|{part.group}" for second in columns[j + 1 :])
    yield "sigma"
    yield from (names.coefficient(name, cases.data(case["id"])) for name in case["beta_names"])


def test_all_stored_profiles_are_here():
    assert len(IDS) == 7
