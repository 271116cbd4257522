"""The parameters of all terms of a model in one vector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

import numpy as np

from lmm.covariance.catalog import structure
from lmm.covariance.family import Coordinates, Natural, Structure
from lmm.covariance.tied import Tied
from lmm.typing import FamilyInput, FloatArray, FloatMatrix, FloatVector


@dataclass(frozen=True, slots=True)
class ThetaTerm:
    """A random term as seen from its parameters: who, which columns, which structure."""

    group: str
    columns: tuple[str, ...]
    structure: Structure

    @property
    def n_columns(self) -> int:
        """Columns k."""
        return len(self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its theta; that of a column without a name is the group's own."""
        return tuple(name.removesuffix(".") for name in self.structure.names(self.group, self.columns))


@dataclass(frozen=True, slots=True)
class ThetaLayout:
    """Where each term has its parameters in theta, and what they do.

    Examples
    --------
    >>> layout = ThetaLayout.of([("Subject", ("Intercept", "Days"), "us")])
    >>> layout.names
    ('Subject.Intercept', 'Subject.Days.Intercept', 'Subject.Days')
    >>> layout.factors(layout.start)[0]
    array([[1., 0.],
           [0., 1.]])
    """

    terms: tuple[ThetaTerm, ...]

    @classmethod
    def of(cls, terms: Sequence[tuple[str, tuple[str, ...], str | Structure]]) -> ThetaLayout:
        """From (group, columns, structure or its name), in formula order."""

        def found(family: str | Structure) -> Structure:
            return family if isinstance(family, Structure) else structure(family)

        return cls(tuple(ThetaTerm(group, columns, found(family)) for group, columns, family in terms))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of theta, term by term."""
        return tuple(name for term in self.terms for name in term.names)

    @property
    def n_theta(self) -> int:
        """Length of theta."""
        return sum(term.structure.n_theta(term.n_columns) for term in self.terms)

    @property
    def start(self) -> FloatVector:
        """Theta at which every S is the identity."""
        return self._joined([t.structure.start(t.n_columns) for t in self.terms])

    @property
    def lower_bounds(self) -> FloatVector:
        """Smallest admissible theta."""
        return self._joined([t.structure.lower_bounds(t.n_columns) for t in self.terms])

    @property
    def upper_bounds(self) -> FloatVector:
        """Largest admissible theta."""
        return self._joined([t.structure.upper_bounds(t.n_columns) for t in self.terms])

    @property
    def is_linear(self) -> bool:
        """Whether the covariances of all terms are cones, so that the engine searches over S itself."""
        return all(t.structure.is_linear for t in self.terms)

    def curved(self) -> ThetaLayout:
        """Layout of the same theta whose single variances are searched along arsinh, not along a standard deviation."""
        alone = Tied(np.ones((1, 1)), ("",))
        terms = (
            replace(t, structure=alone) if t.structure.is_linear and t.n_columns == 1 else t
            for t in self.terms
        )
        return ThetaLayout(tuple(terms))

    def factors(self, theta: FloatVector) -> list[FloatMatrix]:
        """T (k, k) of each term."""
        return [t.structure.factor(part, t.n_columns) for t, part in self._parts(theta)]

    def theta(self, T: Sequence[FloatMatrix]) -> FloatVector:
        """Theta of the factors of all terms."""
        return self._joined([t.structure.theta(f) for t, f in zip(self.terms, T, strict=True)])

    def held_elements(self, held: np.ndarray) -> list[np.ndarray]:
        """Elements of each T that are fixed when the parameters ``held`` (n_theta,) are."""
        return [t.structure.held_elements(part, t.n_columns) for t, part in self._parts(held)]

    def gradient(self, theta: FloatVector, M: Sequence[FloatMatrix]) -> FloatVector:
        """Gradient d criterion / d theta from M = d criterion / d S of each term.

        ``tr(M dS_i)`` for each parameter; for unstructured terms this is ``2 tril(M T)``.
        """
        return self._joined(
            [
                np.einsum("ab,iab->i", m, t.structure.derivatives(part, t.n_columns))
                for (t, part), m in zip(self._parts(theta), M, strict=True)
            ]
        )

    def jacobian(self, theta: FloatVector) -> FloatMatrix:
        """Differentiate the free elements of all S by theta (n_free, n_theta), block diagonal."""
        blocks = [t.structure.jacobian(part, t.n_columns) for t, part in self._parts(theta)]
        full = np.zeros((sum(len(block) for block in blocks), self.n_theta))
        row = column = 0
        for block in blocks:
            full[row : row + block.shape[0], column : column + block.shape[1]] = block
            row, column = row + block.shape[0], column + block.shape[1]
        return full

    def derivatives(self, theta: FloatVector) -> list[tuple[slice, FloatArray]]:
        """Place of each term in theta, and dS (n_theta of the term, k, k) there."""
        return [
            (own, t.structure.derivatives(part, t.n_columns))
            for own, (t, part) in zip(self.places, self._parts(theta), strict=True)
        ]

    def second(self, theta: FloatVector) -> list[FloatArray]:
        """d²S (n, n, k, k) of each term by its own theta (n,)."""
        return [t.structure.second(part, t.n_columns) for t, part in self._parts(theta)]

    def second_of_elements(self, theta: FloatVector) -> FloatArray:
        """Differentiate the elements of all S twice by theta (n_elements, n_theta, n_theta)."""
        found = []
        for term, own, ddS in zip(self.terms, self.places, self.second(theta), strict=True):
            rows, columns = term.structure.elements(term.n_columns)
            full = np.zeros((len(rows), self.n_theta, self.n_theta))
            full[:, own, own] = ddS[:, :, rows, columns].transpose(2, 0, 1)
            found.append(full)
        return np.concatenate([*found, np.zeros((0, self.n_theta, self.n_theta))])

    def natural_of_terms(self, theta: FloatVector) -> list[FloatVector]:
        """Natural parameters of each term."""
        return [t.structure.natural(part, t.n_columns).value for t, part in self._parts(theta)]

    def natural(self, theta: FloatVector) -> Natural:
        """Natural parameters of all terms; `bend` is that of the elements of all S (n_elements, n, n)."""
        own = [t.structure.natural(part, t.n_columns) for t, part in self._parts(theta)]
        n = sum(len(found.value) for found in own)
        slope, bends, row = np.zeros((n, self.n_theta)), [], 0
        for term, place, found in zip(self.terms, self.places, own, strict=True):
            here = slice(row, row + len(found.value))
            rows, columns = term.structure.elements(term.n_columns)
            bend = np.zeros((len(rows), n, n))
            bend[:, here, here] = found.bend[:, :, rows, columns].transpose(2, 0, 1)
            slope[here, place] = found.slope
            bends.append(bend)
            row = here.stop
        return Natural(
            self._joined([found.value for found in own]),
            slope,
            np.concatenate([*bends, np.zeros((0, n, n))]),
            np.concatenate([*(found.is_variance for found in own), np.zeros(0, dtype=bool)]),
        )

    def rescaled(self, theta: FloatVector, scales: Sequence[FloatVector]) -> FloatVector:
        """Theta when the effects of each term's columns are multiplied by scales (k,)."""
        return self._joined(
            [t.structure.rescaled(part, s) for (t, part), s in zip(self._parts(theta), scales, strict=True)]
        )

    def to_core(self) -> list[FamilyInput]:
        """Name the families of all terms as the search in the compiled core knows them."""
        return [t.structure.to_core(t.n_columns) for t in self.terms]

    def to_search(self, theta: FloatVector) -> FloatVector:
        """Coordinates of the search (n_theta,)."""
        return self._joined([t.structure.to_search(part, t.n_columns) for t, part in self._parts(theta)])

    def from_search(self, eta: FloatVector) -> Coordinates:
        """Theta and its derivatives at coordinates of the search (n_theta,)."""
        found = [t.structure.from_search(part, t.n_columns) for t, part in self._parts(eta)]
        return Coordinates(*(self._joined(list(of_all)) for of_all in zip(*found, strict=True)))

    def further_starts(self) -> list[FloatVector]:
        """Combine the further starts of the structures: the first of each, the second of each, and so on."""
        own = [t.structure.further_starts(t.n_columns) for t in self.terms]
        longest = max((len(starts) for starts in own), default=0)
        plain = [t.structure.start(t.n_columns) for t in self.terms]
        return [
            self._joined([s[i % len(s)] if s else p for s, p in zip(own, plain, strict=True)])
            for i in range(longest)
        ]

    @property
    def places(self) -> list[slice]:
        """Where each term has its parameters."""
        ends = accumulate((t.structure.n_theta(t.n_columns) for t in self.terms), initial=0)
        return [slice(start, stop) for start, stop in pairwise(ends)]

    def _parts(self, theta: np.ndarray) -> Iterator[tuple[ThetaTerm, np.ndarray]]:
        """Each term with its piece of a vector as long as theta."""
        values = np.asarray(theta)
        for term, own in zip(self.terms, self.places, strict=True):
            yield term, values[own]

    @staticmethod
    def _joined(parts: list[FloatVector]) -> FloatVector:
        return np.concatenate(parts) if parts else np.zeros(0)
