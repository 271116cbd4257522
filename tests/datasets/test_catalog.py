import gzip
import hashlib
import json
import pathlib
import subprocess
import sys

import pytest

import lmm
from lmm.datasets.catalog import folder

NAMES = list(lmm.datasets.list()["name"])


def test_every_set_is_listed_once_with_its_size():
    table = lmm.datasets.list()
    assert table.columns == ("name", "rows", "columns", "title")
    assert len(set(NAMES)) == len(NAMES) == 30
    for row in table:
        frame = lmm.datasets.load(row["name"])
        assert frame.shape == (row["rows"], row["columns"])


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_have_the_checksum_of_the_description(name):
    content = gzip.decompress(folder().joinpath(f"{name}.csv.gz").read_bytes())
    assert hashlib.sha256(content).hexdigest() == lmm.datasets.describe(name).sha256


@pytest.mark.parametrize("name", NAMES)
def test_compressed_files_carry_no_time_stamp(name):
    assert folder().joinpath(f"{name}.csv.gz").read_bytes()[4:8] == bytes(4)


@pytest.mark.parametrize("name", NAMES)
def test_every_description_is_complete(name):
    about = lmm.datasets.describe(name)
    for text in (about.title, about.description, about.source, about.citation, about.licence):
        assert text
    for column in about.columns:
        assert column.description
        assert (column.kind == "factor") == bool(column.levels)
        assert len(set(column.levels)) == len(column.levels)


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("sleepstudy", "GPL (>= 2), as the R package lme4"),
        ("Oats", "GPL (>= 2), as the R package nlme"),
        ("Chem97", "GPL (>= 2), as the R package mlmRev"),
        ("TVbo", "GPL (>= 2), as the R package lmerTest"),
        ("emm_pigs", "GPL-2 | GPL-3, as the R package emmeans"),
        ("warpbreaks", "GPL-2 | GPL-3, as R"),
        ("pigs_crd", "MIT, as this project"),
    ],
)
def test_licences(name, licence):
    assert lmm.datasets.describe(name).licence == licence


def test_synthetic_sets_say_so():
    for name in ("pigs_crd", "pigs_grcbd"):
        about = lmm.datasets.describe(name)
        assert "synthetic" in about.title
        assert "not measured" in about.source


def test_a_description_prints_columns_units_source_and_licence():
    text = str(lmm.datasets.describe("sleepstudy"))
    for part in ("Reaction", "ms", "factor (18 levels)", "lme4", "Belenky", "GPL", "Rows: 180"):
        assert part in text
    assert text == repr(lmm.datasets.describe("sleepstudy"))
    assert "<table" in lmm.datasets.describe("sleepstudy")._repr_html_()


def test_the_page_of_the_docs_names_every_set_with_its_licence():
    page = pathlib.Path(__file__).parents[2] / "docs" / "data_sets.md"
    rows = [line for line in page.read_text("utf-8").splitlines() if line.startswith("| ")][1:]
    about = [lmm.datasets.describe(name) for name in NAMES]
    cells = [(a.name, str(a.n_rows), a.title, a.source, a.licence) for a in about]
    # A bar inside a cell would begin another one.
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in cells]
    assert rows == [f"| {' | '.join(row)} |" for row in escaped]


def test_ordered_factors_are_named_as_such():
    types = lmm.datasets.describe("cake").table["type"]
    assert types[2] == "ordered factor (175, 185, 195, 205, 215, 225)"


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("sleepstud", "sleepstudy"), ("oats", "Oats"), ("insteval", "InstEval"), ("pigs", "pigs_crd")],
)
def test_an_unknown_set_suggests_the_nearest_name(wrong, near):
    with pytest.raises(lmm.DatasetError, match=f'there is no data set "{wrong}"') as raised:
        lmm.datasets.load(wrong)
    assert "lmm.datasets.list()" in str(raised.value)
    assert f'Did you mean "{near}"?' in str(raised.value)


def test_a_name_like_a_path_is_no_data_set():
    with pytest.raises(lmm.DatasetError):
        lmm.datasets.load("../files/sleepstudy")


def test_the_catalog_needs_no_heavy_import():
    heavy = ["pandas", "scipy", "polars", "pyarrow", "formulaic"]
    code = (
        "import json, sys, lmm; lmm.datasets.list(); lmm.datasets.describe('sleepstudy');"
        f"print(json.dumps([name for name in {heavy} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
