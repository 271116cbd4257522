"""Fitting: from a request to a fit."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lmm.arguments import takes
from lmm.data import as_factors, open_table
from lmm.design import Design, DesignSpec
from lmm.engine import Block, Control
from lmm.errors import ConvergenceError, LmmWarning
from lmm.estimation import given_start, optimize, solve_moments, solved
from lmm.formula import parse
from lmm.limits import memory_within
from lmm.model.building import build_criterion, held_parameters, smooth_places
from lmm.model.distribution.family import Family
from lmm.model.distribution.planned import refuse_planned
from lmm.model.estimates import Estimates
from lmm.model.exact_fit import refuse_exact_fit, refuse_exact_moments, refuse_unbounded
from lmm.model.request import Request
from lmm.model.result import Fit
from lmm.model.scales import refuse_lost_variances
from lmm.model.tables.health import convergence
from lmm.typing import FloatVector, Method, Missing, Negative


@takes()
def fit(
    formula: str,
    data: Any,
    *,
    method: Method = "reml",
    weights: Any = None,
    offset: Any = None,
    residual: Any = None,
    variance: Any = None,
    family: Family | str | None = None,
    trials: Any = None,
    exposure: Any = None,
    frequency: Any = None,
    missing: Missing = "drop",
    contrasts: str | Mapping[str, Any] | None = None,
    factors: str | Sequence[str] = (),
    random: Mapping[str, Block] | None = None,
    known: Mapping[str, Any] | None = None,
    smooths: Mapping[str, Any] | None = None,
    select: bool = False,
    start: Sequence[float] | FloatVector | None = None,
    theta: Mapping[str, float | None] | Sequence[float | None] | FloatVector | None = None,
    restarts: int = 0,
    control: Control | Mapping[str, Any] | None = None,
    negative: Negative = "zero",
) -> Fit:
    """Fit a linear mixed model by REML, maximum likelihood, or the method of moments.

    Without random terms this is the general linear model, exact and without iterations.

    Parameters
    ----------
    formula
        Response, fixed effects and random effects as in lme4:
        ``"y ~ x + (x | g)"``, ``"y ~ f + (1 | a/b)"``, ``"y ~ x + (x || g)"``; smooth terms as in mgcv:
        ``"y ~ s(x) + (1 | g)"``.
        A formula from a stranger can do nothing but compute with columns of the data and call the functions of
        formulas; it reads no files and runs no code.
    data
        Any table: pandas, polars, Arrow, DuckDB relation, dict of arrays, list of dicts; or the path of a file that
        ends in .csv, .tsv, .parquet or .feather.
    method
        ``"reml"``, ``"ml"``, or ``"moments"``: variance components that give the mean squares their expectations,
        then generalised least squares. Moments are REML in balanced data without negative components. ``"gcv"``, for
        models with smooth terms and no random terms: the smoothing parameters with the least generalised
        cross-validation, as ``gam(method="GCV.Cp")`` of mgcv; there is no likelihood then.
    weights
        Name of a column or array of the table's length: the variance of an error is
        ``sigma**2 / weight``. A weight of zero leaves its row out. A pandas Series beside a pandas table follows the
        labels of its rows, here and in all other arguments; other arrays go by position.
    offset
        Name of a column or array, added to the linear predictor (besides ``offset()`` terms).
    residual, variance
        Covariance of the errors within blocks, and their variance as a function of covariates: planned. Today errors
        are independent with variance ``sigma**2 / weight``, and the error names packages that have more.
    family
        Distribution of the response, a name or `lmm.Family`: ``"gaussian"``, the linear mixed model. Others are
        planned.
    trials, exposure, frequency
        Denominators of binomial counts, exposure of counts, and how often each row counts: planned, with families.
    missing
        ``"drop"`` leaves rows with a missing value out and says so; ``"raise"`` refuses.
    contrasts
        Coding of factors: one for all of them, ``"sum"``, or by name, ``{"f": "sum"}``; treatment coding by default.
        ``"treatment"``, ``"sas"`` (the last level is the base), ``"sum"``, ``"helmert"``, ``"difference"``,
        ``"poly"``, or a matrix with one row for each level.
    factors
        Columns that are factors although they hold numbers: ``"nitro"``, or ``["nitro", "year"]``.
    random
        Further random terms by name, as `lmm.block` makes them.
    known
        Known covariances of levels by name, for terms of the formula: planned. `lmm.block` has ``covariance=``.
    smooths
        What smooth terms of the formula name and no text can hold: ``{"nb": neighbours}`` for
        ``s(region, bs="mrf", nb=nb)``. Neighbours are a dict from a region to its neighbours, polygons a dict from a
        region to an (n, 2) array with rows of nan between rings, penalties and knots are arrays.
    select
        Whether every smooth term can shrink to nothing: what its penalties leave free, such as the straight line of
        ``s(x)``, gets a penalty and a smoothing parameter of its own, as by ``select=TRUE`` of mgcv's gam. A term's own
        ``s(x, select=FALSE)`` goes first.
    start
        Theta to begin the search with.
    theta
        Parameters to hold: a vector with None (or nan) where free, or a dict by name. With all
        of them given nothing is searched. Held parameters are not counted in AIC and BIC.
    restarts
        How many further starts to try, for criteria with several minima.
    control
        Settings of the search, `lmm.Control` or a dict of those that differ from the defaults, such as
        ``{"max_iterations": 100}`` or, to have no line on the screen while a fit takes longer than two seconds,
        ``{"progress": False}``. ``{"time_limit": 60}`` gives a search up after so many seconds with an error;
        ``{"memory_limit": "4GB"}`` refuses a fit that needs more; ``{"callback": f}`` calls
        ``f(iteration, criterion)`` after each iteration, and what it raises ends the search.
    negative
        For ``method="moments"``: negative components are set to ``"zero"``, or kept (``"allow"``).

    Returns
    -------
    Fit

    Raises
    ------
    FormulaError
        If the formula cannot be read.
    DataError
        If the data cannot be used.
    DesignError
        If the data cannot identify the model.
    UnsupportedError
        If the request is planned but not available.

    Warns
    -----
    LmmWarning
        If the search did not converge. Everything else that a reader should know, such as a
        singular covariance, is in ``fit.notes`` and in the summary.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> round(fit.criterion, 4)
    1743.6283
    >>> fit.varcorr["sdcor"].round(3)
    array([24.74 ,  5.922,  0.066, 25.592])
    """
    later = {"residual": residual, "variance": variance, "trials": trials, "exposure": exposure}
    refuse_planned({**later, "frequency": frequency, "known": known})
    request = Request.checked(
        formula=formula,
        data=data,
        method=method,
        weights=weights,
        offset=offset,
        family=family,
        missing=missing,
        contrasts=contrasts,
        factors=factors,
        random=random,
        smooths=smooths,
        select=select,
        start=start,
        theta=theta,
        restarts=restarts,
        control=control,
        negative=negative,
    )
    return fit_request(request)


def fit_request(request: Request) -> Fit:
    """Fit what was asked for, within the memory that was allowed."""
    with memory_within(request.control.most_bytes):
        return _learn_and_fit(request)


def _learn_and_fit(request: Request) -> Fit:
    table = open_table(request.data)
    formula = parse(request.formula, columns=table.names)
    spec, design = DesignSpec.learn(
        formula,
        as_factors(table, request.factors, formula.variables),
        contrasts=request.contrasts,
        missing=request.missing,
        weights=request.weights,
        offset=request.offset,
        random=request.random,
        smooths=request.smooths,
        select=request.select,
    )
    return fit_design(request, spec, design)


def fit_design(request: Request, spec: DesignSpec, design: Design) -> Fit:
    """Search for theta on a design that exists."""
    criterion = build_criterion(design, request.method, request.control.most_bytes)
    if request.method == "moments":
        moments = solve_moments(design, request.negative)
        refuse_exact_moments(design, float(moments.mean_sq[-1] * moments.df[-1]))
        return Fit(Estimates(request, spec, design, criterion, *solved(criterion, design, moments)))
    given = held_parameters(request.theta, design, criterion.layout)
    start = given_start(request.start, criterion.layout)
    blocks = [part.block for part in design.random]
    everything = [np.eye(block.n_columns) for block in blocks]
    try:
        doubtful = smooth_places(design, criterion.layout)
        optimum = optimize(criterion, blocks, given, start, request.control, request.restarts, doubtful)
    except ConvergenceError:
        refuse_unbounded(design, everything, criterion.reml)
        raise
    details = dict(optimum.certificate.details)
    falls = details.pop("falls", None)
    if falls is not None:
        refuse_unbounded(design, falls, criterion.reml)
    evaluation = criterion.evaluate(optimum.theta, gradient=False)
    refuse_lost_variances(design, evaluation)
    refuse_exact_fit(design, evaluation.r2, criterion.layout.factors(optimum.theta), criterion.reml)
    certificate = replace(optimum.certificate, details=details).with_factor(evaluation.factor_residual)
    optimum = replace(optimum, certificate=certificate)
    for sentence in convergence(optimum):
        warnings.warn(sentence, LmmWarning, stacklevel=6)
    return Fit(Estimates(request, spec, design, criterion, optimum, evaluation))
