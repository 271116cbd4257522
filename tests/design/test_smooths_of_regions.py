"""Maps in formulas: regions of other data are looked up on the map, not among the rows of the fit."""

import numpy as np
import pytest

import lmm
from lmm.errors import DataError

RING = {str(i): [str((i - 1) % 12), str((i + 1) % 12)] for i in range(12)}
FORMULA = 'y ~ s(site, bs="mrf", nb=ring)'
KINDS = {
    "text": lambda sites: np.array([str(site) for site in sites]),
    "integers": np.array,
    "floats": lambda sites: np.array(sites, dtype=float),
}


def fitted(kind):
    rng = np.random.default_rng(2)
    sites = [site for site in range(12) if site not in {3, 7}] * 4
    y = np.sin(np.array(sites) * np.pi / 6.0) + 0.2 * rng.normal(size=len(sites))
    return lmm.fit(FORMULA, {"site": kind(sites), "y": y}, smooths={"ring": RING})


@pytest.mark.parametrize("kind", KINDS)
def test_a_region_without_data_is_the_mean_of_its_neighbours(kind):
    fit, write = fitted(KINDS[kind]), KINDS[kind]
    three = np.asarray(fit.predict({"site": write([2, 3, 4])}))
    assert three[1] == pytest.approx((three[0] + three[2]) / 2.0)
    alone = np.asarray(fit.predict({"site": write([3])}))
    assert alone[0] == pytest.approx(three[1])


@pytest.mark.parametrize("kind", KINDS)
def test_a_region_that_is_not_on_the_map_is_named(kind):
    fit = fitted(KINDS[kind])
    with pytest.raises(DataError, match='site holds "55", which the map'):
        fit.predict({"site": KINDS[kind]([1, 55])})
