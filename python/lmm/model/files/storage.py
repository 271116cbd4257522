"""Fits in files: a zip archive of one JSON text and NumPy arrays, with no code in it.

``container`` is the archive, ``packing`` chooses what a fit leaves in it, ``unpacking`` and ``saved_optimum``
check what they find and compute the rest as `lmm.fit` computes it. A pickle holds the same archive.
"""

from __future__ import annotations

import io
import os
from importlib.metadata import version as installed_version
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import takes
from lmm.errors import FileError, LmmError
from lmm.files import checked_path, write_whole
from lmm.model.building import build_criterion
from lmm.model.checking import a_fit
from lmm.model.estimates import Estimates
from lmm.model.files.container import (
    CONTENT,
    array_members,
    check_digest,
    read_members,
    read_tree,
    write_members,
)
from lmm.model.files.packing import pack
from lmm.model.files.parts import Arrays, Part
from lmm.model.files.saved_optimum import unpacked_estimates
from lmm.model.files.unpacking import unpacked_design, unpacked_request, unpacked_rows

if TYPE_CHECKING:
    from lmm.model.result import Fit

FORMAT = "lmm fit"
VERSION = 3


@takes(fit=a_fit)
def save(fit: Fit, path: str | os.PathLike[str]) -> None:
    """Write a fit into a file: all but the rows and columns of the table that it did not use.

    The file holds numbers and text only, no code. It is written beside its place first and then moved there, so that no
    half-written file is left; where the path is a symbolic link, the file that it leads to is replaced.

    Parameters
    ----------
    fit
        A fit.
    path
        Where to; an existing file is replaced.

    Raises
    ------
    FileError
        If the file cannot be written.

    Examples
    --------
    >>> import lmm, tempfile
    >>> from pathlib import Path
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lmm.save(fit, Path(folder) / "dyestuff.lmm")
    ...     again = lmm.load(Path(folder) / "dyestuff.lmm")
    >>> again.criterion == fit.criterion
    True
    """
    place = checked_path(path, "fit.lmm")
    write_whole(place, to_bytes(fit), "The fit")


@takes()
def load(path: str | os.PathLike[str]) -> Fit:
    """Read a fit from a file that `save` wrote.

    A file from a stranger can do nothing but be refused or be a fit: it holds the formula, the rows that were used and
    where the search ended, all of it is checked, and the estimates are computed from these. Its formula is the one that
    `Fit.formula` shows; like every formula it can only compute with columns and call the functions of formulas.
    Unpickling (`pickle.load`) is another matter: it runs whatever code the pickle holds. Unpickle your own files only.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Fit
        The same in all its numbers. The table itself is not in the file: `Fit.update` needs ``data=``.

    Raises
    ------
    FileError
        If the file cannot be read, is not a fit, is damaged, contradicts itself, or is of another version of the
        format.
    """
    place = checked_path(path, "fit.lmm")
    try:
        if place.exists() and not place.is_file():
            raise FileError(f"{place} cannot be read: it is not a file.")
        with place.open("rb") as file:
            return _read(file, str(place))
    except FileNotFoundError:
        raise FileError(f"There is no file {place}.") from None
    except FileError:
        raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise FileError(f"{place} cannot be read: {reason}.") from error


def to_bytes(fit: Fit, *, small: bool = True) -> bytes:
    """Write a fit as the bytes of a file."""
    tree, arrays = pack(fit)
    header = {"format": FORMAT, "version": VERSION, "lmm": installed_version("lmm"), "content": tree}
    return write_members(header, arrays, small=small)


def from_bytes(content: bytes) -> Fit:
    """Read a fit from the bytes of a file; what a pickle calls."""
    return _read(io.BytesIO(content), "The pickled fit")


def _read(file: IO[bytes], name: str) -> Fit:
    """Read a fit; everything that can be wrong with it becomes one kind of error."""
    try:
        members = read_members(file)
        header = read_tree(members)
        content = _content(header)
        check_digest(members)
        part = Part(content, "content", Arrays(array_members(members)))
        with np.errstate(all="ignore"):
            return _unpacked(part)
    except MemoryError:
        raise FileError(f"{name} cannot be read: the model in it needs more memory than there is.") from None
    except (LmmError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        first = str(error).partition("\n")[0].rstrip(".")
        raise FileError(f"{name} cannot be read: {first}.") from error


def _content(header: Any) -> Any:
    """Content of a file of this version."""
    version = header.get("version") if isinstance(header, dict) and header.get("format") == FORMAT else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FileError("it is not a fit that lmm.save wrote")
    if version != VERSION:
        advice = "Install a newer lmm to load it" if version > VERSION else "Fit the model again and save it"
        raise FileError(
            f"it was written by lmm {str(header.get('lmm'))[:40]} in version {version} of the format; this is lmm "
            f"{installed_version('lmm')}, which reads version {VERSION}. {advice}"
        )
    if set(header) != {"format", "version", "lmm", "content"}:
        raise FileError(f"{CONTENT} has not the members of its version")
    return header["content"]


def _unpacked(part: Part) -> Fit:
    from lmm.model.result import Fit

    found = part.record("request", "rows", "response", "optimum")
    rows = unpacked_rows(found["rows"])
    request = unpacked_request(found["request"], rows["n_rows"].whole(1))
    spec, design = unpacked_design(request, rows, found["response"])
    criterion = build_criterion(design, request.method)
    optimum, evaluation = unpacked_estimates(found["optimum"], request, design, criterion)
    if len(part.arrays.taken) < len(part.arrays.contents):
        raise FileError("it has arrays that belong to nothing")
    return Fit(Estimates(request, spec, design, criterion, optimum, evaluation))
