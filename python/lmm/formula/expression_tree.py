"""What stands inside of calls, as a tree: columns, constants, operators and calls of functions that have a name.

These nodes are all that there is. Nothing else of Python can be written as one, so nothing else can be computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = [
    "Call",
    "Chain",
    "Choice",
    "Comparison",
    "Constant",
    "Items",
    "Name",
    "Named",
    "Node",
    "Pairs",
    "Power",
    "Sign",
    "inner",
    "walk",
]


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a text, a truth value, or None; ``typed`` is how it was written."""

    value: float | str | bool | None
    typed: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A column of the table; ``by_function`` if it is written ``Q("name")``."""

    name: str
    by_function: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """Something known by name that is not a column: ``np.pi``, ``contr.sum``, ``Sum``."""

    name: str


@dataclass(frozen=True, slots=True)
class Sign:
    """One operand with ``-``, ``+`` or ``~`` (not) before it."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Power:
    """``base ** exponent``."""

    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands joined from left to right by operators of one precedence.

    Attributes
    ----------
    operators
        ``+ -``, or ``* / % //``, or ``&``, or ``|``: one less than operands.
    operands
        At least two.
    """

    operators: tuple[str, ...]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``a < b``, or ``a < b < c``, where both have to be true."""

    operators: tuple[str, ...]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """``yes if condition else no``, row by row."""

    condition: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True)
class Items:
    """A list: ``c(1, 2)``, ``[1, 2]``; ``(1, 2)`` if ``round``."""

    items: tuple[Node, ...]
    round: bool = False


@dataclass(frozen=True, slots=True)
class Pairs:
    """A list with names: ``{"a": [1, 0]}``."""

    keys: tuple[Node, ...]
    values: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function of the table.

    Attributes
    ----------
    function
        Its name: ``"log"``, ``"np.log"``, ``"contr.sum"``, of a method of a column ``".clip"``.
    arguments
        What stands in the parentheses; the column of a method comes first.
    keywords
        Names of the last of them; empty for those before.
    """

    function: str
    arguments: tuple[Node, ...]
    keywords: tuple[str, ...] = ()


Node: TypeAlias = Constant | Name | Named | Sign | Power | Chain | Comparison | Choice | Items | Pairs | Call


def walk(node: Node) -> Iterator[Node]:
    """All nodes of a tree, each before those inside it.

    Examples
    --------
    >>> from lmm.formula.expression_tree import Constant, Name, Power, walk
    >>> [type(node).__name__ for node in walk(Power(Name("x"), Constant(2, "2")))]
    ['Power', 'Name', 'Constant']
    """
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(inner(found)))


def inner(node: Node) -> tuple[Node, ...]:
    """Nodes right inside a node, in the order in which they are written."""
    match node:
        case Sign():
            return (node.operand,)
        case Power():
            return (node.base, node.exponent)
        case Chain() | Comparison():
            return node.operands
        case Choice():
            return (node.yes, node.condition, node.no)
        case Items():
            return node.items
        case Pairs():
            return (*node.keys, *node.values)
        case Call():
            return node.arguments
    return ()
