"""Tokens → tree of operators, by the precedence that R gives them.

From loose to tight: ``|``, ``+ -``, ``* /``, ``%in%``, ``:``, ``^``. A bar may only stand directly inside
parentheses.
"""

from __future__ import annotations

from dataclasses import dataclass

from lmm.errors import FormulaError
from lmm.formula.scanner import Kind, Token

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
    """

    kind: str
    text: str
    position: int
    end: int
    inside: int = -1
    parts: tuple[Node, ...] = ()

    @property
    def python(self) -> tuple[int, int]:
        """Where the Python of an expression begins and ends in the formula: braces do not belong to it."""
        return (self.inside, self.end - 1) if self.kind == "braces" else (self.position, self.end)


_LEVELS = (("+", "-"), ("*", "/"), ("%in%",), (":",), ("^",))
_ATOMS = {Kind.NAME: "name", Kind.NUMBER: "number", Kind.CALL: "call", Kind.BRACES: "braces"}


class Tree:
    """Recursive descent over the tokens of one side of a formula.

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
        node = self._operation(0)
        self._expect_end()
        return node

    def read_bar(self) -> Node | None:
        """Read all tokens as ``effects | group``; None if no bar follows the effects."""
        node = self._operation(0)
        if self._text() not in ("|", "||"):
            return None
        bar = self._bar(node)
        self._expect_end()
        return bar

    def error(self, message: str, position: int) -> FormulaError:
        """Return an error that points at a character of this formula."""
        return FormulaError(message, self.source, position)

    def _text(self) -> str:
        """Text of the operator that comes next, or nothing."""
        token = self.tokens[self.index]
        return token.text if token.kind is Kind.OPERATOR else ""

    def _operation(self, level: int) -> Node:
        """Operands of one precedence, grouped from the left."""
        if level == len(_LEVELS):
            return self._atom()
        left = self._signed() if level == 0 else self._operation(level + 1)
        while self._text() in _LEVELS[level]:
            operator = self.tokens[self.index]
            self.index += 1
            right = self._signed() if level == 0 else self._operation(level + 1)
            left = Node(operator.text, operator.text, left.position, right.end, parts=(left, right))
        return left

    def _signed(self) -> Node:
        """Operand of a sum, with its own sign if it has one: ``a + -b`` is ``a - b``."""
        if self._text() not in ("+", "-"):
            return self._operation(1)
        sign = self.tokens[self.index]
        self.index += 1
        operand = self._signed()
        return Node(sign.text, sign.text, sign.position, operand.end, parts=(operand,))

    def _atom(self) -> Node:
        token = self.tokens[self.index]
        if token.kind in _ATOMS:
            self.index += 1
            return Node(_ATOMS[token.kind], token.text, token.position, token.end, token.inside)
        if token.text == "(":
            return self._parentheses(token)
        raise self._no_operand(token)

    def _parentheses(self, opening: Token) -> Node:
        self.index += 1
        if self._text() == ")":
            raise self.error("there is nothing between the parentheses", opening.position)
        if self._text() in ("|", "||"):
            raise self.error(
                "nothing stands before the bar: write (1 | g) for a random intercept by g",
                self.tokens[self.index].position,
            )
        inner = self._operation(0)
        bar = self._bar(inner) if self._text() in ("|", "||") else None
        closing = self.tokens[self.index]
        if closing.text != ")" or closing.kind is not Kind.OPERATOR:
            self._expect_operator(closing)
            raise self.error("'(' is never closed: a ')' is missing", opening.position)
        self.index += 1
        end = closing.position + 1
        if bar is not None:
            return Node("bar", bar.text, opening.position, end, parts=bar.parts)
        return Node("group", "", opening.position, end, parts=(inner,))

    def _bar(self, effects: Node) -> Node:
        """Read the bar that comes next and the group behind it."""
        token = self.tokens[self.index]
        self.index += 1
        if self.tokens[self.index].kind is Kind.END or self._text() == ")":
            raise self.error(
                "nothing stands after the bar: name the grouping factor, as in (1 | g)",
                token.position,
            )
        group = self._operation(0)
        if self._text() in ("|", "||"):
            raise self.error(
                "a second bar in the same parentheses: each random term has one, as in (x | g) + (1 | h)",
                self.tokens[self.index].position,
            )
        return Node("bar", token.text, effects.position, group.end, parts=(effects, group))

    def _expect_end(self) -> None:
        token = self.tokens[self.index]
        if token.kind is Kind.END:
            return
        if self._text() in ("|", "||"):
            raise self.error(
                "a random term stands in parentheses: write (1 | g), or (x | g) for a random slope of x",
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
