"""Influence of rows and of clusters on the fixed effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_text, takes
from lmm.errors import LmmError, nearest
from lmm.inference.covariance_root import covariance_root
from lmm.inference.observations.deletion import Deletions, delete_rows, delete_sets, leverage
from lmm.model import a_fit
from lmm.table import Table
from lmm.table.naming import renamed, renaming_notes
from lmm.typing import FloatVector, IntVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["cluster_names", "influence", "studentized"]

_ROW = "row"


@takes(fit=a_fit, by=a_text)
def influence(fit: Fit, by: str = "row") -> Table:
    """Measure how much rows, or all rows of a level, move the fixed effects when they are deleted.

    Theta, the relative covariance of the random effects, stays as it is in the fit; beta and sigma are exactly
    those of the remaining rows. Nothing is fitted again.

    Parameters
    ----------
    fit
        A fit.
    by
        ``"row"``, a grouping factor, or a column of the model frame whose values make the clusters; a factor that
        is itself called row is ``"row_"``.

    Returns
    -------
    Table
        ``row`` (index into the table that was fitted) or ``level`` and ``n_rows``;
        ``leverage``: of the row (`leverage`), or the sum over the rows;
        ``cooks_distance``: (β̂ - β̂₋)'Var(β̂)⁻¹(β̂ - β̂₋) over the number of fixed effects;
        ``covratio``: determinant of Var(β̂₋) over that of Var(β̂); ``sigma``: residual standard
        deviation without the rows; ``dfbetas.<term>``: change of a fixed effect over its standard error with
        that sigma. Missing where the fixed effects cannot be estimated without the rows.

    Raises
    ------
    LmmError
        If ``by`` is none of these names.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> clusters = lmm.influence(fit, by="Subject")
    >>> largest = clusters["cooks_distance"].argmax()
    >>> clusters["level"][largest], float(clusters["cooks_distance"][largest].round(3))
    ('309', 0.149)
    """
    columns: dict[str, Any]
    if by == _ROW:
        deletions = delete_rows(fit)
        columns = {"row": fit.internals.design.rows, "leverage": deletions.leverage}
    else:
        levels, codes = _clusters(fit, by)
        order = np.argsort(codes, kind="stable")
        counts = np.bincount(codes, minlength=len(levels))
        sets = np.split(order, np.cumsum(counts)[:-1])
        used = np.flatnonzero(counts)
        deletions = delete_sets(fit, [sets[j] for j in used])
        columns = {
            "level": [levels[j] for j in used],
            "n_rows": counts[used],
            "leverage": deletions.leverage,
        }
    columns |= _measures(fit, deletions)
    notes = [
        "The relative covariance of the random effects is held; beta and sigma are those of the other rows.",
        *(renaming_notes(cluster_names(fit)) if by == _ROW else ()),
    ]
    lost = int(np.count_nonzero(np.isnan(deletions.sigma)))
    if lost:
        notes.append(f"Missing in {lost} rows: without them some fixed effect cannot be estimated.")
    return Table(columns, title=f"Influence by {by}", notes=notes)


def studentized(fit: Fit) -> FloatVector:
    """Divide residuals (n,) by their standard deviation given theta, σ√((1 - h)/w); missing where h is one."""
    rest = 1.0 - leverage(fit)
    rest[rest <= 1e-12] = np.nan
    scaled: FloatVector = fit.residuals("scaled") / np.sqrt(rest)
    return scaled


def _measures(fit: Fit, deletions: Deletions) -> dict[str, Any]:
    vcov = fit.internals.evaluation.unscaled_vcov
    whitened = np.linalg.solve(covariance_root(vcov), deletions.change.T)  # (p, m)
    squares = np.square(whitened).sum(axis=0)
    # Without fixed effects there is nothing to move.
    cooks = squares / (fit.n_fixed * fit.sigma**2) if fit.n_fixed else np.full(len(squares), np.nan)
    # Where the other rows are reproduced exactly there is no scale to compare with.
    sigma = np.where(deletions.sigma > 0.0, deletions.sigma, np.nan)
    dfbetas = deletions.change / (sigma[:, None] * np.sqrt(np.diag(vcov)))
    names = [fit.internals.design.names[j] for j in fit.internals.design.kept]
    return {
        "cooks_distance": cooks,
        "covratio": deletions.covratio,
        "sigma": deletions.sigma,
        **{f"dfbetas.{name}": dfbetas[:, i] for i, name in enumerate(names)},
    }


def cluster_names(fit: Fit) -> dict[str, str]:
    """Find the word for ``by=`` of `influence` of each grouping factor and each other column that the model uses.

    ``"row"`` means single rows; a factor row is ``"row_"``.
    """
    groups = [part.group for part in fit.internals.design.bars]
    return renamed([_ROW], dict.fromkeys([*groups, *fit.internals.design.model_frame]))


def _clusters(fit: Fit, by: str) -> tuple[tuple[str, ...], IntVector]:
    """Levels, and the level of each row (n,)."""
    meant = {word: name for name, word in cluster_names(fit).items()}
    name = meant.get(by) if isinstance(by, str) else None
    for part in fit.internals.design.bars:
        if part.group == name:
            return part.levels, part.level_of_row
    if name is not None:
        column = fit.internals.design.model_frame[name].as_factor()
        return column.levels, column.factor_codes
    known = [_ROW, *meant]
    raise LmmError(f"by= must be one of {', '.join(known)}; it is {by!r}.{nearest(str(by), known)}")
