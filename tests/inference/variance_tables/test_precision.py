"""Standard errors and intervals of variance components, and their asymptotic covariance."""

import numpy as np
import pytest
from scipy.stats import chi2, norm

import lmm
from lmm.inference.algebra.derivatives import derivatives
from lmm.inference.algebra.information import user_covariance
from tests.inference.dense_derivatives import DenseModel
from tests.inference.models import RANDOM_PARTS, as_estimated, quietly, random_table


@pytest.fixture(scope="module")
def dyestuff():
    return lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))


def mean_squares(fit):
    """σ² and σ² + 5 σ_b² of the balanced one-way layout, with 24 and 5 degrees of freedom."""
    between, within = fit.varcorr["vcov"]
    return within, within + 5 * between


def test_balanced_one_way_layout(dyestuff):
    """σ̂² and σ̂_b² = (MSB - MSW) / 5 have the variances of their mean squares."""
    within, between = mean_squares(dyestuff)
    var_within, var_between = 2 * within**2 / 24, 2 * between**2 / 5
    expected = [np.sqrt((var_within + var_between) / 25), np.sqrt(var_within)]
    for information in ("observed", "expected", "average"):
        table = lmm.variance_components(dyestuff, information=information)
        assert table["std_error"] == pytest.approx(expected, rel=1e-4)
    covariance = lmm.asymptotic_covariance(dyestuff)
    assert covariance["Residual"][0] == pytest.approx(-var_within / 5, rel=1e-4)


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("random", RANDOM_PARTS.values(), ids=list(RANDOM_PARTS))
def test_expected_information_is_its_definition(random, method):
    fit = quietly(f"y ~ x + t + {random}", random_table(6), method=method, weights="w")
    if fit.singular:
        fit = as_estimated(
            quietly(fit.formula, random_table(6), method=method, weights="w", theta=fit.theta + 0.3)
        )
    model = DenseModel.of_fit(fit)
    information = (model.projected_traces if method == "reml" else model.traces) / 2
    expected = fit.sigma**4 * np.linalg.inv(information)
    back = derivatives(fit).to_user
    expected = back @ expected @ back.T
    found = fit.sigma**4 * user_covariance(fit, "expected", "drop")
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-8 * np.abs(expected).max())


def test_three_informations():
    """The average information is the mean of the observed and the expected one."""
    fit = lmm.fit("Reaction ~ Days + (Days || Subject)", lmm.datasets.load("sleepstudy"))
    observed, expected, average = (
        np.linalg.inv(user_covariance(fit, information, "drop"))
        for information in ("observed", "expected", "average")
    )
    assert average == pytest.approx((observed + expected) / 2, rel=1e-5)


def test_covariances_stand_as_in_varcorr():
    fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    table = lmm.variance_components(fit)
    for name in ("group", "term", "term_2"):
        assert table[name].tolist() == fit.varcorr[name].tolist()
    assert table["vcov"].tolist() == fit.varcorr["vcov"].tolist()
    names = ["Subject.Intercept", "Subject.Days", "Subject.Intercept.Days", "Residual"]
    covariance = lmm.asymptotic_covariance(fit)
    assert covariance["parameter"].tolist() == names
    assert covariance.columns[1:] == tuple(names)
    diagonal = [covariance[name][i] for i, name in enumerate(names)]
    assert np.sqrt(diagonal) == pytest.approx(table["std_error"])
    # Balanced in the subjects: a Wishart matrix of 17 degrees of freedom, over the known design of a subject.
    X = np.column_stack([np.ones(10), np.arange(10.0)])
    D = fit.varcorr["vcov"][:3]
    total = np.array([[D[0], D[2]], [D[2], D[1]]]) + fit.sigma**2 * np.linalg.inv(X.T @ X)
    residual = 2 * fit.sigma**4 / 144
    inverse = np.linalg.inv(X.T @ X)
    expected = [
        2 * total[0, 0] ** 2 / 17 + residual * inverse[0, 0] ** 2,
        2 * total[1, 1] ** 2 / 17 + residual * inverse[1, 1] ** 2,
        (total[0, 0] * total[1, 1] + total[0, 1] ** 2) / 17 + residual * inverse[0, 1] ** 2,
        residual,
    ]
    assert np.sqrt(expected) == pytest.approx(table["std_error"], rel=1e-5)


