"""Families of contrasts against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lmm
from lmm.means.families.named import FAMILIES, family_contrasts
from tests.means.models import looms, oats


def matrix(name, k, **options):
    counts = options.pop("counts", np.arange(1.0, k + 1))
    found = family_contrasts(name, [f"m{i}" for i in range(k)], counts, **options)
    dense = found.matrix.toarray() if hasattr(found.matrix, "toarray") else found.matrix
    return dense, found.labels


def test_there_are_seventeen():
    assert len(FAMILIES) == 17


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "identity"])
@pytest.mark.parametrize("k", [2, 3, 7])
def test_all_but_one_are_contrasts(name, k):
    K, labels = matrix(name, k)
    assert K.sum(axis=1) == pytest.approx(0, abs=1e-9)
    assert len(labels) == len(set(labels)) == len(K)


def test_definitions():
    assert matrix("pairwise", 3)[0].tolist() == [[1, -1, 0], [1, 0, -1], [0, 1, -1]]
    assert matrix("revpairwise", 3)[0].tolist() == [[-1, 1, 0], [-1, 0, 1], [0, -1, 1]]
    assert (matrix("tukey", 3, reverse=True)[0] == matrix("revpairwise", 3)[0]).all()
    assert matrix("trt.vs.ctrlk", 3)[1] == ["m0 - m2", "m1 - m2"]
    assert matrix("dunnett", 3, ref=-1)[1] == ["m0 - m2", "m1 - m2"]
    assert matrix("dunnett", 3, ref="m1", reverse=True)[1] == ["m1 - m0", "m1 - m2"]
    assert matrix("consec", 3)[0].tolist() == [[-1, 1, 0], [0, -1, 1]]
    assert matrix("mean_chg", 3)[0] == pytest.approx(np.array([[-1, 0.5, 0.5], [-0.5, -0.5, 1]]))
    assert matrix("eff", 4)[0] == pytest.approx(np.eye(4) - 0.25)
    assert matrix("del.eff", 3)[0] == pytest.approx(1.5 * np.eye(3) - 0.5)
    assert matrix("helmert", 3)[0].tolist() == [[-1, 1, 0], [-1, -1, 2]]
    assert matrix("wtcon", 3, counts=np.array([1.0, 1.0, 2.0]))[0] == pytest.approx(
        np.eye(3) - np.array([0.25, 0.25, 0.5])
    )
    assert matrix("eff", 3, weights=[2, 5, 3])[0] == pytest.approx(np.eye(3) - np.array([0.2, 0.5, 0.3]))
    assert matrix("identity", 2)[0].tolist() == [[1, 0], [0, 1]]


@given(st.integers(2, 40))
def test_polynomials_are_orthogonal_whole_numbers_without_a_common_divisor(k):
    K, labels = matrix("poly", k)
    assert (np.round(K) == K).all()
    assert all(np.gcd.reduce(row.astype(np.int64)) == 1 for row in K)
    gram = K @ K.T
    assert gram - np.diag(np.diag(gram)) == pytest.approx(0, abs=1e-6 * gram.max())
    x = np.arange(k) - (k - 1) / 2
    for degree, row in enumerate(K, start=1):
        lower = np.vander(x, degree, increasing=True)
        assert row @ lower == pytest.approx(0, abs=1e-6 * np.abs(row).max() * np.abs(lower).max() * k)
        assert row @ x**degree > 0
    assert labels == ["linear", "quadratic", "cubic", "quartic", "degree 5", "degree 6"][: k - 1]


def test_published_tables_of_polynomials():
    """Fisher and Yates (1938), table XXIII."""
    assert matrix("poly", 5)[0].tolist() == [
        [-2, -1, 0, 1, 2],
        [2, -1, -2, -1, 2],
        [-1, 2, 0, -2, 1],
        [1, -4, 6, -4, 1],
    ]
    assert matrix("poly", 8)[0][1].tolist() == [7, 1, -3, -5, -5, -3, 1, 7]


def test_orthonormal_polynomials_over_scores():
    K, _ = matrix("opoly", 4, scores=[0, 1, 4, 9])
    assert pytest.approx(np.eye(3), abs=1e-12) == K @ K.T
    assert K @ np.ones(4) == pytest.approx(0, abs=1e-12)
    equal, _ = matrix("opoly", 4)
    whole, _ = matrix("poly", 4)
    assert equal == pytest.approx(whole / np.linalg.norm(whole, axis=1, keepdims=True))


def test_normalized_families():
    K, labels = matrix("nrmlz", 4, family="mean_chg")
    plain, same = matrix("mean_chg", 4)
    assert pytest.approx(plain / np.linalg.norm(plain, axis=1, keepdims=True)) == K
    assert labels == same


def test_excluded_means_count_nothing():
    K, labels = matrix("pairwise", 4, exclude=["m1"])
    assert labels == ["m0 - m2", "m0 - m3", "m2 - m3"]
    assert (K[:, 1] == 0).all()
    assert matrix("eff", 3, exclude=0)[0].tolist() == [[0, 0.5, -0.5], [0, -0.5, 0.5]]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("pairwize", {}, 'no family of contrasts .pairwize.; .* Did you mean "pairwise"'),
        ("pairwise", {"ref": 0}, 'ref= is not an option of "pairwise" contrasts; it belongs to trt.vs.ctrl'),
        ("dunnett", {"ref": "X"}, "ref= names 'X', which is none of L, M, H"),
        ("dunnett", {"ref": 5}, r"ref= must name means by label or position \(0 to 2\)"),
        ("dunnett", {"ref": 0.5}, r"ref= must name means by label or position \(0 to 2\); it has 0.5"),
        ("dunnett", {"ref": [0, 1, 2]}, "nothing is left to compare"),
        ("dunnett", {"ref": "L", "exclude": "L"}, "ref= names a mean that exclude= leaves out"),
        ("poly", {"max_degree": 3}, "max_degree= must be a whole number from 1 to 2"),
        ("opoly", {"scores": [1, 1, 2]}, "scores= needs a different number for each of the 3 means"),
        ("eff", {"weights": [1, 2]}, "weights= needs one number of at least 0 for each of the 3 means"),
        ("nrmlz", {"family": "nrmlz"}, "must name another family"),
        ("consec", {"exclude": ["L", "M"]}, "need at least two means; there is 1"),
    ],
)
def test_mistakes(name, options, message):
    with pytest.raises(lmm.LmmError, match=message):
        looms().emmeans("tension").contrast(name, **options)


def test_a_control_is_named_by_its_label_or_its_level():
    means = oats().emmeans("nitro | Variety")
    for ref in ("nitro0.2", "0.2", 1, ["0.2"]):
        assert means.contrast("dunnett", ref=ref)["contrast"][0] == "nitro0 - nitro0.2"
    with pytest.raises(lmm.LmmError, match=r"ref= names '0\.25', which is none of nitro0, nitro0\.2"):
        means.contrast("dunnett", ref="0.25")


def test_excluded_means_are_no_members_of_the_family():
    some = looms().emmeans("tension").contrast("pairwise", exclude="M", adjust="tukey")
    alone = looms().emmeans("tension", at={"tension": ["L", "H"]}).contrast("pairwise", adjust="tukey")
    assert some["p_value"] == pytest.approx(alone["p_value"])


@pytest.mark.parametrize(("family", "note"), [(None, "3 means: tukey"), ("consec", "2 tests: mvt")])
def test_rows_of_length_one_are_tested_as_their_family(family, note):
    means = looms().emmeans("tension")
    scaled, plain = means.contrast("nrmlz", family=family), means.contrast(family or "pairwise")
    for column in ("statistic", "p_value"):
        assert scaled[column] == pytest.approx(plain[column], rel=1e-4)
    assert f"Adjusted for {note}." in scaled.notes


def test_weighted_contrasts_take_numbers_of_observations():
    frame = lmm.datasets.load("warpbreaks")[4:]
    fit = lmm.fit("breaks ~ tension", frame)
    found = fit.emmeans("tension").contrast("wtcon")
    means = frame.groupby("tension", observed=True)["breaks"].mean()
    assert found["estimate"] == pytest.approx(means.to_numpy() - frame["breaks"].mean())
