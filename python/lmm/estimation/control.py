"""Reading of the argument ``control``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from lmm.engine import Control
from lmm.errors import LmmError, nearest


def checked_control(control: Control | Mapping[str, Any] | None) -> Control:
    """Read the settings of the optimizer from what the user gave.

    Parameters
    ----------
    control
        Nothing, the settings themselves, or a dict of those that differ from the defaults.

    Raises
    ------
    LmmError
        If a setting does not exist or is out of range.

    Examples
    --------
    >>> checked_control({"max_iterations": 100}).max_iterations
    100
    """
    if control is None:
        return Control()
    if isinstance(control, Control):
        return control
    if not isinstance(control, Mapping):
        raise LmmError(
            f"control= must be a dict of settings, not {type(control).__name__}; "
            "for example control={'max_iterations': 100}."
        )
    known = [field.name for field in fields(Control)]
    for name in control:
        if name not in known:
            raise LmmError(
                f"control= has no setting {name!r}; it has {', '.join(known)}.{nearest(str(name), known)}"
            )
    return Control(**control)
