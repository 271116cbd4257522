"""Many responses at once: as one at a time."""

import numpy as np
import pytest

import lmm
from lmm.inference.resampling.refitting import refit_all, simulated

DATA = lmm.datasets.load("Dyestuff")


@pytest.mark.parametrize("options", [{}, {"method": "ml"}, {"theta": [0.7]}, {"restarts": 1}])
def test_each_column_is_a_refit(options):
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", DATA, **options)
    responses = fit.simulate(3, seed=4)
    found = refit_all(fit, responses)
    for i, y in enumerate(responses.T):
        again = fit.refit(y)
        assert found.criterion[i] == pytest.approx(again.criterion, rel=1e-9)
        np.testing.assert_allclose(found.beta[i], again.beta, rtol=1e-6)


def test_draws_do_not_depend_on_the_pieces(monkeypatch, capfd):
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", DATA)
    whole = np.concatenate(list(simulated(fit, 7, 5)), axis=1)
    monkeypatch.setattr("lmm.inference.resampling.refitting.PIECE", 2)
    pieces = list(simulated(fit, 7, 5, progress=True))
    assert [piece.shape[1] for piece in pieces] == [2, 2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), whole)
    assert "7 of 7" in capfd.readouterr().err
