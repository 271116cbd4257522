"""Random terms with something left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lmm.design import FixedTerm, RandomPart, one_sided
from lmm.design.effects import RandomSpec
from lmm.engine import GroupBlock, MatrixBlock

if TYPE_CHECKING:
    from lmm.engine import Block
    from lmm.model import Fit

__all__ = ["Reduction", "bar_text", "reductions", "without_columns"]


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """One random or smooth term of a fit with something left out.

    Attributes
    ----------
    label
        What is left out, as a table names it.
    position
        The part of Z that it belongs to.
    left
        What is left of that part; None for nothing.
    also
        Positions of further parts that are left out as a whole.
    columns
        Columns of X that are left out besides.
    """

    label: str
    position: int
    left: RandomPart | None
    also: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()

    def kept(self, fit: Fit) -> list[RandomPart | None]:
        """List what is left of each part of Z."""
        parts: list[RandomPart | None] = list(fit.internals.design.random)
        parts[self.position] = self.left
        for position in self.also:
            parts[position] = None
        return parts

    def random(self, fit: Fit) -> tuple[RandomPart, ...]:
        """Parts of Z of the smaller model."""
        return tuple(part for part in self.kept(fit) if part is not None)

    def columns_left_out(self, fit: Fit) -> list[int] | None:
        """Columns of the term that are left out; None where the others were coded anew."""
        columns = fit.internals.design.random[self.position].columns
        kept = () if self.left is None else self.left.columns
        if not set(kept) <= set(columns):
            return None
        return [j for j, name in enumerate(columns) if name not in kept]


def reductions(fit: Fit, reduce: bool) -> Iterator[Reduction]:
    """Go through the random terms: without one effect at a time, or left out as a whole.

    Effects that others contain stay. Without correlations the intercept is an effect as all others.
    """
    for position in fit.internals.design.places_of_groups:
        part = fit.internals.design.random[position]
        bar = bar_text(part)
        left = _without_effects(fit, position) if reduce else {}
        for effect, smaller in left.items():
            yield Reduction(f"{effect} in {bar}", position, smaller)
        if not left:
            yield Reduction(bar, position, None)


def bar_text(part: RandomPart) -> str:
    """Write the bar of a term, of its own when it comes from a nested one: ``(1 | Block:Variety)``."""
    effects, bar, group = part.source.partition("|")
    if "/" not in group:
        return part.source
    doubled = "|" if group.startswith("|") else ""
    return f"{effects}{bar}{doubled} {part.group})"


def _without_effects(fit: Fit, position: int) -> dict[str, RandomPart | None]:
    """Terms with one effect removed, by the name of that effect; empty if the term has only one."""
    part = fit.internals.design.random[position]
    spec = part.recipe
    terms = () if spec is None or spec.effects is None else spec.effects.terms
    if not part.structure.is_linear:
        return {}
    if part.structure.is_correlated:
        return {term.name: _learnt(fit, spec, term) for term in terms if spec and _is_free(term, terms)}
    places = {term.name: range(term.columns.start, term.columns.stop) for term in terms}
    if spec is None:
        places = {name: range(j, j + 1) for j, name in enumerate(part.columns)}
    if len(places) < 2:
        return {}
    return {name: without_columns(part, list(gone)) for name, gone in places.items()}


def _is_free(term: FixedTerm, terms: Sequence[FixedTerm]) -> bool:
    """Whether an effect may be left out by itself."""
    return bool(term.parts) and not any(set(term.parts) < set(other.parts) for other in terms)


def _learnt(fit: Fit, spec: RandomSpec, left_out: FixedTerm) -> RandomPart | None:
    """Term as the formula without the effect has it."""
    assert spec.effects is not None
    terms = [term for term in spec.effects.terms if term.name != left_out.name]
    if not terms:
        return None
    frame = fit.internals.design.model_frame
    term = replace(spec.term, effects=one_sided(terms, frame))
    return RandomSpec.learn(term, fit.internals.spec.evaluator(frame))[1]


def without_columns(part: RandomPart, gone: Sequence[int]) -> RandomPart:
    """Part of Z without some columns of each level; its structure must be one of any number of columns."""
    kept = [j for j in range(len(part.columns)) if j not in gone]
    return replace(part, columns=tuple(part.columns[j] for j in kept), block=_block(part.block, kept))


def _block(block: Block, kept: list[int]) -> Block:
    if isinstance(block, GroupBlock):
        return replace(block, values=block.dense_values()[:, kept])
    n, k = block.n_rows, block.n_columns
    columns = block.to_dense().reshape(n, -1, k)[:, :, kept].reshape(n, -1)
    return MatrixBlock(columns, len(kept), block.structure, block.root, block.labels)
