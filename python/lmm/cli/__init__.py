"""The command ``lmm``: fit a model from the shell, test its terms, compare its means, write its page, plan.

Exit codes: 0 fitted, 1 not converged, 2 a request that cannot be met, 130 interrupted.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lmm.cli.fitting import add_model, fitted_model, judged
from lmm.cli.means import add_means
from lmm.cli.output import (
    BAD_REQUEST,
    FITTED,
    INTERRUPTED,
    NOT_CONVERGED,
    PIPE_CLOSED,
    abandon,
    finish,
    tell,
    write,
    write_json,
)
from lmm.cli.parser import Parser
from lmm.cli.sources import declare_factors, known_set, read
from lmm.errors import ConvergenceError, DesignError, FileError, LmmError
from lmm.files import checked_path

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["main"]

_EXAMPLE = """\
examples:
  lmm fit "Reaction ~ Days + (Days | Subject)" --data sleepstudy --report sleepstudy.html
  lmm fit "yield ~ nitro + (1 | Block/Variety)" --data oats.csv --method ml --json
  lmm anova "yield ~ Variety * nitro + (1 | Block/Variety)" --data Oats --factor nitro --type 3 --df kenward-roger
  lmm means "breaks ~ wool * tension" --data warpbreaks --specs "tension | wool" --contrast pairwise
  lmm shell "~ Diet * Time + (1 | Room)" --sizes Diet=6,Time=3,Room=3,replicates=5
  lmm data sleepstudy
