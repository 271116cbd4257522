"""The fixed part with one column for each level of its factors: the overparameterized model of SAS.

Whatever contrasts a user chose, these columns are the same. Hypotheses that must not depend on the coding
are found on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.design.evaluator import Evaluator
from lmm.design.matrix import learn_matrix
from lmm.formula.expression_reader import read_expression
from lmm.formula.expression_tree import Call, Constant
from lmm.formula.expression_writer import quote

if TYPE_CHECKING:
    from lmm.data import Columns
    from lmm.design.design import FixedTerm
    from lmm.design.matrix import MatrixSpec
    from lmm.typing import BoolVector, FloatMatrix, IntVector

__all__ = ["FullTerm", "full_terms", "one_sided"]


@dataclass(frozen=True, slots=True, eq=False)
class FullTerm:
    """One term of the fixed part without contrasts.

    Attributes
    ----------
    name
        As in `FixedTerm`.
    factors
        Its expressions that are coded by levels.
    covariates
        Its other expressions.
    matrix
        Sparse (n, m): the product of the covariates, in a column of its own for each combination of levels that
        occurs, the first factor fastest.
    first : shape (m,)
        Marks of columns in which some factor has its first level.
    """

    name: str
    factors: frozenset[str]
    covariates: frozenset[str]
    matrix: Any
    first: BoolVector

    def within(self, other: FullTerm, *, any_covariates: bool = False) -> bool:
        """Whether the other term contains this one: all its factors and more, and the same covariates.

        Parameters
        ----------
        any_covariates
            The other term may have further covariates too (the rule of marginality).
        """
        if any_covariates:
            return self.factors | self.covariates < other.factors | other.covariates
        return self.covariates == other.covariates and self.factors < other.factors


def full_terms(spec: MatrixSpec, columns: Columns) -> tuple[FullTerm, ...]:
    """Code all terms of a fixed part without contrasts.

    Parameters
    ----------
    spec
        How the matrix of the fit was made.
    columns
        The rows of the fit.

    Returns
    -------
    tuple of FullTerm
        In the order of the terms. A factor whose contrasts span less than its levels counts as a covariate.

    Examples
    --------
    >>> from lmm.data import open_table
    >>> from lmm.design import DesignSpec
    >>> from lmm.formula import parse
    >>> data = {"y": [3.0, 1.0, 4.0, 1.0, 5.0], "f": list("aabbc")}
    >>> spec, design = DesignSpec.learn(parse("y ~ f"), data)
    >>> full_terms(spec.fixed, design.model_frame)[1].matrix.toarray().astype(int)
    array([[1, 0, 0],
           [1, 0, 0],
           [0, 1, 0],
           [0, 1, 0],
           [0, 0, 1]])
    """
    parts = dict.fromkeys(part for term in spec.terms for part in term.parts)
    evaluator = Evaluator(columns, {}, spec.transforms)
    values = {part: _values(spec, evaluator, part) for part in parts}
    complete = {factor.name for factor in spec.factors if _is_complete(factor.matrix)}
    return tuple(_full_term(term, values, complete, columns.n_rows) for term in spec.terms)


def one_sided(terms: Sequence[FixedTerm], columns: Columns) -> str:
    """Write terms as a one-sided formula with an explicit intercept.

    Examples
    --------
    >>> from lmm.data import open_table
    >>> from lmm.design import DesignSpec
    >>> from lmm.formula import parse
    >>> data = {"y": [3.0, 1.0, 4.0, 1.0], "my x": [1.0, 2.0, 4.0, 8.0]}
    >>> spec, design = DesignSpec.learn(parse("y ~ `my x` + I(`my x`**2)"), data)
    >>> one_sided(design.terms, design.model_frame)
    '1 + `my x` + I(`my x` ** 2)'
    """
    texts = [":".join(_written(part, columns) for part in term.parts) for term in terms if term.parts]
    has_intercept = any(not term.parts for term in terms)
    return " + ".join(["1" if has_intercept else "0", *texts])


def _written(part: str, columns: Columns) -> str:
    """Write an expression as a formula has it: names that are not words in backticks, sums in braces."""
    if part in columns:
        return quote(part)
    return part if isinstance(read_expression(part), Call | Constant) else f"{{{part}}}"


def _is_complete(matrix: FloatMatrix) -> bool:
    """Whether contrasts and intercept together tell all levels apart."""
    return bool(matrix.shape[1] == matrix.shape[0] - 1)


def _values(spec: MatrixSpec, evaluator: Evaluator, part: str) -> FloatMatrix:
    """Columns (n, m) of one expression: its levels, or its numbers."""
    _, values = learn_matrix(f"0 + {_written(part, evaluator.columns)}", evaluator, spec)
    factor = next((factor for factor in spec.factors if factor.name == part), None)
    if factor is None or _is_complete(factor.matrix):
        return values
    coded: FloatMatrix = values @ factor.matrix
    return coded


def _full_term(term: FixedTerm, values: dict[str, FloatMatrix], complete: set[str], n_rows: int) -> FullTerm:
    from scipy.sparse import csr_array

    factors = [part for part in term.parts if part in complete]
    covariates = [part for part in term.parts if part not in complete]
    cell, first = _cells([values[part] for part in factors], n_rows)
    numbers = _products([values[part] for part in covariates], n_rows)
    m = numbers.shape[1]
    rows = np.repeat(np.arange(n_rows), m)
    places = cell[:, None] * m + np.arange(m)
    matrix = csr_array((numbers.ravel(), (rows, places.ravel())), shape=(n_rows, len(first) * m))
    return FullTerm(term.name, frozenset(factors), frozenset(covariates), matrix, np.repeat(first, m))


def _cells(dummies: Sequence[FloatMatrix], n_rows: int) -> tuple[IntVector, BoolVector]:
    """Code each row (n,) by its combination of levels, and mark combinations with a first level."""
    if not dummies:
        return np.zeros(n_rows, dtype=np.int64), np.zeros(1, dtype=bool)
    codes = tuple(np.argmax(columns, axis=1) for columns in dummies)
    sizes = tuple(columns.shape[1] for columns in dummies)
    combined = np.ravel_multi_index(codes, sizes, order="F")
    occurring, cell = np.unique(combined, return_inverse=True)
    levels = np.unravel_index(occurring, sizes, order="F")
    return cell.reshape(-1), np.any([level == 0 for level in levels], axis=0)


def _products(values: Sequence[FloatMatrix], n_rows: int) -> FloatMatrix:
    """Products of the columns of several expressions, row by row (n, m)."""
    product = np.ones((n_rows, 1))
    for columns in values:
        product = (product[:, :, None] * columns[:, None, :]).reshape(n_rows, -1)
    return product
