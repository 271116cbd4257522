"""The one list of covariance structures."""

from __future__ import annotations

from lmm.covariance.diag import Diagonal
from lmm.covariance.family import Structure
from lmm.covariance.us import Unstructured
from lmm.errors import UnsupportedError

CATALOG: dict[str, Structure] = {family.name: family for family in (Unstructured(), Diagonal())}


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
