"""Tokens → tree of operators, by the precedence that R gives them.

From loose to tight: ``|``, ``+ -``, ``* /``, ``%in%``, ``:``, ``^``. A bar may only stand directly inside
parentheses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from lmm.errors import FormulaError
from lmm.formula.scanner import Kind, Token
from lmm.limits import DEEPEST

__all__ = ["Node", "Tree"]


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree.

    Attributes
    ----------
    kind
        ``"name"``, ``"number"``, ``"call"``, ``"braces"``, ``"group"`` (parentheses), ``"bar"`` (parentheses
        around a bar), or an operator: ``"+"``, ``"-"``, ``"*"``, ``"/"``, ``"%in%"``, ``":"``, ``"^"``.
    text
        Text of the token; of a bar ``"|"`` or ``"||"``.
    position
        Index of the first character of the node.
    end
        Index after its last character.
    inside
        Of a call or braces: index of the first character within the brackets.
    parts
        Operands. A sign before the first term of a sum has one.
    depth
        How many parentheses and operators stand inside one another; sums do not count.
    """

    kind: str
    text: str
    position: int
    end: int
    inside: int = -1
    parts: tuple[Node, ...] = ()
    depth: int = 0

    @property
    def python(self) -> tuple[int, int]:
        """Where the Python of an expression begins and ends in the formula: braces do not belong to it."""
        return (self.inside, self.end - 1) if self.kind == "braces" else (self.position, self.end)


_LEVEL = {"+": 0, "-": 0, "*": 1, "/": 1, "%in%": 2, ":": 3, "^": 4}
_ATOMS = {Kind.NAME: "name", Kind.NUMBER: "number", Kind.CALL: "call", Kind.BRACES: "braces"}
_BARS = ("|", "||")


@dataclass(slots=True)
class _Open:
    """Parentheses that are open, or the whole: operands and operators that wait for what comes next."""

    opening: Token | None
    operands: list[Node] = field(default_factory=list)
    operators: list[tuple[Token, bool]] = field(
        default_factory=list
    )  # with whether it is a sign of one operand
    effects: Node | None = None  # what stood before the bar
    bar: Token | None = None

    def joined(self) -> Node:
        """Join all that waits to one node."""
        self.join(0)
        return self.operands.pop()

    def join(self, level: int) -> None:
        """Join the operands of all operators that bind at least as tightly."""
        while self.operators and _LEVEL[self.operators[-1][0].text] >= level:
            operator, is_sign = self.operators.pop()
            count = 1 if is_sign else 2
            parts = tuple(self.operands[-count:])
            del self.operands[-count:]
            begin = operator.position if is_sign else parts[0].position
            self.operands.append(
                Node(
                    operator.text,
                    operator.text,
                    begin,
                    parts[-1].end,
                    parts=parts,
                    depth=_depth(operator.text, parts),
                )
            )


def _depth(kind: str, parts: tuple[Node, ...]) -> int:
    """Levels below a node: a sum adds none, its terms are read in a row however many they are."""
    return max(part.depth for part in parts) + (kind not in ("+", "-"))


