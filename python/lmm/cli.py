"""The command ``lmm``: fit a model from the shell, test its terms, write its page, look at the data sets.

Exit codes: 0 fitted, 1 not converged, 2 a request that cannot be met, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmm.errors import (
    ConvergenceError,
    DataError,
    DatasetError,
    DesignError,
    FileError,
    LmmError,
    LmmWarning,
    nearest,
    require,
)

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["main"]

FITTED, NOT_CONVERGED, BAD_REQUEST, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141

_EXAMPLE = """\
examples:
  lmm fit "Reaction ~ Days + (Days | Subject)" --data sleepstudy --report sleepstudy.html
  lmm fit "yield ~ nitro + (1 | Block/Variety)" --data oats.csv --method ml --json
  lmm anova "yield ~ Variety * nitro + (1 | Block/Variety)" --data Oats --factor nitro --type 3 --df kenward-roger
  lmm shell "~ Diet * Time + (1 | Room)" --sizes Diet=6,Time=3,Room=3,replicates=5
  lmm data sleepstudy
"""
_MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", ".")
_SUFFIXES = (".csv", ".tsv", ".parquet")
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
        # What is still buffered may meet a closed pipe, and that should be noticed here.
        sys.stdout.flush()
        return code
    except LmmError as error:
        _tell(str(error))
        return NOT_CONVERGED if isinstance(error, ConvergenceError) else BAD_REQUEST
    except KeyboardInterrupt:
        _tell("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED


class _Version(argparse.Action):
    """Print the version; looking it up costs nothing unless asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from lmm import __version__

        _write(f"lmm {__version__}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lmm",
        description="Linear mixed models: every number right, with its reason shown.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and stop")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    fit = commands.add_parser("fit", help="fit a model", description="Fit a model and print its summary.")
    fit.set_defaults(command=_fit)
    _add_model(fit)
    fit.add_argument("--report", metavar="FILE", type=Path, help="write the HTML page")
    fit.add_argument("--json", action="store_true", help="print JSON instead of the summary")
    fit.add_argument("--quiet", action="store_true", help="print nothing but warnings and errors")
    _add_anova(commands)
    _add_shell(commands)
    data = commands.add_parser(
        "data",
        help="list the built-in data sets, or tell about one",
        description="Look at the built-in data sets.",
    )
    data.set_defaults(command=_data)
    data.add_argument("name", nargs="?", help="the data set to tell about; all are listed without it")
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    """Add what every command that fits a model needs."""
    parser.add_argument("formula", help='such as "Reaction ~ Days + (Days | Subject)"')
    parser.add_argument(
        "--data", required=True, metavar="SET", help="a built-in data set, or a .csv, .tsv or .parquet file"
    )
    parser.add_argument("--method", choices=("reml", "ml", "moments"), default="reml", help="default: reml")
    parser.add_argument("--weights", metavar="COLUMN", help="prior weights: Var(e) = sigma^2/weight")
    parser.add_argument("--offset", metavar="COLUMN", help="a known part of the mean")
    parser.add_argument(
        "--factor",
        metavar="COLUMN",
        action="append",
        default=[],
        help="read its numbers as levels; repeatable",
    )


def _add_anova(commands: Any) -> None:
    anova = commands.add_parser(
        "anova",
        help="test the terms of a model",
        description="Fit a model and print its analysis of variance.",
    )
    anova.set_defaults(command=_anova, quiet=False)
    _add_model(anova)
    anova.add_argument("--type", type=int, choices=(1, 2, 3), default=3, help="default: 3")
    anova.add_argument(
        "--df",
        metavar="METHOD",
        default="auto",
        help="kenward-roger, satterthwaite, containment, between-within, residual or normal; default: auto",
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

    factors = (
        _declare_factors(_read(request.data), request.factor)
        if request.sizes is None
        else _sizes(request.sizes)
    )
    table = shell(request.formula, factors)
    _write(table.to_html() if request.html else f"{table}\n\n{table.hasse}")
    return FITTED


def _sizes(text: str) -> dict[str, int]:
    sizes = {}
    for part in text.split(","):
        name, _, number = part.rpartition("=")
        if not name.strip() or not number.strip().isdecimal():
            raise DesignError(f'--sizes: "{part.strip()}" is no size; write Diet=6,Time=3,replicates=5')
        sizes[name.strip()] = int(number)
    return sizes


def _fit(request: argparse.Namespace) -> int:
    if request.report is not None:
        from lmm.reports import check_destination

        # Before a fit that may take long, not after it.
        check_destination(request.report)
    fitted = _fitted(request)
    if request.report is not None:
        fitted.report(request.report)
    _show(fitted, request)
    return _judged(fitted)


def _anova(request: argparse.Namespace) -> int:
    fitted = _fitted(request)
    table = fitted.anova(type=request.type, df=request.df, test=request.test, containment=request.containment)
    if request.json:
        from lmm.reports import table_as_dict

        values = {"formula": fitted.formula, "method": fitted.method, **table_as_dict(table)}
        _write(json.dumps(values, allow_nan=False, ensure_ascii=False, indent=2))
    else:
        notes = "".join(f"\nNote: {note}" for note in fitted.notes)
        _write(f"{fitted.summary().title}\nFormula: {fitted.formula}\n\n{table}{notes}")
    return _judged(fitted)


def _fitted(request: argparse.Namespace) -> Fit:
    """Read the data and fit; warnings that nothing else will show go to the error stream."""
    from lmm.model import fit

    data = _declare_factors(_read(request.data), request.factor)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LmmWarning)
        fitted = fit(
            request.formula, data, method=request.method, weights=request.weights, offset=request.offset
        )
    shows_notes = not (request.quiet or request.json)
    for warning in caught:
        # The notes say the same.
        if not (shows_notes and issubclass(warning.category, LmmWarning)):
            _tell(f"warning: {warning.message}")
    return fitted


