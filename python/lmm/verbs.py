"""Functions of the package as methods: `fit.anova()` is `lmm.anova(fit)`, with its signature and its docstring.

A class names the functions that it has as methods. Each is looked up when it is first asked for, since it stands in a
room above that of the class; nothing above is imported before. The stub beside the class has the signatures for
checkers of types and editors; it is written by ``make docs`` from the functions, and tested to be current.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from importlib import import_module
from types import MethodType
from typing import Any

from lmm.arguments import as_method

__all__ = ["Verb", "without_arguments"]


class Verb:
    """A function whose first argument is the object, as a method.

    Parameters
    ----------
    name
        The function; by default it is called as the method.
    room
        The module that has it; by default the package, which imports it from its room when first asked.
    without
        Arguments that make no sense for the object; the method does not show them.

    Examples
    --------
    >>> import inspect, lmm
    >>> "fit" in inspect.signature(lmm.anova).parameters, "fit" in inspect.signature(lmm.Fit.anova).parameters
    (True, False)
    """

    def __init__(self, name: str = "", *, room: str = "lmm", without: tuple[str, ...] = ()) -> None:
        self.name = name
        self.room = room
        self.without = without
        self.method = ""

    def __set_name__(self, owner: type, method: str) -> None:
        self.method = method
        self.name = self.name or method
        self.__qualname__ = f"{owner.__name__}.{method}"

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self.function if instance is None else MethodType(self.function, instance)

    @functools.cached_property
    def verb(self) -> Callable[..., Any]:
        """The function of the package."""
        found: Callable[..., Any] = getattr(import_module(self.room), self.name)
        return found

    @functools.cached_property
    def function(self) -> Callable[..., Any]:
        """The function as a method, with the docstring and the signature of one."""
        verb = self.verb
        signature = inspect.signature(verb)
        first, *others = signature.parameters.values()
        hidden = (first.name, *self.without)
        method = as_method(verb, self.method, hidden)
        method.__name__, method.__qualname__ = self.method, self.__qualname__
        method.__doc__ = without_arguments(inspect.getdoc(verb) or "", hidden)
        itself = first.replace(name="self", kind=first.POSITIONAL_ONLY, annotation=first.empty)
        # Of `*fits` the object is one, and the others follow.
        rest = [first, *others] if first.kind is first.VAR_POSITIONAL else others
        shown = [itself, *(each for each in rest if each.name not in self.without)]
        method.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]
        return method


def without_arguments(doc: str, names: tuple[str, ...]) -> str:
    r"""Leave arguments out of the section Parameters of a numpydoc docstring.

    Parameters
    ----------
    doc
        The docstring, without indentation.
    names
        The arguments.

    Examples
    --------
    >>> from lmm.verbs import without_arguments
    >>> doc = "Test.\n\nParameters\n----------\nfit\n    A fit.\nrhs\n    A number.\n"
    >>> without_arguments(doc, ("fit",)).splitlines()[2:]
    ['Parameters', '----------', 'rhs', '    A number.']
    """
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", doc, re.MULTILINE | re.DOTALL)
    if section is None:
        return doc
    entries = re.findall(
        r"^\S[^\n]*\n(?:[ \t][^\n]*\n|\n(?=[ \t]))*", f"{section[1].rstrip()}\n", re.MULTILINE
    )
    kept = [_without(entry, names) for entry in entries]
    listed = "".join(entry for entry in kept if entry)
    head, tail = doc[: section.start()], doc[section.end() :]
    if not listed:
        return f"{head.rstrip()}\n\n{tail}".rstrip()
    return f"{head}Parameters\n----------\n{listed}\n{tail}".rstrip()


def _without(entry: str, names: tuple[str, ...]) -> str:
    """Leave the names out of the head of an entry, such as ``df, vcov : array``; empty where none is left."""
    head, _, text = entry.partition("\n")
    listed, colon, kind = head.partition(" : ")
    kept = [name for name in listed.split(", ") if name not in names]
    return f"{', '.join(kept)}{colon}{kind}\n{text}" if kept else ""
