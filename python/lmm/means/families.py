"""The named families of contrasts: which combinations of means each of them makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any, NamedTuple

import numpy as np

from lmm.errors import LmmError, nearest
from lmm.means.labels import bracketed
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["FAMILIES", "Contrasts", "Family", "family_contrasts", "family_named"]

Index = np.ndarray


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


@dataclass(frozen=True, slots=True)
class Family:
    """A family and what belongs to it.

    Attributes
    ----------
    build
        From the labels of k means (and options) to contrasts.
    adjust
        The adjustment that it gets unless told otherwise.
    options
        Names of what ``build`` takes besides.
    pairs
        Whether it is one set of all pairwise comparisons.
    subtracts
        Whether its labels are differences, which read as ratios on the scale of the response.
    """

    build: Callable[..., Contrasts]
    adjust: str
    options: frozenset[str] = frozenset()
    pairs: bool = False
    subtracts: bool = False


def family_named(name: str) -> Family:
    """Look a family up.

    Raises
    ------
    LmmError
        If there is none of this name.
    """
    if name not in FAMILIES:
        raise LmmError(
            f"There is no family of contrasts {name!r}; there are {', '.join(FAMILIES)}, or give coefficients."
            f"{nearest(str(name), FAMILIES)}"
        )
    return FAMILIES[name]


def family_contrasts(
    name: str,
    labels: Sequence[str],
    counts: FloatVector | None = None,
    *,
    minus: str = " - ",
    **options: Any,
) -> Contrasts:
    """Make the contrasts of a family.

    Parameters
    ----------
    name
        One of `FAMILIES`.
    labels
        Names of the k means.
    counts : shape (k,)
        Numbers of observations, for weighted families.
    minus
        What stands between the two sides of a difference.
    **options
        ``ref`` (a label, a position counted from 0, or several) for comparisons with a control; ``reverse``;
        ``exclude`` (labels or positions); ``max_degree``; ``scores``; ``weights``; ``family`` for ``"nrmlz"``.

    Raises
    ------
    LmmError
        If the family does not exist, does not take an option, or cannot be made of so few means.

    Examples
    --------
    >>> from lmm.means.families import family_contrasts
    >>> contrasts = family_contrasts("poly", ["0", "10", "20"])
    >>> contrasts.labels, contrasts.matrix.tolist()
    (['linear', 'quadratic'], [[-1.0, 0.0, 1.0], [1.0, -2.0, 1.0]])
    """
    family = family_named(name)
    given = {key: value for key, value in options.items() if value is not None}
    for key in given:
        if key not in family.options and not (name == "nrmlz"):
            takers = ", ".join(other for other, candidate in FAMILIES.items() if key in candidate.options)
            raise LmmError(f'{key}= is no option of "{name}" contrasts; it belongs to {takers or "none"}.')
    names = [bracketed(text) for text in labels]
    if name == "identity":
        names = list(labels)
    exclude = given.pop("exclude", None)
    left_out = set() if exclude is None else set(_positions(exclude, labels, "exclude"))
    kept = np.array([i for i in range(len(labels)) if i not in left_out], dtype=np.int64)
    if "ref" in given:
        given["ref"] = _kept_positions(_positions(given["ref"], labels, "ref"), kept)
    if "weights" in family.options:
        given["weights"] = _weights(
            given.get("weights"), counts if name == "wtcon" else None, kept, len(labels)
        )
    if name == "nrmlz" and counts is not None:
        given["counts"] = counts[kept]
    if family.subtracts:
        given["minus"] = minus
    if kept.size < (1 if name == "identity" else 2):
        raise LmmError(f'"{name}" contrasts need at least two means; there is {kept.size}.')
    found = family.build([names[i] for i in kept], **given)
    return (
        found
        if kept.size == len(labels)
        else Contrasts(_spread(found.matrix, kept, len(labels)), found.labels)
    )


def _spread(matrix: Any, kept: Index, k: int) -> Any:
    """Give excluded means a coefficient of zero."""
    from scipy.sparse import csr_matrix, issparse

    place = csr_matrix((np.ones(kept.size), (np.arange(kept.size), kept)), shape=(kept.size, k))
    spread = csr_matrix(matrix) @ place
    return spread if issparse(matrix) else spread.toarray()


def _positions(chosen: Any, labels: Sequence[str], where: str) -> list[int]:
    """Positions of means that are named by label or position."""
    items = [chosen] if isinstance(chosen, str | int | np.integer) else list(chosen)
    found = []
    for item in items:
        if isinstance(item, str):
            matches = [i for i, text in enumerate(labels) if item == text]
            if not matches:
                raise LmmError(
                    f"{where}= names {item!r}, which is none of {', '.join(labels)}.{nearest(item, labels)}"
                )
            found += matches
        elif (
            isinstance(item, int | np.integer)
            and not isinstance(item, bool)
            and -len(labels) <= item < len(labels)
        ):
            found.append(int(item) % len(labels))
        else:
            raise LmmError(
                f"{where}= must name means by label or position (0 to {len(labels) - 1}); it has {item!r}."
            )
    return found


def _kept_positions(positions: Sequence[int], kept: Index) -> list[int]:
    places = {int(position): i for i, position in enumerate(kept)}
    if any(position not in places for position in positions):
        raise LmmError("ref= names a mean that exclude= leaves out.")
    return [places[position] for position in positions]


def _weights(given: Any, counts: FloatVector | None, kept: Index, k: int) -> FloatVector:
    if given is None:
        return np.ones(kept.size) if counts is None else counts[kept]
    try:
        weights = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        weights = np.empty(0)
    if weights.shape == (k,):
        weights = weights[kept]
    if (
        weights.shape != kept.shape
        or not np.isfinite(weights).all()
        or (weights < 0).any()
        or weights.sum() <= 0
    ):
        raise LmmError(
            f"weights= needs one number of at least 0 for each of the {kept.size} means; it is {given!r}."
        )
    return weights


# The families


def _pairs(labels: Sequence[str], reverse: bool = False, minus: str = " - ") -> Contrasts:
    """All differences; in order of the first mean, reversed in order of the second, as the field does."""
    first, second = np.triu_indices(len(labels), 1)
    if reverse:
        order = np.lexsort((first, second))
        first, second = second[order], first[order]
    return _differences(labels, first, second, minus)


def _revpairwise(labels: Sequence[str], reverse: bool = False, minus: str = " - ") -> Contrasts:
    return _pairs(labels, not reverse, minus)


def _differences(labels: Sequence[str], first: Index, second: Index, minus: str) -> Contrasts:
    """One mean minus another; sparse, for there may be half a million."""
    from scipy.sparse import csr_matrix

    r = len(first)
    columns = np.stack([first, second], axis=1).ravel()
    values = np.tile([1.0, -1.0], r)
    matrix = csr_matrix((values, columns, 2 * np.arange(r + 1)), shape=(r, len(labels)))
    texts = [f"{labels[i]}{minus}{labels[j]}" for i, j in zip(first.tolist(), second.tolist(), strict=True)]
    return Contrasts(matrix, texts)


def _control(
    labels: Sequence[str], ref: Sequence[int] = (0,), reverse: bool = False, minus: str = " - "
) -> Contrasts:
    k = len(labels)
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


def _control_last(
    labels: Sequence[str], ref: Sequence[int] | None = None, reverse: bool = False, minus: str = " - "
) -> Contrasts:
    return _control(labels, (len(labels) - 1,) if ref is None else ref, reverse, minus)


def _eff(labels: Sequence[str], weights: FloatVector) -> Contrasts:
    matrix = np.eye(len(labels)) - weights / weights.sum()
    return Contrasts(matrix, [f"{text} effect" for text in labels])


def _del_eff(labels: Sequence[str], weights: FloatVector) -> Contrasts:
    others = weights.sum() - weights
    if (others <= 0).any():
        raise LmmError("weights= leaves no weight to the other means.")
    matrix = -np.tile(weights, (len(labels), 1)) / others[:, None]
    np.fill_diagonal(matrix, 1.0)
    return Contrasts(matrix, [f"{text} effect" for text in labels])


def _consec(labels: Sequence[str], reverse: bool = False, minus: str = " - ") -> Contrasts:
    later, earlier = np.arange(1, len(labels)), np.arange(len(labels) - 1)
    first, second = (earlier, later) if reverse else (later, earlier)
    return _differences(labels, first, second, minus)


def _mean_chg(labels: Sequence[str], reverse: bool = False) -> Contrasts:
    k = len(labels)
    matrix = np.zeros((k - 1, k))
    for cut in range(1, k):
        matrix[cut - 1, :cut] = -1.0 / cut
        matrix[cut - 1, cut:] = 1.0 / (k - cut)
    texts = [f"{labels[cut - 1]}|{labels[cut]}" for cut in range(1, k)]
    return Contrasts(-matrix if reverse else matrix, texts)


def _poly(labels: Sequence[str], max_degree: int | None = None) -> Contrasts:
    """Orthogonal polynomials over equal steps, in the smallest whole numbers, as they are printed in tables.

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
        rows.append([number // gcd(*row) for number in row])
    return Contrasts(np.array(rows, dtype=np.float64), _degree_names(degree))


def _opoly(labels: Sequence[str], max_degree: int | None = None, scores: Any = None) -> Contrasts:
    """Orthonormal polynomials, over scores if given."""
    x = np.arange(float(len(labels))) if scores is None else np.asarray(scores, dtype=np.float64)
    if x.shape != (len(labels),) or np.unique(x).size < x.size:
        raise LmmError(
            f"scores= needs a different number for each of the {len(labels)} means; it is {scores!r}."
        )
    rows = _orthogonal(x, _degrees(labels, max_degree))
    return Contrasts(rows, _degree_names(len(rows)))


def _helmert(labels: Sequence[str]) -> Contrasts:
    """Each mean against all before it; coefficients as R's contr.helmert."""
    k = len(labels)
    matrix = np.tril(-np.ones((k - 1, k)))
    matrix[np.arange(k - 1), np.arange(1, k)] = np.arange(1.0, k)
    return Contrasts(matrix, [f"{text} vs earlier" for text in labels[1:]])


def _nrmlz(
    labels: Sequence[str],
    family: str = "pairwise",
    counts: FloatVector | None = None,
    minus: str = " - ",
    **options: Any,
) -> Contrasts:
    """Another family, each row divided by its length."""
    if family == "nrmlz":
        raise LmmError('family= of "nrmlz" must name another family.')
    from scipy.sparse import diags, issparse

    found = family_contrasts(family, labels, counts, minus=minus, **options)
    squares = found.matrix.multiply(found.matrix) if issparse(found.matrix) else found.matrix**2
    scale = 1.0 / np.sqrt(np.asarray(squares.sum(axis=1)).ravel())
    return Contrasts(diags(scale) @ found.matrix, found.labels)


def _wtcon(labels: Sequence[str], weights: FloatVector, minus: str = " - ") -> Contrasts:
    """Each mean against the mean of all, weighted by numbers of observations."""
    matrix = np.eye(len(labels)) - weights / weights.sum()
    return Contrasts(matrix, [f"{text}{minus}weighted mean" for text in labels])


def _identity(labels: Sequence[str]) -> Contrasts:
    return Contrasts(np.eye(len(labels)), list(labels))


def _degrees(labels: Sequence[str], max_degree: int | None) -> int:
    most = len(labels) - 1
    if max_degree is None:
        return min(6, most)
    if isinstance(max_degree, bool) or not isinstance(max_degree, int) or not 1 <= max_degree <= most:
        raise LmmError(f"max_degree= must be a whole number from 1 to {most}; it is {max_degree!r}.")
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


_REVERSIBLE = frozenset({"reverse", "exclude"})
_CONTROL = frozenset({"ref", "reverse", "exclude"})
_WEIGHTED = frozenset({"weights", "exclude"})

FAMILIES: dict[str, Family] = {
    "pairwise": Family(_pairs, "tukey", _REVERSIBLE, pairs=True, subtracts=True),
    "revpairwise": Family(_revpairwise, "tukey", _REVERSIBLE, pairs=True, subtracts=True),
    "tukey": Family(_pairs, "tukey", _REVERSIBLE, pairs=True, subtracts=True),
    "trt.vs.ctrl": Family(_control, "dunnettx", _CONTROL, subtracts=True),
    "trt.vs.ctrl1": Family(_control, "dunnettx", _CONTROL, subtracts=True),
    "trt.vs.ctrlk": Family(_control_last, "dunnettx", _CONTROL, subtracts=True),
    "dunnett": Family(_control, "dunnettx", _CONTROL, subtracts=True),
    "eff": Family(_eff, "bh", _WEIGHTED),
    "del.eff": Family(_del_eff, "bh", _WEIGHTED),
    "consec": Family(_consec, "mvt", _REVERSIBLE, subtracts=True),
    "mean_chg": Family(_mean_chg, "mvt", _REVERSIBLE),
    "poly": Family(_poly, "none", frozenset({"max_degree"})),
    "opoly": Family(_opoly, "none", frozenset({"max_degree", "scores", "exclude"})),
    "helmert": Family(_helmert, "none", frozenset({"exclude"})),
    "nrmlz": Family(_nrmlz, "none", frozenset({"family"}), subtracts=True),
    "wtcon": Family(_wtcon, "none", _WEIGHTED, subtracts=True),
    "identity": Family(_identity, "none", frozenset({"exclude"})),
}
"""By name. Those with a default of ``mvt`` are strongly correlated, which other adjustments ignore."""
