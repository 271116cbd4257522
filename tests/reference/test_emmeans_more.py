"""What else emmeans does: offsets, weights, nesting, sides, labels, letters, scales, covariates, empty cells."""

import json
import pathlib

import numpy as np
import pandas as pd
import pytest

import lmm
from tests.inference.models import as_estimated
from tests.reference.emmeans.tables import NUMBERS, Closeness, check, with_tests

THEIRS = json.loads(pathlib.Path(__file__).parent.joinpath("emmeans", "more.json").read_text())
TIGHT = Closeness()
Z_NAMES = {**NUMBERS, "z.ratio": "statistic", "asymp.LCL": "conf_low", "asymp.UCL": "conf_high"}


@pytest.fixture(scope="module")
def looms():
    frame, i = lmm.datasets.load("warpbreaks"), np.arange(1, 55)
    z = (i * 7) % 11 / 4
    return frame.assign(
        z=z,
        off=10 * z + 3,
        u=(i * 5) % 13 / 3,
        w=np.tile([1.0, 2.0, 0.5], 18),
        g=np.tile([str(j) for j in range(1, 10)], 6),
        n=np.tile([0, 10, 20], 18),
    )


@pytest.fixture(scope="module")
def crossed(looms):
    return lmm.fit("breaks ~ wool * tension", looms)


@pytest.fixture(scope="module")
def nested_data():
    return pd.DataFrame(
        {
            "a": ["x"] * 4 + ["y"] * 6,
            "b": list("1122334455"),
            "c": list("1212121212"),
            "y": [3.1, 2.9, 4.2, 4.4, 5.0, 5.3, 6.6, 6.1, 7.2, 7.9],
        }
    )


def test_offsets(looms):
    in_formula = lmm.fit("breaks ~ wool + offset(off)", looms)
    check(with_tests(in_formula.emmeans("wool")), THEIRS["offset_formula"], TIGHT)
    for offset in ("off", looms["off"].to_numpy()):
        fit = lmm.fit("breaks ~ wool + z", looms, offset=offset)
        check(with_tests(fit.emmeans("wool")), THEIRS["offset_argument"], TIGHT)


@pytest.mark.parametrize("scheme", ["equal", "proportional", "outer", "cells", "flat"])
def test_weights_of_rows_and_of_levels(looms, scheme):
    fit = lmm.fit("breaks ~ wool + tension", looms[5:], weights="w")
    means = fit.emmeans("wool", weights=scheme)
    check(with_tests(means), THEIRS[f"prior_weights_{scheme}"], TIGHT)
    some = fit.emmeans("wool", weights=scheme, at={"tension": ["H", "L"]})
    check(with_tests(some), THEIRS[f"some_levels_{scheme}"], TIGHT)


def test_nesting_with_unequal_numbers_of_levels(nested_data):
    fit = lmm.fit("y ~ a / b + c", nested_data)
    for scheme in ("equal", "proportional", "outer", "cells"):
        check(with_tests(fit.emmeans("c", weights=scheme)), THEIRS[f"nested_{scheme}"], TIGHT)
    check(with_tests(fit.emmeans("a")), THEIRS["nested_a"], TIGHT)
    # R's ptukey loses digits far out with few degrees of freedom: 7.378e-4 for 7.491e-4.
    check(fit.emmeans("b").contrast("pairwise"), THEIRS["nested_pairs"], Closeness(p=2e-5))
    check_joint(fit.joint_tests(), THEIRS["nested_joint"])


def test_levels_that_mean_something_else_within_each_nest():
    frame = pd.DataFrame(
        {
            "a": ["x"] * 6 + ["y"] * 6,
            "b": list("112233") * 2,
            "y": [3.1, 2.9, 4.2, 4.4, 5.0, 5.3, 6.6, 6.1, 7.2, 7.9, 8.3, 8.0],
        }
    )[2:]
    fit = lmm.fit("y ~ a / b", frame)
    check(with_tests(fit.emmeans("a")), THEIRS["nested_again_a"], TIGHT)
    check(with_tests(fit.emmeans("b")), THEIRS["nested_again_b"], TIGHT)


