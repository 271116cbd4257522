"""Layered diagrams: where the nodes stand, and how they are drawn with letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, permutations
from typing import NamedTuple, TypeAlias

__all__ = ["Diagram", "Place", "arranged", "drawn"]

_GAP = 4
_MOST_TRIED = 6  # nodes of the second layer, whose orders are all tried


class Place(NamedTuple):
    """A node, or where a line passes a layer.

    Attributes
    ----------
    name
        The node; empty for a line.
    above
        Positions in the layer above that lines come from.
    """

    name: str
    above: tuple[int, ...]


Diagram: TypeAlias = tuple[tuple[Place, ...], ...]
"""Layers from top to bottom, each from left to right."""


def arranged(above: Mapping[str, Sequence[str]]) -> Diagram:
    """Arrange nodes in layers, each as far up as the nodes above it allow, with few crossings of lines.

    Parameters
    ----------
    above
        For each node those directly above it, in an order in which nodes come after those above them.

    Examples
    --------
    >>> [[place.name for place in layer] for layer in arranged({"a": (), "b": ("a",), "c": ("a", "b")})]
    [['a'], ['b', ''], ['c']]
    """
    layer: dict[str, int] = {}
    for name, parents in above.items():
        layer[name] = 1 + max((layer[parent] for parent in parents), default=-1)
    first = [name for name, at in layer.items() if at == 1]
    orders = permutations(first) if len(first) <= _MOST_TRIED else iter([tuple(first)])
    return min((tuple(_layers(above, layer, order)) for order in orders), key=_crossings)


def _layers(
    above: Mapping[str, Sequence[str]], layer: Mapping[str, int], order: Sequence[str]
) -> Iterator[tuple[Place, ...]]:
    """Layers for one order of the second one; below, everything stands near what is above it."""
    ways: list[tuple[str, str]] = []  # of the layer above: where a line starts, and its end if it passes
    for at in range(max(layer.values()) + 1):
        entries: dict[tuple[str, str], list[int]] = {}
        for name, parents in above.items():
            if layer[name] < at:
                continue
            for parent in parents:
                if layer[parent] < at:
                    source = next(
                        i for i, (start, end) in enumerate(ways) if start == parent and end in ("", name)
                    )
                    entries.setdefault((name, "") if layer[name] == at else (parent, name), []).append(source)
            if layer[name] == at == 0:
                entries[name, ""] = []
        keys = sorted(
            entries,
            key=lambda key: (
                sum(entries[key]) / max(len(entries[key]), 1),
                order.index(key[0]) if key[0] in order else len(order),
            ),
        )
        yield tuple(Place("" if end else start, tuple(entries[start, end])) for start, end in keys)
        ways = keys


def _crossings(diagram: Diagram) -> int:
    count = 0
    for layer in diagram:
        edges = [(upper, lower) for lower, place in enumerate(layer) for upper in place.above]
        count += sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in combinations(edges, 2))
    return count


def drawn(diagram: Diagram, labels: Mapping[str, str]) -> str:
    """Draw a diagram in plain text.

    Examples
    --------
    >>> print(drawn(arranged({"a": (), "b": ("a",), "c": ("a",)}), {"a": "mean", "b": "left", "c": "right"}))
        mean
        ╱  ╲
    left  right
    """
    texts = [[labels[place.name] if place.name else "│" for place in layer] for layer in diagram]
    width = max(sum(map(len, row)) + _GAP * len(row) for row in texts) - _GAP + 2
    spread = [_spread(row, width) for row in texts]
    lines = [spread[0][0]]
    for layer, (_, upper), (line, lower) in zip(diagram[1:], spread, spread[1:], strict=False):
        edges = [(upper[i], centre) for place, centre in zip(layer, lower, strict=True) for i in place.above]
        lines += [*_slanted(edges, width), line]
    indent = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[indent:].rstrip() for line in lines)


def _spread(texts: Sequence[str], width: int) -> tuple[str, list[float]]:
    """Put texts into one line, evenly spread, and give their centres."""
    gap = (width - sum(map(len, texts))) / len(texts)
    line, centres, at = [" "] * width, [], gap / 2
    for text in texts:
        start = min(round(at), width - len(text))
        line[start : start + len(text)] = text
        centres.append(start + (len(text) - 1) / 2)
        at += len(text) + gap
    return "".join(line), centres


def _slanted(edges: Sequence[tuple[float, float]], width: int) -> list[str]:
    """Lines from the upper places to the lower ones, in as many rows as the slope asks for."""
    longest = max((abs(upper - lower) for upper, lower in edges), default=0.0)
    height = min(4, 1 + int(longest // 7))
    canvas = [[" "] * width for _ in range(height)]
    for upper, lower in edges:
        for i in range(height):
            at = min(max(round(upper + (lower - upper) * (i + 0.5) / height), 0), width - 1)
            mark = "│" if abs(lower - upper) < 1.5 else "╲" if lower > upper else "╱"
            canvas[i][at] = mark if canvas[i][at] in (" ", mark) else "╳"
    return ["".join(row) for row in canvas]
