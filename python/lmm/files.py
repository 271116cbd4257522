"""Files that appear whole or not at all, wherever their path leads."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

from lmm.errors import FileError

__all__ = ["check_place", "checked_path", "write_whole"]


def checked_path(path: Any, example: str) -> Path:
    """Take a path as the user gave it.

    Parameters
    ----------
    path
        Text or a `pathlib.Path`.
    example
        What a good path looks like, for the message.

    Raises
    ------
    FileError
        If it is neither, or empty.

    Examples
    --------
    >>> from lmm.files import checked_path
    >>> checked_path("fits/oats.lmm", "oats.lmm").name
    'oats.lmm'
    """
    given = path if isinstance(path, str) else path.__fspath__() if isinstance(path, os.PathLike) else None
    if not isinstance(given, str):
        raise FileError(
            f"A path is text or a pathlib.Path, not {type(path).__name__}. "
            f'Give the name of a file, such as "{example}".'
        )
    if not given.strip() or "\0" in given:
        raise FileError(f'{given!r} is not the name of a file. Give one, such as "{example}".')
    return Path(given)


def check_place(path: Path, what: str) -> None:
    """Find out whether a file can be written there, before the work is done.

    Parameters
    ----------
    path
        Where to.
    what
        What is to be written, with which the message begins: ``"The page"``.

    Raises
    ------
    FileError
        If the folder does not exist, or the path is a folder, too long, or closed to us.
    """
    try:
        target = path.resolve()
        if _kind(target) == "folder":
            raise FileError(
                f"{what} cannot be written as {path}: it is a folder. Give the name of a file in it."
            )
        if _kind(target.parent) != "folder":
            raise FileError(
                f"{what} cannot be written as {path}: there is no folder {path.parent}. Create it first."
            )
        if _kind(target) != "other" and not os.access(target.parent, os.W_OK):
            raise FileError(f"{what} cannot be written as {path}: nothing can be written into its folder.")
    except (OSError, ValueError, RuntimeError) as error:
        raise error if isinstance(error, FileError) else _refused(path, what, error) from error


def write_whole(path: Path, content: bytes, what: str) -> None:
    """Write beside the file first and move it there then, so that half of it never shows.

    A symbolic link stays and its target is replaced; the permissions of a file that is replaced stay too. A device or
    a pipe is written to as it is.

    Parameters
    ----------
    path
        Where to.
    content
        All of it.
    what
        What is written, for the message.

    Raises
    ------
    FileError
        If it cannot be written; an old file is then still there.
    """
    check_place(path, what)
    try:
        target = path.resolve()
        kind = _kind(target)
        if kind == "other":
            target.write_bytes(content)
        else:
            _replace(target, content, keep_mode=kind == "file")
    except (OSError, ValueError) as error:
        raise _refused(path, what, error) from error


def _replace(target: Path, content: bytes, *, keep_mode: bool) -> None:
    # A name of its own length: that of the target may be as long as the disk allows.
    temporary = target.with_name(f".lmm-{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if keep_mode:
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        temporary.replace(target)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _kind(path: Path) -> str:
    """Say what is there: ``"file"``, ``"folder"``, ``"other"`` or ``""``."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"


def _refused(path: Path, what: str, error: Exception) -> FileError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return FileError(f"{what} cannot be written as {path}: {reason}.")