class Tree:
    """Reader of the tokens of one side of a formula.

    Operators wait on a stack of their own (Dijkstra's shunting yard), so that no length and no depth of a formula can
    exhaust the stack of Python, whatever its caller has used of it.

    Parameters
    ----------
    source
        The formula, for messages.
    tokens
        Tokens of the part to read, closed by an END.
    """

    def __init__(self, source: str, tokens: list[Token]) -> None:
        self.source = source
        self.tokens = tokens
        self.index = 0

    def read(self) -> Node:
        """Read all tokens as one sum.

        Raises
        ------
        FormulaError
            If the tokens are not a formula.
        """
        node = self._read(with_bar=False).joined()
        self._expect_end()
        return self._not_too_deep(node)

    def read_bar(self) -> Node | None:
        """Read all tokens as ``effects | group``; None if no bar follows the effects."""
        whole = self._read(with_bar=True)
        if whole.bar is None or whole.effects is None:
            return None
        effects, group = whole.effects, whole.joined()
        self._expect_end()
        return self._not_too_deep(_bar_node(whole.bar, effects, group, effects.position, group.end))

    def error(self, message: str, position: int) -> FormulaError:
        """Return an error that points at a character of this formula."""
        return FormulaError(message, self.source, position)

    def _not_too_deep(self, node: Node) -> Node:
        self._check_depth(node.depth, node.position)
        return node

    def _check_depth(self, depth: int, position: int) -> None:
        if depth > DEEPEST:
            raise self.error(
                f"the formula is nested too deeply: {depth:,} parentheses or operators stand inside one another, "
                f"at most {DEEPEST} can; terms that are joined by '+' can be any number",
                position,
            )

    def _text(self) -> str:
        """Text of the operator that comes next, or nothing."""
        token = self.tokens[self.index]
        return token.text if token.kind is Kind.OPERATOR else ""

    def _read(self, *, with_bar: bool) -> _Open:
        """Read up to the first token that has no place; operands and operators take turns."""
        opened = [_Open(None)]
        while True:
            here = opened[-1]
            text = self._text()
            if text == "(":
                opened.append(self._parentheses())
                self._check_depth(len(opened) - 1, self.tokens[0].position)
            elif text in ("+", "-") and (not here.operators or _LEVEL[here.operators[-1][0].text] == 0):
                # A term's own sign: a + -b is a - b.
                here.operators.append((self.tokens[self.index], True))
                self.index += 1
            else:
                here.operands.append(self._atom())
                if not self._operator(opened, with_bar=with_bar):
                    return opened[0]

    def _operator(self, opened: list[_Open], *, with_bar: bool) -> bool:
        """Read what follows an operand; whether another operand has to follow."""
        while True:
            token, text, here = self.tokens[self.index], self._text(), opened[-1]
            if text in _LEVEL:
                here.join(_LEVEL[text])
                here.operators.append((token, False))
                self.index += 1
                return True
            if text in _BARS and (with_bar or len(opened) > 1):
                self._bar(here, token)
                return True
            if len(opened) == 1:
                return False
            closed = self._closed(opened.pop(), token)
            opened[-1].operands.append(closed)

    def _atom(self) -> Node:
        token = self.tokens[self.index]
        if token.kind not in _ATOMS:
            raise self._no_operand(token)
        self.index += 1
        return Node(_ATOMS[token.kind], token.text, token.position, token.end, token.inside)

    def _parentheses(self) -> _Open:
        opening = self.tokens[self.index]
        self.index += 1
        if self._text() == ")":
            raise self.error("there is nothing between the parentheses", opening.position)
        if self._text() in _BARS:
            raise self.error(
                "nothing stands before the bar: write (1 | g) for a random intercept by g",
                self.tokens[self.index].position,
            )
        return _Open(opening)

    def _closed(self, inner: _Open, closing: Token) -> Node:
        """Node of parentheses, with a bar or without."""
        opening = cast("Token", inner.opening)
        if self._text() != ")":
            self._expect_operator(closing)
            raise self.error("'(' is never closed: a ')' is missing", opening.position)
        self.index += 1
        node, end = inner.joined(), closing.position + 1
        if inner.bar is not None and inner.effects is not None:
            return _bar_node(inner.bar, inner.effects, node, opening.position, end)
        return Node("group", "", opening.position, end, parts=(node,), depth=node.depth + 1)

    def _bar(self, here: _Open, token: Token) -> None:
        """Read the bar that comes next: what was read are the effects, the group follows."""
        if here.bar is not None:
            raise self.error(
                "a second bar in the same parentheses: each random term has one, as in (x | g) + (1 | h)",
                token.position,
            )
        here.effects, here.bar = here.joined(), token
        self.index += 1
        if self.tokens[self.index].kind is Kind.END or self._text() == ")":
            raise self.error(
                "nothing stands after the bar: name the grouping factor, as in (1 | g)",
                token.position,
            )

    def _expect_end(self) -> None:
        token = self.tokens[self.index]
        if token.kind is Kind.END:
            return
        if self._text() in ("|", "||"):
            raise self.error(
                "a random term stands in parentheses: write (1 | g), or (x | g) for a random slope of x; 'or' between "
                "truth values is I(a | b)",
                token.position,
            )
        if token.text == ")" and token.kind is Kind.OPERATOR:
            raise self.error("there is no '(' that this ')' closes", token.position)
        self._expect_operator(token)
        raise self.error(f"unexpected '{token.text}'", token.position)

    def _expect_operator(self, token: Token) -> None:
        """Say that an operator is missing, if a new operand begins at this token."""
        if token.kind in _ATOMS or (token.kind is Kind.OPERATOR and token.text == "("):
            raise self.error(
                "an operator is missing here: terms are joined by '+', ':' or '*'", token.position
            )

    def _no_operand(self, token: Token) -> FormulaError:
        """Error for an operator that has nothing on its right."""
        before = self.tokens[self.index - 1] if self.index else None
        if before is None:
            return self.error(f"a term is missing before '{token.text}'", token.position)
        if token.kind is Kind.END or token.text == ")":
            return self.error(f"a term is missing after '{before.text}'", before.position)
        return self.error(f"a term is missing between '{before.text}' and '{token.text}'", token.position)


def _bar_node(bar: Token, effects: Node, group: Node, begin: int, end: int) -> Node:
    parts = (effects, group)
    return Node("bar", bar.text, begin, end, parts=parts, depth=_depth("bar", parts))
