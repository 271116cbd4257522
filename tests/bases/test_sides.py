"""Terms inside of others, select, point constraints, by-variables, pooled bases: what a term keeps."""

import numpy as np
import pytest

from lmm.bases import Settings, learn_smooths, mixed_form, side_conditions
from lmm.bases.sides import dependent_columns
from lmm.errors import DesignError
from tests.bases.stored import factor, numbers

RNG = np.random.default_rng(3)
DATA = {name: numbers(name, RNG.uniform(size=150)) for name in ("x", "z", "t")}
G = factor("g", RNG.integers(0, 3, size=150))


def term(names, basis="cr", k=None, **more):
    own = [DATA[name] for name in names]
    extra = more.pop("extra", {})
    learned = learn_smooths(f"s({','.join(names)})", basis, own, Settings(k=k, extra=extra), **more)
    return learned, [smooth.columns(own, more.get("by")) for smooth in learned]


def kept(*terms):
    smooths = [smooth for own, _ in terms for smooth in own]
    columns = [X for _, own in terms for X in own]
    found = side_conditions(smooths, columns)
    whole = np.hstack(
        [np.ones((150, 1))] + [X @ _picked(a, b) for a, b, X in zip(smooths, found, columns, strict=True)]
    )
    # What is left can be told apart, and nothing of the span is lost.
    assert (
        np.linalg.matrix_rank(whole)
        == whole.shape[1]
        == np.linalg.matrix_rank(np.hstack([np.ones((150, 1)), *columns]))
    )
    return [smooth.p for smooth in found]


def _picked(before, after):
    return before.absorbed.T @ after.absorbed


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([("x", "cr", 5), ("z", "cr", 5)], [4, 4]),
        ([("x", "cr", 5), ("xz", "te", 5)], [4, 20]),
        ([("xz", "te", 5), ("x", "cr", 5)], [20, 4]),
        ([("x", "cr", 5), ("z", "cr", 5), ("xz", "te", 5)], [4, 4, 16]),
        ([("x", "cr", 5), ("z", "cr", 5), ("xz", "ti", 5)], [4, 4, 16]),
        ([("x", "tp", 8), ("z", "tp", 8), ("xz", "tp", 20)], [7, 7, 17]),
        ([("x", "cr", 4), ("xz", "te", 4), ("xzt", "te", 4)], [3, 12, 48]),
        ([("xz", "te", 4), ("zt", "te", 4)], [15, 12]),
        ([("x", "cr", 5), ("x", "ps", 8)], [4, 6]),
    ],
)
def test_larger_terms_lose_what_smaller_ones_have(terms, expected):
    assert kept(*(term(*each) for each in terms)) == expected


@pytest.mark.parametrize("basis", ["cr", "ps", "cc", "te", "tp"])
def test_the_same_term_twice_is_refused_by_name(basis):
    own, columns = term("x", basis, 6)
    with pytest.raises(DesignError, match=r"s\(x\) cannot be told apart from s\(x\)"):
        side_conditions([*own, *own], [*columns, *columns])


def test_terms_that_lose_nothing_stay_the_same_objects_and_levels_take_no_part():
    (a,), (X,) = term("x", "cr", 5)
    (b,), (Z,) = term("z", "cr", 5)
    (r,) = learn_smooths("s(g,x)", "re", [G, DATA["x"]], Settings())
    R = r.columns([G, DATA["x"]])
    found = side_conditions([a, b, r], [X, Z, R])
    assert all(one is other for one, other in zip(found, [a, b, r], strict=True))


def test_copies_for_levels_are_functions_of_different_things():
    assert kept(term("x", "cr", 5, by=G), term("z", "cr", 5)) == [4, 4, 4, 4]


def test_deleted_columns_leave_penalties_and_null_space_consistent():
    smooths = [term("x", "cr", 5), term("z", "cr", 5), term("xz", "te", 5)]
    found = side_conditions([own[0] for own, _ in smooths], [X[0] for _, X in smooths])[-1]
    assert found.penalties[0].shape == (16, 16)
    form = mixed_form(found)
    assert form.map.shape == (16, 16)
    for sp in ([1.0, 1.0], [1e-2, 10.0]):
        S = sum(lam * S_j for lam, S_j in zip(sp, found.penalties, strict=True))
        np.testing.assert_allclose(S @ found.null_space, 0.0, atol=1e-10)
        for piece in form.random:
            P = piece.precision(sp)
            np.testing.assert_allclose(piece.map.T @ S @ piece.map, P, atol=1e-9 * np.abs(P).max())


def test_without_an_intercept_the_constant_stays():
    ones = np.ones((30, 1))
    new = np.column_stack([np.ones(30), np.arange(30.0)])
    assert list(dependent_columns(ones, new)) == [0]
    assert dependent_columns(np.arange(30.0)[:, None], ones).size == 0


