"""Files that somebody has tampered with end in a `FileError`, or in a fit that is what it says."""

import io
import json
import os
import struct
import zipfile

import numpy as np
import pytest

import lmm
from lmm.errors import FileError
from lmm.model.files.storage import from_bytes, to_bytes
from tests.model.crafted import MODELS, drawn, members_of, original, same, sealed, verdict, zipped

GOOD = ("refused", "the same", "honest")


@pytest.mark.parametrize("seed", range(12))
def test_no_crafted_file_gives_other_numbers_in_silence(seed):
    found = [(verdict(name, content), what) for name, what, content in drawn(4 * len(MODELS), seed)]
    assert [pair for pair in found if pair[0] not in GOOD] == []
    assert sum(pair[0] == "refused" for pair in found) > len(found) // 2


@pytest.mark.parametrize("name", MODELS)
def test_what_nobody_touched_is_read(name):
    assert same(from_bytes(sealed(members_of(name))), original(name))
    assert to_bytes(from_bytes(to_bytes(original(name)))) == to_bytes(original(name))


def changed(name, change):
    """The members of a saved fit with another header, the digest adapted."""
    members = dict(members_of(name))
    header = json.loads(members["content.json"])
    change(header["content"])
    return sealed({**members, "content.json": json.dumps(header).encode()})


@pytest.mark.parametrize(
    "formula", ["y ~ x", "y ~ x + z + (1 | g)", "z ~ x + (1 | g)", "y ~ (1 | g)", "x ~ y", "import os"]
)
def test_the_formula_that_is_shown_is_the_one_that_is_evaluated(formula):
    content = changed("lmm", lambda tree: tree["request"].update(formula=formula))
    with pytest.raises(FileError, match="The pickled fit cannot be read"):
        from_bytes(content)


def test_a_formula_that_means_the_same_is_the_one_that_is_shown_and_evaluated():
    again = from_bytes(changed("lmm", lambda tree: tree["request"].update(formula="y ~ x+f + (1+x | g)")))
    new = {"x": [1.0, 2.0], "f": ["low", "high"], "g": ["g1", "g2"]}
    assert again.formula == "y ~ x+f + (1+x | g)"
    assert again.predict(new) == pytest.approx(original("lmm").predict(new))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("lmm", lambda tree: tree["rows"].update(n_rows=10**15), "left out are not"),
        ("lmm", lambda tree: tree["optimum"].update(converged=1), "converged is 1, not true or false"),
        ("lmm", lambda tree: tree["optimum"].update(singular=not tree["optimum"]["singular"]), "it is called singular"),
        ("lmm", lambda tree: tree["rows"]["columns"].update(more=None), "is None, not an object"),
        ("lmm", lambda tree: tree["request"].update(code="x"), "has 'code', which is not in this version"),
        ("lmm", lambda tree: tree["request"].update(restarts=10**9), "restarts is 1000000000, not a whole number"),
        ("moments", lambda tree: tree.update(optimum={}), "a fit by moments has no search"),
        ("sparse", lambda tree: tree["request"]["random"]["s"].update(width=10**12), "width is"),
        ("blocks", lambda tree: tree["request"]["random"]["kin"].update(k=4), "not a multiple of 4"),
        ("weights", lambda tree: tree["request"].update(weights="y"), "needs others|no such column|cannot have"),
    ],
)  # fmt: skip
def test_the_reason_is_said(name, change, message):
    with pytest.raises(FileError, match=message):
        from_bytes(changed(name, change))


def test_a_theta_that_is_no_optimum_is_refused():
    members = dict(members_of("lmm"))
    place = json.loads(members["content.json"])["content"]["optimum"]["theta"]["array"]
    member = f"arrays/{place}.npy"
    theta = np.load(io.BytesIO(members[member]))
    for factor in (0.5, 0.9, 1.1, 3.0, -1.0):
        content = io.BytesIO()
        np.save(content, theta * factor)
        with pytest.raises(FileError, match=r"criterion|below its bounds"):
            from_bytes(sealed({**members, member: content.getvalue()}))


def test_a_small_file_that_would_become_huge_is_refused_unread(tmp_path):
    path = tmp_path / "bomb.lmm"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members_of("linear").items():
            huge = content[:128] + bytes(40_000_000)
            archive.writestr(name, huge if name == "arrays/0.npy" else content)
    assert path.stat().st_size < 100_000
    with pytest.raises(FileError, match="would become 40000128 bytes"):
        lmm.load(path)


def test_a_header_that_promises_more_than_there_is_is_refused():
    members = dict(members_of("linear"))
    header = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118)
    header += b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }".ljust(117) + b"\n"
    with pytest.raises(FileError, match="arra"):
        from_bytes(sealed({**members, "arrays/0.npy": header + bytes(16)}))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(tmp_path, method):
    path = tmp_path / "fit.lmm"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members_of("linear").items():
            archive.writestr(name, content)
    with pytest.raises(FileError, match="compressed or encrypted"):
        lmm.load(path)


def test_columns_that_shrink_very_much_are_read_too(tmp_path):
    n = 200_000
    table = {"y": np.arange(n) % 7.0, "x": np.where(np.arange(n) < n // 2, 1.0, 0.0)}
    fit = lmm.fit("y ~ x", table)
    lmm.save(fit, tmp_path / "fit.lmm")
    assert lmm.load(tmp_path / "fit.lmm").criterion == fit.criterion


def test_members_in_another_order_are_refused():
    members = members_of("lmm")
    turned = dict(reversed(members.items()))
    with pytest.raises(FileError):
        from_bytes(zipped(turned))


@pytest.mark.parametrize("path", [None, 3, b"fit.lmm", "", "a\0b", ["fit.lmm"], "x" * 5000])
def test_paths_that_are_none(path):
    with pytest.raises(FileError):
        lmm.load(path)
    with pytest.raises(FileError):
        lmm.save(original("linear"), path)


@pytest.mark.parametrize("thing", [None, 3, "fit", {}, object()])
def test_only_fits_are_saved(thing, tmp_path):
    with pytest.raises(lmm.ArgumentError, match="fit= must be a fit"):
        lmm.save(thing, tmp_path / "fit.lmm")


def test_places_that_are_no_files_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(FileError, match="cannot be read"):
            lmm.load(path)
