"""Every quantity of a fit against lme4: at our optimum, and at the theta where R stopped."""

import dataclasses

import numpy as np
import pytest

from tests import tolerances
from tests.reference.lme4 import cases, names

IDS = list(cases.reference())


@dataclasses.dataclass(frozen=True)
class Place:
    """Where the two are compared, and how closely."""

    fit: object
    case: dict
    beta: float
    vcov: float
    sigma: float
    sd: float
    mode: float
    conditional: float


@pytest.fixture(params=["optimum", "theta of R"])
def place(request, case_id):
    case = cases.reference()[case_id]
    if request.param == "theta of R":
        return Place(cases.at_theta_of_r(case_id), case, *[tolerances.SAME_THETA] * 6)
    return Place(
        cases.fitted(case_id),
        case,
        tolerances.BETA,
        tolerances.VCOV,
        tolerances.SIGMA,
        tolerances.SD,
        tolerances.MODE,
        tolerances.CONDITIONAL,
    )


every_case = pytest.mark.parametrize("case_id", IDS)


@every_case
def test_criterion_is_never_above(case_id):
    fit, case = cases.fitted(case_id), cases.reference()[case_id]
    assert fit.converged
    assert fit.criterion <= case["criterion"] + tolerances.CRITERION_ABOVE


@every_case
def test_criterion_at_the_theta_of_r(case_id):
    expected = cases.reference()[case_id]["criterion"]
    assert cases.at_theta_of_r(case_id).criterion == pytest.approx(expected, rel=tolerances.SAME_CRITERION)


@every_case
def test_beta(place):
    se = np.sqrt(np.diag(place.case["vcov"]))
    ours = by_name(place.fit.fixef, "estimate")
    for name, value, scale in zip(coefficient_names(place.case), place.case["beta"], se, strict=True):
        assert ours[name] == pytest.approx(value, abs=place.beta * scale)
    assert len(ours) == len(se)


@every_case
def test_vcov(place):
    theirs = np.array(place.case["vcov"])
    se = np.sqrt(np.diag(theirs))
    terms = list(place.fit.fixef["term"])
    order = [terms.index(name) for name in coefficient_names(place.case)]
    ours = place.fit.vcov[np.ix_(order, order)]
    assert ours / np.outer(se, se) == pytest.approx(theirs / np.outer(se, se), abs=place.vcov)


@every_case
def test_sigma(place):
    assert place.fit.sigma == pytest.approx(place.case["sigma"], rel=place.sigma)


@every_case
def test_standard_deviations_and_correlations(place):
    ours = {(row["group"], row["term"], row["term_2"]): row["sdcor"] for row in place.fit.varcorr}
    theirs = variance_rows(place.case, place.fit)
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        correlation = key[2] is not None
        scale = 1.0 if correlation else value or place.case["sigma"]
        assert ours[key] == pytest.approx(value, abs=place.sd * scale), key


@every_case
def test_variances_and_covariances(place):
    ours = {(row["group"], row["term"], row["term_2"]): row["vcov"] for row in place.fit.varcorr}
    theirs = variance_rows(place.case, place.fit, "vcov")
    for (group, term, term_2), value in theirs.items():
        scale = np.sqrt(theirs[group, term, None] * theirs[group, term_2 or term, None])
        key = (group, term, term_2)
        assert ours[key] == pytest.approx(value, abs=2 * place.sd * (scale or place.case["sigma"] ** 2)), key


@every_case
def test_conditional_modes(place):
    sd = standard_deviations(place)
    ours = {(row["group"], row["level"], row["term"]): row["estimate"] for row in place.fit.ranef()}
    for theirs in conditional_modes(place.case, place.fit):
        for level, values in zip(theirs.levels, theirs.values, strict=True):
            for term, value in zip(theirs.terms, values, strict=True):
                expected = pytest.approx(value, abs=place.mode * sd[theirs.group, term])
                assert ours[theirs.group, level, term] == expected


@every_case
def test_conditional_covariances(place):
    sd = standard_deviations(place)
    ours = covariances_by_level(place.fit)
    for theirs in conditional_modes(place.case, place.fit):
        scale = np.array([sd[theirs.group, term] for term in theirs.terms])
        for level, covariance in zip(theirs.levels, theirs.covariances, strict=False):
            terms, own = ours[theirs.group, level]
            order = [terms.index(term) for term in theirs.terms]
            difference = (own[np.ix_(order, order)] - covariance) / np.outer(scale, scale)
            assert np.abs(difference).max() < place.conditional


@every_case
def test_conditional_standard_errors_are_those_of_the_covariances(case_id):
    fit = cases.fitted(case_id)
    covariances = covariances_by_level(fit)
    for row in fit.ranef(cond_var=True).to_pandas().head(30).to_dict("records"):
        terms, own = covariances[row["group"], row["level"]]
        index = terms.index(row["term"])
        assert row["std_error"] ** 2 == pytest.approx(own[index, index])


@every_case
def test_fitted_values_and_residuals(place):
    tolerance = place.mode * place.case["sigma"]
    assert place.fit.fitted[:10] == pytest.approx(place.case["fitted_head"], abs=tolerance)
    assert place.fit.residuals("response")[:10] == pytest.approx(place.case["resid_head"], abs=tolerance)
    assert np.sum(place.fit.residuals("response") ** 2) == pytest.approx(place.case["rss"], rel=place.mode)