def test_nesting_that_only_the_data_show(nested_data):
    check(with_tests(lmm.fit("y ~ a + b", nested_data).emmeans("b")), THEIRS["nested_by_data_b"], TIGHT)
    check(with_tests(lmm.fit("y ~ a * b", nested_data).emmeans("a")), THEIRS["nested_by_data_a"], TIGHT)


@pytest.mark.parametrize("side", ["less", "greater"])
@pytest.mark.parametrize("adjust", ["none", "sidak", "bonferroni", "holm", "mvt"])
def test_one_sided(crossed, side, adjust):
    pairs = crossed.emmeans("tension").contrast("pairwise", adjust=adjust)
    rows = [
        {**interval, **test}
        for interval, test in zip(pairs.confint(side=side), pairs.test(side=side), strict=True)
    ]
    infinite = "conf_low" if side == "less" else "conf_high"
    assert all(np.isinf(row.pop(infinite)) for row in rows)
    close = Closeness(p=2e-4, limits=5e-3) if adjust == "mvt" else TIGHT
    check(rows, THEIRS[f"side_{side}_{adjust}"], close)


def test_margins(crossed):
    pairs = crossed.emmeans("tension").contrast("pairwise")
    check(pairs.test(delta=3, side="nonsuperiority", null=1, adjust="holm"), THEIRS["nonsuperiority"], TIGHT)
    check(pairs.test(delta=3, side="greater", null=1, adjust="sidak"), THEIRS["noninferiority"], TIGHT)
    equivalence = pairs.test(delta=3, side="equivalence")
    check(equivalence, THEIRS["equivalence_tukey"], TIGHT)
    assert any('"tukey" was changed to "sidak"' in note for note in equivalence.notes)


@pytest.mark.parametrize("adjust", ["tukey", "scheffe", "sidak", "bonferroni", "mvt"])
def test_means_adjusted(crossed, adjust):
    means = crossed.emmeans("tension", adjust=adjust)
    rows = [{**a, **b} for a, b in zip(means, means.test(), strict=True)]
    check(rows, THEIRS[f"means_{adjust}"], Closeness(p=1e-4, limits=5e-3) if adjust == "mvt" else TIGHT)
    changed = any('"tukey" was changed to "sidak"' in note for note in means.notes)
    assert changed == (adjust == "tukey")


def test_ranks_of_groups(crossed):
    pairs = crossed.emmeans("tension | wool").contrast("pairwise", adjust="scheffe")
    check(pairs, THEIRS["scheffe_groups"], TIGHT)


def test_labels_and_options_of_families(crossed, looms):
    cells, means = crossed.emmeans("wool:tension"), crossed.emmeans("tension")
    pairs = means.contrast("pairwise")
    for name, ours in {
        "labels_two_factors": cells.contrast("pairwise"),
        "labels_effects": cells.contrast("eff", adjust="none"),
        "of_contrasts_pairwise": pairs.contrast("pairwise"),
        "of_contrasts_consec": pairs.contrast("consec", adjust="none"),
        "of_contrasts_mean_chg": pairs.contrast("mean_chg", adjust="none"),
        "control_M": means.contrast("trt.vs.ctrl", ref="M", adjust="none"),
        "control_two": cells.contrast("dunnett", ref=[1, 2], adjust="none"),
        "reversed_consec": means.contrast("consec", reverse=True, adjust="none"),
        "excluded": cells.contrast("eff", exclude=1, adjust="none"),
        "excluded_pairs": cells.contrast("pairwise", exclude=[1, 2]),
    }.items():
        check(ours, THEIRS[name], TIGHT)
    fit = lmm.fit("breaks ~ C(n) * wool", looms)
    check(fit.emmeans("n").contrast(), THEIRS["numbers"], TIGHT)
    check(fit.emmeans("C(n):wool").contrast(), THEIRS["numbers_two"], TIGHT)
    control = fit.emmeans("n:wool").contrast(interaction=["trt.vs.ctrl1", "pairwise"])
    check(control, THEIRS["interaction_control"], TIGHT)
    check(fit.emmeans("n | wool").contrast(interaction="pairwise"), THEIRS["interaction_by"], TIGHT)


