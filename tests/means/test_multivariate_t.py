"""The multivariate t against closed forms, quadrature and the studentized range; its stated error holds."""

import numpy as np
import pytest
from scipy import integrate, special, stats

import lmm
from lmm.means.adjusting.multivariate_t import sample_directions
from lmm.means.adjusting.studentized_range import range_quantile, range_tail

DF = np.array([1.0, 4.0, 9.43, 48.0, np.inf])


def all_pairs(k):
    first, second = np.triu_indices(k, 1)
    K = np.eye(k)[first] - np.eye(k)[second]
    return K @ K.T / 2


@pytest.mark.parametrize("two_sided", [True, False])
def test_one_element_is_a_t(two_sided):
    sample = sample_directions(np.ones((1, 1)), two_sided=two_sided)
    for c in (-1.0, 0.5, 2.0):
        tail = np.where(np.isinf(DF), special.ndtr(-c), special.stdtr(np.where(np.isinf(DF), 1, DF), -c))
        expected = (2 * tail if c > 0 else np.ones(5)) if two_sided else tail
        assert sample.tail(np.full(5, c), DF).value == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("k", [3, 5, 8])
def test_pairs_of_equal_means_are_tukeys(k):
    sample = sample_directions(all_pairs(k), two_sided=True, seed=k)
    assert sample.rank == k - 1
    for c in (0.8, 1.9, 2.6, 4.0):
        found = sample.tail(np.full(5, c), DF)
        exact = range_tail(np.full(5, c * np.sqrt(2)), k, DF)
        assert (np.abs(found.value - exact) <= np.maximum(3 * found.error, 1e-6)).all()
        assert found.error.max() < 1e-3
    quantile = sample.quantile(0.95, DF)
    expected = range_quantile(0.95, k, DF) / np.sqrt(2)
    assert (np.abs(quantile.value - expected) <= np.maximum(3 * quantile.error, 1e-5)).all()


@pytest.mark.parametrize("two_sided", [True, False])
def test_comparisons_with_a_control_by_quadrature(two_sided):
    """Correlations one half: T_j = (Z_j - Z_0)/√2 over s, a double integral."""
    r, df, c = 3, 10.0, 2.1

    def given(z0, s):
        low = special.ndtr(np.sqrt(2) * -c * s + z0) if two_sided else 0.0
        return (special.ndtr(np.sqrt(2) * c * s + z0) - low) ** r

    density = stats.chi(df, scale=1 / np.sqrt(df))
    inside, _ = integrate.dblquad(
        lambda z0, s: stats.norm.pdf(z0) * density.pdf(s) * given(z0, s), 1e-6, 4, -8, 8, epsabs=1e-9
    )
    R = np.full((r, r), 0.5) + 0.5 * np.eye(r)
    found = sample_directions(R, two_sided=two_sided).tail(np.array([c]), np.array([df]))
    assert found.value[0] == pytest.approx(1 - inside, abs=max(3 * found.error[0], 1e-6))


def test_published_dunnett_table():
    """Dunnett (1964), two-sided 5 % points for comparisons with a control."""
    for r, df, published in ((2, 10, 2.57), (3, 20, 2.54), (5, 60, 2.58), (9, 30, 2.86)):
        R = np.full((r, r), 0.5) + 0.5 * np.eye(r)
        found = sample_directions(R, two_sided=True).quantile(0.95, np.array([float(df)]))
        assert found.value[0] == pytest.approx(published, abs=0.0075)


def test_negative_values_on_one_side():
    """All of three independent normals above -1 or not: (1 - Φ(1))³ below."""
    sample = sample_directions(np.eye(3), two_sided=False)
    found = sample.tail(np.array([-1.0, 0.0, 1.0]), np.full(3, np.inf))
    exact = 1 - special.ndtr(np.array([-1.0, 0.0, 1.0])) ** 3
    assert (np.abs(found.value - exact) <= np.maximum(3 * found.error, 1e-6)).all()


def test_the_seed_decides():
    R = all_pairs(4)
    one, again, other = (sample_directions(R, two_sided=True, seed=seed).h for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


@pytest.mark.parametrize("two_sided", [True, False])
def test_tails_of_many_values_are_interpolated_closely(two_sided):
    sample = sample_directions(all_pairs(6), two_sided=two_sided)
    rng = np.random.default_rng(5)
    c = rng.uniform(0.0 if two_sided else -4.0, 9.0, 500)
    many = sample.tail(c, np.full(500, 17.5))
    chosen = [*range(0, 500, 25), int(np.argmax(c)), int(np.argmin(np.abs(c)))]
    alone = sample.tail(c[chosen], np.full(len(chosen), 17.5))
    assert many.value[chosen] == pytest.approx(alone.value, rel=1e-4, abs=1e-12)
    assert many.error[chosen] == pytest.approx(alone.error, rel=1e-2, abs=1e-12)


def test_missing_and_too_many(monkeypatch):
    sample = sample_directions(np.eye(2), two_sided=True)
    assert np.isnan(sample.tail(np.array([np.nan, 1.0]), np.array([3.0, np.nan])).value).all()
    monkeypatch.setattr("lmm.means.adjusting.multivariate_t._MOST_CONTRASTS", 2)
    with pytest.raises(lmm.LmmError, match=r"families of up to 2 contrasts; this one has 3"):
        sample_directions(np.eye(3), two_sided=True)
