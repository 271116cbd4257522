"""What the command says, and the codes it ends with."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from lmm.errors import FileError, visible

__all__ = [
    "BAD_REQUEST",
    "FITTED",
    "INTERRUPTED",
    "NOT_CONVERGED",
    "PIPE_CLOSED",
    "abandon",
    "finish",
    "tell",
    "write",
    "write_json",
]

FITTED, NOT_CONVERGED, BAD_REQUEST, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141


def write(text: str) -> None:
    """Print to the output stream; signs that it does not have are replaced, what a terminal would obey is written out.

    Raises
    ------
    FileError
        If there is no such stream, or it takes no more.
    """
    _put(f"{visible(text)}\n")


def write_json(values: Mapping[str, Any]) -> None:
    """Print an object as JSON.

    Raises
    ------
    FileError
        As `write`.
    """
    text = json.dumps(values, allow_nan=False, ensure_ascii=False, indent=2)
    _put(
        "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)
        + "\n"
    )


def _put(text: str) -> None:
    try:
        try:
            sys.stdout.write(text)
        except UnicodeEncodeError:
            encoding = sys.stdout.encoding
            sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    except BrokenPipeError:
        raise
    except (AttributeError, OSError, ValueError) as error:  # Python has no stream where the shell closed it
        raise _closed(error) from error


def finish() -> None:
    """Send what is still buffered; a full disk or a closed pipe should be noticed here.

    Raises
    ------
    FileError
        If the output stream takes no more.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except (AttributeError, OSError, ValueError) as error:
        raise _closed(error) from error


def _closed(error: Exception) -> FileError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is closed"
    return FileError(f"the output cannot be written: {reason.lower()}")


def abandon() -> None:
    """Let go of an output stream that takes no more: Python would complain once more when it closes it."""
    with suppress(AttributeError, OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(message: str) -> None:
    """Print to the error stream, if there is one that can be written to."""
    with suppress(AttributeError, OSError, ValueError):
        sys.stderr.write(f"lmm: {visible(message)}\n")
