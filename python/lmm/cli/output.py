"""What the command says, and the codes it ends with."""

from __future__ import annotations

import sys

__all__ = ["BAD_REQUEST", "FITTED", "INTERRUPTED", "NOT_CONVERGED", "PIPE_CLOSED", "tell", "write"]

FITTED, NOT_CONVERGED, BAD_REQUEST, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141


def write(text: str) -> None:
    """Print to the output stream; signs that it does not have are replaced."""
    try:
        sys.stdout.write(f"{text}\n")
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding
        sys.stdout.write(f"{text}\n".encode(encoding, "replace").decode(encoding))


def tell(message: str) -> None:
    """Print to the error stream."""
    sys.stderr.write(f"lmm: {message}\n")
