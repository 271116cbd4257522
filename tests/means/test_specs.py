"""What marginal means can be asked for, and what a mistake gets."""

import numpy as np
import pytest

import lmm
from tests.means.models import looms, oats, unbalanced


@pytest.mark.parametrize(
    ("specs", "by", "labels"),
    [
        ("tension", None, ["tension"]),
        ("tension:wool", None, ["tension", "wool"]),
        ("tension * wool", None, ["tension", "wool"]),
        ("tension + wool", None, ["tension", "wool"]),
        ("~ tension", None, ["tension"]),
        (["wool", "tension"], None, ["wool", "tension"]),
        (("wool",), "tension", ["wool", "tension"]),
        ("wool | tension", None, ["wool", "tension"]),
        ("wool", ["tension"], ["wool", "tension"]),
        ("`wool`|`tension`", None, ["wool", "tension"]),
        ("1", None, ["1"]),
        ([], None, ["1"]),
    ],
)
def test_forms(specs, by, labels):
    means = looms().emmeans(specs, by)
    assert list(means.labels) == labels
    expected = ("tension",) if by or "|" in str(specs) else ()
    assert means.by == expected


def test_first_factor_is_fastest_and_groups_slowest():
    means = looms().emmeans("tension | wool")
    assert list(means["tension"]) == ["L", "M", "H"] * 2
    assert list(means["wool"]) == ["A"] * 3 + ["B"] * 3


def test_a_factor_made_in_the_formula_has_the_name_of_its_column():
    for specs in ("nitro", "C(nitro)", ["C(nitro)"]):
        assert list(oats().emmeans(specs)["nitro"]) == [0.0, 0.2, 0.4, 0.6]


def test_names_with_spaces_and_bars():
    data = {"y": np.arange(8.0) ** 1.5, "my | factor": list("aabbccdd"), "a:b": list("uvuvuvuv")}
    fit = lmm.fit("y ~ `my | factor` + `a:b`", data)
    for specs in ("`my | factor` | `a:b`", ["my | factor", "a:b"]):
        assert set(fit.emmeans(specs).labels) == {"my | factor", "a:b"}


@pytest.mark.parametrize(
    ("specs", "by", "message"),
    [
        (
            "Varieti",
            None,
            'no variable "Varieti" in the fixed part; there are Variety, nitro. Did you mean "Variety"',
        ),
        ("Block", None, '"Block" is a grouping factor of random effects'),
        ("Variety", "Block", "grouping factor of random effects"),
        ("yield", None, '"yield" is the response'),
        ("Variety | Variety", None, '"Variety" stands among the means and among the groups'),
        ("| nitro", None, "asks for groups only"),
        ("Variety || nitro", None, "too many"),
        (
            "pairwise ~ Variety | nitro",
            None,
            r'write fit.emmeans\("Variety \| nitro"\).contrast\("pairwise"\)',
        ),
        (3, None, "must be text such as"),
        (["Variety", 2], None, "must be text such as"),
        ("Variety", 2, "by= must be a name or a list of names"),
    ],
)
def test_mistakes(specs, by, message):
    with pytest.raises(lmm.LmmError, match=message):
        oats().emmeans(specs, by)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": [1, 2]}, r'weights= must be one of "equal", .*; it is \[1, 2\]'),
        ({"weights": "equel"}, 'weights= must be one of "equal", .* Did you mean "equal"'),
        ({"adjust": "tukay"}, 'no adjustment .tukay.; there are none, tukey, .* Did you mean "tukey"'),
        (
            {"adjust": "auto"},
            'adjust="auto" is the default of a contrast family; these rows are not contrasts. Name one: none, tukey',
        ),
        ({"level": 95}, r"For 95 % write level=0.95"),
        ({"transform": "respnse"}, 'Did you mean "response"'),
        ({"df": "satterthwait"}, 'Did you mean "satterthwaite"'),
        ({"sigma": 2.0}, r"sigma= is for bias_adjust=True"),
        ({"bias_adjust": True}, r'bias_adjust=True is for transform="response"'),
        ({"seed": -1}, "seed= must be a whole number"),
        ({"at": [1, 2]}, "at= must be a dict"),
        ({"at": {"nitr": [1]}}, 'at= names "nitr", .* Did you mean "nitro"'),
        ({"at": {"nitro": [0.3]}}, "at= has the level '0.3' of \"nitro\", .* levels are 0, 0.2, 0.4, 0.6"),
        ({"at": {"Variety": []}}, 'at= gives no level of "Variety"'),
        ({"cov_reduce": 3}, "cov_reduce= must be a function"),
        ({"cov_reduce": {"z": np.mean}}, 'cov_reduce= names "z"'),
    ],
)
def test_options(options, message):
    with pytest.raises(lmm.LmmError, match=message):
        oats().emmeans("Variety", **options)


@pytest.mark.parametrize("at", [{"x": ["lots"]}, {"x": []}, {"x": [np.nan]}])
def test_a_covariate_takes_numbers(at):
    with pytest.raises(lmm.LmmError, match='at= must give finite numbers for the covariate "x"'):
        unbalanced().emmeans("a", at=at)


def test_a_value_outside_the_data_is_an_extrapolation():
    with pytest.warns(lmm.LmmWarning, match=r'Extrapolation: at= has "x" at 99, outside the data'):
        unbalanced().emmeans("a", at={"x": [3, 99]})


def test_levels_are_found_by_their_values_and_their_texts():
    fit = unbalanced()
    for at in ({"dose": [4, 1]}, {"dose": ["4", "1"]}, {"dose": (4.0, np.int64(1))}):
        assert list(fit.emmeans("dose", at=at)["dose"]) == [4, 1]
    assert list(fit.emmeans("sick", at={"sick": True})["sick"]) == [True]
