"""Many responses on one design, fitted in the compiled core on all cores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmm import _core
from lmm.engine.compiled import core_term
from lmm.engine.guard import guarded
from lmm.engine.results import Control

if TYPE_CHECKING:
    from lmm.engine.blocks import Block
    from lmm.typing import BoolVector, FloatArray, FloatMatrix, FloatVector


@dataclass(frozen=True, slots=True, eq=False)
class BatchResult:
    """What is kept of each of B fits; missing where a response could not be fitted.

    Attributes
    ----------
    T : list of (B, k, k) arrays
        Relative covariance factors, one array per term.
    criterion, sigma : (B,) arrays
    beta : (B, p) array
    converged, singular : (B,) arrays
    """

    T: list[FloatArray]
    criterion: FloatVector
    sigma: FloatVector
    beta: FloatMatrix
    converged: BoolVector
    singular: BoolVector

    @classmethod
    def joined(cls, parts: Sequence[BatchResult]) -> BatchResult:
        """Put pieces one after the other."""
        return cls(
            T=[np.concatenate(arrays) for arrays in zip(*(part.T for part in parts), strict=True)],
            criterion=np.concatenate([part.criterion for part in parts]),
            sigma=np.concatenate([part.sigma for part in parts]),
            beta=np.concatenate([part.beta for part in parts]),
            converged=np.concatenate([part.converged for part in parts]),
            singular=np.concatenate([part.singular for part in parts]),
        )


class Batch:
    """A design that waits for its responses: bootstrap and simulation studies refit it many times.

    Parameters
    ----------
    X : (n, p) array of full column rank
    blocks : sequence of Block
    weights : (n,) array, positive, optional

    Raises
    ------
    DesignError
        If the arrays do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> from lmm.engine import Batch, GroupBlock
    >>> block = GroupBlock(np.array([0, 0, 1, 1]), None, 2)
    >>> Y = np.array([[1.0, 2.0, 4.0, 6.0], [3.0, 1.0, 2.0, 2.0]]).T
    >>> Batch(np.ones((4, 1)), [block]).fit(Y, reml=True).singular
    array([False,  True])
    """

    def __init__(self, X: FloatMatrix, blocks: Sequence[Block], weights: FloatVector | None = None) -> None:
        X = np.asarray(X, dtype=float)
        w = None if weights is None else np.asarray(weights, dtype=float)
        terms = [core_term(block.effective()) for block in blocks]
        self._design = guarded(lambda: _core.Design(X, w, terms))

    def fit(
        self,
        Y: FloatMatrix,
        reml: bool,
        start: Sequence[FloatMatrix] | None = None,
        control: Control | None = None,
    ) -> BatchResult:
        """Fit each column of Y (n, B), responses minus the offset; the same bits whatever the cores."""
        settings = control or Control()
        limits = (settings.max_iterations, settings.tolerance)
        factors = None if start is None else [np.tril(np.asarray(T, dtype=float)) for T in start]
        responses = np.asarray(Y, dtype=float)
        found = guarded(lambda: self._design.fit(responses, reml, factors, limits))
        return BatchResult(
            T=found.t,
            criterion=found.criterion,
            sigma=found.sigma,
            beta=found.beta,
            converged=np.array(found.converged, dtype=bool),
            singular=np.array(found.singular, dtype=bool),
        )
