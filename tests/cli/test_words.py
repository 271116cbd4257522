"""No word on the command line is taken in silence; streams that are closed or full end in a message and a code."""

import json
import os
import re
import subprocess
import sys

import pytest

from lmm.cli import main

MEANS = ["means", "breaks ~ wool * tension", "--data", "warpbreaks", "--specs", "tension"]
FIT = ["fit", "breaks ~ wool", "--data", "warpbreaks"]
ANOVA = ["anova", "breaks ~ wool", "--data", "warpbreaks"]
SHELL = ["shell", "~ A + (1 | B)", "--sizes", "A=2,B=3"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([*MEANS, "--adjust", "zz"], "no adjustment 'zz'"),
        ([*MEANS, "--adjust", "tuckey", "--letters"], 'Did you mean "tukey"'),
        ([*MEANS, "--adjust", "holm"], "nothing to adjust here; add --contrast or --letters"),
        ([*MEANS, "--adjust", ""], "no adjustment ''"),
        ([*MEANS[:-1], ""], "--specs: \"\" names nothing"),
        ([*MEANS[:-1], "  "], "names nothing"),
        ([*MEANS[:-1], "|"], "names nothing"),
        ([*MEANS[:-1], " | wool"], "names nothing"),
        ([*MEANS, "--at", "wool=A", "--at", "wool=B"], '"wool" is given twice'),
        ([*MEANS, "--at", "wool"], "says no values"),
        ([*MEANS, "--at", "=A"], "says no values"),
        ([*MEANS, "--response"], "is not transformed; leave it out"),
        ([*MEANS, "--contrast", ""], "no family of contrasts"),
        ([*MEANS, "--df", ""], "df= must be one of"),
        ([*MEANS, "--level", "nan"], "level= must lie between"),
        ([*MEANS, "--weights-of-levels", ""], "weights= must be one of"),
        ([*MEANS, "--factor", "other"], 'no column "other"'),
        ([*FIT, "--factor", "tension"], 'the formula does not use "tension"; it uses breaks, wool'),
        ([*ANOVA, "--factor", "tension"], 'the formula does not use "tension"'),
        ([*FIT, "--weights", ""], "no such column"),
        ([*FIT, "--offset", ""], "no such column"),
        ([*FIT, "--report", ""], "is not the name of a file"),
        ([*FIT, "--report", "page.pdf"], r"ends in \.html or \.htm"),
        ([*FIT[:-1], ""], "--data names nothing"),
        ([*ANOVA, "--df", ""], "df= must be one of"),
        ([*ANOVA, "--test", "chisq", "--df", "residual"], "Leave one of them out"),
        ([*ANOVA, "--type", "3", "--containment", "marginal"], "Leave it out"),
        ([*SHELL, "--factor", "A"], "with --sizes all names are factors"),
        ([*SHELL[:-1], "A=2,A=3,B=2"], '"A" has two sizes'),
        ([*SHELL[:-1], "A=2,B=3,"], "is not a size"),
        ([*SHELL[:-1], "A=2,B=3,C=4"], "C is not a factor of the formula"),
        (["data", ""], 'no data set ""'),
    ],
)  # fmt: skip
def test_no_option_is_taken_in_silence(capsys, words, message):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("lmm: ")
    assert re.search(message, err), err


@pytest.mark.parametrize(
    "words",
    [
        [*FIT, "--method", "ml", "--method", "reml"],
        [*FIT, "--data", "Oats"],
        [*MEANS, "--specs", "wool"],
        [*MEANS, "--level", "0.9", "--level", "0.8"],
        [*ANOVA, "--type", "2", "--type", "3"],
        [*SHELL, "--sizes", "A=4,B=5"],
        [*FIT, "--meth", "ml"],
        [*FIT, "--q"],
        [*FIT, "--json", "--quiet"],
        [*ANOVA, "--type", "4"],
        [*MEANS, "--level", "high"],
        [*FIT, "more"],
        ["data", "Oats", "more"],
    ],
)
def test_options_are_written_out_once_and_do_not_contradict_each_other(capsys, words):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: lmm" in capsys.readouterr().err


def test_options_that_may_be_repeated_are(capsys):
    words = ["means", "yield ~ nitro + Variety", "--data", "Oats", "--specs", "Variety"]
    assert (
        main([*words, "--factor", "nitro", "--factor", "nitro", "--at", "nitro=0", "--at", "Variety=Victory"])
        == 0
    )
    assert "Victory" in capsys.readouterr().out
    assert main([*MEANS, "--adjust", "auto"]) == 0
    assert main([*MEANS[:-1], "1"]) == 0


def run(script, **options):
    return subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, check=False, env={**os.environ, **options}
    )


LMM = f'"{sys.executable}" -m lmm'


@pytest.mark.parametrize(
    ("script", "code", "message"),
    [
        (f"{LMM} data > /dev/full", 2, "no space left on device"),
        (f"{LMM} data --help > /dev/full", None, None),
        (f'{LMM} fit "breaks ~ wool" --data warpbreaks --json > /dev/full', 2, "no space left on device"),
        (f"{LMM} data >&-", 2, "the output cannot be written: it is closed"),
        (f'{LMM} fit "breaks ~ wool" --data warpbreaks --quiet >&-', 2, "closed"),
        (f"{LMM} data zz 2>&-", 2, ""),
        (f"{LMM} data zz 2>/dev/full", 2, ""),
        (f'{LMM} fit "breaks ~ wool" --data warpbreaks --report /dev/full', 2, ""),
    ],
)
def test_streams_that_are_closed_or_full(script, code, message):
    done = run(script)
    assert "Traceback" not in done.stderr
    if code is not None:
        assert done.returncode == code
        assert message in done.stderr
        assert done.stderr.count("lmm: ") == (1 if message else done.stderr.count("lmm: "))


def test_control_characters_of_the_data_do_not_reach_the_terminal(tmp_path, capsys):
    path = tmp_path / "data.csv"
    rows = "".join(
        f"{3 * i + j + (7 * i + 5 * j) % 4},{j},\x1b[3{i}mred\x9b\n" for i in range(4) for j in range(5)
    )
    path.write_text("y,x\x1b[2J,g\n" + rows, encoding="utf-8")
    formula = "y ~ `x\x1b[2J` + (1 | g)"
    for words in (["fit", formula], ["anova", formula], ["means", "y ~ g", "--specs", "g"]):
        for more in ([], ["--json"]):
            assert main([*words, "--data", str(path), *more]) == 0
            out, err = capsys.readouterr()
            assert all(char.isprintable() or char == "\n" for char in out + err)
            if more:
                assert "\\u001b" in json.dumps(json.loads(out))
    assert main(["fit", "y ~ zz\x1b[2J", "--data", str(path)]) == 2
    assert "\x1b" not in capsys.readouterr().err
