"""Fits in files and in pickles: the same numbers, no code, never half a file."""

import json
import pickle
import zipfile
from dataclasses import fields

import numpy as np
import pytest

import lmm
from lmm.errors import FileError
from lmm.estimation import Certificate, ThetaOptimum
from lmm.model.files.storage import VERSION
from lmm.model.request import Request

RNG = np.random.default_rng(17)
N = 60
TABLE = {
    "y": RNG.normal(size=N) + RNG.normal(size=10)[np.arange(N) % 10],
    "x": np.where(np.arange(N) == 4, np.nan, RNG.normal(size=N)),
    "f": np.resize(["a<b>", "ü", "c"], N),
    "g": np.array([f"g{j % 10}" for j in range(N)]),
    "w": RNG.uniform(0.5, 2.0, N),
    "z": RNG.normal(size=N),
}
BLOCK = lmm.block(np.eye(6)[np.arange(N) % 6], covariance=0.5 * np.eye(6) + 0.5)
MODELS = {
    "linear": ("y ~ x", {}),
    "slope": ("y ~ x + C(f, contr.sum) + (x | g)", {"method": "ml", "restarts": 1}),
    "all": (
        "y ~ poly(x, 2) + f + offset(z) + (f || g)",
        {"weights": "w", "offset": TABLE["z"], "contrasts": {"f": "sum"}, "theta": {"g.f[T.ü]": 0.25}},
    ),
    "block": ("y ~ x + (1 | g)", {"random": {"kin": BLOCK}, "control": {"tolerance": 1e-6}}),
    "sparse": ("y ~ x + (1 | g)", {"random": {"s": lmm.block(BLOCK.to_sparse())}, "start": [1.0, 0.5]}),
}


@pytest.fixture(params=MODELS)
def fit(request):
    formula, options = MODELS[request.param]
    options = dict(options)
    if "theta" in options:
        names = lmm.criterion(formula, TABLE, contrasts=options["contrasts"]).names
        options["theta"] = {names[-1]: 0.25}
    return lmm.fit(formula, TABLE, **options)


@pytest.fixture(params=["file", "pickle"])
def again(request, fit, tmp_path):
    if request.param == "pickle":
        return pickle.loads(pickle.dumps(fit))
    lmm.save(fit, tmp_path / "fit.lmm")
    return lmm.load(tmp_path / "fit.lmm")


def test_all_numbers_come_back(fit, again):
    for name in ("beta", "theta", "sigma", "vcov", "u", "b", "criterion", "aic", "bic", "fitted", "y", "X"):
        np.testing.assert_array_equal(getattr(again, name), getattr(fit, name), err_msg=name)
    for name in ("formula", "method", "n_obs", "n_levels", "df_residual", "converged", "singular", "notes"):
        assert getattr(again, name) == getattr(fit, name)
    for name in ("fixef", "varcorr", "model_frame", "trace"):
        assert getattr(again, name) == getattr(fit, name)
    assert again.ranef(pev=True) == fit.ranef(pev=True)
    assert str(again.certificate) == str(fit.certificate)
    assert (again.Z != fit.Z).nnz == 0
    assert repr(again) == repr(fit)


def test_it_predicts_and_refits(fit, again):
    new = {name: np.asarray(values)[:4] for name, values in TABLE.items()}
    options = {"offset": TABLE["z"][:4]} if "offset(z)" in fit.formula else {}
    expected = fit.predict(new, random="g" if fit.n_levels else False, **options)
    np.testing.assert_array_equal(
        again.predict(new, random="g" if fit.n_levels else False, **options), expected
    )
    y = RNG.normal(size=fit.n_obs)
    assert again.refit(y).criterion == fit.refit(y).criterion


def test_it_is_updated_with_the_table(fit, again):
    assert again.update(data=TABLE).criterion == fit.criterion