@pytest.mark.parametrize(
    ("name", "specs", "alpha", "adjust"),
    [
        ("letters_cells", "wool:tension", 0.05, "tukey"),
        ("letters_groups", "tension | wool", 0.2, "tukey"),
        ("letters_pigs", "Trt", 0.05, "tukey"),
        ("letters_pigs_cells", "Trt:Day", 0.3, "none"),
    ],
)
def test_letters_share_what_those_of_multcomp_share(crossed, name, specs, alpha, adjust):
    fit = lmm.fit("F.Dry.matter ~ Day * Trt", lmm.datasets.load("pigs_crd")) if "pigs" in name else crossed
    theirs = THEIRS[name]
    labels = [column for column in theirs[0] if column not in (*NUMBERS, ".group")]
    ours = {
        tuple(row[c] for c in labels): row["letters"]
        for row in fit.emmeans(specs).letters(alpha, adjust=adjust)
    }
    by = [c for c in labels if c in specs.partition("|")[2]]
    for one in theirs:
        for other in theirs:
            if all(one[c] == other[c] for c in by):
                theirs_share = (set(one[".group"]) & set(other[".group"])) - {" "}
                share = set(ours[tuple(one[c] for c in labels)]) & set(ours[tuple(other[c] for c in labels)])
                assert bool(share) == bool(theirs_share)


@pytest.mark.parametrize("response", ["sqrt(breaks)", "log(breaks + 1)", "log10(breaks)", "log2(breaks)"])
def test_scales(looms, response):
    fit = lmm.fit(f"{response} ~ wool + tension", looms)
    means = fit.emmeans("tension", transform="response")
    check(with_tests(means), THEIRS[f"scale_{response}"], TIGHT)
    check(with_tests(fit.emmeans("tension").regrid()), THEIRS[f"scale_regrid_{response}"], TIGHT)
    adjusted = fit.emmeans("tension", transform="response", bias_adjust=True)
    # R differentiates numerically, on one side only where a square root is zero.
    rows = [{k: v for k, v in row.items() if k != "null"} for row in THEIRS[f"scale_bias_{response}"]]
    check(with_tests(adjusted), rows, Closeness(1e-5, limits=1e-5))


def test_covariates(looms):
    fit = lmm.fit("breaks ~ wool * z + u * tension", looms)
    check_joint(fit.joint_tests(), THEIRS["covariates_joint"])
    check_joint(fit.joint_tests(by="wool"), THEIRS["covariates_joint_by"], groups=("wool",))
    averaged = fit.emmeans("wool", at={"z": [0, 2]}, cov_reduce=np.median)
    check(with_tests(averaged), THEIRS["covariates_averaged"], TIGHT)
    ends = lmm.fit("breaks ~ wool * z", looms).emmeans("z", cov_reduce=lambda x: [x.min(), x.max()])
    check(with_tests(ends), THEIRS["covariates_range"], TIGHT)


def test_empty_cells(looms):
    fit = lmm.fit("breaks ~ wool * tension", looms[~((looms["wool"] == "B") & (looms["tension"] == "H"))])
    cells = fit.emmeans("wool:tension")
    check(cells.contrast("pairwise", adjust="bonferroni"), THEIRS["empty_bonferroni"], TIGHT)
    check(cells.contrast("pairwise"), THEIRS["empty_tukey"], TIGHT)
    check(with_tests(fit.emmeans("wool", weights="flat")), THEIRS["empty_flat"], TIGHT)
    ours = [row for row in fit.joint_tests() if row["num_df"]]
    check_joint(ours, [row for row in THEIRS["empty_joint"] if row["model term"] != "(confounded)"])


