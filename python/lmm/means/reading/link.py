"""Back from the scale of the model to that of the response: ``log(y)``, ``sqrt(y + 1)``, ``100 / y``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lmm.errors import UnsupportedError
from lmm.formula.expression_reader import read_expression
from lmm.formula.expression_tree import Call, Chain, Constant, Name, Node, Power, Sign
from lmm.typing import FloatVector

__all__ = ["Jet", "Link", "read_link"]

_LN10, _LN2 = np.log(10.0), np.log(2.0)


class Jet(NamedTuple):
    """A function's values with its first and second derivatives."""

    value: FloatVector
    first: FloatVector
    second: FloatVector


Step = Callable[[FloatVector], Jet]
"""One step back, such as exp for log."""


@dataclass(frozen=True, slots=True)
class Link:
    """How the response was transformed before it was modelled.

    Attributes
    ----------
    text
        As it stands in the formula, ``"log(conc)"``.
    column
        The response itself.
    steps
        From the scale of the model back, outermost first.
    ratio_scale
        What a difference is multiplied with before exp makes a ratio of it; 0 where differences are not ratios.
    """

    text: str
    column: str
    steps: tuple[Step, ...]
    ratio_scale: float

    def back(self, eta: FloatVector, bias_variance: float = 0.0) -> tuple[FloatVector, FloatVector]:
        """Values on the scale of the response, and their slopes by eta.

        Parameters
        ----------
        eta : shape (n,)
            On the scale of the model.
        bias_variance
            Variance of the response on that scale: half of it times the second derivative is added, so that what
            comes out approximates the mean of the response and not its median.
        """
        jet = self._jet(eta)
        if not bias_variance:
            return jet.value, jet.first
        step = 1e-5 * np.maximum(np.abs(eta), 1.0)
        high, low = self._jet(eta + step), self._jet(eta - step)
        slope = (high.second - low.second) / (2.0 * step)
        half = 0.5 * bias_variance
        return jet.value + half * jet.second, jet.first + half * slope

    def ratio(self, difference: FloatVector) -> tuple[FloatVector, FloatVector]:
        """Ratios from differences on the scale of the model, and their slopes."""
        ratio: FloatVector = np.exp(self.ratio_scale * difference)
        return ratio, self.ratio_scale * ratio

    def _jet(self, eta: FloatVector) -> Jet:
        jet = Jet(eta, np.ones_like(eta), np.zeros_like(eta))
        with np.errstate(all="ignore"):
            for step in self.steps:
                outer = step(jet.value)
                second = outer.second * jet.first**2 + outer.first * jet.second
                jet = Jet(outer.value, outer.first * jet.first, second)
        return jet


def read_link(text: str) -> Link | None:
    """Find out how to undo the left side of a formula; None where it is a plain column.

    Raises
    ------
    UnsupportedError
        If it is not a chain of known functions and arithmetic with numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from lmm.means.reading.link import read_link
    >>> link = read_link("log10(conc + 1)")
    >>> link.back(np.array([2.0]))[0], link.column, link.ratio_scale
    (array([99.]), 'conc', 0.0)
    """
    tree = read_expression(text)
    steps: list[Step] = []
    logs: list[float] = []
    state = _Reading(text, steps, logs)
    column = state.read(tree)
    shown = re.sub(r"""Q\((['"])(.*?)\1\)""", r"\2", text)
    return Link(shown, column, tuple(steps), state.ratio_scale) if steps else None


