"""Where a search ended, read from a file and held against the model: no claim that the model contradicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lmm.design import Design
from lmm.engine import Evaluation
from lmm.errors import FileError
from lmm.estimation import (
    Certificate,
    Criterion,
    Given,
    ThetaOptimum,
    column_scales,
    given_start,
    optimize,
    solve_moments,
    solved,
)
from lmm.model.building import held_parameters
from lmm.model.files.packing import COMPUTED
from lmm.model.files.parts import Part
from lmm.model.request import Request
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["unpacked_estimates"]

_SAME = 1e-6  # relative, of criteria computed twice
_FALL = 1e-4  # of the criterion in one parameter; less than 1e-8 is left at an optimum
_STEP = 0.01  # variance over that of the residual
_SURELY_NULL, _SURELY_NOT = (
    1e-13,
    1e-7,
)  # variances over that of the residual; what lies between is left to the file


def unpacked_estimates(
    part: Part, request: Request, design: Design, criterion: Criterion
) -> tuple[ThetaOptimum, Evaluation]:
    """Estimates at theta of the file; where nothing was searched they follow from the request alone.

    Raises
    ------
    FileError
        If theta is not where the criterion is least, though the file says so, or does not belong to the model.
    LmmError
        If the model cannot be estimated.
    """
    given_start(request.start, criterion.layout)
    if request.method == "moments":
        _refuse(not part.missing, part, "a fit by moments has no search")
        return solved(criterion, design, solve_moments(design, request.negative))
    given = held_parameters(request.theta, design, criterion.layout)
    if given.held.all():
        _refuse(not part.missing, part, "all parameters were given, so that there was no search")
        blocks = [term.block for term in design.random]
        optimum = optimize(criterion, blocks, given, None, request.control)
    else:
        optimum = _read(part, criterion, given)
    at = criterion.evaluate(optimum.theta, gradient=False)
    _check_finite(at)
    if not given.held.all():
        _check_claims(optimum, at, design, criterion, request)
    return replace(optimum, certificate=optimum.certificate.with_factor(at.factor_residual)), at


def _read(part: Part, criterion: Criterion, given: Given) -> ThetaOptimum:
    found = part.record(
        "theta", "converged", "singular", "message", "n_iterations", "n_evaluations", "starts_tried", "details",
        "null_directions", "path", "criterion", "sigma", "step", "decrement",
    )  # fmt: skip
    layout = criterion.layout
    theta = found["theta"].array("<f8", layout.n_theta)
    _refuse((theta < layout.lower_bounds).any(), found["theta"], "theta is below its bounds")
    _refuse(
        (theta != given.theta)[given.held].any(), found["theta"], "theta is not what the request holds it at"
    )
    directions = found["null_directions"].items()
    _refuse(
        len(directions) != len(layout.terms), found["null_directions"], "there is one for each random term"
    )
    path = found["path"].array("<f8", None, layout.n_theta)
    steps = len(path)
    n_iterations = found["n_iterations"].whole()
    _refuse(n_iterations != max(steps - 1, 0), found["n_iterations"], "the path has others")
    certificate = Certificate(
        converged=found["converged"].truth(),
        singular=found["singular"].truth(),
        message=found["message"].text(),
        n_iterations=n_iterations,
        n_evaluations=found["n_evaluations"].whole(),
        starts_tried=found["starts_tried"].whole(),
        details={name: _detail(name, value) for name, value in found["details"].named().items()},
    )
    return ThetaOptimum(
        theta=theta,
        held=given.held,
        certificate=certificate,
        null_directions=tuple(
            N.array("<f8", term.n_columns, None) for N, term in zip(directions, layout.terms, strict=True)
        ),
        path=path,
        criterion=found["criterion"].array("<f8", steps),
        sigma=found["sigma"].array("<f8", steps, gaps=True),
        step=found["step"].array("<f8", steps, gaps=True),
        decrement=found["decrement"].array("<f8", steps, gaps=True),
    )


def _detail(name: str, part: Part) -> Any:
    _refuse(name in COMPUTED, part, "it is computed, not read")
    return np.nan if part.missing else part.level()


def _check_finite(at: Evaluation) -> None:
    arrays = [at.beta, at.unscaled_vcov, *at.b, *at.u, np.array([at.criterion, at.sigma, at.r2])]
    if not all(np.isfinite(array).all() for array in arrays) or not at.sigma > 0:
        raise FileError("its estimates would be missing or infinite")


def _check_claims(
    optimum: ThetaOptimum, at: Evaluation, design: Design, criterion: Criterion, request: Request
) -> None:
    """Hold the zero variances and the end of the search against the criterion."""
    heaviest = 1.0 if design.weights is None else max(1.0, float(design.weights.max()))
    scales = [column_scales(part.block) for part in design.random]
    factors = criterion.layout.factors(optimum.theta)
    for T, scale, directions in zip(factors, scales, optimum.null_directions, strict=True):
        _check_null(T, scale, directions, _SURELY_NULL / heaviest)
    if optimum.certificate.singular != any(N.shape[1] > 0 for N in optimum.null_directions):
        raise FileError(
            "it is called singular without a direction that has no variance, or the other way round"
        )
    if optimum.certificate.converged:
        last = float(optimum.criterion[-1]) if optimum.criterion.size else at.criterion
        if abs(last - at.criterion) > _SAME * (1.0 + abs(at.criterion)):
            raise FileError(
                f"its search ended at a criterion of {last:.10g}; at its theta it is {at.criterion:.10g}"
            )
        M = criterion.evaluate(optimum.theta).M
        _check_flat(optimum, at, M, criterion, max(_FALL, request.control.tolerance))
        _check_boundary(optimum.null_directions, scales, M)


def _check_null(T: FloatMatrix, scale: FloatVector, directions: FloatMatrix, surely_null: float) -> None:
    """Directions without variance are orthonormal, have none, and are all that surely have none."""
    scaled = scale[:, None] * T
    values = np.linalg.eigvalsh(scaled @ scaled.T)
    largest = max(float(values[-1]), 1.0)
    count = directions.shape[1]
    # Where rounding of the largest reaches the threshold, nothing is sure.
    surely = np.sum(np.abs(values) < surely_null) if largest < 100.0 else 0
    possible = surely <= count <= np.sum(values < _SURELY_NOT * largest)
    orthonormal = np.allclose(directions.T @ directions, np.eye(count), rtol=0.0, atol=1e-8)
    variances = np.linalg.norm(T.T @ directions, axis=0) ** 2 * float(np.max(scale, initial=0.0)) ** 2
    if not possible or not orthonormal or (variances > _SURELY_NOT * largest).any():
        raise FileError("its directions without variance are not those of its theta")


def _check_flat(
    optimum: ThetaOptimum, at: Evaluation, M: Sequence[FloatMatrix], criterion: Criterion, most: float
) -> None:
    """Refuse a theta from which one parameter alone would lower the criterion visibly."""
    free = ~optimum.held
    slope = criterion.layout.gradient(optimum.theta, M)[free]
    curvature = np.diag(criterion.information(optimum.theta))[free]
    reach = np.abs(slope) * np.maximum(np.abs(optimum.theta[free]), 1e-3)
    steep = (slope**2 > most * np.maximum(curvature, 0.0)) & (reach > _SAME * (1.0 + abs(at.criterion)))
    if steep.any():
        names = [name for name, is_free in zip(criterion.layout.names, free, strict=True) if is_free]
        raise FileError(
            f"it says that the search converged, but the criterion falls along {names[int(np.argmax(steep))]}"
        )


def _check_boundary(
    directions: Sequence[FloatMatrix], scales: Sequence[FloatVector], M: Sequence[FloatMatrix]
) -> None:
    """Refuse a variance of zero from which the criterion falls: there the slope by theta is zero too."""
    for N, scale, m in zip(directions, scales, M, strict=True):
        for a in N.T:
            variance = _STEP / float(np.sum((scale * a) ** 2))
            if float(a @ m @ a) * variance < -_FALL:
                raise FileError(
                    "it says that the search converged, but the criterion falls from a variance of zero"
                )


def _refuse(wrong: Any, part: Part, why: str) -> None:
    if wrong:
        raise FileError(f"{part.where} cannot be: {why}")
