"""Random terms: the effects of a bar on the levels of its grouping factor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import shown
from lmm.covariance import structure
from lmm.data import places_of
from lmm.design.checks import check_columns_of_structure
from lmm.design.design import FactorCoding, RandomPart
from lmm.design.expression import ExpressionSpec, as_factor
from lmm.design.grouping import Grouping, group_block
from lmm.design.matrix import MatrixSpec, learn_matrix
from lmm.design.user_block import UserBlock
from lmm.engine import Block
from lmm.errors import DesignError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmm.data import Column, Columns
    from lmm.design.evaluator import Evaluator
    from lmm.design.rows import Rows
    from lmm.formula import RandomTerm
    from lmm.typing import FloatMatrix, IntVector

_INTERCEPT_ONLY = "1"
_EXAMPLE = 'such as random={"spline": lmm.block(Z)}'


@dataclass(frozen=True, slots=True, eq=False)
class RandomSpec:
    """How one random term of a formula is built.

    Attributes
    ----------
    term
        The term as the formula has it.
    effects
        Its effects; None for an intercept alone, which needs no matrix.
    factors
        The grouping factors as expressions.
    grouping
        Its levels.
    """

    term: RandomTerm
    effects: MatrixSpec | None
    factors: tuple[ExpressionSpec, ...]
    grouping: Grouping

    @classmethod
    def learn(cls, term: RandomTerm, evaluator: Evaluator) -> tuple[RandomSpec, RandomPart]:
        """Learn levels and state from the rows of the fit."""
        learnt = [ExpressionSpec.learn(text, evaluator) for text in term.factors]
        factors = [as_factor(value, spec.text, evaluator.n_rows) for spec, value in learnt]
        grouping, codes = Grouping.learn(factors)
        effects, values = None, None
        if term.effects != _INTERCEPT_ONLY:
            effects, values = learn_matrix(term.effects, evaluator)
            if not effects.names:
                raise DesignError(f"The random term {term.source} has no effects: write (1 | {term.group}).")
        spec = cls(term, effects, tuple(expression for expression, _ in learnt), grouping)
        part = spec._part(codes, values, grouping.labels)
        check_columns_of_structure(part, values)
        return spec, part

    def build(self, evaluator: Evaluator, *, extend: bool = False) -> RandomPart:
        """Build the term for other data.

        Rows of new levels have the code -1 and a row of zeros in Z; with ``extend`` new levels are levels
        after the others.
        """
        factors = [
            as_factor(evaluator.value(spec.text), spec.text, evaluator.n_rows) for spec in self.factors
        ]
        values = None if self.effects is None else self.effects.build(evaluator)
        if extend:
            labels, codes = self.grouping.extended(factors)
            return self._part(codes, values, labels)
        return self._part(self.grouping.code(factors), values, self.grouping.labels)

    def loadings(self, evaluator: Evaluator) -> FloatMatrix:
        """Values of the effects (n, k) for other data, whatever the level."""
        return np.ones((evaluator.n_rows, 1)) if self.effects is None else self.effects.build(evaluator)

    @property
    def variables(self) -> frozenset[str]:
        """Names of the data columns that the term uses."""
        names = {name for factor in self.factors for name in factor.variables}
        return frozenset(names if self.effects is None else names.union(self.effects.variables))

    @property
    def grouping_columns(self) -> frozenset[str]:
        """Names of the data columns that are grouping factors as such."""
        return frozenset(name for factor in self.factors if factor.is_column for name in factor.variables)

    @property
    def computed_from(self) -> frozenset[str]:
        """Names of the data columns of the effects, and of grouping factors that are expressions."""
        names = {name for factor in self.factors if not factor.is_column for name in factor.variables}
        return frozenset(names if self.effects is None else names.union(self.effects.variables))

    @property
    def states(self) -> dict[str, Any]:
        """What the calls of the term have learnt."""
        found = {} if self.effects is None else dict(self.effects.transforms)
        for factor in self.factors:
            found |= factor.transforms
        return found

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the effects."""
        return ("Intercept",) if self.effects is None else self.effects.names

    def _part(self, codes: IntVector, values: FloatMatrix | None, levels: tuple[str, ...]) -> RandomPart:
        term, family = self.term, structure(self.term.structure)
        block = group_block(codes, values, levels, family)
        return RandomPart(
            term.source, term.group, self.columns, levels, family, block, codes, kind="group", spec=self
        )


