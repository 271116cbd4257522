"""Hypotheses of types 1, 2 and 3: the same in balanced data, and invariant to coding."""

import numpy as np
import pytest

import lmm
from lmm.inference.contrast.of_terms import type_1, type_2, type_3
from tests.inference.models import balanced_split_plot


def space(rows):
    """Projection on the span of rows."""
    Q = np.linalg.svd(rows)[2][: np.linalg.matrix_rank(rows)]
    return Q.T @ Q


def test_balanced_data_have_one_hypothesis_for_each_term():
    fit = lmm.fit("y ~ a * b + (1 | block/a)", balanced_split_plot(2, 4, 3, 2))
    V = fit.vcov
    root = np.linalg.cholesky(V)
    for one, two, three in zip(type_1(fit), type_2(fit), type_3(fit), strict=True):
        for other in (two, three):
            np.testing.assert_allclose(space(one.contrast @ root), space(other.contrast @ root), atol=1e-8)


@pytest.mark.parametrize("contrasts", ["sum", "helmert"])
def test_statistics_do_not_depend_on_the_coding(contrasts):
    data = balanced_split_plot(3, 4, 3, 2)
    data = {name: values[2:] for name, values in data.items()}
    plain = lmm.fit("y ~ a * b + (1 | block/a)", data).anova(type=3)
    coded = lmm.fit("y ~ a * b + (1 | block/a)", data, contrasts=contrasts).anova(type=3)
    np.testing.assert_allclose(coded["f_value"], plain["f_value"], rtol=1e-6)
