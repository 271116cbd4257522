"""Names for the types that several rooms speak of."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "BoolVector",
    "FamilyInput",
    "FloatArray",
    "FloatMatrix",
    "FloatVector",
    "IntVector",
    "Interval",
    "Method",
    "Missing",
    "Negative",
    "NewLevels",
    "ObjectVector",
    "PartKind",
    "Pattern",
    "ResidualKind",
]

FloatArray: TypeAlias = npt.NDArray[np.float64]
"""Any number of dimensions."""

FloatVector: TypeAlias = npt.NDArray[np.float64]
"""One dimension; the docstring says which."""

FloatMatrix: TypeAlias = npt.NDArray[np.float64]
"""Two dimensions; the docstring says which."""

IntVector: TypeAlias = npt.NDArray[np.int32] | npt.NDArray[np.int64]
"""One dimension of indices, codes or counts."""

BoolVector: TypeAlias = npt.NDArray[np.bool_]
"""One dimension of marks."""

ObjectVector: TypeAlias = npt.NDArray[Any]
"""One dimension of text, with None where it is missing."""

Method: TypeAlias = Literal["reml", "ml", "moments", "gcv"]
"""Criterion that a fit minimises, or the mean squares that it solves."""

Negative: TypeAlias = Literal["zero", "allow"]
"""What the method of moments does with a negative solution."""

Missing: TypeAlias = Literal["drop", "raise"]
"""What happens to rows with a missing value in a used column."""

Interval: TypeAlias = Literal["confidence", "prediction"]
"""What an interval around a prediction covers: the mean, or a new observation."""

NewLevels: TypeAlias = Literal["error", "population", "sample"]
"""What a prediction does with levels of grouping factors that the fit has not seen."""

PartKind: TypeAlias = Literal["group", "smooth", "residual", "block"]
"""Why a part of Z is there: a bar, a smooth term, correlated errors, a block of the user."""

FamilyInput: TypeAlias = (
    tuple[str, int] | tuple[FloatMatrix, FloatVector] | tuple[list[FloatMatrix], FloatVector]
)
"""A family of covariances as the compiled core is told of it: its name and the number of columns; scales of tied
variances (columns, penalties) and a unit for each penalty; or roots of dense penalties (columns, rank) and units."""

Pattern: TypeAlias = Literal["us", "diag"]
"""Covariance structure of the random effects of one term."""

ResidualKind: TypeAlias = Literal[
    "response", "conditional", "marginal", "pearson", "scaled", "studentized", "quantile"
]
"""What residuals are taken from, and their scale."""
