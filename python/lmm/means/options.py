"""How means and contrasts are read: level, adjustment, side, null value, margin, scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from lmm.arguments import number, one_of, whole_number
from lmm.errors import LmmError
from lmm.inference import Df, Vcov, checked_level
from lmm.means.adjusting.adjustments import adjustment_named

__all__ = ["Options", "changed_options"]

_DIRECTIONS = {"two-sided": 0, "greater": 1, "less": -1}
_WITH_MARGIN = {"equivalence": "two-sided", "noninferiority": "greater", "nonsuperiority": "less"}
_ALIASES = {">": "greater", "<": "less", "!=": "two-sided"}


@dataclass(frozen=True, slots=True)
class Options:
    """What decides on tests and intervals, given the estimates.

    Attributes
    ----------
    df, vcov
        For the one door of inference.
    level
        Of the intervals.
    adjust
        Name of an adjustment.
    side
        ``"two-sided"``, ``"greater"`` or ``"less"``.
    null
        What estimates are compared with, on the scale of the estimates.
    delta
        Margin of tests of equivalence, noninferiority and nonsuperiority; 0 for none of them.
    shows
        Columns of the table: ``"intervals"``, ``"tests"`` or ``"both"``.
    response
        Whether results are transformed back to the scale of the response.
    bias_variance
        Variance of the response on the scale of the model, for the adjustment of bias; 0 for none.
    seed
        For adjustments that draw.
    """

    df: Df = "auto"
    vcov: Vcov = None
    level: float = 0.95
    adjust: str = "none"
    side: str = "two-sided"
    null: float = 0.0
    delta: float = 0.0
    shows: str = "intervals"
    response: bool = False
    bias_variance: float = 0.0
    seed: int = 0

    @property
    def direction(self) -> int:
        """0 for two-sided, 1 where large estimates count, -1 where small ones do."""
        return _DIRECTIONS[self.side]


def changed_options(options: Options, **changes: Any) -> Options:
    """Change options after checking them; None leaves one as it is.

    Raises
    ------
    LmmError
        If a value cannot be.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    if "level" in given:
        given["level"] = checked_level(given["level"])
    if "adjust" in given:
        given["adjust"] = adjustment_named(given["adjust"])
    for name in ("null", "delta"):
        if name in given:
            given[name] = number()(given[name], name)
    if "seed" in given:
        given["seed"] = whole_number(0)(given["seed"], "seed")
    if "side" in given:
        given["side"], needs_delta = _side(given["side"])
        if needs_delta and not given.get("delta", options.delta):
            raise LmmError(f"A test of {changes['side']} needs its margin: delta=, a number above 0.")
    if given.get("delta", 0.0) < 0.0:
        raise LmmError(f"delta= must be 0 or more; it is {given['delta']:g}.")
    return replace(options, **given)


def _side(side: Any) -> tuple[str, bool]:
    """Read the direction, and whether the name asks for a margin."""
    one_of(*_DIRECTIONS, *_WITH_MARGIN, *_ALIASES)(side, "side")
    name = _ALIASES.get(side, side)
    return _WITH_MARGIN.get(name, name), name in _WITH_MARGIN
