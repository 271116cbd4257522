"""All pairs of an argument and a value of a wrong kind: ``python -m tests.arguments.fuzz``, some half a minute."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from hashlib import blake2b

import lmm
from tests.arguments.calls import calls, wrong_values

LONGEST = 1000
"""Characters of a message, about what fits on one screen."""


def pairs(share: int = 1) -> Iterator[tuple[str, str, str]]:
    """Names of the function, the argument and the value; one of so many, always the same ones."""
    for name, call in calls().items():
        for argument in call.arguments():
            for value in wrong_values():
                digest = blake2b(f"{name} {argument} {value}".encode(), digest_size=4).digest()
                if int.from_bytes(digest) % share == 0:
                    yield name, argument, value


def complaint(name: str, argument: str, value: str) -> str:
    """Say what is wrong with the answer to a wrong value; nothing if it is an error of ours, or a result."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", lmm.LmmWarning)
            calls()[name].run(**{argument: wrong_values()[value]})
    except lmm.LmmError as error:
        long = len(str(error)) > LONGEST
        return f"{name}({argument}={value}): a message of {len(str(error))} characters" if long else ""
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not ours
        return f"{name}({argument}={value}): {type(error).__name__}: {str(error)[:80]}"
    return ""


def main() -> int:
    """Try all pairs; print and count the complaints."""
    found = [complaint(*pair) for pair in pairs()]
    said = [text for text in found if text]
    print(*said, f"{len(found)} calls, {len(said)} complaints", sep="\n")
    return bool(said)


if __name__ == "__main__":
    sys.exit(main())
