"""Models from words: what every command that fits one has in common."""

from __future__ import annotations

import argparse
import warnings
from typing import TYPE_CHECKING

from lmm.cli.output import FITTED, NOT_CONVERGED, tell
from lmm.cli.sources import declare_factors, read
from lmm.errors import LmmWarning

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["add_model", "fitted_model", "judged"]


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add what every command that fits a model needs."""
    parser.add_argument("formula", help='such as "Reaction ~ Days + (Days | Subject)"')
    parser.add_argument(
        "--data",
        required=True,
        metavar="SET",
        help="a built-in data set, or a .csv, .tsv, .parquet or .feather file",
    )
    parser.add_argument(
        "--method", choices=("reml", "ml", "moments", "gcv"), default="reml", help="default: reml"
    )
    parser.add_argument("--weights", metavar="COLUMN", help="prior weights: Var(e) = sigma^2/weight")
    parser.add_argument("--offset", metavar="COLUMN", help="a known part of the mean")
    parser.add_argument(
        "--factor",
        metavar="COLUMN",
        action="append",
        default=[],
        help="read its numbers as levels; repeatable",
    )
    parser.add_argument(
        "--select", action="store_true", help="smooth terms can shrink to nothing, as by select=TRUE of mgcv"
    )


def fitted_model(request: argparse.Namespace) -> Fit:
    """Read the data and fit; warnings that nothing else will show go to the error stream."""
    from lmm.model import fit

    data = declare_factors(read(request.data), request.factor, request.formula)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LmmWarning)
        fitted = fit(
            request.formula,
            data,
            method=request.method,
            weights=request.weights,
            offset=request.offset,
            select=request.select,
        )
    shows_notes = not (request.quiet or request.json)
    for warning in caught:
        # The notes say the same.
        if not (shows_notes and issubclass(warning.category, LmmWarning)):
            tell(f"warning: {warning.message}")
    return fitted


def judged(fitted: Fit) -> int:
    """Choose the exit code of a fit, and say why it is not zero."""
    if not fitted.converged:
        tell(f"not converged: {fitted.certificate.message}")
        return NOT_CONVERGED
    return FITTED
