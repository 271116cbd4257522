"""Comparing fits: what may be compared, what is nested, what is refused."""

import numpy as np
import pytest
from scipy.stats import chi2

import lmm
from lmm.inference.fits.nesting import is_nested


@pytest.fixture(scope="module")
def sleep():
    frame = lmm.datasets.load("sleepstudy")
    return frame.assign(
        late=np.where(frame["Days"] > 4, "late", "early"),
        w=1.0 + np.arange(len(frame)) % 2,
        off=np.sin(np.arange(len(frame))),
        other=frame["Subject"].astype(str) + frame["Days"].mod(2).astype(str),
    )


@pytest.fixture(scope="module")
def fits(sleep):
    formulas = {
        "none": "Reaction ~ Days",
        "intercept": "Reaction ~ Days + (1 | Subject)",
        "slope": "Reaction ~ Days + (0 + Days | Subject)",
        "independent": "Reaction ~ Days + (Days || Subject)",
        "full": "Reaction ~ Days + (Days | Subject)",
        "shifted": "Reaction ~ Days + (I(Days - 3) | Subject)",
        "shifted_independent": "Reaction ~ Days + (I(Days - 3) || Subject)",
        "mean": "Reaction ~ 1 + (Days | Subject)",
        "factor": "Reaction ~ Days + (0 + late | Subject)",
        "compound": "Reaction ~ Days + (1 | Subject) + (1 | Subject:late)",
        "two": "Reaction ~ Days + (1 | Subject) + (0 + Days | Subject)",
        "crossed": "Reaction ~ Days + (1 | Subject) + (1 | other)",
        "scaled": "Reaction ~ scale(Days) + (Days | Subject)",
    }
    return {name: lmm.fit(formula, sleep) for name, formula in formulas.items()}


NESTED = [
    ("none", "intercept", True),
    ("intercept", "none", False),
    ("intercept", "independent", True),
    ("intercept", "full", True),
    ("slope", "independent", True),
    ("intercept", "slope", False),
    ("independent", "full", True),
    ("full", "independent", False),
    ("two", "independent", True),
    ("independent", "two", True),
    ("two", "full", True),
    ("full", "shifted", True),
    ("shifted", "full", True),
    ("independent", "shifted", True),
    ("independent", "shifted_independent", False),
    ("slope", "shifted_independent", False),
    ("mean", "full", True),
    ("full", "mean", False),
    # One variance and one covariance between the levels are a special case of all of them.
    ("compound", "factor", True),
    ("factor", "compound", False),
    ("intercept", "crossed", True),
    ("crossed", "full", False),
    ("full", "scaled", True),
]


@pytest.mark.parametrize(("small", "large", "nested"), NESTED)
def test_nesting(fits, small, large, nested):
    assert is_nested(fits[small], fits[large]) is nested


def test_weights_and_offsets_are_part_of_the_model(fits):
    plain = fits["intercept"]
    assert not is_nested(plain, fits["full"].update(weights="w"))
    assert not is_nested(plain, fits["full"].update(offset="off"))
    assert is_nested(plain.update(weights="w"), fits["full"].update(weights="w"))


def test_parameters_that_were_given_are_part_of_the_model(fits):
    held = fits["independent"].update(theta=[0.9, None])
    assert not is_nested(held, fits["independent"])
    assert not is_nested(fits["intercept"], held)
    assert is_nested(held, held)


def test_likelihood_ratio(fits):
    small, large = fits["intercept"], fits["full"]
    table = lmm.compare(large, small)
    assert list(table["model"]) == [small.formula, large.formula]
    chisq = 2.0 * (large.loglik - small.loglik)
    assert table["chisq"][1] == pytest.approx(chisq)
    assert table["df"][1] == 2
    assert table["p_value"][1] == pytest.approx(chi2.sf(chisq, 2))
    for name, value in (
        ("aic", small.aic),
        ("bic", small.bic),
        ("loglik", small.loglik),
        ("criterion", small.criterion),
    ):
        assert table[name][0] == value
    assert np.isnan(table["chisq"][0])
    assert table.notes[0] == "Fits by REML."


