"""Bands around a curve: for each point, or for all points at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from lmm.inference.distributions import normal_quantile
from lmm.typing import FloatMatrix, FloatVector

__all__ = [
    "BAND_COLUMNS",
    "N_DRAWS",
    "Band",
    "BandKind",
    "band_notes",
    "band_of",
    "banded",
    "simultaneous_band",
]

BandKind: TypeAlias = Literal["pointwise", "simultaneous"]
"""A band that holds each point of a curve, or the whole curve, with the given probability."""

BAND_COLUMNS = ("estimate", "std_error", "conf_low", "conf_high")
"""Columns of a table of a curve, as `banded` has them."""

N_DRAWS = 40_000


@dataclass(frozen=True, slots=True)
class Band:
    """How many standard errors a band is away from the curve.

    Attributes
    ----------
    critical
        The number.
    tube
        The same by the formula of the tube for a curve along one covariate; missing for pointwise bands.
    note
        A sentence about it.
    """

    critical: float
    tube: float
    note: str


def band_of(kind: BandKind, rows: FloatMatrix, V: FloatMatrix, level: float, seed: Any = None) -> Band:
    """Find the critical value of a band of either kind; arguments as in `simultaneous_band`."""
    if kind == "simultaneous":
        return simultaneous_band(rows, V, level, seed)
    return Band(normal_quantile(level), np.nan, f"Bands: {100 * level:g} %, pointwise.")


def banded(rows: FloatMatrix, b: FloatVector, V: FloatMatrix, band: Band) -> dict[str, FloatVector]:
    """Columns `BAND_COLUMNS`, each of shape (n,), of linear functions of coefficients.

    Parameters
    ----------
    rows : shape (n, m)
        One function each.
    b : shape (m,)
        The coefficients.
    V : shape (m, m)
        Their covariance.
    band
        As `band_of` finds it.
    """
    estimate = rows @ b
    error = np.sqrt(np.clip(np.einsum("ij,jk,ik->i", rows, V, rows), 0.0, None))
    reach = band.critical * error
    return dict(zip(BAND_COLUMNS, (estimate, error, estimate - reach, estimate + reach), strict=True))


def band_notes(bands: Mapping[str, Band]) -> list[str]:
    """Sentences about the bands of curves by label: one where all are the same, else one for each curve."""
    notes = dict.fromkeys(band.note for band in bands.values())
    if len(notes) == 1:
        return list(notes)
    return [f"{label}: {band.note[0].lower()}{band.note[1:]}" for label, band in bands.items()]


def simultaneous_band(rows: FloatMatrix, V: FloatMatrix, level: float, seed: Any = None) -> Band:
    """Find the band that holds a curve at all points at once, by simulation [1]_, and beside it the tube formula [2]_.

    Parameters
    ----------
    rows : shape (n, m)
        Points along the curve, in their order.
    V : shape (m, m)
        Covariance of the coefficients.
    level
        Probability that the whole curve lies within.
    seed
        For `numpy.random.default_rng`.

    References
    ----------
    .. [1] Ruppert, Wand & Carroll (2003), Semiparametric Regression, section 6.5.
    .. [2] Sun & Loader (1994), Simultaneous confidence bands for linear regression and smoothing, Ann. Statist. 22.
    """
    values, vectors = np.linalg.eigh(V)
    root = rows @ (vectors * np.sqrt(np.clip(values, 0.0, None)))
    size = np.linalg.norm(root, axis=1)
    unit = root[size > 0.0] / size[size > 0.0, None]
    if not len(unit):
        z = normal_quantile(level)
        return Band(z, z, "The curve has no variance.")
    rng = np.random.default_rng(seed)
    largest = np.empty(N_DRAWS)
    for begin in range(0, N_DRAWS, 1000):
        drawn = rng.standard_normal((unit.shape[1], 1000))
        largest[begin : begin + 1000] = np.abs(unit @ drawn).max(axis=0)
    critical = float(np.quantile(largest, level))
    tube = tube_critical(float(np.linalg.norm(np.diff(unit, axis=0), axis=1).sum()), level)
    return Band(
        critical,
        tube,
        f"Band for all points at once: {critical:.3f} standard errors ({N_DRAWS:,} draws; tube formula: {tube:.3f}).",
    )


def tube_critical(kappa: float, level: float) -> float:
    """Solve 2 Φ(-c) + κ/π exp(-c²/2) = 1 - level for c.

    Parameters
    ----------
    kappa
        Length of the path of the curve among unit vectors.
    level
        Probability that the whole curve lies within.

    Examples
    --------
    >>> from lmm.inference.smooth_terms.bands import tube_critical
    >>> round(tube_critical(26.3786479, 0.95), 4), round(tube_critical(0.0, 0.95), 4)
    (3.2095, 1.96)
    """
    from scipy.special import ndtr

    low, high = 0.0, 40.0
    for _ in range(100):
        c = 0.5 * (low + high)
        outside = 2.0 * ndtr(-c) + kappa / np.pi * np.exp(-0.5 * c * c)
        low, high = (c, high) if outside > 1.0 - level else (low, c)
    return 0.5 * (low + high)
