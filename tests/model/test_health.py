"""One sentence for each thing that a reader should know, with what to do."""

import numpy as np
import pytest

import lmm

RNG = np.random.default_rng(8)
G = np.repeat(np.arange(12), 6)
X = np.tile(np.arange(6.0), 12)
NOISE = RNG.normal(size=72)
# Within each level the noise has neither a mean nor a slope, so that the estimates are known.
BASIS = np.column_stack([np.ones(6), np.arange(6.0), np.arange(6.0) ** 2])
NOISE -= np.concatenate(
    [BASIS @ np.linalg.lstsq(BASIS, part, rcond=None)[0] for part in NOISE.reshape(12, 6)]
)
EFFECT = RNG.normal(size=12)
EFFECT -= EFFECT.mean()


def table(intercept, slope, square=0.0):
    """Levels with the given intercepts, slopes and squares, and noise that knows nothing of them."""
    y = (intercept + 0 * EFFECT)[G] + (slope + 0 * EFFECT)[G] * X + (square + 0 * EFFECT)[G] * X**2 + NOISE
    return {"y": y, "x": X, "g": np.array([f"g{j:02}" for j in G])}


def notes(formula, data, **options):
    return lmm.fit(formula, data, **options).notes


def test_a_healthy_fit_has_no_notes():
    other = np.roll(EFFECT, 3)
    assert notes("y ~ x + (x || g)", table(3 * EFFECT, 2 * other)) == ()


def test_a_zero_variance_of_an_intercept():
    (note,) = notes("y ~ x + (1 | g)", table(0, 0))
    assert note == (
        "Singular: the variance of Intercept within g is zero; leave the term out, which gives the same fit."
    )


def test_a_zero_variance_of_a_slope():
    data = table(3 * EFFECT, 0)
    fit = lmm.fit("y ~ x + (x || g)", data)
    assert fit.notes == (
        "Singular: the variance of x within g is zero; leave x out of this term, which gives the same fit.",
    )
    without = lmm.fit("y ~ x + (1 | g)", data)
    np.testing.assert_allclose(fit.criterion, without.criterion, atol=1e-6)


def test_both_variances_zero():
    (note,) = notes("y ~ x + (x | g)", table(0, 0))
    assert note.startswith("Singular: every variance of Intercept, x within g is zero; leave the term out")


@pytest.mark.parametrize(("sign", "said"), [(1, "+1"), (-1, "-1")])
def test_a_perfect_correlation(sign, said):
    (note,) = notes("y ~ x + (x | g)", table(4 * EFFECT, sign * 2 * EFFECT))
    assert f"Intercept and x of g are perfectly correlated ({said})" in note
    assert "use (... || g)" in note


def test_a_covariance_of_lower_rank():
    first, second = 3 * EFFECT, 3 * np.roll(EFFECT, 5)
    fit = lmm.fit("y ~ x + I(x^2) + (x + I(x^2) | g)", table(first, second, first - second))
    (note,) = (note for note in fit.notes if note.startswith("Singular"))
    assert "the covariance of Intercept, x, I(x ** 2) within g has rank 2 only" in note


def test_null_directions_have_no_variance():
    fit = lmm.fit("y ~ x + (x | g)", table(4 * EFFECT, 2 * EFFECT))
    (a,) = fit.internals.optimum.null_directions
    (T,) = fit.T
    assert a.shape == (2, 1)
    np.testing.assert_allclose(T.T @ a, 0, atol=1e-8 * np.abs(T).max())


def test_few_levels():
    data = table(0, 0) | {"h": np.resize(["a", "b", "c"], 72)}
    data["y"] = data["y"] + np.resize([0.0, 5.0, 9.0], 72)
    (note,) = notes("y ~ x + (1 | h)", data)
    assert note == "Few levels: h has only 3, so its variance is known poorly; consider h as a fixed effect."


def test_few_levels_with_more_than_one_row():
    codes = np.arange(40)
    codes[0] = 1
    y = RNG.normal(size=40)
    y[0] = y[1] + 1e-2
    (note,) = notes("y ~ 1 + (1 | g)", {"y": y, "g": codes.astype(str)})
    assert note.startswith("Nearly unidentified: only 1 of the 39 levels of g have more than one row")


def test_two_factors_that_divide_the_rows_alike():
    data = table(3 * EFFECT, 0)
    data["h"] = data["g"].copy()
    data["h"][0] = "g05"
    found = notes("y ~ x + (1 | g) + (1 | h)", data)
    assert any("g and h divide the rows almost alike (12 and 12 levels, 13 combinations)" in n for n in found)


def test_two_factors_that_divide_the_rows_in_the_same_way():
    data = table(3 * EFFECT, 0)
    data["h"] = np.array([f"h{j}" for j in G])
    (note,) = (n for n in notes("y ~ x + (1 | g) + (1 | h)", data) if not n.startswith("Singular"))
    assert note.startswith("Not identified: g and h divide the rows in the same way")


def test_a_covariate_far_from_zero():
    data = table(3 * EFFECT, 2 * np.roll(EFFECT, 3))
    data["x"] = data["x"] + 2000
    (note,) = notes("y ~ x + (x | g)", data)
    assert note.startswith("Scale: x lies far from zero (mean 1173 standard deviations)")
    assert note.endswith("center x.")


