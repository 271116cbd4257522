"""What stands behind a bar → the grouping factors.

``a/b`` gives a and a:b, ``a*b`` gives a, b and a:b, ``a:b`` and ``b %in% a`` the combinations alone.
"""

from __future__ import annotations

from lmm.errors import FormulaError
from lmm.formula.expressions import translate
from lmm.formula.extent import extent
from lmm.formula.sides import Writer, typeset
from lmm.formula.syntax import Node
from lmm.limits import MOST_RANDOM_TERMS, counted

__all__ = ["Factors", "grouping_factors"]

Factors = tuple[str, ...]
"""Columns or expressions whose combinations are the levels of one grouping factor."""


def grouping_factors(node: Node, writer: Writer) -> list[Factors]:
    """List the grouping factors that the right side of a bar stands for, in the order of the formula.

    Raises
    ------
    FormulaError
        At an operator or number that makes no grouping factor.
    """
    if node.kind == "name":
        writer.name(node)
        return [(node.text,)]
    if node.kind in ("call", "braces"):
        return [(_expression(node, writer),)]
    if node.kind == "group":
        return grouping_factors(node.parts[0], writer)
    if node.kind in (":", "/", "*", "%in%"):
        _check_count(node, writer)
        left, right = (grouping_factors(part, writer) for part in node.parts)
        return _unique(_combine(node.kind, left, right))
    raise _no_factor(node, writer)


def _check_count(node: Node, writer: Writer) -> None:
    """Refuse a product of very many factors before it is written out."""
    count = extent(node).terms
    if count > MOST_RANDOM_TERMS:
        raise writer.error(
            f"there are {counted(count)} grouping factors behind the bar when the product is written out, at most "
            f"{MOST_RANDOM_TERMS:,} are possible: write a random term for each that the model needs",
            node,
        )


def _combine(operator: str, left: list[Factors], right: list[Factors]) -> list[Factors]:
    if operator == "%in%":
        left, right = right, left
    crossed = [_joined(a, b) for a in left for b in right]
    if operator == "*":
        return [*left, *right, *crossed]
    if operator == "/":
        # (a/b)/c: what is nested lies within everything on its left together.
        outer: Factors = ()
        for factors in left:
            outer = _joined(outer, factors)
        return [*left, *(_joined(outer, inner) for inner in right)]
    return crossed


def _joined(left: Factors, right: Factors) -> Factors:
    return tuple(dict.fromkeys((*left, *right)))


def _unique(found: list[Factors]) -> list[Factors]:
    """Keep the first of all that combine the same factors."""
    seen: dict[frozenset[str], Factors] = {}
    for factors in found:
        seen.setdefault(frozenset(factors), factors)
    return list(seen.values())


def _expression(node: Node, writer: Writer) -> str:
    """Call behind a bar: ``C(day)`` is the column, for behind a bar all values are levels."""
    expression = translate(writer.source, *node.python, writer.names)
    if not expression.uses_columns:
        raise writer.error("the grouping factor names no column", node)
    return expression.as_factor if expression.column is None else expression.column


def _no_factor(node: Node, writer: Writer) -> FormulaError:
    """Error for a node that is not a grouping factor."""
    if node.kind == "+" and len(node.parts) == 2:
        left, right = (typeset(part, writer.source) for part in node.parts)
        return FormulaError(
            f"two grouping factors behind one bar: write (... | {left}) + (... | {right}) for crossed "
            f"factors, (... | {left}:{right}) for their combinations",
            writer.source,
            node.parts[1].position,
        )
    if node.kind == "bar":
        return writer.error("a random term cannot stand inside another", node)
    if node.kind == "number":
        return writer.error(f"{node.text} is not a grouping factor: name a column behind the bar", node)
    return writer.error(
        f"'{node.text}' has no meaning behind a bar, where factors are joined by ':', '/' or '*'", node
    )
