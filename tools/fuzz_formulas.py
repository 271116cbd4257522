"""Formulas by chance, from a grammar with hostile pieces mixed in: each is fitted or ends in an error of ours.

Nothing may run code, open a file for writing, or change the data. ``make fuzz`` runs some thousands;
``make fuzz FUZZ_ARGS="--count 1000000 --seed 7"`` as many as there is patience for. What fails is printed with its
number, and ``--only NUMBER`` runs it alone.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable

from tests.security.child import Listener, answer, warm_up
from tests.security.hostile import COLUMNS, EXPRESSIONS, FORMULAS

__all__ = ["Grammar", "main"]

_FUNCTIONS = [
    "log",
    "exp",
    "sqrt",
    "abs",
    "scale",
    "center",
    "poly",
    "bs",
    "ns",
    "cr",
    "cc",
    "C",
    "I",
    "factor",
    "ifelse",
    "pmin",
    "pmax",
    "round",
    "lag",
    "hashed",
    "Q",
    "c",
    "s",
    "us",
    "diag",
    "cs",
]
_FOREIGN = [
    "eval",
    "exec",
    "open",
    "compile",
    "getattr",
    "__import__",
    "lambda",
    "type",
    "vars",
    "np.load",
    "np.exp",
    "np.add.at",
    "np.where",
    "Days.clip",
    "Days.tofile",
]
_KEYS = ["df", "degree", "knots", "levels", "out", "base", "center", "contrasts", "copy", "where", "_state"]
_POWERS = ["2", "3", "99", "10000000000", "x"]
_OPERATORS = [
    "+",
    "-",
    "*",
    "/",
    ":",
    "^",
    "**",
    "%in%",
    "|",
    "||",
    "~",
    ",",
    "=",
    "==",
    "<",
    "&",
    "!",
    "%%",
    "%/%",
    "//",
]
_CHARS = "\x00\x1b\u202e\u200b'\"`\\{}[]()|~@$;#\n\t é０"
_DEEPEST = 5


class Grammar:
    """Writer of one formula, by the numbers of a generator."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def formula(self) -> str:
        """Write a formula, damaged now and then."""
        kind = self.chance.random()
        if kind < 0.05:
            return self.chance.choice(FORMULAS)
        text = f"{self.response()} ~ {' + '.join(self.term() for _ in range(self.chance.randint(1, 4)))}"
        return self.damaged(text) if kind < 0.3 else text

    def damaged(self, text: str) -> str:
        """Leave a piece out, double it, or put a strange one in."""
        for _ in range(self.chance.randint(1, 3)):
            begin = self.chance.randint(0, len(text))
            end = min(len(text), begin + self.chance.randint(0, 4))
            strange = self.chance.choice(
                ["", text[begin:end] * 2, self.chance.choice(_CHARS), self.operator()]
            )
            text = text[:begin] + strange + text[end:]
        return text

    def response(self) -> str:
        """Write a left side."""
        return (
            "Reaction"
            if self.chance.random() < 0.7
            else self.chance.choice([self.call, self.expression, self.name])(2)
        )

    def term(self, depth: int = 0) -> str:
        """Write a term of the right side."""
        if depth > _DEEPEST:
            return self.name(depth)
        return self.chance.choice(
            [
                self.name,
                self.name,
                self.call,
                self.bar,
                lambda d: (
                    f"{self.term(d + 1)}{self.chance.choice([':', '*', '/', ' %in% '])}{self.term(d + 1)}"
                ),
                lambda d: f"({self.term(d + 1)} + {self.term(d + 1)})^{self.chance.choice(_POWERS)}",
                lambda d: f"({self.term(d + 1)})",
                lambda d: f"{{{self.expression(d + 1)}}}",
                lambda d: f"offset({self.expression(d + 1)})",
                lambda _: self.chance.choice(["0", "1", "-1", "2", "."]),
                lambda d: "*".join(self.name(d) for _ in range(self.chance.choice([3, 5, 16, 40]))),
            ]
        )(depth)

    def bar(self, depth: int) -> str:
        """Write a random term."""
        structure = self.chance.choice(["", "", "", "us", "diag", "cs", "foo", "eval"])
        bar = self.chance.choice(["|", "|", "||"])
        return f"{structure}({self.term(depth + 2)} {bar} {self.term(depth + 2)})"

    def call(self, depth: int) -> str:
        """Write a call, of what may be called and of what may not."""
        name = self.chance.choice(_FUNCTIONS if self.chance.random() < 0.85 else _FOREIGN)
        arguments = [self.expression(depth + 1) for _ in range(self.chance.choice([0, 1, 1, 1, 2, 3]))]
        if arguments and self.chance.random() < 0.2:
            key = self.chance.choice(_KEYS)
            arguments[-1] = f"{key}={arguments[-1]}"
        star = self.chance.choice(["", "", "", "", "*", "**"]) if arguments else ""
        return f"{name}({star}{', '.join(arguments)})"

    def expression(self, depth: int) -> str:
        """Write what stands inside a call."""
        if depth > _DEEPEST:
            return self.name(depth)
        return self.chance.choice(
            [
                self.name,
                self.call,
                lambda _: self.chance.choice(EXPRESSIONS),
                lambda d: f"{self.expression(d + 1)} {self.operator()} {self.expression(d + 1)}",
                lambda d: f"({self.expression(d + 1)})",
                lambda d: f"[{self.expression(d + 1)}, {self.expression(d + 1)}]",
                lambda d: f"{self.chance.choice('-+!~')}{self.expression(d + 1)}",
                lambda _: self.chance.choice(
                    ["0", "1", "2.5", "1e999", "9" * 400, "TRUE", "NULL", "None", "'a'", "pi", "1j"]
                ),
                lambda d: (
                    f"{self.expression(d + 1)}.{self.chance.choice(['clip', 'mean', 'tofile', '__class__'])}()"
                ),
            ]
        )(depth)

    def operator(self) -> str:
        """Choose an operator, of the right language or of another."""
        return self.chance.choice(_OPERATORS)

    def name(self, _depth: int) -> str:
        """Write a name: mostly a column."""
        if self.chance.random() < 0.9:
            return self.chance.choice(["Days", "Days", "Subject", "Reaction", "`Days`"])
        if self.chance.random() < 0.5:
            return self.chance.choice(_FOREIGN)
        return f"`{self.chance.choice(COLUMNS)}`"


