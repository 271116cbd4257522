"""R's names for coefficients, groups and levels, in our words.

Coefficients: ``(Intercept)`` is ``Intercept``; the level of a factor, written after the factor's name, is
``factor[T.level]``, or ``factor[level]`` where the factor has a column for every level; products of columns
stay joined by colons; ``I(x^2)`` is ``I(x ** 2)``. Groups: ``b:a`` of the formula ``a/b`` is ``a:b``, and the
parts of its levels are exchanged alike.
"""

import pandas as pd


def coefficient(name, frame, full=()):
    """Translate a coefficient of R; the factors in ``full`` have a column for every level."""
    if name == "(Intercept)":
        return "Intercept"
    return ":".join(_piece(piece, frame, full) for piece in name.split(":"))


def _piece(piece, frame, full):
    if piece in frame:
        return piece
    for factor in frame:
        if isinstance(frame[factor].dtype, pd.CategoricalDtype) and piece.startswith(factor):
            level = piece.removeprefix(factor)
            if level in frame[factor].cat.categories:
                return f"{factor}[{level}]" if factor in full else f"{factor}[T.{level}]"
    return piece.replace("^", " ** ")


def group(name, ours):
    """Find R's grouping factor among ours: the one that is made of the same factors."""
    return next(candidate for candidate in ours if sorted(candidate.split(":")) == sorted(name.split(":")))


def level(label, theirs, ours):
    """Exchange the parts of a level of R's group ``theirs`` as our group ``ours`` has them."""
    part = dict(zip(theirs.split(":"), label.split(":"), strict=True))
    return ":".join(part[factor] for factor in ours.split(":"))


def groups_of_theta(case):
    """R's group of each theta, from its names ``group.column.column``."""
    return [
        max((g for g in case["ngrps"] if name.startswith(f"{g}.")), key=len) for name in case["theta_names"]
    ]


def theta_in_our_order(case, fit):
    """R's theta with the terms in the order of the formula."""
    ours = list(fit.n_levels)
    place = [ours.index(group(name, ours)) for name in groups_of_theta(case)]
    order = sorted(range(len(place)), key=place.__getitem__)  # stable: elements of a term stay in order
    return [case["theta"][index] for index in order]
