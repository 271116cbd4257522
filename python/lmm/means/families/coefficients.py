"""Coefficients of the families of contrasts, each from the labels of the means that it combines."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import Any, NamedTuple

import numpy as np

from lmm.arguments import numbers, shown
from lmm.errors import LmmError
from lmm.typing import FloatMatrix, FloatVector

__all__ = [
    "Contrasts",
    "against_control",
    "against_last",
    "against_weighted_mean",
    "changes_of_mean",
    "consecutive",
    "effects",
    "effects_of_others",
    "helmert",
    "identity",
    "orthonormal_polynomials",
    "pairs",
    "polynomials",
    "reversed_pairs",
]

Index = np.ndarray

_MOST_BITS = 1000  # of a whole number that a float can hold


class Contrasts(NamedTuple):
    """Contrasts of k means.

    Attributes
    ----------
    matrix : array or sparse, shape (r, k)
    labels
        Of the r rows.
    """

    matrix: Any
    labels: list[str]


def pairs(labels: Sequence[str], reverse: bool = False, minus: str = " - ") -> Contrasts:
    """Make all differences: in order of the first mean, reversed ones in order of the second, as the field does."""
    first, second = np.triu_indices(len(labels), 1)
    if reverse:
        order = np.lexsort((first, second))
        first, second = second[order], first[order]
    return _differences(labels, first, second, minus)


def reversed_pairs(labels: Sequence[str], reverse: bool = False, minus: str = " - ") -> Contrasts:
    """Make all differences, the later mean first."""
    return pairs(labels, not reverse, minus)


def _differences(labels: Sequence[str], first: Index, second: Index, minus: str) -> Contrasts:
    """One mean minus another; sparse, for there may be half a million."""
    from scipy.sparse import csr_matrix

    r = len(first)
    columns = np.stack([first, second], axis=1).ravel()
    values = np.tile([1.0, -1.0], r)
    matrix = csr_matrix((values, columns, 2 * np.arange(r + 1)), shape=(r, len(labels)))
    texts = [f"{labels[i]}{minus}{labels[j]}" for i, j in zip(first.tolist(), second.tolist(), strict=True)]
    return Contrasts(matrix, texts)


def against_control(
    labels: Sequence[str], ref: Sequence[int] = (0,), reverse: bool = False, minus: str = " - "
) -> Contrasts:
    """Compare each mean with a control, or with the average of several."""
    k = len(labels)
    if not ref:
        raise LmmError("ref= names no mean to compare with.")
    others = [i for i in range(k) if i not in ref]
    if not others:
        raise LmmError("ref= names all means; nothing is left to compare with the control.")
    control = labels[ref[0]] if len(ref) == 1 else f"avg({','.join(labels[i] for i in ref)})"
    matrix = np.zeros((len(others), k))
    matrix[np.arange(len(others)), others] = 1.0
    matrix[:, list(ref)] = -1.0 / len(ref)
    if reverse:
        return Contrasts(-matrix, [f"{control}{minus}{labels[i]}" for i in others])
    return Contrasts(matrix, [f"{labels[i]}{minus}{control}" for i in others])


def against_last(
    labels: Sequence[str], ref: Sequence[int] | None = None, reverse: bool = False, minus: str = " - "
) -> Contrasts:
    """Compare each mean with the last."""
    return against_control(labels, (len(labels) - 1,) if ref is None else ref, reverse, minus)


def effects(labels: Sequence[str], weights: FloatVector) -> Contrasts:
    """Compare each mean with the average of all."""
    matrix = np.eye(len(labels)) - weights / weights.sum()
    return Contrasts(matrix, [f"{text} effect" for text in labels])


def effects_of_others(labels: Sequence[str], weights: FloatVector) -> Contrasts:
    """Compare each mean with the average of the others."""
    others = weights.sum() - weights
    if (others <= 0).any():
        raise LmmError("weights= leaves no weight to the other means.")
    matrix = -np.tile(weights, (len(labels), 1)) / others[:, None]
    np.fill_diagonal(matrix, 1.0)
    return Contrasts(matrix, [f"{text} effect" for text in labels])


def consecutive(labels: Sequence[str], reverse: bool = False, minus: str = " - ") -> Contrasts:
    """Compare each mean with the one before it."""
    later, earlier = np.arange(1, len(labels)), np.arange(len(labels) - 1)
    first, second = (earlier, later) if reverse else (later, earlier)
    return _differences(labels, first, second, minus)


def changes_of_mean(labels: Sequence[str], reverse: bool = False) -> Contrasts:
    """Compare the average after each cut with that before it."""
    k = len(labels)
    matrix = np.zeros((k - 1, k))
    for cut in range(1, k):
        matrix[cut - 1, :cut] = -1.0 / cut
        matrix[cut - 1, cut:] = 1.0 / (k - cut)
    texts = [f"{labels[cut - 1]}|{labels[cut]}" for cut in range(1, k)]
    return Contrasts(-matrix if reverse else matrix, texts)


def polynomials(labels: Sequence[str], max_degree: int | None = None) -> Contrasts:
    """Make orthogonal polynomials over equal steps, in the smallest whole numbers, as they are printed in tables.

    The recurrence of the discrete Chebyshev polynomials stays in whole numbers.
    """
    k, degree = len(labels), _degrees(labels, max_degree)
    before, row = [0] * k, [1] * k
    rows = []
    for n in range(degree):
        following = [
            ((2 * n + 1) * (2 * x - k + 1) * row[x] - n * (k * k - n * n) * before[x]) // (n + 1)
            for x in range(k)
        ]
        before, row = row, following
        if max(map(abs, row)).bit_length() > _MOST_BITS:
            raise LmmError(
                f'"poly" coefficients of degree {n + 1} have more than 300 digits with {k:,} means. Take a smaller '
                'max_degree=, or "opoly", whose coefficients are small.'
            )
        divisor = gcd(*row)
        rows.append([number // divisor for number in row])
    return Contrasts(np.array(rows, dtype=np.float64), _degree_names(degree))


def orthonormal_polynomials(
    labels: Sequence[str], max_degree: int | None = None, scores: Any = None
) -> Contrasts:
    """Make orthonormal polynomials, over scores if given."""
    x = np.arange(float(len(labels))) if scores is None else numbers(scores, "scores")
    if x.shape != (len(labels),) or np.unique(x).size < x.size:
        raise LmmError(
            f"scores= needs a different number for each of the {len(labels)} means; it is {shown(scores)}."
        )
    rows = _orthogonal(x, _degrees(labels, max_degree))
    return Contrasts(rows, _degree_names(len(rows)))


def helmert(labels: Sequence[str]) -> Contrasts:
    """Compare each mean with all before it; coefficients as R's contr.helmert."""
    k = len(labels)
    matrix = np.tril(-np.ones((k - 1, k)))
    matrix[np.arange(k - 1), np.arange(1, k)] = np.arange(1.0, k)
    return Contrasts(matrix, [f"{text} vs earlier" for text in labels[1:]])


