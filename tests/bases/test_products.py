"""Tensor products against the columns, penalties and scales of mgcv."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg

from lmm.bases import Settings, learn_basis, learn_smooths, mixed_form
from lmm.bases.products.margins import learn_margins
from lmm.bases.products.t2 import natural, split_product
from lmm.errors import ArgumentError, LmmError, UnsupportedError
from tests.bases.stored import factor, invariant, matrix, numbers, penalties, reference, table

POINTS = [numbers("x", [0.1, 0.2, 0.5, 0.7, 0.95]), numbers("z", [0.9, 0.3, 0.5, 0.8, 0.05])]

CASES = {
    "te_cr": ("te", Settings(k=(4, 5))),
    "te_ps_np": ("te", Settings(k=(6, 5), extra={"bs": "ps"})),
    "ti_cr": ("ti", Settings(k=(4, 5))),
    "te_tp_np": ("te", Settings(k=(5, 4), extra={"bs": "tp"})),
    "te_tp_nonp": ("te", Settings(k=(5, 4), extra={"bs": "tp", "np": False})),
}

each_case = pytest.mark.parametrize("case", CASES)


def surface():
    data = table("gamsim2")
    return [numbers("x", data["x"]), numbers("z", data["z"])]


@each_case
def test_columns_and_penalties_are_those_of_mgcv(case):
    stored = reference("o08")["bases"][case]
    name, settings = CASES[case]
    basis = learn_basis(name, surface(), settings)
    X = basis.columns(POINTS)
    assert X.shape[1] == stored["dim"]
    if case not in {"ti_cr", "te_tp_nonp"}:  # their margins depend on the signs of orthonormal bases
        np.testing.assert_allclose(X, matrix(stored["X_raw"]), rtol=1e-7, atol=1e-9)
        for S, expected in zip(basis.penalties, penalties(stored["S_raw"]), strict=True):
            np.testing.assert_allclose(S, expected, rtol=1e-7, atol=1e-9)


@each_case
def test_scales_and_the_constrained_term_are_those_of_mgcv(case):
    stored = reference("o08")["bases"][case]
    name, settings = CASES[case]
    (smooth,) = learn_smooths("te(x,z)", name, surface(), settings)
    np.testing.assert_allclose(smooth.scales, np.atleast_1d(stored["S_scale"]), rtol=1e-7)
    assert smooth.p == stored["dim_absorbed"]
    assert smooth.null_space.shape[1] == stored["null_space_dim_absorbed"]
    G = matrix(stored["G_invariant"])
    np.testing.assert_allclose(
        invariant(smooth, surface(), POINTS), G, rtol=1e-7, atol=1e-9 * np.abs(G).max()
    )


def null_pair_of_lapack(margin, covariates):
    """What mgcv takes: eigenvectors of LAPACK, scaled as the penalized columns are, the constant first."""
    (S,) = margin.penalties
    values, vectors = scipy.linalg.eigh(S, driver="evr")
    values, vectors = values[::-1], vectors[:, ::-1]
    rank = margin.q - margin.null_space.shape[1]
    X = margin.carrier(covariates).dense() @ vectors
    norms = (X**2).sum(axis=0)
    wanted = np.mean(norms[:rank] / values[:rank])
    null = vectors[:, rank:] / np.sqrt(norms[rank:] / wanted)
    on_data = margin.carrier(covariates).dense() @ null
    centred = on_data - on_data.mean(axis=0)
    _, turned = np.linalg.eigh(centred.T @ centred)
    return null @ turned


def with_the_nulls_of_lapack(k, full):
    margins = learn_margins(surface(), Settings(k=k), learn_basis, "t2(x, z)")
    turned = [natural(margin, surface(), null_pair_of_lapack(margin, surface())) for margin in margins]
    return split_product(turned, surface(), full)


@pytest.mark.parametrize(("case", "k", "full"), [("t2_cr", (4, 5), False), ("t2_full", (4, 4), True)])
def test_t2_is_that_of_mgcv_with_its_null_functions(case, k, full):
    stored = reference("o08")["bases"][case]
    basis = with_the_nulls_of_lapack(k, full)
    assert basis.penalty_names == tuple(stored["S_raw"])
    assert [int(np.trace(S)) for S in basis.penalties] == stored["rank"]
    X, expected = basis.columns(POINTS), matrix(stored["X_raw"])
    for S, theirs in zip(basis.penalties, penalties(stored["S_raw"]), strict=True):
        ours, mgcv = X[:, np.diag(S) > 0], expected[:, np.diag(theirs) > 0]
        np.testing.assert_allclose(
            ours @ ours.T, mgcv @ mgcv.T, rtol=1e-6, atol=1e-7 * np.abs(mgcv @ mgcv.T).max()
        )


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("bs", ["cr", "ps", ("cs", "cr"), ("bs", "cc")])
def test_parts_of_t2_have_mean_square_one_and_the_identity_as_penalty(bs, full):
    basis = learn_basis("t2", surface(), Settings(k=(5, 6), extra={"bs": bs, "full": full}))
    for margin in basis.margins:
        X = margin.carrier(surface()).dense()
        rank = margin.q - margin.null_space.shape[1]
        for part in (X[:, :rank], X[:, rank:]):
            if part.shape[1]:
                np.testing.assert_allclose(np.mean(part**2), 1.0, rtol=1e-10)
        null = X[:, rank:]
        np.testing.assert_allclose(null.T @ null / len(X), np.eye(null.shape[1]), atol=1e-10)
        if null.shape[1]:
            np.testing.assert_allclose(null[:, 0], 1.0, rtol=1e-9)
    together = sum(basis.penalties)
    np.testing.assert_array_equal(together, np.diag(np.diag(together)))
    assert set(np.diag(together)) <= {0.0, 1.0}


PRODUCTS = {
    "te": ("te", Settings(k=(4, 5))),
    "te of splines": ("te", Settings(k=(6, 5), extra={"bs": ("ps", "bs")})),
    "te of plates": ("te", Settings(k=(6, 5), extra={"bs": "tp"})),
    "te of plates without values": ("te", Settings(k=(6, 5), extra={"bs": "tp", "np": False})),
    "te of plate and process": ("te", Settings(k=(6, 7), extra={"bs": ("ts", "gp")})),
    "te of one": ("te", Settings(k=5)),
    "te without values": ("te", Settings(k=(6, 5), extra={"bs": ("ps", "cr"), "np": False})),
    "te with a shrunken margin": ("te", Settings(k=(5, 4), extra={"bs": ("cs", "cr")})),
    "te with a cyclic margin": ("te", Settings(k=(5, 6), extra={"bs": ("cr", "cc")})),
    "te with three penalties": ("te", Settings(k=(6, 5), m=((3, 2, 1), None), extra={"bs": ("bs", "cr")})),
    "te of orders": ("te", Settings(k=6, m=1, extra={"bs": "ps"})),
    "ti": ("ti", Settings(k=(4, 5))),
    "ti of splines": ("ti", Settings(k=(6, 5), extra={"bs": ("ps", "cp")})),
    "ti of one centred margin": ("ti", Settings(k=(5, 4), extra={"mc": (True, False)})),
    "ti without centring": ("ti", Settings(k=(5, 4), extra={"mc": False})),
    "t2": ("t2", Settings(k=(4, 5))),
    "t2 in full": ("t2", Settings(k=(4, 5), extra={"full": True})),
    "t2 of splines": ("t2", Settings(k=(6, 5), extra={"bs": ("ps", "cs")})),
}

each_product = pytest.mark.parametrize("case", PRODUCTS)


def covariates_of(case, shift=0.0):
    data = surface()
    return [data[0]] if case == "te of one" else [numbers(c.name, c.values + shift) for c in data]


@each_product
def test_carrier_is_the_product_of_dense_margins(case):
    name, settings = PRODUCTS[case]
    basis = learn_basis(name, covariates_of(case), settings)
    dense = [
        margin.basis.columns(margin.own(covariates_of(case))) @ margin.turned for margin in basis.margins
    ]
    expected = dense[0]
    for X in dense[1:]:
        expected = np.einsum("ni,nj->nij", expected, X).reshape(len(X), -1)
    if name == "t2":
        expected = expected[:, basis.places]
    scale = np.abs(expected).max()
    np.testing.assert_allclose(basis.columns(covariates_of(case)), expected, atol=1e-13 * scale)


@each_product
def test_null_space_is_that_of_all_penalties(case):
    name, settings = PRODUCTS[case]
    basis = learn_basis(name, covariates_of(case), settings)
    total = sum(S / np.linalg.norm(S) for S in basis.penalties)
    np.testing.assert_allclose(
        total @ basis.null_space, 0.0, atol=1e-8 * np.abs(basis.null_space).max(initial=1.0)
    )
    assert np.sum(np.linalg.eigvalsh(total) > 1e-9) == basis.k - basis.null_space.shape[1]


@each_product
@pytest.mark.parametrize("along", [0, 1])
@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_are_differences(case, along, order):
    name, settings = PRODUCTS[case]
    basis = learn_basis(name, covariates_of(case), settings)
    if along >= len(basis.covariates):
        return
    at = [numbers(c.name, c.values[:25] * 1.3 - 0.1) for c in covariates_of(case)]
    step = 1e-5

    def moved(by):
        return [numbers(c.name, c.values + by * (i == along)) for i, c in enumerate(at)]

    if order == 1:
        numeric = (basis.columns(moved(step)) - basis.columns(moved(-step))) / (2 * step)
    else:
        numeric = (basis.derivative(moved(step), 1, along) - basis.derivative(moved(-step), 1, along)) / (
            2 * step
        )
    found = basis.derivative(at, order, along)
    np.testing.assert_allclose(found, numeric, atol=2e-6 * np.abs(found).max(initial=1.0))


@each_product
def test_mixed_form_has_the_penalties_that_it_says(case):
    name, settings = PRODUCTS[case]
    (smooth,) = learn_smooths("te(x,z)", name, covariates_of(case), settings)
    form = mixed_form(smooth)
    assert np.linalg.matrix_rank(form.map) == smooth.p == form.map.shape[1]
    for pair in ([1.0, 1.0], [1e-3, 10.0], [1e4, 1e-2]):
        sp = np.array((pair * 3)[: len(smooth.penalties)])
        S = sum(lam * S for lam, S in zip(sp, smooth.penalties, strict=True))
        total = np.zeros_like(S)
        for piece in form.random:
            own = sp[list(piece.penalties)]
            if piece.scales is not None:
                D = np.diag(piece.scales @ own)
            elif piece.dense is not None:
                D = np.tensordot(own, piece.dense, 1)
            else:
                D = own[0] * np.eye(piece.size)
            inverse = np.linalg.pinv(form.map)
            first = form.fixed.shape[1] + sum(p.size for p in form.random[: form.random.index(piece)])
            rows = inverse[first : first + piece.size]
            total += rows.T @ D @ rows
        np.testing.assert_allclose(total, S, atol=1e-7 * np.abs(S).max())


KINDS = {
    "te": [("tied", 2)],
    "te of splines": [("tied", 2)],
    "te of one": [("iid", 1)],
    "te with a cyclic margin": [("tied", 2)],
    "ti": [("tied", 2)],
    "ti of splines": [("tied", 2)],
    "t2": [("iid", 1)] * 3,
    "t2 in full": [("iid", 1)] * 5,
    "te with a shrunken margin": [("tied", 2)],
    "te with three penalties": [("dense", 3)],
}


@pytest.mark.parametrize("case", KINDS)
def test_mixed_form_is_as_simple_as_can_be(case):
    name, settings = PRODUCTS[case]
    (smooth,) = learn_smooths("te(x,z)", name, covariates_of(case), settings)
    found = [
        ("dense" if p.dense is not None else "tied" if p.scales is not None else "iid", len(p.penalties))
        for p in mixed_form(smooth).random
    ]
    assert found == KINDS[case]


def test_a_margin_of_levels_leaves_the_product_without_constraint():
    g = factor("g", np.arange(200) % 4)
    basis = learn_basis("te", [surface()[0], g], Settings(extra={"bs": ("cr", "re")}))
    assert (basis.k, basis.is_centred, basis.penalty_names) == (20, False, ("x", "g"))
    (smooth,) = learn_smooths("te(x,g)", "te", [surface()[0], g], Settings(extra={"bs": ("cr", "re")}))
    assert smooth.p == 20
    assert smooth.null_space.shape[1] == 0


def three():
    rng = np.random.default_rng(8)
    return [*surface(), numbers("t", rng.uniform(size=200)), factor("g", rng.integers(0, 4, size=200))]


def test_margins_of_several_covariates():
    basis = learn_basis("te", three()[:3], Settings(k=(12, 4), extra={"d": (2, 1), "bs": ("tp", "cr")}))
    assert (basis.k, basis.penalty_names) == (48, ("x,z", "t"))
    assert [margin.basis.name for margin in basis.margins] == ["tp", "cr"]
    plain = learn_basis("te", three()[:3], Settings(extra={"d": (2, 1)}))
    assert [(margin.basis.name, margin.q) for margin in plain.margins] == [("tp", 25), ("cr", 5)]
    np.testing.assert_allclose(
        basis.columns(three()[:3])[:, 5],
        basis.margins[0].basis.columns(three()[:2])[:, 1]
        * basis.margins[1].basis.columns([three()[2]])[:, 1],
    )
    own = basis.derivative(three()[:3], 1, 1)
    expected = (
        basis.margins[0].basis.derivative(three()[:2], 1, 1)[:, 1]
        * basis.margins[1].basis.columns([three()[2]])[:, 1]
    )
    np.testing.assert_allclose(own[:, 5], expected)


def test_a_margin_of_levels_needs_no_name():
    data = three()
    basis = learn_basis("te", [data[0], data[3]], Settings())
    assert [(margin.basis.name, margin.q) for margin in basis.margins] == [("cr", 5), ("re", 4)]


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        (Settings(k=(5, 5, 5)), r"te\(x, z\) has 2 margins, and k= gives 3: "),
        (Settings(m=(1, 2, 3)), "m= gives 3: "),
        (Settings(extra={"bs": ("cr",)}), "bs= gives 1: "),
        (
            Settings(extra={"d": (2, 1)}),
            "d= says how many of them each margin takes: whole numbers that sum to 2",
        ),
        (Settings(extra={"d": (1.5, 0.5)}), "d= says"),
        (Settings(extra={"d": (3, -1)}), "d= says"),
        (Settings(extra={"bs": ("cr", "crr")}), 'no basis bs="crr"'),
        (Settings(k=2), r's\(x, bs="cr"\) needs k of 3 or more, not 2'),
        (Settings(k=(3, 2), extra={"bs": ("cr", "ps")}), r's\(z, bs="ps"\) needs k of 4 or more, not 2'),
        (Settings(k=500), "has 200 distinct values"),
        (Settings(extra={"d": 2, "bs": "cr"}), "takes one covariate, not x, z"),
    ],
)
def test_margins_that_do_not_fit_are_refused(settings, match):
    with pytest.raises(LmmError, match=match):
        learn_basis("te", surface(), settings)


@pytest.mark.parametrize("mc", [(True,), (True, False, True), "yes", (1, 2)])
def test_centring_is_true_or_false_for_each_margin(mc):
    with pytest.raises(ArgumentError, match="mc= says for each whether it has mean zero"):
        learn_basis("ti", surface(), Settings(extra={"mc": mc}))


def test_t2_takes_margins_with_one_penalty():
    with pytest.raises(UnsupportedError, match=r"that of x has 2\. Write te\(\)"):
        learn_basis("t2", surface(), Settings(k=6, m=((3, 2, 1), None), extra={"bs": ("bs", "cr")}))


@pytest.mark.parametrize("kind", ["te", "ti", "t2"])
def test_text_and_constants_in_a_margin_are_refused(kind):
    data = three()
    with pytest.raises(LmmError, match="needs a covariate that varies"):
        learn_basis(kind, [data[0], numbers("z", np.ones(200))], Settings())
    with pytest.raises(LmmError, match="needs numbers, and g holds levels"):
        learn_basis(kind, [data[0], data[3]], Settings(extra={"bs": "cr"}))


def test_huge_products_are_refused_before_they_are_built():
    data = [numbers(name, np.random.default_rng(2).uniform(size=300)) for name in "abcde"]
    with pytest.raises(LmmError, match="A penalty of te"):
        learn_basis("te", data, Settings(k=40))


@pytest.mark.parametrize("select", [False, True])
@pytest.mark.parametrize("shared", [False, True])
def test_sum_to_zero_curves_are_groups_with_one_precision(shared, select):
    data = three()
    extra = {"id": 1} if shared else {}
    (smooth,) = learn_smooths("s(g,x)", "sz", [data[3], data[0]], Settings(k=6, extra=extra), select=select)
    form = mixed_form(smooth)
    piece, *null = form.random
    assert (piece.copies, piece.size, form.fixed.shape[1]) == (1 if shared else 4, 12, 0 if select else 6)
    assert [one.size for one in null] == ([6] if select else [])
    assert piece.dense is None if shared else piece.dense.shape == (4, 3, 3)
    for sp in ([1.0, 2.0, 0.5, 3.0], [1e3, 1e-2, 1.0, 1.0]):
        own = sp[: len(smooth.basis.penalties)]
        S = sum(lam * S_j for lam, S_j in zip(own, smooth.penalties, strict=False))
        P = piece.precision(own)
        np.testing.assert_allclose(piece.map.T @ S @ piece.map, P, atol=1e-9 * np.abs(P).max())
    assert np.linalg.matrix_rank(form.map) == smooth.p


@pytest.mark.parametrize(
    "case", ["te", "te of splines", "te of plates", "ti", "te of orders", "te with a shrunken margin"]
)
def test_known_coordinates_and_those_of_an_eigenproblem_have_the_same_law(case):
    name, settings = PRODUCTS[case]
    (smooth,) = learn_smooths("te(x,z)", name, covariates_of(case), settings)
    assert smooth.basis.joint is not None
    plain = replace(smooth, basis=replace(smooth.basis, joint=None))
    X = smooth.columns(covariates_of(case))
    for sp in ([1.0, 1.0], [1e-3, 10.0], [1e5, 1e-3]):
        covariances = []
        for one in (smooth, plain):
            (piece,) = mixed_form(one).random
            Z = X @ piece.map
            # Up to what the fixed columns can take.
            F = np.linalg.qr(np.column_stack([np.ones(len(X)), X @ one.null_space]))[0]
            Z = Z - F @ (F.T @ Z)
            covariances.append(Z @ np.linalg.solve(piece.precision(sp), Z.T))
        np.testing.assert_allclose(*covariances, atol=1e-6 * np.abs(covariances[0]).max())


def test_a_single_margin_takes_several_orders():
    basis = learn_basis("te", surface()[:1], Settings(k=8, m=(2, 1), extra={"bs": "ps"}))
    assert basis.null_space.shape == (8, 1)


def test_a_penalty_without_columns_has_no_piece():
    (smooth,) = learn_smooths("te(x,z)", "te", surface(), Settings(k=4))
    zero = replace(
        smooth, basis=replace(smooth.basis, joint=None), penalties=(smooth.penalties[0], np.zeros((15, 15)))
    )
    null = np.linalg.eigh(smooth.penalties[0])[1][:, : 15 - np.linalg.matrix_rank(smooth.penalties[0])]
    (piece,) = mixed_form(replace(zero, null_space=null)).random
    assert (piece.penalties, piece.size) == ((0,), 8)
    diagonal = replace(
        zero, penalties=(np.diag([0.0] * 7 + [1.0] * 8), np.zeros((15, 15))), null_space=np.eye(15)[:, :7]
    )
    (piece,) = mixed_form(diagonal).random
    assert (piece.penalties, piece.size) == ((0,), 8)
