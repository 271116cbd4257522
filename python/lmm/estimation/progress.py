"""One quiet line about a search that takes long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from lmm.engine import Control
from lmm.errors import ConvergenceError

PATIENCE = 2.0  # seconds before the first word
INTERVAL = 0.2  # seconds from one word to the next


class ProgressLine:
    r"""One progress line on the error stream after two seconds, on a terminal or in a notebook only.

    It is written over itself and wiped out at the end; a file or a pipe gets nothing.
    Used as a context around the search, and called once an iteration.

    Parameters
    ----------
    stream
        Where to write; by default the error stream at that moment.
    clock
        Seconds, from anywhere.

    Examples
    --------
    >>> import io
    >>> seconds, screen = iter([0.0, 1.0, 4.0]), io.StringIO()
    >>> screen.isatty = lambda: True
    >>> with ProgressLine(screen, lambda: next(seconds)) as line:
    ...     line(0, 1800.0)  # after one second: nothing
    ...     line(1, 1743.6283)
    ...     screen.getvalue()
    '\rfitting: 4 s, iteration 1, criterion 1743.6283'
    """

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._start = clock()
        self._due = self._start + PATIENCE
        self._width = 0
        self._of = ""

    def begin(self, start: int, count: int) -> None:
        """Say which of several starts comes now."""
        self._of = f", start {start} of {count}" if count > 1 else ""

    def __call__(self, iteration: int, criterion: float) -> None:
        """Tell how far the search is, if it is time to."""
        self.tell(
            lambda seconds: (
                f"fitting: {seconds:.0f} s{self._of}, iteration {iteration}, criterion {criterion:.4f}"
            )
        )

    def tell(self, words: Callable[[float], str]) -> None:
        """Write what there is to say after so many seconds, if it is time to."""
        now = self._clock()
        if now < self._due:
            return
        self._due = now + INTERVAL
        stream = self._stream or sys.stderr
        if not watched(stream):
            self._due = float("inf")
            return
        text = words(now - self._start)
        stream.write("\r" + text.ljust(self._width))
        stream.flush()
        self._width = len(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._width:
            stream = self._stream or sys.stderr
            stream.write("\r" + " " * self._width + "\r")
            stream.flush()


def watch(
    control: Control, line: ProgressLine, clock: Callable[[], float] = time.monotonic
) -> Callable[[int, float], None] | None:
    """Join what is done after each iteration of a fit: the line, the callback, the end of its time.

    Returns
    -------
    callable or None
        Takes the iteration and the criterion; raises `ConvergenceError` where the time is over.
    """
    end = None if control.time_limit is None else clock() + control.time_limit
    if not control.progress and control.callback is None and end is None:
        return None

    def after(iteration: int, criterion: float) -> None:
        if control.progress:
            line(iteration, criterion)
        if control.callback is not None:
            control.callback(iteration, criterion)
        if end is not None and clock() > end:
            raise ConvergenceError(
                f"The search was not at its end after time_limit={control.time_limit:g} seconds: "
                f"iteration {iteration}, criterion {criterion:.6g}. Give it more time, or a simpler random part."
            )

    return after


def watched(stream: TextIO | None) -> bool:
    """Whether somebody sees a line being written over: on a terminal, or in a notebook.

    Examples
    --------
    >>> import io
    >>> watched(io.StringIO())
    False
    """
    if stream is None:  # Python without a console
        return False
    if stream.isatty():
        return True
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"
