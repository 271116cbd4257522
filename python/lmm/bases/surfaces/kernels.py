"""Functions of distance: powers of thin plates, correlations of Gaussian processes, with their derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lmm.typing import FloatArray

__all__ = ["CORRELATIONS", "Correlation", "Kernel", "Power"]

CORRELATIONS = {
    1: "spherical",
    2: "exponential",
    3: "Matérn 3/2",
    4: "Matérn 5/2",
    5: "Matérn 7/2",
}
"""Types of correlation by the number that ``m=`` takes."""


class Kernel(Protocol):
    """A function φ of distance r.

    With g(r) = φ'(r)/r and h(r) = g'(r)/r the derivatives of φ(|δ|) along one coordinate are g δ and h δ² + g.
    Where these have no limit at r = 0, they are 0 there.
    """

    @property
    def smoothness(self) -> int:
        """Largest order of derivatives, 0, 1 or 2; a jump at r = 0 counts as a derivative."""

    def values(self, r: FloatArray) -> FloatArray:
        """φ(r)."""

    def slopes(self, r: FloatArray) -> FloatArray:
        """g(r)."""

    def bends(self, r: FloatArray) -> FloatArray:
        """h(r)."""


@dataclass(frozen=True)
class Power:
    """c r^p of odd p, or c r^p log r of even p.

    Attributes
    ----------
    exponent
        p, at least 1.
    factor
        c.
    """

    exponent: int
    factor: float = 1.0

    @property
    def smoothness(self) -> int:
        """See `Kernel`."""
        return min(self.exponent - 1 if self._has_logarithm else self.exponent, 2)

    @property
    def _has_logarithm(self) -> bool:
        return self.exponent % 2 == 0

    def values(self, r: FloatArray) -> FloatArray:
        """See `Kernel`."""
        return self._form(r, self.exponent, 1.0, 0.0)

    def slopes(self, r: FloatArray) -> FloatArray:
        """See `Kernel`."""
        p = self.exponent
        return self._form(r, p - 2, p, 1.0)

    def bends(self, r: FloatArray) -> FloatArray:
        """See `Kernel`."""
        p = self.exponent
        return self._form(r, p - 4, p * (p - 2), 2.0 * p - 2.0)

    def _form(self, r: FloatArray, power: int, times: float, plus: float) -> FloatArray:
        """Evaluate c r^power (times log r + plus), without the logarithm c r^power times; 0 at r = 0."""
        if power < 0:
            positive = np.where(r > 0.0, r, 1.0)
            grown = np.where(r > 0.0, self.factor / positive**-power, 0.0)
        else:
            # Products are several times faster than a power.
            grown = np.where(r > 0.0, self.factor, 0.0) if power == 0 else self.factor * r
            for _ in range(power - 1):
                grown = grown * r
        if not self._has_logarithm:
            return np.asarray(grown * times)
        return np.asarray(grown * (times * np.log(np.where(r > 0.0, r, 1.0)) + plus))


@dataclass(frozen=True)
class Correlation:
    """Correlation of a Gaussian process at distance r.

    Attributes
    ----------
    kind
        Key of `CORRELATIONS`.
    scale
        The range: distances are divided by it.
    power
        Of the exponential, exp(-(r/scale)^power); above 0, at most 2.
    """

    kind: int
    scale: float
    power: float = 1.0

    @property
    def smoothness(self) -> int:
        """See `Kernel`."""
        if self.kind == 1:
            return 1
        if self.kind == 2:
            return 2 if self.power == 2.0 else int(self.power >= 1.0)
        return 2

    def values(self, r: FloatArray) -> FloatArray:
        """See `Kernel`."""
        t = r / self.scale
        if self.kind == 1:
            return np.asarray(np.where(t <= 1.0, 1.0 - 1.5 * t + 0.5 * t**3, 0.0))
        if self.kind == 2:
            return np.asarray(np.exp(-(t**self.power)))
        polynomial = {
            3: lambda: 1.0 + t,
            4: lambda: 1.0 + t + t * t / 3.0,
            5: lambda: 1.0 + t + 0.4 * t * t + t**3 / 15.0,
        }[self.kind]()
        return np.asarray(polynomial * np.exp(-t))

    def slopes(self, r: FloatArray) -> FloatArray:
        """See `Kernel`."""
        t, positive = r / self.scale, r > 0.0
        s = np.where(positive, t, 1.0)
        if self.kind == 1:
            found = np.where(positive & (t <= 1.0), 1.5 * s - 1.5 / s, 0.0)
        elif self.kind == 2:
            p = self.power
            found = np.where(positive | (p == 2.0), -p * s ** (p - 2.0) * np.exp(-(t**p)), 0.0)
        else:
            polynomial = {
                3: lambda: np.ones_like(t),
                4: lambda: (1.0 + t) / 3.0,
                5: lambda: 0.2 + 0.2 * t + t * t / 15.0,
            }[self.kind]()
            found = -polynomial * np.exp(-t)
        return np.asarray(found / self.scale**2)

    def bends(self, r: FloatArray) -> FloatArray:
        """See `Kernel`."""
        t, positive = r / self.scale, r > 0.0
        s = np.where(positive, t, 1.0)
        if self.kind == 1:
            found = np.where(positive & (t <= 1.0), 1.5 / s**3 + 1.5 / s, 0.0)
        elif self.kind == 2:
            p = self.power
            inner = (p - 2.0) * s ** (p - 4.0) - p * s ** (2.0 * p - 4.0)
            found = np.where(positive, -p * inner * np.exp(-(t**p)), 0.0)
        else:
            polynomial = {
                3: lambda: 1.0 / s,
                4: lambda: np.full_like(t, 1.0 / 3.0),
                5: lambda: (1.0 + t) / 15.0,
            }[self.kind]()
            found = np.where(positive, polynomial * np.exp(-t), 0.0)
        return np.asarray(found / self.scale**4)
