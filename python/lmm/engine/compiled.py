"""The compiled cross-products behind the interface of the dense oracle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm import _core
from lmm.engine.blocks import Block, GroupBlock
from lmm.engine.chart import Chart
from lmm.engine.guard import guarded
from lmm.engine.local_block import LocalBlock
from lmm.engine.products import Products
from lmm.engine.results import Control, Deviance, Evaluation, Optimum, Spread
from lmm.engine.surface import Check, Held, Surface

if TYPE_CHECKING:
    from lmm.typing import FloatMatrix, FloatVector, IntVector


class CrossProducts:
    """Cross-products [Z X y]'W[Z X y], from which the criterion is evaluated at any T.

    They are accumulated once, in blocks; an evaluation never returns to the rows. The interface
    is that of `DenseCrossProducts`, which computes the same numbers by n × n algebra.

    Parameters
    ----------
    y : (n,) array
        The response, minus the offset.
    X : (n, p) array of full column rank
    blocks : sequence of Block
        One per random term.
    weights : (n,) array, positive, optional
    tail : {"auto", "full", "sparse"}
        How to keep what elimination level by level leaves of crossed factors: by predicted work,
        as a full triangle, or with a sparse factor.

    Raises
    ------
    DesignError
        If the arrays do not fit together, or X reproduces y.

    Examples
    --------
    >>> import numpy as np
    >>> from lmm.engine import CrossProducts, GroupBlock
    >>> y = np.array([1.0, 2.0, 4.0, 6.0])
    >>> block = GroupBlock(np.array([0, 0, 1, 1]), None, 2)
    >>> CrossProducts(y, np.ones((4, 1)), [block]).evaluate([np.zeros((1, 1))], reml=False).beta
    array([3.25])
    """

    def __init__(
        self,
        y: FloatVector,
        X: FloatMatrix,
        blocks: Sequence[Block],
        weights: FloatVector | None = None,
        tail: str = "auto",
        memory_limit: int | None = None,
    ) -> None:
        self._blocks = tuple(blocks)
        y, X = np.asarray(y, dtype=float), np.asarray(X, dtype=float)
        w = None if weights is None else np.asarray(weights, dtype=float)
        self.n_obs, self.n_fixed = int(y.shape[0]), int(X.shape[1])
        terms = [core_term(block.effective()) for block in self._blocks]
        self._problem = guarded(lambda: _core.Problem(y, X, w, terms, tail, memory_limit))

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The random terms."""
        return self._blocks

    def evaluate(self, T: Sequence[FloatMatrix], reml: bool, gradient: bool = True) -> Evaluation:
        """Criterion and estimates at T, one (k, k) lower-triangular factor per term.

        Without `gradient`, which costs more than all the rest, `M` is empty.
        """
        return _evaluation(guarded(lambda: self._problem.evaluate(self._factors(T), reml, gradient)))

    def cross_validate(self, T: Sequence[FloatMatrix], gradient: bool = True) -> Evaluation:
        """Generalised cross-validation at T: the criterion is n log(n RSS / (n - tr F)²), σ² is RSS / (n - tr F).

        F maps the response to the fitted values. `M` are the slopes of this criterion.

        Examples
        --------
        >>> import numpy as np
        >>> from lmm.engine import CrossProducts, MatrixBlock
        >>> y = np.array([1.0, 2.0, 4.0, 6.0])
        >>> cross = CrossProducts(y, np.ones((4, 1)), [MatrixBlock(np.eye(4)[:, :2])])
        >>> at = cross.cross_validate([np.zeros((1, 1))])  # F is that of a mean
        >>> round(float(np.exp(at.criterion / 4)), 4), round(4 * 14.75 / 3**2, 4)
        (6.5556, 6.5556)
        """
        return _evaluation(guarded(lambda: self._problem.cross_validate(self._factors(T), gradient)))

    def conditional(self, T: Sequence[FloatMatrix], reml: bool) -> list[FloatMatrix]:
        """Diagonal blocks (l, k, k) of Var(b − b̂)/σ²: given β, or (`reml`) with β estimated."""
        return guarded(lambda: self._problem.conditional(self._factors(T), reml))

    def average_information(self, T: Sequence[FloatMatrix], reml: bool) -> FloatMatrix:
        """Average information of the distinct elements of S, σ profiled out.

        Terms in order; "us": lower triangle column by column, "diag": the diagonal.
        """
        return guarded(lambda: self._problem.average_information(self._factors(T), reml))

    def spread(self, T: Sequence[FloatMatrix], reml: bool) -> Spread:
        """Average information, and how the fixed effects move with S, from one factorization without the inverse."""
        found = guarded(lambda: self._problem.spread(self._factors(T), reml))
        shapes = [(block.n_levels, block.n_columns, self.n_fixed) for block in self._blocks]
        fixed = [rows.reshape(shape) for rows, shape in zip(found.fixed, shapes, strict=True)]
        return Spread(
            average=found.average, squares=found.squares, root=found.root, fixed=fixed, units=found.units
        )

    def products(self) -> Products:
        """All cross-products, in the engine's units; what is computed from them needs no rows."""
        from scipy.sparse import csr_array

        found = guarded(self._problem.products)
        border, corner, p = found.border, found.corner, self.n_fixed
        entries = (found.value, found.column, found.start)
        return Products(
            ZZ=csr_array(entries, shape=(len(border),) * 2),
            ZX=border[:, :p],
            Zy=border[:, p],
            XX=corner[:p, :p],
            Xy=corner[:p, p],
            yy=float(corner[p, p]),
            units=found.units,
            inverses=found.inverses,
            R=found.r,
            beta0=found.beta0,
            y_scale=found.y_scale,
            n_obs=self.n_obs,
        )

    def connected(self) -> IntVector:
        """Label the levels of all terms, in order: equal where a chain of products that are not zero ties them.

        Examples
        --------
        >>> import numpy as np
        >>> from lmm.engine import CrossProducts, GroupBlock
        >>> inner, outer = (GroupBlock(np.array(codes), None, max(codes) + 1) for codes in ([0, 1, 2], [0, 0, 1]))
        >>> CrossProducts(np.array([1.0, 2.0, 4.0]), np.ones((3, 1)), [inner, outer]).connected()
        array([0, 0, 2, 0, 2])
        """
        labels: IntVector = guarded(self._problem.connected)
        return labels

    def optimize(
        self,
        reml: bool,
        start: Sequence[FloatMatrix] | None = None,
        hold: Sequence[FloatMatrix] | None = None,
        control: Control | None = None,
        check: Callable[[int, float], None] | None = None,
    ) -> Optimum:
        """Minimise the criterion over T.

        `hold` has one boolean (k, k) mask per term; True keeps that entry of T at its start.
        `check` is called once an iteration with its number and the criterion; an exception that
        it raises ends the search.
        """
        settings = control or Control()
        factors = None if start is None else self._factors(start)
        masks = None if hold is None else [np.ascontiguousarray(mask, dtype=bool) for mask in hold]
        limits = (settings.max_iterations, settings.tolerance)
        found = guarded(lambda: self._problem.optimize(reml, factors, masks, limits, check))
        return self._optimum(found)

    def optimize_chart(
        self,
        reml: bool | None,
        chart: Chart,
        starts: Sequence[FloatVector],
        control: Control | None = None,
        check: Callable[[int, float], None] | None = None,
    ) -> Optimum:
        """Minimise the criterion over the coordinates of a chart, from the best two of some starts.

        Without `reml` it is that of `cross_validate`. `check` is called as by `optimize`.
        """
        settings = control or Control()
        limits = (settings.max_iterations, settings.tolerance)
        places = [np.asarray(start, dtype=float) for start in starts]
        found = guarded(lambda: self._problem.optimize_chart(reml, chart.core, places, limits, check))
        return self._optimum(found)

    def deviance(
        self,
        roots: Sequence[FloatMatrix],
        log_sigma: float,
        reml: bool,
        held: Sequence[int] = (),
        beta: Sequence[float] | FloatVector = (),
    ) -> Deviance:
        """Deviance at roots R (k, k) of the covariances, log sigma, and values of the fixed effects that are held.

        For REML, ``log|X'V⁻¹X|`` stays that of all fixed effects when some are held: their estimates move, the variance
        parameters are still judged by the same error contrasts (Welham and Thompson 1997, J. R. Statist. Soc. B 59,
        701-714).

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
        >>> roots = [fit.sigma * T for T in fit.T]
        >>> at = fit.internals.criterion_function.cross.deviance(roots, np.log(fit.sigma), reml=True)
        >>> abs(at.value - fit.criterion) < 1e-8
        True
        """
        given = [np.asarray(R, dtype=float) for R in roots]
        values = (list(held), np.asarray(beta, dtype=float))
        at = guarded(lambda: self._problem.deviance(given, log_sigma, values, reml))
        return Deviance(value=at.value, roots=at.roots, log_sigma=at.log_sigma, beta=at.beta)

    def surface(
        self,
        T: Sequence[FloatMatrix],
        sigma: float,
        beta: FloatVector,
        errors: FloatVector,
        held: Sequence[Held],
        reml: bool,
        check: Check | None = None,
    ) -> Surface:
        """Deviance around the optimum (T, sigma, beta with standard errors), with parameters held."""
        optimum = (float(sigma), np.asarray(beta, dtype=float), np.asarray(errors, dtype=float))
        found = guarded(lambda: self._problem.surface(self._factors(T), optimum, list(held), reml, check))
        return Surface(found)

    def _factors(self, T: Sequence[FloatMatrix]) -> list[FloatMatrix]:
        return [np.tril(np.asarray(factor, dtype=float)) for factor in T]

    def _optimum(self, found: _core.Outcome) -> Optimum:
        null = self._directions(found.null_directions + found.unidentified)
        certificate: dict[str, float | str] = {
            "newton_decrement": found.newton_decrement,
            "cone_decrement": found.cone_decrement,
            "min_curvature": found.min_curvature,
            "max_gradient": found.max_gradient,
        }
        if np.isfinite(found.min_boundary_slope):
            certificate["min_boundary_slope"] = found.min_boundary_slope
        certificate["factor_form"] = self._factor_form()
        trace = _trace(found.trace)
        last = len(trace["criterion"]) - 1
        gap = np.fmax(found.newton_decrement, found.cone_decrement)
        if found.converged:
            verdict = f"Converged: another step would lower the criterion by no more than {gap:.1e}."
        else:
            verdict = (
                f"Not converged after {last} iterations: another step "
                f"promises to lower the criterion by {gap:.1e}."
            )
        return Optimum(
            T=found.t,
            criterion=found.criterion,
            trace=trace,
            converged=found.converged,
            certificate=certificate,
            singular=any(directions.size > 0 for directions in null),
            null_directions=null,
            verdict=verdict,
            n_evaluations=found.n_evaluations,
            n_evaluations_in_all=found.n_evaluations_in_all,
            starts_tried=found.starts_tried,
            spread=found.spread,
            few_levels=found.few_levels,
            eta=found.eta,
            flat=found.flat,
            starts_failed=found.starts_failed,
            falls=found.falls,
        )

    def _factor_form(self) -> str:
        """How the columns are factorized that elimination level by level leaves, and why so."""
        sparse, columns, cost, full = self._problem.tail()
        if columns == 0:
            return "level by level"
        if not sparse:
            return f"full, {columns:,} columns"
        return f"sparse, {columns:,} columns, {cost:.2g} multiplications; full: {full:.2g}"

    def _directions(self, placed: list[tuple[int, int, FloatVector]]) -> list[FloatMatrix]:
        """Orthonormal (k, r) directions without variance, one array per term."""
        columns: list[list[FloatVector]] = [[] for _ in self._blocks]
        for term, within, direction in placed:
            full = np.zeros(self._blocks[term].n_columns)
            full[within : within + direction.size] = direction
            columns[term].append(full)
        return [
            np.linalg.qr(np.column_stack(found))[0] if found else np.zeros((block.n_columns, 0))
            for found, block in zip(columns, self._blocks, strict=True)
        ]


