"""The zip archive of a saved fit: one JSON text, numbered NumPy arrays, and a digest of all of them."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import IO, Any

import numpy as np

from lmm.errors import FileError

__all__ = ["CONTENT", "array_members", "check_digest", "read_members", "read_tree", "write_members"]

CONTENT, DIGEST = "content.json", "sha256.txt"
MOST_TIMES = 32
"""How many times larger than in the file a member may be. What shrinks more is stored as it is: no small file is a
large fit."""

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same fit gives the same bytes
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, ArithmeticError)
_NO_FIT = "it is not a fit that lmm.save wrote"


def write_members(tree: Any, arrays: Sequence[np.ndarray], *, small: bool = True) -> bytes:
    """Make the archive of a JSON tree and the arrays that it points to; with ``small`` they are compressed."""
    members = {CONTENT: json.dumps(tree, ensure_ascii=False, allow_nan=False, indent=1).encode()}
    for number, array in enumerate(arrays):
        stream = io.BytesIO()
        np.lib.format.write_array(stream, array, version=(1, 0), allow_pickle=False)
        members[f"arrays/{number}.npy"] = stream.getvalue()
    members[DIGEST] = _digest(members).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            how = zipfile.ZIP_DEFLATED if small and _shrinks_as_usual(content) else zipfile.ZIP_STORED
            archive.writestr(zipfile.ZipInfo(name, date_time=_LONG_AGO), content, how)
    return buffer.getvalue()


def _shrinks_as_usual(content: bytes) -> bool:
    # Half the limit: another zlib may shrink it a little more.
    return len(content) < MOST_TIMES // 2 * len(zlib.compress(content, 1))


def read_members(file: IO[bytes]) -> dict[str, bytes]:
    """Read the members by name, none of which may become much larger than it is in the file.

    Raises
    ------
    FileError
        If it is not such an archive, or is damaged.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            if CONTENT not in names:
                raise FileError(_NO_FIT)
            if len(set(names)) < len(names):
                raise FileError("two of its members have the same name")
            _check_sizes(members)
            return {member.filename: archive.read(member) for member in members}
    except _BROKEN as error:
        raise FileError(f"{_NO_FIT}, or it is damaged ({error})") from None


def _check_sizes(members: Sequence[zipfile.ZipInfo]) -> None:
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
            raise FileError(
                f"its member {member.filename!r} is compressed or encrypted in a way that lmm.save is not"
            )
        if member.file_size > MOST_TIMES * (member.compress_size + 64):
            raise FileError(
                f"its member {member.filename!r} of {member.compress_size} bytes would become "
                f"{member.file_size} bytes; lmm.save writes none that grows more than {MOST_TIMES} times"
            )


def read_tree(members: Mapping[str, bytes]) -> Any:
    """Parse the JSON text: every name once, no numbers that are not finite.

    Raises
    ------
    FileError
        If it is not such a text.
    """
    try:
        return json.loads(
            members[CONTENT].decode(), object_pairs_hook=_object, parse_constant=_refuse, parse_float=_finite
        )
    except RecursionError:
        raise FileError(f"{CONTENT} is nested too deeply") from None
    except ValueError as error:
        raise FileError(f"{CONTENT} cannot be read ({error})") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice in one object")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:20]} is too large for a number")
    return number


def check_digest(members: Mapping[str, bytes]) -> None:
    """Compare the digest with the content; it finds damage, but not someone who writes a new digest.

    Raises
    ------
    FileError
        If they differ.
    """
    if members.get(DIGEST, b"") != _digest(members).encode():
        raise FileError("its content is not what was written: the digest differs")


def _digest(members: Mapping[str, bytes]) -> str:
    """SHA-256 of names and contents, in order, without the digest itself."""
    found = hashlib.sha256()
    for name, content in members.items():
        if name != DIGEST:
            found.update(f"{name}:{len(content)}:".encode() + hashlib.sha256(content).digest())
    return found.hexdigest()


def array_members(members: Mapping[str, bytes]) -> list[bytes]:
    """Arrays by number, as bytes.

    Raises
    ------
    FileError
        If a number is missing, or there is a member that no version wrote.
    """
    arrays = [name for name in members if name not in (CONTENT, DIGEST)]
    expected = [f"arrays/{number}.npy" for number in range(len(arrays))]
    for name, should in zip(arrays, expected, strict=True):
        if name != should:
            raise FileError(f"it has a member {name!r} where {should!r} should be")
    return [members[name] for name in expected]
