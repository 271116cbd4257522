"""Bases in which levels take part against the columns and penalties of mgcv."""

import json

import numpy as np
import pytest

from lmm.bases import Settings, learn_basis, learn_smooths
from lmm.bases.levels import fs
from lmm.errors import UnsupportedError
from tests.bases.stored import STAR, factor, matrix, numbers, reference, table

STORED = reference("o18")
DATA, ROWS = STORED["data"], STORED["rows"]
FACTORS = {"f": "abc", "g": "uv"}
FS = {
    "fs_tp": ("xf", Settings(k=6)),
    "fs_cr": ("fx", Settings(k=6, extra={"xt": "cr"})),
    "fs_ps": ("xf", Settings(k=7, extra={"xt": {"bs": "ps"}})),
    "fs_cc": ("xf", Settings(k=6, extra={"xt": "cc"})),
    "fs_m1": ("xf", Settings(k=6, m=1)),
    "fs_surface": ("xzf", Settings(k=12)),
    "fs_gp": ("xf", Settings(k=8, extra={"xt": "gp"})),
}
SZ = {
    "sz_one": ("fx", Settings(k=6)),
    "sz_cr": ("xf", Settings(k=6, extra={"xt": "cr"})),
    "sz_two": ("fgx", Settings(k=5)),
    "sz_two_id": ("fgx", Settings(k=5, extra={"id": 1})),
    "sz_surface": ("gxz", Settings(k=10)),
}
SEVEN = {name: others for name, others in STORED["neighbours"].items() if name != "r7"}


def listed(others):
    """R writes a vector of length one as a text."""
    return [others] if isinstance(others, str) else list(others)


def neighbours(held):
    return {"neighbours": {name: listed(others) for name, others in held.items()}}


MRF = {
    "mrf_unseen_region": Settings(extra=neighbours(SEVEN)),
    "mrf_unseen_region_k5": Settings(k=5, extra=neighbours(SEVEN)),
    "mrf_island": Settings(extra={"xt": neighbours(STORED["neighbours"])}),
    "mrf_island_k6": Settings(k=6, extra=neighbours(STORED["neighbours"])),
}


def covariates(names, rows=slice(None)):
    return [
        factor(name, np.array(DATA[name])[rows], FACTORS[name])
        if name in FACTORS
        else numbers(name, np.array(DATA[name])[rows])
        for name in names
    ]


def regions(case):
    names = np.array(DATA["region"], dtype=object)
    if "island" in case:
        names[STORED["island_rows"]] = "r7"
    return [factor("region", names)]


def assert_close(found, expected, tolerance=1e-7):
    expected = np.asarray(expected, dtype=float)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max())


def assert_grams(X, penalties, scales, stored, tolerance=1e-7):
    """Columns and penalties up to rotations of columns of equal penalty."""
    assert X.shape[1] == stored["p"]
    assert_close(X @ X.T, matrix(stored["XXt"]), tolerance)
    assert len(penalties) == len(stored["XSXt"])
    for S, expected in zip(penalties, stored["XSXt"], strict=True):
        assert_close(X @ S @ X.T, matrix(expected), tolerance)
    assert_close(scales, np.atleast_1d(stored["S_scale"]), tolerance)


@pytest.mark.parametrize("case", MRF)
def test_markov_fields(case):
    (smooth,) = learn_smooths("s(region)", "mrf", regions(case), MRF[case])
    basis = smooth.basis
    assert_grams(basis.columns(regions(case))[ROWS], basis.penalties, smooth.scales, STORED["bases"][case])
    assert np.linalg.matrix_rank(basis.penalties[0]) == STORED["bases"][case]["ranks"]
    np.testing.assert_allclose(basis.penalties[0] @ basis.null_space, 0.0, atol=1e-12)
    assert basis.null_space.shape[1] == basis.k - STORED["bases"][case]["ranks"]


