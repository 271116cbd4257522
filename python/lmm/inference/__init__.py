"""Inference: every test, degree of freedom and interval that is made of a fit.

There is one door. `row_tests` tests the rows of a contrast each by itself, `joint_test` all together; whatever
prints a t, an F or a p builds a contrast and comes here. `contrast_test` and `coefficients` are the same as tables.
`catalog` lists the methods for degrees of freedom, one file each.
"""

from __future__ import annotations

from lmm.inference.between_within import BetweenWithin
from lmm.inference.catalog import Df, df_method
from lmm.inference.cluster_robust import ClusterRobust
from lmm.inference.containment import Containment
from lmm.inference.door import JointTest, RowTests, Vcov, joint_test, row_tests
from lmm.inference.kenward_roger import KenwardRoger
from lmm.inference.method import DfMethod
from lmm.inference.satterthwaite import Satterthwaite
from lmm.inference.tables import coefficients, contrast_test

__all__ = [
    "BetweenWithin",
    "ClusterRobust",
    "Containment",
    "Df",
    "DfMethod",
    "JointTest",
    "KenwardRoger",
    "RowTests",
    "Satterthwaite",
    "Vcov",
    "coefficients",
    "contrast_test",
    "df_method",
    "joint_test",
    "row_tests",
]
