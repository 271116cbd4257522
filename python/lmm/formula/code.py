"""The Python inside of calls, checked without being run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

import numpy as np

from lmm.errors import FormulaError
from lmm.formula.functions import CONTRAST_CLASSES, METHODS, NUMPY

__all__ = ["Code"]


class Code:
    """One Python expression that stands in a formula.

    Parameters
    ----------
    source
        The formula.
    start
        Where the expression begins in it.
    pieces
        The code in pieces, each with its place in the formula.

    Raises
    ------
    FormulaError
        If it is no expression, calls a function with nothing, or reaches for Python's internals.
    """

    def __init__(self, source: str, start: int, pieces: Sequence[tuple[str, int]]) -> None:
        self.source = source
        self.start = start
        self.pieces = pieces
        self.body = self._parse()
        self.nodes = list(ast.walk(self.body))
        self.calls = [node for node in self.nodes if isinstance(node, ast.Call)]
        self._check()

    def is_factor(self) -> bool:
        """Whether formulaic reads it as one factor: a name, or a call of a name (it cuts ``f(x).g()`` in two)."""
        if isinstance(self.body, ast.Name):
            return True
        if not isinstance(self.body, ast.Call):
            return False
        called = self.body.func
        while isinstance(called, ast.Attribute):
            called = called.value
        return isinstance(called, ast.Name)

    def column(self) -> str | None:
        """Name that makes up the whole expression, or that is all that stands in ``C()``."""
        body = self.body
        if (
            isinstance(body, ast.Call)
            and _name(body.func) == "C"
            and len(body.args) == 1
            and not body.keywords
        ):
            body = body.args[0]
        return _name(body)

    def names_of_no_column(self) -> set[str]:
        """Names that the expression itself gives a meaning, and codings in ``C(f, Sum)``."""
        bound = {node.arg for node in self.nodes if isinstance(node, ast.arg)}
        bound |= {
            node.id for node in self.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        return bound | {name for call in self.calls for name in _codings(call)}

    def names_quoted(self) -> Iterator[str]:
        """Columns in ``Q("name")``."""
        for call in self.calls:
            if _name(call.func) == "Q" and call.args and isinstance(call.args[0], ast.Constant):
                yield str(call.args[0].value)

    def _parse(self) -> ast.expr:
        code = "".join(text for text, _ in self.pieces)
        try:
            return ast.parse(code.strip(), mode="eval").body
        except (SyntaxError, ValueError) as error:
            offset = (getattr(error, "offset", None) or 1) - 1 + len(code) - len(code.lstrip())
            message = str(getattr(error, "msg", error))
        raise FormulaError(
            f"what stands in a call is Python, and this is not: {message}", self.source, self._place(offset)
        )

    def _place(self, offset: int) -> int:
        """Place in the formula of a character of the code."""
        seen = 0
        for text, place in self.pieces:
            seen += len(text)
            if offset < seen:
                return place
        return self.pieces[-1][1] if self.pieces else self.start

    def _check(self) -> None:
        for node in self.nodes:
            name = getattr(node, "attr", None) or getattr(node, "id", None)
            if isinstance(name, str) and name.startswith("__"):
                raise FormulaError(f"{name} has no place in a formula", self.source, self.start)
            if isinstance(node, ast.Attribute):
                self._check_attribute(node)
        for call in self.calls:
            if isinstance(call.func, ast.Name) and not call.args and not call.keywords:
                raise FormulaError(
                    f"there is nothing between the parentheses of {call.func.id}()", self.source, self.start
                )

    def _check_attribute(self, node: ast.Attribute) -> None:
        """Refuse what does more than compute: formulas come from files too."""
        owner, name = _name(node.value), node.attr
        if owner == "contr" or (owner == "np" and (name in NUMPY or _is_elementwise(name))):
            return
        if owner != "np" and name in METHODS:
            return
        what = f"np.{name}" if owner == "np" else f".{name}"
        raise FormulaError(
            f"{what} has no place in a formula, which knows NumPy's elementwise functions and, of a column, "
            f"{', '.join(sorted(METHODS))}: compute anything else into a column of the table first",
            self.source,
            self.start,
        )


def _is_elementwise(name: str) -> bool:
    return isinstance(getattr(np, name, None), np.ufunc)


def _name(node: ast.expr) -> str | None:
    return node.id if isinstance(node, ast.Name) else None


def _codings(call: ast.Call) -> Iterator[str]:
    """Bare names that stand where ``C()`` takes its coding."""
    if _name(call.func) == "C":
        for argument in (*call.args[1:], *(item.value for item in call.keywords)):
            name = _name(argument)
            if name in CONTRAST_CLASSES:
                yield name
