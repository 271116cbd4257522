"""Natural coordinates of a curve: functions of equal penalty, and named functions that have none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lmm.bases.basis import Basis, Covariate
from lmm.bases.spaces import null_from_eigenvalues
from lmm.bases.surfaces.polynomials import powers_below
from lmm.errors import ArgumentError, DataError
from lmm.typing import FloatMatrix

__all__ = ["NaturalForm", "natural_form"]

_SAME = 1e-7  # relative size of what is zero but for rounding
_POWERS = ("const", "line", "square", "cube")


class NaturalForm(NamedTuple):
    """A curve in natural coordinates.

    Attributes
    ----------
    coordinates
        From natural coefficients to those of the basis, shape (k, k).
    penalties
        Diagonal: of the curved functions together, then of each of the others; each of shape (k, k).
    names
        One per penalty.
    """

    coordinates: FloatMatrix
    penalties: tuple[FloatMatrix, ...]
    names: tuple[str, ...]


def natural_form(
    curve: Basis, covariates: Sequence[Covariate], null_functions: FloatMatrix | None = None
) -> NaturalForm:
    """Find natural coordinates of a basis with one penalty.

    The functions are orthogonal over the rows, and those with a penalty have the same one. Both kinds have mean square
    one over rows and functions.

    Parameters
    ----------
    curve
        The basis.
    covariates
        The rows that are fitted.
    null_functions
        Functions without a penalty at the rows, shape (n, M); by default orthogonal polynomials.

    Raises
    ------
    DataError
        If the rows do not determine the curve.
    ArgumentError
        If the functions without a penalty have no names.
    """
    X = curve.columns(covariates)
    n, k = X.shape
    q, r = np.linalg.qr(X)
    if n < k or np.abs(np.diag(r)).min() <= _SAME**2 * np.abs(np.diag(r)).max():
        raise DataError(
            f"The curves of {', '.join(curve.covariates)} have k={k} columns, and the data do not determine all of"
            " them. Give a smaller k."
        )
    inverse = np.linalg.inv(r)
    null = curve.null_space if curve.null_space is not None else null_from_eigenvalues(curve.penalties[0])
    n_null = null.shape[1]
    inner = inverse.T @ curve.penalties[0] @ inverse
    # The complement of the null space, so that no eigenvalue has to be called zero.
    curved = np.linalg.qr(r @ null, mode="complete")[0][:, n_null:]
    values, vectors = np.linalg.eigh(curved.T @ inner @ curved)
    values, vectors = values[::-1], vectors[:, ::-1]
    square = np.mean(1.0 / values) / n if len(values) else 1.0
    steep = inverse @ curved @ (vectors / np.sqrt(values * square))
    flat, names = _null_part(curve, covariates, n_null, null_functions, q, inverse)
    diagonals = np.zeros((1 + n_null, k))
    diagonals[0, : k - n_null] = 1.0 / square
    diagonals[1 + np.arange(n_null), k - n_null + np.arange(n_null)] = 1.0
    return NaturalForm(
        np.column_stack([steep, flat]),
        tuple(np.diag(diagonal) for diagonal in diagonals),
        ("curve", *names),
    )


def _null_part(
    curve: Basis,
    covariates: Sequence[Covariate],
    n_null: int,
    given: FloatMatrix | None,
    q: FloatMatrix,
    inverse: FloatMatrix,
) -> tuple[FloatMatrix, tuple[str, ...]]:
    """Coefficients and names of the functions without a penalty."""
    if n_null == 0:
        return np.zeros((curve.k, 0)), ()
    powers = _exponents(n_null, len(covariates))
    functions, names = given, tuple(f"null{i + 1}" for i in range(n_null))
    if given is None and powers is not None:
        functions, names = _orthogonal(covariates, powers), _names(powers, curve.covariates)
    if functions is not None and functions.shape[1] == n_null:
        coefficients = inverse @ (q.T @ functions)
        lost = functions - q @ (q.T @ functions)
        touched = np.abs(curve.penalties[0] @ coefficients).max() / np.abs(curve.penalties[0]).max()
        if (
            np.abs(lost).max() <= _SAME * np.abs(functions).max()
            and touched <= _SAME * np.abs(coefficients).max()
        ):
            return np.asarray(coefficients), names
    raise ArgumentError(
        f'Curves with bs="{curve.name}" leave {n_null} functions without a penalty that are not polynomials, so that'
        ' they have no names of their own. Take another basis for the curves, such as xt="cr" or xt="tp".'
    )


def _exponents(n_null: int, d: int) -> npt.NDArray[np.int64] | None:
    """Exponents of as many monomials as there are functions without a penalty: all of less than a degree."""
    for degree in range(1, n_null + 1):
        powers = powers_below(degree, d)
        if len(powers) == n_null:
            return np.asarray(powers[np.argsort(powers.sum(axis=1), kind="stable")])
    return None


def _orthogonal(covariates: Sequence[Covariate], powers: npt.NDArray[np.int64]) -> FloatMatrix:
    """Polynomials that are orthogonal over the rows with mean square one, of increasing degree."""
    columns = np.column_stack([covariate.values for covariate in covariates])  # type: ignore[misc]
    centred = columns - columns.mean(axis=0)
    scaled = centred / np.abs(centred).max(axis=0)
    q, r = np.linalg.qr(np.prod(scaled[:, None, :] ** powers[None], axis=2))
    return np.asarray(q * np.sign(np.diag(r)) * np.sqrt(len(q)))


def _names(powers: npt.NDArray[np.int64], covariates: Sequence[str]) -> tuple[str, ...]:
    """Name monomials: const, line, square; of several variables const, line.x, line.z, x2, x.z.

    Examples
    --------
    >>> _names(np.array([[0], [1]]), ["x"]), _names(np.array([[0, 0], [1, 0], [0, 1], [1, 1]]), ["x", "z"])
    (('const', 'line'), ('const', 'line.x', 'line.z', 'x.z'))
    """
    names = []
    for row in powers:
        parts = [
            f"{name}{power if power > 1 else ''}"
            for name, power in zip(covariates, row, strict=True)
            if power
        ]
        degree = int(row.sum())
        if degree == 0 or len(row) == 1:
            names.append(_POWERS[degree] if degree < len(_POWERS) else f"power{degree}")
        else:
            names.append(f"line.{parts[0]}" if degree == 1 else ".".join(parts))
    return tuple(names)
