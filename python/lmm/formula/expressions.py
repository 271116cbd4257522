"""One piece of Python (or R) within a formula → text for formulaic, checked, with the columns that it uses.

What R users type is put into Python here: ``^`` is a power, TRUE and FALSE, ``c(1, 2)``, ``factor(x)``,
names with dots.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np

from lmm.errors import FormulaError, UnsupportedError, nearest
from lmm.formula.code import Code
from lmm.formula.functions import (
    CONTRASTS,
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
        self.python: list[tuple[str, int]] = []  # with the place of each piece in the formula
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
        code = Code(self.source, self.start, self.python)
        for name in code.names_quoted():
            self.variables.setdefault(name, self.start)
        foreign = code.names_of_no_column()
        used = {name: position for name, position in self.variables.items() if name not in foreign}
        for name, position in used.items():
            self.names.variables.setdefault(name, position)
        column = code.column()
        return Expression(
            text="".join(self.formulaic).strip(),
            is_factor=code.is_factor(),
            column=None if column is None else self.placeholders.get(column, column),
            uses_columns=bool(used),
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
            is_vector = text == "(" and self.python and self.python[-1][0] == ""
            self.brackets.append("]" if is_vector else {"(": ")", "[": "]", "{": "}"}[text])
            text = "[" if is_vector else text
        elif text in ")]}" and self.brackets:
            text = self.brackets.pop()
        elif text == "%in%":
            raise FormulaError(
                'inside a call write np.isin(x, ["a", "b"]) instead of %in%', self.source, position
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
        if root == "contr":
            _check_attribute("formulaic", name, attributes[0], CONTRASTS, self.source, position)
        else:
            found: object = np
            for attribute in attributes:
                _check_attribute("NumPy", name, attribute, dir(found), self.source, position)
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
        if self.python and re.search(r"\w$", self.python[-1][0]) and re.match(r"[\w'\"]", python):
            text, python = f" {text}", f" {python}"  # neighbours that were apart stay apart
        self.formulaic.append(text)
        self.python.append((python, position))


def _check_attribute(
    owner: str, name: str, attribute: str, known: Collection[str], source: str, position: int
) -> None:
    if attribute not in known:
        raise FormulaError(f"{owner} has no {name}.{nearest(attribute, known)}", source, position)


def _prefixes(name: str) -> Iterator[str]:
    """``a.b.c`` → ``a.b``, ``a``."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name
