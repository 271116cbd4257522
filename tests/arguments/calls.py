"""One good call of each public function and method, and values of wrong kinds for the place of each argument."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import lmm
from lmm import plots


@dataclass(frozen=True)
class Call:
    """A function with arguments that it takes; what its signature has besides is left at its default."""

    name: str
    function: Callable[..., Any]
    good: dict[str, Any]

    def arguments(self) -> list[str]:
        """All that can be given: those of the signature, and those that go through ``**options``."""
        kinds = inspect.signature(self.function).parameters.values()
        names = [each.name for each in kinds if each.kind is not each.VAR_KEYWORD]
        return [*names, *(name for name in self.good if name not in names)]

    def run(self, **changed: Any) -> Any:
        """Call with some arguments changed."""
        given = {**self.good, **changed}
        several = [
            each.name
            for each in inspect.signature(self.function).parameters.values()
            if each.kind is each.VAR_POSITIONAL and each.name in given
        ]
        placed = [given.pop(name) for name in several]
        if not several:
            return self.function(**given)
        # What follows by place needs all that stands before it by place too.
        first = [given.pop(name) for name in ("fit", "fit0") if name in given]
        return self.function(*first, *placed, **given)


@cache
def fits() -> dict[str, lmm.Fit]:
    """Small fits of different kinds."""
    dyestuff, sleep = lmm.datasets.load("Dyestuff"), lmm.datasets.load("sleepstudy")
    return {
        "batch": lmm.fit("Yield ~ 1 + (1 | Batch)", dyestuff),
        "batch_ml": lmm.fit("Yield ~ 1 + (1 | Batch)", dyestuff, method="ml"),
        "none_ml": lmm.fit("Yield ~ 1", dyestuff, method="ml"),
        "sleep": lmm.fit("Reaction ~ Days + (1 | Subject)", sleep),
        "breaks": lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks")),
    }


def wrong_values() -> dict[str, Any]:
    """Values of wrong kinds, and some that are right for one argument or another."""
    return {
        "none": None,
        "fraction": 1.5,
        "negative": -1,
        "zero": 0,
        "true": True,
        "word": "zz",
        "empty": "",
        "long": "a" * 10_000,
        "bytes": b"a",
        "object": object(),
        "list": [],
        "ones": [1],
        "words": ["zz"],
        "nested": [[1, 2], [3]],
        "dict": {},
        "by_name": {"zz": 1},
        "nan": math.nan,
        "inf": math.inf,
        "huge": 10**30,
        "digits": 10**5000,
        "decimal": Decimal("sNaN"),
        "complex": 1j,
        "function": lambda: 1,
        "class": int,
        "point": np.array(3),
        "vector": np.array([1.0, math.nan]),
        "matrix": np.ones((2, 3, 2)),
        "series": pd.Series(["zz"], index=[7]),
        "frame": pd.DataFrame({"zz": [1]}),
        "generator": (each for each in ["zz"]),
        "set": {"zz"},
        "range": range(3),
        "fit": fits()["batch"],
        "table": fits()["batch"].fixef,
        "path": Path("/nowhere/at/all"),
        "control": "\x1b[2J\0",
    }


@cache
def calls() -> dict[str, Call]:
    """Every public function and every method of what they return."""
    found = [*_functions(), *_methods(), *_plots(), *_classes()]
    return {call.name: call for call in found}


def _functions() -> list[Call]:
    fit, ml, none = (fits()[name] for name in ("batch", "batch_ml", "none_ml"))
    data = lmm.datasets.load("Dyestuff")
    formula = "Yield ~ 1 + (1 | Batch)"
    good: dict[str, dict[str, Any]] = {
        "anova": {"fit": fits()["sleep"]},
        "block": {"Z": np.eye(3)},
        "bootstrap": {"fit": fit, "n": 3, "seed": 1},
        "bootstrap_test": {"fit0": none, "fit1": ml, "n": 3, "seed": 1},
        "compare": {"fits": ml},
        "confint": {"fit": fit, "method": "wald"},
        "contrast_test": {"fit": fit, "contrast": "Intercept = 0"},
        "criterion": {"formula": formula, "data": data},
        "emmeans": {"fit": fits()["breaks"], "specs": "wool"},
        "emtrends": {"fit": fits()["sleep"], "specs": "1", "var": "Days"},
        "fit": {"formula": formula, "data": data},
        "joint_tests": {"fit": fits()["breaks"]},
        "load": {"path": "/nowhere"},
        "profile": {"fit": fit, "terms": "sigma"},
        "quantile_residuals": {"fit": fit, "n": 10, "seed": 1},
        "refit": {"fit": fit, "y": fit.y},
        "report": {"fit": fit, "path": "/nowhere/x.html"},
        "save": {"fit": fit, "path": "/nowhere/x.lmm"},
        "shell": {"design": "~ a + (1 | block)", "factors": {"a": 2, "block": 3}},
        "simulate": {"formula": formula, "data": data, "beta": [1.0], "sigma": 1.0, "theta": [1.0]},
        "strata": {"model": formula, "data": data},
        "update": {"fit": fit, "formula": ". ~ .", "data": data, "method": "ml"},
    }
    names = [name for name in lmm.__all__ if inspect.isfunction(getattr(lmm, name))]
    own = [Call(f"lmm.{name}", getattr(lmm, name), good.get(name, {"fit": fit})) for name in names]
    return [
        *own,
        Call("lmm.datasets.load", lmm.datasets.load, {"name": "Dyestuff"}),
        Call("lmm.datasets.describe", lmm.datasets.describe, {"name": "Dyestuff"}),
    ]


def _bound(
    label: str, thing: Any, good: dict[str, dict[str, Any]], rest: dict[str, Any] | None = None
) -> list[Call]:
    """All public methods; those without good arguments of their own take what they have of the rest."""
    found = []
    for name in dir(type(thing)):
        if name.startswith("_") or not inspect.isfunction(inspect.unwrap(getattr(type(thing), name))):
            continue
        method = getattr(thing, name)
        takes = inspect.signature(method).parameters
        own = good.get(name, {key: value for key, value in (rest or {}).items() if key in takes})
        found.append(Call(f"{label}.{name}", method, own))
    return found


def _methods() -> list[Call]:
    fit, sleep, breaks = (fits()[name] for name in ("batch", "sleep", "breaks"))
    data = lmm.datasets.load("Dyestuff")
    means = breaks.emmeans("tension")
    return [
        *_bound(
            "fit",
            fit,
            {
                "bootstrap": {"n": 3},
                "bootstrap_test": {"fit1": fits()["batch_ml"], "n": 3, "seed": 1},
                "confint": {"method": "wald"},
                "emmeans": {"specs": "1"},
                "emtrends": {"specs": "1", "var": "Yield"},
                "plot": {"kind": "residuals"},
                "profile": {"terms": "sigma"},
                "refit": {"y": fit.y},
                "quantile_residuals": {"n": 10, "seed": 1},
                "report": {"path": "/nowhere/x.html"},
                "save": {"path": "/nowhere/x.lmm"},
                "test": {"contrast": "Intercept = 0"},
                "update": {"formula": ". ~ .", "data": data, "method": "ml"},
            },
        ),
        *_bound("means", means, {"contrast": {"method": "trt.vs.ctrl", "ref": 0}}),
        Call("pairs.contrast", means.contrast, {"method": "pairwise", "reverse": True, "exclude": 0}),
        Call(
            "polynomials.contrast", means.contrast, {"method": "opoly", "max_degree": 1, "scores": [1, 2, 3]}
        ),
        Call("custom.contrast", means.contrast, {"method": {"a": [1, -1, 0]}}),
        Call("weighted.contrast", means.contrast, {"method": "wtcon", "weights": [1, 1, 1]}),
        *_bound("trends", sleep.emtrends("1", "Days"), {}),
        *_bound(
            "profile",
            fit.profile(),
            {
                "curve": {"term": "sigma"},
                "contour": {"first": "sigma", "second": "Intercept"},
                "zeta": {"term": "sigma", "values": [50.0]},
            },
        ),
        *_bound("bootstrap", fit.bootstrap(n=40, seed=1), {}),
        *_bound("table", fit.fixef, {}),
        Call("table.[]", fit.fixef.__getitem__, {"name": "estimate"}),
        *_bound("shell", lmm.shell("~ a + (1 | block)", {"a": 2, "block": 3}), {}),
        *_bound("strata", fit.strata(), {}),
        *_bound("marginal", lmm.marginal(fit), {}),
        *_bound(
            "criterion",
            lmm.criterion("Yield ~ 1 + (1 | Batch)", data),
            {},
            {"theta": [1.0], "beta": [1500.0], "sigma": 50.0, "u": np.zeros(6)},
        ),
        Call("criterion()", lmm.criterion("Yield ~ 1 + (1 | Batch)", data), {"theta": [1.0]}),
        *_bound("summary", fit.summary(), {}),
    ]


def _plots() -> list[Call]:
    fit, breaks = fits()["batch"], fits()["breaks"]
    shell, means = lmm.shell("~ a + (1 | block)", {"a": 2, "block": 3}), breaks.emmeans("wool:tension")
    profile, bootstrap = fit.profile(), fit.bootstrap(n=40, seed=1)
    own: dict[str, dict[str, Any]] = {
        "blocks": {"fits": {"a": breaks}, "specs": "wool"},
        "bootstrap": {"of": bootstrap},
        "coefficients": {"fit": breaks},
        "contours": {"of": profile},
        "fitted": {"fit": fits()["sleep"]},
        "hasse": {"shell": shell},
        "interaction": {"means": means},
        "of_means": {"means": means},
        "means": {"means": means},
        "p_values": {"means": means},
        "predictions": {"fit": fits()["sleep"]},
        "profile": {"of": profile},
    }
    found = []
    for name in plots.__all__:
        function = getattr(plots, name)
        if inspect.isfunction(function):
            kind = name.removeprefix("plot_").removesuffix("_data")
            found.append(Call(f"plots.{name}", function, own.get(kind, {"fit": fit})))
    return found


def _classes() -> list[Call]:
    return [
        Call("lmm.KenwardRoger", lmm.KenwardRoger, {}),
        Call("lmm.Satterthwaite", lmm.Satterthwaite, {}),
        Call("lmm.ClusterRobust", lmm.ClusterRobust, {}),
        Call("lmm.Table", lmm.Table, {"columns": {"a": [1.0]}}),
    ]
