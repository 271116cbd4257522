"""Fits of the same rows with another criterion, or with something left out; the table is not needed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lmm.design import Design, RandomPart, one_sided
from lmm.design.matrix import learn_matrix
from lmm.design.rank import independent_columns
from lmm.errors import LmmError
from lmm.inference.per_fit import per_fit
from lmm.model.fitting import fit_design

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["by_ml", "with_random", "without_term"]


def by_ml(fit: Fit) -> Fit:
    """Fit by maximum likelihood: the fit itself if it is one."""
    return fit if fit.method == "ml" else _by_ml(fit)


@per_fit
def _by_ml(fit: Fit) -> Fit:
    return fit_design(replace(fit.internals.request, method="ml"), fit.internals.spec, fit.internals.design)


def without_term(fit: Fit, term: str) -> Fit:
    """Fit by maximum likelihood without a fixed term; the others are coded as the formula without it says."""
    design = fit.internals.design
    text = one_sided([other for other in design.terms if other.name != term], design.model_frame)
    spec, X = learn_matrix(text, fit.internals.spec.evaluator(design.model_frame), fit.internals.spec.fixed)
    X = np.hstack([X, design.X[:, design.n_parametric :]])
    smaller = replace(
        design,
        X=X,
        names=(*spec.names, *fit.internals.spec.smooths.names),
        terms=spec.terms,
        factors=spec.factors,
        kept=independent_columns(X, design.weights),
    )
    return fit_design(replace(fit.internals.request, method="ml"), fit.internals.spec, smaller)


def with_random(fit: Fit, random: tuple[RandomPart, ...], columns: Collection[int] = ()) -> Fit:
    """Fit again with these parts of Z and without some columns of X, from the default start."""
    if fit.internals.request.theta is not None:
        raise LmmError(
            "Some parameters of this fit were given as theta=: with other random terms they have no meaning. "
            "Fit without theta=."
        )
    design: Design = replace(fit.internals.design, random=random)
    if columns:
        kept = [j for j in range(design.X.shape[1]) if j not in columns]
        X = np.ascontiguousarray(design.X[:, kept])
        names = tuple(design.names[j] for j in kept)
        design = replace(design, X=X, names=names, kept=independent_columns(X, design.weights))
    return fit_design(replace(fit.internals.request, start=None, theta=None), fit.internals.spec, design)
