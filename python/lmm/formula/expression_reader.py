"""Text of an expression → its tree, by the precedence that R gives the operators.

From loose to tight: ``if else``, ``|``, ``&``, ``!``, comparisons, ``+ -``, ``* /``, ``%% %/% %in%``, signs, ``^``.
What Python users type is read too: ``**``, ``and``, ``or``, ``not``, ``[1, 2]``, ``True``, and ``%`` and ``//``, which
bind as ``*`` does.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

from lmm.elsewhere import not_here
from lmm.errors import FormulaError
from lmm.formula.expression_tree import (
    Call,
    Chain,
    Choice,
    Comparison,
    Constant,
    Items,
    Name,
    Named,
    Node,
    Pairs,
    Power,
    Sign,
)
from lmm.formula.functions import (
    CONTRAST_CLASSES,
    METHODS,
    MODULES,
    PLANNED_TERMS,
    R_FUNCTIONS,
    SMOOTHS,
    unknown_attribute,
    unknown_function,
)
from lmm.formula.names import Names, member, no_member
from lmm.formula.pieces import Piece, Pieces
from lmm.formula.signatures import SignatureError, signature_of
from lmm.limits import DEEPEST

__all__ = ["ExpressionReader", "read_expression"]


_CHOICE, _OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _PERCENT, _SIGN, _POWER = range(10)
_INFIX: dict[str, tuple[int, str]] = {
    "if": (_CHOICE, "if"),
    **dict.fromkeys(("|", "||", "or"), (_OR, "|")),
    **dict.fromkeys(("&", "&&", "and"), (_AND, "&")),
    **{text: (_COMPARISON, text) for text in ("==", "!=", "<", "<=", ">", ">=")},
    "+": (_SUM, "+"),
    "-": (_SUM, "-"),
    "*": (_PRODUCT, "*"),
    "/": (_PRODUCT, "/"),
    "%": (_PRODUCT, "%"),
    "//": (_PRODUCT, "//"),
    "%%": (_PERCENT, "%"),
    "%/%": (_PERCENT, "//"),
    "%in%": (_PERCENT, "%in%"),
    "^": (_POWER, "**"),
    "**": (_POWER, "**"),
}
_CONSTANTS: dict[str, bool | None] = {
    "TRUE": True,
    "FALSE": False,
    "NULL": None,
    "True": True,
    "False": False,
    "None": None,
}
_ALIKE = ({"+", "-"}, {"*", "/", "%", "//"}, {"&"}, {"|"})
_WORDS = frozenset({"and", "or", "not", "if", "else"})
_FOREIGN = frozenset({"lambda", "for", "in", "is", "function"})
_ESCAPES = {"n": "\n", "t": "\t"}


@lru_cache(maxsize=1024)
def read_expression(text: str) -> Node:
    """Read an expression as `lmm.formula.parse` writes it.

    Raises
    ------
    FormulaError
        If it is none.
    """
    return ExpressionReader(text, 0, len(text), Names()).read()


class ExpressionReader:
    """Reads ``source[start:stop]``.

    Parameters
    ----------
    source, start, stop
        The formula, and where the expression stands in it.
    names
        What is known of names; collects the columns and functions that are used.
    """

    def __init__(self, source: str, start: int, stop: int, names: Names) -> None:
        self.source, self.start = source, start
        self.names = names
        self.pieces = Pieces(source, start, stop)
        self.depth = 0
        self.is_coding = False  # whether a bare ``Sum`` is a coding, as in ``C(f, Sum)``

    def read(self) -> Node:
        """Read all of it.

        Raises
        ------
        FormulaError
            If it is not an expression, calls an unknown function or one in a wrong way, or is nested too deeply.
        UnsupportedError
            If it calls a function that is kept for later.
        """
        node = self._operation(_CHOICE)
        if self.pieces.here.kind != "end":
            raise self.pieces.unexpected()
        return node

    def _operation(self, least: int) -> Node:
        """Read operands joined by operators that bind at least so tightly."""
        self.depth += 1
        if self.depth > 2 * DEEPEST:
            raise self.pieces.error(
                f"the expression is nested too deeply: at most {2 * DEEPEST} levels are read"
            )
        left = self._prefixed()
        while True:
            level, operator = self._infix()
            if level < least:
                break
            if level == _POWER:
                self.pieces.next()
                left = Power(left, self._operation(_POWER))
            elif level == _CHOICE:
                left = self._choice(left)
            else:
                left = self._chain(left, level, operator)
        self.depth -= 1
        return left

    def _infix(self) -> tuple[int, str]:
        """Precedence of the operator that comes next, and how it is written; -1 where none comes."""
        if self.pieces.here.kind not in ("operator", "name"):
            return -1, ""
        return _INFIX.get(self.pieces.here.text, (-1, ""))

    def _chain(self, left: Node, level: int, operator: str) -> Node:
        operators: list[str] = []
        operands = [left]
        while True:
            found, operator = self._infix()
            if found != level:
                break
            self.pieces.next()
            right = self._operation(level + 1)
            if operator == "%in%":
                operands = [Call("np.isin", (_joined(level, operators, operands), right))]
                operators = []
            else:
                operators.append(operator)
                operands.append(right)
        return _joined(level, operators, operands)

    def _choice(self, yes: Node) -> Node:
        self.pieces.next()
        condition = self._operation(_OR)
        if not self.pieces.at("else"):
            raise self.pieces.error(
                "'if' has no 'else': write a if condition else b, or ifelse(condition, a, b)"
            )
        self.pieces.next()
        return Choice(condition, yes, self._operation(_CHOICE))

    def _prefixed(self) -> Node:
        if self.pieces.at("!", "not"):
            self.pieces.next()
            return Sign("~", self._operation(_COMPARISON))
        if self.pieces.at("-", "+", "~"):
            operator = self.pieces.next().text
            return Sign(operator, self._operation(_POWER))
        return self._methods(self._atom())

    def _atom(self) -> Node:
        piece = self.pieces.here
        if piece.kind == "number":
            return self._number(self.pieces.next())
        if piece.kind == "string":
            return self._string(self.pieces.next())
        if piece.kind == "quoted":
            self.pieces.next()
            return self.names.column(piece.text[1:-1], self.source, piece.position)
        if piece.kind == "name" and piece.text not in _WORDS:
            return self._word(self.pieces.next())
        if self.pieces.at("("):
            return self._parentheses()
        if self.pieces.at("["):
            self.pieces.next()
            return Items(tuple(self._list("]")))
        if self.pieces.at("{"):
            return self._pairs()
        raise self.pieces.unexpected()

    def _number(self, piece: Piece) -> Constant:
        text = piece.text.removesuffix("L")
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else float(text)
        if not math.isfinite(value):
            raise self.pieces.error("this number is too large", piece.position)
        return Constant(value, text)

    def _string(self, piece: Piece) -> Constant:
        inner = re.sub(
            r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), piece.text[1:-1], flags=re.DOTALL
        )
        return Constant(inner, piece.text)

    def _word(self, piece: Piece) -> Node:
        name, position = piece.text, piece.position
        if self.pieces.at("("):
            return self._function(name, position)
        if name in _CONSTANTS:
            return Constant(_CONSTANTS[name], str(_CONSTANTS[name]))
        if name in ("T", "F") and self.pieces.all[self.pieces.index - 2].text == "=":
            return Constant(name == "T", str(name == "T"))
        if name in _FOREIGN:
            raise self.pieces.error(f"'{name}' has no place in a formula", position)
        root = name.partition(".")[0]
        if root in MODULES and "." in name:
            return member(name, self.source, position)
        if self.is_coding and name in CONTRAST_CLASSES:
            return Named(name)
        if name == "pi" and not self.names.is_known(name):
            return Named("pi")
        column, rest = self.names.split(name)
        node = self.names.column(column, self.source, position)
        if rest:
            raise self._no_attribute(rest, position)
        return node

    def _parentheses(self) -> Node:
        self.pieces.next()
        inner = self._operation(_CHOICE)
        if not self.pieces.at(","):
            self.pieces.close(")")
            return inner
        self.pieces.next()
        return Items((inner, *self._list(")")), round=True)

    def _list(self, closer: str) -> list[Node]:
        """Items up to a closing bracket; a comma may stand before it."""
        items: list[Node] = []
        while not self.pieces.at(closer):
            items.append(self._operation(_CHOICE))
            if not self.pieces.at(","):
                break
            self.pieces.next()
        self.pieces.close(closer)
        return items

    def _pairs(self) -> Node:
        self.pieces.next()
        keys, values = [], []
        while not self.pieces.at("}"):
            keys.append(self._operation(_CHOICE))
            self.pieces.close(":")
            values.append(self._operation(_CHOICE))
            if not self.pieces.at(","):
                break
            self.pieces.next()
        self.pieces.close("}")
        return Pairs(tuple(keys), tuple(values))

    def _function(self, name: str, position: int) -> Node:
        """Read a name with a parenthesis behind it: a function, a function of NumPy, or a method of a column."""
        if name == "c":
            self.pieces.next()
            return Items(tuple(self._list(")")))
        known = R_FUNCTIONS.get(name, name)
        if known in SMOOTHS:
            raise self.pieces.error(
                f"a smooth term stands alone on the right side, as in y ~ z + {known}(x); curves by a factor are "
                "s(x, by=f), random curves s(x, g, bs='fs')",
                position,
            )
        if known in PLANNED_TERMS:
            raise not_here(f"{name}(...) in a formula", PLANNED_TERMS[known], f" It stands in: {self.source}")
        root, _, rest = name.partition(".")
        if root in MODULES and rest:
            if signature_of(name) is None:
                raise no_member(name, self.source, position)
            return self._call(name, (), position)
        if signature_of(known) is not None and not known.startswith(("np.", "contr.", ".")):
            return self._call(known, (), position)
        return self._method_of_name(name, position)

    def _method_of_name(self, name: str, position: int) -> Node:
        root = name.partition(".")[0]
        column, rest = self.names.split(name)
        if self.names.columns is None and "." in name:
            column, rest = root, name[len(root) :]
        if not rest or root in ("", "as", "is") or not self.names.is_known(column):
            raise self.pieces.error(unknown_function(name), position)
        node = self.names.column(column, self.source, position)
        return self._method(node, rest, position)

    def _methods(self, node: Node) -> Node:
        """Methods of what was read: ``x.clip(0, 1).round()``."""
        while True:
            piece = self.pieces.here
            if piece.kind == "name" and piece.text.startswith("."):
                self.pieces.next()
                node = self._method(node, piece.text, piece.position)
            elif self.pieces.at("[", "("):
                raise self.pieces.error(
                    "nothing can be taken out of a column or called here: compute it into a column of the table first"
                )
            else:
                return node

    def _method(self, owner: Node, name: str, position: int) -> Node:
        if name.removeprefix(".") not in METHODS or not self.pieces.at("("):
            raise self._no_attribute(name, position)
        return self._call(name, (owner,), position)

    def _no_attribute(self, name: str, position: int) -> FormulaError:
        return FormulaError(unknown_attribute(name), self.source, position)

    def _call(self, function: str, first: tuple[Node, ...], position: int) -> Node:
        """Read the arguments of a call, and hold them against its signature."""
        self.pieces.next()
        arguments, keywords = list(first), []
        outside = self.is_coding
        while not self.pieces.at(")"):
            keyword = self.pieces.keyword()
            if keyword and function == "I":
                raise self.pieces.error("'=' names an argument of a call; to compare write '=='", position)
            if keyword:
                keywords.append(keyword)
            elif keywords:
                raise self.pieces.error(f"an argument without a name stands after {keywords[-1]}=")
            self.is_coding = function == "C" and len(arguments) > 0
            arguments.append(self._operation(_CHOICE))
            if not self.pieces.at(","):
                break
            self.pieces.next()
        self.is_coding = outside
        self.pieces.close(")")
        signature = signature_of(function)
        if signature is None:
            raise self.pieces.error(unknown_function(function), position)
        if not arguments and any(argument.name == "x" for argument in signature.arguments):
            raise self.pieces.error(f"there is nothing between the parentheses of {function}()", self.start)
        try:
            signature.bind(len(arguments), keywords)
        except SignatureError as error:
            stop = "" if str(error).endswith("?") else "."
            message = f"{function}() is called in a wrong way: {error}{stop} It is {signature.usage}"
            raise self.pieces.error(message, position) from None
        if function == "Q":
            return self._named_column(arguments[0], position)
        return Call(function, tuple(arguments), tuple(keywords))

    def _named_column(self, name: Node, position: int) -> Name:
        """Column of ``Q("name")``."""
        if not isinstance(name, Constant) or not isinstance(name.value, str):
            raise self.pieces.error('Q() takes the name of a column in quotes: Q("name")', position)
        self.names.variables.setdefault(name.value, position)
        return Name(name.value, by_function=True)


def _joined(level: int, operators: list[str], operands: list[Node]) -> Node:
    if not operators:
        return operands[0]
    if level == _COMPARISON:
        return Comparison(tuple(operators), tuple(operands))
    first = operands[0]
    if isinstance(first, Chain) and any({first.operators[0], operators[0]} <= alike for alike in _ALIKE):
        # (x - y) - z is x - y - z: one tree for one meaning.
        return Chain((*first.operators, *operators), (*first.operands, *operands[1:]))
    return Chain(tuple(operators), tuple(operands))
