"""Which factor is nested in which: the Hasse diagram of a design."""

from __future__ import annotations

from dataclasses import dataclass

from lmm.experiments.diagram import Diagram, arranged, drawn
from lmm.experiments.hierarchy import OBSERVATION, Hierarchy
from lmm.table import Table

__all__ = ["Hasse", "HasseNode", "hasse_of"]

MEAN = "Mean"


@dataclass(frozen=True, slots=True)
class HasseNode:
    """One factor of the diagram.

    Attributes
    ----------
    name
        The term, ``"Mean"``, or ``"observation"``.
    role
        ``"mean"``, ``"treatment"``, ``"design"`` or ``"error"``.
    levels, df
        Number of levels, and what is left of them after everything above.
    above
        Nodes that it is directly nested in.
    """

    name: str
    role: str
    levels: int
    df: int
    above: tuple[str, ...]

    @property
    def label(self) -> str:
        """Name, levels and degrees of freedom."""
        return f"{self.name} {self.levels} ({self.df})"


@dataclass(frozen=True, slots=True, repr=False)
class Hasse:
    """The factors of a design, from the mean down to the observation; prints as a diagram.

    Attributes
    ----------
    nodes
        From coarse to fine.

    Examples
    --------
    >>> import lmm
    >>> lmm.shell("~ 1 + (1 | Lab/Day)", {"Lab": 4, "Day": 5, "replicates": 2}).hasse
         Mean 1 (1)
             │
         Lab 4 (3)
             │
      Lab:Day 20 (16)
             │
    observation 40 (20)
    """

    nodes: tuple[HasseNode, ...]

    @property
    def diagram(self) -> Diagram:
        """Where each node stands."""
        return arranged({node.name: node.above for node in self.nodes})

    def table(self) -> Table:
        """Tabulate the diagram as ``factor, role, levels, df, nested_in``."""
        return Table(
            {
                "factor": [node.name for node in self.nodes],
                "role": [node.role for node in self.nodes],
                "levels": [node.levels for node in self.nodes],
                "df": [node.df for node in self.nodes],
                "nested_in": [", ".join(node.above) or None for node in self.nodes],
            },
            title="Nesting of the factors: levels and degrees of freedom",
        )

    def __str__(self) -> str:
        return drawn(self.diagram, {node.name: node.label for node in self.nodes})

    __repr__ = __str__


def hasse_of(hierarchy: Hierarchy) -> Hasse:
    """Order the effects of a design that have levels."""
    effects = [e for e in hierarchy.effects if e.codes is not None and not e.numeric]
    fixed = {e.name for e in effects if e.kind == "fixed"}
    # Blocks may be in the formula both as fixed and as random effects.
    names = {e: f"{e.name} (random)" if e.kind == "random" and e.name in fixed else e.name for e in effects}
    coarser = {names[e]: {names[other] for other in hierarchy.coarser(e, effects)} for e in effects}
    found = {name: e for e, name in names.items()}
    coarser[OBSERVATION] = set(found)
    nodes = {MEAN: HasseNode(MEAN, "mean", 1, 1, ())}
    for name in sorted(coarser, key=lambda name: len(coarser[name])):
        direct = [x for x in coarser[name] if not any(x in coarser[y] for y in coarser[name])]
        above = tuple(x for x in nodes if x in direct) or (MEAN,)
        if name == OBSERVATION:
            nodes[name] = HasseNode(name, "error", hierarchy.design.n_obs, hierarchy.forms[-1].df, above)
        else:
            effect = found[name]
            role = "treatment" if effect.kind == "fixed" else "design"
            nodes[name] = HasseNode(name, role, effect.n_levels, hierarchy.form(effect).df, above)
    return Hasse(tuple(nodes.values()))
