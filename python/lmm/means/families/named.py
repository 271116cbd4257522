"""The named families of contrasts: which combinations of means each of them makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lmm.arguments import shown, yes_or_no
from lmm.errors import LmmError, nearest
from lmm.limits import MOST_COMPARISONS, MOST_GRID_NUMBERS, check_limit, listed
from lmm.means.families.coefficients import (
    Contrasts,
    against_control,
    against_last,
    against_weighted_mean,
    changes_of_mean,
    consecutive,
    effects,
    effects_of_others,
    helmert,
    identity,
    orthonormal_polynomials,
    pairs,
    polynomials,
    reversed_pairs,
)
from lmm.means.families.labels import bracketed
from lmm.typing import FloatVector

__all__ = ["FAMILIES", "Family", "check_size", "family_contrasts", "family_named"]

Index = np.ndarray


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
    >>> from lmm.means.families.named import family_contrasts
    >>> contrasts = family_contrasts("poly", ["0", "10", "20"])
    >>> contrasts.labels, contrasts.matrix.tolist()
    (['linear', 'quadratic'], [[-1.0, 0.0, 1.0], [1.0, -2.0, 1.0]])
    """
    family = family_named(name)
    given = {key: value for key, value in options.items() if value is not None}
    for key in given:
        if key not in family.options and name != "nrmlz":
            takers = ", ".join(other for other, candidate in FAMILIES.items() if key in candidate.options)
            known = {option for candidate in FAMILIES.values() for option in candidate.options}
            raise LmmError(
                f'{key}= is not an option of "{name}" contrasts; it belongs to {takers or "none"}.{nearest(key, known)}'
            )
    if "reverse" in given:
        given["reverse"] = yes_or_no(given["reverse"], "reverse")
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
    check_size(name, kept.size, family)
    found = family.build([names[i] for i in kept], **given)
    return (
        found
        if kept.size == len(labels)
        else Contrasts(_spread(found.matrix, kept, len(labels)), found.labels)
    )


def check_size(name: str, k: int, family: Family) -> None:
    """Refuse a family with too many contrasts, or with too many coefficients of all means in each.

    Raises
    ------
    LmmError
        With what to do instead.
    """
    if family.pairs:
        check_limit(
            f'"{name}" contrasts of {k:,} means:',
            k * (k - 1) // 2,
            MOST_COMPARISONS,
            'Compare within groups, by=, or with one of them, "trt.vs.ctrl".',
        )
    elif name not in ("consec", "poly", "opoly"):
        check_limit(
            f'"{name}" contrasts of {k:,} means have coefficients:',
            k * k,
            MOST_GRID_NUMBERS,
            'Compare within groups, by=, or each with the next, "consec".',
        )


def _spread(matrix: Any, kept: Index, k: int) -> Any:
    """Set for excluded means a coefficient of zero."""
    from scipy.sparse import csr_matrix, issparse

    place = csr_matrix((np.ones(kept.size), (np.arange(kept.size), kept)), shape=(kept.size, k))
    spread = csr_matrix(matrix) @ place
    return spread if issparse(matrix) else spread.toarray()


def _positions(chosen: Any, labels: Sequence[str], where: str) -> list[int]:
    """Positions of means that are named by label or position."""
    several = isinstance(chosen, Iterable) and not isinstance(chosen, str) and getattr(chosen, "ndim", 1) > 0
    items = listed(where, chosen) if several else [chosen]
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
                f"{where}= must name means by label or position (0 to {len(labels) - 1}); it has {shown(item)}."
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
    except (TypeError, ValueError, OverflowError):
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
            f"weights= needs one number of at least 0 for each of the {kept.size} means; it is {shown(given)}."
        )
    return weights


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


_REVERSIBLE = frozenset({"reverse", "exclude"})
_CONTROL = frozenset({"ref", "reverse", "exclude"})
_WEIGHTED = frozenset({"weights", "exclude"})

FAMILIES: dict[str, Family] = {
    "pairwise": Family(pairs, "tukey", _REVERSIBLE, pairs=True, subtracts=True),
    "revpairwise": Family(reversed_pairs, "tukey", _REVERSIBLE, pairs=True, subtracts=True),
    "tukey": Family(pairs, "tukey", _REVERSIBLE, pairs=True, subtracts=True),
    "trt.vs.ctrl": Family(against_control, "dunnettx", _CONTROL, subtracts=True),
    "trt.vs.ctrl1": Family(against_control, "dunnettx", _CONTROL, subtracts=True),
    "trt.vs.ctrlk": Family(against_last, "dunnettx", _CONTROL, subtracts=True),
    "dunnett": Family(against_control, "dunnettx", _CONTROL, subtracts=True),
    "eff": Family(effects, "bh", _WEIGHTED),
    "del.eff": Family(effects_of_others, "bh", _WEIGHTED),
    "consec": Family(consecutive, "mvt", _REVERSIBLE, subtracts=True),
    "mean_chg": Family(changes_of_mean, "mvt", _REVERSIBLE),
    "poly": Family(polynomials, "none", frozenset({"max_degree"})),
    "opoly": Family(orthonormal_polynomials, "none", frozenset({"max_degree", "scores", "exclude"})),
    "helmert": Family(helmert, "none", frozenset({"exclude"})),
    "nrmlz": Family(_nrmlz, "tukey", frozenset({"family"}), subtracts=True),
    "wtcon": Family(against_weighted_mean, "none", _WEIGHTED, subtracts=True),
    "identity": Family(identity, "none", frozenset({"exclude"})),
}
"""By name. Those with a default of ``mvt`` are strongly correlated, which other adjustments ignore."""
