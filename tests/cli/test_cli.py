"""The command: what it prints, its exit codes, and what a mistake gets."""

import json
import os
import signal
import subprocess
import sys

import pytest

import lmm
import lmm.model
from lmm.cli import main

FORMULA = "Reaction ~ Days + (Days | Subject)"


def _run(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "lmm", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


@pytest.fixture
def sleepstudy_csv(tmp_path):
    path = tmp_path / "sleepstudy.csv"
    lmm.datasets.load("sleepstudy").to_csv(path, index=False)
    return path


def test_summary_is_printed(capsys):
    assert main(["fit", FORMULA, "--data", "sleepstudy"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(
        "Linear mixed model fit by REML\nFormula: Reaction ~ Days + (Days | Subject)\n"
    )
    assert printed.err == ""


def test_quiet_prints_nothing(capsys):
    assert main(["fit", FORMULA, "--data", "sleepstudy", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_report_is_written_and_named(capsys, tmp_path):
    path = tmp_path / "report.html"
    assert main(["fit", FORMULA, "--data", "sleepstudy", "--report", str(path)]) == 0
    assert capsys.readouterr().out.endswith(f"\nReport: {path}\n")
    assert path.read_text("utf-8").startswith("<!doctype html>")


def test_method_is_passed_on(capsys):
    assert main(["fit", FORMULA, "--data", "sleepstudy", "--method", "ml", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    # Bates, Mächler, Bolker & Walker (2015): deviance of fm1 by maximum likelihood.
    assert round(values["criterion"], 3) == 1751.939
    assert values["method"] == "ml"


def _strict(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_json_has_null_where_a_number_is_missing(capsys, tmp_path):
    path = tmp_path / "aliased.csv"
    lmm.datasets.load("sleepstudy").assign(twice=lambda d: 2 * d["Days"]).to_csv(path, index=False)
    assert main(["fit", "Reaction ~ Days + twice + (1 | Subject)", "--data", str(path), "--json"]) == 0
    values = _strict(capsys.readouterr().out)
    assert values["fixef"][2] == {
        "term": "twice",
        "estimate": None,
        "std_error": None,
        "df": None,
        "statistic": None,
        "p_value": None,
    }
    assert values["varcorr"][-1]["group"] == "Residual"
    assert len(values["ranef"]) == 18
    assert values["n_levels"] == {"Subject": 18}


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
def test_files_give_the_same_fit_as_the_data_set(capsys, tmp_path, suffix):
    data = lmm.datasets.load("sleepstudy")
    path = tmp_path / f"sleepstudy.{suffix}"
    if suffix == "parquet":
        data.to_parquet(path)
    else:
        data.to_csv(path, index=False, sep="," if suffix == "csv" else "\t")
    assert main(["fit", FORMULA, "--data", str(path)]) == 0
    from_file = capsys.readouterr().out
    assert main(["fit", FORMULA, "--data", "sleepstudy"]) == 0
    assert capsys.readouterr().out == from_file


@pytest.mark.parametrize("mark", ["", "NA", ".", "NaN"])
def test_missing_values_of_a_file_are_counted(capsys, sleepstudy_csv, mark):
    lines = sleepstudy_csv.read_text().splitlines()
    lines[1] = f"{mark},0,308"
    sleepstudy_csv.write_text("\ufeff" + "\n".join(lines), "utf-8")
    assert main(["fit", FORMULA, "--data", str(sleepstudy_csv)]) == 0
    assert "Number of observations: 179" in capsys.readouterr().out


def test_numbers_can_be_declared_levels(capsys):
    assert main(["fit", "Reaction ~ Days", "--data", "sleepstudy", "--factor", "Days", "--json"]) == 0
    assert [row["term"] for row in json.loads(capsys.readouterr().out)["fixef"]][:2] == [
        "Intercept",
        "Days[T.1]",
    ]


def test_weights_and_offset_are_columns(capsys, tmp_path):
    path = tmp_path / "weighted.csv"
    data = lmm.datasets.load("sleepstudy").assign(w=2.0, z=lambda d: 10.0 * d["Days"])
    data.to_csv(path, index=False)
    words = ["fit", FORMULA, "--data", str(path), "--json"]
    assert main(words) == 0
    plain = json.loads(capsys.readouterr().out)
    assert main([*words, "--weights", "w", "--offset", "z"]) == 0
    changed = json.loads(capsys.readouterr().out)
    # Var(e) = sigma^2/2, and 10 of the slope is known beforehand.
    assert changed["sigma"] ** 2 == pytest.approx(2 * plain["sigma"] ** 2, rel=1e-4)
    assert changed["fixef"][1]["estimate"] == pytest.approx(plain["fixef"][1]["estimate"] - 10.0, abs=1e-6)


def test_smooth_terms_are_selected(capsys):
    words = ["fit", "distance ~ s(age, k=4) + (1 | Subject)", "--data", "Orthodont", "--json"]
    assert main([*words, "--select"]) == 0
    assert "s(age)[1]" not in capsys.readouterr().out
    assert main(["fit", FORMULA, "--data", "sleepstudy", "--select"]) == 2
    assert "the formula has none" in capsys.readouterr().err


def test_data_sets_are_listed(capsys):
    assert main(["data"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in lmm.datasets.list()["name"])


def test_a_data_set_is_described_and_shown(capsys):
    assert main(["data", "sleepstudy"]) == 0
    printed = capsys.readouterr().out
    for part in ("Reaction times", "ms", "Belenky", "Licence", "First 6 rows", "249.56"):
        assert part in printed


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"lmm {lmm.__version__}\n"


def test_not_converged_is_code_1(capsys, monkeypatch):
    fit = lmm.model.fit

    def stopped(*arguments, **options):
        with pytest.warns(lmm.LmmWarning):
            return fit(*arguments, control={"max_iterations": 1}, **options)

    monkeypatch.setattr(lmm.model, "fit", stopped)
    assert main(["fit", FORMULA, "--data", "sleepstudy", "--quiet"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "not converged" in printed.err.lower()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fit", FORMULA, "--data", "sleepstduy"], 'no data set "sleepstduy".*Did you mean "sleepstudy"'),
        (["fit", FORMULA, "--data", "nowhere.csv"], 'Cannot read "nowhere.csv": no such file or directory'),
        (["fit", FORMULA, "--data", "nowhere.parquet"], 'Cannot read "nowhere.parquet": no such file'),
        (["fit", FORMULA, "--data", "nowhere/sleepstudy"], "no such file or directory"),
        (["fit", "Reaction ~ Dyas + (1 | Subject)", "--data", "sleepstudy"], '"Dyas".*Did you mean "Days"'),
        (["fit", FORMULA, "--data", "sleepstudy", "--weights", "w"], '"w"'),
        (["fit", FORMULA, "--data", "sleepstudy", "--offset", "day"], '"day".*Did you mean "Days"'),
        (["fit", FORMULA, "--data", "sleepstudy", "--factor", "day"], 'no column "day".*Did you mean "Days"'),
        (["fit", "Reaction ~ Days + (1 | Subject", "--data", "sleepstudy"], r"\n +Reaction ~ .*\n +\^"),
        (["fit", "Reaction ~ toep(Days | Subject)", "--data", "sleepstudy"], "not available yet"),
        (["fit", FORMULA, "--data", "sleepstudy", "--report", "nowhere/x.html"], "there is no folder"),
        (["data", "InstEvall"], 'no data set "InstEvall".*Did you mean "InstEval"'),
    ],
)
def test_mistakes_get_one_clean_message(capsys, monkeypatch, tmp_path, words, message):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("lmm: ")
    assert "Traceback" not in printed.err
    assert _matches(message, printed.err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", 'Cannot read ".*empty.csv": it is empty'),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n", 'ragged.csv": Expected 2 fields in line 3, saw 3'),
        ("semicolons.csv", b"y;x\n1;2\n", "separated by ';' and not by ','; save it as comma-separated"),
        ("tabs.csv", b"y\tx\n1\t2\n", "separated by '\\\\t' and not by ','"),
        ("latin.csv", b"y,g\n1,caf\xe9\n", "not UTF-8 text; save it with this encoding"),
        ("broken.parquet", b"nonsense", 'Cannot read ".*broken.parquet": '),
        (
            "table.xlsx",
            b"",
            'Cannot read ".*table.xlsx": its name should end in .csv, .tsv, .parquet, .feather',
        ),
        ("header.csv", b"y,x\n", "[Nn]o rows|empty"),
    ],
)
def test_unreadable_files_say_why(capsys, tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    assert main(["fit", "y ~ x", "--data", str(path)]) == 2
    printed = capsys.readouterr().err
    assert "Traceback" not in printed
    assert _matches(message, printed)


def test_a_folder_is_no_table(capsys, tmp_path):
    folder = tmp_path / "data.csv"
    folder.mkdir()
    assert main(["fit", "y ~ x", "--data", str(folder)]) == 2
    assert "is a directory" in capsys.readouterr().err


def test_parquet_needs_its_extra(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = tmp_path / "x.parquet"
    path.touch()
    assert main(["fit", "y ~ x", "--data", str(path)]) == 2
    assert 'pip install "lmm[io]"' in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [[], ["fit"], ["fit", "y ~ x"], ["fit", "y ~ x", "--data", "Rail", "--method", "mle"], ["nonsense"]],
)
def test_wrong_usage_is_code_2(capsys, words):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert "usage: lmm" in capsys.readouterr().err


def test_interruption_is_code_130(capsys, monkeypatch, tmp_path):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(lmm.model, "fit", interrupted)
    report = tmp_path / "report.html"
    assert main(["fit", FORMULA, "--data", "sleepstudy", "--report", str(report)]) == 130
    assert capsys.readouterr().err == "lmm: interrupted\n"
    assert list(tmp_path.iterdir()) == []


def test_module_is_the_command():
    done = _run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"lmm {lmm.__version__}\n", "")


def test_a_reader_that_leaves_early_is_no_error():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "lmm", "data"], stdout=write, stderr=subprocess.PIPE, timeout=120, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")


def test_narrow_encodings_lose_signs_and_not_the_answer():
    done = _run("data", "Rail", env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 0
    assert "Licence" in done.stdout


def _matches(pattern, text):
    import re

    return re.search(pattern, text, flags=re.DOTALL) is not None


ANOVA = ["anova", "yield ~ Variety * nitro + (1 | Block/Variety)", "--data", "Oats", "--factor", "nitro"]


def test_anova_prints_the_table_and_names_the_method(capsys):
    assert main([*ANOVA, "--df", "satterthwaite"]) == 0
    printed = capsys.readouterr()
    head, _, table = printed.out.partition("\n\n")
    assert head == "Linear mixed model fit by REML\nFormula: yield ~ Variety * nitro + (1 | Block/Variety)"
    assert table.splitlines()[0] == "Analysis of variance, type III"
    assert "Degrees of freedom: Satterthwaite." in table
    assert printed.err == ""


def test_anova_as_json(capsys):
    assert main([*ANOVA, "--type", "2", "--containment", "marginal", "--test", "chisq", "--json"]) == 0
    values = _strict(capsys.readouterr().out)
    assert values["method"] == "reml"
    assert [row["term"] for row in values["rows"]] == ["Variety", "nitro", "Variety:nitro"]
    oats = lmm.datasets.load("Oats").astype({"nitro": "category"})
    table = lmm.fit(ANOVA[1], oats).anova(type=2, containment="marginal", test="chisq")
    assert values["rows"] == list(table)


def test_anova_says_what_is_wrong(capsys):
    assert main([*ANOVA, "--df", "kenward"]) == 2
    assert "df= must be one of auto, kenward-roger" in capsys.readouterr().err
    assert main([*ANOVA, "--method", "ml", "--df", "kenward-roger"]) == 2
    assert "REML" in capsys.readouterr().err


def test_anova_shows_the_notes_of_the_fit(capsys):
    assert main(["anova", "Yield ~ 1 + (1 | Batch)", "--data", "Dyestuff2"]) == 0
    assert "Note: Singular: the variance of Intercept within Batch is zero" in capsys.readouterr().out


def test_shell_from_sizes(capsys):
    sizes = "Diet=6,Time=3,Room=3,replicates=5"
    assert main(["shell", "~ Diet * Time + (1 | Room)", "--sizes", sizes]) == 0
    out = capsys.readouterr().out
    assert out.startswith("ANOVA shell\n")
    assert "N - d t - (r-1)  250" in out
    assert "observation 270 (250)" in out


def test_shell_from_a_field_plan(capsys, tmp_path):
    plan = tmp_path / "plan.csv"
    lmm.datasets.load("Oats").drop(columns="yield").to_csv(plan, index=False)
    words = ["shell", "~ Variety * nitro + (1 | Block/Variety)", "--data", str(plan), "--factor", "nitro"]
    assert main(words) == 0
    assert "v(b-1)(n-1)  45" in capsys.readouterr().out
    assert main([*words, "--html"]) == 0
    assert capsys.readouterr().out.startswith("<table")


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ("Diet=x", '"Diet=x" is not a size; write Diet=6'),
        ("Diet", '"Diet" is not a size'),
        ("Diet=6,Tme=3", "Tme is not a factor"),
        ("Diet=6", "names no experimental unit"),
    ],
)
def test_sizes_that_are_no_plan(capsys, sizes, message):
    assert main(["shell", "~ Diet", "--sizes", sizes]) == 2
    assert message in capsys.readouterr().err


def test_moments_from_the_shell(capsys):
    words = ["fit", "Yield ~ 1 + (1 | Batch)", "--data", "Dyestuff2", "--method", "moments"]
    assert main([*words, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["method"] == "moments"
    # R's analysis of variance of Dyestuff2: mean square within of 14.946.
    assert values["sigma"] ** 2 == pytest.approx(14.9459, abs=1e-4)
    assert any("-1.322" in note for note in values["notes"])
