"""Contrasts as users give them: text, names, dicts, matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import shown
from lmm.errors import LmmError, nearest
from lmm.inference.contrast.estimability import as_matrix
from lmm.inference.contrast.language import Hypotheses, parse_hypotheses
from lmm.typing import FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["read_contrast"]

_LONGEST_LABEL = 4  # coefficients that a label spells out


def read_contrast(fit: Fit, contrast: Any, rhs: Any = 0.0) -> Hypotheses:
    """Read rows, right sides and labels.

    Parameters
    ----------
    contrast
        Text (``"a - b = 0, c = 10"``) or several of them; a dict of coefficients by name
        (``{"a": 1, "b": -1}``), or of such dicts, vectors or texts by label; a vector or matrix with one
        number for each fixed effect.
    rhs : number or shape (r,)
        What the rows are compared with; text may say so itself.

    Raises
    ------
    LmmError
        If a name is unknown, a length wrong, or nothing is tested.
    """
    found = _read(fit, contrast)
    given = np.asarray(rhs, dtype=float) if _numeric(rhs) else None
    if given is None or given.ndim > 1 or given.shape not in ((), (1,), found.rhs.shape):
        raise LmmError(
            f"rhs= must be a number, or one for each of the {len(found.rhs)} rows; it is {shown(rhs)}."
        )
    if not np.isfinite(given).all():
        raise LmmError(f"rhs= has numbers that are missing or infinite: {shown(rhs)}.")
    if not given.any():
        return found
    if found.rhs.any():
        raise LmmError("The hypotheses say themselves what they are compared with; leave rhs= out.")
    both = np.broadcast_to(given, found.rhs.shape).astype(float)
    labels = tuple(f"{label} = {value:g}" for label, value in zip(found.labels, both, strict=True))
    return Hypotheses(found.contrast, both, labels)


def _read(fit: Fit, contrast: Any) -> Hypotheses:
    names = fit.internals.design.names
    if isinstance(contrast, str):
        return parse_hypotheses(contrast, names)
    if isinstance(contrast, Mapping):
        return _from_mapping(fit, contrast)
    if isinstance(contrast, Sequence) and contrast and all(isinstance(item, str) for item in contrast):
        return _joined([parse_hypotheses(item, names) for item in contrast])
    rows = as_matrix(fit, contrast)
    if not len(rows):
        raise LmmError("The contrast has no rows: nothing is tested.")
    width = rows.shape[1]
    used = names if width == len(names) else tuple(names[j] for j in fit.internals.design.kept)
    labels = tuple(_label(row, used, i) for i, row in enumerate(rows, start=1))
    return Hypotheses(rows, np.zeros(len(rows)), labels)


def _from_mapping(fit: Fit, contrast: Mapping[Any, Any]) -> Hypotheses:
    if not contrast:
        raise LmmError("The contrast is an empty dict: nothing is tested.")
    if all(_is_number(value) for value in contrast.values()):
        row = _row(fit, contrast)
        return Hypotheses(row[None, :], np.zeros(1), (_label(row, fit.internals.design.names, 1),))
    rows = []
    for label, value in contrast.items():
        found = _read(fit, value)
        if len(found.rhs) != 1:
            raise LmmError(f"The contrast {label!r} has {len(found.rhs)} rows; a label names one.")
        rows.append(Hypotheses(found.contrast, found.rhs, (str(label),)))
    return _joined(rows)


def _row(fit: Fit, coefficients: Mapping[Any, Any]) -> FloatVector:
    names = fit.internals.design.names
    row = np.zeros(len(names))
    for name, value in coefficients.items():
        if name not in names:
            listed = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
            raise LmmError(
                f'There is no coefficient "{name}"; there are {listed}.{nearest(str(name), names)}'
            )
        row[names.index(name)] = float(value)
    if not np.isfinite(row).all():
        raise LmmError("A contrast has numbers that are missing or infinite.")
    return row


def _joined(parts: Sequence[Hypotheses]) -> Hypotheses:
    if len({part.contrast.shape[1] for part in parts}) > 1:
        raise LmmError("The contrasts differ in length: give all of them for all fixed effects.")
    return Hypotheses(
        np.vstack([part.contrast for part in parts]),
        np.concatenate([part.rhs for part in parts]),
        tuple(label for part in parts for label in part.labels),
    )


def _label(row: FloatVector, names: Sequence[str], number: int) -> str:
    """Spell a short row out, such as ``Days - 0.5 Intercept``; number a long one."""
    used = np.flatnonzero(row).tolist()
    if not 0 < len(used) <= _LONGEST_LABEL:
        return f"row {number}"
    pieces = []
    for j in used:
        size = "" if abs(row[j]) == 1.0 else f"{abs(row[j]):.4g} "
        sign = " - " if row[j] < 0 else " + "
        pieces.append(f"{sign}{size}{names[j]}")
    text = "".join(pieces)
    return text[3:] if text.startswith(" + ") else f"-{text[3:]}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _numeric(value: Any) -> bool:
    try:
        np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError):
        return False
    return not isinstance(value, str | bool)
