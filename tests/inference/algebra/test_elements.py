"""Random slopes of a covariate that is far from zero, as years and days since 1970: its zero says nothing."""

import numpy as np
import pytest

import lmm

SHIFTS = [50.0, 500.0, 2_000.0, 2e4, 1e6]
every_shift = pytest.mark.parametrize("shift", SHIFTS)


def sleep(shift, random="(Days | Subject)", **options):
    data = lmm.datasets.load("sleepstudy")
    table = {
        "Reaction": data["Reaction"],
        "Subject": data["Subject"],
        "Days": np.asarray(data["Days"]) + shift,
    }
    return lmm.fit(f"Reaction ~ Days + {random}", table, **options)


@every_shift
@pytest.mark.parametrize(
    "df",
    [
        "kenward-roger",
        "satterthwaite",
        lmm.KenwardRoger("observed"),
        lmm.Satterthwaite("expected"),
        lmm.Satterthwaite("average"),
    ],
)
def test_every_subject_has_a_slope_of_its_own(df, shift):
    """The layout is balanced: the mean slope is that of 18 slopes, with 17 degrees of freedom."""
    found = sleep(shift).coefficients(df=df)
    assert found["df"][1] == pytest.approx(17.0, rel=1e-5)
    assert found["std_error"][1] == pytest.approx(1.545789, rel=2e-6)


@every_shift
def test_joint_tests(shift):
    table = sleep(shift).anova(df="kenward-roger")
    assert table["den_df"][0] == pytest.approx(17.0, rel=1e-5)


@every_shift
@pytest.mark.parametrize("information", ["observed", "expected"])
def test_errors_of_the_variance_of_slopes(information, shift):
    near, far = (
        lmm.variance_components(fit, information=information)["std_error"]
        for fit in (sleep(0.0), sleep(shift))
    )
    assert far[[1, 3]] == pytest.approx(near[[1, 3]], rel=1e-4)  # of slopes, and of the residual


@every_shift
def test_intervals_of_predictions(shift):
    near, far = (lmm.predict_intervals(fit) for fit in (sleep(0.0), sleep(shift)))
    for name in ("estimate", "df", "conf_low", "conf_high"):
        np.testing.assert_allclose(far[name], near[name], rtol=1e-5)


@every_shift
@pytest.mark.parametrize("random", ["(Days | Subject)", "(Days | Subject) + (1 | h)"])
def test_the_choice_among_methods_is_the_same(random, shift):
    """Many rows, few subjects: degrees of freedom are few, and no bound of them may say otherwise."""
    rng = np.random.default_rng(3)
    n, subjects = 24_000, 12
    g, h, x = rng.integers(0, subjects, n), rng.integers(0, 30, n), rng.integers(0, 10, n).astype(float)
    y = rng.normal(size=subjects)[g] + (1.0 + rng.normal(size=subjects)[g]) * x + rng.normal(size=n)
    random = random.replace("Days", "x").replace("Subject", "g")
    data = {"y": y + 0.3 * rng.normal(size=30)[h], "g": g.astype(str), "h": h.astype(str)}
    near, far = (lmm.fit(f"y ~ x + {random}", {**data, "x": x + by}).coefficients() for by in (0.0, shift))
    assert far.notes[0] == near.notes[0]
    assert far["df"][1] == pytest.approx(near["df"][1], rel=1e-4)
    assert near["df"][1] < 12.0
