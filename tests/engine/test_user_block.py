"""`lmm.block`: what a user hands in is checked, copied, and turned into a root."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

import lmm
from lmm.errors import ArgumentError, DesignError

Z = np.arange(24.0).reshape(4, 6) % 5
KINSHIP = np.array([[1.0, 0.5, 0.25], [0.5, 1.0, 0.125], [0.25, 0.125, 1.0]])


def test_columns_are_levels_by_default():
    term = lmm.block(Z)
    assert (term.n_rows, term.n_levels, term.n_columns, term.structure) == (4, 6, 1, "us")
    assert term.labels == ("1", "2", "3", "4", "5", "6")
    assert term.root is None


@pytest.mark.parametrize(
    "given", [Z, Z.astype(int), Z.tolist(), csr_array(Z), pd.DataFrame(Z), np.asfortranarray(Z)]
)
def test_any_real_matrix_will_do(given):
    np.testing.assert_array_equal(lmm.block(given, k=2).to_dense(), Z)


@pytest.mark.parametrize("make", [np.array, csr_array])
def test_later_changes_of_the_argument_do_not_reach_the_block(make):
    given = make(Z)
    term = lmm.block(given)
    given *= 2.0
    np.testing.assert_array_equal(term.to_dense(), Z)


def test_what_is_stored_twice_is_summed():
    twice = csr_array((np.ones(3), np.array([1, 1, 0]), np.array([0, 2, 3])), shape=(2, 2))
    term = lmm.block(twice)
    assert term.to_sparse().nnz == 2
    np.testing.assert_array_equal(term.to_dense(), [[0, 2], [1, 0]])


@pytest.mark.parametrize("given", [KINSHIP, csr_array(KINSHIP), pd.DataFrame(KINSHIP)])
def test_covariance_and_precision_have_lower_roots(given):
    by_covariance = lmm.block(Z, k=2, covariance=given)
    by_precision = lmm.block(Z, k=2, precision=np.linalg.inv(KINSHIP))
    for term in (by_covariance, by_precision):
        np.testing.assert_allclose(term.root @ term.root.T, KINSHIP, atol=1e-14)
        np.testing.assert_array_equal(term.root, np.tril(term.root))


def test_singular_covariance_has_a_lower_root():
    twins = np.array([[1.0, 1.0, 0.5], [1.0, 1.0, 0.5], [0.5, 0.5, 1.0]])
    root = lmm.block(Z, k=2, covariance=twins).root
    np.testing.assert_allclose(root @ root.T, twins, atol=1e-14)
    np.testing.assert_allclose(root, np.tril(root), atol=1e-15)


def test_labelled_covariance_must_be_in_the_order_of_the_levels():
    names = ["a", "b", "c"]
    frame = pd.DataFrame(KINSHIP, index=names, columns=names)
    np.testing.assert_allclose(lmm.block(Z, k=2, levels=names, covariance=frame).to_dense(), Z)
    with pytest.raises(DesignError, match=r"begin with c, a, b, levels= with a, b, c\. Reorder"):
        lmm.block(Z, k=2, levels=names, covariance=frame.loc[["c", "a", "b"], ["c", "a", "b"]])


def with_entry(matrix, value):
    changed = matrix.copy()
    changed[0, 1] = value
    return changed


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"Z": Z[:, 0]}, r"its shape is \(4,\)\. Write Z\[:, None\]"),
        ({"Z": Z[:, :0]}, r"empty: its shape is \(4, 0\)"),
        ({"Z": [["a", "b"]]}, "must hold real numbers; its type is <U1"),
        ({"Z": Z + 1j}, "its type is complex128"),
        ({"Z": with_entry(Z, np.nan)}, "1 entries that are missing or infinite"),
        ({"Z": csr_array(with_entry(Z, np.inf))}, "1 entries that are missing or infinite"),
        ({"Z": Z, "k": 4}, "6 columns, which is not a multiple of k=4"),
        ({"Z": Z, "k": 0}, "k= must be a whole number of at least 1, not 0"),
        ({"Z": Z, "k": 2.0}, "not 2.0"),
        ({"Z": Z, "k": True}, "not True"),
        ({"Z": Z, "levels": ["a", "b"]}, "levels= has 2 labels, but Z has 6 levels"),
        ({"Z": Z, "k": 3, "levels": ["a", "a"]}, "more than once: a"),
        ({"Z": Z, "k": 3, "levels": "ab"}, "levels= must be a list, not 'ab'"),
        ({"Z": Z, "structure": "uss"}, 'use .us. or .diag.* Did you mean "us"'),
        ({"Z": Z, "k": 2, "covariance": KINSHIP, "precision": KINSHIP}, "not both"),
        ({"Z": Z, "covariance": KINSHIP}, r"for each of the 6 levels; its shape is \(3, 3\)"),
        (
            {"Z": Z, "k": 2, "covariance": with_entry(KINSHIP, 0.4)},
            r"covariance= must be symmetric; .* is 0\.1",
        ),
        (
            {"Z": Z, "k": 2, "precision": with_entry(KINSHIP, np.nan)},
            "precision= has entries that are missing",
        ),
        (
            {"Z": Z, "k": 2, "covariance": KINSHIP - np.eye(3)},
            r"positive semidefinite; its smallest eigenvalue is -0\.",
        ),
        ({"Z": Z, "k": 2, "covariance": np.zeros((3, 3))}, "positive semidefinite"),
        (
            {"Z": Z, "k": 2, "precision": np.ones((3, 3))},
            "positive definite; its smallest eigenvalue .* multiple of the identity",
        ),
        ({"Z": Z, "k": 2, "covariance": KINSHIP.astype(str)}, "covariance= must hold real numbers"),
    ],
)
def test_errors_say_what_is_wrong(arguments, text):
    with pytest.raises((DesignError, ArgumentError), match=text):
        lmm.block(**arguments)
