"""Which random terms take part in a prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from lmm.arguments import texts
from lmm.design import RandomPart
from lmm.errors import LmmError, nearest

Selection: TypeAlias = bool | str | Sequence[str]
"""All random terms (True), none (False), or groups and bars by name."""


def select_terms(parts: Sequence[RandomPart], random: Selection) -> list[int]:
    """Find the terms that ``random`` names, in their order.

    Parameters
    ----------
    parts
        The random terms of the model.
    random
        True, False, or groups (``"Subject"``) and bars (``"(0 + Days | Subject)"``). Smooth terms belong to the mean
        and take part always.

    Raises
    ------
    LmmError
        If a name belongs to no term.
    """
    smooth = {i for i, part in enumerate(parts) if part.is_smooth}
    if isinstance(random, bool):
        return list(range(len(parts))) if random else sorted(smooth)
    wanted = texts(random, "random")
    wanted = [wanted] if isinstance(wanted, str) else wanted
    found: set[int] = set()
    for name in wanted:
        matching = {
            i
            for i, part in enumerate(parts)
            if part.is_random and _plain(name) in (_plain(part.group), _plain(part.source))
        }
        if not matching:
            own = [part for part in parts if part.is_random]
            names = list(dict.fromkeys([*(p.group for p in own), *(p.source for p in own)]))
            raise LmmError(
                f"random= names {name!r}, which is not a random term of this model; "
                f"it has {', '.join(names) or 'none'}.{nearest(str(name), names)}"
            )
        found |= matching
    return sorted(found | smooth)


def _plain(name: object) -> str:
    """Text without spaces."""
    return "".join(str(name).split())
