"""The distribution of the response, as `lmm.fit` is asked for it."""

from __future__ import annotations

from dataclasses import dataclass

from lmm.arguments import built_from, one_of, texts, whole_number
from lmm.elsewhere import not_here
from lmm.errors import ArgumentError, brief, near_name

__all__ = ["Family", "checked_family"]

LINKS = {
    "gaussian": ("identity", "log", "inverse"),
    "binomial": ("logit", "probit", "cloglog"),
    "poisson": ("log", "sqrt", "identity"),
    "nbinom2": ("log", "sqrt"),
    "nbinom1": ("log",),
    "gamma": ("log", "inverse", "identity"),
    "inverse_gaussian": ("log", "inverse_square", "identity"),
    "beta": ("logit", "probit", "cloglog"),
    "beta_binomial": ("logit",),
    "ordinal": ("logit", "probit", "cloglog"),
    "truncated_poisson": ("log",),
    "truncated_nbinom2": ("log",),
    "tweedie": ("log",),
    "student_t": ("identity",),
}
"""Links of each family, the default first."""

_ALIASES = {
    "normal": "gaussian",
    "negative_binomial": "nbinom2",
    "Gamma": "gamma",
    "inverse.gaussian": "inverse_gaussian",
}


@built_from(name=texts, nagq=whole_number(0))
@dataclass(frozen=True, slots=True)
class Family:
    """Distribution of the response given the random effects, with its link.

    Parameters
    ----------
    name : str
        ``"gaussian"``, the linear mixed model. The families of generalized models (``"binomial"``, ``"poisson"``,
        ``"nbinom2"``, ``"gamma"`` and others) have their names here already; a fit refuses them, and says who has them.
    link : str, optional
        By default the first of the family: ``"identity"`` for the Gaussian one.
    dispersion, zero_inflation : str, optional
        Formulas of further linear predictors, ``"~ x"``: planned.
    nagq : int
        Points of adaptive Gauss–Hermite quadrature; 1 is Laplace's approximation. The linear model is exact and takes
        no other.

    Raises
    ------
    ArgumentError
        If there is no such family or link.

    Examples
    --------
    >>> import lmm
    >>> lmm.Family("gaussian").link
    'identity'
    >>> lmm.Family("poison")
    Traceback (most recent call last):
    lmm.errors.ArgumentError: There is no family "poison". Did you mean "poisson"?
    """

    name: str = "gaussian"
    link: str | None = None
    dispersion: str | None = None
    zero_inflation: str | None = None
    nagq: int = 1

    def __post_init__(self) -> None:
        name = _ALIASES.get(self.name, self.name)
        if name not in LINKS:
            near = near_name(name, list(LINKS))
            hint = f' Did you mean "{near}"?' if near else f" There are {', '.join(LINKS)}."
            raise ArgumentError(f'There is no family "{brief(name)}".{hint}')
        object.__setattr__(self, "name", name)
        link = LINKS[name][0] if self.link is None else one_of(*LINKS[name])(self.link, "link")
        object.__setattr__(self, "link", link)
        for part in ("dispersion", "zero_inflation"):
            text = getattr(self, part)
            if text is not None and not (isinstance(text, str) and text.lstrip().startswith("~")):
                raise ArgumentError(f'{part}= must be a formula such as "~ x", not {brief(text)}.')

    @property
    def is_linear(self) -> bool:
        """Whether it is the Gaussian family with the identity link and one variance."""
        plain = self.dispersion is None and self.zero_inflation is None
        return self.name == "gaussian" and self.link == "identity" and plain


def checked_family(family: Family | str | None) -> Family:
    """Read the argument ``family``: an object, ``"name"`` or ``"name(link)"``.

    Raises
    ------
    ArgumentError
        If there is no such family or link.
    UnsupportedError
        If it is not the linear model.

    Examples
    --------
    >>> checked_family(None).name, checked_family("gaussian(identity)").link
    ('gaussian', 'identity')
    """
    if family is None:
        return Family()
    if isinstance(family, str):
        name, bracket, rest = family.strip().partition("(")
        family = Family(name.strip(), rest.rstrip().removesuffix(")").strip() if bracket else None)
    if not isinstance(family, Family):
        raise ArgumentError(
            f'family= must be a name such as "gaussian", or lmm.Family(...), not {brief(family)}.'
        )
    if not family.is_linear:
        raise not_here(_called(family), "family")
    if family.nagq != 1:
        raise ArgumentError(
            "nagq= has no meaning for the linear mixed model, whose likelihood is exact. Leave it out."
        )
    return family


def _called(family: Family) -> str:
    for part in ("dispersion", "zero_inflation"):
        if getattr(family, part) is not None:
            return f"{part}= of a family"
    default = family.link == LINKS[family.name][0]
    return f'family="{family.name}"' if default else f'family="{family.name}({family.link})"'
