"""Estimated marginal means, their contrasts, trends and joint tests.

`emmeans` averages what the model predicts over a reference grid (``grid``, ``averaging``), and gives `Means`: linear
functions of the fixed effects with names. ``contrast`` makes other linear functions of them (``families``,
``contrasts``); ``test``, ``confint`` and ``letters`` read them. Each goes to the one door of inference for estimates,
standard errors and degrees of freedom, and to ``adjustments`` for several tests at once. `emtrends` has slopes for
means, `joint_tests` tests the terms of a model through their contrasts.
"""

from __future__ import annotations

from lmm.means.joint import joint_tests
from lmm.means.marginal_means import emmeans
from lmm.means.reading.arrows import comparison_arrows
from lmm.means.reading.lettering import pairs_of
from lmm.means.reading.tabulation import scaled
from lmm.means.result import Means
from lmm.means.trends import emtrends

__all__ = ["Means", "comparison_arrows", "emmeans", "emtrends", "joint_tests", "pairs_of", "scaled"]
