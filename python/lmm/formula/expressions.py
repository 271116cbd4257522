"""One expression within a formula → its text in normal form, with the columns that it uses."""

from __future__ import annotations

from dataclasses import dataclass

from lmm.formula.expression_reader import ExpressionReader
from lmm.formula.expression_tree import Call, Name, Node, walk
from lmm.formula.expression_writer import quote, write
from lmm.formula.names import Names

__all__ = ["Expression", "Names", "quote", "translate"]


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression in normal form.

    Attributes
    ----------
    text
        The expression.
    is_factor
        Whether it is one name or one call, which stands as it is in a formula; else it needs ``I(...)``.
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
        """Text that is one factor of a formula."""
        return self.text if self.is_factor else f"I({self.text})"


def translate(source: str, start: int, stop: int, names: Names) -> Expression:
    """Read and check ``source[start:stop]``; the columns and functions it uses are added to ``names``.

    Raises
    ------
    FormulaError
        If it is not an expression, or calls an unknown function.
    UnsupportedError
        If it calls a function that is kept for later.

    Examples
    --------
    >>> from lmm.formula.expressions import Names, translate
    >>> names = Names()
    >>> translate("log(x)^2 + TRUE", 0, 15, names).as_factor, sorted(names.variables)
    ('I(log(x) ** 2 + True)', ['x'])
    """
    node = ExpressionReader(source, start, stop, names).read()
    return Expression(
        text=write(node, as_typed=True),
        is_factor=_is_factor(node),
        column=_column(node),
        uses_columns=any(isinstance(part, Name) for part in walk(node)),
    )


def _is_factor(node: Node) -> bool:
    """Whether it is a name, or a call of a name: not ``f(x).g()``."""
    if isinstance(node, Call):
        return not node.function.startswith(".") or isinstance(node.arguments[0], Name)
    return isinstance(node, Name)


def _column(node: Node) -> str | None:
    """Name that makes up the whole expression, or that is all that stands in ``C()``."""
    if isinstance(node, Call) and node.function == "C" and len(node.arguments) == 1 and not node.keywords:
        node = node.arguments[0]
    return node.name if isinstance(node, Name) else None
