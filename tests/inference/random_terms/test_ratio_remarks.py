"""Sentences about p-values of variances."""

from lmm.inference.random_terms.exact_tests import ExactTest
from lmm.inference.random_terms.ratio_remarks import ExactRemarks, MixtureRemarks


def test_mixtures_are_named_with_their_terms():
    remarks = MixtureRemarks()
    remarks.add("(1 | a)", "½χ²(0) + ½χ²(1)", singular=False)
    remarks.add("(1 | b)", "½χ²(0) + ½χ²(1)", singular=True)
    first, second = remarks.sentences()
    assert first == "p_value: ½χ²(0) + ½χ²(1) for (1 | a), (1 | b)."
    assert second.startswith("Without (1 | b) another variance is zero")


def test_exact_tests_say_how_exact():
    remarks = ExactRemarks(10_000)
    remarks.add("(1 | a)", ExactTest(0.04, 0.002, True, ""))
    remarks.add(
        "(x | b)", ExactTest(float("nan"), float("nan"), False, "more than one variance or covariance")
    )
    draws, held, missing = remarks.sentences()
    assert "10,000 draws" in draws
    assert "0.002" in draws
    assert held.startswith("Approximate for (1 | a)")
    assert missing.startswith("Missing for (x | b)")