def _evaluation(at: _core.Evaluation) -> Evaluation:
    return Evaluation(
        criterion=at.criterion,
        sigma=at.sigma,
        r2=at.r2,
        log_det_Z=at.log_det_z,
        log_det_X=at.log_det_x,
        beta=at.beta,
        b=at.b,
        u=at.u,
        unscaled_vcov=at.unscaled_vcov,
        M=at.m,
        factor_residual=at.factor_residual,
    )


def _trace(found: _core.Trace) -> dict[str, list[Any]]:
    """One entry for each iteration, by name."""
    return {
        "criterion": found.criterion,
        "sigma": found.sigma,
        "step": found.step,
        "kind": found.kind,
        "decrement": found.decrement,
        "T": found.t,
        "eta": found.eta,
        "iteration": list(range(len(found.criterion))),
    }


def sparse_cholesky(A: Any) -> tuple[Any, IntVector]:
    """Sparse lower factor L and permutation with ``L L' = A[perm][:, perm]``.

    Parameters
    ----------
    A
        Symmetric positive definite SciPy sparse matrix (q, q).

    Raises
    ------
    ConvergenceError
        If A is not positive definite.
    """
    from scipy.sparse import csc_array

    A = csc_array(A)
    A.sort_indices()
    q = A.shape[0]
    starts, rows, values, permutation = guarded(
        lambda: _core.sparse_cholesky(q, A.indptr.tolist(), A.indices.tolist(), A.data.astype(float))
    )
    L = csc_array((np.array(values), np.array(rows), np.array(starts)), shape=(q, q))
    return L, np.array(permutation)