def against_weighted_mean(labels: Sequence[str], weights: FloatVector, minus: str = " - ") -> Contrasts:
    """Compare each mean with the mean of all, weighted by numbers of observations."""
    matrix = np.eye(len(labels)) - weights / weights.sum()
    return Contrasts(matrix, [f"{text}{minus}weighted mean" for text in labels])


def identity(labels: Sequence[str]) -> Contrasts:
    """Take the means themselves."""
    return Contrasts(np.eye(len(labels)), list(labels))


def _degrees(labels: Sequence[str], max_degree: int | None) -> int:
    most = len(labels) - 1
    if max_degree is None:
        return min(6, most)
    if isinstance(max_degree, bool) or not isinstance(max_degree, int) or not 1 <= max_degree <= most:
        raise LmmError(f"max_degree= must be a whole number from 1 to {most}; it is {shown(max_degree)}.")
    return max_degree


def _degree_names(n: int) -> list[str]:
    return [*("linear", "quadratic", "cubic", "quartic"), *(f"degree {i}" for i in range(5, n + 1))][:n]


def _orthogonal(x: FloatVector, degree: int) -> FloatMatrix:
    """Orthonormal polynomials (degree, k) without the constant; the coefficient of the highest power is positive."""
    centred = x - x.mean()
    powers = np.vander(centred / np.abs(centred).max(), degree + 1, increasing=True)
    Q, R = np.linalg.qr(powers)
    rows: FloatMatrix = (Q * np.sign(np.diag(R))).T[1:]
    return rows
