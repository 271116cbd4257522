"""Whatever a column of the data is called, no table loses anything: neither its own columns nor those of the data."""

import functools
import warnings

import numpy as np
import pandas as pd
import pytest

import lmm
from lmm import plots
from lmm.table.naming import renamed

FACTOR, SECOND, COVARIATE, GROUP = ROLES = ("fa", "fb", "xx", "gg")


@functools.cache
def frame():
    rng = np.random.default_rng(5)
    n = 48
    data = pd.DataFrame({FACTOR: np.resize(list("uvw"), n), SECOND: np.repeat(list("pq"), n // 2)})
    data[GROUP] = rng.integers(0, 8, n).astype(str)
    shift = dict(zip(sorted(set(data[GROUP])), rng.normal(size=8), strict=True))
    data[COVARIATE] = rng.normal(2.0, 1.0, n)
    return data.assign(y_y=data[COVARIATE] + data[GROUP].map(shift) + rng.normal(size=n))


def fitted(names):
    fa, fb, xx, gg = (names.get(role, role) for role in ROLES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lmm.LmmWarning)
        data = frame().rename(columns=names)
        return lmm.fit(f"y_y ~ `{fa}` * `{fb}` + `{xx}` + (1 | `{gg}`)", data, theta=[0.7]), data


def tables_of(**names):
    """All tables that carry columns of the data, with one column of the data renamed."""
    fa, fb, xx, _ = (names.get(role, role) for role in ROLES)
    fit, data = fitted(names)
    means, cells = fit.emmeans([fa], df="normal"), fit.emmeans([fa, fb], df="normal")
    grouped = fit.emmeans([fa], by=[fb], df="normal")
    pairs, slopes = grouped.contrast("pairwise"), fit.emtrends([fa], xx, df="normal")
    return {
        "means": means.table,
        "tests": means.test().table,
        "cells": cells.table,
        "covariate": fit.emmeans([fa, fb, xx], df="normal").table,
        "grouped": grouped.table,
        "pairs": pairs.table,
        "each": cells.contrast("pairwise", simple="each").table,
        "interaction": cells.contrast(interaction="consec").table,
        "within": cells.contrast(interaction="consec", by=[fb]).table,
        "of contrasts": pairs.contrast("pairwise", by="contrast").table,
        "letters": grouped.letters(),
        "differences": grouped.significant_differences(),
        "sizes": grouped.effect_size(sigma=1.0, edf=20),
        "groups": pairs.joint_test(),
        "joint": fit.joint_tests(by=[fb], df="normal"),
        "trends": slopes.table,
        "trend pairs": slopes.contrast("pairwise").table,
        "augment": fit.augment(),
        "augment data": fit.augment(data),
        "influence": plots.influence_data(fit),
        "predictions along a factor": plots.predictions_data(fit, fa, df="normal"),
        "predictions": plots.predictions_data(fit, xx, df="normal"),
        "means data": plots.means_data(grouped),
        "interaction data": plots.interaction_data(cells),
        "p values": plots.p_values_data(means),
        "random": fit.ranef(),
        "coef": fit.coef(),
        "correlation": fit.summary(df="normal").correlation,
    }


@functools.cache
def plain():
    return tables_of()


RESERVED = """
    .cooks_distance .fitted .fixed .leverage .residual .scaled .studentized angle arrow_high
    arrow_low conf_high conf_low contrast contrast_ cooks_distance covratio critical den_df df df_
    effect_size emmean estimate f_value first group label letters level leverage line n_rows null
    num_df p_value panel pred_high pred_low ratio response row second sed sigma source statistic
    std_error term test trend value value_max value_min x
""".split()  # noqa: SIM905 - a list of one word per line is longer than this file


def test_all_names_of_columns_are_tried():
    found = {
        name for table in plain().values() for name in table.columns if name.isidentifier() or name[0] == "."
    }
    derived = {f"{name}_{method}" for name in ROLES for method in ("consec", "pairwise")}
    assert found - {*ROLES, "y_y", "Intercept", *derived} <= {*RESERVED}


@pytest.mark.parametrize("name", RESERVED)
def test_nothing_is_lost(name):
    for role in ROLES:
        for what, table in tables_of(**{role: name}).items():
            check(table, plain()[what], role, name, f"{what} with {role} called {name}: {table.columns}")


def check(table, base, role, name, where):
    """The columns of the result have their names and values, that of the data perhaps another name and a note."""
    own = [column for column in base.columns if column not in (*ROLES, "y_y", "Intercept")]
    if where.startswith("groups"):
        own.append("contrast")  # of the table that is tested, where the factor has its new name already
    carried = [name if column == role else column for column in base.columns if column in (*ROLES, "y_y")]
    expected = renamed(own, carried)
    assert len(table) == len(base), where
    assert len(table.columns) == len(base.columns), where
    for column in own:
        if role not in column and column in base:
            same(table[column], base[column], where)
    if role in base.columns:
        new = expected[name]
        same(table[new], base[role], where)
        assert new == name or any(f'"{name}" is called "{new}"' in note for note in table.notes), where


def same(ours, theirs, where):
    if theirs.dtype.kind in "fi":
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9, err_msg=where)
    else:
        assert len(set(ours)) == len(set(theirs)), where


NAMES_OF_PARAMETERS = [
    "sigma",
    f"sd_Intercept|{GROUP}",
    f"var_Intercept|{GROUP}",
    "sigma^2",
    "theta_",
    "beta_",
]


@functools.cache
def intervals(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lmm.LmmWarning)
        return lmm.fit(f"y_y ~ `{name}` + (1 | {GROUP})", frame().rename(columns={COVARIATE: name}))


@pytest.mark.parametrize("name", NAMES_OF_PARAMETERS)
@pytest.mark.parametrize("scale", ["sd", "variance"])
@pytest.mark.parametrize("method", ["wald", "profile", "bootstrap"])
def test_parameters_have_names_of_their_own(name, scale, method):
    options = {"method": method, "scale": scale, **({"n": 40, "seed": 1} if method == "bootstrap" else {})}
    ours, theirs = (intervals(called).confint(**options) for called in (name, COVARIATE))
    assert len(set(ours["term"])) == len(ours) == len(theirs)
    for column in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(ours[column], theirs[column], rtol=1e-5)
    assert ours["term"][-1] == f"{name}_"
    assert f'"{name}" is called "{name}_" here: the results have a "{name}" of their own.' in ours.notes
    # Each row can be asked for by its name.
    for term in ("sigma" if scale == "sd" else "sigma^2", f"{name}_"):
        (row,) = intervals(name).confint(**options | {"terms": term})
        assert row["estimate"] == dict(zip(ours["term"], ours["estimate"], strict=True))[term]


@pytest.mark.parametrize("name", ["level", "angle", "sigma", "zeta"])
def test_regions_of_two_parameters(name):
    profile, base = intervals(name).profile("beta_"), intervals(COVARIATE).profile("beta_")
    ours = profile.contour(*profile.terms, levels=[0.5])
    theirs = base.contour(*base.terms, levels=[0.5])
    assert len(ours.columns) == 4
    for mine, column in zip(ours.columns, theirs.columns, strict=True):
        np.testing.assert_allclose(ours[mine], theirs[column], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["sigma", "sd_Intercept|g", "theta_"])
def test_bootstraps_tell_parameters_apart(name):
    table = intervals(name.replace("|g", f"|{GROUP}")).bootstrap(n=40, seed=1).table
    assert len(set(table["term"])) == len(table)
    assert len({round(value, 12) for value in table["std_error"]}) == len(table)


def test_a_factor_called_row_has_clusters():
    fit, _ = fitted({GROUP: "row"})
    base, _ = fitted({})
    assert len(fit.influence()) == fit.n_obs
    assert any('"row" is called "row_" here' in note for note in fit.influence().notes)
    np.testing.assert_allclose(fit.influence(by="row_")["leverage"], base.influence(by=GROUP)["leverage"])
    assert len(plots.influence_data(fit)) == 8
    with pytest.raises(lmm.LmmError, match="by= must be one of row, row_, "):
        fit.influence(by="rows of which")


@pytest.mark.parametrize("name", ["term", "stratum"])
def test_strata_with_a_factor_of_such_a_name(name):
    data = lmm.datasets.load("Oats").rename(columns={"Block": name})
    frame = data.astype({"nitro": str})
    found = lmm.fit(f"yield ~ Variety * nitro + (1 | {name}/Variety)", frame)
    assert f"{name}_" in lmm.strata(found).coefficients.columns