"""
_HEAD = 6


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments
        Words after ``lmm``; by default those of the shell.

    Returns
    -------
    int
        The exit code.

    Examples
    --------
    >>> from lmm.cli import main
    >>> main(["fit", "Reaction ~ Days + (Days | Subject)", "--data", "sleepstudy", "--quiet"])
    0
    """
    try:
        request = _parser().parse_args(arguments)
        code: int = request.command(request)
        finish()
        return code
    except LmmError as error:
        tell(str(error))
        if isinstance(error, FileError):
            abandon()
        return NOT_CONVERGED if isinstance(error, ConvergenceError) else BAD_REQUEST
    except KeyboardInterrupt:
        tell("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        abandon()
        return PIPE_CLOSED


class _Version(argparse.Action):
    """Print the version; looking it up costs nothing unless asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from lmm import __version__

        write(f"lmm {__version__}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="lmm",
        description="Linear mixed models: every number right, with its reason shown.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and stop")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    fit = commands.add_parser("fit", help="fit a model", description="Fit a model and print its summary.")
    fit.set_defaults(command=_fit)
    add_model(fit)
    fit.add_argument("--report", metavar="FILE", help="write the HTML page; its name ends in .html or .htm")
    printed = fit.add_mutually_exclusive_group()
    printed.add_argument("--json", action="store_true", help="print JSON instead of the summary")
    printed.add_argument("--quiet", action="store_true", help="print nothing but warnings and errors")
    _add_anova(commands)
    add_means(commands)
    _add_shell(commands)
    data = commands.add_parser(
        "data",
        help="list the built-in data sets, or tell about one",
        description="Look at the built-in data sets.",
    )
    data.set_defaults(command=_data)
    data.add_argument("name", nargs="?", help="the data set to tell about; all are listed without it")
    return parser


def _add_anova(commands: Any) -> None:
    anova = commands.add_parser(
        "anova",
        help="test the terms of a model",
        description="Fit a model and print its analysis of variance.",
    )
    anova.set_defaults(command=_anova, quiet=False)
    add_model(anova)
    anova.add_argument("--type", type=int, choices=(1, 2, 3), default=3, help="default: 3")
    anova.add_argument(
        "--df",
        metavar="METHOD",
        default="auto",
        help="kenward-roger, satterthwaite, containment, between-within, effective, residual or normal; default: auto",
    )
    anova.add_argument(
        "--test", choices=("f", "chisq"), default="f", help="F or Wald's chi-square; default: f"
    )
    anova.add_argument(
        "--containment", choices=("sas", "marginal"), default="sas", help="rule of type 2; default: sas"
    )
    anova.add_argument("--json", action="store_true", help="print JSON instead of the table")


def _add_shell(commands: Any) -> None:
    shell = commands.add_parser(
        "shell",
        help="lay out a planned experiment",
        description="Print sources, degrees of freedom, error terms and expected mean squares of a plan.",
    )
    shell.set_defaults(command=_shell)
    shell.add_argument("formula", help='such as "~ Diet * Time + (1 | Room)"')
    plan = shell.add_mutually_exclusive_group(required=True)
    plan.add_argument(
        "--sizes", metavar="A=2,B=3", help="levels of each factor; replicates=5 repeats every combination"
    )
    plan.add_argument("--data", metavar="SET", help="a field plan: as for lmm fit, no response needed")
    shell.add_argument(
        "--factor", metavar="COLUMN", action="append", default=[], help="read its numbers as levels"
    )
    shell.add_argument("--html", action="store_true", help="print HTML instead of text")


def _shell(request: argparse.Namespace) -> int:
    from lmm.experiments import shell

    if request.sizes is not None and request.factor:
        raise DesignError("--factor is for --data; with --sizes all names are factors: leave it out")
    factors = (
        declare_factors(read(request.data), request.factor, request.formula)
        if request.sizes is None
        else _sizes(request.sizes)
    )
    table = shell(request.formula, factors)
    write(table.to_html() if request.html else f"{table}\n\n{table.hasse}")
    return FITTED


def _sizes(text: str) -> dict[str, int]:
    sizes = {}
    for part in text.split(","):
        name, _, number = part.rpartition("=")
        # Python reads no number of thousands of digits; one of 18 is refused later, as too many rows.
        if not name.strip() or not number.strip().isdecimal() or len(number.strip()) > 18:
            raise DesignError(f'--sizes: "{part.strip()}" is not a size; write Diet=6,Time=3,replicates=5')
        if name.strip() in sizes:
            raise DesignError(f'--sizes: "{name.strip()}" has two sizes; give it one')
        sizes[name.strip()] = int(number)
    return sizes


def _fit(request: argparse.Namespace) -> int:
    if request.report is not None:
        from lmm.reports import check_destination

        # Before a fit that may take long, not after it.
        check_destination(checked_path(request.report, "fit.html"))
    fitted = fitted_model(request)
    if request.report is not None:
        fitted.report(request.report)
    _show(fitted, request)
    return judged(fitted)


def _anova(request: argparse.Namespace) -> int:
    fitted = fitted_model(request)
    table = fitted.anova(type=request.type, df=request.df, test=request.test, containment=request.containment)
    if request.json:
        from lmm.reports import table_as_dict

        values = {"formula": fitted.formula, "method": fitted.method, **table_as_dict(table)}
        write_json(values)
    else:
        notes = "".join(f"\nNote: {note}" for note in fitted.notes)
        write(f"{fitted.summary().title}\nFormula: {fitted.formula}\n\n{table}{notes}")
    return judged(fitted)


def _show(fitted: Fit, request: argparse.Namespace) -> None:
    if request.json:
        from lmm.reports import as_dict

        write_json(as_dict(fitted))
    elif not request.quiet:
        write(str(fitted.summary()))
        if request.report is not None:
            write(f"\nReport: {request.report}")


def _data(request: argparse.Namespace) -> int:
    from lmm.datasets import describe, load
    from lmm.datasets import list as list_sets
    from lmm.table import Table

    if request.name is None:
        table = list_sets()
        notes = ("lmm data sleepstudy tells about one.",)
        write(
            Table({name: table[name] for name in table.columns}, title=table.title, notes=notes).to_text(None)
        )
        return FITTED
    about = describe(known_set(request.name))
    head = load(request.name).head(_HEAD)
    rows = Table({name: head[name].tolist() for name in head.columns}, title=f"First {len(head)} rows")
    write(f"{about}\n\n{rows}")
    return FITTED