def _judged(fitted: Fit) -> int:
    if not fitted.converged:
        _tell(f"not converged: {fitted.certificate.message}")
        return NOT_CONVERGED
    return FITTED


def _show(fitted: Fit, request: argparse.Namespace) -> None:
    if request.json:
        from lmm.reports import as_dict

        _write(json.dumps(as_dict(fitted), allow_nan=False, ensure_ascii=False, indent=2))
    elif not request.quiet:
        _write(str(fitted.summary()))
        if request.report is not None:
            _write(f"\nReport: {request.report}")


def _data(request: argparse.Namespace) -> int:
    from lmm.datasets import describe, load
    from lmm.datasets import list as list_sets
    from lmm.table import Table

    if request.name is None:
        table = list_sets()
        notes = ("lmm data sleepstudy tells about one.",)
        _write(
            Table({name: table[name] for name in table.columns}, title=table.title, notes=notes).to_text(None)
        )
        return FITTED
    about = describe(_known_set(request.name))
    head = load(request.name).head(_HEAD)
    rows = Table({name: head[name].tolist() for name in head.columns}, title=f"First {len(head)} rows")
    _write(f"{about}\n\n{rows}")
    return FITTED


def _read(source: str) -> Any:
    """Give a frame: a file if the name looks like one or exists, else a built-in data set."""
    path = Path(source)
    if path.suffix.lower() in _SUFFIXES or path.exists() or len(path.parts) > 1:
        return _read_file(path)
    from lmm.datasets import load

    return load(_known_set(source))


def _known_set(name: str) -> str:
    from lmm.datasets import list as list_sets

    names = list(list_sets()["name"])
    if name not in names:
        raise DatasetError(
            f'there is no data set "{name}", and no file of this name; `lmm data` lists the data sets, and a file '
            f"ends in {', '.join(_SUFFIXES)}.{nearest(name, names)}"
        )
    return name


def _read_file(path: Path) -> Any:
    suffix = path.suffix.lower()
    try:
        # First of all, so that all kinds of files say the same when they are not there.
        path.open("rb").close()
        if suffix == ".parquet":
            return _read_parquet(path)
        if suffix in _SUFFIXES:
            return _read_text(path, "," if suffix == ".csv" else "\t")
    except FileError:
        raise
    except (OSError, ValueError) as error:
        # pandas and pyarrow raise their own kinds of ValueError for files that are empty, ragged or broken.
        raise FileError(f'cannot read "{path}": {_reason(error)}') from error
    raise FileError(f'cannot read "{path}": its name should end in {", ".join(_SUFFIXES)}')


def _read_parquet(path: Path) -> Any:
    require("pyarrow", extra="io")
    return require("pandas", extra="io").read_parquet(path)


def _read_text(path: Path, separator: str) -> Any:
    import pandas as pd

    try:
        frame = pd.read_csv(
            path, sep=separator, encoding="utf-8-sig", keep_default_na=False, na_values=list(_MISSING)
        )
    except pd.errors.EmptyDataError:
        raise FileError(f'cannot read "{path}": it is empty') from None
    return _with_columns(frame, path, separator)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, UnicodeError):
        return "it is not UTF-8 text; save it with this encoding"
    # The part of pandas' message that is about the file.
    text = str(error).strip().partition("\n")[0].rpartition("C error: ")[2]
    return text or type(error).__name__


def _with_columns(frame: Any, path: Path, separator: str) -> Any:
    if len(frame.columns) == 1:
        line = str(frame.columns[0])
        other = next((mark for mark in ";\t,|" if mark != separator and mark in line), None)
        if other is not None:
            raise FileError(
                f'"{path}" has a single column, "{line}": its values seem to be separated by {other!r} and not by '
                f"{separator!r}; save it as comma-separated .csv or as tab-separated .tsv"
            )
    return frame


def _declare_factors(frame: Any, names: Sequence[str]) -> Any:
    for name in names:
        if name not in frame.columns:
            raise DataError(
                f'--factor: there is no column "{name}"; the data have {", ".join(map(str, frame.columns))}.'
                f"{nearest(name, map(str, frame.columns))}"
            )
    return frame.astype(dict.fromkeys(names, "category")) if names else frame


def _write(text: str) -> None:
    try:
        sys.stdout.write(f"{text}\n")
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding
        sys.stdout.write(f"{text}\n".encode(encoding, "replace").decode(encoding))


def _tell(message: str) -> None:
    sys.stderr.write(f"lmm: {message}\n")
