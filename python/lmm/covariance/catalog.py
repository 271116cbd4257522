"""The one list of covariance structures."""

from __future__ import annotations

from lmm.covariance.ar1 import Autoregressive
from lmm.covariance.cs import CompoundSymmetry, HeterogeneousCompoundSymmetry
from lmm.covariance.diag import Diagonal
from lmm.covariance.family import Structure
from lmm.covariance.us import Unstructured
from lmm.errors import UnsupportedError

_FAMILIES: tuple[Structure, ...] = (
    Unstructured(),
    Diagonal(),
    CompoundSymmetry(),
    HeterogeneousCompoundSymmetry(),
    Autoregressive(),
)

CATALOG: dict[str, Structure] = {family.name: family for family in _FAMILIES}


def structure(name: str) -> Structure:
    """Look a structure up by its name.

    Raises
    ------
    UnsupportedError
        If the catalog has no such row.

    Examples
    --------
    >>> structure("diag").n_theta(3)
    3
    """
    if name not in CATALOG:
        raise UnsupportedError(
            f"There is no covariance structure {name!r}. Available are {', '.join(CATALOG)}."
        )
    return CATALOG[name]