def only_groups(
    chosen: Sequence[RandomSpec], fixed: frozenset[str], offsets: Sequence[ExpressionSpec]
) -> frozenset[str]:
    """Columns that are grouping factors of these terms, and nothing else that a design needs."""
    groups, others = set[str](), set(fixed).union(*(spec.variables for spec in offsets))
    for spec in chosen:
        groups |= spec.grouping_columns
        others |= spec.computed_from
    return frozenset(groups - others)


def factor_columns(fixed: MatrixSpec, random: Sequence[RandomSpec], columns: Columns) -> list[str]:
    """Names of the data columns that are factors somewhere in a model, sorted."""
    effects = [spec.effects for spec in random if spec.effects is not None]
    coded = {
        factor.variable
        for matrix in (fixed, *effects)
        for factor in matrix.factors
        if factor.variable in columns and _has_levels_of(factor, columns[factor.variable])
    }
    return sorted(coded.union(*(spec.grouping_columns for spec in random)) & set(columns))


def _has_levels_of(factor: FactorCoding, column: Column) -> bool:
    """Whether its levels are those of the column: those of ``x > 3`` or ``is.na(x)`` are not."""
    return factor.name == factor.variable or set(factor.levels) <= set(column.as_factor().levels)


def block_names(blocks: Mapping[str, Block] | None) -> tuple[str, ...]:
    """Read the names of the terms of ``random=``.

    Raises
    ------
    DesignError
        If it is not a dict from names, or an empty one.
    """
    if blocks is None:
        return ()
    if not isinstance(blocks, Mapping) or not all(isinstance(name, str) for name in blocks):
        raise DesignError(f"random= must be a dict from names to blocks, {_EXAMPLE}, not {shown(blocks)}.")
    if not blocks:
        raise DesignError(f"random= is an empty dict: name the blocks, {_EXAMPLE}, or leave it out.")
    return tuple(blocks)


def known_blocks(blocks: Mapping[str, Block] | None, names: Sequence[str]) -> Mapping[str, Block] | None:
    """Refuse blocks that the fit does not have.

    Raises
    ------
    DesignError
        If there is one.
    """
    for name in blocks or ():
        if name not in names:
            raise DesignError(f'The fit has no block "{name}".{nearest(name, names)}')
    return blocks


def user_parts(
    blocks: Mapping[str, Block] | None, rows: Rows, groups: Sequence[str]
) -> tuple[RandomPart, ...]:
    """Random terms from the blocks of ``random=``, which have as many rows as the table.

    Raises
    ------
    DesignError
        If something is not a block, has another number of rows, or is called like a grouping factor.
    """
    block_names(blocks)
    parts = []
    for name, block in (blocks or {}).items():
        if not isinstance(block, Block):
            raise DesignError(
                f'random= has a {type(block).__name__} as "{name}", not a block; write {_EXAMPLE}.'
            )
        if name in groups:
            raise DesignError(
                f'The block "{name}" of random= is called like a grouping factor of the formula. Rename it.'
            )
        if block.n_rows != rows.n_rows:
            raise DesignError(
                f'The block "{name}" has {block.n_rows} rows, but the data have {rows.n_rows} (counted before any is '
                "left out). Z needs one row for each row of the data."
            )
        parts.append(_user_part(str(name), _in_rows(str(name), block, rows)))
    return tuple(parts)


def _in_rows(name: str, block: Block, rows: Rows) -> Block:
    """Take the rows used of a block; those of a pandas frame are found by their labels."""
    if isinstance(block, UserBlock) and block.row_labels is not None:
        places = places_of(rows.labels, block.row_labels, f'Z of the block "{name}"')
        return block.take(rows.rows if places is None else places[rows.rows])
    return block if rows.rows.size == rows.n_rows else block.take(rows.rows)


def _user_part(name: str, block: Block) -> RandomPart:
    k = block.n_columns
    columns = (name,) if k == 1 else tuple(f"{name}[{i + 1}]" for i in range(k))
    levels = block.labels or tuple(str(level + 1) for level in range(block.n_levels))
    own = block.family if isinstance(block, UserBlock) else None
    family = structure(block.structure) if own is None else own
    return RandomPart(name, name, columns, levels, family, block)
