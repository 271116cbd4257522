"""The examples run as a user runs them, and print the numbers of their documents."""

import pathlib
import re
import subprocess
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
BESIDE = {
    "mixed_model_and_spline.py": [
        *["1802.0786", "1814.8505", "-897.0393", "1794.0786", "176", "36.01", "30.90", "251.41", "10.47"],
        *["40.64", "-77.57", "-62.88", "4.39", "10.18", "8.19", "16.44", "-2.99", "-45.12"],
        *["71.92", "-21.12", "14.06", "-7.83", "36.25", "7.01", "-6.34", "-3.28", "18.05"],
        *["1786.5", "-3.2257", "-0.5529", "0.0109", "0.5188", "4.2506", "1378.2", "37.12", "960.5", "30.99"],
        *["251.4051", "9.7467", "25.79", "10.4673", "0.8042", "13.02", "-0.371"],
        *["6.9175", "6.8851", "39.46", "38.5136"],
        *["38.513576", "37.392824", "12.0005"],
        *["1795.3", "-3.2996", "-0.5224", "0.0399", "0.5340", "4.2989", "37.123", "30.997", "2.111"],
        *["298.51", "9.05"],
    ],
    "designed_experiments.py": [
        *["850.7", "896.5", "673.1", "8.6720", "3.6556", "1.3723", "0.0002279", "0.0032772", "0.1934086"],
        *["10.7115", "4.7730", "1.1153", "3.441e-05", "0.0003483", "0.3509474", "250", "269", "10", "5", "2"],
        *[
            "12360.9",
            "252",
            "1.044041",
            "16.40749",
            "20.5198",
            "18.5",
            "23.6",
            "20.1",
            "18.3",
            "19.8",
            "18.6",
        ],
    ],
}


def output(name, *arguments):
    command = [sys.executable, "-W", "error", EXAMPLES / name, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", BESIDE)
def test_the_numbers_of_the_document_stand_beside_ours(name):
    text = output(name)
    for number in BESIDE[name]:
        assert re.search(rf"\s{re.escape(number)}\s+{re.escape(number)}$", text, re.MULTILINE), number


def test_blocks_fixed_and_random_are_drawn(tmp_path):
    figure = tmp_path / "blocks.svg"
    text = output("designed_experiments.py", figure)
    assert "se of a difference: 1.430 (fixed), 1.430 (random)" in text
    assert "Pseudo-replication: Trt has one level within each of the 90 levels of Pen" in text
    assert figure.stat().st_size > 10_000


def test_the_splines_of_the_document_are_drawn(tmp_path):
    figure = tmp_path / "splines.svg"
    text = output("mixed_model_and_spline.py", figure)
    assert f"drawn: {figure}" in text
    assert figure.stat().st_size > 10_000


def test_both_sides_of_the_equations_agree():
    text = output("probability_model.py")
    rows = re.findall(r"^\(?\w.*?\s(-?[\d.]+)\s+(-?[\d.]+)$", text, re.MULTILINE)
    assert len(rows) == 12
    for left, right in rows:
        assert float(left) == pytest.approx(float(right), rel=1e-5, abs=2e-5)


def test_variance_components_by_three_methods():
    text = output("variance_components.py")
    # Method of moments and REML agree in balanced data; R's aov and lme4 give these.
    for row in (r"b, Block\s+214\.4771\s+214\.4771", r"w, Block:Variety\s+106\.0618\s+106\.0618"):
        assert re.search(row, text)
    assert re.search(r"e, Residual\s+177\.0833\s+177\.0833", text)
    written_out = re.findall(r"^(?:ML|REML)\s+(-[\d.]+)\s+(-[\d.]+)$", text, re.MULTILINE)
    assert len(written_out) == 2
    assert all(by_hand == ours for by_hand, ours in written_out)


def test_the_split_plot_from_table_to_degrees_of_freedom(tmp_path):
    figure = tmp_path / "shrinkage.svg"
    text = output("variance_components.py", figure)
    assert "σ²_ε + 4 σ²_Block:Variety + 12 σ²_Block" in text
    # Least squares and maximum likelihood: rounding apart, and standard errors that differ.
    assert re.search(r"largest difference of the two estimates: \de-1[2-6]", text)
    scoring = re.findall(r"^(\d|lmm.fit)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)$", text, re.MULTILINE)
    *steps, ours = scoring
    assert steps[-1][1:] == ours[1:]
    assert steps[1][1:] != ours[1:]
    # Dyestuff2: R's one-way analysis of variance has (8.336 - 14.946) / 5.
    assert "-1.322; it is set to zero" in text
    assert re.search(r'moments, negative="allow"\s+-1.3219\s+14.9459\s+0.5271', text)
    assert len(set(re.findall(r"^[IV]+ .* (0\.\d{4})$", text, re.MULTILINE))) == 1
    assert re.search(r"^Variety\s+10.00\s+10.00\s+10.00\s+10.00\s+60.00$", text, re.MULTILINE)
    assert figure.stat().st_size > 10_000


def test_every_example_is_run_here():
    assert {path.name for path in EXAMPLES.glob("*.py")} == {
        *BESIDE,
        "probability_model.py",
        "variance_components.py",
    }
