"""What the engine is told and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lmm.arguments import near_names, shown
from lmm.elsewhere import not_here
from lmm.errors import LmmError
from lmm.limits import read_bytes

if TYPE_CHECKING:
    from lmm.typing import FloatArray, FloatMatrix, FloatVector

SAME_OPTIMUM = 1e-6
"""Searches whose criteria differ by less ended at the same optimum."""


@near_names("An evaluation")
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Evaluation:
    """The criterion at one set of relative covariance factors T, and what comes with it.

    Attributes
    ----------
    criterion : float
        −2 log-likelihood, or −2 REML log-likelihood, profiled over β and σ.
    sigma : float
        √(r²/n) for ML, √(r²/(n − p)) for REML.
    r2 : float
        The penalized residual sum of squares at its minimum.
    log_det_Z, log_det_X : float
        log|Λ'Z'WZΛ + I| and log|X'V⁻¹X|, V = W⁻¹ + ZΛΛ'Z'.
    beta : (p,) array
    b, u : list of (l, k) arrays
        Conditional modes, one array per term, b = Λu.
    unscaled_vcov : (p, p) array
        (X'V⁻¹X)⁻¹; times σ² the covariance of β̂.
    M : list of (k, k) arrays
        d criterion / dS, S = TT', symmetric.
    factor_residual : float
        ‖L(L'z) − Az‖ / ‖Az‖ of the dense factor for one fixed z.
    """

    criterion: float
    sigma: float
    r2: float
    log_det_Z: float
    log_det_X: float
    beta: FloatVector
    b: list[FloatMatrix]
    u: list[FloatMatrix]
    unscaled_vcov: FloatMatrix
    M: list[FloatMatrix]
    factor_residual: float = 0.0

    def __repr__(self) -> str:
        beta = np.array2string(self.beta, precision=6, threshold=12, edgeitems=4, max_line_width=90)
        sizes = ", ".join(f"{len(b):,} x {b.shape[1]}" for b in self.b) or "none"
        return (
            f"<evaluation: criterion = {self.criterion:.6f}, sigma = {self.sigma:.6g}, r² = {self.r2:.6g},\n"
            f" log|L|² = {self.log_det_Z:.6g}, log|R_X|² = {self.log_det_X:.6g}, random effects {sizes},\n"
            f" beta = {beta}>"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How estimates spread around the truth, as far as one factorization tells.

    Attributes
    ----------
    average : (m, m) array
        Average information of the distinct elements of S, σ profiled out.
    squares : list of (k, k) arrays
        Σ r r'/σ² over the levels of each term, r = Z'V⁻¹(y − Xβ).
    root : (p, p) array
        M with MM' = (X'V⁻¹X)⁻¹.
    fixed : list of (l, k, p) arrays
        Z'V⁻¹XM of each term.
    units : list of (k, k) arrays
        U with W^½Z = Z̃ (I ⊗ U), Z̃ the columns that all but `root` are meant for: S is USU'.
    """

    average: FloatMatrix
    squares: list[FloatMatrix]
    root: FloatMatrix
    fixed: list[FloatArray]
    units: list[FloatMatrix]


@dataclass(frozen=True, slots=True, eq=False)
class Deviance:
    """The deviance with σ not profiled out, and its derivatives.

    Attributes
    ----------
    value : float
        −2 log-likelihood, or −2 REML log-likelihood, of σ, the covariances and the fixed effects that are held.
    roots : list of (k, k) arrays
        Derivatives by the roots R of the covariances G = RR'.
    log_sigma : float
    beta : (n_held,) array
        Derivatives by the fixed effects that are held.
    """

    value: float
    roots: list[FloatMatrix]
    log_sigma: float
    beta: FloatVector


@dataclass(frozen=True, slots=True)
class Control:
    """How long and how exactly to optimise.

    Parameters
    ----------
    max_iterations : int
        Steps after which the optimiser gives up and says that it did not converge.
    tolerance : float
        Largest predicted fall of the criterion that is still to be had when it stops.
    progress : bool
        Show a line on the error stream while a search takes longer than two seconds, on a terminal or
        in a notebook.
    time_limit : float, optional
        Seconds after which the search of a fit is given up, with a `ConvergenceError` that tells how far it came: an
        estimate that is not an optimum has no place in tables. It is looked at after each iteration.
    callback : callable, optional
        Called after each iteration with its number and the criterion. What it raises ends the search and comes through.
        A saved fit does not keep it.
    engine : {"exact"}
        ``"iterative"`` is planned.
    accuracy, probes : optional
        Of the iterative engine: planned.
    memory_limit : int or str, optional
        Bytes, or text such as ``"4GB"``: a fit whose columns, cross-products and factors need more is refused before
        they are made, and a sparse factor is preferred where a full one would not fit. The table itself is not counted.

    Raises
    ------
    LmmError
        If a value is out of range.
    UnsupportedError
        If a setting is planned and not available.

    Examples
    --------
    >>> import lmm
    >>> lmm.Control(max_iterations=100, memory_limit="4GB").memory_limit
    4000000000
    """

    max_iterations: int = 60
    tolerance: float = 1e-8
    progress: bool = True
    time_limit: float | None = None
    callback: Callable[[int, float], object] | None = None
    engine: Literal["exact"] = "exact"
    accuracy: None = None
    probes: None = None
    memory_limit: int | str | None = None

    def __post_init__(self) -> None:
        self._check_limits()
        if self.engine != "exact":
            if self.engine == "iterative":
                raise not_here("engine='iterative' of control=", "out of memory")
            raise LmmError(f"engine must be 'exact', not {self.engine!r}; 'iterative' is planned.")
        if self.memory_limit is not None:
            object.__setattr__(self, "memory_limit", read_bytes(self.memory_limit, "memory_limit"))
        for name in ("accuracy", "probes"):
            if getattr(self, name) is not None:
                raise not_here(f"{name}= of control=", "out of memory", " Leave it out.")

    @property
    def most_bytes(self) -> int | None:
        """The memory limit as a number; None without one."""
        assert not isinstance(self.memory_limit, str)  # read when the object was made
        return self.memory_limit

    def _check_limits(self) -> None:
        seconds = self.time_limit
        is_number = isinstance(seconds, int | float | np.floating | np.integer) and not isinstance(
            seconds, bool
        )
        if seconds is not None and not (is_number and 0 < seconds < np.inf):
            raise LmmError(f"time_limit must be a number of seconds above 0, not {seconds!r}.")
        if self.callback is not None and not callable(self.callback):
            raise LmmError(
                f"callback must be a function of the iteration and the criterion, not {shown(self.callback)}."
            )
        whole = isinstance(self.max_iterations, int | np.integer)
        if isinstance(self.max_iterations, bool) or not whole or self.max_iterations < 1:
            raise LmmError(
                f"max_iterations must be a whole number of at least 1, not {self.max_iterations!r}."
            )
        number = isinstance(self.tolerance, int | float | np.floating | np.integer)
        if isinstance(self.tolerance, bool) or not number or not 0 < self.tolerance < 1:
            raise LmmError(f"tolerance must lie between 0 and 1, not be {self.tolerance!r}.")
        if not isinstance(self.progress, bool):
            raise LmmError(f"progress must be True or False, not {self.progress!r}.")


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """Where the optimiser stopped, and why it may.

    Attributes
    ----------
    T : list of (k, k) arrays
        Lower-triangular relative covariance factors with diagonals ≥ 0.
    criterion : float
    trace : dict of lists
        One entry per iteration: ``iteration, criterion, step, decrement, T``.
    converged, singular : bool
        Two separate facts: the stopping rule was met; some S = TT' has not full rank.
    certificate : dict
        Numbers behind `converged`.
    null_directions : list of (k, r) arrays
        Orthonormal basis of the null space of each S.
    verdict : str
        One sentence.
    n_evaluations : int
        Evaluations of the search that ended here.
    n_evaluations_in_all : int
        Those of the searches from other starts, and of choosing these, included.
    starts_tried : int
    spread : float
        How much higher a search from another start ended.
    few_levels : bool
        Whether levels or rows are so few that other optima cannot be excluded.
    eta : (n,) array or None
        Where the search over a chart ended, in its coordinates.
    flat : (n,) array or None
        A direction of these coordinates along which the data say nothing.
    starts_failed : int
        Searches that ended in an error.
    falls : list of (k, k) arrays or None
        Factors T along which the criterion was seen to fall without bound as they grow.
    """

    T: list[FloatMatrix]
    criterion: float
    trace: dict[str, list[Any]]
    converged: bool
    certificate: dict[str, Any]
    singular: bool
    null_directions: list[FloatMatrix]
    verdict: str
    n_evaluations: int
    n_evaluations_in_all: int
    starts_tried: int = 1
    spread: float = 0.0
    few_levels: bool = False
    eta: FloatVector | None = None
    flat: FloatVector | None = None
    starts_failed: int = 0
    falls: list[FloatMatrix] | None = None

    @property
    def message(self) -> str:
        """The verdict, and what is known about other optima."""
        others = other_optima(self.starts_tried, self.spread, self.few_levels, "restarts=20 looks further.")
        return f"{self.verdict} {others if self.converged else ''}".rstrip()


def other_optima(starts_tried: int, spread: float, few_levels: bool, advice: str) -> str:
    """Say what the searches tell about other optima; nothing where there is no reason to think of them.

    Examples
    --------
    >>> other_optima(7, 0.25, True, "restarts=20 looks further.")
    'There are several optima: from other starts the search ended 0.25 higher. restarts=20 looks further.'
    >>> other_optima(1, 0.0, False, "restarts=20 looks further.")
    ''
    """
    if spread > SAME_OPTIMUM:
        return f"There are several optima: from other starts the search ended {spread:.2g} higher. {advice}"
    if few_levels:
        ended = f"all {starts_tried} starts ended here" if starts_tried > 1 else "one start was tried"
        return f"With so few levels other optima cannot be excluded: {ended}. {advice}"
    return ""
