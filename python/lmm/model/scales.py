"""Coefficients whose variances double precision cannot hold."""

from __future__ import annotations

import numpy as np

from lmm.design import Design
from lmm.engine import Evaluation
from lmm.errors import DesignError

LARGEST = 690.0  # logarithm of a variance, 1e±300: beyond it digits are lost, then all of it


def refuse_lost_variances(design: Design, evaluation: Evaluation) -> None:
    """Refuse coefficients whose standard errors would print as zero or infinite.

    Raises
    ------
    DesignError
        Naming the column whose unit is beside that of the response beyond what can be squared.
    """
    with np.errstate(divide="ignore"):
        logs = np.log(np.diag(evaluation.unscaled_vcov)) + 2.0 * np.log(evaluation.sigma)
    lost = np.flatnonzero(~(np.abs(logs) < LARGEST))
    if len(lost):
        name = [name for name, kept in zip(design.names, _kept(design), strict=True) if kept][lost[0]]
        power = logs[lost[0]] / 2.0 / np.log(10.0)
        raise DesignError(
            f"The coefficient of {name} has a standard error near 1e{power:+.0f}, which double "
            f"precision cannot square. Use another unit for {name} or for the response."
        )


def _kept(design: Design) -> list[bool]:
    """Whether each column of X has a coefficient."""
    if design.rank == design.X.shape[1]:
        return [True] * design.rank
    chosen = np.zeros(design.X.shape[1], dtype=bool)
    chosen[design.kept] = True
    return list(chosen)
