"""Fits do not take more evaluations of the criterion than they did: work that no slow machine can hide."""

import statistics

from tests.reference.lme4 import cases


def evaluations():
    return {case: cases.fitted(case).certificate.n_evaluations for case in cases.reference()}


def test_evaluations_of_the_reference_fits():
    counts = evaluations()
    assert statistics.median(counts.values()) <= 7
    assert max(counts.values()) <= 15, counts
    assert sum(counts.values()) <= 7.5 * len(counts), counts


def test_evaluations_of_all_starts():
    """Further starts are for few levels; where they are tried they end soon, at the optimum that is known."""
    for case in cases.reference():
        certificate = cases.fitted(case).certificate
        in_all = certificate.details.get("evaluations_in_all", certificate.n_evaluations)
        assert in_all <= 80, case
        # Seven where levels are few, and two more where a few rows could saturate the levels.
        assert certificate.starts_tried <= 9


def test_the_trace_tells_the_evaluations():
    """No step is taken without one; few are taken with more."""
    for case in cases.reference():
        fit = cases.fitted(case)
        assert fit.certificate.n_iterations == len(fit.trace) - 1
        assert fit.certificate.n_evaluations >= fit.certificate.n_iterations