def test_a_penalty_of_the_user():
    pandas = pytest.importorskip("pandas")
    names, values = STORED["penalty"]["names"], matrix(STORED["penalty"]["values"])
    stored = STORED["bases"]["mrf_penalty"]
    order = np.argsort(names)
    for penalty in (pandas.DataFrame(values, names, names), values[np.ix_(order, order)]):
        (smooth,) = learn_smooths("s(region)", "mrf", regions(""), Settings(extra={"penalty": penalty}))
        assert_grams(smooth.basis.columns(regions(""))[ROWS], smooth.basis.penalties, smooth.scales, stored)


def columbus():
    held = json.loads((STAR / "data" / "columb_polys.json").read_text(encoding="utf-8"))
    polygons = {
        name: [[np.nan if number is None else number for number in corner] for corner in corners]
        for name, corners in held["polygons"].items()
    }
    return {name: listed(others) for name, others in held["neighbours_by_name"].items()}, polygons


def test_the_districts_of_columbus():
    stored, district = reference("o06"), [numbers("district", table("columb")["district"])]
    names, polygons = columbus()
    order = sorted(names)
    places = {name: [list(names).index(other) for other in others] for name, others in names.items()}
    maps = (
        {"neighbours": names},
        {"neighbours": {int(name): list(map(int, others)) for name, others in names.items()}},
        {"neighbours": places},
        {"polygons": polygons},
        {"xt": {"polys": polygons}},
    )
    for extra in maps:
        basis = learn_basis("mrf", district, Settings(extra=extra))
        assert list(basis.levels[0]) == order
        np.testing.assert_array_equal(basis.penalties[0], matrix(stored["S_full"]))
    (smooth,) = learn_smooths("s(district)", "mrf", district, Settings(extra=maps[0]))
    np.testing.assert_allclose(smooth.scales, stored["S_scale_full"])
    basis = learn_basis("mrf", district, Settings(k=20, extra=maps[0]))
    assert_close(np.diag(basis.penalties[0]), stored["k20"]["D"])
    X = basis.columns(district)[[0, 6, 19]]
    assert_close(X @ X.T, matrix(stored["k20"]["XXt_rows_1_7_20"]))


def test_positions_are_read_where_numbers_are_no_names():
    (site,) = regions("")
    by_name = learn_basis("mrf", [site], Settings(extra=neighbours(SEVEN)))
    order = list(SEVEN)
    by_position = {name: [order.index(each) for each in listed(others)] for name, others in SEVEN.items()}
    found = learn_basis("mrf", [site], Settings(extra={"neighbours": by_position}))
    np.testing.assert_array_equal(found.penalties[0], by_name.penalties[0])


def test_columns_of_regions_are_those_of_the_map_whatever_the_new_data_hold():
    basis = learn_basis("mrf", regions(""), MRF["mrf_unseen_region"])
    X = basis.columns([factor("region", ["r6", "r2"])])
    np.testing.assert_array_equal(np.argmax(X, axis=1), [6, 2])
    with pytest.raises(UnsupportedError, match="no slope"):
        basis.derivative(regions(""))


def test_islands_are_noted():
    (note,) = learn_basis("mrf", regions("island"), MRF["mrf_island"]).notes
    assert "the map has 2 parts" in note
    assert '"r7"' in note
    assert learn_basis("mrf", regions(""), MRF["mrf_unseen_region"]).notes == ()


def fs_basis(case):
    names, settings = FS[case]
    null = matrix(STORED["bases"][case]["null_functions"])
    return fs.learn(covariates(names), settings, learn_basis, null), covariates(names)


@pytest.mark.parametrize("case", FS)
def test_curves_per_level(case):
    """With the functions without a penalty that LAPACK returned to mgcv."""
    basis, rows = fs_basis(case)
    n_levels = len(basis.copies)
    wide = [np.kron(np.eye(n_levels), S) for S in basis.penalties]
    scales = basis.scales(basis.carrier(rows))
    tolerance = 1e-5 if case == "fs_gp" else 1e-7
    assert_grams(basis.wide(rows)[ROWS].toarray(), wide, scales, STORED["bases"][case], tolerance)


