"""MixedLM of statsmodels: one grouping factor."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.regression.mixed_linear_model import MixedLM

VERSIONS = ("statsmodels", "numpy", "scipy", "pandas")
ONE_TERM = re.compile(r"^(?P<fixed>.*?) \+ \((?P<effects>[^|]*) \| (?P<group>\w+)\)$")


def warm_up() -> None:
    """Import all that a fit needs."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"y": rng.normal(size=60), "x": rng.normal(size=60), "g": np.arange(60) % 9})
    MixedLM.from_formula("y ~ x", frame, groups="g").fit()


def prepare(frame: pd.DataFrame, spec: dict[str, Any]) -> Callable[[], Any]:
    found = ONE_TERM.match(spec["formula"])
    assert found, "statsmodels has one grouping factor only"
    fixed, effects, group = found["fixed"], found["effects"], found["group"]

    def fit() -> Any:
        model = MixedLM.from_formula(fixed, frame, groups=frame[group], re_formula=f"~ {effects}")
        return model.fit(reml=spec["method"] == "reml")

    return fit


def describe(result: Any) -> dict[str, Any]:
    return {
        "criterion": -2.0 * float(result.llf),
        "method": "reml" if result.reml else "ml",
        "converged": bool(result.converged),
        "evaluations": None,
    }
