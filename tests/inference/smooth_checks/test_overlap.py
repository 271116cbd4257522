"""Concurvity: how far other terms can stand for a curve."""

import numpy as np
import pytest

import lmm


def test_observed_concurvity_of_many_rows_is_that_of_few():
    """The notes of a fit take cross-products where the table takes rows."""
    rng = np.random.default_rng(5)
    x = rng.uniform(size=200)
    data = {"x": x, "z": x + 0.01 * rng.normal(size=200), "f": rng.choice(["a", "b"], 200)}
    data["y"] = np.sin(5.0 * x) + rng.normal(size=200)
    for formula in (
        "y ~ f + s(x) + s(z)",
        "y ~ f + s(x, by=f, id=1) + s(z)",
        "y ~ f + te(x, z, k=4) + s(z, bs='ts')",
    ):
        fit = lmm.fit(formula, data)
        table = fit.concurvity()
        notes = [note for note in fit.notes if note.startswith("Concurvity: ")]
        listed = notes[0].removeprefix("Concurvity: ").split(" can be")[0].split(", ") if notes else []
        said = {part.split(" % of ")[1]: part for part in listed}
        for row in list(table)[1:]:
            observed = row["observed"]
            assert (row["term"] in said) == (observed is not None and observed > 0.9), (formula, row)
            if row["term"] in said:
                assert f"{100 * observed:.0f} %" in said[row["term"]]


def test_curves_for_each_level_are_no_concurvity():
    data = lmm.datasets.load("sleepstudy")
    fit = lmm.fit("Reaction ~ s(Days, k=5) + s(Days, Subject, bs='fs', k=4)", data)
    assert not any("Concurvity" in note for note in fit.notes)
    assert fit.concurvity()["worst"][1] == pytest.approx(1.0)
