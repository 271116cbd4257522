"""The whole of a formula: its sides, random terms and offsets."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import TypeAlias

from lmm.elsewhere import not_here
from lmm.errors import FormulaError
from lmm.formula.bars import Repetitions, find_bar, random_terms
from lmm.formula.expressions import Names, quote, translate
from lmm.formula.scanner import Kind, Token, scan
from lmm.formula.sides import Item, Writer, additive
from lmm.formula.smooths import is_smooth, smooth_term
from lmm.formula.syntax import Node, Tree
from lmm.formula.terms import Formula, RandomTerm, SmoothTerm
from lmm.limits import MOST_RANDOM_TERMS, check_limit, check_text

__all__ = ["parse"]

_RightSide: TypeAlias = tuple[str, tuple[RandomTerm, ...], tuple[str, ...], tuple[SmoothTerm, ...]]


def parse(text: str, *, columns: Collection[str] | None = None, response_required: bool = True) -> Formula:
    """Take a mixed-model formula apart.

    Reads what lme4 reads, and in the fixed part what formulaic reads. Nothing is evaluated.

    Parameters
    ----------
    text
        ``"y ~ x + (x | g)"``.
    columns
        Names of the columns of the table. They decide what a name with dots inside a call is: the column
        ``a.b``, or the method ``b`` of the column ``a``; and whether ``pi`` is a column or the number. Without them
        both are columns.
    response_required
        Whether a left side must be there.

    Returns
    -------
    Formula

    Raises
    ------
    FormulaError
        If the text is not a formula; the message shows the character.
    UnsupportedError
        If the formula asks for something that is planned.

    Examples
    --------
    >>> from lmm.formula import parse
    >>> formula = parse("log(y) ~ x + I(x^2) + (x || school/class)")
    >>> formula.response, formula.fixed
    ('log(y)', '1 + x + I(x ** 2)')
    >>> [(term.effects, term.group, term.structure) for term in formula.random]
    [('1 + x', 'school', 'diag'), ('1 + x', 'school:class', 'diag')]
    """
    if not isinstance(text, str):
        raise FormulaError(f"a formula is a text such as 'y ~ x + (1 | g)', not {type(text).__name__}")
    check_text(text, "The formula")
    # Only names with dots, and pi, are read by what columns there are.
    known = frozenset(columns) if columns is not None and ("." in text or "pi" in text) else None
    return _parse(text, known, response_required)


@lru_cache(maxsize=256)
def _parse(text: str, columns: frozenset[str] | None, response_required: bool) -> Formula:
    try:
        return _Reader(text, Names(columns), response_required).read()
    except RecursionError:
        raise FormulaError(
            "the formula is nested too deeply for what the program that asks has left of Python's stack"
        ) from None


class _Reader:
    """Reads one formula."""

    def __init__(self, source: str, names: Names, response_required: bool) -> None:
        self.source = source
        self.names = names
        self.response_required = response_required
        self.writer = Writer(source, names)

    def read(self) -> Formula:
        left, right = self._sides()
        response = self._response(left) if left else ""
        fixed, random, offsets, smooths = self._right_side(Tree(self.source, right).read(), response)
        variables = frozenset(self.names.variables)
        return Formula(self.source, response, fixed, random, offsets, variables, smooths)

    def _sides(self) -> tuple[list[Token], list[Token]]:
        """Tokens left and right of the tilde."""
        tokens = scan(self.source)
        tildes = [
            index for index, token in enumerate(tokens) if token.kind is Kind.OPERATOR and token.text == "~"
        ]
        if len(tokens) == 1:
            raise FormulaError("the formula is empty: write 'y ~ x + (1 | g)'", self.source, 0)
        if len(tildes) > 1:
            raise FormulaError(
                "a second '~': a formula has one, between the response and its terms",
                self.source,
                tokens[tildes[1]].position,
            )
        at = tildes[0] if tildes else -1
        if any(token.text == "(" for token in tokens[: max(at, 0)]):
            self._check_outside(tokens[:at], tokens[at])
        left, right = tokens[: max(at, 0)], tokens[at + 1 :]
        if right[0].kind is Kind.END:
            raise FormulaError(
                "nothing stands on the right of '~': write 'y ~ 1' for a mean only",
                self.source,
                tokens[at].position,
            )
        if left:
            left.append(Token(Kind.END, "", tokens[at].position, tokens[at].position))
        elif self.response_required:
            raise FormulaError(
                "the response is missing: write its column on the left, 'y ~ ...'",
                self.source,
                tokens[0].position,
            )
        return left, right

    def _check_outside(self, before: list[Token], tilde: Token) -> None:
        """Refuse a tilde within parentheses."""
        brackets = [token.text for token in before if token.kind is Kind.OPERATOR]
        if brackets.count("(") > brackets.count(")"):
            raise FormulaError("the '~' stands inside parentheses", self.source, tilde.position)

    def _response(self, tokens: list[Token]) -> str:
        """Left side as one factor; operators are arithmetic there."""
        node = Tree(self.source, tokens).read()
        while node.kind == "group":
            node = node.parts[0]
        if node.kind == "name":
            return self.writer.name(node)
        if node.kind == "+":
            raise FormulaError(
                "several terms on the left: a model has one response; write I(a + b) for a sum",
                self.source,
                node.position,
            )
        if node.kind == "call" and node.text == "cbind":
            raise not_here(
                "a response with several columns", "several responses", f" It stands in: {self.source}"
            )
        if node.kind in (":", "%in%") or find_bar(node, self.source) is not None:
            raise FormulaError(
                "the left side is a column or an expression such as log(y)", self.source, node.position
            )
        expression = translate(self.source, *node.python, self.names)
        if not expression.uses_columns:
            raise FormulaError("the left side names no column", self.source, node.position)
        return expression.as_factor

    def _right_side(self, tree: Node, response: str) -> _RightSide:
        fixed: list[Item] = []
        random: list[RandomTerm] = []
        offsets: list[str] = []
        smooths: dict[str, SmoothTerm] = {}
        repetitions = Repetitions(self.source)
        for item in additive(tree):
            bar = None if is_smooth(item.node) else find_bar(item.node, self.source)
            if is_smooth(item.node):
                self._only_added(item, "a smooth term")
                self._add_smooth(smooth_term(item.node, self.writer), smooths, response)
            elif bar is not None:
                self._only_added(item, "a random term")
                for term, effects in random_terms(bar, self.writer):
                    repetitions.check(term, effects)
                    random.append(term)
            elif item.node.kind == "call" and item.node.text == "offset":
                self._only_added(item, "an offset")
                offsets.append(self._offset(item.node))
            else:
                fixed.append(item)
        check_limit(
            "The number of random terms,",
            len(random),
            MOST_RANDOM_TERMS,
            "Each is a covariance matrix to be estimated: leave some out.",
            FormulaError,
        )
        text, terms = self.writer.side(fixed)
        self._check_response(response, terms, random)
        return text, tuple(random), tuple(offsets), tuple(smooths.values())

    def _add_smooth(self, term: SmoothTerm, there: dict[str, SmoothTerm], response: str) -> None:
        if term.label in there:
            raise FormulaError(
                f"the smooth {term.label} stands twice: leave one out", self.source, term.position
            )
        if response and response in map(quote, (*term.covariates, term.by or "")):
            raise FormulaError(
                f"the response {response} stands on the right side too", self.source, term.position
            )
        there[term.label] = term
        check_limit(
            "The number of smooth terms,",
            len(there),
            MOST_RANDOM_TERMS,
            "Each has variances to be estimated: leave some out.",
            FormulaError,
        )

    def _only_added(self, item: Item, what: str) -> None:
        if item.negative:
            raise self.writer.error(f"{what} cannot be subtracted: leave it out", item.node)

    def _offset(self, node: Node) -> str:
        if not self.source[node.inside : node.end - 1].strip():
            raise self.writer.error("there is nothing between the parentheses of offset()", node)
        expression = translate(self.source, node.inside, node.end - 1, self.names)
        if not expression.uses_columns:
            raise self.writer.error("the offset names no column", node)
        return quote(expression.column) if expression.column else expression.as_factor

    def _check_response(self, response: str, terms: list[str], random: list[RandomTerm]) -> None:
        if response and response in terms:
            raise FormulaError(
                f"the response {response} stands on the right side too", self.source, self.source.find("~")
            )
        for term in random:
            if response and response in map(quote, term.factors):
                raise FormulaError(
                    f"the response {response} cannot be a grouping factor", self.source, term.position
                )
