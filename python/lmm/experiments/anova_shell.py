"""The ANOVA shell: sources, degrees of freedom and error terms of an experiment before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from lmm.arguments import takes
from lmm.design import Design
from lmm.estimation import Anova, Effect, QuadraticForm
from lmm.experiments.cautions import cautions
from lmm.experiments.degrees import Polynomial, letters_for
from lmm.experiments.hasse import Hasse, hasse_of
from lmm.experiments.hierarchy import OBSERVATION, Hierarchy, Unit, letters_legend
from lmm.experiments.mean_squares import ErrorTerm, coefficient_text, error_term, expectation, stratum_name
from lmm.experiments.plan import Plan, read_plan
from lmm.table import Table

__all__ = ["Shell", "shell"]

ERROR, TOTAL = "Error", "Total"
_SAME = 1e-8  # relative difference of coefficients that is rounding


class Shell(Table):
    """The table of `shell`, with the experimental units and the nesting of its factors."""

    __slots__ = ("_hasse", "_units")

    def __init__(self, columns: dict[str, Any], notes: Sequence[str], units: Table, hasse: Hasse) -> None:
        super().__init__(columns, "ANOVA shell", notes)
        self._units, self._hasse = units, hasse

    @property
    def units(self) -> Table:
        """Experimental unit of each term: ``term, unit, n_units, fewest, most`` (of them for one level)."""
        return self._units

    @property
    def hasse(self) -> Hasse:
        """Which factor is nested in which; prints as a diagram."""
        return self._hasse


@takes()
def shell(design: str, factors: Any) -> Shell:
    """Lay out the analysis of variance of an experiment that is planned.

    Parameters
    ----------
    design
        A formula without response: treatments as fixed terms, units and blocks behind bars,
        ``"~ Diet * Time + (1 | Room)"``.
    factors
        Number of levels of each factor, all combinations occurring once, or as often as ``replicates`` says:
        ``{"Diet": 6, "Time": 3, "Room": 3, "replicates": 5}``. Or any table with the factors, a field plan.

    Returns
    -------
    Shell
        ``source, role, df_formula, df, error_term, ems``: what each treatment is tested against, and what the mean
        squares will estimate. The notes name the experimental unit of each treatment, and warn of missing
        replication, confounding and pseudo-replication.

    Raises
    ------
    DesignError
        If the formula names no experimental unit, or a factor is unknown or has fewer than two levels.
    DataError
        If a plot is in the table twice.

    Examples
    --------
    >>> import lmm
    >>> plan = lmm.shell("~ Diet * Time + (1 | Room)", {"Diet": 6, "Time": 3, "Room": 3, "replicates": 5})
    >>> plan["source"].tolist(), plan["df"].tolist()
    (['Room', 'Diet', 'Time', 'Diet:Time', 'Error', 'Total'], [2, 5, 2, 10, 250, 269])
    >>> plan["df_formula"].tolist()
    ['r-1', 'd-1', 't-1', '(d-1)(t-1)', 'N - d t - (r-1)', 'N - 1']
    """
    return shell_of(read_plan(design, factors))


def shell_of(plan: Plan) -> Shell:
    """Tabulate the shell of a plan."""
    groups = [term.factors for term in plan.formula.random for _ in range(_width(plan.design, term.source))]
    hierarchy = Hierarchy(plan.design, groups, Anova(plan.design))
    writer = _Writer(hierarchy)
    rows = writer.rows()
    units = [hierarchy.unit(e) for e in hierarchy.effects if e.kind == "fixed"]
    notes = [
        f"{letters_legend(hierarchy)}{', ' if hierarchy.letters else ''}{writer.legend()}.",
        *_unit_notes(units),
        *cautions(hierarchy, units, plan.unused),
        *plan.design.notes,
    ]
    columns = {name: [getattr(row, name) for row in rows] for name in _Row._fields}
    return Shell(columns, notes, _unit_table(units), hasse_of(hierarchy))


def _width(design: Design, source: str) -> int:
    return next(len(part.columns) for part in design.random if part.source == source)


class _Row(NamedTuple):
    source: str
    role: str
    df_formula: str | None
    df: int
    error_term: str | None
    ems: str | None


class _Writer:
    """Writes the rows of a shell, stratum by stratum."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        self.hierarchy = hierarchy
        self.places = hierarchy.places
        self.fixed = {e.name: e for e in hierarchy.effects if e.kind == "fixed"}
        self.random = {e.name: e for e in hierarchy.effects if e.kind == "random"}
        self.errors = [form for form in hierarchy.forms if form.kind != "fixed"]
        self.treated = {
            name: [t for t, place in self.places.items() if place.stratum == name] for name in self._strata()
        }
        crossing = hierarchy.crossing
        repeats = crossing[1] if crossing else 1
        self.repeats = repeats if repeats > 1 else None
        taken = set(hierarchy.letters.values())
        self.repeat_letter = next(
            x for x in ("n", "r", "k", "m", *letters_for([""], taken).values()) if x not in taken
        )

    def legend(self) -> str:
        """Say what else stands in the formulas."""
        rows = f"N = {self.hierarchy.design.n_obs} rows"
        return f"{self.repeat_letter} = replicates ({self.repeats}), {rows}" if self.repeats else rows

    def rows(self) -> list[_Row]:
        """Write all rows."""
        rows = []
        for form in self.errors:
            stratum = stratum_name(form)
            rows += [self._treatment(self.fixed[name]) for name in self.treated[stratum]]
            rows.append(self._error(form, stratum))
        n = self.hierarchy.design.n_obs
        has_mean = any(not term.parts for term in self.hierarchy.design.terms)
        return [*rows, _Row(TOTAL, "total", "N - 1" if has_mean else "N", n - int(has_mean), None, None)]

    def _strata(self) -> list[str]:
        return [stratum_name(form) for form in self.errors]

    def _treatment(self, effect: Effect) -> _Row:
        form = self.hierarchy.form(effect)
        error = error_term(form.coefficients, self.errors)
        return _Row(
            effect.name,
            "treatment",
            self.hierarchy.degrees_text(effect),
            form.df,
            self._error_name(error),
            self._ems(form),
        )

    def _error(self, form: QuadraticForm, stratum: str) -> _Row:
        is_residual = form.kind == "residual"
        is_error = is_residual or bool(self.treated[stratum])
        source = ERROR if is_residual else f"{ERROR}({stratum})" if is_error else stratum
        formula = (
            self._residual_text(form) if is_residual else self.hierarchy.degrees_text(self.random[stratum])
        )
        return _Row(source, "error" if is_error else "design", formula, form.df, None, self._ems(form))

    def _error_name(self, error: ErrorTerm | None) -> str | None:
        """Row of the shell that a term is tested against."""
        if error is None:
            return None
        if not error.is_proper:
            return error.text
        form = self.errors[int(np.argmax(error.weights))]
        stratum = stratum_name(form)
        if form.kind == "residual":
            return ERROR
        return f"{ERROR}({stratum})" if self.treated[stratum] else stratum

    def _ems(self, form: QuadraticForm) -> str | None:
        if not form.df:
            return None
        effects = self._random()
        names = [self.hierarchy.symbol(e) or e.name for e in effects]
        symbols = [self._coefficient(e, k) for e, k in zip(effects, form.coefficients, strict=False)]
        return expectation(form, [*names, self.hierarchy.anova.names[-1]], [*symbols, "1"])

    def _random(self) -> list[Effect]:
        return sorted(self.random.values(), key=lambda e: e.position)

    def _coefficient(self, effect: Effect, k: float) -> str:
        """Write a coefficient as a product of letters, where it is one."""
        hierarchy = self.hierarchy
        if hierarchy.crossing is None:
            return coefficient_text(k)
        inside = [
            hierarchy.letters[x] for x in hierarchy.crossing[0] if not hierarchy.is_known_within(effect, x)
        ]
        size = prod(hierarchy.sizes[letter] for letter in inside) * (self.repeats or 1)
        if abs(k - size) > _SAME * size:
            return coefficient_text(k)
        return " ".join([*inside, *([self.repeat_letter] if self.repeats else [])]) or "1"

    def _residual_text(self, form: QuadraticForm) -> str | None:
        """All rows minus what the terms take; a product where there are no replicates."""
        hierarchy = self.hierarchy
        fixed = Polynomial({(): 1 if any(not term.parts for term in hierarchy.design.terms) else 0})
        random, twice = [], []  # what random terms share with fixed ones that are confounded with them
        for effect in hierarchy.effects:
            degrees = hierarchy.degrees(effect)
            if effect.kind == "fixed":
                fixed = fixed + degrees
            else:
                random.append(degrees)
                twice += [hierarchy.degrees(other) for other in hierarchy.confounded(effect)]
        whole = sum(random, start=fixed) - sum(twice, start=Polynomial({}))
        if hierarchy.design.n_obs - whole.value(hierarchy.sizes) != form.df:
            return None
        if hierarchy.crossing is not None and not self.repeats:
            rows = Polynomial({tuple(hierarchy.letters[x] for x in hierarchy.crossing[0]): 1})
            if (rows - whole).product():
                return (rows - whole).product()
        parts = [whole] if whole.is_monomial else [fixed, *random]
        text = " - ".join(["N", *(part.subtracted() for part in parts)])
        return text if whole.is_monomial else " + ".join([text, *(part.subtracted() for part in twice)])


def _unit_notes(units: Sequence[Unit]) -> list[str]:
    """One sentence for each kind of unit."""
    notes = []
    for name in dict.fromkeys(unit.name for unit in units):
        own = [unit for unit in units if unit.name == name]
        what = f"one {OBSERVATION}" if name == OBSERVATION else name
        counts = ", ".join(str(u.fewest) if u.fewest == u.most else f"{u.fewest} to {u.most}" for u in own)
        terms = ", ".join(unit.term for unit in own)
        notes.append(
            f"Experimental unit of {terms}: {what} ({own[0].n_units} in all; {counts} for each level)."
        )
    return notes


def _unit_table(units: Sequence[Unit]) -> Table:
    columns = {name: [getattr(unit, field) for unit in units] for name, field in _UNIT_COLUMNS.items()}
    return Table(columns, title="Experimental units")


_UNIT_COLUMNS = {"term": "term", "unit": "name", "n_units": "n_units", "fewest": "fewest", "most": "most"}
