"""What marginal means are asked for: ``"Trt"``, ``"Trt | Day"``, ``["Trt", "Day"]``, ``"Trt:Day"``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lmm.arguments import shown
from lmm.errors import LmmError, nearest

if TYPE_CHECKING:
    from lmm.means.grid.variables import GridVariable
    from lmm.model import Fit

__all__ = ["Specs", "read_names", "read_specs"]

_PIECE = re.compile(r"\s*(`[^`]*`|\|+|[:*+~]|[^`|:*+~]+)")
OVERALL = "1"
"""Asks for the mean over everything."""


class Specs(NamedTuple):
    """Variables whose combinations get a mean, and those that divide the means into groups."""

    factors: tuple[str, ...]
    by: tuple[str, ...]


def read_specs(fit: Fit, specs: Any, by: Any, variables: Mapping[str, GridVariable]) -> Specs:
    """Read what is asked for, and check that the fixed part has it.

    Parameters
    ----------
    specs
        Text with names joined by ``:``, ``*`` or ``+``, after a bar those of groups; or a list of names.
    by
        More names of groups.
    variables
        Of the reference grid.

    Raises
    ------
    LmmError
        If something cannot be read, is unknown, a grouping factor of random terms, or there twice.
    """
    factors, groups = _split(specs)
    # A factor that is called 1 is meant where there is one.
    factors = [name for name in factors if name != OVERALL or OVERALL in variables]
    groups = [*groups, *read_names(by, "by=")]
    factors, groups = (
        [_known(fit, name, variables) for name in factors],
        [_known(fit, name, variables) for name in groups],
    )
    if not factors and groups:
        raise LmmError(
            f"specs={specs!r} asks for groups only; name the factor that gets means before the bar."
        )
    both = [name for name in factors if name in groups]
    if both:
        raise LmmError(
            f'"{both[0]}" stands among the means and among the groups; leave it out of one of them.'
        )
    return Specs(tuple(dict.fromkeys(factors)), tuple(dict.fromkeys(groups)))


def read_names(names: Any, where: str) -> list[str]:
    """Read the names in a text (joined by ``:``, ``*``, ``+`` or commas), or in a list.

    Raises
    ------
    LmmError
        If it is neither.
    """
    if names is None:
        return []
    if isinstance(names, str):
        return [name for text in names.split(",") for name in _pieces(text, where)]
    if isinstance(names, Sequence) and all(isinstance(name, str) for name in names):
        return list(names)
    raise LmmError(f"{where} must be a name or a list of names, not {shown(names)}.")


def _split(specs: Any) -> tuple[list[str], list[str]]:
    if not isinstance(specs, str):
        if isinstance(specs, Sequence) and all(isinstance(name, str) for name in specs):
            return list(specs), []
        raise LmmError(f'specs= must be text such as "Trt | Day", or a list of names, not {shown(specs)}.')
    if not specs.strip():
        raise LmmError('specs= is empty; name factors, or write "1" for the mean over everything.')
    before, bar, after = _at_bar(specs)
    left, tilde, right = before.rpartition("~")
    if tilde and left.strip():
        raise LmmError(
            f'specs={specs!r} has something before "~". For contrasts write '
            f'fit.emmeans("{right.strip()}{bar}{after.strip()}").contrast("{left.strip()}").'
        )
    return _pieces(right, "specs="), _pieces(after, "specs=")


def _at_bar(text: str) -> tuple[str, str, str]:
    """Cut at the bar that stands outside backticks."""
    outside = re.sub(r"`[^`]*`", lambda match: "x" * len(match[0]), text)
    place = outside.find("|")
    if place < 0:
        return text, "", ""
    return text[:place], " | ", text[place + 1 :]


def _pieces(text: str, where: str) -> list[str]:
    names = []
    for match in _PIECE.finditer(text):
        piece = match[1].strip()
        if piece in (":", "*", "+", ""):
            continue
        if piece.startswith("|") or piece == "~":
            raise LmmError(f'{where} has a "{piece}" too many in {text!r}; write "Trt | Day".')
        names.append(piece.strip("`"))
    return names


def _known(fit: Fit, name: str, variables: Mapping[str, GridVariable]) -> str:
    # C(Day) in a formula is the factor Day.
    coded = {factor.name: factor.variable for factor in fit.internals.design.factors}
    wanted = coded.get(name, name)
    if wanted in variables:
        return wanted
    groups = [part.group for part in fit.internals.design.groups]
    parts = {factor for term in fit.internals.spec.random for factor in term.term.factors}
    if wanted in groups or wanted in parts:
        raise LmmError(
            f'"{name}" is a grouping factor of random effects: its levels are a sample and have no marginal means. '
            "Their predictions are in fit.ranef() and fit.coef()."
        )
    if wanted in fit.internals.spec.response.variables:
        raise LmmError(f'"{name}" is the response; name a variable of the right side.')
    known = ", ".join(variables) or "none"
    raise LmmError(
        f'There is no variable "{name}" in the fixed part; there are {known}.{nearest(name, variables)}'
    )