def test_columns_that_nearly_depend_on_each_other():
    data = table(3 * EFFECT, 0)
    data["year"] = data["x"] + 2000
    (note,) = notes("y ~ year + I(year^2) + (1 | g)", data)
    assert note == (
        "Scale: the fixed effects Intercept, year, I(year ** 2) are nearly linearly dependent, which costs digits; "
        "center covariates far from zero, or use poly() instead of raw powers."
    )


def test_scales_alone_do_no_harm():
    data = table(3 * EFFECT, 2 * np.roll(EFFECT, 3))
    data["x"] = data["x"] * 1e9
    assert notes("y ~ x + (x || g)", data) == ()


def test_blocks_of_the_user_are_no_grouping_factors():
    Z = RNG.normal(size=(72, 2))
    found = notes("y ~ x", table(0, 0) | {"y": NOISE + Z @ [3.0, -4.0]}, random={"s": lmm.block(Z)})
    assert found == ()


def test_singular_fits_do_not_warn():
    # Warnings are errors here: getting there is the test.
    assert lmm.fit("y ~ x + (1 | g)", table(0, 0)).singular


def trial(seed, plots):
    """A field trial: the block and the entry of each plot, and its yield."""
    rng = np.random.default_rng([seed, 11])
    block, entry = (np.array(column) for column in zip(*plots, strict=True))
    codes = np.unique(entry, return_inverse=True)[1]
    y = (
        10
        + rng.normal(size=20)[block]
        + rng.normal(size=codes.max() + 1)[codes]
        + 0.7 * rng.normal(size=len(block))
    )
    return {"y": y, "block": block, "entry": entry}


AUGMENTED = [(b, f"check {c}") for b in range(8) for c in range(4)] + [
    (i % 8, f"entry {i}") for i in range(80)
]
P_REP = [(i % 6, f"entry {i}") for i in range(60)] + [((i + 2) % 6, f"entry {i}") for i in range(18)]
SIRES = [(i % 20, f"dam {i}") for i in range(100)] + [
    (i % 20, f"dam {i}") for i in range(3) for _ in range(12)
]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("plots", [AUGMENTED, P_REP, SIRES], ids=["augmented", "p-rep", "sires"])
def test_few_repeats_are_enough_where_they_tell_the_residual_variance(seed, plots):
    found = notes("y ~ 1 + (1 | block) + (1 | entry)", trial(seed, plots))
    assert not any("unidentified" in note for note in found)


ZEROS = ("y ~ 1 + (0 + z | g)", "y ~ x + (1 | g) + (0 + z | g)", "y ~ 1 + (z | g)", "y ~ 1 + (z || g)")


@pytest.mark.parametrize("formula", ZEROS)
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_a_random_column_of_zeros(formula, method):
    with pytest.raises(
        lmm.DesignError, match=r"z is zero in every row: the data say nothing about its variance"
    ):
        lmm.fit(formula, table(3 * EFFECT, 0) | {"z": np.zeros(72)}, method=method)


def test_a_block_of_zeros():
    with pytest.raises(lmm.DesignError, match="zero in every row"):
        lmm.fit("y ~ x", table(0, 0), random={"s": lmm.block(np.zeros((72, 3)))})


@pytest.mark.parametrize("rotated", [False, True])
def test_a_term_that_is_one_with_the_residuals(rotated):
    """ZZ' = I: any part of the residual variance may be that of the term."""
    Z = np.linalg.qr(np.random.default_rng(2).normal(size=(72, 72)))[0] if rotated else np.eye(72)
    found = notes("y ~ x", table(3 * EFFECT, 0), random={"s": lmm.block(Z)})
    assert any(note.startswith("Not identified: the criterion is the same") for note in found)


def test_two_blocks_with_one_covariance():
    Z = RNG.normal(size=(72, 4))
    data = table(0, 0) | {"y": NOISE + Z @ [3.0, -4.0, 2.0, 1.0]}
    found = notes("y ~ x", data, random={"s": lmm.block(Z), "t": lmm.block(Z[:, ::-1])})
    assert any("hardly tell apart the parameters s.s, t.t" in note for note in found)


def test_columns_that_depend_on_each_other_within_a_term():
    data = table(3 * EFFECT, 2 * np.roll(EFFECT, 3))
    data["w"] = 2 * data["x"]
    found = notes("y ~ x + (1 | g) + (0 + x | g) + (0 + w | g)", data)
    assert any("hardly tell apart the parameters g.x, g.w" in note for note in found)


def test_smoothing_parameters_without_weight_are_not_said_to_be_unidentified():
    rng = np.random.default_rng(1)
    x = rng.uniform(size=300)
    y = np.sin(6.0 * x) * rng.uniform(size=300) + 0.3 * rng.normal(size=300)
    notes = lmm.fit("y ~ s(x, bs='ad', k=15)", {"x": x, "y": y}).notes
    assert any(note.startswith("Without weight: the curve") and "s(x)." in note for note in notes)
    assert not any("told apart from the residuals" in note for note in notes)
