"""Covariance of the estimated covariance parameters, from the information in the data about them.

Parameters are those of `Derivatives`: the distinct elements of each G for the engine's columns of Z, then σ², relative
to σ² = 1; `user_covariance` has them for the user's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, cast

import numpy as np

from lmm.arguments import one_of
from lmm.inference.algebra.derivatives import Derivatives, derivatives
from lmm.inference.algebra.elements import engine_jacobian
from lmm.inference.per_fit import per_fit
from lmm.model.likelihood import refuse_validated
from lmm.typing import FloatMatrix

if TYPE_CHECKING:
    from lmm.estimation import Moments
    from lmm.model import Fit

__all__ = [
    "Boundary",
    "Information",
    "ParameterCovariance",
    "checked_choice",
    "directions",
    "distinct_elements",
    "jacobian",
    "natural_covariance",
    "parameter_covariance",
    "pseudo_inverse",
    "theta_covariance",
    "user_covariance",
]

Information: TypeAlias = Literal["expected", "observed", "average"]
"""Expected (Fisher), observed (the Hessian), or their average (AI)."""

Boundary: TypeAlias = Literal["keep", "drop"]
"""What happens to directions of random effects without variance."""

SINGULAR = 1e-8
"""Eigenvalues of the information, its diagonal scaled to one, that count as zero."""

NO_MOVE = 1e-11
"""Sine of the angle between the move of one theta and those of others, below which it is none of its own."""


class ParameterCovariance(NamedTuple):
    """Asymptotic covariance of the parameters.

    Attributes
    ----------
    W : shape (m, m)
        Relative to σ⁴; zero in directions that are left out.
    left_out
        How many directions the data say nothing about, or in which the criterion curves downwards.
    """

    W: FloatMatrix
    left_out: int


@per_fit
def parameter_covariance(fit: Fit, information: Information, boundary: Boundary) -> ParameterCovariance:
    """Invert the information.

    Parameters
    ----------
    information
        Which one.
    boundary
        ``"keep"``: all elements of G are parameters, also where G is singular (expected information
        only). ``"drop"``: only directions in which V moves with theta; a variance of zero
        is not a parameter then. Without singular G the two agree for expected information at any theta, and
        for all at the optimum.

    Notes
    -----
    Parameters that were given to `lmm.fit` are known, hence have no variance. Derivatives of a fit by moments have
    the covariance that follows from their mean squares, whatever information was asked for.
    """
    refuse_validated(fit, "standard errors of variances")
    at = derivatives(fit)
    if fit.moments is not None:
        return ParameterCovariance(at.to_engine @ _of_moments(fit) @ at.to_engine.T, 0)
    if (
        boundary == "keep"
        and not fit.internals.optimum.held.any()
        and fit.internals.criterion_function.layout.is_linear
    ):
        return pseudo_inverse(expected(at, reml=_reml(fit)), None)
    found = _searched(fit, information)
    W: FloatMatrix = found.moved @ found.covariance.W @ found.moved.T
    return ParameterCovariance(W, found.covariance.left_out)


def user_covariance(fit: Fit, information: Information, boundary: Boundary) -> FloatMatrix:
    """Covariance (m, m) of the elements of G for the user's columns, then of σ², relative as `parameter_covariance`."""
    if fit.moments is not None:
        return _of_moments(fit)
    back = derivatives(fit).to_user
    W: FloatMatrix = back @ parameter_covariance(fit, information, boundary).W @ back.T
    return W


def natural_covariance(fit: Fit, information: Information) -> ParameterCovariance:
    """Covariance of the natural parameters of all terms, then of σ² (m, m), relative as `parameter_covariance`."""
    if fit.internals.criterion_function.layout.is_linear:
        # They are the elements themselves.
        left_out = parameter_covariance(fit, information, "drop").left_out
        return ParameterCovariance(user_covariance(fit, information, "drop"), left_out)
    W, left_out = theta_covariance(fit, information)
    slopes = fit.internals.criterion_function.layout.natural(fit.theta)
    J = np.zeros((len(slopes.value) + 1, len(W)))
    J[:-1, :-1] = slopes.slope
    J[:-1, -1] = 2.0 * slopes.value * slopes.is_variance
    J[-1, -1] = 2.0
    matrix: FloatMatrix = J @ W @ J.T
    return ParameterCovariance(matrix, left_out)


@per_fit
def theta_covariance(fit: Fit, information: Information) -> ParameterCovariance:
    """Covariance of (theta, ς), ς the residual standard deviation over σ (n_theta + 1, n_theta + 1).

    Zero for parameters that were given, and in directions that are left out.
    """
    found = _searched(fit, information)
    W: FloatMatrix = found.theta @ found.covariance.W @ found.theta.T
    return ParameterCovariance(W, found.covariance.left_out)


class _Searched(NamedTuple):
    """Covariance in coordinates φ of (theta, ς).

    Attributes
    ----------
    covariance
        Of φ (r, r).
    theta : shape (n_theta + 1, r)
        (theta, ς) by φ.
    moved : shape (m, r)
        The parameters by φ.
    """

    covariance: ParameterCovariance
    theta: FloatMatrix
    moved: FloatMatrix


@per_fit
def _searched(fit: Fit, information: Information) -> _Searched:
    """Invert the information where theta was searched for."""
    refuse_validated(fit, "standard errors of variances")
    at, reml, J = derivatives(fit), _reml(fit), jacobian(fit)
    fisher = expected(at, reml=reml)
    C = _coordinates(fisher, J)
    B = J @ C
    own = B.T @ fisher @ B
    if information == "expected":
        return _Searched(pseudo_inverse(own, None), C, B)
    half_hessian = B.T @ _matrix(at, information, reml=reml) @ B + C.T @ _curvature(fit, at) @ C / 2.0
    return _Searched(pseudo_inverse(half_hessian, np.diag(own)), C, B)


