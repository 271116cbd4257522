"""A parser of words that takes none of them in silence: no shortened options, and each option once."""

from __future__ import annotations

import argparse
from typing import Any

__all__ = ["Parser"]


class _Once(argparse.Action):
    """Store the value of an option that may be given once."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option: str | None = None,
    ) -> None:
        given = vars(namespace).setdefault("given", set())
        if option is not None and self.dest in given:
            parser.error(f"{option} is given twice")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


class Parser(argparse.ArgumentParser):
    """Parser of the command and, through it, of its subcommands."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # A shortened name would mean another option as soon as one more begins alike.
        super().__init__(*arguments, **{**options, "allow_abbrev": False})
        self.register("action", None, _Once)
        self.register("action", "store", _Once)