class _Reading:
    """Walks from the outermost function to the column, and collects the steps back."""

    def __init__(self, text: str, steps: list[Step], logs: list[float]) -> None:
        self.text, self.steps, self.logs = text, steps, logs
        self.scale = 1.0  # what the logarithm was multiplied with
        self.pure = True  # whether nothing but factors stand outside and inside of the logarithm

    @property
    def ratio_scale(self) -> float:
        """As in `Link`."""
        return self.logs[0] / self.scale if len(self.logs) == 1 and self.pure else 0.0

    def read(self, node: Node) -> str:
        match node:
            case Name():
                return node.name
            case Call():
                return self._call(node)
            case Chain():
                return self._arithmetic(node)
            case Power():
                return self._power(node)
            case Sign(operator="-"):
                self._add_step(_scaled(-1.0))
                self._outer_factor(-1.0)
                return self.read(node.operand)
        raise self.unknown()

    def _call(self, node: Call) -> str:
        name, arguments = node.function.removeprefix("np."), node.arguments
        if name == "I" and len(arguments) == 1:
            return self.read(arguments[0])
        if name == "log" and len(arguments) == 2:
            self._log(float(np.log(_number(arguments[1], self))))
        elif name in _LOGS and len(arguments) == 1:
            self._log(_LOGS[name])
        elif name in _INVERSES and len(arguments) == 1:
            self.pure = False
            self._add_step(_INVERSES[name])
        else:
            raise self.unknown()
        return self.read(arguments[0])

    def _arithmetic(self, node: Chain) -> str:
        """Undo the last operator of a chain, then those before it."""
        operator = node.operators[-1]
        inner: Node = node.operands[0]
        if len(node.operators) > 1:
            inner = Chain(node.operators[:-1], node.operands[:-1])
        left, right = _constant(inner), _constant(node.operands[-1])
        if (left is None) == (right is None):
            raise self.unknown()
        number = left if left is not None else right
        assert number is not None
        if operator == "*" and number:
            self._factor(1.0 / number)
        elif operator == "/" and right is not None and number:
            self._factor(number)
        elif operator == "/" and left is not None and number:
            self.pure = False
            self._add_step(_power(-1.0, number))
        elif operator == "+":
            self._shift(-number)
        elif operator == "-" and right is not None:
            self._shift(number)
        elif operator == "-":
            self._factor(-1.0)
            self._shift(number)
        else:
            raise self.unknown()
        return self.read(inner if right is not None else node.operands[-1])

    def _power(self, node: Power) -> str:
        exponent = _constant(node.exponent)
        if not exponent:
            raise self.unknown()
        self.pure = False
        self._add_step(_power(1.0 / exponent))
        return self.read(node.base)

    def _log(self, base: float) -> None:
        self.logs.append(base)
        self._add_step(lambda v: Jet(np.exp(base * v), base * np.exp(base * v), base**2 * np.exp(base * v)))

    def _factor(self, inverse: float) -> None:
        self._add_step(_scaled(inverse))
        self._outer_factor(1.0 / inverse)

    def _outer_factor(self, factor: float) -> None:
        if not self.logs:
            self.scale *= factor

    def _shift(self, inverse: float) -> None:
        # Outside a logarithm a shift leaves differences alone; inside it does not.
        self.pure &= not self.logs
        self._add_step(lambda v: Jet(v + inverse, np.ones_like(v), np.zeros_like(v)))

    def _add_step(self, step: Step) -> None:
        self.steps.append(step)

    def unknown(self) -> UnsupportedError:
        return UnsupportedError(
            f'It is not known how to undo "{self.text}": transform="response" knows log, log2, log10, log1p, sqrt, '
            "exp, expm1, asin, powers, sums and products with numbers. Leave transform= out, and transform the results."
        )


def _number(node: Node, reading: _Reading) -> float:
    value = _constant(node)
    if value is None or value <= 0.0:
        raise reading.unknown()
    return value


def _constant(node: Node) -> float | None:
    """Value of a number with its sign; None for anything else."""
    match node:
        case Sign(operator="-"):
            inner = _constant(node.operand)
            return None if inner is None else -inner
        case Constant(value=bool()):
            return None
        case Constant(value=int() | float() as number):
            return float(number)
    return None


def _scaled(factor: float) -> Step:
    return lambda v: Jet(factor * v, np.full_like(v, factor), np.zeros_like(v))


def _power(p: float, numerator: float = 1.0) -> Step:
    """Undo by (v / numerator)**p; a negative v has no such response."""

    def step(v: FloatVector) -> Jet:
        x = np.where(v < 0.0, np.nan if p % 1.0 else v, v) / numerator
        return Jet(x**p, p * x ** (p - 1.0) / numerator, p * (p - 1.0) * x ** (p - 2.0) / numerator**2)

    return step


def _square(v: FloatVector) -> Jet:
    """Undo a root; what lies below zero is at zero."""
    x = np.maximum(v, 0.0)
    return Jet(x**2, 2.0 * x, np.full_like(x, 2.0))


_LOGS = {"log": 1.0, "ln": 1.0, "log10": _LN10, "log2": _LN2}
_INVERSES: dict[str, Step] = {
    "sqrt": _square,
    "log1p": lambda v: Jet(np.expm1(v), np.exp(v), np.exp(v)),
    "exp": lambda v: Jet(np.log(v), 1.0 / v, -1.0 / v**2),
    "expm1": lambda v: Jet(np.log1p(v), 1.0 / (1.0 + v), -1.0 / (1.0 + v) ** 2),
    "asin": lambda v: Jet(np.sin(v), np.cos(v), -np.sin(v)),
    "arcsin": lambda v: Jet(np.sin(v), np.cos(v), -np.sin(v)),
}
