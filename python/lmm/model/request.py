"""The arguments of a fit, checked and kept, so that it can be changed and done again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from lmm.arguments import one_of, texts, whole_number, yes_or_no
from lmm.data import read_if_path
from lmm.design.smooth_objects import plain_objects
from lmm.engine import Block, Control
from lmm.errors import DataError, FormulaError, LmmError
from lmm.estimation import checked_control
from lmm.limits import MOST_RESTARTS, check_limit
from lmm.model.distribution.family import checked_family
from lmm.typing import FloatVector, Method, Missing, Negative


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What the user asked for; the attributes are the arguments of `lmm.fit`.

    ``data``, ``weights``, ``offset``, ``random`` and ``smooths`` are what was given; a fit that was loaded
    from a file or refitted to another response has them in its design only.
    """

    formula: str
    data: Any
    method: Method
    weights: Any
    offset: Any
    missing: Missing
    contrasts: str | Mapping[str, Any] | None
    random: Mapping[str, Block] | None
    start: Sequence[float] | FloatVector | None
    theta: Mapping[str, float | None] | Sequence[float | None] | FloatVector | None
    restarts: int
    control: Control
    negative: Negative = "zero"
    smooths: Mapping[str, Any] | None = None
    factors: tuple[str, ...] = ()
    select: bool = False

    @classmethod
    def checked(cls, **arguments: Any) -> Request:
        """Check what can be checked before the data are looked at.

        Raises
        ------
        LmmError
            If an argument cannot be.
        """
        _check_formula(arguments["formula"])
        one_of(*get_args(Method))(arguments["method"], "method")
        one_of(*get_args(Missing))(arguments["missing"], "missing")
        one_of(*get_args(Negative))(arguments.get("negative", "zero"), "negative")
        if arguments["data"] is None:
            raise DataError("There are no data: give a table as the second argument of lmm.fit.")
        arguments["select"] = yes_or_no(arguments.get("select", False), "select")
        arguments["restarts"] = whole_number(0)(arguments["restarts"], "restarts")
        check_limit("restarts=", arguments["restarts"], MOST_RESTARTS, "Hard designs need some tens.")
        factors = texts(arguments.get("factors", ()), "factors")
        arguments["factors"] = (factors,) if isinstance(factors, str) else tuple(factors)
        arguments["data"] = read_if_path(arguments["data"])
        smooths = plain_objects(arguments.get("smooths"))
        # The linear model is the only one that passes, so there is nothing to keep.
        checked_family(arguments.pop("family", None))
        checked = cls(**{**arguments, "control": checked_control(arguments["control"]), "smooths": smooths})
        _check_moments(checked)
        return checked


def _check_formula(formula: Any) -> None:
    if not isinstance(formula, str):
        raise FormulaError(
            f"The formula must be text, such as 'y ~ x + (1 | g)', not {type(formula).__name__}; "
            "it is the first argument, the table the second."
        )


def _check_moments(request: Request) -> None:
    """Refuse what one way to estimate does not take from the other."""
    if request.method != "moments":
        if request.negative == "allow":
            raise LmmError(
                f'negative="allow" belongs to method="moments"; variances of method="{request.method}" are never '
                "negative. Leave it out."
            )
        return
    for name, unused in (("start", None), ("theta", None), ("restarts", 0), ("control", Control())):
        given = getattr(request, name)
        if given is not unused and (name in ("start", "theta") or given != unused):
            raise LmmError(
                f'{name}= has no meaning for method="moments", which solves equations and searches nothing. '
                "Leave it out."
            )
