"""How the variance of the response is made up: fixed effects, random effects, residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmm.arguments import takes
from lmm.errors import DesignError
from lmm.inference.algebra.elements import parameter_basis
from lmm.inference.algebra.information import user_covariance
from lmm.model import a_fit
from lmm.table import Table
from lmm.typing import FloatMatrix

if TYPE_CHECKING:
    from lmm.design import RandomPart
    from lmm.model import Fit

__all__ = ["icc", "r_squared", "variance_partition"]


@takes(fit=a_fit)
def variance_partition(fit: Fit) -> Table:
    """Tabulate how much of the variance of the response each part of the model makes up.

    Parameters
    ----------
    fit
        A fit.

    Returns
    -------
    Table
        ``source, variance, share``: the fixed effects, each grouping factor, the residuals.

    Notes
    -----
    The fixed effects have the variance of X β̂ over the rows (Nakagawa and Schielzeth 2013), a random term the mean
    over the rows of z'Gz, which covers slopes (Johnson 2014), the residuals σ² times the mean of 1/weight.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> lmm.variance_partition(fit)["share"].round(3)
    array([0.279, 0.521, 0.201])
    """
    weights = _row_means(fit)
    components = _components(fit)
    groups = _by_group(fit, weights * components)
    sizes = np.array([_fixed_variance(fit), *groups.values(), weights[-1] * components[-1]])
    return Table(
        {"source": ["fixed effects", *groups, "Residual"], "variance": sizes, "share": sizes / sizes.sum()},
        title="Variance partition",
        notes=["Random slopes count with their mean variance over the rows."] if _has_slopes(fit) else [],
    )


@takes(fit=a_fit)
def icc(fit: Fit) -> Table:
    """Tabulate intraclass correlations: the share of each grouping factor.

    Parameters
    ----------
    fit
        A fit with random effects.

    Returns
    -------
    Table
        ``group, icc, std_error, icc_unadjusted``. ``icc`` is the share in the variance of random effects and
        residuals, given the fixed effects; ``icc_unadjusted`` the share in all. ``std_error`` is by the delta method
        from the observed information, missing where the variance is zero. With several groups the last row is their
        sum.

    Raises
    ------
    DesignError
        If there are no random effects.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> lmm.icc(fit)["icc"].round(4)
    array([0.4185])
    """
    if not fit.internals.design.groups:
        raise DesignError("This model has no random effects, hence no intraclass correlation.")
    weights, components = _row_means(fit), _components(fit)
    masks = _group_masks(fit)
    if len(masks) > 1:
        masks["all groups"] = np.append(np.ones(len(weights) - 1), 0.0)
    # The variance of a smooth term belongs to the mean, and is none of what the mean leaves.
    weights = weights * np.array([*(float(owner is not None) for owner in _owners(fit)), 1.0])
    total = float(weights @ components)
    covariance = fit.sigma**4 * user_covariance(fit, "observed", "drop")
    rows = []
    for group, mask in masks.items():
        own = float((mask * weights) @ components)
        # d(own/total) = (d own - icc d total) / total
        slope = (mask - own / total) * weights / total
        error = float(np.sqrt(np.maximum(slope @ covariance @ slope, 0.0)))
        rows.append(
            (group, own / total, error if own > 0.0 else np.nan, own / (total + _fixed_variance(fit)))
        )
    names = ("group", "icc", "std_error", "icc_unadjusted")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    notes = ["icc: of the variance that the fixed effects leave; icc_unadjusted: of all."]
    if _has_slopes(fit):
        notes.append("Random slopes count with their mean variance over the rows.")
    return Table(columns, title="Intraclass correlation", notes=notes)


@takes(fit=a_fit)
def r_squared(fit: Fit) -> Table:
    """Tabulate the shares of variance that the model explains (Nakagawa and Schielzeth 2013; Johnson 2014).

    Parameters
    ----------
    fit
        A fit.

    Returns
    -------
    Table
        One row ``marginal, conditional``: by the fixed effects alone, and with the random effects.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> table = lmm.r_squared(fit)
    >>> table["marginal"].round(3), table["conditional"].round(3)
    (array([0.279]), array([0.799]))
    """
    sizes = variance_partition(fit)["variance"]
    total = sizes.sum()
    return Table(
        {"marginal": [sizes[0] / total], "conditional": [(total - sizes[-1]) / total]},
        title="R² (Nakagawa)",
        formats={"marginal": ".4f", "conditional": ".4f"},
    )


def _components(fit: Fit) -> FloatMatrix:
    """Variances and covariances in the order of the parameters: by term, the lower triangle column by column."""
    found = []
    for part, T in zip(fit.internals.design.random, fit.T, strict=True):
        S = T @ T.T
        found += [float(S[np.nonzero(np.tril(E))][0]) for E in parameter_basis(part)]
    if fit.moments is not None:
        return np.asarray(fit.moments.components)
    return fit.sigma**2 * np.array([*found, 1.0])


def _row_means(fit: Fit) -> FloatMatrix:
    """Compute what each parameter adds to the variance of a row, in the mean of all rows: z'Ez, and 1/weight."""
    found: list[float] = []
    for part in fit.internals.design.random:
        means = _mean_squares(part)
        found += [float((means * E).sum()) for E in parameter_basis(part)]
    own = float(np.mean(fit.internals.design.errors.variances))
    return np.array([*found, own])


def _mean_squares(part: RandomPart) -> FloatMatrix:
    """Mean over the rows of Σ_levels z z' (k, k); known covariances of the levels included."""
    block = part.block.effective()
    Z, k = block.to_sparse().tocsc(), block.n_columns
    columns = [Z[:, i::k] for i in range(k)]
    return np.array([[float(a.multiply(b).sum()) / block.n_rows for b in columns] for a in columns])


def _group_masks(fit: Fit) -> dict[str, FloatMatrix]:
    """Which parameters belong to each group (m,)."""
    owner = _owners(fit)
    groups = (group for group in dict.fromkeys(owner) if group is not None)
    return {group: np.array([*(float(name == group) for name in owner), 0.0]) for group in groups}


def _owners(fit: Fit) -> list[str | None]:
    """Name the group of each parameter but the last; None of a smooth term, which belongs to the mean."""
    parts = fit.internals.design.random
    return [part.group if part.is_random else None for part in parts for _ in parameter_basis(part)]


def _by_group(fit: Fit, sizes: FloatMatrix) -> dict[str, float]:
    return {group: float(mask @ sizes) for group, mask in _group_masks(fit).items()}


def _fixed_variance(fit: Fit) -> float:
    """Variance over the rows of the mean: fixed effects and smooth terms."""
    mean = fit.X @ fit.beta
    for part, effects in zip(fit.internals.design.random, fit.effects, strict=True):
        if part.is_smooth:
            mean = mean + part.block.apply(effects.ravel())
    return float(np.var(mean, ddof=1)) if fit.n_obs > 1 else 0.0


def _has_slopes(fit: Fit) -> bool:
    return any(not part.is_intercept for part in fit.internals.design.bars)
