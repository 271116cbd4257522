"""Ourselves."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

import lmm

VERSIONS = ("lmm", "numpy", "scipy", "pandas", "formulaic")


def warm_up() -> None:
    """Import all that a fit needs."""
    lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))


def prepare(frame: pd.DataFrame, spec: dict[str, Any]) -> Callable[[], Any]:
    return lambda: (lmm.fit(spec["formula"], frame, method=spec["method"]), spec, frame)


def refits(frame: pd.DataFrame, spec: dict[str, Any]) -> Callable[[], Any]:
    fit = lmm.fit(spec["formula"], frame, method=spec["method"])

    def run() -> Any:
        lmm.bootstrap(fit, n=spec["refits"], seed=1)
        return fit, spec, frame

    return run


def describe(result: Any) -> dict[str, Any]:
    fit, spec, frame = result
    found = {
        "criterion": fit.criterion,
        "method": fit.method,
        "converged": bool(fit.converged),
        "singular": bool(fit.singular),
        "evaluations": fit.certificate.n_evaluations,
        "model_mb": _model_mb(fit),
    }
    if spec["refits"]:
        return found
    laps = [phases(spec, frame) for _ in range(3 if len(frame) < 500_000 else 1)]
    return {**found, "phases": {name: statistics.median(lap[name] for lap in laps) for name in laps[0]}}


def _model_mb(fit: Any) -> float:
    """X and the columns of the random terms, in MB: what memory is compared with."""
    blocks = [part.block for part in fit.internals.design.random]
    columns = sum(
        (4 if getattr(b, "values", None) is None else 4 + b.values.itemsize * b.n_columns) for b in blocks
    )
    return float(fit.X.nbytes + fit.n_obs * columns) / 2**20


def phases(spec: dict[str, Any], frame: pd.DataFrame) -> dict[str, float]:
    """Where the seconds of one fit go."""
    from lmm.design import DesignSpec
    from lmm.engine import Control
    from lmm.estimation import given_theta, optimize
    from lmm.formula import parse
    from lmm.model.building import build_criterion

    marks = [time.perf_counter()]

    def lap() -> None:
        marks.append(time.perf_counter())

    formula = parse(spec["formula"])
    lap()
    _, design = DesignSpec.learn(
        formula, frame, contrasts=None, missing="drop", weights=None, offset=None, random=None
    )
    lap()
    criterion = build_criterion(design, spec["method"])
    lap()
    blocks = [part.block for part in design.random]
    optimum = optimize(criterion, blocks, given_theta(None, criterion.layout), None, Control())
    lap()
    criterion.evaluate(optimum.theta, gradient=False)
    lap()
    names = ("formula", "read and encode", "cross-products", "optimise", "finish")
    return dict(zip(names, np.diff(marks).tolist(), strict=True))
