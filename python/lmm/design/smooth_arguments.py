"""What a smooth term of a formula asks of its basis: names become the objects that ``smooths=`` gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lmm.bases import Settings
from lmm.errors import DesignError, nearest
from lmm.formula import Given, Listed

if TYPE_CHECKING:
    from lmm.formula import SmoothTerm, SmoothValue

__all__ = ["Wanted", "given_names", "wanted_of"]

_OF_XT = {"polys": "polygons", "nb": "neighbours", "bs": "xt"}
"""Members of R's ``xt=list(...)``, and what they are called here."""


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What was asked of one smooth term.

    Attributes
    ----------
    basis
        Name in the catalog of bases: ``"cr"``; of tensor products ``"te"``, ``"ti"``, ``"t2"``.
    settings
        What was asked of the basis.
    select, fx
        Whether the null space is penalized too; whether nothing is penalized.
    pc
        Where the curve is zero, one value for each covariate; None for curves that are zero on average.
    sp
        Smoothing parameters that are held, None where free; empty where all are free.
    id
        Terms of one id have their smoothing parameters in common; None without one.
    """

    basis: str
    settings: Settings
    select: bool
    fx: bool
    pc: tuple[Any, ...] | None
    sp: tuple[float | None, ...]
    id: Any


def wanted_of(term: SmoothTerm, given: Mapping[str, Any], select: bool = False) -> Wanted:
    """Read the arguments of a smooth term.

    Parameters
    ----------
    term
        As the formula has it.
    given
        Objects by name, as ``smooths=`` of `lmm.fit` gives them.
    select
        Whether all terms are to be selected.

    Raises
    ------
    DesignError
        If a name belongs to no object, or arguments do not go together.
    """
    values = {name: _resolved(value, term, given) for name, value in term.arguments}
    own, basis = {"neighbours", "polygons", "penalty", "range", "d", "np", "mc", "full"}, values.get("bs")
    extra = {name: value for name, value in values.items() if name in own and value is not None}
    _add_xt(extra, values.get("xt"))
    if term.function != "s":
        extra |= {"bs": basis} if basis is not None else {}
        basis = term.function
    elif isinstance(basis, tuple):
        if len(basis) != 1:
            raise DesignError(
                f"{term.source}: s() has one basis; a basis for each margin is te(..., bs=c(...))."
            )
        basis = basis[0]
    if basis == "sz" and values.get("id") is not None:
        extra["id"] = values["id"]
    settings = Settings(_counts(values.get("k")), values.get("m"), _knots(term, values.get("knots")), extra)
    return Wanted(
        basis=basis or "tp",
        settings=settings,
        select=bool(values.get("select", select)),
        fx=_is_fixed(term, values.get("fx")),
        pc=_each(values["pc"]) if values.get("pc") is not None else None,
        sp=_smoothing(term, values.get("sp")),
        id=values.get("id"),
    )


def given_names(terms: Iterable[SmoothTerm]) -> tuple[str, ...]:
    """Names of objects that smooth terms ask for, each once.

    Examples
    --------
    >>> from lmm.design.smooth_arguments import given_names
    >>> from lmm.formula import parse
    >>> given_names(parse("y ~ s(r, bs='mrf', xt=list(polys=areas)) + s(x, knots=places)").smooths)
    ('areas', 'places')
    """
    waiting: list[SmoothValue] = [value for term in terms for _, value in term.arguments]
    found: dict[str, None] = {}
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, Given):
            found[value.name] = None
        elif isinstance(value, Listed):
            waiting = [*value.values, *waiting]
        elif isinstance(value, tuple):
            waiting = [*value, *waiting]
    return tuple(found)


def _resolved(value: SmoothValue, term: SmoothTerm, given: Mapping[str, Any]) -> Any:
    if isinstance(value, Given):
        if value.name not in given:
            near = nearest(value.name, given)
            raise DesignError(
                f"{term.source} names {value.name}, which smooths= does not give.{near} Write lmm.fit(..., "
                f"smooths={{{value.name!r}: ...}})."
            )
        return given[value.name]
    if isinstance(value, Listed):
        return {n: _resolved(v, term, given) for n, v in zip(value.names, value.values, strict=True)}
    if isinstance(value, tuple):
        return tuple(_resolved(part, term, given) for part in value)
    return value


def _add_xt(extra: dict[str, Any], xt: Any) -> None:
    if isinstance(xt, Mapping) and set(xt) <= {*_OF_XT, "penalty", "polygons", "neighbours", "xt"}:
        extra |= {_OF_XT.get(str(name), str(name)): value for name, value in xt.items()}
    elif xt is not None:
        extra["xt"] = xt


def _each(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _counts(k: Any) -> int | tuple[int, ...] | None:
    """Numbers of columns; R's -1 and NA stand for the default."""
    if isinstance(k, tuple):
        return None if all(each is None or each < 0 for each in k) else tuple(int(each) for each in k)
    return None if k is None or k < 0 else int(k)


def _knots(term: SmoothTerm, knots: Any) -> tuple[Any, ...] | None:
    """Knots of each covariate."""
    if knots is None:
        return None
    if isinstance(knots, Mapping):
        for name in knots:
            if name not in term.covariates:
                raise DesignError(
                    f"{term.source}: knots= names {name}, which is not a covariate of the smooth."
                    f"{nearest(name, term.covariates)}"
                )
        return tuple(knots.get(name) for name in term.covariates)
    if len(term.covariates) == 1:
        return (knots,)
    if isinstance(knots, tuple | list) and len(knots) == len(term.covariates):
        return tuple(knots)
    first, second = term.covariates[:2]
    raise DesignError(
        f"{term.source}: knots= needs an array for each of its {len(term.covariates)} covariates, "
        f"as in knots=list({first}=..., {second}=...)."
    )


def _is_fixed(term: SmoothTerm, fx: Any) -> bool:
    given = set(_each(fx if fx is not None else False))
    if len(given) > 1:
        raise DesignError(f"{term.source}: fx= holds for all margins or for none.")
    return bool(given.pop())


def _smoothing(term: SmoothTerm, sp: Any) -> tuple[float | None, ...]:
    if sp is None:
        return ()
    values = tuple(None if value is None or value < 0 else float(value) for value in _each(sp))
    if 0.0 in values:
        raise DesignError(f"{term.source}: sp=0 is no penalty at all; write fx=TRUE, or a positive number.")
    return values if any(value is not None for value in values) else ()
