"""How large things may become: sizes are predicted here, and refused by name before anything of them is built.

A limit is where nobody's work is yet, and far from where a computer stops answering.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from io import IOBase
from itertools import islice
from pathlib import Path
from typing import Any, SupportsInt

from lmm.errors import DesignError, FormulaError, LmmError, OutOfMemoryError, brief, visible

__all__ = [
    "DEEPEST",
    "MOST_CHARACTERS",
    "MOST_COLUMNS_OF_A_CURVE",
    "MOST_COMPARISONS",
    "MOST_COVARIANCES",
    "MOST_DRAWS",
    "MOST_FACTORS",
    "MOST_GRID_NUMBERS",
    "MOST_ITEMS",
    "MOST_ORDER",
    "MOST_POWER",
    "MOST_RANDOM_TERMS",
    "MOST_READ",
    "MOST_REFITS",
    "MOST_RESTARTS",
    "MOST_TERMS",
    "MOST_VALUES",
    "check_length",
    "check_limit",
    "check_memory",
    "check_text",
    "counted",
    "listed",
    "memory",
    "memory_within",
    "naming_memory",
    "read_bytes",
    "with_an_end",
]

_FEW = 50  # items of a list that are looked at one by one

MOST_CHARACTERS = 1_000_000
"""In a formula or a hypothesis. A formula of 5,000 terms has about 50,000."""

DEEPEST = 50
"""Parentheses, calls and operators inside one another. Readers call themselves at each level, and Python allows about
1,000 calls, of which the caller may have used most."""

MOST_TERMS = 10_000
"""Of one side of a formula when its products are written out. R users report formulas of 5,000."""

MOST_FACTORS = 14
"""Joined by ``:`` in one term. A product of so many has 16,383 terms; nobody interprets interactions of ten."""

MOST_RANDOM_TERMS = 1_000
"""Of a formula when nesting is written out: each is a covariance matrix to be estimated."""

MOST_COVARIANCES = 5_000
"""Variances and covariances of one random term: those of 99 effects. Each step of the search solves with their Hessian,
which takes 200 MB and 40 billion operations then."""

MOST_POWER = 100
"""In ``(a + b)^2``. A power above the number of its terms adds nothing."""

MOST_COLUMNS_OF_A_CURVE = 10_000
"""k of a smooth of one covariate. Its penalty has the square of it as numbers, and a curve needs ten or a hundred."""

MOST_ORDER = 20
"""m of a smooth: degrees of splines and orders of derivatives. Numbers in double precision end before."""

MOST_GRID_NUMBERS = 150_000_000
"""Rows times columns of X of a grid: about one gigabyte."""

MOST_VALUES = 1_000_000
"""Of one variable of a grid."""

MOST_ITEMS = 100_000_000
"""Of a list that is an argument; as numbers they take one gigabyte."""

MOST_READ = 1_000_000
"""Items of a generator that is an argument: it does not say whether it ends."""

MOST_COMPARISONS = 1_000_000
"""Rows of one family of contrasts. All pairs of 1,400 means are as many; each row has its own test."""

MOST_DRAWS = 1_000_000
"""Responses simulated in one call."""

MOST_REFITS = 1_000_000
"""Of a bootstrap: a thousand times what intervals need."""

MOST_RESTARTS = 10_000
"""Of one search: a hundred times what hard designs need."""


def check_limit(what: str, count: float, most: int, advice: str, error: type[LmmError] = LmmError) -> None:
    """Refuse a count above its limit.

    Parameters
    ----------
    what
        Subject of the sentence: ``"The product has terms:"``.
    count
        What it would be; may be a float where it was only estimated.
    most
        The limit.
    advice
        Sentence that says what to do.
    error
        Class of the error.

    Raises
    ------
    LmmError
        If there are more.
    """
    if count > most:
        raise error(f"{what} {counted(count)} is more than the {most:,} that are possible. {advice}")


def listed(name: str, given: Iterable[Any]) -> list[Any]:
    """Make a list of what may have no end: of a generator, of objects that others wrote.

    Parameters
    ----------
    name
        Of the argument.
    given
        What can be walked through.

    Raises
    ------
    LmmError
        If it goes on and on.

    Examples
    --------
    >>> from itertools import count
    >>> from lmm.limits import listed
    >>> listed("start", (i for i in range(3)))
    [0, 1, 2]
    >>> listed("start", count())
    Traceback (most recent call last):
    lmm.errors.LmmError: start= goes on and on: it has given 1,000,000 items without an end. Give a list.
    """
    if isinstance(given, Sized):
        return list(given)
    items = list(islice(given, MOST_READ + 1))
    if len(items) > MOST_READ:
        raise LmmError(
            f"{name}= goes on and on: it has given {MOST_READ:,} items without an end. Give a list."
        )
    return items


def with_an_end(name: str, value: Any, depth: int = 3) -> Any:
    """Refuse ``range(10**9)`` and make lists of generators, also within lists and dicts.

    Neither takes memory before it becomes numbers.

    Raises
    ------
    LmmError
        If a range is too long, or a generator goes on and on.
    """
    if isinstance(value, range):
        check_length(f"{name}= has items:", value, MOST_ITEMS, "Give those that are meant.")
    elif isinstance(value, Iterator) and not isinstance(value, IOBase):
        return listed(name, value)
    elif type(value) in (list, tuple, dict) and 0 < len(value) <= _FEW and depth:
        inner = list(value.values() if isinstance(value, dict) else value)
        ended = [with_an_end(name, each, depth - 1) for each in inner]
        if any(new is not old for new, old in zip(ended, inner, strict=True)):
            return dict(zip(value, ended, strict=True)) if isinstance(value, dict) else type(value)(ended)
    return value


def check_length(what: str, given: object, most: int, advice: str) -> None:
    """Refuse ``range(10**9)`` and the like before they become a list.

    Parameters
    ----------
    what
        Subject of the sentence: ``"at= has values:"``.
    given
        Anything; what has no length passes.
    most, advice
        As in `check_limit`.

    Raises
    ------
    LmmError
        If it is longer.

    Examples
    --------
    >>> from lmm.limits import check_length
    >>> check_length("levels= has numbers:", range(10**9), 100, "Give fewer.")
    Traceback (most recent call last):
    lmm.errors.LmmError: levels= has numbers: 1,000,000,000 is more than the 100 that are possible. Give fewer.
    """
    if isinstance(given, range):
        # len() fails above 2**63.
        check_limit(what, max(-((given.start - given.stop) // given.step), 0), most, advice)
    elif isinstance(given, Sized):
        check_limit(what, len(given), most, advice)


def check_memory(
    what: str, rows: float, columns: float, advice: str, error: type[LmmError] = DesignError
) -> None:
    """Refuse a matrix of floats (rows, columns) that this process has no memory for.

    Raises
    ------
    LmmError
        If it would be larger than the whole memory.
    """
    needed, there = 8.0 * rows * columns, memory()
    if needed > there:
        raise error(
            f"{what} would have {counted(rows)} rows and {counted(columns)} columns, {needed / 2**30:,.3g} GB; "
            f"{there / 2**30:,.3g} GB of memory are there{_as_allowed(there)}. {advice}"
        )


def _as_allowed(there: float) -> str:
    return ", as memory_limit= allows" if there == _ALLOWED.get() else ""


def check_text(text: str, what: str) -> None:
    """Refuse a text that is too long to be read.

    Raises
    ------
    FormulaError
        If it has more than `MOST_CHARACTERS`.
    """
    if len(text) > MOST_CHARACTERS:
        raise FormulaError(
            f"{what} has {len(text):,} characters; at most {MOST_CHARACTERS:,} are read: {brief(text)}"
        )


def counted(count: SupportsInt | float) -> str:
    """Write a count for people, however large it is.

    Examples
    --------
    >>> from lmm.limits import counted
    >>> counted(1234567), counted(2**500)
    ('1,234,567', 'about 10^151')
    """
    if isinstance(count, float) and not math.isfinite(count):
        return "more than 10^308"
    number = int(count)
    return f"{number:,}" if number < 10**15 else f"about 10^{round(math.log10(number))}"


_ALLOWED: ContextVar[float] = ContextVar("allowed memory", default=math.inf)


@contextmanager
def memory_within(most: float | None) -> Iterator[None]:
    """Let `check_memory` allow so many bytes at most, whatever the machine has.

    Examples
    --------
    >>> from lmm.limits import memory, memory_within
    >>> with memory_within(1000):
    ...     print(memory())
    1000.0
    """
    if most is None:
        yield
        return
    token = _ALLOWED.set(min(_ALLOWED.get(), float(most)))
    try:
        yield
    finally:
        _ALLOWED.reset(token)


_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}


def read_bytes(value: object, name: str) -> int:
    """Read an amount of memory: a number of bytes, or text with a unit.

    Raises
    ------
    LmmError
        If it is neither, or not above zero.

    Examples
    --------
    >>> from lmm.limits import read_bytes
    >>> read_bytes("1.5 GB", "memory_limit"), read_bytes(2e9, "memory_limit")
    (1500000000, 2000000000)
    """
    number: float | None = None
    if isinstance(value, SupportsInt | float) and not isinstance(value, bool):
        number = float(value)  # type: ignore[arg-type]
    elif isinstance(value, str):
        found = re.fullmatch(r"\s*([0-9.]{1,20})\s*([a-zA-Z]{0,3})\s*", value)
        unit = _UNITS.get(found[2].lower()) if found else None
        with suppress(ValueError):
            number = None if found is None or unit is None else float(found[1]) * unit
    if number is None or not 1.0 <= number < math.inf:
        raise LmmError(f'{name} must be a number of bytes, or text such as "4GB", not {brief(value)}.')
    return int(number)


def memory() -> float:
    """Bytes that this process can have: those of the machine, of its container, or as limited by the shell.

    Infinite where the system does not say. `memory_within` may allow less.
    """
    found = [_ALLOWED.get()]
    with suppress(AttributeError, ValueError, OSError):  # Windows
        found.append(float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES"))
    with suppress(ValueError, OSError):  # no container, or one without a limit
        found.append(float(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    with suppress(ImportError, OSError):  # Windows
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        found.append(math.inf if limit == resource.RLIM_INFINITY else float(limit))
    return min(size for size in found if size > 0)


@contextmanager
def naming_memory(called: str) -> Iterator[None]:
    """Name the call whose arrays find no room; NumPy's message says how large the one was that found none.

    Raises
    ------
    OutOfMemoryError
        In place of a MemoryError.

    Examples
    --------
    >>> from lmm.limits import naming_memory
    >>> try:
    ...     with naming_memory("simulate"):
    ...         raise MemoryError("Unable to allocate 7.45 GiB")
    ... except MemoryError as error:
    ...     print(error)
    There is not enough memory for simulate(). Unable to allocate 7.45 GiB. Ask for less, or use a larger computer.
    """
    try:
        yield
    except OutOfMemoryError:
        raise
    except MemoryError as error:
        detail = f" {visible(str(error)).rstrip('.')}." if str(error) else ""
        raise OutOfMemoryError(
            f"There is not enough memory for {called}().{detail} Ask for less, or use a larger computer."
        ) from None
