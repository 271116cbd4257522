"""Names in expressions: which columns and functions a formula uses, and what a name with dots is."""

from __future__ import annotations

import keyword
from collections.abc import Collection
from dataclasses import dataclass, field

from lmm.errors import FormulaError, nearest
from lmm.formula.expression_tree import Name, Named
from lmm.formula.functions import CONTRASTS, NUMPY_CONSTANTS, unknown_attribute

__all__ = ["Names", "member", "no_member"]


@dataclass(slots=True)
class Names:
    """What is known of names, and what a formula turns out to use.

    Attributes
    ----------
    columns
        Names of the columns of the table; None if they are not known.
    variables
        Columns used, with the place where each is met first.
    """

    columns: Collection[str] | None = None
    variables: dict[str, int] = field(default_factory=dict)

    def is_known(self, name: str) -> bool:
        """Whether the table has such a column; so it is taken where the columns are not known."""
        return self.columns is None or name in self.columns

    def column(self, name: str, source: str, position: int) -> Name:
        """Use a column.

        Raises
        ------
        FormulaError
            If its name has quotes in it.
        """
        self.variables.setdefault(name, position)
        if set(name) & set("'\"\\"):
            raise FormulaError(
                f"the column {name} has quotes in its name and cannot stand inside a call: rename it",
                source,
                position,
            )
        return Name(name, by_function=keyword.iskeyword(name))

    def split(self, name: str) -> tuple[str, str]:
        """Cut a name with dots in the column that it begins with, and the rest.

        Examples
        --------
        >>> from lmm.formula.names import Names
        >>> Names(["a.b"]).split("a.b.clip"), Names().split("a.b.clip")
        (('a.b', '.clip'), ('a.b.clip', ''))
        """
        if "." not in name or self.is_known(name):
            return name, ""
        prefix = name
        while "." in prefix.removeprefix("."):
            prefix = prefix.rpartition(".")[0]
            if self.is_known(prefix):
                return prefix, name[len(prefix) :]
        return name, ""


def member(name: str, source: str, position: int) -> Named:
    """Look up a member of ``np`` or ``contr`` that is not called.

    Raises
    ------
    FormulaError
        If a formula knows no such member.
    """
    root, _, rest = name.partition(".")
    if name in NUMPY_CONSTANTS or (root == "contr" and rest in CONTRASTS):
        return Named(name)
    raise no_member(name, source, position)


def no_member(name: str, source: str, position: int) -> FormulaError:
    """Error for something that ``np`` or ``contr`` does not have."""
    root, _, rest = name.partition(".")
    if root == "contr":
        return FormulaError(f"there is no coding {name}.{nearest(rest, CONTRASTS)}", source, position)
    return FormulaError(unknown_attribute(name), source, position)
