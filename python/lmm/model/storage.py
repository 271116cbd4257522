"""Fits in files: a zip archive of one JSON text and NumPy arrays, with no code in it.

``content.json`` holds ``format`` (``"lmm fit"``), ``version``, ``lmm`` (version of the package that wrote it) and
``content``, a tree as `lmm.model.packing` describes it: the request without the table, the design with
the model frame, the optimum and the evaluation. ``arrays/<number>.npy`` holds the arrays. Loading evaluates
nothing; only a prediction for new data evaluates the formula, as fitting does.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.data import in_rows_of, open_table, row_labels
from lmm.design import spec_from_dict, spec_to_dict
from lmm.engine import LabelledBlock
from lmm.errors import DesignError, FileError
from lmm.model.building import build_criterion
from lmm.model.packing import Packer, unpack
from lmm.model.request import Request

if TYPE_CHECKING:
    from lmm.model.result import Fit

FORMAT = "lmm fit"
VERSION = 1
_CONTENT = "content.json"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same fit gives the same bytes


def save(fit: Fit, path: str | os.PathLike[str]) -> None:
    """Write a fit into a file: all but the table that it was fitted to.

    The file holds numbers and text only, no code. It is written beside its place first and then moved
    there, so that no half-written file is left.

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
    path = Path(path)
    content = _archive(fit)
    if not path.parent.is_dir():
        raise FileError(f"The fit cannot be saved: there is no folder {path.parent}.")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise FileError(f"The fit cannot be saved as {path}: {error.strerror or error}.") from error
    finally:
        temporary.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> Fit:
    """Read a fit from a file that `save` wrote.

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
        If the file cannot be read, is no fit, or was written by a later version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, path)
    except FileNotFoundError:
        raise FileError(f"There is no file {path}.") from None
    except zipfile.BadZipFile:
        raise FileError(f"{path} is not a fit that lmm.save wrote, or it is damaged.") from None
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}.") from error


def pack_fit(fit: Fit) -> tuple[Any, list[np.ndarray]]:
    """Give the tree of a fit without its table, and its arrays."""
    packer = Packer()
    request = replace(
        fit.request,
        data=None,
        weights=_plain(fit.request, "weights"),
        offset=_plain(fit.request, "offset"),
        random=_without_labels(fit.request.random),
    )
    parts = (request, spec_to_dict(fit.spec), fit.design, fit.optimum, fit.evaluation)
    return [packer.pack(part) for part in parts], packer.arrays


def _without_labels(blocks: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Blocks without the labels of their rows, which are those of a table that is not in the file."""
    if blocks is None:
        return None
    return {
        name: block.without_labels() if isinstance(block, LabelledBlock) else block
        for name, block in blocks.items()
    }


def unpack_fit(tree: Any, arrays: list[np.ndarray]) -> Fit:
    """Give the fit of a tree and its arrays."""
    from lmm.model.result import Fit

    request, spec, design, optimum, evaluation = unpack(tree, arrays)
    criterion = build_criterion(design, request.method)
    return Fit(request, spec_from_dict(spec), design, criterion, optimum, evaluation)


def _plain(request: Request, role: str) -> Any:
    """Weights or offset as a name, or as a plain array in the order of the rows of the table."""
    column = getattr(request, role)
    if column is None or isinstance(column, str):
        return column
    if request.data is not None and row_labels(column) is not None:
        column = in_rows_of(open_table(request.data).labels, column, f"{role}=")
    return np.asarray(column, dtype=float)


def _archive(fit: Fit) -> bytes:
    tree, arrays = pack_fit(fit)
    header = {"format": FORMAT, "version": VERSION, "lmm": installed_version("lmm"), "content": tree}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _write(archive, _CONTENT, json.dumps(header, ensure_ascii=False, indent=1).encode())
        for number, array in enumerate(arrays):
            content = io.BytesIO()
            np.save(content, array, allow_pickle=False)
            _write(archive, f"arrays/{number}.npy", content.getvalue())
    return buffer.getvalue()


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, date_time=_LONG_AGO)
    archive.writestr(entry, content, zipfile.ZIP_DEFLATED)


def _read(archive: zipfile.ZipFile, path: str | os.PathLike[str]) -> Fit:
    try:
        header = json.loads(archive.read(_CONTENT))
        version = header["version"] if header["format"] == FORMAT else None
    except (KeyError, TypeError, ValueError):
        version = None
    if not isinstance(version, int):
        raise FileError(f"{path} is not a fit that lmm.save wrote.")
    if version > VERSION:
        raise FileError(
            f"{path} was written by lmm {header.get('lmm')} in version {version} of the format; this is lmm "
            f"{installed_version('lmm')}, which reads versions up to {VERSION}. Install a newer lmm to load it."
        )
    try:
        names = [name for name in archive.namelist() if name.startswith("arrays/")]
        arrays = [_array(archive, number) for number in range(len(names))]
        return unpack_fit(header["content"], arrays)
    except (KeyError, IndexError, TypeError, ValueError, DesignError, zipfile.BadZipFile) as error:
        raise FileError(f"{path} is damaged: {error}.") from error


def _array(archive: zipfile.ZipFile, number: int) -> np.ndarray:
    content = io.BytesIO(archive.read(f"arrays/{number}.npy"))
    array: np.ndarray = np.load(content, allow_pickle=False)
    return array
