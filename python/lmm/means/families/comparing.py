"""Contrasts of means as means again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import EllipsisType
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_text, instance_of, takes
from lmm.data.levels import label
from lmm.errors import LmmError, nearest
from lmm.means.adjusting.evaluation import Comparison
from lmm.means.families.contrast_rows import CONTRAST, Block, contrast_blocks, groups_of, interaction_blocks
from lmm.means.families.labels import as_objects
from lmm.means.families.named import Family
from lmm.means.options import changed_options
from lmm.means.specs import read_names
from lmm.table.naming import renamed, renaming_notes
from lmm.typing import FloatVector, IntVector

if TYPE_CHECKING:
    from lmm.means.result import Means

__all__ = ["contrast", "contrasts", "interaction_contrasts", "simple_contrasts"]


def _means_class() -> type:
    from lmm.means.result import Means

    return Means


some_means = instance_of(_means_class, "marginal means, as fit.emmeans() makes them")

By = str | Sequence[str] | EllipsisType | None


@takes(means=some_means, adjust=a_text)
def contrast(
    means: Means,
    method: Any = "pairwise",
    *,
    by: str | Sequence[str] | EllipsisType | None = ...,
    simple: str | Sequence[str] | None = None,
    interaction: Any = None,
    adjust: str = "auto",
    level: float | None = None,
    seed: int | None = None,
    ref: Any = None,
    reverse: bool | None = None,
    exclude: Any = None,
    max_degree: int | None = None,
    scores: Sequence[float] | FloatVector | None = None,
    weights: Sequence[float] | FloatVector | None = None,
    family: str | None = None,
) -> Means:
    """Compare the means.

    Parameters
    ----------
    means
        Marginal means, trends or contrasts.
    method
        Name of a family: ``"pairwise"``, ``"revpairwise"``, ``"tukey"``, ``"trt.vs.ctrl"``, ``"trt.vs.ctrl1"``,
        ``"trt.vs.ctrlk"``, ``"dunnett"``, ``"eff"``, ``"del.eff"``, ``"consec"``, ``"mean_chg"``, ``"poly"``,
        ``"opoly"``, ``"helmert"``, ``"nrmlz"``, ``"wtcon"``, ``"identity"``; or coefficients of one's own, a dict
        of rows by label (``{"A vs B": [1, -1, 0]}``) or a matrix with one column for each mean of a group.
    by
        Columns that divide the means into groups, each compared by itself; by default those of the means, None for
        one group.
    simple
        Factors of which simple contrasts are made: each within all combinations of the others; ``"each"`` for all
        in turn.
    interaction
        Instead of ``method``: one method for all factors or one for each; contrasts of contrasts of all of them.
    adjust
        Adjustment in each group: ``"auto"`` (that of the family), ``"none"``, ``"tukey"``, ``"sidak"``,
        ``"bonferroni"``, ``"holm"``, ``"hochberg"``, ``"hommel"``, ``"bh"``, ``"by"``, ``"scheffe"``,
        ``"dunnettx"``, ``"mvt"``.
    level, seed
        Of the intervals, and for ``adjust="mvt"``.
    ref
        Of comparisons with a control: the control, by its label, its position counted from 0, or several of them.
    reverse
        Whether to turn the direction of differences around.
    exclude
        Means that take no part, by label or position.
    max_degree
        Of polynomials: the highest degree.
    scores
        Of ``"opoly"``: the values of the levels.
    weights
        Of ``"eff"``, ``"del.eff"`` and ``"wtcon"``: one number for each mean.
    family
        Of ``"nrmlz"``: the family whose rows get length one.

    Returns
    -------
    Means
        ``contrast`` (or one column for each factor of an interaction), groups, ``estimate, std_error, df,
        statistic, p_value, conf_low, conf_high``.

    Raises
    ------
    LmmError
        If there is no such method or adjustment, or coefficients of another number than means.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
    >>> pairs = fit.emmeans("tension | wool").contrast("pairwise")
    >>> list(pairs["contrast"])[:3], pairs["p_value"][:3].round(3)
    (['L - M', 'L - H', 'M - H'], array([0.001, 0.001, 0.994]))
    """
    given = {
        "ref": ref,
        "reverse": reverse,
        "exclude": exclude,
        "max_degree": max_degree,
        "scores": scores,
        "weights": weights,
        "family": family,
    }
    options = {name: value for name, value in given.items() if value is not None}
    changed = changed_options(means.options, level=level, seed=seed)
    # The null value of means is not that of their differences.
    changed = replace(changed, null=0.0, delta=0.0, side="two-sided")
    means = replace(means, options=changed)
    if simple is not None:
        if interaction is not None or not isinstance(by, EllipsisType):
            raise LmmError("simple= makes its own groups; leave by= and interaction= out.")
        return simple_contrasts(means, simple, method, adjust, options)
    if interaction is not None:
        return interaction_contrasts(means, by, interaction, method, adjust, options)
    return contrasts(means, by, method, adjust, options)


def contrasts(means: Means, by: By, method: Any, adjust: str, options: Mapping[str, Any]) -> Means:
    """Make contrasts of one method within groups; see `Means.contrast`."""
    names, groups = _groups(means, by)
    blocks, family = contrast_blocks(
        means.labels, names, groups, means.counts, method, _minus(means, method), options
    )
    return _joined(means, blocks, names, family, adjust, _called(method))


def interaction_contrasts(
    means: Means, by: By, interaction: Any, method: Any, adjust: str, options: Mapping[str, Any]
) -> Means:
    """Make contrasts of interactions; see `Means.contrast`."""
    if options or not isinstance(method, str) or method != "pairwise":
        raise LmmError("interaction= replaces method= and takes no family options.")
    names, groups = _groups(means, by)
    blocks = interaction_blocks(means.labels, names, groups, interaction)
    return _joined(means, blocks, names, None, adjust, "Interaction contrasts")


def simple_contrasts(
    means: Means, simple: str | Sequence[str], method: Any, adjust: str, options: Mapping[str, Any]
) -> Means:
    """Make contrasts of some factors within all combinations of the others; see `Means.contrast`."""
    factors = list(means.labels)
    names_each = isinstance(simple, str) and simple == "each"
    sets = [[name] for name in factors] if names_each else [read_names(simple, "simple=")]
    if not all(sets) or (len(factors) < 2 and names_each):
        raise LmmError("simple= needs a factor among several; these means have one only.")
    for name in {name for names in sets for name in names}:
        if name not in factors:
            raise LmmError(
                f'simple= names "{name}", which is not a factor of these means; there are {", ".join(factors)}.'
                f"{nearest(name, factors)}"
            )
    made = []
    for names in sets:
        others = [name for name in factors if name not in names]
        made.append(contrasts(means, others or None, method, adjust, options))
    return made[0] if len(made) == 1 else _stacked(means, made, sets)


def _groups(means: Means, by: By) -> tuple[tuple[str, ...], list[IntVector]]:
    names = means.by if isinstance(by, EllipsisType) else tuple(read_names(by, "by="))
    return names, groups_of(means.labels, names, len(means.functions))


def _minus(means: Means, method: Any) -> str:
    """Differences of logarithms are ratios on the scale of the response."""
    ratios = means.options.response and means.link is not None and means.link.ratio_scale
    return " / " if ratios and isinstance(method, str) else " - "


def _joined(
    means: Means,
    blocks: Sequence[Block],
    by: tuple[str, ...],
    family: Family | None,
    adjust: str,
    heading: str,
) -> Means:
    """Put contrasts of all groups into one object, one family for each group."""
    from scipy.sparse import csr_matrix, vstack

    k = len(means.functions)
    spread = [_spread(csr_matrix(block.matrix), block.rows, k) for block in blocks]
    K = spread[0] if len(spread) == 1 else vstack(spread, format="csr")
    sizes = [matrix.shape[0] for matrix in spread]
    name = (family.adjust if family else "none") if adjust == "auto" else adjust
    options = changed_options(means.options, adjust=name, shows="both")
    link = _link(means, K)
    # The columns of the groups stand last.
    shown = dict(zip(by, list(blocks[0].labels)[len(blocks[0].labels) - len(by) :], strict=True))
    remarks = (*means.remarks, *_alone(means, blocks, by), *renaming_notes(shown))
    if options.response and means.link is not None and link is None:
        remarks = (
            *remarks,
            f"Differences on the scale of {means.link.text}, which are not ratios; see regrid().",
        )
        options = replace(options, response=False)
    return replace(
        means,
        functions=means.functions.combined(K),
        labels={
            column: np.concatenate([block.labels[column] for block in blocks]) for column in blocks[0].labels
        },
        by=tuple(shown.values()),
        comparison=Comparison(
            np.repeat(np.arange(len(blocks)), sizes),
            np.array([_n_compared(block) for block in blocks]),
            pairs=bool(family and family.pairs),
        ),
        kind="contrast",
        options=options,
        link=link,
        heading=heading,
        remarks=remarks,
        counts=None,
        value="estimate",
        coefficients=K,
    )


def _n_compared(block: Block) -> int:
    """Count the means that contrasts compare, without those that are excluded; of a mean alone there are none."""
    from scipy.sparse import csc_matrix

    compared = int(np.sum(np.diff(csc_matrix(block.matrix).indptr) > 0))
    return compared or len(block.rows)


def _alone(means: Means, blocks: Sequence[Block], by: Sequence[str]) -> list[str]:
    """Name the groups with one mean, which has no contrasts."""
    alone = [block.rows[0] for block in blocks if block.matrix.shape[0] == 0]
    named = [", ".join(f"{name} {label(means.labels[name][row])}" for name in by) for row in alone]
    return [f"One mean only, and nothing to compare it with: {'; '.join(named)}."] if named else []


def _spread(matrix: Any, rows: IntVector, k: int) -> Any:
    """Spread coefficients on the means of one group over all (r, k)."""
    from scipy.sparse import csr_matrix

    return csr_matrix((matrix.data, rows[matrix.indices], matrix.indptr), shape=(matrix.shape[0], k))


def _link(means: Means, K: Any) -> Any:
    """Find the link where the combinations can be read as ratios."""
    link = means.link
    if link is None or not link.ratio_scale:
        return None
    if means.kind == "contrast":
        return link
    sums = np.asarray(K.sum(axis=1)).ravel()
    sizes = np.asarray(abs(K).sum(axis=1)).ravel()
    return link if (np.abs(sums) <= 1e-9 * sizes).all() else None


def _called(method: Any) -> str:
    if not isinstance(method, str):
        return "Contrasts"
    titles = {
        "pairwise": "Pairwise comparisons",
        "revpairwise": "Pairwise comparisons",
        "tukey": "Pairwise comparisons",
    }
    return titles.get(method, f"Contrasts: {method}")


def _stacked(means: Means, made: Sequence[Means], sets: Sequence[Sequence[str]]) -> Means:
    """Put simple contrasts of several factors below each other; a factor that is contrasted has no level."""
    from scipy.sparse import vstack

    first = made[0]
    labels = {CONTRAST: np.concatenate([part.labels[CONTRAST] for part in made])}
    shown = renamed([CONTRAST], means.labels)
    for name, column in shown.items():
        parts = []
        for part, contrasted in zip(made, sets, strict=True):
            own = renamed([CONTRAST], [other for other in means.labels if other not in contrasted])
            held = part.labels[own[name]] if name in own else as_objects([None] * len(part.functions))
            parts.append(held)
        labels[column] = np.concatenate(parts)
    offsets = np.cumsum([0, *(len(part.comparison.n_means) for part in made)])
    comparison = Comparison(
        np.concatenate(
            [part.comparison.families + start for part, start in zip(made, offsets, strict=False)]
        ),
        np.concatenate([part.comparison.n_means for part in made]),
        pairs=all(part.comparison.pairs for part in made),
    )
    functions = replace(
        first.functions,
        base=np.vstack([part.functions.rows for part in made]),
        combine=None,
        constant=np.concatenate([part.functions.constant for part in made]),
        missing=np.concatenate([part.functions.missing for part in made]),
    )
    return replace(
        first,
        functions=functions,
        labels=labels,
        by=tuple(shown.values()),
        comparison=comparison,
        remarks=tuple(
            dict.fromkeys([*(note for part in made for note in part.remarks), *renaming_notes(shown)])
        ),
        coefficients=vstack([part.coefficients for part in made], format="csr"),
    )