def test_reml_fits_with_other_fixed_parts_are_refitted(fits):
    table = lmm.compare(fits["mean"], fits["full"])
    by_ml = [fits[name].update(method="ml") for name in ("mean", "full")]
    assert table["criterion"] == pytest.approx([fit.criterion for fit in by_ml], abs=1e-9)
    assert table.notes[0].startswith("Refitted by maximum likelihood: ")
    assert lmm.compare(*by_ml) == table
    assert lmm.compare(*by_ml).notes[0] == "Fits by maximum likelihood."


def test_another_basis_of_the_same_fixed_part_is_refitted(fits):
    """REML criteria depend on the scale of the columns of X."""
    table = lmm.compare(fits["full"], fits["scaled"])
    assert table["criterion"][0] == pytest.approx(table["criterion"][1], abs=1e-6)
    assert "have as many parameters" in table.notes[1]


def test_reml_and_ml_together(fits):
    mixed = fits["intercept"], fits["full"].update(method="ml")
    assert lmm.compare(*mixed).notes[0] == (
        "Refitted by maximum likelihood where the fits were by other methods."
    )
    with pytest.raises(lmm.LmmError, match="Fits by different methods, or by moments, cannot be compared"):
        lmm.compare(*mixed, refit=False)


def test_refit_false(fits):
    with pytest.raises(
        lmm.LmmError, match='different fixed parts cannot be compared: fit them with method="ml"'
    ):
        lmm.compare(fits["mean"], fits["full"], refit=False)
    assert len(lmm.compare(fits["intercept"], fits["full"], refit=False)) == 2


def test_models_that_are_not_nested_have_no_test(fits):
    table = lmm.compare(fits["slope"], fits["crossed"], fits["full"])
    assert np.isnan(table["p_value"]).all()
    assert sum("are not nested; compare AIC or BIC" in note for note in table.notes) == 2


def test_the_boundary_is_noted_where_there_is_one(fits):
    def notes(*names):
        return " ".join(lmm.compare(*(fits[name] for name in names)).notes)

    assert "a variance cannot be negative" in notes("intercept", "full")
    # A correlation more is inside, where χ² is right.
    assert "a variance cannot be negative" not in notes("independent", "full")


def test_equal_formulas_are_numbered(fits):
    assert list(lmm.compare(fits["full"], fits["full"])["model"]) == [
        "Reaction ~ Days + (Days | Subject)",
        "Reaction ~ Days + (Days | Subject) #2",
    ]


def test_different_rows_are_refused(fits, sleep):
    fewer = lmm.fit(fits["full"].formula, sleep.assign(Days=sleep["Days"].where(sleep.index > 2)))
    with pytest.raises(
        lmm.LmmError,
        match=r"were fitted to different rows \(180 and 177\).*Rows with missing values were left out; give both fits",
    ):
        lmm.compare(fits["intercept"], fewer)
    with pytest.raises(lmm.LmmError, match=r"different rows \(180 and 100\).*Fit both to the same table"):
        lmm.compare(fits["intercept"], lmm.fit(fits["full"].formula, sleep[:100]))


def test_different_responses_are_refused(fits, sleep):
    logarithm = lmm.fit("log(Reaction) ~ Days + (1 | Subject)", sleep)
    with pytest.raises(
        lmm.LmmError, match=r"different responses \(Reaction and log\(Reaction\)\).*cannot be compared"
    ):
        lmm.compare(fits["full"], logarithm)
    shuffled = lmm.fit("Reaction ~ Days + (1 | Subject)", sleep.iloc[::-1])
    with pytest.raises(
        lmm.LmmError, match=r"different responses, so that .* the same rows in the same order"
    ):
        lmm.compare(fits["full"], shuffled)


def test_what_is_no_fit_is_refused(fits):
    with pytest.raises(lmm.LmmError, match="A comparison needs two fits at least"):
        lmm.compare(fits["full"])
    with pytest.raises(
        lmm.LmmError, match=r"Only fits can be compared; list is none\. Write lmm\.compare\(fit0, fit1\)"
    ):
        lmm.compare([fits["full"], fits["intercept"]])


def test_fits_by_moments_have_no_likelihood(fits):
    moments = fits["intercept"].update(method="moments")
    with pytest.raises(lmm.LmmError, match="method of moments has no likelihood"):
        lmm.compare(moments, moments)
