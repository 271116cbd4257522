"""What `lmm.fit` refuses before it looks at the data, and what it does with its arguments."""

import inspect

import numpy as np
import pytest

import lmm
from lmm.errors import (
    ArgumentError,
    DataError,
    DesignError,
    FormulaError,
    LmmError,
    LmmWarning,
    UnsupportedError,
)

RNG = np.random.default_rng(2)
TABLE = {
    "y": np.repeat(2 * RNG.normal(size=8), 4) + RNG.normal(size=32),
    "x": np.tile([0.0, 1.0, 2.0, 3.0], 8),
    "g": np.repeat(list("abcdefgh"), 4),
}
FORMULA = "y ~ x + (1 | g)"


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (
            {"method": "REML"},
            LmmError,
            r'method= must be one of "reml", "ml", "moments", "gcv"; it is \'REML\'.*Did you mean "reml"\?',
        ),
        ({"missing": "omit"}, LmmError, r'missing= must be "drop" or "raise"; it is \'omit\''),
        ({"restarts": -1}, LmmError, r"restarts= must be a whole number of at least 0, not -1"),
        ({"restarts": True}, LmmError, r"restarts= must be a whole number"),
        ({"residual": "ar1"}, UnsupportedError, r"residual= is not available yet, planned"),
        ({"family": "poisson"}, UnsupportedError, r'family="poisson" is not available yet, planned'),
        ({"wieghts": "x"}, ArgumentError, r"Unknown argument wieghts= of fit\(\); did you mean weights=\?"),
        ({"control": {"maxiter": 5}}, LmmError, r"control= has no setting 'maxiter'"),
        ({"progress": False}, ArgumentError, r"progress is a setting.*control=\{'progress': \.\.\.\}"),
        ({"theta": [1, 2]}, LmmError, r"theta= has 2 values; this model has 1 parameters: g.Intercept"),
        ({"start": [-1]}, LmmError, r"start= gives g.Intercept the value -1; it must be at least 0"),
    ],
)
def test_what_fit_refuses(arguments, kind, message):
    with pytest.raises(kind, match=message):
        lmm.fit(FORMULA, TABLE, **arguments)


def test_formula_and_data_in_the_wrong_order():
    with pytest.raises(FormulaError, match=r"must be text.*not dict; it is the first argument"):
        lmm.fit(TABLE, FORMULA)
    with pytest.raises(DataError, match=r"There are no data"):
        lmm.fit(FORMULA, None)


@pytest.mark.parametrize("y", [np.ones(32), 2 * TABLE["x"] + 1])
def test_a_response_without_residual_variance_is_refused(y):
    with pytest.raises(LmmError, match=r"response|constant"):
        lmm.fit(FORMULA, TABLE | {"y": y})


def test_random_effects_that_reproduce_the_response_are_refused():
    levels = np.repeat(RNG.normal(size=8), 4)
    with pytest.raises(DesignError, match=r"reproduces the response exactly"):
        lmm.fit("y ~ 1 + (1 | g)", TABLE | {"y": levels})


def test_words_of_the_model_are_arguments_and_all_but_two_by_keyword():
    named = list(inspect.signature(lmm.fit).parameters.values())
    # What tunes the search or belongs to a family travels in lmm.Control and lmm.Family.
    assert len(named) == 23
    assert [p.name for p in named if p.kind is p.POSITIONAL_OR_KEYWORD] == ["formula", "data"]


def test_one_warning_when_the_search_stops_early():
    with pytest.warns(LmmWarning, match=r"Not converged after 1 iteration.*restarts=5") as caught:
        fit = lmm.fit("y ~ x + (x | g)", TABLE, control={"max_iterations": 1})
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert not fit.converged
    assert any(note.startswith("Not converged") for note in fit.notes)


def test_a_short_fit_says_nothing(capfd):
    lmm.fit(FORMULA, TABLE)
    assert capfd.readouterr() == ("", "")


def test_a_start_leads_to_the_same_optimum():
    near = lmm.fit(FORMULA, TABLE)
    far = lmm.fit(FORMULA, TABLE, start=[7.0])
    np.testing.assert_allclose(far.criterion, near.criterion, rtol=1e-9)


def test_restarts_are_counted_and_never_worse():
    one = lmm.fit("y ~ x + (x | g)", TABLE)
    four = lmm.fit("y ~ x + (x | g)", TABLE, restarts=3)
    assert four.certificate.starts_tried >= 4
    assert four.criterion <= one.criterion + 1e-9


def test_a_held_parameter_costs_likelihood_and_is_not_counted():
    free = lmm.fit("y ~ x + (x || g)", TABLE, method="ml")
    held = lmm.fit("y ~ x + (x || g)", TABLE, method="ml", theta={"g.Intercept": 0.5})
    assert held.theta[0] == 0.5
    assert held.criterion >= free.criterion
    assert held.n_parameters == free.n_parameters - 1
