"""Traces of products of two blocks of Z'V⁻¹Z against the dense matrix."""

from itertools import pairwise

import numpy as np
import pytest

from lmm.inference.algebra.gram import GramInverse
from lmm.inference.algebra.traces import Traces
from tests.inference.algebra.test_gram import turned
from tests.inference.models import RANDOM_PARTS, quietly, random_table


@pytest.mark.parametrize("shape", RANDOM_PARTS)
def test_single_and_double_traces(shape):
    fit = quietly(f"y ~ x + {RANDOM_PARTS[shape]}", random_table(4))
    effects, A, S = turned(fit)
    B = A @ np.linalg.inv(np.eye(len(A)) + S @ A)
    found = Traces(GramInverse(effects))
    sizes = [fit.internals.design.random[i].block.n_columns for i in effects.order]
    ends = np.cumsum([0, *(fit.internals.design.random[i].block.n_effects for i in effects.order)])
    spans = [slice(a, b) for a, b in pairwise(ends)]
    correlated = [fit.internals.design.random[i].structure.is_correlated for i in effects.order]
    for a, (k, span) in enumerate(zip(sizes, spans, strict=True)):
        own = B[span, span].reshape(-1, k, (span.stop - span.start) // k, k)
        summed = np.einsum("lrls->rs", own)
        used = np.ones((k, k), dtype=bool) if correlated[a] else np.eye(k, dtype=bool)
        np.testing.assert_allclose(found.single[a][used], summed[used], rtol=1e-8, atol=1e-10)
        for b, (m, other) in enumerate(zip(sizes, spans, strict=True)):
            block = B[span, other].reshape(-1, k, (other.stop - other.start) // m, m)
            pairs = np.einsum("lrjt,lsju->rstu", block, block)
            wanted = found.double[a][b]
            for r in range(k):
                for t in range(m):
                    np.testing.assert_allclose(wanted[r, r, t, t], pairs[r, r, t, t], rtol=1e-8, atol=1e-10)
