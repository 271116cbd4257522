"""``lmm means``: marginal means, their contrasts and letters."""

from __future__ import annotations

import argparse
import warnings
from typing import TYPE_CHECKING, Any

from lmm.cli.fitting import add_model, fitted_model, judged
from lmm.cli.output import tell, write, write_json
from lmm.errors import LmmError, LmmWarning

if TYPE_CHECKING:
    from lmm.table import Table

__all__ = ["add_means"]


def add_means(commands: Any) -> None:
    """Add the command to those of the parser."""
    means = commands.add_parser(
        "means",
        help="estimate and compare marginal means",
        description="Fit a model, print marginal means, and contrasts or letters if asked for.",
    )
    means.set_defaults(command=_means, quiet=False)
    add_model(means)
    means.add_argument(
        "--specs", required=True, metavar="SPECS", help='such as "Variety" or "Variety | nitro"'
    )
    means.add_argument(
        "--at",
        action="append",
        default=[],
        metavar="NAME=VALUES",
        help="values of a covariate or some levels of a factor, such as Days=0,5; repeatable",
    )
    means.add_argument(
        "--weights-of-levels",
        metavar="SCHEME",
        default="equal",
        help="equal, proportional, outer, cells or flat; default: equal",
    )
    means.add_argument("--contrast", metavar="FAMILY", help="such as pairwise, dunnett, consec, poly or eff")
    means.add_argument(
        "--adjust",
        metavar="METHOD",
        help="of --contrast or --letters, such as tukey, holm or none; default: what suits them",
    )
    means.add_argument(
        "--letters", action="store_true", help="add letters: means that share one do not differ"
    )
    means.add_argument("--response", action="store_true", help="transform back to the scale of the response")
    means.add_argument(
        "--df", metavar="METHOD", default="auto", help="method for degrees of freedom; default: auto"
    )
    means.add_argument("--level", type=float, default=0.95, help="of the intervals; default: 0.95")
    means.add_argument("--json", action="store_true", help="print JSON instead of tables")


def _means(request: argparse.Namespace) -> int:
    at = _values(request.at)
    _check(request)
    fitted = fitted_model(request)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LmmWarning)
        means = fitted.emmeans(
            request.specs,
            at=at or None,
            weights=request.weights_of_levels,
            df=request.df,
            level=request.level,
            transform="response" if request.response else None,
        )
    for warning in caught:
        tell(f"warning: {warning.message}")
    if request.response and "emmean" in means.table.columns:
        raise LmmError("--response: the response of this formula is not transformed; leave it out")
    adjust = request.adjust or "auto"
    of_letters = "tukey" if adjust == "auto" else adjust
    tables = {"means": means.letters(adjust=of_letters, sort=False) if request.letters else means.table}
    if request.contrast is not None:
        tables["contrasts"] = means.contrast(request.contrast, adjust=adjust).table
    _show(fitted.formula, tables, request.json)
    return judged(fitted)


def _check(request: argparse.Namespace) -> None:
    """Refuse what would be taken in silence, before the fit."""
    specs = request.specs.partition("|")[0]
    if not specs.strip():
        raise LmmError(
            f'--specs: "{request.specs}" names nothing; write Variety, "Variety | nitro", or 1 for the mean of all'
        )
    if request.adjust in (None, "auto"):
        return
    from lmm.means.adjusting.adjustments import adjustment_named

    adjustment_named(request.adjust)
    if request.contrast is None and not request.letters:
        raise LmmError("--adjust has nothing to adjust here; add --contrast or --letters")


def _show(formula: str, tables: dict[str, Table], as_json: bool) -> None:
    if not as_json:
        write("\n\n".join(table.to_text(None) for table in tables.values()))
        return
    from lmm.reports import table_as_dict

    values = {"formula": formula, **{name: table_as_dict(table) for name, table in tables.items()}}
    write_json(values)


def _values(words: list[str]) -> dict[str, list[Any]]:
    """Read ``Days=0,5``: numbers where all are numbers, else levels."""
    found: dict[str, list[Any]] = {}
    for word in words:
        name, equals, values = word.partition("=")
        parts = [part.strip() for part in values.split(",") if part.strip()]
        if not equals or not name.strip() or not parts:
            raise LmmError(f'--at: "{word}" says no values; write Days=0,5 or Variety=Victory')
        if name.strip() in found:
            raise LmmError(
                f'--at: "{name.strip()}" is given twice; write all its values once, {name.strip()}=0,5'
            )
        try:
            found[name.strip()] = [float(part) for part in parts]
        except ValueError:
            found[name.strip()] = parts
    return found
