"""Tensor products of interactions only: every margin has mean zero, so that main effects are left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from lmm.bases.basis import Covariate, Settings
from lmm.bases.products.margins import LearnBasis, at_values, learn_margins, without_mean
from lmm.bases.products.te import TensorProduct, product_of, term_called
from lmm.errors import ArgumentError, brief

__all__ = ["TensorInteraction", "learn"]


class TensorInteraction(TensorProduct):
    """As `te`, without the functions of fewer covariates."""

    name: ClassVar[str] = "ti"


def learn(covariates: Sequence[Covariate], settings: Settings, learn_basis: LearnBasis) -> TensorInteraction:
    """Learn a tensor product without main effects from data.

    ``mc`` in ``settings.extra`` says for each margin whether it is to have mean zero (the default).

    Raises
    ------
    ArgumentError, DataError
        If the numbers of margins do not fit together, or a margin cannot be learned.

    Examples
    --------
    >>> import numpy as np
    >>> from lmm.bases.catalog import learn_basis
    >>> x, z = (Covariate(name, np.linspace(0.0, 1.0, 21)) for name in "xz")
    >>> learn([x, z], Settings(k=(4, 5)), learn_basis).k
    12
    """
    called = term_called("ti", covariates)
    margins = learn_margins(covariates, settings, learn_basis, called)
    centred = settings.extra.get("mc", True)
    wanted = list(centred) if isinstance(centred, list | tuple) else [centred] * len(margins)
    if len(wanted) != len(margins) or any(wish not in {True, False} for wish in wanted):
        raise ArgumentError(
            f"{called} has {len(margins)} margins, and mc= says for each whether it has mean zero: True or False, not"
            f" {brief(centred)}."
        )
    margins = [
        without_mean(margin, covariates) if wish else margin
        for margin, wish in zip(margins, wanted, strict=True)
    ]
    if settings.extra.get("np", True):
        margins = [at_values(margin, covariates) for margin in margins]
    learned = product_of(margins, covariates, TensorInteraction, is_centred=not any(wanted))
    assert isinstance(learned, TensorInteraction)
    return learned
