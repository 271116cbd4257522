"""A model matrix from one side of a formula, and what has to be kept to build it again for new data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.design.design import FactorCoding, FixedTerm
from lmm.design.encoding import Encoded, encode
from lmm.design.redundancy import ScopedTerm, scoped_terms
from lmm.errors import DataError, DesignError, brief
from lmm.formula.expansion import Term, expand
from lmm.limits import check_memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lmm.design.evaluator import Evaluator
    from lmm.typing import FloatMatrix, FloatVector


_LARGE = 10_000_000  # numbers of a matrix for which it is worth asking how much memory there is


@dataclass(frozen=True, slots=True, eq=False)
class MatrixSpec:
    """How the columns of one model matrix are made.

    Attributes
    ----------
    text
        One-sided formula, ``"1 + Days"``.
    names
        Names of the columns.
    terms
        The terms with their columns.
    factors
        The factors with their coding.
    transforms
        What stateful transforms (``poly``, ``scale``, ``bs``) have learnt, by call.
    """

    text: str
    names: tuple[str, ...]
    terms: tuple[FixedTerm, ...]
    factors: tuple[FactorCoding, ...]
    transforms: dict[str, Any] = field(default_factory=dict)

    @property
    def variables(self) -> frozenset[str]:
        """Names of the data columns that the matrix uses."""
        return frozenset(name for term in self.terms for name in term.variables)

    def build(self, evaluator: Evaluator) -> FloatMatrix:
        """Build the matrix (n, p) for other data, with the levels and the state that were learnt.

        Raises
        ------
        DesignError
            If a factor has a level that was not there before.
        """
        again, matrix = learn_matrix(self.text, evaluator, self)
        if again.names != self.names:
            raise DesignError(
                f"The new data give the columns {', '.join(again.names)}; the model has "
                f"{', '.join(self.names)}. Give data of the same kind as those of the fit."
            )
        return matrix


def learn_matrix(
    text: str, evaluator: Evaluator, known: MatrixSpec | None = None
) -> tuple[MatrixSpec, FloatMatrix]:
    """Build a model matrix (n, p), and keep what it was built with.

    Parameters
    ----------
    text
        One-sided formula with an explicit intercept.
    evaluator
        Evaluates its expressions on the data, which have no missing values.
    known
        Levels of an earlier fit, to be used instead of those of the data.

    Raises
    ------
    DesignError
        If an expression cannot be computed, or a factor cannot be coded.
    """
    terms = expand(text)
    levels = {factor.name: factor.levels for factor in known.factors} if known else {}
    factors = dict.fromkeys(factor for term in terms for factor in term if factor.kind != "number")
    encoded = {factor.name: encode(factor, evaluator, levels.get(factor.name)) for factor in factors}
    scopes = scoped_terms(
        [[(f.name, encoded[f.name].spans_intercept) for f in term if f.kind != "number"] for term in terms]
    )
    width = sum(_width(scoped, encoded) for scope in scopes for scoped in scope)
    if evaluator.n_rows * width > _LARGE:
        check_memory(
            f'The matrix of "{brief(text)}"',
            evaluator.n_rows,
            width,
            "Leave out interactions, or factors with many levels; such factors are rather grouping factors, (1 | g).",
        )
    fixed, names, columns = _columns(terms, scopes, encoded)
    matrix = np.empty((evaluator.n_rows, len(columns)))
    for j, column in enumerate(columns):
        matrix[:, j] = column
    codings = tuple(part.coding for part in encoded.values() if part.coding is not None)
    states = evaluator.states_of(factor.name for factor in factors if factor.kind == "expression")
    return MatrixSpec(text, names, fixed, codings, states), matrix


def _width(scoped: ScopedTerm, encoded: Mapping[str, Encoded]) -> int:
    return reduce(lambda width, part: width * encoded[part.name].width(part.reduced), scoped, 1)


def _columns(
    terms: Sequence[Term],
    scopes: Sequence[Sequence[ScopedTerm]],
    encoded: Mapping[str, Encoded],
) -> tuple[tuple[FixedTerm, ...], tuple[str, ...], list[FloatVector | float]]:
    """Columns of all terms with their names; in a product the first factor runs fastest."""
    found: list[FixedTerm] = []
    names: list[str] = []
    columns: list[FloatVector | float] = []
    for term, scope in zip(terms, scopes, strict=True):
        first = len(names)
        scale = reduce(lambda number, factor: number * _number(factor), term, 1.0)
        for scoped in scope:
            parts = [encoded[part.name].columns(part.reduced) for part in reversed(scoped)]
            for chosen in product(*parts):
                names.append(":".join(name for name, _ in reversed(chosen)) or "Intercept")
                columns.append(_product([values for _, values in reversed(chosen)], scale))
        variables = {name for f in term if f.kind != "number" for name in encoded[f.name].variables}
        name = ":".join(factor.name for factor in term) or "Intercept"
        parts_of_term = tuple(factor.name for factor in term)
        found.append(FixedTerm(name, slice(first, len(names)), parts_of_term, tuple(sorted(variables))))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(
            f'Two columns of the model matrix would be called "{twice}". Rename the column of the data that has '
            "this name."
        )
    return tuple(found), tuple(names), columns


def _product(values: Sequence[FloatVector], scale: float) -> FloatVector | float:
    if not values:
        return scale
    product_ = reduce(np.multiply, values)
    return product_ if scale == 1.0 else scale * product_


def _number(factor: Any) -> float:
    return float(factor.name) if factor.kind == "number" else 1.0
