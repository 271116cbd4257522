"""The fitted model."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any

from lmm.elsewhere import OF_FIT, unknown_name
from lmm.model.estimates import Estimates
from lmm.model.files import storage
from lmm.model.questions import Questions
from lmm.model.tables import printing


class Fit(Estimates, Questions):
    """A fitted linear mixed model; nothing in it ever changes.

    Made by `lmm.fit`. The numbers are attributes (see `Estimates`), the methods make tables,
    predictions and other fits of them.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> fit.beta.round(3), round(fit.sigma, 3), fit.n_levels
    (array([251.405,  10.467]), 25.592, {'Subject': 18})
    """

    __slots__ = ()

    @property
    def edf(self) -> float:
        """Effective degrees of freedom of fixed, smooth and random effects: the trace of the matrix of `fitted`."""
        from lmm.inference import total_edf

        return total_edf(self)

    if not TYPE_CHECKING:  # checkers of types should go on to find misspelt names

        def __getattr__(self, name: str) -> Any:
            known = dir(type(self))
            if name in known:
                # A property failed: its own error is the useful one.
                return object.__getattribute__(self, name)
            raise unknown_name("A fit", name, known, OF_FIT)

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(
            f"a fit never changes, {name} cannot be set; fit.update() and fit.refit() make other fits"
        )

    def __repr__(self) -> str:
        return printing.short_text(self)

    def _repr_html_(self) -> str:
        return printing.short_html(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return storage.from_bytes, (storage.to_bytes(self, small=False),)
