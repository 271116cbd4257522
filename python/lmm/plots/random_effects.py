"""Random effects of a fit, one panel for each column of each grouping factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmm.errors import DesignError, nearest

if TYPE_CHECKING:
    from lmm.model import Fit
    from lmm.typing import FloatVector

__all__ = ["Panel", "panels_of"]


@dataclass(frozen=True, slots=True)
class Panel:
    """Estimates of one random effect over the levels of its group.

    Attributes
    ----------
    group, term
        Names, such as ``"Subject"`` and ``"Days"``.
    levels
        Names of the levels.
    estimate, std_error : shape (n_levels,)
        Conditional modes and standard deviations given beta; the latter may be missing.
    """

    group: str
    term: str
    levels: tuple[str, ...]
    estimate: FloatVector
    std_error: FloatVector

    @property
    def title(self) -> str:
        """Text above the panel."""
        # A user's block has one name for both.
        return self.group if self.group == self.term else f"{self.group}: {self.term}"


def panels_of(fit: Fit, group: str | None = None) -> list[Panel]:
    """List the random effects in formula order.

    Parameters
    ----------
    fit
        A fit.
    group
        Only those of this grouping factor.

    Raises
    ------
    DesignError
        If there are none, or no grouping factor has this name.
    """
    table = fit.ranef(cond_var=True)
    groups, terms = table["group"], table["term"]
    names = list(dict.fromkeys(groups))
    if not names:
        raise DesignError("this model has no random effects; there is nothing to draw")
    if group is not None and group not in names:
        raise DesignError(
            f'there are no random effects of "{group}"; the groups are {", ".join(names)}.{nearest(group, names)}'
        )
    panels = []
    for name, term in dict.fromkeys(zip(groups, terms, strict=True)):
        if group is None or name == group:
            rows = np.flatnonzero((groups == name) & (terms == term))
            panels.append(
                Panel(
                    str(name),
                    str(term),
                    tuple(str(level) for level in table["level"][rows]),
                    np.asarray(table["estimate"][rows], dtype=np.float64),
                    np.asarray(table["std_error"][rows], dtype=np.float64),
                )
            )
    return panels