def formula_of(seed: int, number: int) -> str:
    """Write the formula of a number: each has its own, whatever was written before."""
    return Grammar(random.Random(seed * 1_000_003 + number)).formula()


def main(arguments: list[str] | None = None) -> int:
    """Run formulas, print what fails, and answer with how many did."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=5_000, help="number of formulas; default: 5,000")
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    parser.add_argument("--only", type=int, help="number of one formula, to run it alone")
    asked = parser.parse_args(arguments)
    numbers = range(asked.count) if asked.only is None else [asked.only]
    fit, listener = warm_up(), Listener()
    failed = sum(_fails(asked.seed, number, fit, listener, sys.stdout.write) for number in numbers)
    sys.stdout.write(f"{len(numbers):,} formulas of seed {asked.seed}; {failed:,} failed\n")
    return min(failed, 1)


def _fails(seed: int, number: int, fit: object, listener: Listener, tell: Callable[[str], object]) -> bool:
    text = formula_of(seed, number)
    found = answer({"kind": "fit", "text": text}, fit, listener)
    fine = found["ended"] in ("LmmError", "nothing") and not found["heard"]
    if not fine:
        tell(
            f"{number}: {text!r} ended in {found['ended']}: {found['message'][:200]!r} {found['heard'][:3]}\n"
        )
    return not fine


if __name__ == "__main__":
    sys.exit(main())
