"""What one can ask a fit: the functions of the package that take one, as methods."""

from __future__ import annotations

from lmm.verbs import Verb

__all__ = ["Questions"]

_OF_A_TABLE = ("data", "weights", "offset", "missing", "contrasts", "factors")


class Questions:
    """Methods of a fit, each the function of the same name in `lmm`.

    Two have their own names: ``fit.test`` is `lmm.contrast_test`, and ``fit.simulate`` draws from the fitted model,
    while `lmm.simulate` takes parameters instead of a fit. The signatures are in ``questions.pyi``, which ``make docs``
    writes.
    """

    __slots__ = ()

    anova = Verb()
    asymptotic_covariance = Verb()
    augment = Verb()
    bootstrap = Verb()
    bootstrap_test = Verb()
    check_basis = Verb()
    coef = Verb()
    coefficient_draws = Verb()
    coefficients = Verb()
    compare = Verb()
    components = Verb()
    concurvity = Verb()
    confint = Verb()
    derivative = Verb()
    design_matrix = Verb()
    drop1 = Verb()
    emmeans = Verb()
    emtrends = Verb()
    glance = Verb()
    icc = Verb()
    influence = Verb()
    joint_tests = Verb()
    leverage = Verb()
    marginal = Verb()
    partial_residuals = Verb()
    plot = Verb()
    predict = Verb()
    predict_intervals = Verb()
    profile = Verb()
    quantile_residuals = Verb()
    r_squared = Verb()
    random_anova = Verb()
    ranef = Verb()
    ranef_covariances = Verb()
    refit = Verb()
    report = Verb()
    residuals = Verb()
    save = Verb()
    simulate = Verb("draw_responses", room="lmm.model")
    smooth = Verb()
    smooth_difference = Verb()
    smoothing = Verb()
    smooths = Verb()
    strata = Verb(without=_OF_A_TABLE)
    summary = Verb()
    test = Verb("contrast_test")
    tidy = Verb()
    update = Verb()
    variance_components = Verb()
    variance_partition = Verb()
