"""Maps: which regions there are and which are neighbours, from names, numbers, polygons or a penalty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lmm.bases.basis import Settings
from lmm.errors import ArgumentError, brief, nearest
from lmm.limits import check_memory
from lmm.typing import FloatMatrix

__all__ = ["name_of_region", "outlines", "read_map", "shown_names"]

_SPELLINGS = {"penalty": ("penalty",), "neighbours": ("neighbours", "nb"), "polygons": ("polygons", "polys")}
_FEW = 5  # names that a message shows


def read_map(settings: Settings, called: str, levels: Sequence[str]) -> tuple[tuple[str, ...], FloatMatrix]:
    """Read the regions, sorted as text, and their penalty.

    Parameters
    ----------
    settings
        Its ``extra`` holds ``penalty``, ``neighbours`` or ``polygons``, by itself or within ``xt``. The first of them
        that is there decides.
    called
        The term in messages.
    levels
        Of the data: the names of rows of a penalty without names.

    Returns
    -------
    regions : R names
    penalty : shape (R, R)

    Raises
    ------
    ArgumentError
        If there is no map, or it contradicts itself.
    """
    given = _given(settings)
    if "penalty" in given:
        return _user_penalty(given["penalty"], called, levels)
    if "neighbours" in given:
        neighbours = _named(given["neighbours"], called)
    elif "polygons" in given:
        neighbours = _touching(given["polygons"], called)
    else:
        raise ArgumentError(
            f"{called} needs a map. Give neighbours= (a dict from each region to its neighbours), polygons= (a dict"
            " from each region to its corners), or penalty= (a square matrix)."
        )
    regions = tuple(sorted(neighbours))
    check_memory(f"The penalty of {called}", len(regions), len(regions), "Use fewer regions.")
    place = {region: i for i, region in enumerate(regions)}
    penalty = np.zeros((len(regions), len(regions)))
    for region, others in neighbours.items():
        i = place[region]
        penalty[i, i] = len(others)
        penalty[i, [place[other] for other in others]] = -1.0
    return regions, penalty


def outlines(settings: Settings, called: str, regions: Sequence[str]) -> tuple[FloatMatrix, ...]:
    """Read the corners of each region, in the order of ``regions``; empty if no polygons are given.

    Returns
    -------
    tuple of arrays of shape (corners, 2), with rows of nan between rings

    Raises
    ------
    ArgumentError
        If the polygons are not those of the regions.
    """
    value = _given(settings).get("polygons")
    if value is None:
        return ()
    held = _mapping(value, "polygons", called)
    for region in [*regions, *held]:
        if region not in held or region not in regions:
            where = "no polygon" if region not in held else "a polygon, but no neighbours and no penalty,"
            raise ArgumentError(
                f'The map of {called} has {where} for region "{region}". Give both for the same regions, or leave'
                " polygons= out."
            )
    return tuple(_points(region, held[region], called) for region in regions)


def name_of_region(key: object) -> str:
    """Write the name of a region as text; whole numbers without a point.

    Examples
    --------
    >>> name_of_region("north"), name_of_region(7), name_of_region(7.0)
    ('north', '7', '7')
    """
    if isinstance(key, float | np.floating) and float(key).is_integer():
        key = int(key)
    return str(key)


def _given(settings: Settings) -> dict[str, Any]:
    xt = settings.extra.get("xt")
    held = {**(xt if isinstance(xt, Mapping) else {}), **settings.extra}
    found = {}
    for name, spellings in _SPELLINGS.items():
        for spelling in spellings:
            if held.get(spelling) is not None:
                found[name] = held[spelling]
    return found


def _mapping(value: Any, name: str, called: str) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not value:
        raise ArgumentError(f"{name}= of {called} must be a dict by region, not {brief(value)}.")
    found = {name_of_region(key): each for key, each in value.items()}
    if len(found) < len(value):
        raise ArgumentError(f"{name}= of {called} holds a region twice, once as text and once as a number.")
    return found


def _named(value: Any, called: str) -> dict[str, list[str]]:
    """Neighbours of each region by name, checked."""
    held = _mapping(value, "neighbours", called)
    regions = list(held)
    found = {region: _names(region, others, regions, called) for region, others in held.items()}
    sets = {region: set(others) for region, others in found.items()}
    for region, others in found.items():
        if region in sets[region]:
            raise ArgumentError(
                f'neighbours= of {called} counts region "{region}" among its own neighbours. Take it out.'
            )
        if len(others) > len(sets[region]):
            twice = next(other for other in others if others.count(other) > 1)
            raise ArgumentError(f'neighbours= of {called} lists "{twice}" twice for region "{region}".')
        for other in others:
            if region not in sets[other]:
                raise ArgumentError(
                    f'neighbours= of {called} has "{other}" as a neighbour of "{region}", but not "{region}" as a'
                    f' neighbour of "{other}". Neighbours are mutual: add it, or take the other out.'
                )
    return found


def _names(region: str, others: Any, regions: list[str], called: str) -> list[str]:
    """Names of the neighbours of one region; numbers are names if such names exist, else positions from 0."""
    if isinstance(others, str | bytes | Mapping) or not isinstance(others, Iterable):
        raise ArgumentError(
            f'neighbours= of {called} must be a list for each region; for "{region}" it is {brief(others)}.'
        )
    found, known = [], set(regions)
    for other in others:
        name = name_of_region(other)
        if name not in known:
            name = _by_position(other, region, regions, called)
        found.append(name)
    return found


def _by_position(other: Any, region: str, regions: list[str], called: str) -> str:
    is_number = isinstance(other, int | np.integer) and not isinstance(other, bool)
    if is_number and 0 <= other < len(regions):
        return regions[int(other)]
    if is_number:
        raise ArgumentError(
            f'neighbours= of {called} gives "{region}" the neighbour number {other}, and the {len(regions)} regions are'
            f" numbered from 0 to {len(regions) - 1}. If your numbers start at 1, subtract 1, or give names."
        )
    raise ArgumentError(
        f'neighbours= of {called} gives "{region}" the neighbour "{brief(other)}", which is not among its'
        f" regions.{nearest(other, regions)} Add it, with neighbours of its own."
    )


def _touching(value: Any, called: str) -> dict[str, list[str]]:
    """Regions whose polygons share a corner."""
    held = _mapping(value, "polygons", called)
    owners: dict[tuple[float, float], set[str]] = {}
    for region, polygon in held.items():
        for corner in _corners(region, polygon, called):
            owners.setdefault(corner, set()).add(region)
    found: dict[str, set[str]] = {region: set() for region in held}
    for sharing in owners.values():
        for region in sharing:
            found[region] |= sharing - {region}
    if len(held) > 1 and not any(found.values()):
        raise ArgumentError(
            f"No two polygons of {called} share a corner, so no region has neighbours. Corners must agree in all"
            " digits: round them, or give neighbours=."
        )
    return {region: sorted(others) for region, others in found.items()}


def _corners(region: str, polygon: Any, called: str) -> set[tuple[float, float]]:
    points = _points(region, polygon, called)
    # Adding zero makes -0.0 the same corner as 0.0.
    kept = points[np.isfinite(points).all(axis=1)] + 0.0
    return {(float(x), float(y)) for x, y in kept}


def _points(region: str, polygon: Any, called: str) -> FloatMatrix:
    try:
        points = np.asarray(polygon, dtype=float)
    except (TypeError, ValueError):
        points = np.empty(0)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ArgumentError(
            f"polygons= of {called} must be an array of two columns for each region, with rows of nan between rings;"
            f' for "{region}" it is {brief(polygon)}.'
        )
    return points


def _user_penalty(value: Any, called: str, levels: Sequence[str]) -> tuple[tuple[str, ...], FloatMatrix]:
    names = [name_of_region(each) for each in getattr(value, "columns", sorted(levels))]
    try:
        S = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        S = np.empty(0)
    if S.ndim != 2 or S.shape[0] != S.shape[1] or not np.isfinite(S).all():
        raise ArgumentError(
            f"penalty= of {called} must be a square matrix of finite numbers, not {brief(value)}."
        )
    if len(names) != len(S) or len(set(names)) < len(names):
        raise ArgumentError(
            f"penalty= of {called} has {len(S)} rows, and the data have {len(names)} regions. Give one row for each"
            " region, sorted by name as text, or a table whose columns bear the names."
        )
    largest = float(np.abs(S).max())
    if np.abs(S - S.T).max() > 1e-10 * largest:
        raise ArgumentError(f"penalty= of {called} is not symmetric. Give (S + S.T) / 2 if that is meant.")
    smallest = float(np.linalg.eigvalsh(S)[0])
    if largest == 0.0 or smallest < -1e-10 * largest:
        seen = "is zero" if largest == 0.0 else f"has the negative eigenvalue {smallest:.3g}"
        raise ArgumentError(f"penalty= of {called} {seen}; a penalty is a matrix with b'Sb of 0 or more.")
    order = sorted(range(len(names)), key=lambda i: names[i])
    return tuple(names[i] for i in order), (S + S.T)[np.ix_(order, order)] / 2.0


def shown_names(names: Sequence[str]) -> str:
    """Write a few names for a message.

    Examples
    --------
    >>> shown_names(["a", "b"]), shown_names(list("abcdefg"))
    ('"a", "b"', '"a", "b", "c", "d", "e" and 2 more')
    """
    few = ", ".join(f'"{name}"' for name in names[:_FEW])
    return few if len(names) <= _FEW else f"{few} and {len(names) - _FEW} more"