def core_term(block: Block) -> _core.Term:
    """Write a block as the core takes it."""
    if isinstance(block, LocalBlock):
        return (np.asarray(block.x, dtype=float), block.knots, np.ascontiguousarray(block.map))
    k = block.n_columns
    parts = [1] * k if block.structure == "diag" else [k]
    if isinstance(block, GroupBlock):
        values = None if block.values is None else np.asarray(block.values, dtype=float)
        return (block.codes.astype(np.uint32), values, block.n_levels, parts)
    matrix = getattr(block, "matrix", None)
    if isinstance(matrix, np.ndarray) and 2 * np.count_nonzero(matrix) >= matrix.size:
        starts, columns, values = _all_entries(matrix)
        return (starts, columns, values, block.n_levels, parts)
    rows = block.to_sparse().tocsr()
    rows.sum_duplicates()
    starts, columns = rows.indptr.astype(np.int64), rows.indices.astype(np.uint32)
    return (starts, columns, rows.data.astype(float), block.n_levels, parts)


def _all_entries(matrix: FloatMatrix) -> tuple[Any, Any, FloatVector]:
    """Compressed rows (starts, columns, values) of a matrix that is dense; its zeros stand there too."""
    n, q = matrix.shape
    columns = np.tile(np.arange(q, dtype=np.uint32), n)
    return np.arange(n + 1, dtype=np.int64) * q, columns, np.asarray(matrix, dtype=float).ravel()
