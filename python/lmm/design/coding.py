"""Contrast coding of factors: names, matrices, and the columns that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from lmm.arguments import shown
from lmm.data import Column
from lmm.data.levels import label
from lmm.design.wording import listed
from lmm.errors import DesignError, brief, nearest

if TYPE_CHECKING:
    from lmm.typing import FloatMatrix

CODINGS = ("treatment", "sas", "sum", "helmert", "difference", "poly")
"""Names that ``contrasts=`` takes."""

ContrastChoice: TypeAlias = "str | Sequence[Sequence[float]] | FloatMatrix"
Contrasts: TypeAlias = "str | Mapping[str, ContrastChoice] | None"

EVERY_FACTOR = ""
"""Among codings by name: that of all factors that have none."""


@dataclass(frozen=True, slots=True)
class Coding:
    """One contrast coding, with formulaic's matrices and names behind it.

    Attributes
    ----------
    name
        One of `CODINGS`, or ``"custom"``.
    contrasts
        formulaic's contrasts object; None for a custom matrix, and for treatments against the first level.
    custom : shape (n_levels, n_columns)
        The matrix of a custom coding, else None.
    """

    name: str
    contrasts: Any = None
    custom: FloatMatrix | None = None

    def matrix(self, factor: str, levels: Sequence[str]) -> FloatMatrix:
        """Row = level, column = coefficient; shape (n_levels, n_levels - 1) but for a custom matrix."""
        if self.custom is not None:
            return _checked_custom(self.custom, factor, levels)
        if self.contrasts is None:
            return np.eye(len(levels))[:, 1:]
        contrasts = self._with_base_label(factor, levels)
        try:
            frame = contrasts.get_coding_matrix(list(levels), reduced_rank=True)
        except (ValueError, IndexError):
            raise DesignError(
                f'The contrasts of "{factor}" do not fit its {len(levels)} levels. contr.poly(scores=...) needs one '
                "score for each level."
            ) from None
        return np.array(frame, dtype=np.float64)

    def column_names(self, factor: str, levels: Sequence[str]) -> list[str]:
        """Names of the coefficients as formulaic gives them: ``Variety[T.Victory]``."""
        if self.custom is not None:
            return [f"{factor}[{i + 1}]" for i in range(self.custom.shape[1])]
        if self.contrasts is None:
            return [f"{factor}[T.{level}]" for level in levels[1:]]
        contrasts = self._with_base_label(factor, levels)
        template = contrasts.get_factor_format(list(levels), reduced_rank=True)
        fields = contrasts.get_coding_column_names(list(levels), reduced_rank=True)
        return [template.format(name=factor, field=field) for field in fields]

    def _with_base_label(self, factor: str, levels: Sequence[str]) -> Any:
        """Contrasts whose base level, if one was given, is written as our labels are."""
        base = getattr(self.contrasts, "base", None)
        if not isinstance(base, str | int | float | np.generic):
            return self.contrasts
        text = label(base.item() if isinstance(base, np.generic) else base)
        if text not in levels:
            raise DesignError(
                f'The base level {text!r} is not a level of "{factor}".{nearest(text, levels)} '
                f"Its levels: {listed(levels, 20)}."
            )
        return replace(self.contrasts, base=text)


def resolve_contrasts(contrasts: Contrasts) -> dict[str, Coding]:
    """Codings by factor from what the user gave: a name or a matrix for each, or one name for all of them.

    Raises
    ------
    DesignError
        If it is not a mapping, or a name is unknown.
    """
    if contrasts is None:
        return {}
    if isinstance(contrasts, str):
        return {EVERY_FACTOR: _resolve("", contrasts)}
    if not isinstance(contrasts, Mapping):
        raise DesignError(
            'contrasts= must be a coding of all factors, such as "sum", or a dict from factor names to codings, such '
            f'as {{"Variety": "sum"}}, not {shown(contrasts)}.'
        )
    return {str(name): _resolve(str(name), choice) for name, choice in contrasts.items()}


def plain_contrasts(codings: Mapping[str, Coding]) -> dict[str, Any]:
    """Write codings as `resolve_contrasts` reads them: names, and matrices as nested lists."""
    return {
        factor: coding.name if coding.custom is None else coding.custom.tolist()
        for factor, coding in codings.items()
    }


def named_coding(name: str) -> Coding:
    """Coding of one of the names in `CODINGS`."""
    if name == "treatment":
        return Coding(name)
    from lmm.formula.matrices import ContrastsRegistry

    attribute = {"sas": "SAS", "difference": "diff"}.get(name, name)
    return Coding(name, getattr(ContrastsRegistry, attribute)())


def coding_from_formula(choice: Any) -> Coding:
    """Coding of the second argument of ``C(f, ...)``: a coding, its name, a matrix, or columns by name."""
    if isinstance(choice, Coding):
        return choice
    if isinstance(choice, Mapping):
        return Coding("custom", custom=_as_matrix("C()", list(choice.values())).T)
    return _resolve("C()", choice)


_CLASSES = {"Sum": "sum", "Helmert": "helmert", "Diff": "diff", "Poly": "poly", "Treatment": "treatment"}


def coding_of(function: str, arguments: Mapping[str, Any]) -> Coding:
    """Coding that a formula calls: ``contr.treatment(base="b")``, ``Sum()``; without arguments, its default.

    Examples
    --------
    >>> from lmm.design.coding import coding_of
    >>> coding_of("contr.treatment", {"base": "b"}).column_names("f", ("a", "b"))
    ['f[T.a]']
    """
    from lmm.formula.matrices import ContrastsRegistry

    attribute = _CLASSES.get(function, function.removeprefix("contr."))
    if attribute == "custom":
        return coding_from_formula(arguments.get("contrasts"))
    options = {
        "base" if key == "reference" else key: value for key, value in arguments.items() if value is not None
    }
    name = {"SAS": "sas", "diff": "difference"}.get(attribute, attribute)
    return Coding(name, getattr(ContrastsRegistry, attribute)(**options)) if options else named_coding(name)


def _resolve(factor: str, choice: ContrastChoice) -> Coding:
    if not isinstance(choice, str):
        return Coding("custom", custom=_as_matrix(factor, choice))
    name = {"diff": "difference", "SAS": "sas"}.get(choice, choice).removeprefix("contr.")
    if name not in CODINGS:
        place = f' for "{factor}"' if factor else ""
        raise DesignError(
            f'Unknown contrasts "{brief(choice)}"{place}.{nearest(choice, CODINGS)} '
            f"Use one of {', '.join(CODINGS)}, or a matrix with one row per level."
        )
    return named_coding(name)


def _as_matrix(factor: str, choice: object) -> FloatMatrix:
    try:
        matrix = np.array(choice, dtype=np.float64)
    except (TypeError, ValueError):
        matrix = np.empty(0)
    if matrix.ndim != 2 or not np.isfinite(matrix).all():
        raise DesignError(
            f'The contrasts of "{factor}" are neither a name nor a matrix of numbers: {choice!r}. '
            f"Use one of {', '.join(CODINGS)}, or a matrix with one row per level."
        )
    return matrix


def _checked_custom(matrix: FloatMatrix, factor: str, levels: Sequence[str]) -> FloatMatrix:
    n_levels = len(levels)
    if matrix.shape[0] != n_levels or not 1 <= matrix.shape[1] < n_levels:
        raise DesignError(
            f'The contrast matrix of "{factor}" has shape {matrix.shape}; its {n_levels} levels '
            f"({listed(levels, 20)}) need {n_levels} rows and at most {n_levels - 1} columns."
        )
    with_constant = np.column_stack([np.ones(n_levels), matrix])
    if np.linalg.matrix_rank(with_constant) < with_constant.shape[1]:
        raise DesignError(
            f'The columns of the contrast matrix of "{factor}" are linearly dependent, or one is constant. '
            "Give columns that are independent of each other and of the intercept."
        )
    return matrix


def recode_known(column: Column, factor: str, levels: tuple[str, ...]) -> Any:
    """Codes of a factor of new data among the levels that the model knows.

    Raises
    ------
    DesignError
        If a row has a level that was not there when the model was fitted.
    """
    codes = column.recode(levels)
    if column.levels != levels and bool(np.any(codes < 0)):
        unknown = [column.levels[i] for i in np.unique(column.factor_codes[codes < 0])]
        raise DesignError(
            f'"{factor}" has levels that the model does not know: {listed(unknown)}. '
            f"Known levels: {listed(levels, 20)}. "
            "Leave these rows out, or fit again with data that have them."
        )
    return codes
