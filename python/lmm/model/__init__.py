"""`fit()` and the frozen `Fit`, from the request to numbers with names.

``request`` checks the arguments, ``fitting`` goes from them to a `Fit` (``result``), whose methods hand on to
one file for each idea: ``fixed_effects``, ``random_effects``, ``variances``, ``conditional``, ``residuals``,
``prediction``, ``simulation``, ``changes`` (refit, update), ``health`` (the notes), ``storage`` (save, load).
``profiled_criterion`` and ``marginal_model`` open the theory of a model to look at.
"""

from lmm.model.changing.changes import refit, update
from lmm.model.checking import a_fit
from lmm.model.distribution.family import Family
from lmm.model.files.storage import load, save
from lmm.model.fitting import fit
from lmm.model.level_effects import coef, ranef, ranef_covariances
from lmm.model.likelihood import refuse_validated
from lmm.model.moments import refuse_negative
from lmm.model.predictions.draws import check_count, draw_responses
from lmm.model.predictions.new_weights import weights_of
from lmm.model.predictions.points import (
    Target,
    aim,
    at_rows,
    check_block,
    missing_note,
    point_of,
    point_predictions,
)
from lmm.model.predictions.residual_kinds import marginal_sd, residuals_of
from lmm.model.predictions.row_values import beside_rows, labels_of_table
from lmm.model.predictions.rows import Rows
from lmm.model.predictions.selection import Selection
from lmm.model.result import Fit
from lmm.model.theory.from_parameters import simulate
from lmm.model.theory.marginal_model import Marginal, marginal
from lmm.model.theory.profiled_criterion import ProfiledCriterion, criterion

__all__ = [
    "Family",
    "Fit",
    "Marginal",
    "ProfiledCriterion",
    "Rows",
    "Selection",
    "Target",
    "a_fit",
    "aim",
    "at_rows",
    "beside_rows",
    "check_block",
    "check_count",
    "coef",
    "criterion",
    "draw_responses",
    "fit",
    "labels_of_table",
    "load",
    "marginal",
    "marginal_sd",
    "missing_note",
    "point_of",
    "point_predictions",
    "ranef",
    "ranef_covariances",
    "refit",
    "refuse_negative",
    "refuse_validated",
    "residuals_of",
    "save",
    "simulate",
    "update",
    "weights_of",
]
