"""The one list of bases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from lmm.bases.basis import Basis, Covariate, Settings
from lmm.bases.curves import ad, bs, cc, cp, cr, cs, ps, rk
from lmm.bases.levels import fs, mrf, re, sz
from lmm.bases.products import t2, te, ti
from lmm.bases.surfaces import ds, gp, sos, tp
from lmm.bases.surfaces.leading import LinePairs
from lmm.errors import ArgumentError, nearest

__all__ = ["CATALOG", "BasisRow", "learn_basis"]


@dataclass(frozen=True)
class BasisRow:
    """One row of the catalog.

    Attributes
    ----------
    learn
        Called with covariates and settings; behind them `learn_basis` where ``is_made_of_others``, and what finds
        pairs on a line where it ``has_pairs``.
    title
        In the user's words.
    most
        Largest number of covariates; None where any number goes.
    is_made_of_others
        Whether it learns bases of its own: tensor products, curves per level.
    has_pairs
        Whether it stands on eigenpairs of a power of distances.
    """

    learn: Callable[..., Basis]
    title: str
    most: int | None = 1
    is_made_of_others: bool = False
    has_pairs: bool = False


CATALOG: dict[str, BasisRow] = {
    "cr": BasisRow(cr.learn, "cubic regression spline"),
    "cs": BasisRow(cs.learn, "cubic regression spline that can shrink to zero"),
    "cc": BasisRow(cc.learn, "cyclic cubic regression spline"),
    "ps": BasisRow(ps.learn, "P-spline"),
    "cp": BasisRow(cp.learn, "cyclic P-spline"),
    "bs": BasisRow(bs.learn, "B-spline with derivative penalties"),
    "rk": BasisRow(rk.learn, "cubic spline by its reproducing kernel"),
    "ad": BasisRow(ad.learn, "adaptive P-spline"),
    "re": BasisRow(re.learn, "random effects", most=None),
    "tp": BasisRow(tp.learn, "thin plate regression spline", most=None, has_pairs=True),
    "ts": BasisRow(
        tp.learn_shrunken, "thin plate regression spline with shrinkage", most=None, has_pairs=True
    ),
    "gp": BasisRow(gp.learn, "Gaussian process", most=None),
    "ds": BasisRow(ds.learn, "Duchon spline", most=None, has_pairs=True),
    "sos": BasisRow(sos.learn, "spline on the sphere", most=2),
    "te": BasisRow(te.learn, "tensor product", most=None, is_made_of_others=True),
    "ti": BasisRow(ti.learn, "tensor product without main effects", most=None, is_made_of_others=True),
    "t2": BasisRow(t2.learn, "tensor product with separate penalties", most=None, is_made_of_others=True),
    "mrf": BasisRow(mrf.learn, "Markov random field"),
    "fs": BasisRow(fs.learn, "curves per level", most=None, is_made_of_others=True),
    "sz": BasisRow(sz.learn, "curves that sum to zero over levels", most=None, is_made_of_others=True),
}


def learn_basis(
    name: str, covariates: Sequence[Covariate], settings: Settings, line: LinePairs | None = None
) -> Basis:
    """Learn a basis from data.

    Parameters
    ----------
    name
        Its name in the catalog.
    covariates
        Columns of the rows that are fitted.
    settings
        What the user wrote.
    line
        Finds eigenpairs of points on a line faster than their matrix is built.

    Raises
    ------
    ArgumentError
        If the catalog has no such row, or the number of covariates does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> x = Covariate("x", np.linspace(0.0, 1.0, 21))
    >>> learn_basis("cr", [x], Settings(k=5)).k
    5
    >>> learn_basis("cR", [x], Settings())  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    lmm.errors.ArgumentError: There is no basis bs="cR". Did you mean "cr"? \
Available are cr, cs, ...
    """
    row = basis_row(name)
    if not covariates or (row.most is not None and len(covariates) > row.most):
        shown = ", ".join(covariate.name for covariate in covariates) or "none"
        raise ArgumentError(
            f'bs="{name}" ({row.title}) takes {"one covariate" if row.most == 1 else "covariates"}, not {shown}.'
            f' Smooths of several are written te(), or with a basis such as bs="tp".'
        )
    more: tuple[Any, ...] = (line,) if row.has_pairs else ()
    if row.is_made_of_others:
        more = (partial(learn_basis, line=line),)
    return row.learn(covariates, settings, *more)


def basis_row(name: str) -> BasisRow:
    """Look a basis up by its name.

    Raises
    ------
    ArgumentError
        If the catalog has no such row.
    """
    if name not in CATALOG:
        raise ArgumentError(
            f'There is no basis bs="{name}".{nearest(name, CATALOG)} Available are {", ".join(CATALOG)}.'
        )
    return CATALOG[name]
