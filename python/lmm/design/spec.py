"""What is learnt from the data of a fit, so that the design of any other table can be built alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lmm.data import Columns, open_table
from lmm.design.checks import check_contrasts_used, check_design, check_finite, check_values
from lmm.design.coding import Contrasts, plain_contrasts, resolve_contrasts
from lmm.design.design import Design, RandomPart
from lmm.design.effects import RandomSpec, block_names, factor_columns, known_blocks, only_groups, user_parts
from lmm.design.evaluator import Evaluator
from lmm.design.expression import ExpressionSpec, as_numbers, learn_response, summed_offsets
from lmm.design.kinds import conformed
from lmm.design.matrix import MatrixSpec, learn_matrix
from lmm.design.missing import texts_of
from lmm.design.rank import independent_columns
from lmm.design.rows import ColumnOrArray, Rows, select_rows
from lmm.design.smooth_bars import bars_of
from lmm.design.smooth_terms import SmoothSpec
from lmm.design.wording import aliased_note
from lmm.errors import DesignError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from lmm.engine import Block
    from lmm.formula import Formula
    from lmm.typing import FloatMatrix, FloatVector, IntVector, Missing


@dataclass(frozen=True, slots=True, eq=False)
class DesignSpec:
    """Everything that is needed to build the design of new data as that of the fit was built.

    Attributes
    ----------
    formula
        The formula.
    kinds
        Kind of each data column at the fit: ``"numeric"`` or ``"factor"``.
    response
        The response.
    fixed
        The fixed part.
    kept
        Columns of X that are not aliased.
    random
        The random terms of the formula, in order.
    offsets
        The offsets of the formula.
    contrasts
        What ``contrasts=`` asked for: a name, or a matrix as nested lists, by factor.
    offset
        Column named by ``offset=``; None if none was.
    needs_offset
        Whether ``offset=`` was an array, so that new data need one too.
    blocks
        Names of the user's blocks.
    smooths
        The smooth terms.
    """

    formula: Formula
    kinds: dict[str, str]
    response: ExpressionSpec
    fixed: MatrixSpec
    kept: IntVector
    random: tuple[RandomSpec, ...]
    offsets: tuple[ExpressionSpec, ...]
    contrasts: dict[str, Any]
    offset: str | None
    needs_offset: bool
    blocks: tuple[str, ...]
    smooths: SmoothSpec

    @classmethod
    def learn(
        cls,
        formula: Formula,
        data: Any,
        *,
        contrasts: Contrasts = None,
        missing: Missing = "drop",
        weights: ColumnOrArray = None,
        offset: ColumnOrArray = None,
        random: Mapping[str, Block] | None = None,
        smooths: Mapping[str, Any] | None = None,
        select: bool = False,
        response: bool = True,
    ) -> tuple[DesignSpec, Design]:
        """Build the design of a fit, and keep what is needed to build it again.

        Parameters
        ----------
        formula
            Made by `lmm.formula.parse`.
        data
            Any table, see `lmm.data.open_table`.
        contrasts
            Coding of factors: one name for all, ``"sum"``, or by name ``{"Variety": "sum"}``, or a matrix with one row
            per level. Others get treatment coding. Applies to the fixed part and to the effects of random terms.
        missing
            ``"drop"`` leaves out rows with a missing value in a used column, ``"raise"`` refuses them.
        weights
            Column or array (n_rows,): the residual variance of a row is σ² / weight. Zero leaves it out.
        offset
            Column or array (n_rows,), added to the offsets of the formula.
        random
            Blocks of the user, by name, each with n_rows rows.
        smooths
            Objects that the smooth terms of the formula name.
        select
            Whether the null space of every smooth term is penalized too.
        response
            Whether the formula must have a response; without one the design is for simulation.

        Returns
        -------
        DesignSpec, Design

        Raises
        ------
        ColumnError
            If a column does not exist.
        DataError
            If values cannot be used: not numeric, infinite, all missing, of the wrong length or sign.
        DesignError
            If the data cannot identify the model, or an option is unknown.

        Examples
        --------
        >>> from lmm.design import DesignSpec
        >>> from lmm.formula import parse
        >>> data = {"y": [3.0, 1.0, 4.0, 1.0, 5.0, 9.0], "x": [1, 2, 3, 1, 2, 3], "g": list("aabbcc")}
        >>> spec, design = DesignSpec.learn(parse("y ~ x + (1 | g)"), data)
        >>> design.names, design.random[0].levels
        (('Intercept', 'x'), ('a', 'b', 'c'))
        >>> spec.build({"x": [10], "g": ["b"]}).X
        array([[ 1., 10.]])
        """
        if not formula.response and response:
            raise DesignError(
                f'The formula "{formula}" has no response. Write it as "y {formula.source.strip()}".'
            )
        own = {"weights": weights, "offset": offset, "missing": missing, "texts": texts_of(*formula.texts)}
        rows = select_rows(open_table(data), formula.variables, least=2 if response else 1, **own)
        return cls.learn_rows(
            formula,
            rows,
            contrasts=contrasts,
            offset=offset,
            random=random,
            smooths=smooths,
            select=select,
            response=response,
        )

    @classmethod
    def learn_rows(
        cls,
        formula: Formula,
        rows: Rows,
        *,
        contrasts: Contrasts = None,
        offset: ColumnOrArray = None,
        random: Mapping[str, Block] | None = None,
        smooths: Mapping[str, Any] | None = None,
        select: bool = False,
        response: bool = True,
        y: FloatVector | None = None,
    ) -> tuple[DesignSpec, Design]:
        """Build the design of a fit from the rows that it uses; arguments and errors are those of `learn`.

        Parameters
        ----------
        y : shape (n,), optional
            Another response than that of the formula.
        """
        codings = resolve_contrasts(contrasts)
        evaluator = Evaluator(rows.columns, codings)
        left, own = learn_response(formula.response, evaluator)
        offsets = [ExpressionSpec.learn(text, evaluator) for text in formula.offsets]
        total_offset = summed_offsets(
            rows.offset, evaluator.n_rows, [(spec.text, value) for spec, value in offsets]
        )
        fixed, X = learn_matrix(formula.fixed, evaluator)
        check_values(X, fixed.names, rows.rows, "the fixed part")
        bars = bars_of(formula, evaluator)
        learnt = [RandomSpec.learn(term, evaluator) for term in bars]
        known = [spec for spec, _ in learnt]
        curves = SmoothSpec.learn(formula.smooths, evaluator, smooths or {}, known, X, select=select)
        X, of_curves = curves.beside(X, evaluator)
        effects = [own.effects for own in known if own.effects is not None]
        check_contrasts_used(codings, [fixed, *effects], rows.columns)
        spec = cls(
            formula=formula,
            kinds={name: column.kind for name, column in rows.columns.items()},
            response=left,
            fixed=fixed,
            kept=independent_columns(X, rows.weights),
            random=tuple(known),
            offsets=tuple(spec for spec, _ in offsets),
            contrasts=plain_contrasts(codings),
            offset=offset if isinstance(offset, str) else None,
            needs_offset=offset is not None and not isinstance(offset, str),
            blocks=block_names(random),
            smooths=curves,
        )
        of_user = user_parts(random, rows, [term.group for term in bars])
        parts = (*(part for _, part in learnt), *of_curves, *of_user)
        of_levels = rows.notes_of_levels(factor_columns(fixed, spec.random, rows.columns))
        notes = (*of_levels, *curves.notes(fixed.variables))
        design = spec._design(rows, own if y is None else y, X, parts, total_offset, notes)
        # What cannot be estimated can be simulated.
        (check_design if response else check_finite)(design, formula)
        return spec, design

    def build(
        self,
        data: Any,
        *,
        response: bool = False,
        random: bool | Collection[RandomSpec] = True,
        missing: Missing = "drop",
        offset: ColumnOrArray = None,
        blocks: Mapping[str, Block] | None = None,
        extend: bool = False,
        missing_groups: bool = False,
    ) -> Design:
        """Build the design of new data with the levels, codings and transforms of the fit.

        Parameters
        ----------
        data
            Any table with the columns that are needed.
        response
            Whether to build y too.
        random
            Which random terms of the formula to build: all, none, or those of these recipes (`RandomPart.spec`).
            Columns that only other terms use need not be there.
        missing
            As in `learn`; ``Design.rows`` says which rows were kept.
        offset
            Array (n_rows,) for the new data, where the fit had one.
        blocks
            Blocks of the user for the new data; those that are not given are left out.
        extend
            Whether levels of grouping factors that the fit did not see become levels after the others.
        missing_groups
            Whether a missing level of a grouping factor is a new one too; else its row is left out.

        Returns
        -------
        Design
            Unless extended, a level that the fit did not see has the code -1 and a row of zeros in Z.

        Raises
        ------
        ColumnError, DataError
            If a column is missing or of another kind than at the fit.
        DesignError
            If a factor of the fixed part has a level that the fit did not see.
        """
        if isinstance(random, bool):
            random = self.random if random else ()
        chosen = [spec for spec in self.random if spec in random]
        expressions = [*self.offsets, *([self.response] if response else [])]
        names = {name for spec in expressions for name in spec.variables} | self._of_the_mean
        names = names.union(*(spec.variables for spec in chosen))
        factors = (factor for term in chosen for factor in term.factors)
        texts = [spec.text for spec in (*expressions, *factors, *self.smooths.expressions)]
        rows = select_rows(
            open_table(data),
            names,
            offset=self._new_offset(offset),
            missing=missing,
            groups=only_groups(chosen, self._of_the_mean, self.offsets) if extend else (),
            missing_groups=missing_groups,
            texts=texts_of([self.fixed.text, *(spec.term.effects for spec in chosen)], texts),
            conform=self._conform,
        )
        evaluator = self.evaluator(self._conform(rows.columns))
        y = None
        if response:
            y = self._response(evaluator)
        values = [(spec.text, evaluator.value(spec.text)) for spec in self.offsets]
        offsets = summed_offsets(rows.offset, evaluator.n_rows, values)
        X, of_curves = self.smooths.beside(self.fixed.build(evaluator), evaluator)
        groups = [spec.term.group for spec in self.random]
        parts = (
            *(spec.build(evaluator, extend=extend) for spec in chosen),
            *of_curves,
            *user_parts(known_blocks(blocks, self.blocks), rows, groups),
        )
        design = self._design(rows, y, X, parts, offsets)
        check_finite(design, self.formula)
        return design

    @property
    def _of_the_mean(self) -> frozenset[str]:
        """Names of the data columns of the fixed part and of smooth terms."""
        return self.fixed.variables | self.smooths.variables

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns of X: of the fixed part, then of smooth terms."""
        return (*self.fixed.names, *self.smooths.names)

    def response_of(self, columns: Columns) -> FloatVector:
        """Response (n,) of columns that have the kinds of those of the fit."""
        return self._response(self.evaluator(columns))

    def _response(self, evaluator: Evaluator) -> FloatVector:
        text = self.response.text
        return as_numbers(evaluator.value(text), text, "response", evaluator.n_rows)

    def loadings(
        self, data: Any, random: Sequence[RandomSpec], *, missing: Missing = "drop"
    ) -> tuple[list[FloatMatrix], IntVector]:
        """Values of the effects (n, k) of some random terms for new data, and the rows that were kept.

        The grouping factors need not be among the data: what the effects of a level that nobody has
        seen are multiplied by does not depend on the level.

        Raises
        ------
        ColumnError, DataError
            If a column is missing or of another kind than at the fit.
        """
        specs = [spec.effects for spec in random]
        names: set[str] = set().union(*(spec.variables for spec in specs if spec is not None))
        sides = [spec.text for spec in specs if spec is not None]
        rows = select_rows(
            open_table(data), names, missing=missing, texts=texts_of(sides, ()), conform=self._conform
        )
        evaluator = self.evaluator(self._conform(rows.columns))
        values = [spec.loadings(evaluator) for spec in random]
        return values, rows.rows

    def evaluator(self, columns: Columns) -> Evaluator:
        """Return an evaluator of other rows, with the codings of the fit and what the calls of its formula learnt."""
        states = self.response.transforms | self.fixed.transforms
        for expression in self.offsets:
            states |= expression.transforms
        for term in self.random:
            states |= term.states
        states |= self.smooths.states
        return Evaluator(columns, resolve_contrasts(self.contrasts), states)

    def _design(
        self,
        rows: Rows,
        y: FloatVector | None,
        X: FloatMatrix,
        random: tuple[RandomPart, ...],
        offset: FloatVector | None,
        notes_of_levels: tuple[str, ...] = (),
    ) -> Design:
        kept = set(self.kept.tolist())
        aliased = [name for i, name in enumerate(self.names) if i not in kept]
        notes = (*rows.notes, *notes_of_levels)
        if aliased:
            notes = (*notes, aliased_note(aliased))
        return Design(
            y=y,
            X=X,
            names=self.names,
            terms=self.fixed.terms,
            factors=self.fixed.factors,
            kept=self.kept,
            random=random,
            weights=rows.weights,
            offset=offset,
            rows=rows.rows,
            n_rows=rows.n_rows,
            n_dropped_missing=rows.n_missing,
            n_dropped_weight=rows.n_weight,
            model_frame=rows.columns,
            notes=notes,
        )

    def _conform(self, columns: Columns) -> Columns:
        """Columns of new data as the kinds that they had at the fit."""
        effects = [spec.effects for spec in self.random if spec.effects is not None]
        return conformed(columns, self.kinds, [self.fixed, *effects])

    def _new_offset(self, offset: ColumnOrArray) -> ColumnOrArray:
        if offset is not None and not self.needs_offset:
            raise DesignError("offset= is given, but the fit had no array as offset=. Leave it out.")
        if offset is None and self.needs_offset:
            raise DesignError(
                "The fit had an array as offset=. Give offset= for the new data too, one number per row."
            )
        return self.offset if offset is None else offset
