"""Linear mixed models, from a formula and a table to numbers that carry their reasons.

Examples
--------
>>> import lmm
>>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
>>> fit.beta.round(3)
array([251.405,  10.467])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lmm import datasets
    from lmm._version import __version__
    from lmm.design import block
    from lmm.engine import Control
    from lmm.errors import (
        ArgumentError,
        ColumnError,
        ConvergenceError,
        DataError,
        DatasetError,
        DesignError,
        FileError,
        FormulaError,
        LmmError,
        LmmWarning,
        MissingExtraError,
        OutOfMemoryError,
        UnknownNameError,
        UnsupportedError,
    )
    from lmm.experiments import components, shell, strata
    from lmm.inference import (
        Bootstrap,
        BootstrapTest,
        ClusterRobust,
        KenwardRoger,
        Profile,
        Satterthwaite,
        anova,
        asymptotic_covariance,
        augment,
        bootstrap,
        bootstrap_test,
        check_basis,
        coefficient_draws,
        coefficients,
        compare,
        concurvity,
        confint,
        contrast_test,
        derivative,
        design_matrix,
        drop1,
        glance,
        icc,
        influence,
        leverage,
        partial_residuals,
        predict,
        predict_intervals,
        profile,
        quantile_residuals,
        r_squared,
        random_anova,
        residuals,
        smooth,
        smooth_difference,
        smoothing,
        smooths,
        tidy,
        variance_components,
        variance_partition,
    )
    from lmm.means import Means, emmeans, emtrends, joint_tests
    from lmm.model import (
        Family,
        Fit,
        coef,
        criterion,
        fit,
        load,
        marginal,
        ranef,
        ranef_covariances,
        refit,
        save,
        simulate,
        update,
    )
    from lmm.plots import plot
    from lmm.reports import report
    from lmm.reports.summaries import summary
    from lmm.table import Table

__all__ = [
    "ArgumentError",
    "Bootstrap",
    "BootstrapTest",
    "ClusterRobust",
    "ColumnError",
    "Control",
    "ConvergenceError",
    "DataError",
    "DatasetError",
    "DesignError",
    "Family",
    "FileError",
    "Fit",
    "FormulaError",
    "KenwardRoger",
    "LmmError",
    "LmmWarning",
    "Means",
    "MissingExtraError",
    "OutOfMemoryError",
    "Profile",
    "Satterthwaite",
    "Table",
    "UnknownNameError",
    "UnsupportedError",
    "__version__",
    "anova",
    "asymptotic_covariance",
    "augment",
    "block",
    "bootstrap",
    "bootstrap_test",
    "check_basis",
    "coef",
    "coefficient_draws",
    "coefficients",
    "compare",
    "components",
    "concurvity",
    "confint",
    "contrast_test",
    "criterion",
    "datasets",
    "derivative",
    "design_matrix",
    "drop1",
    "emmeans",
    "emtrends",
    "fit",
    "glance",
    "icc",
    "influence",
    "joint_tests",
    "leverage",
    "load",
    "marginal",
    "partial_residuals",
    "plot",
    "predict",
    "predict_intervals",
    "profile",
    "quantile_residuals",
    "r_squared",
    "random_anova",
    "ranef",
    "ranef_covariances",
    "refit",
    "report",
    "residuals",
    "save",
    "shell",
    "simulate",
    "smooth",
    "smooth_difference",
    "smoothing",
    "smooths",
    "strata",
    "summary",
    "tidy",
    "update",
    "variance_components",
    "variance_partition",
]

# Where each public name lives; it is imported when first asked for, so that `import lmm` is nearly free.
_HOMES = {
    **dict.fromkeys(("Bootstrap", "Profile", "bootstrap", "confint", "profile"), "lmm.inference"),
    **dict.fromkeys(
        ("asymptotic_covariance", "icc", "r_squared", "variance_components", "variance_partition"),
        "lmm.inference",
    ),
    **dict.fromkeys(
        ("ClusterRobust", "KenwardRoger", "Satterthwaite", "coefficients", "contrast_test"), "lmm.inference"
    ),
    **dict.fromkeys(
        ("anova", "BootstrapTest", "bootstrap_test", "compare", "drop1", "random_anova"), "lmm.inference"
    ),
    **dict.fromkeys(
        ("augment", "glance", "influence", "leverage", "predict", "predict_intervals", "quantile_residuals"),
        "lmm.inference",
    ),
    **dict.fromkeys(
        (
            "check_basis",
            "coefficient_draws",
            "concurvity",
            "derivative",
            "design_matrix",
            "partial_residuals",
            "smooth",
            "smooth_difference",
            "smoothing",
            "smooths",
        ),
        "lmm.inference",
    ),
    **dict.fromkeys(("residuals", "tidy"), "lmm.inference"),
    **dict.fromkeys(("components", "shell", "strata"), "lmm.experiments"),
    **dict.fromkeys(("emmeans", "emtrends", "joint_tests", "Means"), "lmm.means"),
    **dict.fromkeys(
        ("criterion", "Family", "Fit", "fit", "load", "marginal", "save", "simulate"), "lmm.model"
    ),
    **dict.fromkeys(("coef", "ranef", "ranef_covariances", "refit", "update"), "lmm.model"),
    **dict.fromkeys(("report", "summary"), "lmm.reports"),
    "Control": "lmm.engine",
    "block": "lmm.design",
    "plot": "lmm.plots",
    "Table": "lmm.table",
    "__version__": "lmm._version",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        from lmm.elsewhere import OF_MODULE, unknown_name

        raise unknown_name("lmm", name, __all__, OF_MODULE)
    if name == "datasets":
        return import_module("lmm.datasets")
    value = getattr(import_module(_HOMES.get(name, "lmm.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
