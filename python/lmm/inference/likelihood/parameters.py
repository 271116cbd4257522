"""What intervals are computed for: standard deviations, correlations, sigma and fixed effects, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from lmm.engine import Held
from lmm.errors import LmmError, nearest
from lmm.table.naming import renamed, renaming_notes
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.covariance import Structure
    from lmm.design import RandomPart
    from lmm.model import Fit

__all__ = ["Parameter", "Terms", "naming_notes", "parameters", "select", "values_of"]

Kind: TypeAlias = Literal["sd", "correlation", "sigma", "beta"]

NOTHING = 1e-13
"""A relative standard deviation below this is the rounding of a zero."""

_GROUPS = ("theta_", "beta_")

Terms: TypeAlias = str | Sequence[str] | None
"""Names of parameters; ``"theta_"`` for all variance parameters, ``"beta_"`` for all fixed effects."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number that has an interval.

    Attributes
    ----------
    name
        As printed: ``sd_Days|Subject``, ``cor_Intercept.Days|Subject``, ``sigma``, or a coefficient.
    kind
        ``"sd"``, ``"correlation"``, ``"sigma"`` or ``"beta"``.
    term
        The random term.
    columns
        Of the random term, one or two; for ``"beta"`` the position among the fixed effects.
    coefficient
        What the fixed effect is called elsewhere: a column ``sigma`` has the parameter ``sigma_``.
    family
        Structure whose theta it is, multiplied by sigma, where no single column tells it; ``columns`` says which one.
    """

    name: str
    kind: Kind
    term: int = -1
    columns: tuple[int, ...] = ()
    coefficient: str = ""
    family: Structure | None = None

    @property
    def limits(self) -> tuple[float, float]:
        """Ends of the parameter space."""
        if self.kind == "correlation":
            return -1.0, 1.0
        return (-np.inf, np.inf) if self.kind == "beta" else (0.0, np.inf)

    @property
    def held(self) -> Held:
        """The parameter as the core is told to hold it."""
        first, second = (*self.columns, 0, 0)[:2]
        return self.kind, max(self.term, 0), first, second

    def squared_name(self) -> str:
        """Name of the variance."""
        if self.kind == "sigma":
            return "sigma^2"
        return "var" + self.name[2:] if self.kind == "sd" else self.name


def parameters(fit: Fit) -> tuple[Parameter, ...]:
    """List the parameters of a fit: each random term's in the order of `varcorr`, sigma, then fixed effects.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> [parameter.name for parameter in parameters(fit)][:4]
    ['sd_Intercept|Subject', 'sd_Days|Subject', 'cor_Intercept.Days|Subject', 'sigma']
    """
    found: list[Parameter] = []
    for t, part in enumerate(fit.internals.design.random):
        names, k = part.columns, len(part.columns)
        if not part.structure.is_linear:
            found += _of_structure(part, t)
            continue
        if part.is_smooth:
            own_names = fit.internals.criterion_function.layout.terms[t].names
            found += [Parameter(f"sd_{name}", "sd", t, (i,)) for i, name in enumerate(own_names)]
            continue
        found += [Parameter(f"sd_{names[i]}|{part.group}", "sd", t, (i,)) for i in range(k)]
        if part.structure.is_correlated:
            found += [
                Parameter(f"cor_{names[j]}.{names[i]}|{part.group}", "correlation", t, (j, i))
                for j in range(k)
                for i in range(j + 1, k)
            ]
    found.append(Parameter("sigma", "sigma"))
    own = [name for p in found for name in (p.name, p.squared_name())]
    fixed = [fit.internals.design.names[j] for j in fit.internals.design.kept]
    called = renamed([*own, *_GROUPS], fixed)
    found += [Parameter(called[name], "beta", columns=(j,), coefficient=name) for j, name in enumerate(fixed)]
    return tuple(found)


def naming_notes(chosen: Sequence[Parameter]) -> tuple[str, ...]:
    """Say which fixed effects have another name, as theirs is that of a variance parameter."""
    return renaming_notes({p.coefficient: p.name for p in chosen if p.coefficient})


def _of_structure(part: RandomPart, term: int) -> list[Parameter]:
    """List what a structure with few parameters has; its first two columns tell the correlation."""
    name, group = part.structure.name, part.group
    if not part.structure.tells_columns:
        labels = part.structure.natural_names(part.columns)
        called = (
            part.structure.names(group, part.columns) if part.is_smooth else [f"{x}|{group}" for x in labels]
        )
        return [Parameter(f"sd_{x}", "sd", term, (j,), "", part.structure) for j, x in enumerate(called)]
    if part.structure.is_heterogeneous:
        scales = [
            Parameter(f"sd_{column}|{group}", "sd", term, (i,)) for i, column in enumerate(part.columns)
        ]
    else:
        scales = [Parameter(f"sd_{name}|{group}", "sd", term, (0,))]
    return [*scales, Parameter(f"cor_{name}|{group}", "correlation", term, (0, 1))]


def select(fit: Fit, terms: Terms) -> tuple[Parameter, ...]:
    """Look parameters up by name; names of variances (``var_...``, ``sigma^2``) mean the same parameters.

    Raises
    ------
    LmmError
        If a name belongs to no parameter.
    """
    known = parameters(fit)
    if terms is None:
        return known
    wanted = [terms] if isinstance(terms, str) else list(terms)
    by_name = {p.squared_name(): (p,) for p in known} | {p.name: (p,) for p in known}
    fixed = tuple(p for p in known if p.kind == "beta")
    groups = dict(zip(_GROUPS, (tuple(p for p in known if p.kind != "beta"), fixed), strict=True))
    chosen: dict[Parameter, None] = {}
    for name in wanted:
        found = by_name.get(name) or groups.get(name)
        if found is None:
            names = [p.name for p in known]
            raise LmmError(
                f"terms= names {name!r}, which is not a parameter of this fit; it has {', '.join(names)} "
                f'(or "theta_" for all variance parameters, "beta_" for all fixed effects).'
                f"{nearest(str(name), [*by_name, *groups])}"
            )
        chosen |= dict.fromkeys(found)
    return tuple(chosen)


def values_of(
    chosen: Sequence[Parameter], T: Sequence[FloatMatrix], sigma: float, beta: FloatVector
) -> FloatVector:
    """Compute the parameters; a correlation with an effect of no variance is missing."""
    lengths = [np.linalg.norm(factor, axis=1) for factor in T]
    found = np.full(len(chosen), np.nan)
    for n, parameter in enumerate(chosen):
        if parameter.kind == "sigma":
            found[n] = sigma
        elif parameter.kind == "beta":
            found[n] = beta[parameter.columns[0]]
        elif parameter.family is not None:
            found[n] = sigma * parameter.family.theta(T[parameter.term])[parameter.columns[0]]
        elif parameter.kind == "sd":
            found[n] = sigma * lengths[parameter.term][parameter.columns[0]]
        else:
            first, second = (T[parameter.term][i] for i in parameter.columns)
            own = lengths[parameter.term][list(parameter.columns)]
            if own.min() > NOTHING:
                found[n] = np.clip(first @ second / own.prod(), -1.0, 1.0)
    return found
