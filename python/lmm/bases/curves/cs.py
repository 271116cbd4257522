"""Cubic regression splines that can shrink to zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import ClassVar

import numpy as np

from lmm.bases.basis import Covariate, Settings
from lmm.bases.curves import cr
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["ShrunkenCubicRegression", "learn"]

SLOPE, CONSTANT = 0.1, 0.01
"""Penalties of the two null functions, relative to the smallest other one."""


class ShrunkenCubicRegression(cr.CubicRegression):
    """As `cr`, with a small penalty on straight lines too, so that the whole term can vanish."""

    name: ClassVar[str] = "cs"


def learn(covariates: Sequence[Covariate], settings: Settings) -> ShrunkenCubicRegression:
    """Learn a cubic regression spline with shrinkage from data.

    Raises
    ------
    ArgumentError, DataError
        As for `cr`.

    Examples
    --------
    >>> basis = learn([Covariate("x", np.linspace(0.0, 1.0, 21))], Settings(k=4))
    >>> int(np.linalg.matrix_rank(basis.penalties[0]))
    4
    """
    plain = cr.learn(covariates, settings, ShrunkenCubicRegression.name)
    kept = {field.name: getattr(plain, field.name) for field in fields(plain)}
    kept |= {
        "penalties": (shrunken(plain.penalties[0], plain.knots),),
        "null_space": np.zeros((plain.k, 0)),
    }
    return ShrunkenCubicRegression(**kept)


def shrunken(S: FloatMatrix, knots: FloatVector) -> FloatMatrix:
    """Add the penalty of straight lines.

    The eigenvectors of an eigenvalue zero that occurs twice are not unique, so that "the last but one" would depend on
    the library of linear algebra. Here the one with 0.1 is the line that is zero at the first knot, and the one with
    0.01 is orthogonal to it.
    """
    smallest = np.linalg.eigvalsh(S)[2]
    line = knots - knots[0]
    line /= np.linalg.norm(line)
    other = 1.0 - line * line.sum()
    other /= np.linalg.norm(other)
    return np.asarray(S + smallest * (SLOPE * np.outer(line, line) + CONSTANT * np.outer(other, other)))
