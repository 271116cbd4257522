"""Gaussian Markov random fields: levels of regions that are like those of their neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lmm.bases.basis import Basis, Carrier, Covariate, Extrapolation, Settings, number_of_columns
from lmm.bases.levels.re import codes_in
from lmm.bases.levels.regions import name_of_region, outlines, read_map, shown_names
from lmm.bases.order import check_order
from lmm.errors import DataError, UnsupportedError, nearest
from lmm.typing import FloatMatrix, FloatVector, IntVector

__all__ = ["MarkovField", "learn"]

_ZERO = float(np.finfo(float).eps) ** 0.8  # eigenvalues, relative to the largest


@dataclass(frozen=True, eq=False, kw_only=True)
class MarkovField(Basis):
    """One coefficient for each region of the map, or the k smoothest patterns of these.

    Attributes
    ----------
    levels
        The regions of the map, sorted as text, within a tuple.
    patterns
        From the coefficients to the levels of the regions, shape (R, k).
    outlines
        Corners of each region for pictures, shape (corners, 2) each, rows of nan between rings; empty without polygons.
    """

    name: ClassVar[str] = "mrf"
    extrapolates: ClassVar[Extrapolation] = "levels"
    is_natural: ClassVar[bool] = True

    levels: tuple[tuple[str, ...], ...]
    patterns: FloatMatrix
    outlines: tuple[FloatMatrix, ...] = ()

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions, in the order of the outlines."""
        return self.levels[0]

    def carrier(self, covariates: Sequence[Covariate]) -> Carrier:
        """Each row points to its region."""
        from scipy import sparse

        codes = codes_of_regions(covariates[0], self.levels[0])
        n = len(codes)
        rows = sparse.csr_matrix((np.ones(n), codes, np.arange(n + 1)), shape=(n, len(self.levels[0])))
        return Carrier(rows, self.patterns)

    def derivative(self, covariates: Sequence[Covariate], order: int = 1, along: int = 0) -> FloatMatrix:
        """Refuse: levels have no slope."""
        check_order(order, along, self)
        raise UnsupportedError(f"{covariates[along].name} holds regions; there is no slope along them.")


def learn(covariates: Sequence[Covariate], settings: Settings) -> Basis:
    """Learn a Markov random field.

    Parameters
    ----------
    covariates
        The region of each row: a factor, or whole numbers.
    settings
        ``k``, at most the number of regions, which is the default; in ``extra`` (or ``xt`` there) ``neighbours``,
        ``polygons`` or ``penalty``.

    Raises
    ------
    ArgumentError
        If the map is missing or contradicts itself.
    DataError
        If a region is not on the map, or a part of the map has neither data nor neighbours with data.

    Examples
    --------
    >>> site = Covariate("site", codes=np.array([0, 1, 2, 0]), levels=("a", "b", "c"))
    >>> basis = learn([site], Settings(extra={"neighbours": {"a": ["b"], "b": ["a", "c"], "c": ["b"]}}))
    >>> basis.penalties[0]
    array([[ 1., -1.,  0.],
           [-1.,  2., -1.],
           [ 0., -1.,  1.]])
    """
    (covariate,) = covariates
    called = f's({covariate.name}, bs="mrf")'
    regions, penalty = read_map(settings, called, factor_of(covariate).levels)
    counts = np.bincount(codes_of_regions(covariate, regions), minlength=len(regions))
    parts = _parts(penalty)
    notes = _check_parts(parts, counts, regions, called)
    k = number_of_columns(settings, covariate.name, "mrf", len(regions), 2)
    if k > len(regions):
        raise DataError(
            f"{called} asks for k={k} columns, and the map has {len(regions)} regions. Leave k out."
        )
    held: dict[str, Any] = {"patterns": np.eye(k), "penalties": (penalty,), "null_space": None}
    if k < len(regions):
        held = _smoothest(penalty, counts, k, called)
    elif np.abs(penalty.sum(axis=1)).max() <= _ZERO * np.abs(penalty).max():
        held["null_space"] = np.eye(parts.max() + 1)[parts]
    held["outlines"] = outlines(settings, called, regions)
    return MarkovField(covariates=(covariate.name,), k=k, levels=(regions,), notes=notes, **held)


