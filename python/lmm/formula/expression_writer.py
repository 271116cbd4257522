"""Trees of expressions → text: the names of terms and coefficients.

The text is Python, so that `2 * (x % 3)` means to a reader of the results what was computed; read again, it gives
the same tree.
"""

from __future__ import annotations

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

__all__ = ["quote", "write"]

_CHOICE, _OR, _AND, _COMPARISON, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(9)
_CHAINS = {
    "|": _OR,
    "&": _AND,
    "+": _SUM,
    "-": _SUM,
    "*": _PRODUCT,
    "/": _PRODUCT,
    "%": _PRODUCT,
    "//": _PRODUCT,
}


_CONSTANTS = frozenset({"TRUE", "FALSE", "NULL"})


def quote(name: str) -> str:
    """Name of a column as it stands in a formula: in backticks unless it is a word."""
    return name if name.isidentifier() and name not in _CONSTANTS else f"`{name}`"


def write(node: Node, *, as_typed: bool = False) -> str:
    """Write an expression.

    Parameters
    ----------
    node
        The expression.
    as_typed
        Whether constants keep the form in which they were typed: ``"a"`` or ``'a'``, ``1e3`` or ``1000.0``.

    Examples
    --------
    >>> from lmm.formula.expression_reader import read_expression
    >>> from lmm.formula.expression_writer import write
    >>> write(read_expression("2*x %% 3 + log(x,base=2)"))
    '2 * (x % 3) + log(x, base=2)'
    """
    return _Writer(as_typed).write(node)


class _Writer:
    def __init__(self, as_typed: bool) -> None:
        self.as_typed = as_typed

    def write(self, node: Node) -> str:
        match node:
            case Constant():
                return node.typed if self.as_typed else repr(node.value)
            case Name():
                return self._name(node)
            case Named():
                return node.name
            case Sign():
                return node.operator + self._inside(node.operand, _SIGN)
            case Power():
                return f"{self._inside(node.base, _ATOM)} ** {self._inside(node.exponent, _SIGN)}"
            case Chain() | Comparison():
                return self._chain(node)
            case Choice():
                yes, condition = (self._inside(part, _OR) for part in (node.yes, node.condition))
                return f"{yes} if {condition} else {self._inside(node.no, _CHOICE)}"
            case Items():
                return self._items(node)
            case Pairs():
                pairs = zip(node.keys, node.values, strict=True)
                return (
                    "{" + ", ".join(f"{self.write(key)}: {self.write(value)}" for key, value in pairs) + "}"
                )
        return self._call(node)

    def _name(self, node: Name) -> str:
        return f"Q({node.name!r})" if node.by_function else quote(node.name)

    def _inside(self, node: Node, least: int) -> str:
        """Write an operand, in parentheses if it binds less tightly."""
        text = self.write(node)
        return text if _level(node) >= least else f"({text})"

    def _chain(self, node: Chain | Comparison) -> str:
        level = _level(node)
        first = level + 1 if isinstance(node, Comparison) else level
        text = self._operand(node.operands[0], first, level)
        for operator, operand in zip(node.operators, node.operands[1:], strict=True):
            text += f" {operator} {self._operand(operand, level + 1, level)}"
        return text

    def _operand(self, node: Node, least: int, level: int) -> str:
        # Python's & and | bind more tightly than comparisons.
        hidden = level in (_OR, _AND) and isinstance(node, Comparison)
        return f"({self.write(node)})" if hidden else self._inside(node, least)

    def _items(self, node: Items) -> str:
        inner = ", ".join(map(self.write, node.items))
        if node.round:
            return f"({inner},)" if len(node.items) == 1 else f"({inner})"
        return f"[{inner}]"

    def _call(self, node: Call) -> str:
        owner, arguments = "", node.arguments
        if node.function.startswith("."):
            owner, arguments = self.write(arguments[0]), arguments[1:]
            owner = owner if isinstance(node.arguments[0], Name | Call) else f"({owner})"
        n_bare = len(arguments) - len(node.keywords)
        written = [self.write(argument) for argument in arguments[:n_bare]]
        named = zip(node.keywords, arguments[n_bare:], strict=True)
        written += [f"{name}={self.write(argument)}" for name, argument in named]
        return f"{owner}{node.function}({', '.join(written)})"


def _level(node: Node) -> int:
    match node:
        case Choice():
            return _CHOICE
        case Comparison():
            return _COMPARISON
        case Chain():
            return _CHAINS[node.operators[0]]
        case Sign():
            return _SIGN
        case Power():
            return _POWER
    return _ATOM
