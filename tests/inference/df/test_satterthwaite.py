"""Satterthwaite's degrees of freedom: closed forms, numerical derivatives, the boundary, joint tests."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

import lmm
from lmm.estimation import Criterion
from lmm.inference import joint_test, row_tests
from lmm.inference.algebra.information import parameter_covariance
from lmm.inference.df.differences import LARGE_PART, are_cheap, differences, row_differences
from lmm.inference.df.satterthwaite import pooled_df, row_moves, single_df
from tests.inference.dense_derivatives import DenseModel
from tests.inference.models import RANDOM_PARTS, as_estimated, quietly, random_table

METHOD = lmm.Satterthwaite()


def numerical(fit, contrast):
    """2 v² / g'Cg with the Hessian and the gradient by differences of the n × n likelihood in (theta, sigma)."""
    model = DenseModel.of_fit(fit)
    y, layout, reml = model.y * fit.sigma, fit.internals.criterion_function.layout, fit.method == "reml"

    def parts(parameters):
        S = [T @ T.T for T in layout.factors(parameters[:-1])]
        at = type(model)(y, model.X, model.weights, model.blocks, S)
        V, sigma2 = at.V, parameters[-1] ** 2
        deviance = np.linalg.slogdet(sigma2 * V)[1] + at.residuals @ at.V_inverse @ at.residuals / sigma2
        if reml:
            deviance += np.linalg.slogdet(model.X.T @ at.V_inverse @ model.X / sigma2)[1]
        return deviance, sigma2 * contrast @ at.phi @ contrast

    start = np.append(fit.theta, fit.sigma)
    steps = 1e-3 * np.maximum(np.abs(start), 0.1)
    m = len(start)

    def value(*moves):
        return parts(start + sum(sign * steps[i] * np.eye(m)[i] for i, sign in moves))

    hessian, gradient = np.zeros((m, m)), np.zeros(m)
    for i in range(m):
        gradient[i] = (value((i, 1))[1] - value((i, -1))[1]) / (2 * steps[i])
        for j in range(m):
            corners = [value((i, a), (j, b))[0] * a * b for a in (1, -1) for b in (1, -1)]
            hessian[i, j] = sum(corners) / (4 * steps[i] * steps[j])
    return 2 * parts(start)[1] ** 2 / (gradient @ (2 * np.linalg.inv(hessian)) @ gradient)


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("random", RANDOM_PARTS.values(), ids=list(RANDOM_PARTS))
def test_derivatives_are_those_of_the_likelihood(random, method):
    """At a place that is not an optimum as well: the way from theta to V curves there."""
    data = random_table(4)
    layout = quietly(f"y ~ x + t + {random}", data, method=method).internals.criterion_function.layout
    fit = as_estimated(
        quietly(f"y ~ x + t + {random}", data, method=method, theta=0.7 * layout.start, weights="w")
    )
    contrast = np.array([1.0, 0.3, -1.0, 0.5])
    found = row_tests(fit, contrast, METHOD).df[0]
    if not METHOD.notes(fit):  # else the Hessian is indefinite so far from the optimum
        assert found == pytest.approx(numerical(fit, contrast), rel=2e-4)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), random=st.sampled_from(list(RANDOM_PARTS.values())))
def test_differences_of_the_gradient_give_the_same(seed, random):
    fit = quietly(f"y ~ x + t + {random}", random_table(seed, n=60))
    if fit.singular or METHOD.notes(fit):
        return
    by_differences = single_df(*row_differences(fit, np.eye(4)), differences(fit).covariance.W)
    assert by_differences == pytest.approx(row_tests(fit, np.eye(4), METHOD).df, rel=1e-4)


def test_differences_on_the_boundary():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"))
    found = single_df(*row_differences(fit, np.eye(1)), differences(fit).covariance.W)
    assert found == pytest.approx([29.0], rel=1e-6)


def test_one_way_layout_has_the_degrees_of_freedom_of_its_classes():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    assert fit.coefficients(df="satterthwaite")["df"] == pytest.approx([5.0], rel=1e-6)


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_a_zero_variance_term_changes_no_table(method):
    """`z` groups the rows so that its variance is estimated as zero."""
    data = lmm.datasets.load("Penicillin").assign(z=lambda d: d["plate"].cat.codes.to_numpy() % 4)
    data["diameter"] -= data.groupby("z")["diameter"].transform("mean")
    without = lmm.fit("diameter ~ 1 + (1 | plate) + (1 | sample)", data, method=method)
    with_zero = quietly("diameter ~ 1 + (1 | plate) + (1 | sample) + (1 | z)", data, method=method)
    assert with_zero.theta[-1] == 0.0
    for name in ("df", "std_error", "p_value"):
        expected = without.coefficients(df="satterthwaite")[name]
        assert with_zero.coefficients(df="satterthwaite")[name] == pytest.approx(expected, rel=1e-5)


def test_a_redundant_term_is_left_out_with_a_note():
    """Two terms of the same levels: only the sum of their variances is known."""
    data = random_table(2)
    data["again"] = data["g"]
    alone = quietly("y ~ x + (1 | g)", data)
    half = alone.theta[0] / np.sqrt(2)
    fit = as_estimated(quietly("y ~ x + (1 | g) + (1 | again)", data, theta=[half, half]))
    for df, note in (
        (
            "satterthwaite",
            "The criterion is not convex in 1 direction of the covariance parameters, left out",
        ),
        ("kenward-roger", "The data do not identify 1 direction of the covariance parameters, left out"),
    ):
        table = fit.coefficients(df=df)
        assert table["df"] == pytest.approx(alone.coefficients(df=df)["df"], rel=1e-6)
        assert note in " ".join(table.notes)


