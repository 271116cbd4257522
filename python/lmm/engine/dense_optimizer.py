"""Minimise the criterion of the dense oracle with SciPy: slow, from several starts, exact.

The criterion is smooth in the entries of T with either sign, also where T is singular.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.engine.results import Control, Optimum

if TYPE_CHECKING:
    from lmm.engine.blocks import Block
    from lmm.engine.dense import DenseCrossProducts
    from lmm.typing import FloatMatrix, FloatVector

Trace = dict[str, list[Any]]
TRACE = ("iteration", "criterion", "step", "decrement", "T")
STARTS = (1.0, 0.1, 5.0)
FAR = 1e100
RANK = 1e-10  # eigenvalues of S below this, relative to W⁻¹ and the scale of Z, are zeros


def optimize(
    model: DenseCrossProducts,
    reml: bool,
    start: Sequence[FloatMatrix] | None,
    hold: Sequence[FloatMatrix] | None,
    control: Control,
) -> Optimum:
    """Find the lowest minimum, as `DenseCrossProducts.optimize` says."""
    search = _Search(model, reml, start, hold)
    shifts = STARTS if start is None else (0.0, 0.1, 1.0)
    starts = [search.x_start * c if start is None else search.x_start + c for c in shifts]
    runs = [search.run(x, control) for x in (starts if search.x_start.size else starts[:1])]
    trace = min(runs, key=lambda run: float(run["criterion"][-1]))
    T, criterion = search.tidy(trace["T"][-1])
    return search.optimum(T, criterion, trace, len(runs))


class _Search:
    """The free entries of T as one vector x, in units of the columns of Z."""

    def __init__(
        self,
        model: DenseCrossProducts,
        reml: bool,
        start: Sequence[FloatMatrix] | None,
        hold: Sequence[FloatMatrix] | None,
    ) -> None:
        self.model, self.reml = model, reml
        self.n_evaluations = 0
        self.scales = [_column_scale(block) for block in model.blocks]
        self.base = [np.diag(1 / scale) for scale in self.scales]
        if start is not None:
            self.base = [np.tril(np.asarray(factor, dtype=float)) for factor in start]
        self.free = []
        for i, block in enumerate(model.blocks):
            k = block.n_columns
            pattern = np.eye(k) if block.structure == "diag" else np.tril(np.ones((k, k)))
            held = np.zeros((k, k)) if hold is None else np.asarray(hold[i])
            self.free.append((pattern > 0) & ~held.astype(bool))
        self.x_start = self.vector(self.base)

    def vector(self, matrices: Sequence[FloatMatrix], power: int = 1) -> FloatVector:
        """Free entries, multiplied by the scale (power 1: T) or divided by it (−1: gradients)."""
        parts = [
            (scale[:, None] ** power * matrix)[free]
            for matrix, scale, free in zip(matrices, self.scales, self.free, strict=True)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)

    def factors(self, x: FloatVector) -> list[FloatMatrix]:
        T, at = [], 0
        for base, scale, free in zip(self.base, self.scales, self.free, strict=True):
            factor = base.copy()
            count = int(free.sum())
            scaled = np.zeros_like(factor)
            scaled[free] = x[at : at + count]
            factor[free] = (scaled / scale[:, None])[free]
            T.append(factor)
            at += count
        return T

    def value(self, x: FloatVector) -> tuple[float, FloatVector]:
        """Criterion and its gradient 2 M T in the free entries."""
        T = self.factors(x)
        self.n_evaluations += 1
        with np.errstate(invalid="ignore"):
            at = self.model.evaluate(T, self.reml)
        if not np.isfinite(at.criterion):  # a line search went where V is singular to rounding
            return FAR, np.zeros_like(x)
        gradient = [2 * M @ factor for M, factor in zip(at.M, T, strict=True)]
        return at.criterion, self.vector(gradient, -1)

    def run(self, x: FloatVector, control: Control) -> Trace:
        """L-BFGS-B to come near, then two rounds of BFGS to polish."""
        from scipy.optimize import minimize

        trace: Trace = {name: [] for name in TRACE}
        self._note(trace, x, self.value(x)[0])

        def note(intermediate_result: Any) -> None:
            self._note(trace, intermediate_result.x, float(intermediate_result.fun))

        options = {"maxiter": 10 * control.max_iterations, "gtol": 1e-9}
        for method in ("L-BFGS-B", "BFGS", "BFGS") if x.size else ():
            extra = {"ftol": 1e-15} if method == "L-BFGS-B" else {}
            found = minimize(self.value, x, jac=True, method=method, options=options | extra, callback=note)
            x = found.x
        return trace

    def _note(self, trace: Trace, x: FloatVector, criterion: float) -> None:
        first = not trace["T"]
        trace["step"].append(np.nan if first else float(np.linalg.norm(x - self.vector(trace["T"][-1]))))
        trace["decrement"].append(np.nan if first else trace["criterion"][-1] - criterion)
        trace["iteration"].append(len(trace["T"]))
        trace["criterion"].append(criterion)
        trace["T"].append(self.factors(x))

    def tidy(self, T: list[FloatMatrix]) -> tuple[list[FloatMatrix], float]:
        """Diagonals ≥ 0, and rank-deficient S made exactly so where nothing is held."""
        criterion = self.model.evaluate(T, self.reml).criterion
        tidied = []
        for factor, scale, free in zip(T, self.scales, self.free, strict=True):
            held = not free[np.diag_indices_from(free)].all()
            tidied.append(factor if held else _exact_rank(factor, scale))
        lower = self.model.evaluate(tidied, self.reml).criterion
        if lower <= criterion + 1e-9:
            return tidied, lower
        return T, criterion

    def optimum(self, T: list[FloatMatrix], criterion: float, trace: Trace, n_starts: int) -> Optimum:
        at = self.model.evaluate(T, self.reml)
        null = [_null_space(factor, s) for factor, s in zip(T, self.scales, strict=True)]
        gradient = self.vector([2 * M @ factor for M, factor in zip(at.M, T, strict=True)], -1)
        kkt = [
            float(np.linalg.eigvalsh(N.T @ M @ N).min()) for M, N in zip(at.M, null, strict=True) if N.size
        ]
        largest = float(np.abs(gradient).max(initial=0.0))
        singular = any(N.size for N in null)
        return Optimum(
            T=T,
            criterion=criterion,
            trace=trace,
            converged=largest < 1e-4,
            certificate={"gradient": largest, "kkt": kkt},
            singular=singular,
            null_directions=null,
            verdict=f"The largest element of the gradient is {largest:.2g}.",
            n_evaluations=self.n_evaluations,
            n_evaluations_in_all=self.n_evaluations,
            starts_tried=n_starts,
        )


def _column_scale(block: Block) -> FloatVector:
    """Root mean square (k,) of the columns of a term, taken over the rows of the data."""
    Z = block.effective().to_dense().reshape(-1, block.n_columns)
    scale: FloatVector = np.sqrt(np.sum(Z**2, axis=0) / block.n_rows)
    return np.where(scale > 0, scale, 1.0)


def _exact_rank(factor: FloatMatrix, scale: FloatVector) -> FloatMatrix:
    """Lower factor, diagonal ≥ 0, of S with its tiny eigenvalues set to zero."""
    if not np.any(np.tril(factor, -1)):
        size = np.abs(np.diag(factor))
        return np.diag(np.where((size * scale) ** 2 < RANK, 0.0, size))
    scaled = scale[:, None] * factor
    values, vectors = np.linalg.eigh(scaled @ scaled.T)
    kept = np.where(values < RANK * max(values[-1], 1.0), 0.0, values)
    upper = np.linalg.qr(np.sqrt(kept)[:, None] * vectors.T, mode="r")
    signs = np.where(np.diag(upper) < 0, -1.0, 1.0)
    lower: FloatMatrix = (signs[:, None] * upper).T / scale[:, None]
    return lower


def _null_space(factor: FloatMatrix, scale: FloatVector) -> FloatMatrix:
    """Orthonormal directions a with a'Sa = 0."""
    scaled = scale[:, None] * factor
    values, vectors = np.linalg.eigh(scaled @ scaled.T)
    directions = vectors[:, values < RANK * max(values[-1], 1.0)] * scale[:, None]
    basis: FloatMatrix = np.linalg.qr(directions)[0] if directions.size else directions
    return basis
