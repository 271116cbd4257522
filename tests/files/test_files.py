"""Files appear whole or not at all, wherever their path leads."""

import os
import stat
from pathlib import Path

import pytest

from lmm.errors import FileError
from lmm.files import check_place, checked_path, write_whole


def test_a_new_file_has_ordinary_permissions(tmp_path):
    write_whole(tmp_path / "one", b"text", "It")
    (tmp_path / "two").touch()
    assert (tmp_path / "one").read_bytes() == b"text"
    assert (tmp_path / "one").stat().st_mode == (tmp_path / "two").stat().st_mode


def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path):
    path = tmp_path / "one"
    path.write_text("old")
    path.chmod(0o640)
    write_whole(path, b"new", "It")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("there", [True, False])
def test_a_symbolic_link_stays_and_its_target_is_written(tmp_path, there):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    target, link, chain = folder / "target", tmp_path / "link", tmp_path / "chain"
    if there:
        target.write_text("old")
    link.symlink_to(target)
    chain.symlink_to("link")
    write_whole(chain, b"new", "It")
    assert link.is_symlink()
    assert chain.is_symlink()
    assert target.read_bytes() == b"new"
    assert [path.name for path in folder.iterdir()] == ["target"]


def test_devices_are_written_to_and_stay_what_they_are():
    write_whole(Path(os.devnull), b"text", "It")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_name_as_long_as_the_disk_allows_is_written(tmp_path):
    path = tmp_path / ("x" * 255)
    write_whole(path, b"text", "It")
    assert path.read_bytes() == b"text"


@pytest.mark.parametrize("name", ["x" * 256, "", "no/such/folder", "file/in/a/file", "round"])
def test_places_that_cannot_be_are_refused_before_the_work(tmp_path, name):
    (tmp_path / "file").touch()
    (tmp_path / "round").symlink_to("round")
    for refuse in (lambda path: check_place(path, "It"), lambda path: write_whole(path, b"", "It")):
        with pytest.raises(FileError, match=r"^It cannot be written as"):
            refuse(tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "round"]


@pytest.mark.parametrize("call", ["fsync", "access"])
def test_a_full_or_read_only_disk_leaves_the_old_file(tmp_path, monkeypatch, call):
    path = tmp_path / "one"
    path.write_text("old")

    def refused(*_):
        if call == "access":
            return False
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, refused)
    with pytest.raises(FileError, match=r"No space left on device|nothing can be written into its folder"):
        write_whole(path, b"new", "It")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["one"]


@pytest.mark.parametrize("path", [None, 1, 2.5, b"a", ["a"], "", "   ", "a\0b", object()])
def test_what_is_no_path(path):
    with pytest.raises(FileError, match=r'"it\.txt"'):
        checked_path(path, "it.txt")
