"""One piece of Python (or R) within a formula → text for formulaic, checked, with the columns that it uses.

What R users type is put into Python here: ``^`` is a power, TRUE and FALSE, ``c(1, 2)``, ``factor(x)``,
names with dots.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from lmm.errors import FormulaError, UnsupportedError
from lmm.formula.functions import (
    CONTRAST_CLASSES,
    FUNCTIONS,
    MODULES,
    PLANNED_TERMS,
    R_FUNCTIONS,
    unknown_function,
)

__all__ = ["Expression", "Names", "quote", "translate"]


@dataclass(slots=True)
class Names:
    """What is known of names, and what a formula turns out to use.

    Attributes
    ----------
    columns
        Names of the columns of the table; None if they are not known.
    by_function
        Columns that calls write as ``Q("name")``, because formulaic could not tell them apart in backticks.
    variables
        Columns used, with the place where each is met first.
    quoted
        Columns that calls write in backticks.
    called
        Functions used, with the place where each is met first.
    """

    columns: Collection[str] | None = None
    by_function: frozenset[str] = frozenset()
    variables: dict[str, int] = field(default_factory=dict)
    quoted: set[str] = field(default_factory=set)
    called: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expression:
    """A piece of Python for formulaic.

    Attributes
    ----------
    text
        What formulaic is given.
    is_factor
        Whether it is one name or one call, which formulaic reads as one factor; else it needs ``I(...)``.
    column
        The column, if the expression is a column as such, or ``C(column)``.
    uses_columns
        Whether any column occurs in it.
    """

    text: str
    is_factor: bool
    column: str | None
    uses_columns: bool

    @property
    def as_factor(self) -> str:
        """Text that formulaic reads as one factor."""
        return self.text if self.is_factor else f"I({self.text})"


_PIECE = re.compile(
    r"""(?P<space>\s+)
      | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<quoted>`[^`]+`)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?L?)
      | (?P<name>(?:[^\W\d]|\.(?=[^\W\d]))[\w.]*)
      | (?P<operator>%/%|%%|%in%|\*\*|//|==|!=|<=|>=|\S)""",
    re.VERBOSE | re.DOTALL,
)
_SPACING = {text: text for text in "()[]{}.~="} | {",": ", "}
_OPERATORS = {"^": "**", "%%": "%", "%/%": "//"}
_CONSTANTS = {"TRUE": "True", "FALSE": "False", "NULL": "None"}
_PYTHON_WORDS = frozenset(
    {"and", "or", "not", "in", "is", "if", "else", "lambda", "for", "None", "True", "False"}
)


def quote(name: str) -> str:
    """Name of a column as formulaic reads it outside of calls."""
    return name if name.isidentifier() else f"`{name}`"


def translate(source: str, start: int, stop: int, names: Names) -> Expression:
    """Translate and check ``source[start:stop]``; the columns and functions it uses are added to ``names``.

    Raises
    ------
    FormulaError
        If it is no Python expression, calls an unknown function, or reaches for Python's internals.
    UnsupportedError
        If it calls a function that is kept for later.
    """
    return _Translation(source, start, stop, names).run()


class _Translation:
    """Walks over the pieces of one expression and writes it twice: for formulaic and for Python's parser."""

    def __init__(self, source: str, start: int, stop: int, names: Names) -> None:
        self.source = source
        self.start, self.stop = start, stop
        self.names = names
        self.formulaic: list[str] = []
        self.python: list[str] = []
        self.positions: list[int] = []  # of each element of self.python
        self.placeholders: dict[str, str] = {}  # identifier for Python's parser → column
        self.brackets: list[str] = []  # closers that are awaited
        self.variables: dict[str, int] = {}

    def run(self) -> Expression:
        pieces = [
            piece
            for piece in _PIECE.finditer(self.source, self.start, self.stop)
            if piece.lastgroup != "space"
        ]
        for index, piece in enumerate(pieces):
            before = pieces[index - 1] if index else None
            after = pieces[index + 1].group() if index + 1 < len(pieces) else ""
            self._piece(piece, before, after)
        body = self._parse_python()
        self._collect(body)
        return Expression(
            text="".join(self.formulaic).strip(),
            is_factor=isinstance(body, ast.Name) or (isinstance(body, ast.Call) and _is_path(body.func)),
            column=self._column(body),
            uses_columns=bool(self.variables),
        )

    def _piece(self, piece: re.Match[str], before: re.Match[str] | None, after: str) -> None:
        text, position = piece.group(), piece.start()
        if piece.lastgroup == "quoted":
            self._write_column(text[1:-1], position)
        elif piece.lastgroup == "name":
            self._name(text, position, before, after)
        elif piece.lastgroup == "number":
            self._write(text.removesuffix("L"), position)
        elif piece.lastgroup == "string":
            self._write(text, position)
        else:
            self._operator(text, position)

    def _operator(self, text: str, position: int) -> None:
        if text in "([{":
            is_vector = text == "(" and self.python and self.python[-1] == ""
            self.brackets.append("]" if is_vector else {"(": ")", "[": "]", "{": "}"}[text])
            text = "[" if is_vector else text
        elif text in ")]}" and self.brackets:
            text = self.brackets.pop()
        elif text == "%in%":
            raise FormulaError(
                'inside a call write x.isin(["a", "b"]) instead of %in%', self.source, position
            )
        text = _OPERATORS.get(text, text)
        self._write(_SPACING.get(text, f" {text} "), position)

    def _name(self, text: str, position: int, before: re.Match[str] | None, after: str) -> None:
        previous = before.group() if before is not None else ""
        if text.startswith(".") and previous in (")", "]"):
            self._write(text, position)
        elif text in _PYTHON_WORDS:
            self._write(f" {text} ", position)
        elif after == "(":
            self._function(text, position)
        elif after == "=" and self.brackets:
            self._write(text.replace(".", "_").lower() if "." in text else text, position)
        elif text in _CONSTANTS:
            self._write(_CONSTANTS[text], position)
        elif text in ("T", "F") and previous == "=":
            self._write("True" if text == "T" else "False", position)
        else:
            self._variable(text, position)

    def _function(self, name: str, position: int) -> None:
        """Name before a parenthesis: a function, a function of NumPy, or a method of a column."""
        if name == "c":
            self._write("", position)  # an empty piece: the parenthesis that follows becomes a list
        elif name in R_FUNCTIONS or name in FUNCTIONS:
            name = R_FUNCTIONS.get(name, name)
            self.names.called.setdefault(name, position)
            self._write(name, position)
        elif name in PLANNED_TERMS:
            raise UnsupportedError(
                f"{name}(...) in a formula is not available yet, planned; it stands in: {self.source}"
            )
        elif "." not in name:
            raise FormulaError(unknown_function(name), self.source, position)
        else:
            self._dotted_function(name, position)

    def _dotted_function(self, name: str, position: int) -> None:
        root = name.partition(".")[0]
        if root in MODULES:
            self._module(name, position)
            return
        column = next((prefix for prefix in _prefixes(name) if prefix in (self.names.columns or ())), None)
        if column is None and (self.names.columns is not None or root in ("", "as", "is")):
            raise FormulaError(unknown_function(name), self.source, position)
        column = column or root
        self._write_column(column, position)
        self._write(name[len(column) :], position + len(column))

    def _module(self, name: str, position: int) -> None:
        """Attribute of ``np`` or ``contr``."""
        root, *attributes = name.split(".")
        self.names.called.setdefault(root, position)
        if root == "np":
            import numpy as np

            from lmm.errors import nearest

            found: object = np
            for attribute in attributes:
                if not hasattr(found, attribute):
                    raise FormulaError(
                        f"NumPy has no {name}.{nearest(attribute, dir(found))}", self.source, position
                    )
                found = getattr(found, attribute)
        self._write(name, position)

    def _variable(self, name: str, position: int) -> None:
        """Name that is no function: a column, or an attribute of a column or module."""
        root = name.partition(".")[0]
        columns = self.names.columns
        if root in MODULES and "." in name:
            self._module(name, position)
        elif "." not in name or columns is None or name in columns:
            self._write_column(name, position)
        else:
            column = next((prefix for prefix in _prefixes(name) if prefix in columns), name)
            self._write_column(column, position)
            self._write(name[len(column) :], position + len(column))

    def _write_column(self, name: str, position: int) -> None:
        names = self.names
        self.variables.setdefault(name, position)
        placeholder = name
        if keyword.iskeyword(name) or name in names.by_function:
            text = f"Q({name!r})"
            names.called.setdefault("Q", position)
        elif name.isidentifier():
            text = name
        else:
            if set(name) & set("'\"\\"):
                raise FormulaError(
                    f"the column {name} has quotes in its name and cannot stand inside a call: rename it",
                    self.source,
                    position,
                )
            text = f"`{name}`"
            names.quoted.add(name)
        if text != name:
            placeholder = f"_column_{len(self.placeholders)}"
            self.placeholders[placeholder] = name
        self._write(text, position, placeholder)

    def _write(self, text: str, position: int, python: str | None = None) -> None:
        python = text if python is None else python
        if self.python and re.match(r"\w", self.python[-1][-1:]) and re.match(r"[\w'\"]", python):
            text, python = f" {text}", f" {python}"  # neighbours that were apart stay apart
        self.formulaic.append(text)
        self.python.append(python)
        self.positions.append(position)

    def _parse_python(self) -> ast.expr:
        code = "".join(self.python)
        try:
            return ast.parse(code.strip(), mode="eval").body
        except (SyntaxError, ValueError) as error:
            offset = (getattr(error, "offset", None) or 1) - 1 + len(code) - len(code.lstrip())
            message = str(getattr(error, "msg", error))
        raise FormulaError(
            f"what stands in a call is Python, and this is not: {message}", self.source, self._origin(offset)
        )

    def _origin(self, offset: int) -> int:
        """Place in the formula of a character of the text that Python's parser saw."""
        seen = 0
        for text, position in zip(self.python, self.positions, strict=True):
            if offset < seen + len(text):
                return position
            seen += len(text)
        return max(self.stop - 1, self.start)

    def _collect(self, body: ast.expr) -> None:
        """Keep only names that are columns, and refuse Python's internals."""
        bound: set[str] = set()
        codings: set[str] = set()
        for node in ast.walk(body):
            name = getattr(node, "attr", None) or getattr(node, "id", None)
            if isinstance(name, str) and name.startswith("__"):
                raise FormulaError(f"{name} has no place in a formula", self.source, self.start)
            if isinstance(node, ast.arg):
                bound.add(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                bound.add(node.id)
            elif isinstance(node, ast.Call):
                self._check_call(node)
                codings.update(_codings(node))
                self._quoted_by_user(node)
        for name, position in self.variables.items():
            if name not in bound and name not in codings:
                self.names.variables.setdefault(name, position)

    def _check_call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and not node.args and not node.keywords:
            message = f"there is nothing between the parentheses of {node.func.id}()"
            raise FormulaError(message, self.source, self.start)

    def _quoted_by_user(self, node: ast.Call) -> None:
        """``Q("name")`` as typed by the user names a column too."""
        if isinstance(node.func, ast.Name) and node.func.id == "Q" and node.args:
            argument = node.args[0]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                self.variables.setdefault(argument.value, self.start)

    def _column(self, body: ast.expr) -> str | None:
        if isinstance(body, ast.Call) and isinstance(body.func, ast.Name) and body.func.id == "C":
            if len(body.args) != 1 or body.keywords:
                return None
            body = body.args[0]
        if isinstance(body, ast.Name):
            return self.placeholders.get(body.id, body.id)
        return None


def _is_path(node: ast.expr) -> bool:
    """Whether this is a name with attributes; formulaic cuts ``f(x).g()`` in two."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _codings(call: ast.Call) -> Iterator[str]:
    """Bare names that stand where ``C()`` takes its coding."""
    if isinstance(call.func, ast.Name) and call.func.id == "C":
        for argument in (*call.args[1:], *(item.value for item in call.keywords)):
            if isinstance(argument, ast.Name) and argument.id in CONTRAST_CLASSES:
                yield argument.id


def _prefixes(name: str) -> Iterator[str]:
    """``a.b.c`` → ``a.b``, ``a``."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name
