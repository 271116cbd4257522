"""Designed experiments, in the words of their users: experimental units, error strata, expected mean squares.

``anova_shell`` lays out the analysis before there are data (`lmm.shell`): ``plan`` reads sizes or a field plan,
``structure`` finds what is nested in what and the unit of each treatment, ``degrees`` writes degrees of freedom as
formulas, ``cautions`` warns, ``hasse`` and ``diagram`` draw.

``strata_table`` is the analysis of variance by error strata (`lmm.strata`): sums of squares come from
`lmm.estimation`, ``orthogonality`` places each term in a stratum, ``mean_squares`` finds its error term and writes
expectations, ``duplicates`` refuses plots entered twice.

``component_table`` puts moments, REML and ML side by side (`lmm.components`), with the ``intervals`` of
Satterthwaite or of modified large samples.

- σ²_ε is the residual variance, φ²(A) a quadratic form of the fixed effects of A.
- Strata are the spaces that the random terms add one after the other, coarse before fine; the last one is ``Within``.
- Correlated random effects have no mean squares and are refused; ``(x || g)`` has one component for each column.
"""

from lmm.experiments.anova_shell import Shell, shell
from lmm.experiments.component_table import components
from lmm.experiments.designed import designed_experiment
from lmm.experiments.hasse import Hasse, HasseNode
from lmm.experiments.strata_table import Strata, strata

__all__ = ["Hasse", "HasseNode", "Shell", "Strata", "components", "designed_experiment", "shell", "strata"]
