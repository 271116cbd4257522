"""Standard deviations, correlations, log sigma and held fixed effects in one vector.

The root of each covariance is written row by row: as the elements of a lower triangle, or in polar form, with the
standard deviation as the length of the row and arcsines of (partial) correlations as its angles. A parameter whose
profile is asked for is one element of the vector; for that, columns of a term change places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lmm.inference.likelihood import Slope, lower_root
from lmm.typing import FloatMatrix, FloatVector, IntVector

__all__ = ["Coordinates", "TermCoordinates"]


@dataclass(frozen=True, slots=True, eq=False)
class TermCoordinates:
    """How the root of one term is written.

    Attributes
    ----------
    diagonal
        No correlations: the standard deviations alone.
    order : shape (k,)
        Columns in the order of the rows of the root.
    polar
        Rows (not the first) in polar form.
    """

    diagonal: bool
    order: IntVector
    polar: frozenset[int] = frozenset()

    @property
    def size(self) -> int:
        """How many numbers."""
        k = len(self.order)
        return k if self.diagonal else k * (k + 1) // 2

    def row(self, r: int) -> slice:
        """Where row r has its numbers."""
        return slice(r, r + 1) if self.diagonal else slice(r * (r + 1) // 2, (r + 1) * (r + 2) // 2)

    def encode(self, R: FloatMatrix) -> FloatVector:
        """Write a root R (k, k)."""
        if self.diagonal:
            return np.diag(R).copy()
        L = lower_root(R[self.order])
        L = L * np.where(np.diag(L) < 0.0, -1.0, 1.0)
        z = np.zeros(self.size)
        for r in range(len(L)):
            own = L[r, : r + 1]
            z[self.row(r)] = _to_polar(own) if r in self.polar else own
        return z

    def decode(self, z: FloatVector) -> FloatMatrix:
        """Read a root R (k, k), rows in the order of the model's columns."""
        if self.diagonal:
            return np.diag(z)
        k = len(self.order)
        R = np.zeros((k, k))
        for r, column in enumerate(self.order):
            own = z[self.row(r)]
            R[column, : r + 1] = _from_polar(own) if r in self.polar else own
        return R

    def pull(self, z: FloatVector, slope: FloatMatrix) -> FloatVector:
        """Turn the derivative by R (k, k) into that by the numbers."""
        if self.diagonal:
            return np.diag(slope).copy()
        found = np.zeros(self.size)
        for r, column in enumerate(self.order):
            own = slope[column, : r + 1]
            place = self.row(r)
            found[place] = _polar_jacobian(z[place]).T @ own if r in self.polar else own
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Coordinates:
    """All random terms, log sigma, then the fixed effects that are held."""

    terms: tuple[TermCoordinates, ...]
    n_held: int = 0

    @property
    def log_sigma(self) -> int:
        """Where log sigma stands."""
        return sum(term.size for term in self.terms)

    def start(self, term: int) -> int:
        """Where a term begins."""
        return sum(t.size for t in self.terms[:term])

    def encode(self, roots: Sequence[FloatMatrix], log_sigma: float, beta: FloatVector) -> FloatVector:
        """Write everything into one vector."""
        parts = [term.encode(R) for term, R in zip(self.terms, roots, strict=True)]
        return np.concatenate([*parts, [log_sigma], beta])

    def decode(self, z: FloatVector) -> tuple[list[FloatMatrix], float, FloatVector]:
        """Read roots, log sigma and held fixed effects."""
        roots, at = [], 0
        for term in self.terms:
            roots.append(term.decode(z[at : at + term.size]))
            at += term.size
        return roots, float(z[at]), z[at + 1 :]

    def pull(self, z: FloatVector, slope: Slope) -> FloatVector:
        """Give the derivative by the vector."""
        parts, at = [], 0
        for term, by_root in zip(self.terms, slope.roots, strict=True):
            parts.append(term.pull(z[at : at + term.size], by_root))
            at += term.size
        return np.concatenate([*parts, [slope.log_sigma], slope.beta])


def _from_polar(z: FloatVector) -> FloatVector:
    """Row of the root: ``a (sin ω0, cos ω0 sin ω1, ..., cos ω0 cos ω1 ...)``."""
    sines, cosines = np.sin(z[1:]), np.cumprod(np.append(1.0, np.cos(z[1:])))
    row: FloatVector = z[0] * cosines * np.append(sines, 1.0)
    return row


def _to_polar(row: FloatVector) -> FloatVector:
    lengths = np.sqrt(np.cumsum(row[::-1] ** 2)[::-1])  # of what is left from each element on
    safe = np.where(lengths > 0.0, lengths, 1.0)
    angles = np.arcsin(np.clip(row / safe, -1.0, 1.0))[:-1]
    return np.append(lengths[0], angles)


def _polar_jacobian(z: FloatVector) -> FloatMatrix:
    """Differentiate the row (r + 1, r + 1) by its length and angles."""
    a, angles = z[0], z[1:]
    n = len(angles)
    cosines = np.cumprod(np.append(1.0, np.cos(angles)))
    J = np.zeros((n + 1, n + 1))
    J[:, 0] = cosines * np.append(np.sin(angles), 1.0)
    for j in range(n):
        # Later elements have cos ω_j as a factor: take it out, put -sin ω_j in.
        J[j, j + 1] = a * cosines[j] * np.cos(angles[j])
        rest = a * cosines[j] * -np.sin(angles[j])
        tail = np.cumprod(np.append(1.0, np.cos(angles[j + 1 :]))) * np.append(np.sin(angles[j + 1 :]), 1.0)
        J[j + 1 :, j + 1] = rest * tail
    return J
