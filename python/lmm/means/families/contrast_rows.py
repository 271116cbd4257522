"""From the rows of means to rows of contrasts: by groups, of single factors, of interactions, of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lmm.arguments import shown
from lmm.errors import LmmError, nearest
from lmm.means.families.coefficients import Contrasts
from lmm.means.families.labels import as_objects, combined
from lmm.means.families.named import Family, check_size, family_contrasts, family_named
from lmm.table.naming import beside
from lmm.typing import FloatVector, IntVector, ObjectVector

__all__ = [
    "CONTRAST",
    "Block",
    "Labels",
    "contrast_blocks",
    "groups_of",
    "interaction_blocks",
    "own_contrasts",
]

Labels = dict[str, ObjectVector]
"""Columns of levels or texts, by name."""

CUSTOM = "custom"
CONTRAST = "contrast"
"""Column of the names of contrasts."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Contrasts of the means of one family.

    Attributes
    ----------
    rows
        Positions (k,) of the means.
    matrix
        Their coefficients (r, k), perhaps sparse.
    labels
        Columns (r,) of the new rows.
    """

    rows: IntVector
    matrix: Any
    labels: Labels


def groups_of(labels: Mapping[str, ObjectVector], by: Sequence[str], n: int) -> list[IntVector]:
    """Positions of the rows of each group, groups in order of appearance.

    Raises
    ------
    LmmError
        If there is no such column.
    """
    for name in by:
        if name not in labels:
            raise LmmError(
                f'by= names "{name}", which is not a column of levels; there are {", ".join(labels) or "none"}.'
                f"{nearest(name, labels)}"
            )
    if not by:
        return [np.arange(n)]
    members: dict[tuple[Any, ...], list[int]] = {}
    for row, key in enumerate(zip(*(labels[name].tolist() for name in by), strict=True)):
        members.setdefault(key, []).append(row)
    return [np.array(rows) for rows in members.values()]


def contrast_blocks(
    labels: Labels,
    by: Sequence[str],
    groups: Sequence[IntVector],
    counts: FloatVector | None,
    method: Any,
    minus: str,
    options: Mapping[str, Any],
) -> tuple[list[Block], Family | None]:
    """Contrasts of one method within each group; also the family, if it has a name.

    Raises
    ------
    LmmError
        If the method or its options do not fit the means.
    """
    family = family_named(method) if isinstance(method, str) else None
    if isinstance(method, str) and method == "nrmlz":
        # Lengths of rows change nothing in tests: its adjustment is that of the family of which it takes rows.
        family = family_named(options.get("family") or "pairwise")
    if family is None and any(value is not None for value in options.values()):
        named = next(name for name, value in options.items() if value is not None)
        raise LmmError(f"{named}= belongs to a named family; own coefficients take no options.")
    if isinstance(method, str) and options.get("exclude") is None:
        for rows in groups:  # before a text is written for each of many means
            check_size(method, len(rows), family_named(method))
    inner = {name: column for name, column in labels.items() if name not in by}
    blocks = []
    alone = family is not None and method != "identity" and max(map(len, groups)) > 1
    for rows in groups:
        texts = combined({name: column[rows].tolist() for name, column in inner.items()})
        if alone and len(rows) == 1:
            # Nothing to compare with here, as of a factor that is nested in another one.
            made = Contrasts(np.zeros((0, 1)), [])
        elif isinstance(method, str):
            own_counts = None if counts is None else counts[rows]
            own = _named_by_level(options, inner, rows, texts)
            made = family_contrasts(method, texts, own_counts, minus=minus, **own)
        else:
            made = own_contrasts(method, texts)
        own = {CONTRAST: as_objects(made.labels)}
        blocks.append(Block(rows, made.matrix, _with_groups(own, labels, by, rows)))
    return blocks, family


def _named_by_level(
    options: Mapping[str, Any], inner: Labels, rows: IntVector, texts: Sequence[str]
) -> dict[str, Any]:
    """Let ``ref`` and ``exclude`` name a mean by its level too, where its label carries the name of the factor."""
    if len(inner) != 1:
        return dict(options)
    (column,) = inner.values()
    text_of = dict(zip(combined({"": column[rows].tolist()}), texts, strict=True))

    def named(chosen: Any) -> Any:
        if isinstance(chosen, str):
            return text_of.get(chosen, chosen)
        return [named(item) for item in chosen] if isinstance(chosen, list | tuple) else chosen

    return {key: named(value) if key in ("ref", "exclude") else value for key, value in options.items()}


def own_contrasts(method: Any, labels: Sequence[str]) -> Contrasts:
    """Read coefficients that the user gives: a dict of rows by label, a row, or a matrix.

    Raises
    ------
    LmmError
        If a row has not one finite number for each mean.
    """
    if isinstance(method, Mapping):
        if not method:
            raise LmmError("The dict of contrasts is empty.")
        if all(_is_number(value) for value in method.values()):
            raise LmmError(
                "A dict of contrasts has rows by label, not coefficients by mean: write "
                f'{{"label": [{", ".join(["1", "-1", *["0"] * (len(labels) - 2)][: len(labels)])}]}}, one number '
                f"for each of {_listed(labels)}."
            )
        rows, texts = list(method.values()), [str(name) for name in method]
    else:
        try:
            given = np.atleast_2d(np.asarray(method, dtype=np.float64))
        except (TypeError, ValueError, OverflowError):
            raise LmmError(
                "Contrasts must be the name of a family, a dict of coefficients by label such as "
                f'{{"A vs B": [1, -1, 0]}}, or a matrix; they are {shown(method)}.'
            ) from None
        if (
            method is None
            or isinstance(method, bool)
            or np.ndim(method) == 0
            or given.ndim > 2
            or not len(given)
        ):
            raise LmmError(
                f"A matrix of contrasts has one row for each contrast and one column for each of {_listed(labels)}; "
                f"this has the shape {np.shape(method)}."
            )
        if given.shape[1] != len(labels) and len(given) == len(labels):
            raise LmmError(
                f"The matrix of contrasts has {given.shape[1]} in a row and {len(given)} in a column; it needs one "
                f"column for each of {_listed(labels)}: give its transpose."
            )
        rows, texts = list(given), [f"C{i + 1}" for i in range(len(given))]
    return Contrasts(
        np.array([_coefficients(row, text, labels) for row, text in zip(rows, texts, strict=True)]), texts
    )


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(labels[:8]) + (", …" if len(labels) > 8 else "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _coefficients(row: Any, text: str, labels: Sequence[str]) -> FloatVector:
    try:
        numbers = np.asarray(row, dtype=np.float64)
    except (TypeError, ValueError):
        raise LmmError(f'The contrast "{text}" has coefficients that are not numbers: {row!r}.') from None
    if numbers.shape != (len(labels),):
        seen = f"{numbers.size} coefficients" if numbers.ndim == 1 else f"an array of shape {numbers.shape}"
        raise LmmError(
            f'The contrast "{text}" has {seen}; it needs {len(labels)}, one for each of {_listed(labels)}.'
        )
    if not np.isfinite(numbers).all():
        raise LmmError(f'The contrast "{text}" has coefficients that are missing or infinite.')
    return numbers


def interaction_blocks(
    labels: Labels,
    by: Sequence[str],
    groups: Sequence[IntVector],
    methods: Any,
) -> list[Block]:
    """Products of contrasts of each factor, within each group.

    Raises
    ------
    LmmError
        If there are not as many methods as factors, or not all combinations of levels.
    """
    factors = [name for name in labels if name not in by]
    chosen = _methods(methods, factors)
    blocks = []
    for rows in groups:
        sizes, made = [], []
        for name, method in zip(factors, chosen, strict=True):
            levels = list(dict.fromkeys(labels[name][rows].tolist()))
            sizes.append(len(levels))
            if isinstance(method, str):
                check_size(method, len(levels), family_named(method))
            # Without the name of the factor, which the column has.
            texts = combined({"": levels})
            made.append(
                family_contrasts(method, texts) if isinstance(method, str) else own_contrasts(method, texts)
            )
        if int(np.prod(sizes)) != len(rows):
            raise LmmError(
                f"Interaction contrasts need all combinations of {', '.join(factors)}; some of them do not occur."
            )
        order = _crossed_order(labels, factors, rows)
        matrix, own = _product(made, factors, chosen)
        blocks.append(Block(rows[order], matrix, _with_groups(own, labels, by, rows)))
    return blocks


def _with_groups(own: Labels, labels: Labels, by: Sequence[str], rows: IntVector) -> Labels:
    """Add the columns of the group, which may have names of columns of contrasts, to those of contrasts."""
    n = len(next(iter(own.values())))
    held = {name: labels[name][rows[:1]].repeat(n) for name in by}
    return {**own, **beside(own, held).columns}


def _methods(methods: Any, factors: Sequence[str]) -> list[Any]:
    one = isinstance(methods, str | Mapping) or not isinstance(methods, Sequence)
    chosen = [methods] * len(factors) if one else list(methods)
    if len(chosen) != len(factors):
        raise LmmError(
            f"interaction= has {len(chosen)} methods for the {len(factors)} factors {', '.join(factors)}; give one for "
            "all, or one for each."
        )
    return chosen


def _crossed_order(labels: Labels, factors: Sequence[str], rows: IntVector) -> IntVector:
    """Order of the rows with the first factor fastest."""
    codes = []
    for name in factors:
        values = labels[name][rows].tolist()
        place = {value: i for i, value in enumerate(dict.fromkeys(values))}
        codes.append([place[value] for value in values])
    return np.lexsort(codes) if codes else np.arange(len(rows))


def _product(made: Sequence[Contrasts], factors: Sequence[str], methods: Sequence[Any]) -> tuple[Any, Labels]:
    """Multiply contrasts of the factors: coefficients (r, k), first factor fastest, and a column for each factor."""
    from scipy.sparse import csr_matrix, kron

    matrix = csr_matrix(np.ones((1, 1)))
    for contrasts in made:
        matrix = kron(csr_matrix(contrasts.matrix), matrix, format="csr")
    counts = [len(contrasts.labels) for contrasts in made]
    places = np.unravel_index(np.arange(int(np.prod(counts))), counts, order="F")
    columns: Labels = {}
    for name, method, contrasts, place in zip(factors, methods, made, places, strict=True):
        suffix = method if isinstance(method, str) else CUSTOM
        columns[f"{name}_{suffix}"] = as_objects(contrasts.labels)[place]
    return matrix, columns
