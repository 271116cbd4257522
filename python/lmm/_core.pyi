from collections.abc import Callable, Sequence
from typing import Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
GroupTerm: TypeAlias = tuple[NDArray[np.uint32], Floats | None, int, list[int]]
MatrixTerm: TypeAlias = tuple[NDArray[np.int64], NDArray[np.uint32], Floats, int, list[int]]
LocalTerm: TypeAlias = tuple[Floats, Floats, Floats]
Term: TypeAlias = GroupTerm | MatrixTerm | LocalTerm
Family: TypeAlias = tuple[str, int] | tuple[Floats, Floats] | tuple[list[Floats], Floats]
Direction: TypeAlias = tuple[int, int, Floats]

class Chart:
    def __new__(cls, families: Sequence[Family], theta: Floats, free: NDArray[np.bool_]) -> Self: ...
    def eta(self, theta: Floats) -> Floats: ...
    def theta(self, eta: Floats) -> Floats: ...
    def factors(self, eta: Floats) -> list[Floats]: ...
    def moves(self, eta: Floats) -> list[list[tuple[int, Floats]]]: ...
    def bend(self, eta: Floats, m: Sequence[Floats]) -> Floats: ...

class CoreFailure(Exception): ...
class CoreInterrupted(Exception): ...

class Problem:
    def __new__(
        cls,
        y: Floats,
        x: Floats,
        weights: Floats | None,
        terms: Sequence[Term],
        tail: str = "auto",
        memory_limit: int | None = None,
    ) -> Self: ...
    def refilled(self, design: Design, y: Floats) -> Problem: ...
    def tail(self) -> tuple[bool, int, float, float]: ...
    def evaluate(self, t: Sequence[Floats], reml: bool, gradient: bool) -> Evaluation: ...
    def cross_validate(self, t: Sequence[Floats], gradient: bool) -> Evaluation: ...
    def conditional(self, t: Sequence[Floats], reml: bool) -> list[Floats]: ...
    def average_information(self, t: Sequence[Floats], reml: bool) -> Floats: ...
    def spread(self, t: Sequence[Floats], reml: bool) -> Spread: ...
    def products(self) -> Products: ...
    def connected(self) -> NDArray[np.int64]: ...
    def optimize(
        self,
        reml: bool,
        start: Sequence[Floats] | None,
        hold: Sequence[NDArray[np.bool_]] | None,
        limits: tuple[int, float],
        check: Callable[[int, float], None] | None,
    ) -> Outcome: ...
    def optimize_chart(
        self,
        reml: bool | None,
        chart: Chart,
        starts: Sequence[Floats],
        limits: tuple[int, float],
        check: Callable[[int, float], None] | None,
    ) -> Outcome: ...
    def deviance(
        self, roots: Sequence[Floats], log_sigma: float, held: tuple[list[int], Floats], reml: bool
    ) -> Deviance: ...
    def surface(
        self,
        t: Sequence[Floats],
        optimum: tuple[float, Floats, Floats],
        held: Sequence[tuple[str, int, int, int]],
        reml: bool,
        check: Callable[[int, float], None] | None,
    ) -> Surface: ...

class Evaluation:
    criterion: float
    sigma: float
    r2: float
    log_det_z: float
    log_det_x: float
    factor_residual: float
    beta: Floats
    b: list[Floats]
    u: list[Floats]
    unscaled_vcov: Floats
    m: list[Floats]

class Spread:
    average: Floats
    squares: list[Floats]
    root: Floats
    fixed: list[Floats]
    units: list[Floats]

class Deviance:
    value: float
    roots: list[Floats]
    log_sigma: float
    beta: Floats

class Products:
    start: NDArray[np.int32]
    column: NDArray[np.int32]
    value: Floats
    border: Floats
    corner: Floats
    units: list[Floats]
    inverses: list[Floats]
    r: Floats
    beta0: Floats
    y_scale: float
    n: int

class Outcome:
    t: list[Floats]
    criterion: float
    converged: bool
    n_evaluations: int
    n_evaluations_in_all: int
    few_levels: bool
    cone_decrement: float
    newton_decrement: float
    min_curvature: float
    min_boundary_slope: float
    max_gradient: float
    spread: float
    exact_hessian: bool
    starts_tried: int
    starts_failed: int
    falls: list[Floats] | None
    eta: Floats | None
    flat: Floats | None
    null_directions: list[Direction]
    unidentified: list[Direction]
    trace: Trace

class Trace:
    criterion: list[float]
    sigma: list[float]
    step: list[float]
    kind: list[str]
    decrement: list[float]
    t: list[list[Floats]]
    eta: list[Floats]

class Refits:
    criterion: Floats
    sigma: Floats
    converged: list[bool]
    singular: list[bool]
    beta: Floats
    t: list[Floats]

class Surface:
    best: Floats
    held: list[int]
    log_sigma: int
    hessian: Floats
    def curvature(self) -> Floats: ...
    def roots(self, direction: Floats) -> tuple[list[Floats], list[Floats]]: ...
    def towards(self, values: Floats) -> Floats: ...
    def minimize(
        self, start: Floats, check: Callable[[int, float], None] | None
    ) -> tuple[Floats, float, Floats]: ...
    def curve(self, held: tuple[str, int, int, int]) -> Curve: ...

class Curve:
    lowest: float
    n_evaluations: int
    def nodes(self) -> tuple[Floats, Floats, Floats]: ...
    def reach(
        self, targets: list[float], tolerance: float, check: Callable[[int, float], None] | None
    ) -> tuple[Curve, list[tuple[float, Literal["crossed", "edge", "never"]]]]: ...

class Design:
    def __new__(
        cls, x: Floats, weights: Floats | None, terms: Sequence[Term], tail: str = "auto"
    ) -> Self: ...
    def reweigh(self, x: Floats, weights: Floats) -> Design: ...
    def problem(self, y: Floats) -> Problem: ...
    def fit(
        self,
        responses: Floats,
        reml: bool,
        start: Sequence[Floats] | None,
        limits: tuple[int, float],
    ) -> Refits: ...

def local_product(x: Floats, knots: Floats, map: Floats) -> Floats: ...
def local_sums(x: Floats, knots: Floats, map: Floats, factors: Floats) -> Floats: ...
def line_pairs(x: Floats, exponent: int, k: int) -> tuple[Floats, Floats] | None: ...
def local_summary(x: Floats, knots: Floats, map: Floats) -> tuple[Floats, float]: ...
def sparse_cholesky(
    n: int, column_start: list[int], row: list[int], value: Floats
) -> tuple[list[int], list[int], list[float], list[int]]: ...
