"""Expressions of a formula → their values on the columns of a table.

Nothing is ever run but the functions of one table, each by its name: see `Evaluator`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.design.arguments import bound
from lmm.design.coding import coding_of
from lmm.design.factor_calls import FACTOR_CALLS, LEARNED_FACTOR_CALLS
from lmm.design.missing import missing_rows
from lmm.design.operators import arithmetic, choice, comparison, logic, sign
from lmm.design.values import Basis, MisfitError
from lmm.errors import ColumnError, DesignError, FormulaError, brief, nearest
from lmm.formula.elementwise import ELEMENTWISE
from lmm.formula.expression_reader import read_expression
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
    walk,
)
from lmm.formula.expression_writer import write
from lmm.formula.signatures import SignatureError, signature_of
from lmm.formula.transforms import LEARNED
from lmm.formula.transforms import Columns as TransformColumns

if TYPE_CHECKING:
    from lmm.data import Columns
    from lmm.design.coding import Coding

__all__ = ["Evaluator", "variables_of"]

_WITH_STATE = LEARNED.keys() | LEARNED_FACTOR_CALLS.keys()
_NUMBERS = {"pi": np.pi, "np.pi": np.pi, "np.e": np.e, "np.inf": np.inf, "np.nan": np.nan}


class Evaluator:
    """Evaluates expressions on columns, and keeps what their functions learn.

    It is made once for a design, and used for its response, offsets, fixed part, effects and grouping factors, so that
    each expression is computed once.

    Parameters
    ----------
    columns
        The columns that expressions may name.
    codings
        Codings of factors that the user chose, by factor or by the column behind it.
    states
        What functions with a memory (``poly``, ``scale``, ``mean``) learnt at the fit, by call: new data are computed
        with it. None for the data of the fit, from which it is learnt.

    Examples
    --------
    >>> import numpy as np
    >>> from lmm.data import read_table
    >>> from lmm.design.evaluator import Evaluator
    >>> fitted = Evaluator(read_table({"x": [1.0, 2.0, 6.0]}, ["x"]), {})
    >>> fitted.value("I(x - mean(x))")
    array([-2., -1.,  3.])
    >>> Evaluator(read_table({"x": [9.0]}, ["x"]), {}, fitted.states).value("I(x - mean(x))")
    array([6.])
    """

    def __init__(
        self,
        columns: Columns,
        codings: Mapping[str, Coding],
        states: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.columns = columns
        self.codings = codings
        self.is_learning = states is None
        self.states: dict[str, Any] = {key: copy.deepcopy(state) for key, state in (states or {}).items()}
        self._values: dict[str, Any] = {}

    @property
    def n_rows(self) -> int:
        """Number of rows of the columns."""
        return self.columns.n_rows

    def value(self, text: str) -> Any:
        """Value of an expression in normal form.

        Parameters
        ----------
        text
            As `lmm.formula.parse` writes it, or the name of a column, with or without backticks.

        Returns
        -------
        Column, Coded, Basis, array (n,), or a constant

        Raises
        ------
        DesignError
            If it cannot be computed; the message names the call and what it takes.
        ColumnError
            If it names a column that is not there.
        """
        if text in self._values:
            return self._values[text]
        name = text[1:-1] if text.startswith("`") and text.endswith("`") else text
        value = self.columns[name] if name in self.columns else self.compute(read_expression(text), text)
        self._values[text] = value
        return value

    def compute(self, node: Node, text: str) -> Any:
        """Value of a tree; ``text`` names it in messages."""
        with np.errstate(all="ignore"):  # what is not finite is found later, with its rows
            return _Computation(self, text).value(node)

    def state(self, call: str) -> dict[str, Any]:
        """Return what a call has learnt; empty if it is to learn now.

        Raises
        ------
        DesignError
            If new data are computed, and nothing was learnt.
        """
        if self.is_learning:
            learning: dict[str, Any] = self.states.setdefault(call, {})
            return learning
        found: dict[str, Any] | None = self.states.get(call)
        if found is None:
            raise DesignError(f'The fit has not kept what "{call}" learnt from its data: fit again.')
        return found

    def states_of(self, texts: Iterable[str]) -> dict[str, Any]:
        """States of all calls in these expressions, for a spec to keep."""
        calls = {write(node) for text in texts for node in _calls(text) if node.function in _WITH_STATE}
        return {call: state for call, state in self.states.items() if call in calls}


def variables_of(text: str, columns: Columns) -> tuple[str, ...]:
    """Names of the columns that an expression in normal form uses, sorted.

    Examples
    --------
    >>> from lmm.data import read_table
    >>> from lmm.design.evaluator import variables_of
    >>> variables_of("log(`a b`) + x", read_table({"x": [1.0], "a b": [2.0]}, ["x", "a b"]))
    ('a b', 'x')
    """
    if text in columns:
        return (text,)
    names = {node.name for node in walk(read_expression(text)) if isinstance(node, Name)}
    return tuple(sorted(name for name in names if name in columns or name != "pi"))


def _calls(text: str) -> list[Call]:
    try:
        tree = read_expression(text)
    except FormulaError:
        return []  # the name of a column that is not a word
    return [node for node in walk(tree) if isinstance(node, Call)]


class _Computation:
    """Walks over one tree."""

    def __init__(self, evaluator: Evaluator, text: str) -> None:
        self.evaluator = evaluator
        self.text = text

    def value(self, node: Node) -> Any:
        match node:
            case Constant():
                return node.value
            case Name():
                return self._column(node.name)
            case Named():
                return _NUMBERS[node.name] if node.name in _NUMBERS else coding_of(node.name, {})
            case Items():
                return [self.value(item) for item in node.items]
            case Pairs():
                return {
                    str(self.value(key)): self.value(value)
                    for key, value in zip(node.keys, node.values, strict=True)
                }
            case Call():
                return self._call(node)
        return self._operation(node)

    def _column(self, name: str) -> Any:
        columns = self.evaluator.columns
        if name == "pi" and name not in columns:
            return np.pi
        if name not in columns:
            raise ColumnError(f'There is no column "{name}".{nearest(name, columns)}')
        return columns[name]

    def _operation(self, node: Node) -> Any:
        try:
            match node:
                case Sign():
                    return sign(node.operator, self.value(node.operand))
                case Power():
                    return arithmetic("**", self.value(node.base), self.value(node.exponent))
                case Choice():
                    return choice(*map(self.value, (node.condition, node.yes, node.no)))
                case Chain():
                    return self._chain(node)
                case Comparison():
                    return self._comparison(node)
        except MisfitError as reason:
            raise self._error(node, reason) from None
        raise TypeError(node)  # no such node

    def _chain(self, node: Chain) -> Any:
        result = self.value(node.operands[0])
        for operator, operand in zip(node.operators, node.operands[1:], strict=True):
            value = self.value(operand)
            result = (logic if operator in "&|" else arithmetic)(operator, result, value)
        return result

    def _comparison(self, node: Comparison) -> Any:
        values = [self.value(operand) for operand in node.operands]
        result = None
        for operator, left, right in zip(node.operators, values, values[1:], strict=False):
            holds = comparison(operator, left, right)
            result = holds if result is None else logic("&", result, holds)
        return result

    def _call(self, node: Call) -> Any:
        """Call a function of the table, after its arguments were held against its signature."""
        signature = signature_of(node.function)
        if signature is None:
            raise self._error(node, f"a formula knows no function {node.function}()")
        values = [self.value(argument) for argument in node.arguments]
        try:
            arguments = bound(signature, values, node.keywords)
            return self._run(node, arguments)
        except (MisfitError, SignatureError, DesignError) as reason:
            raise self._error(node, reason) from None
        except (ValueError, TypeError, ArithmeticError, IndexError):
            # What a function of NumPy says of its own arguments is not a message for people.
            raise self._error(node, f"{signature.usage} cannot take these values together") from None

    def _run(self, node: Call, arguments: dict[str, Any]) -> Any:
        function, n_rows = node.function, self.evaluator.n_rows
        if function == "is.na":
            return self._is_missing(node.arguments[0], arguments["x"])
        if function in ELEMENTWISE:
            return ELEMENTWISE[function](**arguments)
        if function in FACTOR_CALLS:
            return FACTOR_CALLS[function](n_rows, **arguments)
        if function not in _WITH_STATE:
            return coding_of(function, arguments)
        state = self.evaluator.state(write(node))
        if function in LEARNED_FACTOR_CALLS:
            return LEARNED_FACTOR_CALLS[function](n_rows, state, **arguments)
        x = np.broadcast_to(arguments["x"], (n_rows,))
        found = LEARNED[function](state, **{**arguments, "x": x})
        return Basis(*found) if isinstance(found, TransformColumns) else found

    def _is_missing(self, node: Node, value: Any) -> Any:
        """Whether there is no value, or none that is a number, such as log(-1); one truth value for each row."""
        marks = missing_rows(node, self.evaluator)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            marks = marks | np.isnan(value)
        return marks

    def _error(self, node: Node, reason: object) -> DesignError:
        text = str(reason)
        stop = "" if text.endswith((".", "?")) else "."
        return DesignError(f'"{brief(write(node))}" in the formula cannot be computed: {text}{stop}')
