"""Other packages: what they call the things of this one, and which of them has what is not here.

The tables are read by messages; docs/limitations.md is tested against `ABSENT`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lmm.errors import UnknownNameError, UnsupportedError, brief, near_name

__all__ = [
    "ABSENT",
    "ABSENT_ARGUMENTS",
    "OF_ARGUMENTS",
    "OF_FIT",
    "OF_MEANS",
    "OF_MODULE",
    "OF_TABLE",
    "SETTINGS",
    "Absent",
    "not_here",
    "unknown_name",
]


@dataclass(frozen=True, slots=True)
class Absent:
    """A thing that this package does not do.

    Attributes
    ----------
    what
        The thing.
    here
        How far this package goes, and whether more is planned.
    who
        Packages that have it, with their languages; empty where nobody is named.
    """

    what: str
    here: str
    who: str


ABSENT: dict[str, Absent] = {
    "type IV": Absent(
        "type IV hypotheses, for designs with empty cells",
        "not planned; estimable functions of type III are here",
        "SAS",
    ),
    "marginal effects": Absent(
        "average marginal effects over the observed covariates, counterfactual means",
        "not planned; marginal means over a reference grid are here",
        "marginaleffects (R, Python)",
    ),
    "residual": Absent(
        "correlated or unequal residuals (AR(1), unstructured, by group)",
        "not yet",
        "nlme, mmrm, glmmTMB (R); SAS",
    ),
    "structure": Absent(
        "structured covariance of random effects (Toeplitz, factor analytic, spatial)",
        "not yet; `us diag cs csh ar1` and known are here",
        "glmmTMB (R); SAS",
    ),
    "family": Absent(
        "counts, proportions, other families", "not yet", "glmmTMB, lme4 (R), MixedModels.jl (Julia)"
    ),
    "several responses": Absent(
        "several responses at once", "not yet; one long table says a part of it", "MCMCglmm, brms (R); SAS"
    ),
    "Bayes terms": Absent(
        "monotonic effects in a formula",
        'not yet; Gaussian processes are smooth terms, `s(x, bs="gp")`',
        "brms (R)",
    ),
    "multiple membership": Absent(
        "multiple membership in a formula", "a matrix of your own as `lmm.block(Z)`", "brms (R), MLwiN"
    ),
    "nonlinear": Absent("nonlinear mixed models", "not planned", "nlme (R), nlmixr2 (R)"),
    "Bayes": Absent("full Bayesian inference, priors", "not planned", "brms (R), PyMC, Stan"),
    "robust": Absent("robust estimation", "not planned", "robustlmm (R)"),
    "out of memory": Absent("data that do not fit into memory", "not yet", ""),
}

OF_ARGUMENTS = {
    "alpha": "level",
    "B": "n",
    "conf_int": "level",
    "conf_level": "level",
    "confidence": "level",
    "ddf": "df",
    "ddfm": "df",
    "groups": "formula",
    "newdata": "new",
    "nsim": "n",
    "parm": "terms",
    "random_state": "seed",
    "re_form": "random",
    "re_formula": "random",
    "reml": "method",
    "REML": "method",
    "rng": "seed",
    "typ": "type",
    "vc_formula": "formula",
}
"""Arguments; each counts only where a function has ours."""

ABSENT_ARGUMENTS = ("family", "residual")
"""Arguments that are not here yet, by their rows of `ABSENT`."""

SETTINGS = (
    "max_iterations",
    "tolerance",
    "progress",
    "time_limit",
    "callback",
    "engine",
    "accuracy",
    "probes",
    "memory_limit",
)
"""Of `lmm.Control`, for those who give them to a function themselves."""

OF_FIT = {
    "AIC": "fit.aic",
    "BIC": "fit.bic",
    "REMLcrit": "fit.criterion",
    "VarCorr": "fit.varcorr",
    "bse": 'fit.coefficients()["std_error"]',
    "bse_fe": 'fit.coefficients()["std_error"]',
    "coef_": "fit.beta",
    "coefs": "fit.coefficients()",
    "conf_int": "fit.confint()",
    "contrast": "fit.test() or fit.emmeans().contrast()",
    "cooks_distance": 'fit.influence()["cooks_distance"]',
    "cov_params": "fit.vcov",
    "cov_re": "fit.varcorr",
    "criterion_function": "fit.internals.criterion_function",
    "data": "fit.model_frame",
    "design": "fit.internals.design",
    "deviance": "fit.criterion",
    "df_resid": "fit.df_residual",
    "evaluation": "fit.internals.evaluation",
    "f_test": "fit.test(..., joint=True)",
    "fe_params": "fit.fixef",
    "fits": "fit.fitted",
    "fittedvalues": "fit.fitted",
    "fixed_effects": "fit.fixef",
    "getME": "fit.X, fit.Z, fit.theta and the other arrays",
    "get_prediction": 'fit.predict(interval="confidence")',
    "glht": "fit.test()",
    "hatvalues": "fit.leverage()",
    "intervals": "fit.confint()",
    "is_singular": "fit.singular",
    "isSingular": "fit.singular",
    "llf": "fit.loglik",
    "logLik": "fit.loglik",
    "ls_means": "fit.emmeans()",
    "lsmeans": "fit.emmeans()",
    "model_matrix": "fit.X",
    "ngrps": "fit.n_levels",
    "nobs": "fit.n_obs",
    "objective": "fit.criterion",
    "optimum": "fit.internals.optimum",
    "params": "fit.fixef",
    "post_hoc": 'fit.emmeans().contrast("pairwise")',
    "profile_re": "fit.profile()",
    "pvalues": 'fit.coefficients()["p_value"]',
    "r2": "fit.r_squared()",
    "random_effects": "fit.ranef()",
    "random_effects_cov": "fit.ranef_covariances()",
    "ranef_var": "fit.varcorr",
    "ranova": "fit.random_anova()",
    "request": "fit.internals.request",
    "resid": "fit.residuals()",
    "rsquared": "fit.r_squared()",
    "scale": "fit.sigma**2",
    "score": "fit.r_squared()",
    "spec": "fit.internals.spec",
    "std_errors": 'fit.coefficients()["std_error"]',
    "t_test": "fit.test()",
    "tvalues": 'fit.coefficients()["statistic"]',
    "wald_test": "fit.test(..., joint=True)",
}
"""Attributes of a fit in statsmodels, lme4, nlme, lmerTest, pymer4 and others."""

OF_MEANS = {
    "as_data_frame": "means.to_pandas()",
    "cld": "means.letters()",
    "compact_letter_display": "means.letters()",
    "conf_int": "means.confint()",
    "df_": 'means["df"]',
    "eff_size": "means.effect_size()",
    "emmip": 'means.plot("interaction")',
    "frame": "means.to_pandas()",
    "joint_tests": "means.joint_test() or fit.joint_tests()",
    "pairs": 'means.contrast("pairwise")',
    "pairwise": 'means.contrast("pairwise")',
    "pvalues": 'means.test()["p_value"]',
    "pwpp": 'means.plot("p_values")',
    "summary": "print(means)",
    "to_frame": "means.to_pandas()",
    "tukey": 'means.contrast("pairwise", adjust="tukey")',
}
"""Attributes of marginal means in emmeans, lsmeans and others."""

OF_TABLE = {
    **{
        name: f"table.to_pandas().{name}"
        for name in (
            "describe",
            "groupby",
            "head",
            "iloc",
            "loc",
            "query",
            "round",
            "shape",
            "tail",
            "to_csv",
        )
    },
    "as_data_frame": "table.to_pandas()",
    "data": "table.to_pandas()",
    "frame": "table.to_pandas()",
    "items": "table.to_dict().items()",
    "iterrows": "a loop over the table",
    "keys": "table.columns",
    "names": "table.columns",
    "sort_values": "table.to_pandas().sort_values",
    "to_dataframe": "table.to_pandas()",
    "to_frame": "table.to_pandas()",
    "to_json": "table.to_pandas().to_json",
    "to_numpy": "table.to_pandas().to_numpy",
    "to_records": "table.to_pandas().to_records",
    "to_string": "table.to_text()",
    "values": "table.to_pandas().to_numpy()",
}
"""Attributes of data frames."""

OF_MODULE = {
    **dict.fromkeys(
        (
            "Lmer",
            "GAM",
            "LMM",
            "MixedLM",
            "MixedModel",
            "gam",
            "gamm",
            "gamm4",
            "gls",
            "lm",
            "lme",
            "lmer",
            "mixed",
            "mixedlm",
            "ols",
            "remlf90",
        ),
        "lmm.fit(formula, data)",
    ),
    "AIC": "fit.aic",
    "Anova": "lmm.anova(fit, type=2)",
    "BIC": "fit.bic",
    "VarCorr": "fit.varcorr",
    "contrast": "lmm.contrast_test(fit, ...) or fit.emmeans().contrast()",
    "exactLRT": 'lmm.random_anova(fit, test="exact")',
    "exactRLRT": 'lmm.random_anova(fit, test="exact")',
    "gam_check": "lmm.check_basis(fit)",
    "k_check": "lmm.check_basis(fit)",
    "cld": "fit.emmeans().letters()",
    "data": "lmm.datasets.load(name)",
    "fixef": "fit.fixef",
    "get_data": "lmm.datasets.load(name)",
    "getME": "fit.X, fit.Z, fit.theta and the other arrays",
    "hatvalues": "lmm.leverage(fit)",
    "isSingular": "fit.singular",
    "load_dataset": "lmm.datasets.load(name)",
    "logLik": "fit.loglik",
    "ls_means": "lmm.emmeans(fit, specs)",
    "lsmeans": "lmm.emmeans(fit, specs)",
    "pairs": 'fit.emmeans().contrast("pairwise")',
    "r2": "lmm.r_squared(fit)",
    "rand": "lmm.random_anova(fit)",
    "ranova": "lmm.random_anova(fit)",
    "resid": "fit.residuals()",
    "rsquared": "lmm.r_squared(fit)",
    "sigma": "fit.sigma",
    "vcov": "fit.vcov",
}
"""Functions of other packages."""

_FAMILIES = (
    "glm",
    "glmer",
    "glmmTMB",
    "glmmPQL",
    "GLMM",
    "BinomialBayesMixedGLM",
    "PoissonBayesMixedGLM",
    "gee",
)
_NONLINEAR = ("nlme", "nlmer")
_OF_ABSENT = {
    **dict.fromkeys(_FAMILIES, "family"),
    **dict.fromkeys(_NONLINEAR, "nonlinear"),
    **dict.fromkeys(("brm", "stan_lmer"), "Bayes"),
    "mmrm": "residual",
    "rlmer": "robust",
}


def not_here(what: str, key: str, advice: str = "") -> UnsupportedError:
    """Make the error for what was asked for and is not here, with those who have it.

    Parameters
    ----------
    what
        Subject of the sentence: ``"residual="``.
    key
        Its row of `ABSENT`.
    advice
        A further sentence, with a space before it.

    Examples
    --------
    >>> from lmm.elsewhere import not_here
    >>> print(not_here("family=", "family"))
    family= is not available yet, planned. Until then: glmmTMB, lme4 (R), MixedModels.jl (Julia).
    """
    absent = ABSENT[key]
    if absent.here.startswith("not planned"):
        return UnsupportedError(f"{what} is not available, and not planned. Instead: {absent.who}.{advice}")
    has_it = f" Until then: {absent.who}." if absent.who else ""
    return UnsupportedError(f"{what} is not available yet, planned.{has_it}{advice}")


def unknown_name(
    thing: str, name: str, known: Iterable[str], elsewhere: Mapping[str, str]
) -> UnknownNameError:
    """Make the error for an attribute that does not exist.

    Parameters
    ----------
    thing
        Subject of the sentence: ``"A fit"``.
    name
        The attribute.
    known
        Attributes that there are.
    elsewhere
        What other packages call them, to ours.

    Examples
    --------
    >>> from lmm.elsewhere import OF_FIT, unknown_name
    >>> print(unknown_name("A fit", "VarCorr", ["varcorr"], OF_FIT))
    A fit has no attribute "VarCorr"; here it is fit.varcorr.
    """
    says = f'{thing} has no attribute "{brief(name)}"'
    # Python itself asks for names with an underscore, all the time.
    if name.startswith("_"):
        return UnknownNameError(f"{says}.")
    if name in _OF_ABSENT and elsewhere is OF_MODULE:
        return UnknownNameError(str(not_here(f"lmm.{name}", _OF_ABSENT[name])))
    ours = elsewhere.get(name)
    if ours is None:
        near = near_name(name, known)
        if near is not None:
            return UnknownNameError(f'{says}. Did you mean "{near}"?')
        foreign = near_name(name, elsewhere)
        if foreign is None:
            return UnknownNameError(f"{says}.")
        ours = elsewhere[foreign]
    return UnknownNameError(f"{says}; here it is {ours}.")
