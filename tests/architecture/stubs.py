"""Signatures of functions of the package as methods, written into stubs for checkers of types and editors.

A class whose methods are `lmm.verbs.Verb` has a stub beside its file. ``python -m tests.architecture.documents``
writes it from the definitions of the functions, with their overloads.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from lmm.verbs import Verb
from tests.architecture.source import ROOT, Module, modules

CLASSES = {"lmm.model.questions": "Questions"}

Definition = ast.FunctionDef


def verbs_of(cls: type) -> dict[str, Verb]:
    return {name: value for name, value in vars(cls).items() if isinstance(value, Verb)}


def path_of(module: str) -> Path:
    return (ROOT / "python" / Path(*module.split("."))).with_suffix(".pyi")


def stub(module: str) -> str:
    """Write the stub of a module, as the formatter leaves it."""
    cls = getattr(importlib.import_module(module), CLASSES[module])
    imports: set[str] = set()
    lines = [f"class {cls.__name__}:"]
    for verb in verbs_of(cls).values():
        home = _module(inspect.unwrap(verb.verb).__module__)
        for definition in _definitions(home, verb.verb.__name__):
            lines.append(_as_method(definition, verb))
            imports |= {_import_of(home, name) for name in _names(definition)}
    doc = '"""Signatures of the methods; ``make docs`` writes this file from the functions."""'
    return _formatted("\n".join([doc, "", *sorted(imports), "", *lines, ""]))


def _module(name: str) -> Module:
    return next(module for module in modules() if module.name == name)


def _definitions(home: Module, name: str) -> list[Definition]:
    """The function and its overloads; only the overloads where there are some."""
    found = [node for node in home.tree.body if isinstance(node, Definition) and node.name == name]
    overloads = [node for node in found if any(_is_overload(each) for each in node.decorator_list)]
    return overloads or found


def _is_overload(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Name) and decorator.id == "overload"


def _as_method(definition: Definition, verb: Verb) -> str:
    signature = _arguments(definition, verb.without)
    returns = ast.unparse(definition.returns) if definition.returns else "None"
    decorated = "    @overload\n" if any(_is_overload(each) for each in definition.decorator_list) else ""
    doc = (inspect.getdoc(verb.function) or "").partition("\n")[0]
    text = f'    def {verb.method}({signature}) -> {returns}:\n        """{doc}"""'
    return decorated + text


def _arguments(definition: Definition, without: tuple[str, ...]) -> str:
    """Arguments as a method has them: ``self`` first, then all but the object and those left out."""
    own = definition.args
    kept = ast.arguments(
        posonlyargs=[],
        args=[ast.arg("self"), *own.args[1:]],
        vararg=own.vararg,
        kwonlyargs=list(own.kwonlyargs),
        kw_defaults=list(own.kw_defaults),
        kwarg=own.kwarg,
        defaults=list(own.defaults)[-len(own.args[1:]) :] if own.args[1:] else [],
    )
    for name in without:
        places = [i for i, each in enumerate(kept.args) if each.arg == name]
        for i in places:
            del kept.defaults[i - len(kept.args)]
            del kept.args[i]
        for i in [i for i, each in enumerate(kept.kwonlyargs) if each.arg == name]:
            del kept.kwonlyargs[i], kept.kw_defaults[i]
    return ast.unparse(kept)


def _names(definition: Definition) -> Iterator[str]:
    """Names that the signature uses: of its annotations and of its decorators."""
    roots = [*ast.walk(definition.args), *(ast.walk(definition.returns) if definition.returns else ())]
    yield from (node.id for node in roots if isinstance(node, ast.Name))
    if any(_is_overload(each) for each in definition.decorator_list):
        yield "overload"


def _import_of(module: Module, name: str) -> str:
    """The line that imports a name where the module has it from, also for checkers only; empty for a builtin."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _line(node, alias)
    return f"from {module.name} import {name}" if name in set(_defined(module)) else ""


def _line(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    if isinstance(node, ast.Import):
        return f"import {alias.name} as {alias.asname}" if alias.asname else f"import {alias.name}"
    if (node.module or "").startswith("lmm."):
        # One thing may come by several rooms; the stub has it from where it is made.
        return _import_of(_module(node.module or ""), alias.name)
    return f"from {node.module} import {alias.name}"


def _defined(module: Module) -> Iterator[str]:
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def _formatted(text: str) -> str:
    for command in (["check", "--fix", "--quiet", "--select", "I"], ["format", "--quiet"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", "stub.pyi", "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        text = done.stdout
    return text


def write() -> None:
    for module in CLASSES:
        path_of(module).write_text(stub(module), encoding="utf-8")
