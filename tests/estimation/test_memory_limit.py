"""memory_limit= of a fit: what needs more is refused before it is made, by what it is."""

import numpy as np
import pytest

import lmm
from lmm.errors import DesignError, LmmError, OutOfMemoryError


def crossed(n, levels, seed=1):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, levels, (2, n))
    return {
        "y": rng.normal(size=n),
        "x": rng.normal(size=n),
        "a": [f"a{i}" for i in a],
        "b": [f"b{i}" for i in b],
    }


def test_a_generous_limit_changes_nothing():
    data = crossed(2000, 40)
    fit = lmm.fit("y ~ x + (1 | a) + (1 | b)", data)
    same = lmm.fit("y ~ x + (1 | a) + (1 | b)", data, control={"memory_limit": "1GB"})
    assert same.criterion == fit.criterion
    np.testing.assert_array_equal(same.beta, fit.beta)


def test_effects_that_stay_together_are_named():
    data = crossed(40_000, 900)
    wanted = r"about \d+ MB of memory, and memory_limit= allows 8 MB; .* 900 effects that stay together"
    with pytest.raises(OutOfMemoryError, match=wanted):
        lmm.fit("y ~ x + (1 | a) + (1 | b)", data, control=lmm.Control(memory_limit="8MB"))


def test_rows_are_named():
    data = crossed(60_000, 5)
    with pytest.raises(OutOfMemoryError, match=r"memory_limit= allows 2 MB; most of it are the rows"):
        lmm.fit("y ~ x + (1 | a)", data, control={"memory_limit": 2e6})


def test_fixed_columns_are_refused_before_they_are_made():
    data = crossed(20_000, 2000)
    with pytest.raises(DesignError, match="as memory_limit= allows"):
        lmm.fit("y ~ a", data, control={"memory_limit": "10 MB"})
    # The limit ends with the fit.
    assert lmm.fit("y ~ x + (1 | a)", data).n_obs == 20_000


def test_a_sparse_factor_where_a_full_one_does_not_fit():
    """400 levels of b that meet few others: below the size where a sparse factor is looked for by itself."""
    rng = np.random.default_rng(2)
    b = np.repeat(np.arange(400), 5)
    a = (b + rng.integers(0, 2, b.size)) % 401
    data = {"y": rng.normal(size=b.size), "a": [f"a{i}" for i in a], "b": [f"b{i}" for i in b]}
    full = lmm.fit("y ~ 1 + (1 | a) + (1 | b)", data)
    tight = lmm.fit("y ~ 1 + (1 | a) + (1 | b)", data, control={"memory_limit": "3MB"})
    assert "sparse" in str(tight.certificate)
    assert "sparse," not in str(full.certificate)
    assert tight.criterion == pytest.approx(full.criterion, rel=1e-12)


@pytest.mark.parametrize("value", ["4 potatoes", "", 0, -1, True, float("nan"), [1], "1e400GB", "GB"])
def test_what_is_no_amount_of_memory(value):
    with pytest.raises(LmmError, match="memory_limit must be a number of bytes"):
        lmm.Control(memory_limit=value)
