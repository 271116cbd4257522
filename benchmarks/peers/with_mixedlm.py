"""The package mixedlm of PyPI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mixedlm
import pandas as pd

VERSIONS = ("mixedlm", "numpy", "pandas")


def warm_up() -> None:
    """Import and compile all that a fit needs."""
    mixedlm.lmer("Reaction ~ Days + (Days | Subject)", mixedlm.load_sleepstudy())


def prepare(frame: pd.DataFrame, spec: dict[str, Any]) -> Callable[[], Any]:
    return lambda: mixedlm.lmer(spec["formula"], frame, REML=spec["method"] == "reml")


def refits(frame: pd.DataFrame, spec: dict[str, Any]) -> Callable[[], Any]:
    fit = mixedlm.lmer(spec["formula"], frame, REML=spec["method"] == "reml")

    def run() -> Any:
        mixedlm.bootMer(fit, nsim=spec["refits"], seed=1)
        return fit

    return run


def describe(result: Any) -> dict[str, Any]:
    criterion = result.REMLcrit() if result.isREML() else result.get_deviance()
    return {
        "criterion": float(criterion),
        "method": "reml" if result.isREML() else "ml",
        "converged": bool(result.converged),
        "evaluations": int(result.function_evals),
    }