@every_case
def test_likelihood_and_information_criteria(case_id):
    fit, case = cases.fitted(case_id), cases.reference()[case_id]
    assert fit.loglik == pytest.approx(-fit.criterion / 2)
    assert fit.loglik >= case["logLik"] - tolerances.CRITERION_ABOVE / 2
    # What the two add to the criterion: the number of parameters, and the number of rows.
    assert fit.n_parameters == case["npar"]
    assert fit.aic - fit.criterion == pytest.approx(case["AIC"] - case["criterion"])
    assert fit.bic - fit.criterion == pytest.approx(case["BIC"] - case["criterion"])


@every_case
def test_counts(case_id):
    fit, case = cases.fitted(case_id), cases.reference()[case_id]
    assert fit.n_obs == case["n"]
    assert fit.n_fixed == len(case["beta"])
    assert fit.df_residual == case["n"] - len(case["beta"])
    assert fit.n_levels == {names.group(name, fit.n_levels): n for name, n in case["ngrps"].items()}
    assert len(fit.theta) == len(case["theta"])


@every_case
def test_levels_and_terms(case_id):
    fit, case = cases.fitted(case_id), cases.reference()[case_id]
    ours = fit.ranef()
    for theirs in conditional_modes(case, fit):
        rows = ours["group"] == theirs.group
        assert set(theirs.levels) <= set(ours["level"][rows])
        assert set(theirs.terms) == set(ours["term"][rows])


@pytest.mark.parametrize(
    ("case_id", "group", "first"),
    [
        (
            "oats_split_plot_reml",
            "Block:Variety",
            ["VI:Golden Rain", "VI:Marvellous", "VI:Victory", "V:Golden Rain"],
        ),
        ("oxide_nested_reml", "Lot:Wafer", ["1:1", "1:2", "1:3", "2:1"]),
        ("cake_temp_ml", "replicate:recipe", ["1:A", "1:B", "1:C", "2:A"]),
        ("tvbo_reml", "Assessor:TVset", ["1:TV1", "1:TV2", "1:TV3", "2:TV1"]),
    ],
)
def test_levels_of_a_product_run_with_the_first_factor_slowest(case_id, group, first):
    effects = cases.fitted(case_id).ranef()
    assert list(effects["level"][effects["group"] == group][:4]) == first


@pytest.mark.parametrize(
    ("case_id", "groups"),
    [
        ("oats_split_plot_reml", ["Block", "Block:Variety"]),
        ("tvbo_reml", ["Assessor", "Assessor:TVset", "Assessor:Picture"]),
        ("insteval_nested_ml", ["s", "d", "dept:service"]),
    ],
)
def test_terms_stay_in_the_order_of_the_formula(case_id, groups):
    fit = cases.fitted(case_id)
    assert list(fit.n_levels) == groups
    assert list(fit.varcorr["group"]) == [*groups, "Residual"]


def test_predictions_for_new_data():
    case, fit = cases.reference()["sleep_slope_reml"], cases.at_theta_of_r("sleep_slope_reml")
    expected = case["predict"]
    new = {name: [row[name] for row in expected["newdata"]] for name in ("Days", "Subject")}
    population = fit.predict(new, random=False, new_levels="population")
    assert population == pytest.approx(expected["population"], rel=tolerances.SAME_THETA)
    conditional = fit.predict(new, new_levels="population")
    assert conditional == pytest.approx(expected["conditional"], rel=tolerances.SAME_THETA)


@every_case
def test_singular(case_id):
    assert cases.fitted(case_id).singular == cases.reference()[case_id]["singular"]


@dataclasses.dataclass(frozen=True)
class Modes:
    """R's conditional modes of one group, in our words."""

    group: str
    levels: list
    terms: list
    values: list
    covariances: list  # of the first levels; empty where R gives none


def conditional_modes(case, fit):
    for theirs, entry in case["ranef"].items():
        group = names.group(theirs, fit.n_levels)
        yield Modes(
            group,
            [names.level(label, theirs, group) for label in entry["levels"]],
            random_terms(case, entry["columns"]),
            entry["values"],
            [covariance for covariance in entry["condVar"] if covariance is not None],
        )


def random_terms(case, columns):
    """A factor without an intercept beside it has a column for every level."""
    frame = cases.data(case["id"])
    full = () if "(Intercept)" in columns else tuple(frame)
    return [names.coefficient(column, frame, full) for column in columns]


def covariances_by_level(fit):
    """Terms and covariance matrix of every level of every group."""
    return {
        (part.group, level): (part.columns, covariance)
        for part, covariances in zip(fit.internals.design.random, fit.ranef_covariances(), strict=True)
        for level, covariance in zip(part.levels, covariances, strict=True)
    }


def coefficient_names(case):
    return [names.coefficient(name, cases.data(case["id"])) for name in case["beta_names"]]


def by_name(table, column):
    return dict(zip(table["term"], table[column], strict=True))


def variance_rows(case, fit, column="sdcor"):
    rows = {}
    terms_of = {theirs: entry["columns"] for theirs, entry in case["ranef"].items()}
    for row in case["varcorr"]:
        if row["grp"] == "Residual":
            rows["Residual", None, None] = row[column]
            continue
        # lme4 numbers the second term of one factor: Subject.1
        theirs = row["grp"] if row["grp"] in terms_of else row["grp"].rpartition(".")[0]
        translated = dict(zip(terms_of[theirs], random_terms(case, terms_of[theirs]), strict=True))
        key = (
            names.group(theirs, fit.n_levels),
            translated[row["var1"]],
            translated[row["var2"]] if row["var2"] else None,
        )
        rows[key] = row[column]
    return rows


def standard_deviations(place):
    """Scale of the random effects of each term; of the residuals where a term has no variance."""
    return {
        (group, term): value or place.case["sigma"]
        for (group, term, term_2), value in variance_rows(place.case, place.fit).items()
        if term_2 is None
    }