@pytest.mark.parametrize("basis", ["cr", "ps", "bs", "te", "ti", "t2", "ad", "tp"])
def test_select_penalizes_what_is_left(basis):
    names = "xz" if basis in {"te", "ti", "t2"} else "x"
    ((smooth,), _), ((plain,), _) = term(names, basis, 7, select=True), term(names, basis, 7)
    assert smooth.penalty_names[-1] == "null"
    assert np.isnan(smooth.scales[-1])
    assert smooth.null_space.shape[1] == 0
    np.testing.assert_allclose(smooth.penalties[-1], plain.null_space @ plain.null_space.T, atol=1e-12)
    form = mixed_form(smooth)
    assert form.fixed.shape[1] == 0
    last = form.random[-1]
    assert (last.scales, last.dense, last.size) == (None, None, plain.null_space.shape[1])
    sp = np.arange(1.0, len(smooth.penalties) + 1)
    S = sum(lam * S_j for lam, S_j in zip(sp, smooth.penalties, strict=True))
    M = form.map
    P = np.zeros_like(S)
    at = 0
    for piece in form.random:
        P[at : at + piece.size, at : at + piece.size] = piece.precision(sp)
        at += piece.size
    np.testing.assert_allclose(M.T @ S @ M, P, atol=1e-8 * np.abs(P).max())


@pytest.mark.parametrize("basis", ["cr", "ps", "cc", "bs", "rk", "tp", "gp"])
@pytest.mark.parametrize("at", [0.2, 0.77])
def test_point_constraints_make_the_curve_zero_there(basis, at):
    (smooth,), _ = term("x", basis, 7, pc=(at,))
    np.testing.assert_allclose(smooth.columns([numbers("x", [at])]), 0.0, atol=1e-12)


def test_fixed_terms_have_no_random_part():
    (smooth,), _ = term("x", "cr", 7, fx=True, select=True)
    form = mixed_form(smooth)
    assert (form.random, smooth.penalties, smooth.penalty_names) == ((), (), ())
    np.testing.assert_array_equal(form.fixed, np.eye(6))


def test_factor_by_has_a_curve_for_each_level_and_ordered_ones_all_but_the_first():
    smooths, columns = term("x", "cr", 5, by=G)
    assert [smooth.label for smooth in smooths] == ["s(x):g0", "s(x):g1", "s(x):g2"]
    for level, X in enumerate(columns):
        np.testing.assert_array_equal(X[G.codes != level], 0.0)
    np.testing.assert_allclose(sum(columns).mean(axis=0), 0.0, atol=1e-14)
    ordered, _ = term("x", "cr", 5, by=G, by_is_ordered=True)
    assert [smooth.level for smooth in ordered] == ["1", "2"]
    new = factor("g", ["2", "7", "0"], levels=("7", "2", "0"))
    found = smooths[2].columns([numbers("x", [0.3, 0.4, 0.5])], new)
    assert list(np.any(found != 0.0, axis=1)) == [True, False, False]


def test_numeric_by_takes_no_constraint_unless_it_is_constant():
    (smooth,), (X,) = term("x", "cr", 5, by=DATA["z"])
    assert (smooth.p, smooth.label) == (5, "s(x):z")
    np.testing.assert_allclose(X, DATA["z"].values[:, None] * smooth.basis.columns([DATA["x"]]))
    (constant,), _ = term("x", "cr", 5, by=numbers("z", np.full(150, 2.5)))
    assert constant.p == 4
    slope = smooth.derivative([DATA["x"]], DATA["z"])
    np.testing.assert_allclose(slope, DATA["z"].values[:, None] * smooth.basis.derivative([DATA["x"]]))


def test_terms_of_one_id_learn_one_basis_from_all_rows():
    pooled = [numbers("pooled", np.concatenate([DATA["x"].values, 5.0 + DATA["z"].values]))]
    first, second = (
        learn_smooths(f"s({name})", "cr", [DATA[name]], Settings(k=6), pooled=pooled)[0] for name in "xz"
    )
    np.testing.assert_array_equal(first.basis.knots, second.basis.knots)
    assert first.basis.knots[-1] > 5.0
    assert first.variables.isdisjoint(second.variables)
    np.testing.assert_allclose(first.columns([DATA["x"]]).mean(axis=0), 0.0, atol=1e-14)


def test_scales_carry_smoothing_parameters_to_standard_deviations_and_back():
    (smooth,), _ = term("x", "cr", 5, select=True)
    sp = np.array([2.0, 3.0])
    sd = smooth.sd_raw(sp, 0.5)
    np.testing.assert_allclose(sd, np.sqrt(0.5 * np.array([smooth.scales[0], 1.0]) / sp))
    np.testing.assert_allclose(smooth.sp(sd, 0.5), sp)
