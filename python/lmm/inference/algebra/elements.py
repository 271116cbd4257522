"""The distinct elements of the covariance S of each random term, for the user's columns of Z and for the engine's.

With W^½Z = Z̃ (I ⊗ U) the covariance of the engine's effects is USU'. Inference works with its elements: in those of the
user's columns, the variance of an intercept at a covariate's far-away zero hides everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.covariance import ThetaLayout
    from lmm.design import RandomPart

__all__ = ["engine_jacobian", "parameter_basis", "translation"]


def parameter_basis(part: RandomPart) -> list[FloatMatrix]:
    """∂S/∂element for the distinct elements of S, the lower triangle column by column."""
    k = len(part.columns)
    basis = []
    for column in range(k):
        for row in range(column, k if part.structure.is_correlated else column + 1):
            E = np.zeros((k, k))
            E[row, column] = E[column, row] = 1.0
            basis.append(E)
    return basis


def translation(parts: Sequence[RandomPart], maps: Sequence[FloatMatrix]) -> FloatMatrix:
    """Matrix (m, m) that takes the elements of all S, then σ², to those of all USU', and σ², for U (k, k) of each term.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> translation(fit.internals.design.random, [np.diag([1.0, 2.0])]).diagonal()
    array([1., 2., 4., 1.])
    """
    images = []
    for part, U in zip(parts, maps, strict=True):
        rows, columns = part.structure.elements(len(U))
        images.append(np.array([(U @ E @ U.T)[rows, columns] for E in parameter_basis(part)]).T)
    size = 1 + sum(len(image) for image in images)
    whole, first = np.eye(size), 0
    for image in images:
        own = slice(first, first + len(image))
        whole[own, own] = image
        first = own.stop
    return whole


def engine_jacobian(layout: ThetaLayout, theta: FloatVector, units: Sequence[FloatMatrix]) -> FloatMatrix:
    """Differentiate the elements of all USU' by theta (m - 1, n_theta).

    Where T is linear in theta, U dT (UT)' and its transpose: in U dS U' large numbers would cancel.
    """
    blocks = []
    terms = zip(layout.terms, layout.derivatives(theta), layout.factors(theta), units, strict=True)
    for term, (own, dS), T, U in terms:
        rows, columns = term.structure.elements(term.n_columns)
        if term.structure.is_linear:
            moved = [U @ term.structure.factor(unit, term.n_columns) @ (U @ T).T for unit in np.eye(len(dS))]
            changes = [product + product.T for product in moved]
        else:
            changes = [U @ change @ U.T for change in dS]
        block = np.zeros((len(rows), layout.n_theta))
        block[:, own] = np.array([change[rows, columns] for change in changes]).T
        blocks.append(block)
    return np.vstack([*blocks, np.zeros((0, layout.n_theta))])