def factor_of(covariate: Covariate) -> Covariate:
    """Write a column of whole numbers as a factor; a factor as it is.

    Raises
    ------
    DataError
        If the numbers are not whole.

    Examples
    --------
    >>> factor_of(Covariate("site", np.array([3.0, 1.0, 3.0]))).levels
    ('1', '3')
    """
    if covariate.values is None:
        return covariate
    values = np.asarray(covariate.values, dtype=float)
    if not (np.isfinite(values).all() and (values == np.round(values)).all()):
        raise DataError(
            f"{covariate.name} holds numbers that are not whole, and regions are levels. Give a column of names."
        )
    names, codes = np.unique(np.array([name_of_region(value) for value in values]), return_inverse=True)
    return Covariate(covariate.name, codes=codes, levels=tuple(map(str, names)))


def codes_of_regions(covariate: Covariate, regions: tuple[str, ...]) -> IntVector:
    """Index of the region of each row.

    Raises
    ------
    DataError
        If a region is not on the map.
    """
    factor = factor_of(covariate)
    codes = codes_in(factor, regions)
    if (codes >= 0).all():
        return codes
    assert factor.codes is not None
    used = {factor.levels[code] for code in factor.codes[codes < 0] if code >= 0}
    if not used:
        raise DataError(
            f"{covariate.name} is missing, or unknown, in {(codes < 0).sum()} rows. Drop these rows."
        )
    first = min(used)
    raise DataError(
        f"{covariate.name} holds {shown_names(sorted(used))}, which the map of {covariate.name} does not have."
        f"{nearest(first, regions)} Add to the map, or drop these rows."
    )


def _parts(penalty: FloatMatrix) -> IntVector:
    """Find the connected part of the map that each region belongs to."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    return np.asarray(connected_components(sparse.csr_matrix(penalty), directed=False)[1])


def _check_parts(
    parts: IntVector, counts: IntVector, regions: tuple[str, ...], called: str
) -> tuple[str, ...]:
    """Refuse a part of the map without data; note islands."""
    held = np.bincount(parts, weights=counts)
    if (held == 0).any():
        lost = [region for region, part in zip(regions, parts, strict=True) if held[part] == 0]
        raise DataError(
            f"{called}: {shown_names(lost)} {'has' if len(lost) == 1 else 'have'} no data and no neighbour"
            " with data, so that nothing is known of them. Take them out of the map."
        )
    sizes = np.bincount(parts)
    if len(sizes) == 1:
        return ()
    alone = [region for region, part in zip(regions, parts, strict=True) if sizes[part] == 1]
    note = f"{called}: the map has {len(sizes)} parts, and the mean of each is not penalized"
    return (f"{note}; {shown_names(alone)} have no neighbours." if alone else f"{note}.",)


def _smoothest(penalty: FloatMatrix, counts: FloatVector | IntVector, k: int, called: str) -> dict[str, Any]:
    """Find the k patterns of smallest penalty among those that are orthonormal over the rows.

    A region without data counts as one row.
    """
    rows = np.maximum(counts, 1)
    roots = 1.0 / np.sqrt(rows)
    values, vectors = np.linalg.eigh(penalty * np.outer(roots, roots))
    n_null = int((values <= _ZERO * values[-1]).sum())
    if k <= n_null:
        raise DataError(
            f"{called} needs k of {n_null + 1} or more: so many parts of the map are not penalized."
        )
    kept = slice(k - 1, None, -1)  # in decreasing order
    total = float(rows.sum())
    diagonal = np.where(np.arange(k) < k - n_null, values[kept], 0.0) * total
    return {
        "patterns": roots[:, None] * vectors[:, kept] * np.sqrt(total),
        "penalties": (np.diag(diagonal),),
        "null_space": np.eye(k)[:, k - n_null :],
    }
