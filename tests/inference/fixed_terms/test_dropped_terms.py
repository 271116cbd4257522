"""Terms left out one at a time."""

import numpy as np
import pytest

import lmm


@pytest.fixture(scope="module")
def cake():
    frame = lmm.datasets.load("cake")
    return frame[np.arange(len(frame)) % 4 != 0]


@pytest.fixture(scope="module")
def fit(cake):
    return lmm.fit("angle ~ recipe * temp + replicate:temp + (1 | replicate:recipe)", cake)


def test_only_what_no_other_term_contains(fit):
    assert list(lmm.drop1(fit)["term"]) == ["recipe:temp", "replicate:temp"]


@pytest.mark.parametrize("test", ["f", "chisq"])
def test_rows_are_those_of_type_2(cake, test):
    fit = lmm.fit("angle ~ recipe + temp + (1 | replicate:recipe)", cake)
    assert lmm.drop1(fit, test=test) == fit.anova(type=2, test=test)


def test_likelihood_ratios_are_those_of_separate_fits(cake):
    fit = lmm.fit("angle ~ recipe + temp + (1 | replicate:recipe)", cake)
    table = lmm.drop1(fit, test="lrt")
    others = ["angle ~ temp + (1 | replicate:recipe)", "angle ~ recipe + (1 | replicate:recipe)"]
    fits = [lmm.fit(formula, cake, method="ml") for formula in (fit.formula, *others)]
    assert table["loglik"] == pytest.approx([other.loglik for other in fits], abs=1e-8)
    assert table["aic"] == pytest.approx([other.aic for other in fits], abs=1e-7)
    assert list(table["n_parameters"]) == [6, 4, 5]
    assert table.notes == ("Likelihood ratios by maximum likelihood, for which the model was refitted.",)
    assert lmm.drop1(fits[0], test="lrt").notes == ("Likelihood ratios by maximum likelihood.",)


def test_what_is_left_is_coded_anew(cake):
    """Without ``recipe`` the other factor takes the place of the intercept."""
    fit = lmm.fit("angle ~ 0 + recipe + replicate", cake, method="ml")
    alone = lmm.fit("angle ~ 0 + replicate", cake, method="ml")
    assert lmm.drop1(fit, test="lrt")["loglik"][1] == pytest.approx(alone.loglik)


def test_an_aliased_column_takes_the_place_of_the_one_left_out(cake):
    fit = lmm.fit("angle ~ x + z + recipe", cake.assign(x=1.0 * cake["temp"], z=2.0 * cake["temp"]))
    table = lmm.drop1(fit, test="lrt")
    assert table["df"][1] == 0
    assert np.isnan(table["p_value"][1])


def test_nothing_to_leave_out():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    table = lmm.drop1(fit)
    assert len(table) == 0
    assert table.notes == ("The fixed part has no terms but the intercept: there is nothing to leave out.",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"test": "lr"}, r'test= must be one of "f", "chisq", "lrt"; it is \'lr\'\. Did you mean "lrt"\?'),
        ({"test": "lrt", "df": "satterthwaite"}, 'test="lrt" has no denominator degrees of freedom'),
        ({"df": "nonsense"}, "df= must be one of"),
    ],
)
def test_bad_options(fit, options, message):
    with pytest.raises(lmm.LmmError, match=message):
        lmm.drop1(fit, **options)
