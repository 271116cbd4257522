"""What the certificate says, and that it does not say it too early."""

from __future__ import annotations

import numpy as np
import pytest

import lmm
from lmm.engine import Control, CrossProducts
from tests.reference.optimum.designs import draw

CHECKS = [
    "largest element of the projected gradient: ",
    "predicted fall of the criterion: ",
    "smallest curvature, relative to the expected one: ",
    "relative residual of the factorization: ",
]


@pytest.mark.parametrize(
    ("formula", "data"),
    [("Reaction ~ Days + (Days | Subject)", "sleepstudy"), ("Yield ~ 1 + (1 | Batch)", "Dyestuff2")],
    ids=["interior", "zero"],
)
def test_it_prints_as_five_plain_lines(formula, data):
    fit = lmm.fit(formula, lmm.datasets.load(data))
    verdict, *checks = str(fit.certificate).splitlines()
    assert verdict.startswith("Converged: another step would lower the criterion by no more than ")
    assert verdict.endswith(f", {fit.certificate.n_evaluations} evaluations.")
    assert [line.startswith(check) for line, check in zip(checks, CHECKS, strict=True)] == [True] * 4
    assert ("no direction is without variance" in checks[2]) is not fit.singular


def test_it_tells_the_evaluations_of_all_starts():
    fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"), restarts=2)
    verdict = fit.certificate.lines()[0]
    in_all = fit.certificate.details["evaluations_in_all"]
    assert in_all >= 3 * fit.certificate.n_evaluations - 30
    assert verdict.endswith(f"; best of 3 starts, {in_all} evaluations in all.")


@pytest.mark.parametrize("restarts", [0, 3])
def test_few_levels_leave_a_doubt(restarts):
    """Five levels of two columns: the starts agree, which is not a proof."""
    table = lmm.datasets.load("sleepstudy")
    few = table[np.isin(table["Subject"].astype(str), ["308", "309", "310", "330", "331"])]
    certificate = lmm.fit("Reaction ~ Days + (Days | Subject)", few, restarts=restarts).certificate
    assert "With so few levels other optima cannot be excluded" in certificate.message
    assert (
        "More restarts look further." if restarts else "restarts=20 looks further."
    ) in certificate.message


def test_what_restarts_found_is_said():
    """Four levels of three columns, outliers, weights: there are several optima."""
    design = draw(50)
    columns = {"y": design.y, "x1": design.X[:, 1], "x2": design.X[:, 2], "w": design.weights}
    term = design.terms[0]
    assert term.columns == (0, 1, 2)
    columns["g"] = np.char.add("g", term.codes.astype(str))
    fit = lmm.fit(
        "y ~ x1 + x2 + (x1 + x2 | g)",
        columns,
        weights="w",
        method="reml" if design.reml else "ml",
        restarts=5,
    )
    assert "There are several optima" in fit.certificate.message
    assert fit.converged


@pytest.mark.parametrize("iterations", [1, 2, 3, 5, 60])
def test_no_fit_that_fails_a_check_looks_converged(iterations):
    for seed in range(96):
        design = draw(seed)
        found = CrossProducts(*design.arguments).optimize(
            design.reml, control=Control(max_iterations=iterations)
        )
        checks = found.certificate
        passed = (
            checks["newton_decrement"] < 1e-8
            and checks["cone_decrement"] < 1e-8
            and checks["min_curvature"] > -1e-3
            and checks.get("min_boundary_slope", 0.0) > -1e-4
        )
        assert passed or not found.converged
        assert found.message.startswith("Converged" if found.converged else "Not converged")


def test_the_search_goes_on_while_the_decrement_falls():
    """Until it is below 1e-14, or no longer falls; the step that it belongs to is taken too."""
    for seed in range(96):
        design = draw(seed)
        falls = CrossProducts(*design.arguments).optimize(design.reml).trace["decrement"]
        assert falls[-1] < 1e-12 or falls[-1] > 0.1 * min(falls[:-1])


def test_a_fit_that_is_not_converged_says_so_everywhere():
    with pytest.warns(lmm.errors.LmmWarning, match="Not converged after 1 iterations"):
        fit = lmm.fit(
            "Reaction ~ Days + (Days | Subject)",
            lmm.datasets.load("sleepstudy"),
            control={"max_iterations": 1},
        )
    assert not fit.converged
    assert "Not converged" in fit.certificate.lines()[0]
    assert "Not converged" in str(fit.summary())
