"""Kenward and Roger: the published formulas by n × n algebra, exact tests of balanced designs, published numbers."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_rel

import lmm
from lmm.inference import joint_test, row_tests
from lmm.inference.df.kenward_roger import moments
from tests.inference.dense_derivatives import DenseModel
from tests.inference.models import (
    RANDOM_PARTS,
    as_estimated,
    balanced_split_plot,
    quietly,
    random_table,
    strata,
    term_contrast,
)

EXPECTED = lmm.KenwardRoger()


def textbook(fit, C):
    """Kenward and Roger (1997), as printed: Φ_A, and df and λ for the rows of C."""
    model = DenseModel.of_fit(fit)
    phi, P, Q = model.phi, model.P_i, model.Q_ij
    m = len(P)
    W = np.linalg.inv(model.projected_traces / 2)
    inner = sum(W[i, j] * (Q[i, j] - P[i] @ phi @ P[j]) for i in range(m) for j in range(m))
    adjusted = phi + 2 * phi @ inner @ phi
    theta = C.T @ np.linalg.inv(C @ phi @ C.T) @ C
    moved = [theta @ phi @ P[i] @ phi for i in range(m)]
    A1 = sum(W[i, j] * np.trace(moved[i]) * np.trace(moved[j]) for i in range(m) for j in range(m))
    A2 = sum(W[i, j] * np.trace(moved[i] @ moved[j]) for i in range(m) for j in range(m))
    r = len(C)
    B = (A1 + 6 * A2) / (2 * r)
    g = ((r + 1) * A1 - (r + 4) * A2) / ((r + 2) * A2)
    d = 3 * r + 2 * (1 - g)
    c1, c2, c3 = g / d, (r - g) / d, (r + 2 - g) / d
    E = 1 / (1 - A2 / r)
    V = 2 / r * (1 + c1 * B) / ((1 - c2 * B) ** 2 * (1 - c3 * B))
    rho = V / (2 * E**2)
    df = 4 + (r + 2) / (r * rho - 1)
    return fit.sigma**2 * adjusted, df, df / (E * (df - 2))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    random=st.sampled_from(list(RANDOM_PARTS.values())),
    weighted=st.booleans(),
    scale=st.floats(0.2, 3.0),
    singular=st.booleans(),
)
def test_formulas_on_random_designs(seed, random, weighted, scale, singular):
    data, weights = random_table(seed), "w" if weighted else None
    start = quietly(f"y ~ x + t + {random}", data, weights=weights)
    theta = scale * start.internals.criterion_function.layout.start
    if singular:
        theta[-1] = 0.0  # the last variance given those before it
    fit = as_estimated(quietly(f"y ~ x + t + {random}", data, weights=weights, theta=theta))
    C = np.eye(4)[2:]
    vcov, df, scale = textbook(fit, C)
    assume(2.5 < df < 1e4)  # beyond, the formulas as printed lose digits
    assert EXPECTED.vcov(fit) == pytest.approx(vcov, rel=1e-8, abs=1e-8 * np.abs(vcov).max())
    test = joint_test(fit, C, EXPECTED)
    assert test.den_df == pytest.approx(df, rel=1e-8)
    assert test.scale == pytest.approx(scale, rel=1e-8)
    difference = C @ fit.beta
    wald = difference @ np.linalg.solve(C @ vcov @ C.T, difference)
    assert test.f_value == pytest.approx(scale * wald / 2, rel=1e-8)


@pytest.mark.parametrize("random", RANDOM_PARTS.values(), ids=list(RANDOM_PARTS))
def test_one_row_is_a_joint_test_of_one_row(random):
    fit = quietly(f"y ~ x + t + {random}", random_table(3))
    rows = row_tests(fit, np.eye(4), EXPECTED)
    for i in range(4):
        joint = joint_test(fit, np.eye(4)[[i]], EXPECTED)
        assert joint.den_df == pytest.approx(rows.df[i], rel=1e-9)
        assert joint.scale == pytest.approx(1.0)
        assert joint.f_value == pytest.approx(rows.statistic[i] ** 2, rel=1e-9)
        assert joint.p_value == pytest.approx(rows.p_value[i], rel=1e-7)


def test_joint_test_does_not_depend_on_the_rows_chosen():
    fit = quietly("y ~ x + t + (x | g)", random_table(5))
    rows = np.eye(4)[2:]
    first = joint_test(fit, rows, EXPECTED)
    for mixed in ([[1.0, -1.0], [0.0, 2.0]], [[1e6, 0.0], [1.0, 1e-3]]):
        other = joint_test(fit, np.array(mixed) @ rows, EXPECTED)
        assert other.f_value == pytest.approx(first.f_value, rel=1e-8)
        assert other.den_df == pytest.approx(first.den_df, rel=1e-8)


@pytest.mark.parametrize("m", [1, 2, 3, 4, 5, 9, 45, 1000])
@pytest.mark.parametrize("r", [1, 2, 3, 7])
def test_moments_of_exact_f_tests(r, m):
    """With m error degrees of freedom A1 = 2r²/m and A2 = 2r/m; m = 2 and m = 4 make quotients 0/0 and 1/0."""
    found = moments(2 * r**2 / m, 2 * r / m, r)
    assert found.df == pytest.approx(m)
    assert found.scale == pytest.approx(1.0)


@pytest.mark.parametrize("r", [1, 2, 5])
def test_no_uncertainty_about_v_means_chi_square(r):
    assert moments(0.0, 0.0, r) == (np.inf, 1.0)
    assert moments(2 * r**2 / 1e13, 2 * r / 1e13, r).df > 1e12


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    n_blocks=st.integers(3, 6),
    n_whole=st.integers(2, 4),
    n_sub=st.integers(2, 4),
)
def test_balanced_split_plots_have_their_classical_strata(seed, n_blocks, n_whole, n_sub):
    shape = (n_blocks, n_whole, n_sub)
    data = balanced_split_plot(seed, *shape)
    # Orthogonal contrasts: each term's own coefficients are its classical hypothesis.
    fit = quietly("y ~ a * b + (1 | block/a)", data, contrasts={"a": "sum", "b": "sum"})
    assume(not fit.singular)
    for name, (num_df, den_df, f_value) in strata(data, *shape).items():
        for df in ("kenward-roger", "satterthwaite", lmm.KenwardRoger("observed")):
            test = joint_test(fit, term_contrast(fit, name), df)
            assert test.num_df == num_df
            assert test.den_df == pytest.approx(den_df, rel=1e-5)
            assert test.f_value == pytest.approx(f_value, rel=1e-5)
        assert joint_test(fit, term_contrast(fit, name), "containment").den_df == den_df
        assert joint_test(fit, term_contrast(fit, name), "between-within").den_df == den_df


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), n=st.integers(3, 30))
def test_paired_t_test(seed, n):
    """Two treatments in complete blocks."""
    rng = np.random.default_rng(seed)
    pairs = rng.normal(size=n)[:, None] * 2 + rng.normal(size=(n, 2)) + [0.0, 0.7]
    data = {"y": pairs.ravel(), "t": ["a", "b"] * n, "block": np.repeat(np.arange(n), 2)}
    fit = quietly("y ~ t + (1 | block)", data)
    assume(not fit.singular)
    test, expected = row_tests(fit, [[0.0, 1.0]], EXPECTED), ttest_rel(pairs[:, 1], pairs[:, 0])
    assert test.df[0] == pytest.approx(n - 1, rel=1e-6)
    assert test.statistic[0] == pytest.approx(expected.statistic, rel=1e-6)
    assert test.p_value[0] == pytest.approx(expected.pvalue, rel=1e-5)


def test_shoes_as_published_with_pbkrtest():
    """Halekoh and Højsgaard (2014), Journal of Statistical Software 59(9), section 2."""
    shoes = lmm.datasets.load("shoes")
    whole = joint_test(lmm.fit("wear ~ material + (1 | boy)", shoes), [[0.0, 1.0]], EXPECTED)
    assert (whole.den_df, whole.f_value) == pytest.approx((9.0, 11.214974), rel=1e-6)
    by_material = shoes.sort_values(
        ["material", "boy"], key=lambda column: column.cat.codes, ignore_index=True
    )
    part = lmm.fit("wear ~ material + (1 | boy)", by_material.drop([0, 11]))
    test = joint_test(part, [[0.0, 1.0]], EXPECTED)
    assert (test.den_df, test.f_value) == pytest.approx((7.0219044, 5.9893241), rel=1e-6)


def test_boundary():
    """A batch variance of zero: five degrees of freedom of six batches (pbkrtest), or 29 of the residuals (SAS)."""
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"))
    assert fit.coefficients(df="kenward-roger")["df"] == pytest.approx([5.0])
    assert fit.coefficients(df=lmm.KenwardRoger(boundary="drop"))["df"] == pytest.approx([29.0])
    assert fit.coefficients(df=lmm.KenwardRoger("observed"))["df"] == pytest.approx([29.0])
    notes = " ".join(fit.coefficients(df="kenward-roger").notes)
    assert 'without variance are kept as parameters (boundary="keep")' in notes
    notes = " ".join(fit.coefficients(df=lmm.KenwardRoger(boundary="drop")).notes)
    assert 'without variance are treated as known (boundary="drop")' in notes


def test_second_derivatives_of_v_are_zero():
    fit = quietly("y ~ x + t + (x | g)", random_table(7))
    first = fit.coefficients(df=lmm.KenwardRoger(first_order=True))
    assert first == fit.coefficients(df=lmm.KenwardRoger())


def test_given_theta_is_known():
    """Only σ² is estimated then, with n - p degrees of freedom, and the covariance needs no adjustment."""
    fit = quietly("y ~ x + t + (x | g)", random_table(8), theta=[1.0, 0.2, 0.5])
    for df in ("kenward-roger", "satterthwaite"):
        table = fit.coefficients(df=df)
        assert table["df"] == pytest.approx([fit.df_residual] * 4)
        assert table["std_error"] == pytest.approx(fit.fixef["std_error"])


def test_partly_given_theta():
    """Held parameters are not parameters: the information of the others is inverted by itself."""
    data = random_table(9)
    free = quietly("y ~ x + t + (1 | g) + (1 | h)", data)
    held = quietly("y ~ x + t + (1 | g) + (1 | h)", data, theta=[None, free.theta[1]])
    model = DenseModel.of_fit(held)
    S_h, P = model.blocks[1][0] @ model.blocks[1][0].T * held.theta[1] ** 2, model.P
    # With theta of h held, σ² moves V by W⁻¹ + Z_h S_h Z_h'.
    moves = [model.derivatives[0], model.derivatives[2] + S_h]
    information = np.array([[np.trace(P @ a @ P @ b) / 2 for b in moves] for a in moves])
    W = np.linalg.inv(information)
    VX = model.V_inverse @ model.X
    c = np.array([0.0, 1.0, 0.0, 0.0]) @ model.phi
    g = np.array([c @ VX.T @ D @ VX @ c for D in moves])
    expected = 2 * model.phi[1, 1] ** 2 / (g @ W @ g)
    # The optimum of sigma given theta is what the fit reports for both.
    assert held.coefficients(df="kenward-roger")["df"][1] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("method", ["ml", "moments"])
def test_other_methods_are_refused_with_what_to_do(method):
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"), method=method)
    with pytest.raises(lmm.LmmError) as error:
        fit.coefficients(df="kenward-roger")
    by = {"ml": "by maximum likelihood", "moments": "by the method of moments"}[method]
    assert str(error.value) == (
        f"Kenward and Roger's method is for REML fits; this one is {by}. Fit again with "
        'fit.update(method="reml"), or use df="satterthwaite".'
    )
    assert "Satterthwaite" in " ".join(fit.coefficients().notes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"information": "expectd"},
            'information= must be "expected" or "observed".*Did you mean "expected"',
        ),
        ({"boundary": "dropp"}, 'boundary= must be "keep" or "drop".*Did you mean "drop"'),
        ({"first_order": 1}, "first_order= must be True or False, not 1"),
        (
            {"information": "observed", "boundary": "keep"},
            "Observed information has no meaning for a variance of",
        ),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(lmm.LmmError, match=message):
        lmm.KenwardRoger(**options)


def test_linear_model_has_its_residual_degrees_of_freedom():
    fit = lmm.fit("Reaction ~ Days", lmm.datasets.load("sleepstudy"))
    for df in ("auto", "residual", "kenward-roger", "satterthwaite", "containment", "between-within"):
        table = fit.coefficients(df=df)
        assert table["df"] == pytest.approx([178.0, 178.0])
        assert table["std_error"] == pytest.approx(fit.fixef["std_error"])


def test_no_f_where_its_approximation_has_no_mean():
    """Where A2 is above r, λ can be negative: a handful of observations in nested groups."""
    rng = np.random.default_rng(0)
    for _ in range(60):
        n = int(rng.integers(5, 9))
        data = {"y": rng.normal(size=n), "a": rng.integers(0, 3, n).astype(str)}
        data |= {"g": rng.integers(0, 3, n).astype(str), "h": rng.integers(0, 3, n).astype(str)}
        try:
            table = quietly("y ~ 0 + a + (1 | g/h)", data).anova(df="kenward-roger")
        except lmm.LmmError:
            continue
        known = ~np.isnan(table["f_value"])
        assert (table["f_value"][known] >= 0.0).all()
        assert (table["den_df"][known] > 0.0).all()
