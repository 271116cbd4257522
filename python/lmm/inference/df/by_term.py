"""Degrees of freedom that belong to whole terms of the fixed part, and contrasts of their coefficients."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lmm.inference.df.method import DfMethod, JointDf
from lmm.typing import BoolVector, FloatMatrix, FloatVector, IntVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["ByTerm", "kept_terms"]


class ByTerm(DfMethod):
    """A contrast has the smallest degrees of freedom of the terms whose coefficients it uses."""

    @abstractmethod
    def term_df(self, fit: Fit) -> FloatVector:
        """Degrees of freedom of each term of the fixed part, in formula order."""

    def row_df(self, fit: Fit, contrast: FloatMatrix) -> FloatVector:
        by_column = self.term_df(fit)[kept_terms(fit)]
        used = _used(fit, contrast)
        smallest = np.where(used, by_column, np.inf).min(axis=1, initial=np.inf)
        return np.where(used.any(axis=1), smallest, np.nan)

    def joint_df(self, fit: Fit, contrast: FloatMatrix) -> JointDf:
        # Rows may come as combinations of each other: a coefficient is used if any row has it.
        used = _used(fit, contrast).any(axis=0, keepdims=True)
        return JointDf(float(self.row_df(fit, used.astype(float))[0]))

    def for_term(self, fit: Fit, name: str) -> DfMethod:
        names = [term.name for term in fit.internals.design.terms]
        return OneTerm(self.label, float(self.term_df(fit)[names.index(name)]), self.notes(fit))

    def notes(self, fit: Fit) -> tuple[str, ...]:
        empty = [
            term.name
            for term, df in zip(fit.internals.design.terms, self.term_df(fit), strict=True)
            if not df > 0.0
        ]
        if not empty:
            return ()
        return (f"Missing: no degrees of freedom are left for {', '.join(empty)}.",)


@dataclass(frozen=True)
class OneTerm(DfMethod):
    """The degrees of freedom of one term, whatever coefficients its hypothesis uses."""

    words: str
    df: float
    sentences: tuple[str, ...]

    name: ClassVar[str] = "one term"

    @property
    def label(self) -> str:
        return self.words

    def row_df(self, fit: Fit, contrast: FloatMatrix) -> FloatVector:  # noqa: ARG002
        return np.full(len(contrast), self.df)

    def joint_df(self, fit: Fit, contrast: FloatMatrix) -> JointDf:  # noqa: ARG002
        return JointDf(self.df)

    def notes(self, fit: Fit) -> tuple[str, ...]:  # noqa: ARG002
        return self.sentences


def _used(fit: Fit, contrast: FloatMatrix) -> BoolVector:
    """Mark the coefficients of each row (r, p) that contribute to it more than rounding does."""
    size = np.abs(contrast) * np.sqrt(np.diag(fit.internals.evaluation.unscaled_vcov))
    used: BoolVector = size > 1e-9 * size.max(axis=1, initial=0.0, keepdims=True)
    return used


def kept_terms(fit: Fit) -> IntVector:
    """Term of each column of X that is not aliased."""
    term_of = np.zeros(len(fit.internals.design.names), dtype=np.int64)
    for number, term in enumerate(fit.internals.design.terms):
        term_of[term.columns] = number
    return term_of[fit.internals.design.kept]
