"""The chart of the compiled core in NumPy, from the structures' own derivatives."""

import numpy as np


class TwinChart:
    """The free parameters of a layout in the coordinates of the search."""

    def __init__(self, layout, values, free):
        self.layout, self.values, self.free = layout, np.asarray(values, float), np.asarray(free, bool)

    def eta(self, theta):
        return self.layout.to_search(theta)[self.free]

    def theta(self, eta):
        theta = self.layout.from_search(self._full(eta)).theta
        theta = np.where(self.layout.lower_bounds == 0.0, np.abs(theta), theta)
        return np.where(self.free, theta, self.values)

    def factors(self, eta):
        at = self.layout.from_search(self._full(eta)).theta
        return self.layout.factors(np.where(self.free, at, self.values))

    def moves(self, eta):
        at, theta = self._at(eta)
        found = []
        for number, (own, dS) in enumerate(self.layout.derivatives(theta)):
            moves = at.first[own][:, None, None] * dS
            found.extend([(number, moves[i])] for i in np.flatnonzero(self.free[own]))
        return found

    def bend(self, eta, M):
        at, theta = self._at(eta)
        bend = np.zeros((len(theta), len(theta)))
        both = zip(self.layout.derivatives(theta), self.layout.second(theta), M, strict=True)
        for (own, dS), ddS, m in both:
            slope, curved = np.einsum("kl,ikl->i", m, dS), np.einsum("kl,ijkl->ij", m, ddS)
            bend[own, own] = curved * np.outer(at.first[own], at.first[own]) + np.diag(slope * at.second[own])
        return bend[np.ix_(self.free, self.free)]

    def _at(self, eta):
        at = self.layout.from_search(self._full(eta))
        return at, np.where(self.free, at.theta, self.values)

    def _full(self, eta):
        full = self.layout.to_search(self.values)
        full[self.free] = eta
        return full
