"""Cluster-robust covariances of β̂ with their degrees of freedom.

Bell and McCaffrey (2002) for single rows; Pustejovsky and Tipton (2018, Journal of Business & Economic Statistics 36)
for generalized least squares and joint tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lmm.arguments import built_from
from lmm.errors import DesignError
from lmm.inference.algebra.information import checked_choice
from lmm.inference.df.clusters import Stack, cluster_codes, stacks
from lmm.inference.df.method import DfMethod, JointDf
from lmm.inference.per_fit import per_fit
from lmm.typing import FloatArray, FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["ClusterRobust"]

_NOTHING = 1e-10  # of a variance: what rounding leaves

_ZERO = 1e-12
"""Eigenvalues, relative to the largest, that are taken as zero: a cluster that X fits exactly in some direction."""


@built_from()
@dataclass(frozen=True, eq=False)
class ClusterRobust(DfMethod):
    """Covariance of β̂ that holds when the model of V is wrong, from independent clusters.

    ``vcov=ClusterRobust()`` gives the sandwich with its own degrees of freedom: Bell and McCaffrey's for single rows,
    Pustejovsky and Tipton's for joint tests ("HTZ"), both under the fitted V. Another ``df=`` beside it is
    used as it is.

    Parameters
    ----------
    kind
        ``"CR2"``, unbiased where the fitted V is right; ``"CR0"``, the plain sandwich; ``"CR1"``, times J / (J - 1)
        for J clusters.
    cluster
        None for the outermost grouping factor; the name of a grouping factor or of a column of the model; an array with
        one entry for each row. All random effects must be nested in it.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> lmm.coefficients(fit, vcov=lmm.ClusterRobust("CR2"))["df"].round(3)
    array([17., 17.])
    """

    kind: str = "CR2"
    cluster: Any = None

    name: ClassVar[str] = "cluster-robust"

    def __post_init__(self) -> None:
        checked_choice("kind", self.kind, ("CR0", "CR1", "CR2"))

    @property
    def label(self) -> str:
        return f"Satterthwaite for the cluster-robust covariance {self.kind} (Bell and McCaffrey)"

    def check(self, fit: Fit) -> None:
        cluster_codes(fit, self.cluster)

    def vcov(self, fit: Fit) -> FloatMatrix:
        scores = _sandwich(fit, self).scores
        M = fit.internals.evaluation.unscaled_vcov
        robust: FloatMatrix = fit.sigma**2 * (M @ (scores.T @ scores) @ M)
        return robust

    def row_df(self, fit: Fit, contrast: FloatMatrix) -> FloatVector:
        rows = [_Moments(fit, _sandwich(fit, self), row[None, :]) for row in contrast]
        return np.array(
            [row.expected[0, 0] ** 2 / row.squares(0, 0, 0, 0) if row.has_rank else np.nan for row in rows]
        )

    def joint_df(self, fit: Fit, contrast: FloatMatrix) -> JointDf:
        q = len(contrast)
        first = _Moments(fit, _sandwich(fit, self), contrast)
        if not first.has_rank:
            return JointDf(np.nan)
        # On axes in which the expected sandwich is the identity.
        root = np.linalg.inv(np.linalg.cholesky(first.expected))
        at = _Moments(fit, _sandwich(fit, self), root @ contrast)
        total = sum(at.squares(s, s, t, t) + at.squares(s, t, t, s) for s in range(q) for t in range(q))
        eta = q * (q + 1) / float(total)
        return JointDf(eta - q + 1.0, (eta - q + 1.0) / eta)

    def notes(self, fit: Fit) -> tuple[str, ...]:
        n_clusters = int(cluster_codes(fit, self.cluster).max()) + 1
        return (f"Standard errors: cluster-robust ({self.kind}), {n_clusters} clusters.",)


@dataclass(frozen=True, slots=True, eq=False)
class _Sandwich:
    """What each cluster adds, with a_j = A_jV_j⁻¹X_j (m, p) and A_j the adjustment of its residuals.

    Attributes
    ----------
    scores : shape (J, p)
        a_j'e_j.
    spreads : shape (J, p, p)
        a_j'V_ja_j.
    hats : shape (J, p, p)
        X_j'a_j.
    """

    scores: FloatMatrix
    spreads: FloatArray
    hats: FloatArray


@per_fit
def _sandwich(fit: Fit, method: ClusterRobust) -> _Sandwich:
    codes = cluster_codes(fit, method.cluster)
    n_clusters = int(codes.max()) + 1
    factor = np.sqrt(n_clusters / (n_clusters - 1)) if method.kind == "CR1" else 1.0
    scores, spreads, hats = [], [], []
    for stack in stacks(fit, codes):
        a = factor * _adjusted(stack, fit.internals.evaluation.unscaled_vcov, method.kind)
        scores.append(np.einsum("cmp,cm->cp", a, stack.residuals))
        spreads.append(np.swapaxes(a, 1, 2) @ stack.V @ a)
        hats.append(np.swapaxes(stack.X, 1, 2) @ a)
    return _Sandwich(np.concatenate(scores), np.concatenate(spreads), np.concatenate(hats))


def _adjusted(stack: Stack, M: FloatMatrix, kind: str) -> FloatArray:
    """Compute A V⁻¹X (c, m, p): A symmetric with A (V - XMX') A = V for CR2, else the identity."""
    try:
        L = np.linalg.cholesky(stack.V) if kind == "CR2" else None
        VX = np.asarray(np.linalg.solve(stack.V, stack.X), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise DesignError(
            "The random effects vary so much more than the errors that the covariance within a cluster has no digits "
            "left. Center the response."
        ) from None
    if L is None:
        return VX
    right = np.swapaxes(L, 1, 2)
    # A = L {L'(V - XMX')L}^(-1/2) L'
    LX = right @ stack.X
    inner = right @ stack.V @ L - LX @ M @ np.swapaxes(LX, 1, 2)
    values, vectors = np.linalg.eigh(inner)
    good = values > _ZERO * values[:, -1:]
    powers = np.where(good, 1.0 / np.sqrt(np.where(good, values, 1.0)), 0.0)
    outer = L @ (vectors * powers[:, None, :])
    adjusted: FloatArray = outer @ (np.swapaxes(vectors, 1, 2) @ (right @ VX))
    return adjusted


class _Moments:
    """First and second moments of C·sandwich·C' under the fitted V, over σ².

    With e the residuals, Cov(e_j, e_k) = δ_jk V_j - X_jMX_k', and P^st_jk = c_s'M a_j' Cov(e_j, e_k) a_k M c_t.
    """

    def __init__(self, fit: Fit, at: _Sandwich, contrast: FloatMatrix) -> None:
        self.M = fit.internals.evaluation.unscaled_vcov
        rows = contrast @ self.M  # (q, p)
        self.own = np.einsum("sa,jab,tb->stj", rows, at.spreads, rows, optimize=True)
        self.y = np.einsum("jab,sb->sja", at.hats, rows)  # (q, J, p)
        self.quadratic = np.einsum("sja,ab,tjb->stj", self.y, self.M, self.y, optimize=True)
        self.expected: FloatMatrix = (self.own - self.quadratic).sum(axis=2)

    @property
    def has_rank(self) -> bool:
        """Whether the clusters leave residuals to estimate the variance of every combination of the rows from."""
        squares = np.einsum("ssj->s", self.own)
        if not np.all(squares > 0.0):
            return False
        size = np.sqrt(squares)
        return bool(np.linalg.eigvalsh(self.expected / np.outer(size, size))[0] > _NOTHING)

    def squares(self, a: int, b: int, c: int, d: int) -> float:
        """Σ_jk P^ab_jk P^cd_jk, without a matrix of all pairs of clusters."""
        own, quadratic, y, M = self.own, self.quadratic, self.y, self.M
        total = own[a, b] @ own[c, d] - own[a, b] @ quadratic[c, d] - own[c, d] @ quadratic[a, b]
        return float(total + np.trace(M @ (y[b].T @ y[d]) @ M @ (y[c].T @ y[a])))
