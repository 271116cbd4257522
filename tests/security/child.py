"""Runs hostile texts in a process of its own, and tells what each of them ended in and what it set off.

Reads one case per line from the input, as JSON, and answers one line each. An audit hook sees what Python is
made to do: code that is run, files that are opened for writing, programs that are started. Everything that may be
loaded lazily is loaded before it listens.
"""

from __future__ import annotations

import io
import json
import os
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import numpy as np

import lmm
from lmm.cli import main
from tests.security.hostile import CANARY

_FORBIDDEN = ("os.", "subprocess.", "shutil.", "socket.", "ctypes.", "pty.", "webbrowser.", "builtins.input")
_QUIET = ("os.listdir", "os.scandir", "os.walk")  # lazy imports look at folders


class Listener:
    """What happens while it listens."""

    def __init__(self) -> None:
        self.heard: list[str] | None = None
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.heard is None:
            return
        if event == "exec":
            # The code of a module that is loaded lazily comes from its file.
            if not Path(arguments[0].co_filename).is_file():
                self.heard.append(f"exec {arguments[0].co_filename}")
        elif event == "compile":
            # Text that becomes code; not even its grammar is asked of Python.
            if not Path(str(arguments[1])).is_file():
                self.heard.append(f"compile {arguments[1]}")
        elif event == "open":
            path, mode = arguments[0], str(arguments[1])
            if set(mode) & set("wax+"):
                self.heard.append(f"open {path} {mode}")
        elif event.startswith(_FORBIDDEN) and event not in _QUIET:
            self.heard.append(event)


def table(extra: str | None = None) -> dict[str, Any]:
    """Sleepstudy as arrays, with one more column of that name."""
    data = lmm.datasets.load("sleepstudy")
    columns = {name: np.array(data[name]) for name in data.columns}
    columns["Reaction"] = columns["Reaction"].astype(float)
    columns["Days"] = columns["Days"].astype(float)
    if extra is not None:
        columns[extra] = np.random.default_rng(1).normal(size=len(columns["Days"]))
    return columns


def run(case: dict[str, Any], fit: Any, data: dict[str, Any]) -> None:
    """Do what the case says."""
    kind, text = case["kind"], case.get("text", "")
    if kind == "fit":
        lmm.fit(text, data)
    elif kind == "hypothesis":
        fit.test(text)
    elif kind == "command":
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as told:
            code = main(case["words"])
        if code != 0:
            raise lmm.LmmError(told.getvalue())
    else:
        CALLS[kind](fit, text)


CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "specs": lambda fit, text: fit.emmeans(text),
    "by": lambda fit, text: fit.emmeans("Days", by=text),
    "at name": lambda fit, text: fit.emmeans("Days", at={text: [1]}),
    "at value": lambda fit, text: fit.emmeans("Days", at={"Days": text}),
    "at values": lambda fit, text: fit.emmeans("Days", at={"Days": [text]}),
    "at level": lambda _, text: lmm.fit("Reaction ~ C(Days)", table()).emmeans("Days", at={"Days": [text]}),
    "trend": lambda fit, text: fit.emtrends("1", text),
    "family": lambda fit, text: fit.emmeans("Days", at={"Days": [1, 2]}).contrast(text),
    "adjust": lambda fit, text: fit.emmeans("Days", at={"Days": [1, 2]}, adjust=text),
    "transform": lambda fit, text: fit.emmeans("Days", transform=text),
    "df": lambda fit, text: fit.coefficients(df=text),
    "terms": lambda fit, text: fit.confint(terms=text),
    "contrasts": lambda _, text: lmm.fit("Reaction ~ Subject", table(), contrasts={"Subject": text}),
    "contrasts name": lambda _, text: lmm.fit("Reaction ~ Subject", table(), contrasts={text: "sum"}),
    "weights": lambda _, text: lmm.fit("Reaction ~ Days", table(), weights=text),
    "offset": lambda _, text: lmm.fit("Reaction ~ Days", table(), offset=text),
    "update": lambda fit, text: fit.update(text),
    "simulate": lambda _, text: lmm.simulate(text, table(), beta=[1.0], sigma=1.0),
    "criterion": lambda _, text: lmm.criterion(text, table()),
    "strata": lambda _, text: lmm.strata(text, table()),
    "shell": lambda _, text: lmm.shell(text, {"Days": 3, "Subject": 4}),
    "shell size": lambda _, text: lmm.shell("~ Days", {text: 3, "Days": 2}),
    "influence": lambda fit, text: fit.influence(by=text),
}


def warm_up() -> Any:
    """Load what is loaded when it is first used, and answer with a fit."""
    fit = lmm.fit("Reaction ~ Days + (Days | Subject)", table())
    fit.summary()
    fit.test("Days = 0")
    fit.confint(method="wald")
    wide = lmm.fit(
        "log(Reaction) ~ poly(Days, 2) + C(Days, contr.sum) + ns(Days, 3) + bs(Days, df=4)", table()
    )
    wide.emmeans("Days", at={"Days": [1, 2]}).contrast("pairwise", adjust="mvt")
    lmm.fit("Reaction ~ scale(Days) + offset(Days) + ifelse(Days > 3, 1, 0)", table())
    lmm.shell("~ Days + (1 | Subject)", {"Days": 3, "Subject": 4})
    lmm.strata("Reaction ~ C(Days) + (1 | Subject)", table())
    fit.influence()
    for words in (["fit", "Reaction ~ Days", "--data", "sleepstudy"], ["data", "sleepstudy"], ["fit", "("]):
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), suppress(SystemExit):
            main(words)
    with suppress(lmm.LmmError):
        lmm.fit("Reaction ~ lgo(Days)", table())
    return fit


def answer(case: dict[str, Any], fit: Any, listener: Listener) -> dict[str, Any]:
    """Run one case, and say how it ended."""
    data = table(case.get("column"))
    before = columns_of(fit, data)
    known = {name: getattr(np, name) for name in ("exp", "log", "where")}
    ended, message = "nothing", ""
    listener.heard = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run(case, fit, data)
    except lmm.LmmError as error:
        ended, message = "LmmError", str(error)
    except SystemExit as error:  # argparse about words that are not options
        ended = "LmmError" if error.code == 2 else f"SystemExit {error.code}"
    except BaseException as error:  # noqa: BLE001 (whatever it is, it is the answer)
        ended, message = type(error).__name__, str(error)
    heard, listener.heard = listener.heard, None
    if CANARY in os.environ:
        heard.append("environment")
        del os.environ[CANARY]
    for path in Path.cwd().glob("lmm_canary*"):
        heard.append(f"file {path.name}")
        path.unlink()
    after = columns_of(fit, data)
    heard += [f"changed {name}" for name in before if not np.array_equal(before[name], after[name])]
    heard += [f"changed np.{name}" for name, value in known.items() if getattr(np, name) is not value]
    return {"ended": ended, "message": message, "heard": heard}


def columns_of(fit: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Copies of what a case could change: columns of the table, and of the fit."""
    frame = fit.internals.design.model_frame
    own = {f"{name} of the fit": np.array(frame[name].numbers) for name in ("Reaction", "Days")}
    return own | {name: column.copy() for name, column in data.items()}


def work() -> None:
    """Answer all cases."""
    fit, listener = warm_up(), Listener()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line), fit, listener)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    work()
