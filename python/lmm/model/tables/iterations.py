"""The iterations of the search, as a table that a student can follow."""

from __future__ import annotations

import numpy as np

from lmm.estimation import Criterion, ThetaOptimum
from lmm.table import Table


def iteration_table(criterion: Criterion, optimum: ThetaOptimum) -> Table:
    """Tabulate ``iteration``, theta by name, ``sigma, criterion, step, decrement``."""
    columns = {
        "iteration": np.arange(len(optimum.path)),
        **dict(zip(criterion.layout.names, optimum.path.T, strict=True)),
        "sigma": optimum.sigma,
        "criterion": np.array([criterion.score(value) for value in optimum.criterion]),
        "step": optimum.step,
        "decrement": optimum.decrement,
    }
    return Table(columns, title="Iterations", formats={"criterion": ".6f"})
