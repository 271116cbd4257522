"""What a formula says, as frozen values: no data, no parser objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class RandomTerm:
    """Random effects of one grouping factor: one bar of the formula.

    A nested bar is written out: ``(1 | a/b)`` gives two terms, of the factors ``("a",)`` and ``("a", "b")``.

    Attributes
    ----------
    source
        The bar as typed, with single spaces: ``"(Days | Subject)"``. Terms from one nested bar share it.
    effects
        The effects as a one-sided formula with an explicit intercept: ``"1 + Days"``, ``"0 + Days"``.
    factors
        The grouping factors whose combinations are the levels, first factor slowest. Each is a column name
        (without backticks) or an expression such as ``"I(day > 3)"``; ``C(day)`` is the column ``day``.
    structure
        Name of the covariance structure in `lmm.covariance.CATALOG`: ``"us"`` (all variances and covariances),
        ``"diag"`` (no correlations at all, factors included), ``"cs"``, ...
    position
        Where the bar starts in the text of the formula, counted from 0.
    """

    source: str
    effects: str
    factors: tuple[str, ...]
    structure: str
    position: int

    @property
    def group(self) -> str:
        """Name of the grouping factor: the factors joined by ``":"``."""
        return ":".join(self.factors)


@dataclass(frozen=True, slots=True)
class Given:
    """An object that a smooth names and ``smooths=`` of `lmm.fit` gives."""

    name: str


@dataclass(frozen=True, slots=True)
class Listed:
    """R's ``list(polys=nb)``: values with names; empty names where there is none."""

    names: tuple[str, ...]
    values: tuple[SmoothValue, ...]


SmoothValue: TypeAlias = "float | str | bool | Given | Listed | tuple[SmoothValue, ...] | None"
"""Value of an argument of a smooth, as the formula has it."""


@dataclass(frozen=True, slots=True)
class SmoothTerm:
    """One smooth term: ``s(x, bs="cr")``.

    Attributes
    ----------
    source
        The call as typed, with single spaces.
    function
        ``"s"``, ``"te"``, ``"ti"`` or ``"t2"``.
    covariates
        Each is a column name (without backticks) or an expression such as ``"log(x)"``.
    by
        Column or expression whose levels have curves of their own, or by which the curve is multiplied; None
        if there is none.
    arguments
        The other arguments by name, in the order of the call.
    position
        Where the call starts in the text of the formula, counted from 0.
    """

    source: str
    function: str
    covariates: tuple[str, ...]
    by: str | None
    arguments: tuple[tuple[str, SmoothValue], ...]
    position: int

    @property
    def label(self) -> str:
        """Name of the term in tables: ``"s(x)"``, ``"te(x,z)"``, ``"s(x):f"``."""
        return f"{self.function}({','.join(self.covariates)})" + (f":{self.by}" if self.by else "")


@dataclass(frozen=True, slots=True)
class Formula:
    """A mixed-model formula taken apart.

    Attributes
    ----------
    source
        The text as the user wrote it.
    response
        Left side as one factor for formulaic (``"y"``, ``"np.log(y)"``, ``"I(y / 10)"``); may be empty.
    fixed
        Right side without bars, smooths and offsets, with an explicit intercept: ``"1 + Days"``, ``"0 + Variety"``.
    random
        The random terms in formula order, nesting written out.
    offsets
        What stands inside ``offset(...)``, each as one factor for formulaic; to be summed.
    variables
        Names of all data columns that the formula needs.
    smooths
        The smooth terms in formula order.
    """

    source: str
    response: str
    fixed: str
    random: tuple[RandomTerm, ...]
    offsets: tuple[str, ...]
    variables: frozenset[str]
    smooths: tuple[SmoothTerm, ...] = ()

    def __str__(self) -> str:
        return self.source

    @property
    def texts(self) -> tuple[list[str], list[str]]:
        """One-sided formulas of the fixed part and of the effects, and all that stands for itself elsewhere."""
        sides = [self.fixed, *(term.effects for term in self.random)]
        factors = [name for term in self.random for name in term.factors]
        curves = [name for term in self.smooths for name in (*term.covariates, *filter(None, [term.by]))]
        return sides, [self.response, *self.offsets, *factors, *curves]