def test_intervals(dyestuff):
    table = lmm.variance_components(dyestuff, level=0.9)
    s, e = table["vcov"], table["std_error"]
    df = 2 * (s / e) ** 2
    assert table["df"] == pytest.approx(df)
    assert table["conf_low"] == pytest.approx(df * s / chi2.ppf(0.95, df))
    assert table["conf_high"] == pytest.approx(df * s / chi2.ppf(0.05, df))
    # The residual mean square has its exact interval.
    assert table["df"][1] == pytest.approx(24.0, rel=1e-4)
    wald = lmm.variance_components(dyestuff, interval="wald", level=0.9)
    assert wald["conf_high"] == pytest.approx(s + norm.ppf(0.95) * e)
    assert wald["conf_low"][0] == 0.0
    assert "Wald" in wald.notes[1]


def test_boundary_has_no_standard_error():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"))
    table = lmm.variance_components(fit)
    assert np.isnan(table["std_error"][0])
    assert np.isnan(table["conf_high"][0])
    # As in the model without batches: 29 degrees of freedom.
    assert table["std_error"][1] == pytest.approx(fit.sigma**2 * np.sqrt(2 / 29), rel=1e-6)
    assert table.notes[-1] == (
        "Missing: a variance on the boundary, or given, has no standard error; try profile intervals."
    )


def test_given_parameters_have_no_standard_error():
    data = lmm.datasets.load("Penicillin")
    fit = lmm.fit("diameter ~ 1 + (1 | plate) + (1 | sample)", data, theta=[None, 3.0])
    theta = lmm.asymptotic_covariance(fit, of="theta")
    assert theta["parameter"].tolist() == ["plate.Intercept", "sample.Intercept", "sigma"]
    assert theta["sample.Intercept"].tolist() == [0.0, 0.0, 0.0]
    assert theta["plate.Intercept"][0] > 0.0


def test_theta_and_sigma(dyestuff):
    """The delta method leads from theta and sigma to the variances."""
    covariance = lmm.asymptotic_covariance(dyestuff, of="theta")
    C = np.column_stack([covariance[name] for name in covariance.columns[1:]])
    (theta,), sigma = dyestuff.theta, dyestuff.sigma
    J = np.array([[2 * sigma**2 * theta, 2 * sigma * theta**2], [0, 2 * sigma]])
    errors = lmm.variance_components(dyestuff)["std_error"]
    assert np.sqrt(np.diag(J @ C @ J.T)) == pytest.approx(errors, rel=1e-6)


def test_moments_have_the_variance_of_their_mean_squares():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"), method="moments")
    within, between = mean_squares(fit)
    table = lmm.variance_components(fit)
    expected = np.sqrt((2 * within**2 / 24 + 2 * between**2 / 5) / 25)
    assert table["std_error"][0] == pytest.approx(expected)
    assert table.notes[0] == "Standard errors: from the mean squares."
    with pytest.raises(
        lmm.LmmError, match='A fit by moments has components, no theta that was estimated; use of="vcov"'
    ):
        lmm.asymptotic_covariance(fit, of="theta")


def test_linear_model():
    fit = lmm.fit("Reaction ~ Days", lmm.datasets.load("sleepstudy"))
    table = lmm.variance_components(fit)
    assert table["df"] == pytest.approx([178.0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"information": "AI"},
            'information= must be one of "expected", "observed", "average"; it is \'AI\'',
        ),
        ({"interval": "profile"}, 'interval= must be "satterthwaite" or "wald"'),
        ({"level": 95}, r"For 95 % write level=0.95"),
    ],
)
def test_options_are_checked(dyestuff, options, message):
    with pytest.raises(lmm.LmmError, match=message):
        lmm.variance_components(dyestuff, **options)


def test_of_is_checked(dyestuff):
    with pytest.raises(lmm.LmmError, match='of= must be "vcov" or "theta"'):
        lmm.asymptotic_covariance(dyestuff, of="thetas")
