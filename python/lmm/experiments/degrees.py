"""Degrees of freedom as formulas: ``(d-1)(t-1)``, ``N - d t - (r-1)``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, combinations
from math import prod

__all__ = ["Polynomial", "letters_for"]

Monomial = tuple[str, ...]


class Polynomial:
    """A sum of products of different letters, each letter being a number of levels.

    Parameters
    ----------
    terms
        Whole coefficient by product; the empty product is one. All products have their letters in one order.

    Examples
    --------
    >>> one, d, t = Polynomial({(): 1}), Polynomial({("d",): 1}), Polynomial({("t",): 1})
    >>> both = Polynomial({("d", "t"): 1})
    >>> (both - (d - one) - (t - one) - one).text()
    '(d-1)(t-1)'
    """

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        self.terms = {monomial: k for monomial, k in terms.items() if k}

    def __add__(self, other: Polynomial) -> Polynomial:
        total = Counter(self.terms)
        total.update(other.terms)
        return Polynomial(total)

    def __sub__(self, other: Polynomial) -> Polynomial:
        total = Counter(self.terms)
        total.subtract(other.terms)
        return Polynomial(total)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polynomial) and self.terms == other.terms

    __hash__ = None  # type: ignore[assignment]

    @property
    def is_monomial(self) -> bool:
        """Whether it is a single product, once."""
        return list(self.terms.values()) == [1]

    def value(self, sizes: Mapping[str, int]) -> int:
        """Put numbers for the letters."""
        return sum(k * prod(sizes[letter] for letter in monomial) for monomial, k in self.terms.items())

    def text(self) -> str:
        """Write it as a product where it is one, else as a sum."""
        return self.product() or self.sum()

    def product(self) -> str:
        """Write it as letters and letters minus one multiplied; nothing if it is not such a product."""
        letters = max(self.terms, key=len, default=())
        for plain in chain.from_iterable(combinations(letters, size) for size in range(len(letters) + 1)):
            reduced = [letter for letter in letters if letter not in plain]
            if self == _expanded(letters, reduced):
                alone = len(letters) == 1
                return " ".join(plain) + "".join(f"{x}-1" if alone else f"({x}-1)" for x in reduced)
        return ""

    def sum(self) -> str:
        """Write it as a sum, what is subtracted last."""
        text = ""
        for monomial, k in sorted(
            self.terms.items(), key=lambda item: (not item[0], item[1] < 0, -len(item[0]), item[0])
        ):
            size = " ".join([*([str(abs(k))] if abs(k) != 1 or not monomial else []), *monomial])
            sign = ("-" if k < 0 else "") if not text else (" - " if k < 0 else " + ")
            text += sign + size
        return text or "0"

    def subtracted(self) -> str:
        """Write it so that it can stand behind a minus sign."""
        if len(self.terms) == 1 and min(self.terms.values()) > 0:
            return self.sum()
        product = self.product()
        if product:
            return product if "(" in product else f"({product})"
        return f"({self.sum()})"


def _expanded(letters: Sequence[str], reduced: Sequence[str]) -> Polynomial:
    """Multiply letters out, some of them minus one."""
    terms: dict[Monomial, int] = {}
    for size in range(len(reduced) + 1):
        for left_out in combinations(reduced, size):
            terms[tuple(x for x in letters if x not in left_out)] = (-1) ** size
    return Polynomial(terms)


def letters_for(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Choose a small letter for each name: one of its own where possible.

    Examples
    --------
    >>> letters_for(["Diet", "Time", "Room", "day"])
    {'Diet': 'd', 'Time': 't', 'Room': 'r', 'day': 'a'}
    """
    used = set(taken)
    chosen: dict[str, str] = {}
    names = list(names)
    # A factor that is called B is b.
    for name in sorted(names, key=lambda name: not (len(name) == 1 and name.isascii() and name.isalpha())):
        own = [char for char in name.casefold() if char.isascii() and char.isalpha()]
        letter = next(char for char in _candidates(own) if char not in used)
        used.add(letter)
        chosen[name] = letter
    return {name: chosen[name] for name in names}


def _candidates(own: Sequence[str]) -> Iterable[str]:
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    yield from own
    yield from alphabet
    yield from (f"{letter}{number}" for number in range(2, 100) for letter in alphabet)