def test_expected_information_is_another_number():
    fit = lmm.fit("Reaction ~ Days + (Days || Subject)", lmm.datasets.load("sleepstudy"))
    observed, expected = (
        fit.coefficients(df=lmm.Satterthwaite(information=i)) for i in ("observed", "expected")
    )
    assert abs(observed["df"][0] - expected["df"][0]) > 1e-3
    assert "Degrees of freedom: Satterthwaite (expected information)." in expected.notes


@pytest.mark.parametrize(
    ("df", "expected"),
    [
        ([10.0, 10.0, 10.0], 10.0),
        ([3.0], 3.0),
        ([1.5], 1.5),
        ([1.2, 1.2], 1.2),  # alike: that number, also below 2
        ([10.0, 20.0], 2 * (10 / 8 + 20 / 18) / (10 / 8 + 20 / 18 - 2)),
        ([np.inf, np.inf], np.inf),
        ([10.0, np.inf], 2 * (10 / 8 + 1) / (10 / 8 + 1 - 2)),
        ([1.5, 2.5], 2 * 5 / (5 - 2)),  # the first has no mean: SAS leaves it out of the sum
        ([1.5, 100.0], 2.0),
    ],
)
def test_pooling(df, expected):
    """Fai and Cornelius (1996), with the rule of SAS for degrees of freedom of 2 and less."""
    assert pooled_df(np.array(df)) == pytest.approx(expected)


def test_joint_test_in_a_balanced_design():
    fit = lmm.fit("effort ~ Type + (1 | Subject)", lmm.datasets.load("ergoStool"))
    test = joint_test(fit, np.eye(4)[1:], "satterthwaite")
    assert (test.num_df, test.den_df) == pytest.approx((3, 24.0), rel=1e-6)


def test_fit_by_moments_uses_the_variance_of_its_mean_squares():
    """Balanced: exact strata, whatever the method of estimation."""
    data = lmm.datasets.load("Oats")
    formula = "yield ~ Variety * C(nitro) + (1 | Block/Variety)"
    moments, reml = (lmm.fit(formula, data, method=method) for method in ("moments", "reml"))
    expected = row_tests(reml, np.eye(12), "satterthwaite").df
    assert row_tests(moments, np.eye(12), "satterthwaite").df == pytest.approx(expected, rel=1e-5)


def test_fit_that_keeps_a_negative_component_falls_back_to_containment():
    fit = lmm.fit(
        "Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"), method="moments", negative="allow"
    )
    table = fit.coefficients()
    assert table["df"] == pytest.approx([5.0])
    assert "Degrees of freedom: containment." in table.notes
    with pytest.raises(lmm.UnsupportedError, match="keeps a negative component has no covariance"):
        fit.coefficients(df="satterthwaite")


def test_information_is_checked():
    with pytest.raises(
        lmm.LmmError, match='information= must be one of "observed", "expected", "average"; it is \'AI\''
    ):
        lmm.Satterthwaite("AI")


@pytest.fixture
def crossed():
    """Two crossed factors, both large."""
    rng = np.random.default_rng(3)
    n, m = 9_000, LARGE_PART + 50
    a, b = rng.integers(0, m + 20, n), rng.integers(0, m, n)
    x = rng.normal(size=n)
    y = x + rng.normal(size=m + 20)[a] + 0.7 * rng.normal(size=m)[b] + rng.normal(size=n)
    return lmm.fit("y ~ x + (1 | a) + (1 | b)", {"y": y, "x": x, "a": a.astype(str), "b": b.astype(str)})


def test_large_crossed_factors_cost_two_evaluations_for_each_theta(crossed, monkeypatch):
    assert are_cheap(crossed)
    calls = []
    evaluate = Criterion.evaluate

    def counted(self, *args, **kwargs):
        calls.append(1)
        return evaluate(self, *args, **kwargs)

    monkeypatch.setattr(Criterion, "evaluate", counted)
    contrast = np.vstack([np.eye(2), [[1.0, -1.0]]])
    found = row_tests(crossed, contrast, METHOD).df
    joint_test(crossed, contrast[:2], METHOD)
    assert len(calls) == 2 * len(crossed.theta)
    analytic = single_df(*row_moves(crossed, contrast), parameter_covariance(crossed, "observed", "drop").W)
    np.testing.assert_allclose(found, analytic, rtol=1e-6)


def test_combined_contrasts_by_differences_are_the_same_rows(crossed):
    combine = csr_array([[1.0, -1.0], [0.5, 2.0]])
    combined = row_tests(crossed, np.eye(2), METHOD, combine=combine).df
    np.testing.assert_allclose(combined, row_tests(crossed, combine.toarray(), METHOD).df, rtol=1e-12)


def test_where_theta_is_given_derivatives_are_analytic(crossed):
    data = {name: crossed.internals.design.model_frame[name].values for name in ("y", "x")}
    data |= {part.group: np.asarray(part.levels)[part.codes] for part in crossed.internals.design.random}
    assert not are_cheap(quietly("y ~ x + (1 | a) + (1 | b)", data, theta=[1.0, 0.2]))
