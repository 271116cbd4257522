from collections.abc import Callable, Sequence
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

class CoreFailure(Exception): ...
class CoreInterrupted(Exception): ...

class Problem:
    def __new__(
        cls,
        y: Floats,
        x: Floats,
        weights: Floats | None,
        terms: Sequence[tuple[Any, ...]],
        tail: str = "auto",
    ) -> Self: ...
    def refilled(self, design: Design, y: Floats) -> Problem: ...
    def tail(self) -> tuple[bool, int, float, float]: ...
    def evaluate(self, t: Sequence[Floats], reml: bool, gradient: bool) -> dict[str, Any]: ...
    def conditional(self, t: Sequence[Floats], reml: bool) -> list[Floats]: ...
    def average_information(self, t: Sequence[Floats], reml: bool) -> Floats: ...
    def spread(self, t: Sequence[Floats], reml: bool) -> dict[str, Any]: ...
    def products(self) -> dict[str, Any]: ...
    def connected(self) -> NDArray[np.int64]: ...
    def optimize(
        self,
        reml: bool,
        start: Sequence[Floats] | None,
        hold: Sequence[NDArray[np.bool_]] | None,
        limits: tuple[int, float],
        check: Callable[[int, float], None] | None,
    ) -> dict[str, Any]: ...
    def optimize_chart(
        self,
        reml: bool,
        chart: Any,
        starts: Sequence[Floats],
        limits: tuple[int, float],
        check: Callable[[int, float], None] | None,
    ) -> dict[str, Any]: ...
    def deviance(
        self, roots: Sequence[Floats], log_sigma: float, held: tuple[list[int], Floats], reml: bool
    ) -> dict[str, Any]: ...
    def surface(
        self,
        t: Sequence[Floats],
        optimum: tuple[float, Floats, Floats],
        held: Sequence[tuple[str, int, int, int]],
        reml: bool,
        check: Callable[[int, float], None] | None,
    ) -> Surface: ...

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
    ) -> tuple[Curve, list[tuple[float, str]]]: ...

class Design:
    def __new__(
        cls, x: Floats, weights: Floats | None, terms: Sequence[tuple[Any, ...]], tail: str = "auto"
    ) -> Self: ...
    def reweigh(self, x: Floats, weights: Floats) -> Design: ...
    def problem(self, y: Floats) -> Problem: ...
    def fit(
        self,
        responses: Floats,
        reml: bool,
        start: Sequence[Floats] | None,
        limits: tuple[int, float],
    ) -> dict[str, Any]: ...

def sparse_cholesky(
    n: int, column_start: list[int], row: list[int], value: Floats
) -> tuple[list[int], list[int], list[float], list[int]]: ...
