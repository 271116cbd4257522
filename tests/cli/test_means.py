"""``lmm means``: tables of means, contrasts and letters from the shell."""

import json

import pytest

import lmm
from lmm.cli import main

LOOMS = ["means", "breaks ~ wool * tension", "--data", "warpbreaks"]


def test_means_and_contrasts_are_printed(capsys):
    assert main([*LOOMS, "--specs", "tension | wool", "--contrast", "pairwise"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    means = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks")).emmeans("tension | wool")
    assert printed.out == f"{means.table}\n\n{means.contrast('pairwise').table}\n"


def test_letters(capsys):
    assert main([*LOOMS, "--specs", "tension", "--letters"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[3:6]]
    assert [(row[0], row[-1]) for row in rows] == [("L", "a"), ("M", "b"), ("H", "b")]


def test_json_has_tables_with_their_notes(capsys):
    words = ["--specs", "source", "--response", "--contrast", "dunnett", "--adjust", "none", "--json"]
    code = main(["means", "log(conc) ~ source", "--data", "emm_pigs", *words])
    values = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [row["contrast"] for row in values["contrasts"]["rows"]] == ["soy / fish", "skim / fish"]
    assert values["means"]["notes"]
    assert set(values["means"]["rows"][0]) >= {"source", "response", "std_error"}


def test_values_of_covariates_and_extrapolation(capsys):
    words = ["means", "Reaction ~ Days + (Days | Subject)", "--data", "sleepstudy", "--specs", "Days"]
    assert main([*words, "--at", "Days=0,12", "--json"]) == 0
    printed = capsys.readouterr()
    assert [row["Days"] for row in json.loads(printed.out)["means"]["rows"]] == [0, 12]
    assert "Extrapolation" in printed.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--specs", "tensoin"], 'Did you mean "tension"'),
        (["--specs", "tension", "--contrast", "pairwize"], 'Did you mean "pairwise"'),
        (["--specs", "tension", "--at", "tension"], '--at: "tension" says no values'),
        (["--specs", "tension", "--weights-of-levels", "equel"], 'Did you mean "equal"'),
    ],
)
def test_mistakes(capsys, words, message):
    assert main([*LOOMS, *words]) == 2
    assert message in capsys.readouterr().err
