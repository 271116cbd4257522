"""Least significant differences, as agronomists print them below a table of means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.inference import t_quantile
from lmm.means.adjusting.studentized_range import range_quantile
from lmm.means.reading.lettering import checked_alpha, pairs_of
from lmm.table import Table
from lmm.table.naming import beside

if TYPE_CHECKING:
    from lmm.means.result import Means

__all__ = ["differences_table"]

_MEANING = (
    "Two means differ significantly at the level {:g} if their difference exceeds value = critical × sed; "
    "LSD for one comparison, HSD (Tukey) for all at once."
)
_UNEQUAL = (
    "Standard errors of differences are not equal: sed, df, critical and value are averages over the pairs; "
    'compare two means by contrast("pairwise").'
)


def differences_table(means: Means, alpha: float) -> Table:
    """Make the table of LSD and HSD; see `Means.significant_differences`."""
    alpha = checked_alpha(alpha)
    pairs = pairs_of(means, "none")
    found, families = pairs.evaluated, pairs.comparison.families
    rows: list[dict[str, Any]] = []
    where: list[dict[str, Any]] = []
    unequal = False
    for family in range(len(pairs.comparison.n_means)):
        inside = (families == family) & ~np.isnan(found.std_error)
        first = np.argmax(means.comparison.families == family)
        sed, df = found.std_error[inside], found.df[inside]
        k = int(pairs.comparison.n_means[family])
        for test, critical in (
            ("LSD", t_quantile(1.0 - alpha / 2.0, df)),
            ("HSD", range_quantile(1.0 - alpha, max(k, 2), df) / np.sqrt(2.0)),
        ):
            values = critical * sed
            where.append({name: means.labels[name][first] for name in means.by})
            rows.append({"test": test, **_summary(sed, df, critical, values)})
            unequal |= bool(sed.size and np.ptp(values) > 1e-6 * values.max())
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    groups = beside(columns, {name: [row[name] for row in where] for name in means.by})
    notes = [
        *means.remarks,
        *groups.notes,
        *(note for note in found.notes if note.startswith("Degrees of freedom")),
        _MEANING.format(alpha),
    ]
    if means.options.response and means.link is not None:
        notes.append(f"On the scale of {means.link.text}.")
    if unequal:
        notes.append(_UNEQUAL)
    return Table({**groups.columns, **columns}, title="Least significant differences", notes=notes)


def _summary(sed: Any, df: Any, critical: Any, values: Any) -> dict[str, float]:
    if not sed.size:
        return dict.fromkeys(("sed", "df", "critical", "value", "value_min", "value_max"), np.nan)
    return {
        "sed": float(sed.mean()),
        "df": float(df.mean()),
        "critical": float(critical.mean()),
        "value": float(values.mean()),
        "value_min": float(values.min()),
        "value_max": float(values.max()),
    }