@pytest.fixture(scope="module")
def split():
    """Oats without a combination and without three more plots; R's theta in our order of the terms."""
    frame = lmm.datasets.load("Oats").astype({"nitro": str})
    frame = frame[~((frame["Variety"] == "Victory") & (frame["nitro"] == "0.4"))].reset_index(drop=True)
    return frame.assign(nitro=frame["nitro"].replace("0.0", "0")).drop(index=[4, 17, 33])


def test_joint_tests_of_what_an_empty_cell_leaves(split):
    ours = lmm.fit("yield ~ Variety * nitro", split).joint_tests()
    check_joint(ours, [row for row in THEIRS["split_joint_lm"] if row["model term"] != "(confounded)"])
    assert (
        "Hypotheses of Variety, nitro, Variety:nitro that are not estimable from these data were left out of the test."
        in (ours.notes)
    )


def test_as_many_degrees_of_freedom_are_confounded(looms, split):
    empty = looms[~((looms["wool"] == "B") & (looms["tension"] == "H"))]
    for fit, name in (
        (lmm.fit("breaks ~ wool * tension", empty), "empty_joint"),
        (lmm.fit("yield ~ Variety * nitro", split), "split_joint_lm"),
    ):
        (theirs,) = [row["df1"] for row in THEIRS[name] if row["model term"] == "(confounded)"]
        assert any(note.startswith(f"In no row: {theirs} of ") for note in fit.joint_tests().notes)


def test_split_plot_with_an_empty_cell(split):
    theta = THEIRS["split"]["theta"][::-1]
    fit = as_estimated(lmm.fit("yield ~ Variety * nitro + (1 | Block/Variety)", split, theta=theta))
    assert fit.criterion == pytest.approx(THEIRS["split"]["criterion"], rel=1e-9)
    cells = fit.emmeans("Variety:nitro")
    check(with_tests(fit.emmeans("Variety")), THEIRS["split_variety"], TIGHT)
    check(with_tests(cells), THEIRS["split_cells"], TIGHT)
    check(cells.contrast(adjust="none"), THEIRS["split_pairs"], TIGHT)
    check(fit.emmeans("nitro | Variety").contrast(adjust="holm"), THEIRS["split_by"], TIGHT)
    for mine, row in zip(fit.joint_tests(), THEIRS["split_joint"], strict=False):
        # R does not scale F, and takes the smallest degrees of freedom of single contrasts.
        assert (mine["term"], mine["num_df"]) == (row["model term"], row["df1"])
        assert mine["f_value"] == pytest.approx(row["F.ratio"], rel=2e-3, abs=1e-3)
        assert mine["den_df"] >= row["df2"] - 0.01


@pytest.mark.parametrize(("theirs", "df"), [("satterthwaite", "satterthwaite"), ("asymptotic", "normal")])
def test_mixed_model_with_weights(looms, theirs, df):
    theta = THEIRS["mixed"]["theta"]
    fit = as_estimated(lmm.fit("breaks ~ wool * tension + (1 | g)", looms, weights="w", theta=theta))
    assert fit.criterion == pytest.approx(THEIRS["mixed"]["criterion"], rel=1e-10)
    means = fit.emmeans("tension | wool", df=df)
    # lmerTest differentiates numerically.
    for ours, name in ((with_tests(means), "mixed_"), (means.contrast(), "mixed_pairs_")):
        rows = [{k: v for k, v in row.items() if k != "df" or v is not None} for row in THEIRS[name + theirs]]
        check(ours, rows, Closeness(p=1e-6, limits=2e-5), rename=Z_NAMES)


def check_joint(ours, theirs, groups=()):
    """R rounds F to three decimals."""
    found = {(row["term"], *(row[name] for name in groups)): row for row in ours}
    assert len(found) == len(theirs)
    for row in theirs:
        mine = found[(row["model term"], *(row[name] for name in groups))]
        assert mine["num_df"] == row["df1"]
        assert mine["den_df"] == pytest.approx(row["df2"], rel=1e-9)
        assert mine["f_value"] == pytest.approx(row["F.ratio"], abs=5.1e-4)
        assert mine["p_value"] == pytest.approx(row["p.value"], rel=1e-6)
