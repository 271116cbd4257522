"""Paths where tables are expected."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

import lmm
from lmm.data import is_path, open_table, read_file

TABLE = pd.DataFrame({"y": [1.5, 2.5, 4.0, 3.5], "g": ["b", "a", "b", None]})


def written(folder, name):
    path = folder / name
    {
        ".csv": lambda: TABLE.to_csv(path, index=False, na_rep="NA"),
        ".tsv": lambda: TABLE.to_csv(path, index=False, sep="\t", na_rep="."),
        ".parquet": lambda: TABLE.to_parquet(path),
        ".feather": lambda: TABLE.to_feather(path),
    }[path.suffix.lower()]()
    return path


@pytest.mark.parametrize("as_text", [False, True], ids=["Path", "str"])
@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet", ".feather"])
def test_a_path_stands_for_its_table(tmp_path, ending, as_text):
    path = written(tmp_path, f"table{ending}")
    columns = open_table(str(path) if as_text else path).read(["y", "g"])

    assert columns["y"].numbers.tolist() == [1.5, 2.5, 4.0, 3.5]
    assert columns["g"].levels == ("a", "b")
    assert columns["g"].codes.tolist() == [1, 0, 1, -1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nowhere.csv", None, 'Cannot read ".*nowhere.csv": no such file or directory'),
        ("nowhere.feather", None, "no such file or directory"),
        ("empty.tsv", b"", "it is empty"),
        ("latin.csv", "y\nä\n".encode("latin-1"), "not UTF-8"),
        ("broken.parquet", b"nonsense", "Cannot read"),
        ("broken.feather", b"nonsense", "Cannot read"),
        ("table.xlsx", b"", "its name should end in .csv, .tsv, .parquet, .feather"),
        ("semicolons.csv", b"a;b\n1;2\n", "separated by ';'"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(lmm.FileError, match=message):
        read_file(path)


@pytest.mark.parametrize("text", ["sleepstudy", "", "x\0y", "a" * 5000, "y ~ x"])
def test_a_text_that_names_no_file_is_no_table(text):
    assert not is_path(text) or text == ""
    with pytest.raises(lmm.LmmError):
        open_table(text)


def test_every_place_of_a_table_takes_a_path(tmp_path):
    path = tmp_path / "oats.csv"
    oats = lmm.datasets.load("Oats")
    oats.to_csv(path, index=False)
    formula = "yield ~ nitro + (1 | Block/Variety)"
    fit, from_file = lmm.fit(formula, oats), lmm.fit(formula, path)

    # The levels of a file are sorted, those of the data set have an order.
    near = partial(np.testing.assert_allclose, rtol=1e-9)
    near(from_file.criterion, fit.criterion)
    near(from_file.predict(path), fit.predict(oats))
    near(from_file.augment(str(path))[".fitted"], fit.fitted)
    near(lmm.strata(formula, path)["mean_sq"], lmm.strata(formula, oats)["mean_sq"])
    assert from_file.update(". ~ 1 + (1 | Block)").n_fixed == 1
    assert lmm.criterion(formula, str(path)).names == lmm.criterion(formula, oats).names
    assert lmm.simulate(formula, path, beta=[1, 1], sigma=1.0, theta=[1, 1], seed=1).shape == (72, 1)
