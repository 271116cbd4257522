"""The iterations of the search, as a table that a student can follow."""

from __future__ import annotations

import numpy as np

from lmm.estimation import Criterion, ThetaOptimum
from lmm.table import Table


def iteration_table(criterion: Criterion, optimum: ThetaOptimum) -> Table:
    """Tabulate ``iteration``, theta by name, ``sigma, criterion, step, decrement``.

    Sigma is profiled out of the search; it is evaluated again at each theta.
    """
    columns = {
        "iteration": np.arange(len(optimum.path)),
        **dict(zip(criterion.layout.names, optimum.path.T, strict=True)),
        "sigma": np.array([criterion.evaluate(theta).sigma for theta in optimum.path]),
        "criterion": optimum.criterion,
        "step": optimum.step,
        "decrement": optimum.decrement,
    }
    return Table(columns, title="Iterations", formats={"criterion": ".6f"})
