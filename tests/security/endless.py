"""Requests without end, in a process with little memory: each must end in an error of ours, before the work begins.

Reads names of requests, one per line, and answers each with how it ended, as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, repeat
from typing import Any

import numpy as np

import lmm

MEMORY = 4 * 2**30
FACTORS = {f"f{i}": [str(j % 2**i // 2 ** (i - 1)) for j in range(64)] for i in range(1, 31)}
WIDE = {
    "a": [str(i % 40) for i in range(1600)],
    "b": [str(i // 40) for i in range(1600)],
    "y": list(range(1600)),
}


def _fit(formula: str) -> Callable[[Any], Any]:
    data = {
        **FACTORS,
        "y": np.random.default_rng(1).normal(size=64),
        "x": np.arange(64.0),
        "z": np.arange(64.0) ** 2,
    }
    return lambda _: lmm.fit(formula, data)


def _levels(n: int, **columns: Any) -> dict[str, Any]:
    """Factors with so many levels, each twice."""
    codes = np.repeat(np.arange(n), 2)
    return {name: shift + codes % n for name, shift in columns.items()} | {"y": np.sqrt(np.arange(2.0 * n))}


def _small() -> dict[str, Any]:
    rng = np.random.default_rng(2)
    return {"y": rng.normal(size=64), "x": rng.normal(size=64), "z": rng.normal(size=64), "f6": FACTORS["f6"]}


COUNTED: dict[str, Callable[..., Any]] = {
    "simulate": lambda fit, n: fit.simulate(n),
    "simulate anew": lambda _, n: lmm.simulate("~ x", {"x": [1.0, 2.0]}, beta=[1.0, 2.0], sigma=1.0, n=n),
    "bootstrap": lambda fit, n: fit.bootstrap(n=n),
    "bootstrap statistics": lambda fit, n: fit.bootstrap(n=n, statistics=lambda f: f.sigma),
    "confint": lambda fit, n: fit.confint(method="bootstrap", n=n),
    "quantile residuals": lmm.quantile_residuals,
    "restarts": lambda _, n: lmm.fit("y ~ x", _small(), restarts=n),
    "plan": lambda _, n: lmm.shell("~ a", {"a": n}),
    "replicates": lambda _, n: lmm.shell("~ a", {"a": 2, "replicates": n}),
}
"""What takes a count."""

ENDLESS: dict[str, Callable[..., Any]] = {
    "start": lambda fit, x: fit.update(start=x),
    "theta": lambda fit, x: fit.update(theta=x),
    "weights": lambda fit, x: fit.update(weights=x),
    "offset": lambda fit, x: fit.update(offset=x),
    "response": lambda fit, x: fit.refit(x),
    "beta": lambda _, x: lmm.simulate("~ x", {"x": [1.0, 2.0]}, beta=x, sigma=1.0),
    "seed": lambda fit, x: fit.simulate(seed=x),
    "seed of a bootstrap": lambda fit, x: fit.bootstrap(n=2, seed=x),
    "statistics": lambda fit, x: fit.bootstrap(n=2, statistics=lambda _: x),
    "hypothesis": lambda fit, x: fit.test(x),
    "right side": lambda fit, x: fit.test([[0.0, 1.0]], rhs=x),
    "terms": lambda fit, x: fit.confint(terms=x),
    "at": lambda fit, x: fit.emmeans("Days", at={"Days": x}),
    "specs": lambda fit, x: fit.emmeans(x),
    "cov_reduce": lambda fit, x: fit.emmeans("Days", cov_reduce=lambda _: x),
    "control": lambda fit, x: fit.emmeans("Days", at={"Days": [1, 2]}).contrast("dunnett", ref=x),
    "coefficients": lambda fit, x: fit.emmeans("Days", at={"Days": [1, 2]}).contrast({"a": x}),
    "levels of a block": lambda _, x: lmm.block(np.eye(3), levels=x),
    "columns of a block": lambda _, x: lmm.block(x),
    "new rows": lambda fit, x: fit.predict({"Days": x}),
    "column": lambda _, x: lmm.fit("y ~ x", {"y": x, "x": x}),
    "contrasts": lambda _, x: lmm.fit("y ~ f6", _small(), contrasts={"f6": x}),
    "zeta": lambda fit, x: fit.profile("sigma").zeta("sigma", x),
    "table": lambda _, x: lmm.Table({"a": x}),
}
"""What takes several values."""


class Walked:
    """Can be walked through without an end, and has neither a length nor a next item."""

    def __iter__(self) -> Iterator[float]:
        return count(1.0)


REQUESTS: dict[str, Callable[[Any], Any]] = {
    # Formulas.
    **{
        f"product of {n}": _fit("y ~ " + "*".join(f"f{i + 1}" for i in range(n)))
        for n in (14, 16, 18, 20, 25, 30)
    },
    "interaction of 30": _fit("y ~ " + ":".join(f"f{i + 1}" for i in range(30))),
    "nested in 30": _fit("y ~ " + "/".join(f"f{i + 1}" for i in range(30))),
    "power": _fit("y ~ (f1 + f2)^1000000000"),
    "power of many digits": _fit("y ~ (f1 + f2)^" + "9" * 100_000),
    "power of thirty": _fit("y ~ (" + " + ".join(f"f{i + 1}" for i in range(30)) + ")^15"),
    "products behind a bar": _fit("y ~ x + (1 | " + "*".join(f"f{i + 1}" for i in range(30)) + ")"),
    "products before a bar": _fit("y ~ x + (" + "*".join(f"f{i + 1}" for i in range(30)) + " | f6)"),
    "parentheses": _fit("y ~ " + "(" * 100_000 + "x" + ")" * 100_000),
    "calls": _fit("y ~ " + "log(" * 100_000 + "x" + ")" * 100_000),
    "brackets in a call": _fit("y ~ I(" + "[" * 100_000 + "x" + "]" * 100_000 + ")"),
    "nesting": _fit("y ~ " + "/".join(["x"] * 100_000)),
    "signs in a call": _fit("y ~ I(" + "-" * 100_000 + "x)"),
    "powers in a call": _fit("y ~ I(" + "^".join(["x"] * 10_000) + ")"),
    "comparisons in a call": _fit("y ~ I(" + "<".join(["x"] * 10_000) + ")"),
    "letters": _fit("y ~ " + "x" * 2_000_000),
    "number in a call": _fit("y ~ I(x + " + "9" * 100_000 + ")"),
    "tower of powers": _fit("y ~ I(x + 9^9^9^9)"),
    "tower of Python": _fit("y ~ I(x + 9**9**9)"),
    "huge power": _fit("y ~ I(x + 10^(10^10))"),
    "repeated list": _fit("y ~ C(f1, levels=[0, 1]*10**10)"),
    "repeated text": _fit("y ~ C(f1, levels='ab'*10**10)"),
    "poly": _fit("y ~ poly(x, 1000000)"),
    "poly beyond": _fit("y ~ poly(x, 10^12)"),
    "bs": _fit("y ~ bs(x, df=10000000)"),
    "bs degree": _fit("y ~ bs(x, df=12, degree=10000000)"),
    "ns": _fit("y ~ ns(x, df=10000000)"),
    "cr": _fit("y ~ cr(x, df=10000000)"),
    "cc": _fit("y ~ cc(x, df=10000000)"),
    "hashed": _fit("y ~ hashed(f6, levels=10^9)"),
    "lag": _fit("y ~ lag(x, 10^18)"),
    "round": _fit("y ~ round(x, 10^18)"),
    # Columns from numbers of levels.
    "columns of a factor": lambda _: lmm.fit("y ~ C(a)", _levels(400_000, a=1)),
    "columns of an interaction": lambda _: lmm.fit("y ~ C(a):C(b)", _levels(3_000, a=1, b=2)),
    "columns of a product": lambda _: lmm.fit("y ~ C(a)*C(b)*C(d)", _levels(1_000, a=1, b=2, d=3)),
    "columns of effects": lambda _: lmm.fit("y ~ 1 + (C(a):C(b) | d)", _levels(2_000, a=1, b=2, d=3)),
    # Grids.
    "at range": lambda fit: fit.emmeans("Days", at={"Days": range(10**9)}),
    "at a large range": lambda fit: fit.emmeans("Days", at={"Days": range(10**18)}),
    "at level range": lambda _: lmm.fit("y ~ a + b", WIDE).emmeans("a", at={"a": range(10**9)}),
    "cov_reduce": lambda fit: fit.emmeans("Days", cov_reduce=lambda _: range(10**9)),
    "cov_reduce by name": lambda fit: fit.emmeans("Days", cov_reduce={"Days": range(10**9)}),
    "grids that multiply": lambda _: lmm.fit("y ~ x + z + f6", _small()).emmeans(
        "f6", at={"x": range(100_000), "z": range(100_000)}
    ),
    "trends": lambda _: lmm.fit("y ~ x*z", _small()).emtrends("z", "x", at={"z": range(10**9)}),
    "joint tests": lambda _: lmm.fit("y ~ x*z", _small()).joint_tests(at={"x": range(10**9)}),
    "pairs of many means": lambda fit: fit.emmeans("Days", at={"Days": range(5_000)}).contrast("pairwise"),
    "pairs of more means": lambda fit: fit.emmeans("Days", at={"Days": range(900_000)}).contrast("pairwise"),
    "letters of many means": lambda fit: fit.emmeans("Days", at={"Days": range(5_000)}).letters(),
    "effects of many means": lambda fit: fit.emmeans("Days", at={"Days": range(100_000)}).contrast("eff"),
    "helmert of many means": lambda fit: fit.emmeans("Days", at={"Days": range(100_000)}).contrast("helmert"),
    "control of many means": lambda fit: fit.emmeans("Days", at={"Days": range(100_000)}).contrast("dunnett"),
    "mvt of many means": lambda fit: (
        fit.emmeans("Days", at={"Days": range(50_000)}).contrast("consec", adjust="mvt").table
    ),
    "digits of poly": lambda fit: fit.emmeans("Days", at={"Days": range(500)}).contrast(
        "poly", max_degree=499
    ),
    # Several values.
    **{
        f"{name}: {words}": partial(call, x=make())
        for words, make in {"count": lambda: count(1.0), "repeat": lambda: repeat(1.0), "own": Walked}.items()
        for name, call in ENDLESS.items()
    },
    # Draws and refits.
    **{
        f"{name} of {words}": partial(call, n=n)
        for words, n in {"a billion": 10**9, "a trillion": 10**12, "5,000 digits": 10**5000}.items()
        for name, call in COUNTED.items()
    },
    "bootstrap test": lambda fit: lmm.bootstrap_test(fit.update("Reaction ~ 1"), fit, n=10**12),
    "columns of a plan": lambda _: lmm.shell("~ a*b", {"a": 1000, "b": 1000}),
    "contours": lambda fit: fit.profile().contour("sigma", "Intercept", levels=range(10**9)),
    "profile": lambda fit: fit.profile(most=10**9),
    # Hypotheses.
    "parentheses of a hypothesis": lambda fit: fit.test("(" * 100_000 + "Days" + ")" * 100_000),
    "letters of a hypothesis": lambda fit: fit.test("x" * 2_000_000),
    "number of a hypothesis": lambda fit: fit.test("Days = " + "9" * 100_000),
    "length of a hypothesis": lambda fit: fit.test("Days = Intercept = " * 100_000 + "0"),
}


def work() -> None:
    """Answer all requests."""
    data = lmm.datasets.load("sleepstudy")
    fit = lmm.fit("Reaction ~ Days", data)
    fit.summary()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for line in sys.stdin:
        ended, message = "nothing", ""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                REQUESTS[line.strip()](fit)
        except lmm.LmmError as error:
            ended, message = "LmmError", str(error)
        except BaseException as error:  # noqa: BLE001 (whatever it is, it is the answer)
            ended, message = type(error).__name__, str(error)[:500]
        sys.stdout.write(json.dumps({"ended": ended, "message": message}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    work()
