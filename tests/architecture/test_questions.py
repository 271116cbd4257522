"""One rule for names: a question of a fit is a method and the same verb in `lmm`, with one signature."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import lmm
from lmm import plots, reports
from lmm.verbs import Verb
from tests.architecture.stubs import CLASSES, path_of, stub, verbs_of

# Methods whose function has another name, with the reason.
RENAMED = {
    "contrast_test": "test",  # `lmm.test` would say too little, and look like a test of the package
}
# Functions that take something else than a fit under the name of a method.
NOT_OF_A_FIT = {"simulate"}


def public_functions() -> dict[str, Callable[..., Any]]:
    named = {f"lmm.{name}": getattr(lmm, name) for name in lmm.__all__}
    for room in (plots, reports, lmm.datasets):
        named |= {f"{room.__name__}.{name}": getattr(room, name) for name in room.__all__}
    return {name: thing for name, thing in named.items() if inspect.isfunction(thing)}


def public_methods() -> dict[str, Callable[..., Any]]:
    classes = [getattr(lmm, name) for name in lmm.__all__ if inspect.isclass(getattr(lmm, name))]
    found = {}
    for cls in (*classes, *(getattr(reports, name) for name in ("Summary",))):
        for name in dir(cls):
            thing = inspect.getattr_static(cls, name)
            if name.startswith("_") or issubclass(cls, Exception):
                continue
            if isinstance(thing, Verb | classmethod) or inspect.isfunction(thing):
                found[f"{cls.__name__}.{name}"] = getattr(cls, name)
    return found


DOCUMENTED = public_functions() | public_methods()


def test_each_function_of_a_fit_is_a_method_and_each_method_a_function():
    of_a_fit = {
        name
        for name in lmm.__all__
        if inspect.isfunction(thing := getattr(lmm, name))
        and re.search(r"\bFit\b", str(next(iter(inspect.signature(thing).parameters.values())).annotation))
    }
    verbs = {name: verb for cls in lmm.Fit.__mro__ for name, verb in verbs_of(cls).items()}

    assert {RENAMED.get(name, name) for name in of_a_fit} == set(verbs) - NOT_OF_A_FIT
    assert all(verb.verb is getattr(lmm, verb.name) for name, verb in verbs.items() if verb.room == "lmm")
    assert {
        verb.name: name for name, verb in verbs.items() if verb.room == "lmm" and verb.name != name
    } == RENAMED


@pytest.mark.parametrize("module", CLASSES)
def test_stubs_are_current(module: str):
    """`make docs` writes them."""
    assert path_of(module).read_text(encoding="utf-8") == stub(module)


def with_verbs() -> dict[str, Verb]:
    classes = [lmm.Fit, lmm.Means, lmm.Profile, lmm.Bootstrap]
    return {
        f"{cls.__name__}.{name}": verb
        for cls in classes
        for base in cls.__mro__
        for name, verb in verbs_of(base).items()
    }


@pytest.mark.parametrize("name", with_verbs())
def test_methods_have_the_arguments_of_their_functions(name: str):
    verb = with_verbs()[name]
    cls = getattr(lmm, name.partition(".")[0])
    method = inspect.signature(getattr(cls, verb.method))
    function = inspect.signature(verb.verb)

    first, *others = function.parameters.values()
    kept = [each for each in others if each.name not in verb.without]
    kept = [first, *kept] if first.kind is first.VAR_POSITIONAL else kept
    own = list(method.parameters.values())[1:]
    assert [(each.name, each.kind, each.default, each.annotation) for each in own] == [
        (each.name, each.kind, each.default, each.annotation) for each in kept
    ]
    assert (
        inspect.getdoc(getattr(cls, verb.method)).partition("\n")[0]
        == inspect.getdoc(verb.verb).partition("\n")[0]
    )


@pytest.mark.parametrize("cls", [lmm.Means, lmm.Profile, lmm.Bootstrap], ids=lambda cls: cls.__name__)
def test_signatures_for_checkers_are_those_of_the_functions(cls: type):
    """Methods that are written out below ``if TYPE_CHECKING``."""
    tree = ast.parse(inspect.getsource(importlib.import_module(cls.__module__)))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == cls.__name__)
    written = {
        node.name: node
        for block in body.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.FunctionDef)
    }
    verbs = verbs_of(cls)
    assert set(written) - {"__getattr__"} == set(verbs)
    for name, verb in verbs.items():
        definition = written[name].args
        defaults = {
            **dict(
                zip([each.arg for each in definition.args][::-1], definition.defaults[::-1], strict=False)
            ),
            **dict(zip([each.arg for each in definition.kwonlyargs], definition.kw_defaults, strict=True)),
        }
        shown = {name: ast.literal_eval(value) for name, value in defaults.items() if value is not None}
        own = inspect.signature(verb.function).parameters
        assert [each.arg for each in (*definition.args, *definition.kwonlyargs)] == list(own)
        assert shown == {name: each.default for name, each in own.items() if each.default is not each.empty}


def arguments_in(doc: str) -> Iterator[str]:
    """Names in the section Parameters of a numpydoc docstring."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", doc, re.MULTILINE | re.DOTALL)
    for head in re.findall(r"^(\S[^\n]*)$", section[1] if section else "", re.MULTILINE):
        yield from head.partition(" : ")[0].replace("*", "").split(", ")


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_argument_is_documented(name: str):
    function = DOCUMENTED[name]
    parameters = [each for each in inspect.signature(function).parameters if each not in {"self", "cls"}]

    assert sorted(arguments_in(inspect.getdoc(function) or "")) == sorted(parameters)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_argument_is_written_out(name: str):
    """``**options`` tell nobody what they are."""
    named = inspect.signature(DOCUMENTED[name]).parameters.values()

    assert [each.name for each in named if each.kind is each.VAR_KEYWORD] == []


def test_update_takes_what_a_fit_takes():
    taken = set(inspect.signature(lmm.fit).parameters)

    assert taken == set(inspect.signature(lmm.update).parameters) - {"fit"}
