"""GPBoost: random intercepts, maximum likelihood.

With several factors it approximates log-determinants by random probes, so that the likelihood that it reports is
not exact: what it is judged by is the likelihood at the variances that it reports.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import gpboost
import numpy as np
import pandas as pd

VERSIONS = ("gpboost", "numpy")


def warm_up() -> None:
    """Fit something small."""
    rng = np.random.default_rng(1)
    model = gpboost.GPModel(group_data=np.arange(60) % 9, likelihood="gaussian")
    model.fit(y=rng.normal(size=60), X=np.ones((60, 1)))


def prepare(frame: pd.DataFrame, spec: dict[str, Any]) -> Callable[[], Any]:
    groups = re.findall(r"\(1 \| (\w+)\)", spec["formula"])
    y = frame[spec["formula"].split(" ~ ")[0]].to_numpy(dtype=float)

    def fit() -> Any:
        data = np.column_stack([frame[group].cat.codes.to_numpy() for group in groups])
        model = gpboost.GPModel(group_data=data, likelihood="gaussian")
        model.fit(y=y, X=spec["X"])
        return model

    return fit


def describe(result: Any) -> dict[str, Any]:
    error, *variances = np.ravel(result.get_cov_pars()).tolist()
    return {
        "theta": [(variance / error) ** 0.5 for variance in variances],
        "criterion": 2.0 * float(result.get_current_neg_log_likelihood()),
        "method": "ml",
        "converged": None,
        "evaluations": int(result._get_num_optim_iter()),  # noqa: SLF001 - there is no other way to ask
    }
