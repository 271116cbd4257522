"""Linear hypotheses as people write them: ``"a - b = 0, c = 10"``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lmm.errors import FormulaError, brief, nearest
from lmm.limits import DEEPEST, MOST_GRID_NUMBERS, check_text
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["Hypotheses", "parse_hypotheses"]

_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WORD = re.compile(r"[^\s=,+*/()-](?:[^\s=,+*/()\[-]|\[[^\]]*\])*")
_INSIDE = re.compile(r"[\w.\[:]")  # goes on with a name: Days in Days2, a in a:b


@dataclass(frozen=True, slots=True, eq=False)
class Hypotheses:
    """Rows ``contrast @ beta = rhs``.

    Attributes
    ----------
    contrast : shape (r, n_names)
    rhs : shape (r,)
    labels
        Each row as typed.
    """

    contrast: FloatMatrix
    rhs: FloatVector
    labels: tuple[str, ...]


class _Token(NamedTuple):
    kind: str  # "name", "number", an operator, or "end"
    value: str
    position: int
    end: int


class _Linear(NamedTuple):
    """A linear function of the coefficients: ``coefficients @ beta + constant``."""

    coefficients: FloatVector
    constant: float

    @property
    def is_number(self) -> bool:
        return not self.coefficients.any()


def parse_hypotheses(text: str, names: Sequence[str]) -> Hypotheses:
    """Read linear hypotheses on coefficients, separated by commas.

    Parameters
    ----------
    text
        Names, numbers, ``+ - * /`` and parentheses; ``=`` with 0 understood where it is left out.
        ``"a = b = c"`` is two hypotheses. Names stand as they are printed, or in backticks.
    names
        Of all coefficients.

    Raises
    ------
    FormulaError
        If it cannot be read, a name is unknown, or the function is not linear.

    Examples
    --------
    >>> found = parse_hypotheses("f[T.b]:x = 2 * (x - 1)", ["Intercept", "x", "f[T.b]:x"])
    >>> found.contrast, found.rhs
    (array([[ 0., -2.,  1.]]), array([-2.]))
    """
    with np.errstate(all="ignore"):  # numbers that are too large are refused by name
        return _Parser(text, tuple(names)).parse()


class _Parser:
    """One pass, by recursive descent."""

    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        check_text(text, "The hypothesis")
        self.text, self.names = text, names
        self.places = {name: i for i, name in enumerate(names)}
        self.tokens = _tokens(text, names)
        self.at = 0
        self.depth = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        token = self.next
        self.at += 1
        return token

    def parse(self) -> Hypotheses:
        rows: list[FloatVector] = []
        rhs: list[float] = []
        labels: list[str] = []
        while True:
            begin = self.next.position
            sides = [self.sum()]
            while self.next.kind == "=":
                self.take()
                sides.append(self.sum())
            end = self.tokens[self.at - 1].end
            zero = _Linear(np.zeros(len(self.names)), 0.0)
            for left, right in zip(sides, sides[1:] or [zero], strict=False):
                rows.append(left.coefficients - right.coefficients)
                rhs.append(right.constant - left.constant)
                if not rows[-1].any():
                    raise self.error("this hypothesis has no coefficient in it", begin)
                if not (np.isfinite(rows[-1]).all() and np.isfinite(rhs[-1])):
                    raise self.error("a number of this hypothesis is too large", begin)
                if len(rows) * len(self.names) > MOST_GRID_NUMBERS:
                    raise self.error(
                        f"there are more hypotheses than the {len(rows):,} that are possible", begin
                    )
            label = " ".join(self.text[begin:end].split())
            n = max(len(sides) - 1, 1)
            labels += [label] if n == 1 else [f"{label} ({i + 1})" for i in range(n)]
            if self.next.kind == "end":
                return Hypotheses(np.array(rows), np.array(rhs), tuple(labels))
            self.expect(",")

    def sum(self) -> _Linear:
        total = self.product()
        while self.next.kind in ("+", "-"):
            sign = 1.0 if self.take().kind == "+" else -1.0
            term = self.product()
            total = _Linear(
                total.coefficients + sign * term.coefficients, total.constant + sign * term.constant
            )
        return total

    def product(self) -> _Linear:
        total = self.factor()
        while self.next.kind in ("*", "/"):
            operator = self.take()
            other = self.factor()
            if operator.kind == "*" and total.is_number:
                total, other = other, total
            if not other.is_number:
                raise self.error(
                    "a hypothesis must be linear in the coefficients: only numbers can multiply and divide them",
                    operator.position,
                )
            if operator.kind == "/" and other.constant == 0.0:
                raise self.error("division by zero", operator.position)
            by = other.constant if operator.kind == "*" else 1.0 / other.constant
            total = _Linear(total.coefficients * by, total.constant * by)
        return total

    def factor(self) -> _Linear:
        sign = 1.0
        while self.next.kind in ("+", "-"):
            sign *= 1.0 if self.take().kind == "+" else -1.0
        token = self.take()
        if token.kind == "number":
            return _Linear(np.zeros(len(self.names)), sign * float(token.value))
        if token.kind == "name":
            coefficients = np.zeros(len(self.names))
            coefficients[self.places[token.value]] = sign
            return _Linear(coefficients, 0.0)
        if token.kind != "(":
            raise self.error("a coefficient or a number is missing here", token.position)
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(
                f"the hypothesis is nested too deeply: at most {DEEPEST} parentheses can stand inside one another",
                token.position,
            )
        inner = self.sum()
        self.expect(")")
        self.depth -= 1
        return _Linear(sign * inner.coefficients, sign * inner.constant)

    def expect(self, kind: str) -> None:
        token = self.take()
        if token.kind != kind:
            seen = "the end" if token.kind == "end" else f'"{token.value}"'
            raise self.error(f'expected "{kind}" here, found {seen}', token.position)

    def error(self, message: str, position: int) -> FormulaError:
        return FormulaError(message, self.text, position)


def _tokens(text: str, names: tuple[str, ...]) -> list[_Token]:
    tree = _tree_of(names)
    found: list[_Token] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        token = _token(text, position, names, tree)
        found.append(token)
        position = token.end
    return [*found, _Token("end", "", len(text), len(text))]


def _token(text: str, position: int, names: tuple[str, ...], tree: _Letters) -> _Token:
    if text[position] == "`":
        end = text.find("`", position + 1)
        if end < 0:
            raise FormulaError("the backtick is not closed", text, position)
        name = text[position + 1 : end]
        if name in names:
            return _Token("name", name, position, end + 1)
        raise _unknown(name, names, text, position)
    longest = _longest_name(text, position, tree)
    if longest is not None:
        return longest
    if text[position] in "+-*/()=,":
        return _Token(text[position], text[position], position, position + 1)
    number = _NUMBER.match(text, position)
    if number and not _INSIDE.match(text, number.end()):
        return _Token("number", number[0], position, number.end())
    word = _WORD.match(text, position)
    raise _unknown(word[0] if word else text[position], names, text, position)


class _Letters(dict[str, "_Letters"]):
    """Names as a tree of their letters: with thousands of names, trying one after the other would take minutes."""

    name: str | None = None


def _tree_of(names: tuple[str, ...]) -> _Letters:
    tree = _Letters()
    for name in names:
        node = tree
        for letter in re.sub(r"\s+", " ", name):
            node = node.setdefault(letter, _Letters())
        node.name = node.name or name
    return tree


def _longest_name(text: str, position: int, tree: _Letters) -> _Token | None:
    """Longest name that stands here, with or without the spaces that formulaic writes: ``I(x**2)``."""
    found = None
    # With whether the last letter of the name was a space, which stands for any number of them.
    nodes = [(tree, False)]
    for end in range(position, len(text) + 1):
        nodes += [(node[" "], True) for node, _ in nodes if " " in node]
        for node, _ in nodes:
            if node.name is not None and not _INSIDE.match(text, end):
                found = _Token("name", node.name, position, end)
        letter = text[end : end + 1]
        if letter.isspace():
            nodes = [(node, True) for node, in_space in nodes if in_space]
        else:
            nodes = [(node[letter], False) for node, _ in nodes if letter in node]
        if not nodes:
            break
    return found


def _unknown(name: str, names: tuple[str, ...], text: str, position: int) -> FormulaError:
    listed = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    return FormulaError(
        f'there is no coefficient "{brief(name)}"; there are {listed}.{nearest(name, names)}', text, position
    )
