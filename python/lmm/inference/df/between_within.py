"""Between–within degrees of freedom, for grouping factors that are nested in each other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lmm.errors import UnsupportedError
from lmm.inference.df.by_term import ByTerm, kept_terms
from lmm.inference.per_fit import per_fit
from lmm.typing import FloatVector, IntVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["BetweenWithin", "is_constant", "nested_groups"]


@dataclass(frozen=True)
class BetweenWithin(ByTerm):
    """Levels of the grouping factor within which a term does not vary, less what is estimated there.

    Let the grouping factors be nested in each other, outermost first, with m_1 < m_2 < … levels; m_0 = 1 (0 without
    intercept), and the n rows are the last level. A term that is constant within the levels of factor i, and not
    within those of an outer one, has ``m_i - m_(i-1) - p_i`` degrees of freedom, p_i the number of coefficients of
    all such terms. With one grouping factor this is the rule of SAS (``ddfm=bw``), with several that of Pinheiro and
    Bates (2000, section 2.4.2); only the intercept has the degrees of freedom of the outermost factor, as in SAS.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("yield ~ Variety + nitro + (1 | Block/Variety)", lmm.datasets.load("Oats"))
    >>> lmm.coefficients(fit, df="between-within")["df"]
    array([ 5., 10., 10., 53.])
    """

    name: ClassVar[str] = "between-within"

    @property
    def label(self) -> str:
        return "between–within"

    def check(self, fit: Fit) -> None:
        nested_groups(fit)

    def term_df(self, fit: Fit) -> FloatVector:
        return _term_df(fit)


def nested_groups(fit: Fit) -> list[tuple[str, IntVector]]:
    """Names and codes (n,) of the grouping factors, outermost first.

    Raises
    ------
    UnsupportedError
        If they are crossed, or a random term has no grouping factor.
    """
    groups: dict[str, IntVector] = {}
    for part in fit.internals.design.random:
        if not part.is_group:
            raise UnsupportedError(
                f'{part.described} and has no groups to be between or within. Use df="satterthwaite".'
            )
        groups.setdefault(part.group, part.level_of_row)
    ordered = sorted(groups.items(), key=lambda item: int(item[1].max()))
    for (outer, outer_codes), (inner, inner_codes) in pairwise(ordered):
        if not is_constant(outer_codes.astype(float), inner_codes):
            raise UnsupportedError(
                f"{inner} is not nested in {outer}: between and within need grouping factors in one nested chain. "
                'Use df="kenward-roger" or "satterthwaite".'
            )
    return ordered


@per_fit
def _term_df(fit: Fit) -> FloatVector:
    design = fit.internals.design
    codes = [own for _, own in nested_groups(fit)]
    sizes = [int(own.max()) + 1 for own in codes]
    intercept = next((i for i, term in enumerate(design.terms) if not term.parts), None)
    edges = np.array([int(intercept is not None), *sizes, fit.n_obs])
    kept = np.bincount(kept_terms(fit), minlength=len(design.terms))
    stratum = np.zeros(len(design.terms), dtype=np.int64)
    for i, term in enumerate(design.terms):
        columns = design.X[:, term.columns].T
        inside = (s for s, own in enumerate(codes) if all(is_constant(x, own) for x in columns))
        stratum[i] = next(inside, len(codes))
    counted = [i for i in range(len(design.terms)) if i != intercept]
    estimated = np.bincount(stratum[counted], weights=kept[counted], minlength=len(codes) + 1)
    by_stratum: FloatVector = np.diff(edges) - estimated
    return by_stratum[stratum]


def is_constant(x: FloatVector, codes: IntVector) -> bool:
    """Whether x (n,) does not vary within the levels."""
    first = np.zeros(int(codes.max()) + 1)
    first[codes[::-1]] = x[::-1]
    return bool((x == first[codes]).all())
