"""Calls of smooth terms, ``s(x, bs="cr", k=10)``, → what they ask for.

R's spelling and Python's are read alike: ``m=c(3, 5)`` and ``m=[3, 5]``, ``TRUE`` and ``True``,
``xt=list(polys=nb)`` and ``xt={"polys": nb}``. What does not fit into text, ``nb``, stands there by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from lmm.errors import brief, nearest
from lmm.formula.expression_reader import ExpressionReader
from lmm.formula.expression_tree import Chain, Constant, Name, walk
from lmm.formula.expression_writer import write
from lmm.formula.functions import SMOOTHS
from lmm.formula.scanner import closing_bracket
from lmm.formula.sides import Writer, typeset
from lmm.formula.syntax import Node
from lmm.formula.terms import Given, Listed, SmoothTerm, SmoothValue

__all__ = ["is_smooth", "smooth_term"]

_Check = tuple[str, Callable[[SmoothValue], bool]]


def _is_number(value: SmoothValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: SmoothValue) -> bool:
    return _is_number(value) and float(value) == math.floor(float(value))  # type: ignore[arg-type]


_WHOLE: _Check = ("whole numbers", _is_whole)
_NUMBERS: _Check = ("numbers", _is_number)
_TEXT: _Check = ("text, such as 'cr'", lambda value: isinstance(value, str))
_FLAG: _Check = ("TRUE or FALSE", lambda value: isinstance(value, bool))
_NAME: _Check = ("the name of an object that smooths= of lmm.fit gives", lambda _: False)
_ANY: _Check = ("", lambda _: True)

_COMMON: dict[str, _Check] = {
    "k": _WHOLE,
    "bs": _TEXT,
    "m": _NUMBERS,
    "by": _ANY,
    "id": _ANY,
    "pc": _NUMBERS,
    "knots": _NUMBERS,
    "select": _FLAG,
    "sp": _NUMBERS,
    "xt": _ANY,
    **dict.fromkeys(("nb", "neighbours", "polygons", "polys", "penalty"), _NAME),
}
_TENSOR: dict[str, _Check] = {**_COMMON, "d": _WHOLE}
_ARGUMENTS: Mapping[str, dict[str, _Check]] = {
    "s": {**_COMMON, "fx": _FLAG, "range": _ANY},
    "te": {**_TENSOR, "fx": _FLAG, "np": _FLAG},
    "ti": {**_TENSOR, "fx": _FLAG, "np": _FLAG, "mc": _FLAG},
    "t2": {**_TENSOR, "full": _FLAG},
}
_WRITTEN = frozenset({"k", "bs", "d", "select", "fx", "np", "mc", "full"})
"""Arguments whose values stand in the formula itself."""
_SYNONYMS = {"nb": "neighbours", "polys": "polygons"}
_ABROAD = {
    "df": "k",
    "n_splines": "k",
    "n_knots": "k",
    "basis": "bs",
    "degree": "m",
    "lam": "sp",
    "lambda": "sp",
}
_PLAIN: dict[str, bool | float | None] = {
    **dict.fromkeys(("TRUE", "True", "T"), True),
    **dict.fromkeys(("FALSE", "False", "F"), False),
    **dict.fromkeys(("NULL", "None", "NA"), None),
    "Inf": math.inf,
    "pi": math.pi,
}


def is_smooth(node: Node) -> bool:
    """Whether a term is a call of a smooth."""
    return node.kind == "call" and node.text in SMOOTHS


def smooth_term(node: Node, writer: Writer) -> SmoothTerm:
    """Read the call of a smooth.

    Raises
    ------
    FormulaError
        If it has no covariate, an unknown argument, or a value of another kind.
    """
    source = writer.source
    opening = node.inside - 1
    if source[opening] != "(" or closing_bracket(source, opening, node.end) != node.end - 1:
        raise writer.error(f"a smooth term stands alone, as in y ~ {node.text}(x) + z", node)
    covariates, by, arguments = _Reader(node, writer).read_call()
    return SmoothTerm(
        source=typeset(node, source),
        function=node.text,
        covariates=covariates,
        by=by,
        arguments=tuple(arguments.items()),
        position=node.position,
    )


class _Reader(ExpressionReader):
    """Reads what stands in the parentheses of one smooth."""

    def __init__(self, node: Node, writer: Writer) -> None:
        super().__init__(writer.source, node.inside, node.end - 1, writer.names)
        self.function, self.position = node.text, node.position
        self.known = _ARGUMENTS[node.text]

    def read_call(self) -> tuple[tuple[str, ...], str | None, dict[str, SmoothValue]]:
        """Covariates, the expression of ``by=``, and the other arguments in order."""
        covariates: list[str] = []
        arguments: dict[str, SmoothValue] = {}
        by: str | None = None
        while self.pieces.here.kind != "end":
            position = self.pieces.here.position
            keyword = self.pieces.keyword()
            if not keyword:
                covariates.append(self._covariate(bool(arguments or by)))
            elif self._name(keyword, position, arguments) == "by":
                by = self._by()
            else:
                arguments[_SYNONYMS.get(keyword, keyword)] = self._checked(keyword, position)
            if not self.pieces.at(","):
                break
            self.pieces.next()
        if self.pieces.here.kind != "end":
            raise self.pieces.unexpected()
        if not covariates:
            raise self.pieces.error(f"the smooth has no covariate: write {self.function}(x)", self.position)
        return tuple(covariates), by, arguments

    def _name(self, keyword: str, position: int, there: Mapping[str, SmoothValue]) -> str:
        """Name of an argument, if there is such a one."""
        if keyword not in self.known:
            near = nearest(keyword, self.known)
            if keyword in _ABROAD:
                near = f" Here it is {_ABROAD[keyword]}=."
            raise self.pieces.error(
                f"{self.function}() takes no {brief(keyword)}=.{near} It takes {', '.join(self.known)}",
                position,
            )
        if _SYNONYMS.get(keyword, keyword) in there:
            raise self.pieces.error(f"{keyword}= is given twice", position)
        return keyword

    def _covariate(self, is_late: bool) -> str:
        position = self.pieces.here.position
        if self.pieces.at("."):
            raise self.pieces.error("'.' is not a covariate: name the columns of the smooth", position)
        node = self._operation(0)
        if isinstance(node, Constant):
            raise self.pieces.error(
                f"{node.typed} is not a covariate: name the argument, as in {self.function}(x, k=10, bs='cr')",
                position,
            )
        if isinstance(node, Chain) and "|" in node.operators:
            raise self.pieces.error(
                "a smooth has no bar: curves of the levels of g are s(x, g, bs='fs'), or s(x, by=g)", position
            )
        if is_late:
            raise self.pieces.error(
                "a covariate stands behind arguments with names: write it first", position
            )
        if not any(isinstance(part, Name) for part in walk(node)):
            raise self.pieces.error("this covariate names no column", position)
        return node.name if isinstance(node, Name) else write(node, as_typed=True)

    def _by(self) -> str | None:
        position = self.pieces.here.position
        if self.pieces.at("NA", "NULL", "None"):
            self.pieces.next()
            return None
        node = self._operation(0)
        if not any(isinstance(part, Name) for part in walk(node)):
            raise self.pieces.error(
                "by= names no column: give a factor or a number, as in s(x, by=f)", position
            )
        return node.name if isinstance(node, Name) else write(node, as_typed=True)

    def _checked(self, keyword: str, position: int) -> SmoothValue:
        """Value of an argument, if it is of its kind."""
        value = self._value()
        wanted, fits = self.known[keyword]
        for leaf in _leaves(value):
            if isinstance(leaf, Given) and keyword in _WRITTEN:
                quotes = f": write {keyword}='{brief(leaf.name)}'" if wanted == _TEXT[0] else ""
                raise self.pieces.error(
                    f"{keyword}= takes {wanted}, not the name {brief(leaf.name)}{quotes}", position
                )
            if leaf is not None and not isinstance(leaf, Given) and not fits(leaf):
                raise self.pieces.error(f"{keyword}= takes {wanted}, not {brief(leaf)}", position)
        return value

    def _value(self) -> SmoothValue:
        piece = self.pieces.here
        if self.pieces.at("-", "+"):
            negative = self.pieces.next().text == "-"
            value = self._value()
            if not _is_number(value):
                raise self.pieces.error("a sign stands before numbers only", piece.position)
            return -value if negative else value  # type: ignore[operator]
        if piece.kind == "number":
            return self._number(self.pieces.next()).value
        if piece.kind == "string":
            return self._string(self.pieces.next()).value
        if piece.kind == "quoted":
            return Given(self.pieces.next().text[1:-1])
        if piece.kind == "name":
            return self._word_value()
        for opener, closer in (("[", "]"), ("(", ")")):
            if self.pieces.at(opener):
                self.pieces.next()
                values = tuple(value for _, value in self._values(closer))
                return values[0] if opener == "(" and len(values) == 1 else values
        if self.pieces.at("{"):
            self.pieces.next()
            return _listed(self._values("}", between=":"))
        raise self.pieces.unexpected()

    def _word_value(self) -> SmoothValue:
        piece = self.pieces.next()
        if not self.pieces.at("("):
            return _PLAIN[piece.text] if piece.text in _PLAIN else Given(piece.text)
        self.pieces.next()
        if piece.text == "list":
            return _listed(self._values(")"))
        if piece.text == "c":
            return tuple(_flat(value for _, value in self._values(")")))
        raise self.pieces.error(
            f"{piece.text}() has no place here: the arguments of a smooth are constants, c(...), list(...), and names "
            "of objects that smooths= of lmm.fit gives",
            piece.position,
        )

    def _values(self, closer: str, between: str = "=") -> list[tuple[str, SmoothValue]]:
        """Values up to a closing bracket, with their names if they have some."""
        found: list[tuple[str, SmoothValue]] = []
        while not self.pieces.at(closer):
            name = self._key(between)
            found.append((name, self._value()))
            if not self.pieces.at(","):
                break
            self.pieces.next()
        self.pieces.close(closer)
        return found

    def _key(self, between: str) -> str:
        here, after = self.pieces.here, self.pieces.all[min(self.pieces.index + 1, len(self.pieces.all) - 1)]
        if here.kind not in ("name", "string", "quoted") or after.text != between or after.kind != "operator":
            return ""
        self.pieces.index += 2
        return here.text if here.kind == "name" else here.text[1:-1]


def _listed(values: list[tuple[str, SmoothValue]]) -> SmoothValue:
    """R's list: with names, or a plain row of values."""
    if any(name for name, _ in values):
        return Listed(tuple(name for name, _ in values), tuple(value for _, value in values))
    return tuple(value for _, value in values)


def _flat(values: Iterator[SmoothValue]) -> Iterator[SmoothValue]:
    """c(c(1, 2), 3) is c(1, 2, 3)."""
    for value in values:
        if isinstance(value, tuple):
            yield from _flat(iter(value))
        else:
            yield value


def _leaves(value: SmoothValue) -> Iterator[SmoothValue]:
    if isinstance(value, Listed):
        value = value.values
    if isinstance(value, tuple):
        for part in value:
            yield from _leaves(part)
    else:
        yield value
