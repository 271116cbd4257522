import numpy as np
import pytest

import lmm
from lmm.plots import bootstrap_data, plot_bootstrap


@pytest.fixture(scope="module")
def replicates():
    return lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff")).bootstrap(n=2000, seed=1)


def test_density_and_shares_make_one(replicates):
    table = bootstrap_data(replicates)
    for j, term in enumerate(replicates.names):
        own = table["term"] == term
        smooth = own & np.isfinite(table["density"])
        share = table["share"][own & np.isfinite(table["share"])].sum()
        assert share == pytest.approx(np.mean(replicates.replicates[:, j] == 0.0))
        area = np.trapezoid(table["density"][smooth], table["value"][smooth])
        assert area + share == pytest.approx(1.0, abs=0.01)
        assert np.all((table["value"][smooth] >= 0) | (term == "Intercept"))


def test_density_of_normal_replicates_is_normal():
    fit = lmm.fit("Reaction ~ Days", lmm.datasets.load("sleepstudy"))
    table = bootstrap_data(fit.bootstrap(n=5000, seed=1))
    rows = table["term"] == "Days"
    z = (table["value"][rows] - fit.beta[1]) / np.sqrt(fit.vcov[1, 1])
    normal = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    assert table["density"][rows] * np.sqrt(fit.vcov[1, 1]) == pytest.approx(normal, abs=0.04)


def test_replicates_at_zero_stand_as_a_bar(replicates):
    sd, sigma, _ = plot_bootstrap(replicates, interval="basic", level=0.9).axes
    assert [text.get_text().strip() for text in sd.texts] == [
        f"{100 * np.mean(replicates.replicates[:, 0] == 0):.0f} %"
    ]
    assert not sigma.texts


def test_a_fit_is_drawn_with_its_own_bootstrap():
    fit = lmm.fit("Reaction ~ Days", lmm.datasets.load("sleepstudy"))
    assert len(fit.plot("bootstrap", seed=1).axes) == 3
    with pytest.raises(lmm.LmmError, match='kind= must be one of "percentile"'):
        plot_bootstrap(fit, interval="wald", seed=1)


def test_statistics_of_ones_own(replicates):
    own = replicates.fit.bootstrap(
        n=40, seed=2, statistics=lambda fit: {"mean": fit.beta[0], "constant": 1.0}
    )
    mean, constant = own.plot().axes
    assert [mean.get_title("left"), constant.get_title("left")] == ["mean", "constant"]