def _coordinates(fisher: FloatMatrix, J: FloatMatrix) -> FloatMatrix:
    """C (n_theta + 1, r) with C'J'FJC = I for the information F (m, m) about the parameters.

    Theta of a covariate far from zero moves nearly along one line: its own information would count as singular. Where
    directions move nothing at all (variances of zero), theta as it is: which of them to leave out is seen there.
    """
    scale = np.sqrt(np.diag(fisher))
    scale[scale == 0.0] = 1.0
    values, vectors = np.linalg.eigh(fisher / scale / scale[:, None])
    known = np.where(values > SINGULAR, values, 0.0)
    root = np.sqrt(known)[:, None] * vectors.T * scale  # (m, m), root'root = F
    G = root @ J
    lengths = np.linalg.norm(G, axis=0)
    used = np.flatnonzero(lengths > 0.0)
    R = np.linalg.qr(G[:, used] / lengths[used])[1]
    if not used.size or np.abs(np.diag(R)).min() < NO_MOVE:
        return np.eye(J.shape[1])
    C = np.zeros((J.shape[1], used.size))
    C[used] = np.linalg.inv(R) / lengths[used, None]
    return C


def _of_moments(fit: Fit) -> FloatMatrix:
    """Covariance of components solved from mean squares; those set to zero are known."""
    moments = cast("Moments", fit.moments)
    W: FloatMatrix = moments.covariance / moments.sigma**4
    known = moments.is_negative
    W[known], W[:, known] = 0.0, 0.0
    return W


def _reml(fit: Fit) -> bool:
    return fit.internals.criterion_function.reml


def expected(at: Derivatives, *, reml: bool) -> FloatMatrix:
    """Half tr(PV_iPV_j), without the projection for ML."""
    return (at.projected_traces if reml else at.traces) / 2.0


def _matrix(at: Derivatives, information: Information, *, reml: bool) -> FloatMatrix:
    taken_off = expected(at, reml=reml) if information == "observed" else at.quadratic / 2.0
    matrix: FloatMatrix = at.quadratic - taken_off
    return matrix


def jacobian(fit: Fit) -> FloatMatrix:
    """Differentiate the parameters by (theta, ς); columns of theta that were given are zero."""
    layout, units = fit.internals.criterion_function.layout, derivatives(fit).units
    elements = engine_jacobian(layout, fit.theta, units)  # (m - 1, n_theta)
    factors = [U @ T for U, T in zip(units, fit.T, strict=True)]
    J = np.zeros((len(elements) + 1, layout.n_theta + 1))
    J[:-1, :-1] = np.where(fit.internals.optimum.held, 0.0, elements)
    J[:-1, -1] = 2.0 * distinct_elements(fit, [T @ T.T for T in factors])
    J[-1, -1] = 2.0
    return J


def _curvature(fit: Fit, at: Derivatives) -> FloatMatrix:
    """Σ gradient_i ∂²parameter_i over (theta, ς): the part of the Hessian due to the curvature of G(theta).

    Zero at an optimum inside; on the boundary it keeps directions without variance apart.
    """
    gradient = at.to_engine.T @ ((at.projected_trace if _reml(fit) else at.trace) - at.squares)
    layout, theta = fit.internals.criterion_function.layout, fit.theta
    n = layout.n_theta
    curvature = np.zeros((n + 1, n + 1))
    along = gradient[:-1]
    curvature[:n, :n] = np.einsum("e,eij->ij", along, layout.second_of_elements(theta))
    curvature[:n, n] = curvature[n, :n] = 2.0 * layout.jacobian(theta).T @ along
    curvature[n, n] = 2.0 * (along @ distinct_elements(fit, [T @ T.T for T in fit.T]) + gradient[-1])
    curvature[:-1][fit.internals.optimum.held] = 0.0
    curvature[:, :-1][:, fit.internals.optimum.held] = 0.0
    return curvature


def distinct_elements(fit: Fit, S: list[FloatMatrix]) -> FloatMatrix:
    """Take the distinct elements of all S in the order of the parameters."""
    found = []
    for part, matrix in zip(fit.internals.design.random, S, strict=True):
        found.append(matrix[part.structure.elements(len(matrix))])
    return np.concatenate([*found, np.zeros(0)])


def pseudo_inverse(H: FloatMatrix, scale: FloatMatrix | None) -> ParameterCovariance:
    """Invert on the directions that have information; those of zero scale have none."""
    scale = np.diag(H) if scale is None else scale
    used = np.flatnonzero(scale > 0.0)
    inverse = np.zeros_like(H)
    root = np.sqrt(scale[used])
    values, vectors = np.linalg.eigh(H[np.ix_(used, used)] / root / root[:, None])
    good = values > SINGULAR
    scaled = vectors[:, good] / root[:, None]
    inverse[np.ix_(used, used)] = (scaled / values[good]) @ scaled.T
    return ParameterCovariance(inverse, int(np.count_nonzero(~good)))


def directions(count: int) -> str:
    """Words for a number of directions."""
    return f"{count} direction{'s' if count > 1 else ''} of the covariance parameters"


def checked_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse an option that does not exist.

    Raises
    ------
    LmmError
        With the near name.
    """
    one_of(*choices)(value, name)