def test_the_same_fit_gives_the_same_bytes(fit, tmp_path):
    lmm.save(fit, tmp_path / "one")
    lmm.save(lmm.load(tmp_path / "one"), tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_file_is_json_and_plain_arrays(fit, tmp_path):
    lmm.save(fit, tmp_path / "fit.lmm")
    with zipfile.ZipFile(tmp_path / "fit.lmm") as archive:
        header = json.loads(archive.read("content.json"))
        for name in archive.namelist()[1:-1]:
            np.load(archive.open(name), allow_pickle=False)
    assert (header["format"], header["version"], header["lmm"]) == ("lmm fit", 3, lmm.__version__)


# What a version of the format knows. A field that is new in one of these has to be saved too: raise VERSION then.
FIELDS_OF_VERSION_3 = {
    Certificate: "converged singular message n_iterations n_evaluations starts_tried details",
    Request: "formula data method weights offset missing contrasts random start theta restarts control negative "
    "smooths factors select",
    ThetaOptimum: "theta held certificate null_directions path criterion sigma step decrement moments",
}


def test_the_fields_are_those_of_the_version():
    assert VERSION == 3
    found = {cls: " ".join(field.name for field in fields(cls)) for cls in FIELDS_OF_VERSION_3}
    assert found == FIELDS_OF_VERSION_3


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "fit.lmm"
    lmm.save(lmm.fit("y ~ x", TABLE), path)
    return path


def rewritten(path, change):
    """The file with another header."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    header = json.loads(content["content.json"])
    change(header)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (content | {"content.json": json.dumps(header).encode()}).items():
            archive.writestr(name, text)


def test_a_later_version_is_refused(saved):
    rewritten(saved, lambda header: header.update(version=4, lmm="9.0"))
    with pytest.raises(FileError, match=r"written by lmm 9.0 in version 4.*reads version 3.*newer lmm"):
        lmm.load(saved)


def test_a_file_of_before_the_first_release_is_refused(saved):
    rewritten(saved, lambda header: header.update(version=1))
    with pytest.raises(FileError, match=r"version 1 of the format.*Fit the model again"):
        lmm.load(saved)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "fit.lmm").write_bytes(content)
    with pytest.raises(FileError, match=r"is not a fit that lmm\.save wrote"):
        lmm.load(tmp_path / "fit.lmm")


def test_an_archive_without_a_fit_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(FileError, match=r"is not a fit that lmm\.save wrote"):
        lmm.load(tmp_path / "other.zip")


def test_a_missing_array_is_damage(saved):
    with zipfile.ZipFile(saved) as archive:
        content = {name: archive.read(name) for name in archive.namelist()[:-1]}
    with zipfile.ZipFile(saved, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    with pytest.raises(FileError, match="cannot be read: its content is not what was written"):
        lmm.load(saved)


def test_files_and_folders_that_are_not_there(tmp_path):
    fit = lmm.fit("y ~ x", TABLE)
    with pytest.raises(FileError, match="There is no file"):
        lmm.load(tmp_path / "nothing.lmm")
    with pytest.raises(FileError, match="there is no folder"):
        lmm.save(fit, tmp_path / "nowhere" / "fit.lmm")
    with pytest.raises(FileError, match="it is a folder"):
        lmm.save(fit, tmp_path)


def test_a_failed_save_leaves_the_old_file(saved, monkeypatch):
    before = saved.read_bytes()
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(FileError, match="No space left on device"):
        lmm.save(lmm.fit("y ~ x + z", TABLE), saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_what_stood_beside_the_rows_by_labels_is_saved_in_their_order(tmp_path):
    import pandas as pd

    index = [f"r{i}" for i in range(N)]
    table = pd.DataFrame({"y": TABLE["y"], "g": TABLE["g"]}, index=index)
    order = RNG.permutation(N)
    options = {
        "weights": pd.Series(TABLE["w"], index=index).iloc[order],
        "offset": pd.Series(TABLE["z"], index=index).iloc[order],
        "random": {"kin": lmm.block(pd.DataFrame(np.eye(6)[np.arange(N) % 6], index=index).iloc[order])},
    }
    fit = lmm.fit("y ~ 1 + (1 | g)", table, **options)
    plain = {
        "weights": TABLE["w"],
        "offset": TABLE["z"],
        "random": {"kin": lmm.block(np.eye(6)[np.arange(N) % 6])},
    }
    expected = lmm.fit("y ~ 1 + (1 | g)", TABLE, **plain)
    for one, other in ((fit, expected), (fit.refit(TABLE["w"]), expected.refit(TABLE["w"]))):
        assert one.criterion == other.criterion
        lmm.save(one, tmp_path / "fit.lmm")
        again = lmm.load(tmp_path / "fit.lmm")
        assert again.criterion == one.criterion
        assert again.refit(TABLE["y"]).criterion == pytest.approx(expected.criterion, rel=1e-12)
        assert again.update(data=TABLE).criterion == pytest.approx(expected.criterion, rel=1e-12)
