import numpy as np
import pytest

import lmm
from lmm.datasets import reader

NAMES = list(lmm.datasets.list()["name"])


@pytest.mark.parametrize("name", NAMES)
def test_columns_are_as_described(name):
    frame = lmm.datasets.load(name)
    about = lmm.datasets.describe(name)
    assert len(frame) == about.n_rows
    assert list(frame.columns) == [column.name for column in about.columns]
    for column in about.columns:
        values = frame[column.name]
        assert int(values.isna().sum()) == column.n_missing
        if column.kind == "factor":
            assert tuple(values.cat.categories) == column.levels
            assert values.cat.ordered == column.ordered
            assert set(values.dropna()) == set(column.levels)
        else:
            assert values.dtype == {"number": np.float64, "integer": np.int64}[column.kind]


@pytest.mark.parametrize(
    ("name", "column", "levels"),
    [
        ("Oats", "Block", ["VI", "V", "III", "IV", "II", "I"]),
        ("Rail", "Rail", ["2", "5", "1", "6", "3", "4"]),
        ("ergoStool", "Subject", ["8", "5", "4", "9", "6", "3", "7", "1", "2"]),
        ("warpbreaks", "tension", ["L", "M", "H"]),
        ("Orthodont", "Sex", ["Male", "Female"]),
        ("emm_feedlot", "diet", ["Low", "Medium", "High"]),
        ("InstEval", "dept", ["15", "5", "10", "12", "6", "7", "4", "8", "9", "14", "1", "3", "11", "2"]),
    ],
)
def test_levels_keep_the_order_of_the_source(name, column, levels):
    assert list(lmm.datasets.load(name)[column].cat.categories) == levels


def test_sizes_of_the_large_sets():
    chem = lmm.datasets.load("Chem97")
    assert [chem[name].nunique() for name in ("lea", "school", "student")] == [131, 2410, 31022]
    lectures = lmm.datasets.load("InstEval")
    assert [lectures[name].nunique() for name in ("s", "d")] == [2972, 1128]


def test_means_printed_in_books():
    # Davies and Goldsmith (1972) 6.4; Box and Tiao (1973) 5.1.2; Box, Hunter and Hunter (1978) p. 100.
    assert lmm.datasets.load("Dyestuff")["Yield"].mean() == pytest.approx(1527.5, abs=1e-12)
    assert lmm.datasets.load("Dyestuff2")["Yield"].mean() == pytest.approx(5.6656, abs=1e-10)
    wear = lmm.datasets.load("shoes").groupby("material", observed=True)["wear"].mean()
    assert wear.tolist() == pytest.approx([10.63, 11.04], abs=1e-12)


def test_line_of_sleepstudy_as_r_prints_it():
    # coef(lm(Reaction ~ Days)): 251.41 and 10.47 in the document on mixed models and splines.
    frame = lmm.datasets.load("sleepstudy")
    slope, intercept = np.polyfit(frame["Days"], frame["Reaction"], 1)
    assert (round(intercept, 2), round(slope, 2)) == (251.41, 10.47)


def test_the_engine_data_have_five_engines_of_one_size():
    frame = lmm.datasets.load("engine")
    assert len(frame) == 19
    assert (frame["size"] == 2.32).sum() == 5


def test_missing_values_stay_missing():
    frame = lmm.datasets.load("carrots")
    assert frame["Income"].isna().sum() == 72
    assert frame["Preference"].isna().sum() == 3


def test_every_call_gives_a_new_frame():
    first = lmm.datasets.load("Rail")
    first.loc[0, "travel"] = -1
    assert (lmm.datasets.load("Rail")["travel"] > 0).all()


@pytest.mark.parametrize("name", ["carrots", "Oats", "engine"])
@pytest.mark.parametrize("backend", ["polars", "arrow"])
def test_other_frames_hold_the_same_values(name, backend):
    expected = lmm.datasets.load(name)
    frame = lmm.datasets.load(name, backend=backend)
    columns = frame.to_pydict() if backend == "arrow" else frame.to_dict(as_series=False)
    for column in expected:
        assert columns[column] == [None if value != value else value for value in expected[column].tolist()]


def test_levels_keep_their_order_in_other_frames():
    levels = ["VI", "V", "III", "IV", "II", "I"]
    assert lmm.datasets.load("Oats", backend="polars")["Block"].dtype.categories.to_list() == levels
    block = lmm.datasets.load("Oats", backend="arrow")["Block"].chunk(0)
    assert block.dictionary.to_pylist() == levels
    assert block.type.ordered


def test_an_unknown_back_end_is_refused_with_the_known_ones():
    with pytest.raises(lmm.UnsupportedError, match="pandas, polars, arrow") as raised:
        lmm.datasets.load("Oats", backend="pola")
    assert 'Did you mean "polars"?' in str(raised.value)


def test_a_damaged_file_is_noticed(monkeypatch, tmp_path):
    for suffix in ("json", "csv.gz"):
        source = reader.folder().joinpath(f"Rail.{suffix}").read_bytes()
        (tmp_path / f"Rail.{suffix}").write_bytes(source)
    other = reader.folder().joinpath("Oats.csv.gz").read_bytes()
    (tmp_path / "Rail.csv.gz").write_bytes(other)
    monkeypatch.setattr(reader, "folder", lambda: tmp_path)
    with pytest.raises(lmm.DatasetError, match="does not have the checksum"):
        lmm.datasets.load("Rail")
