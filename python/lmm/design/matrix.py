"""A model matrix from one side of a formula, and what has to be kept to build it again for new data."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.design.design import FactorCoding, FixedTerm
from lmm.design.state import from_plain, to_plain
from lmm.errors import DataError, DesignError, LmmError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lmm.data import Columns
    from lmm.design.coding import Coding
    from lmm.typing import FloatMatrix


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

    def build(self, columns: Columns, codings: Mapping[str, Coding]) -> FloatMatrix:
        """Build the matrix (n, p) for other data, with the levels and the state that were learnt.

        Raises
        ------
        DesignError
            If a factor has a level that was not there before.
        """
        again, matrix = learn_matrix(self.text, columns, codings, self)
        if again.names != self.names:
            raise DesignError(
                f"The new data give the columns {', '.join(again.names)}; the model has "
                f"{', '.join(self.names)}. Give data of the same kind as those of the fit."
            )
        return matrix

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a file; the text is not among them, it is read from the formula again."""
        terms = [
            {
                "name": term.name,
                "columns": [term.columns.start, term.columns.stop],
                "parts": list(term.parts),
                "variables": list(term.variables),
            }
            for term in self.terms
        ]
        factors = [
            {
                "name": factor.name,
                "variable": factor.variable,
                "levels": list(factor.levels),
                "contrasts": factor.contrasts,
                "matrix": factor.matrix.tolist(),
            }
            for factor in self.factors
        ]
        transforms = to_plain(self.transforms)
        return {
            "names": list(self.names),
            "terms": terms,
            "factors": factors,
            "transforms": transforms,
        }

    @classmethod
    def from_dict(cls, text: str, content: Mapping[str, Any]) -> MatrixSpec:
        """Read what `to_dict` wrote; the text comes from the formula."""
        terms = tuple(
            FixedTerm(term["name"], slice(*term["columns"]), tuple(term["parts"]), tuple(term["variables"]))
            for term in content["terms"]
        )
        factors = tuple(
            FactorCoding(
                factor["name"],
                factor["variable"],
                tuple(factor["levels"]),
                factor["contrasts"],
                np.array(factor["matrix"], dtype=np.float64),
            )
            for factor in content["factors"]
        )
        return cls(text, tuple(content["names"]), terms, factors, from_plain(content["transforms"]))


def learn_matrix(
    text: str, columns: Columns, codings: Mapping[str, Coding], known: MatrixSpec | None = None
) -> tuple[MatrixSpec, FloatMatrix]:
    """Build a model matrix (n, p) with formulaic, and keep its state.

    Parameters
    ----------
    text
        One-sided formula with an explicit intercept.
    columns
        The data, without missing values.
    codings
        Codings by factor, or by the column behind it.
    known
        Levels and state of an earlier fit, to be used instead of learnt.

    Raises
    ------
    DesignError
        If an expression cannot be computed, or a factor cannot be coded.
    """
    from formulaic import ModelSpec

    from lmm.design.materializer import materializer

    formula = computing(text, lambda: _terms(text))
    known_levels = {factor.name: factor.levels for factor in known.factors} if known else {}
    parts = dict.fromkeys(factor.expr for term in formula for factor in term.factors)
    # The door through which formulaic hands each factor what is known of it.
    encoder_state = {part: (None, {"expression": part, "levels": known_levels.get(part)}) for part in parts}
    spec = ModelSpec(
        formula=formula,
        na_action="ignore",
        transform_state=copy.deepcopy(known.transforms) if known else {},
        encoder_state=encoder_state,
    )
    builder = materializer(columns, codings)
    built = computing(text, lambda: builder.get_model_matrix(spec))
    state = built.model_spec
    terms, names = _read_structure(state.structure, builder.variables_of)
    factors = tuple(
        _read_coding(part, state.encoder_state[part][1])
        for part in parts
        if "coding" in state.encoder_state[part][1]
    )
    learnt = MatrixSpec(text, names, terms, factors, dict(state.transform_state))
    return learnt, np.asarray(built.__wrapped__)


@lru_cache(maxsize=256)
def _terms(text: str) -> Any:
    """Parse a one-sided formula; the same few are asked for again and again."""
    from formulaic import Formula

    return Formula(text)


def computing(what: str, compute: Callable[[], Any]) -> Any:
    """Run a computation of formulaic; its errors become ours.

    Values that are no numbers (``log(-1)``) are found later, with their rows; NumPy need not warn of them here.
    """
    from lmm.formula.matrices import FormulaicError

    try:
        with np.errstate(all="ignore"):
            return compute()
    except FormulaicError as error:
        cause = error.__cause__
        if isinstance(cause, LmmError):
            raise cause from None
        reason = f"{type(cause).__name__}: {cause}" if cause is not None else str(error)
        raise DesignError(f'"{what}" in the formula cannot be computed. {reason}') from error


def _read_structure(
    structure: Iterable[Any], variables_of: Callable[[str], tuple[str, ...]]
) -> tuple[tuple[FixedTerm, ...], tuple[str, ...]]:
    """Terms and names of the columns from formulaic's account of what it built."""
    terms: list[FixedTerm] = []
    names: list[str] = []
    for row in structure:
        parts = tuple(factor.expr for factor in row.term.factors if factor.expr != "1")
        variables = sorted({name for part in parts for name in variables_of(part)})
        columns = slice(len(names), len(names) + len(row.columns))
        terms.append(FixedTerm(":".join(parts) or "Intercept", columns, parts, tuple(variables)))
        names.extend(row.columns)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(
            f'Two columns of the model matrix would be called "{twice}". Rename the column of the data that has '
            "this name."
        )
    return tuple(terms), tuple(names)


def _read_coding(part: str, state: Mapping[str, Any]) -> FactorCoding:
    variables, coding, levels = state["variables"], state["coding"], state["levels"]
    variable = variables[0] if len(variables) == 1 else part
    return FactorCoding(part, variable, levels, coding.name, coding.matrix(part, levels))