@pytest.mark.parametrize("case", FS)
def test_canonical_curves_span_the_same_and_have_named_null_functions(case):
    names, settings = FS[case]
    rows = covariates(names)
    basis, theirs = learn_basis("fs", rows, settings), fs_basis(case)[0]
    X, Y = basis.columns(rows), theirs.columns(rows)
    np.testing.assert_allclose(
        X @ basis.penalties[0] @ X.T, Y @ theirs.penalties[0] @ Y.T, atol=1e-8 * X.size
    )
    n_null = len(basis.penalties) - 1
    flat = X[:, basis.k - n_null :]
    np.testing.assert_allclose(flat.T @ flat / len(flat), np.eye(n_null), atol=1e-10)
    np.testing.assert_allclose(flat[:, 0], 1.0, atol=1e-9)
    if n_null > 1:
        x = np.array(DATA["x"])
        np.testing.assert_allclose(flat[:, 1], (x - x.mean()) / x.std(), atol=1e-9)
    expected = {1: ("const",), 2: ("const", "line"), 3: ("const", "line.x", "line.z")}[n_null]
    assert basis.penalty_names == ("curve", *expected)


@pytest.mark.parametrize("case", FS)
def test_curves_of_new_data(case):
    names, settings = FS[case]
    basis = learn_basis("fs", covariates(names), settings)
    wide = basis.wide(covariates(names))
    some = basis.wide(covariates(names, slice(10, 30)))
    np.testing.assert_allclose(some.toarray(), wide[10:30].toarray(), atol=1e-11)
    assert wide.shape == (90, 3 * basis.k)
    turned = [
        factor("f", ["c", "new"], ("c", "new")) if name == "f" else numbers(name, [0.3, 0.4])
        for name in names
    ]
    np.testing.assert_array_equal(basis.codes(turned), [2, -1])
    assert np.count_nonzero(basis.wide(turned).toarray()[1]) == 0


@pytest.mark.parametrize("case", SZ)
def test_curves_that_sum_to_zero(case):
    names, settings = SZ[case]
    (smooth,) = learn_smooths("s()", "sz", covariates(names), settings)
    basis = smooth.basis
    assert_grams(
        basis.columns(covariates(names))[ROWS], basis.penalties, smooth.scales, STORED["bases"][case]
    )
    for S, left in zip(basis.penalties, basis.structure.left, strict=True):
        np.testing.assert_array_equal(S, np.kron(left, basis.structure.right))
    np.testing.assert_allclose(np.array(basis.penalties) @ basis.null_space, 0.0, atol=1e-9)


@pytest.mark.parametrize("case", SZ)
def test_the_curves_sum_to_zero_over_the_levels_of_each_factor(case):
    names, settings = SZ[case]
    basis = learn_basis("sz", covariates(names), settings)
    for name in FACTORS:
        if name in names:
            levels = FACTORS[name]
            rows = [
                factor(each, levels if each == name else [FACTORS[each][1]] * len(levels), FACTORS[each])
                if each in FACTORS
                else numbers(each, np.full(len(levels), 0.37))
                for each in names
            ]
            np.testing.assert_allclose(basis.columns(rows).sum(axis=0), 0.0, atol=1e-12)


@pytest.mark.parametrize("case", [*FS, *SZ])
def test_derivatives_are_differences(case):
    names, settings = (FS | SZ)[case]
    basis, rows = learn_basis(case[:2], covariates(names), settings), covariates(names, slice(0, 12))
    h = 1e-5
    for along, name in enumerate(names):
        if name in FACTORS:
            with pytest.raises(UnsupportedError, match="no slope"):
                basis.derivative(rows, 1, along)
            continue
        up, down = (
            basis.columns([*rows[:along], numbers(name, rows[along].values + s), *rows[along + 1 :]])
            for s in (h, -h)
        )
        D = basis.derivative(rows, 1, along)
        np.testing.assert_allclose(D, (up - down) / (2.0 * h), atol=1e-5 * np.abs(D).max())


def test_an_unknown_level_has_no_deviation():
    basis = learn_basis("sz", covariates("fx"), Settings(k=5))
    rows = [factor("f", ["new", "a"], ("a", "new")), numbers("x", [0.5, 0.5])]
    X = basis.columns(rows)
    assert np.count_nonzero(X[0]) == 0
    assert np.count_nonzero(X[1]) == 5
    assert np.count_nonzero(basis.derivative(rows, 1, 1)[0]) == 0
