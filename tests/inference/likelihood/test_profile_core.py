"""The compiled deviance with sigma explicit, against n × n algebra and searches of SciPy over it."""

import numpy as np
import pytest
from scipy.optimize import minimize

import lmm
from lmm.errors import DesignError, LmmError
from lmm.estimation import progress
from lmm.inference.likelihood.curve import to_phi
from lmm.inference.likelihood.holding import surface
from lmm.inference.likelihood.parameters import select, values_of
from tests.inference.dense_equations import fitted

SHAPES = ("one factor", "slopes", "uncorrelated", "crossed", "weights and offset", "a block", "only a block")


class DenseDeviance:
    """-2 log-likelihood of the n × n covariance of y; with fixed effects held, the others follow."""

    def __init__(self, fit):
        self.y = fit.y if fit.offset is None else fit.y - fit.offset
        self.X = fit.X
        self.weights = np.ones(fit.n_obs) if fit.weights is None else fit.weights
        self.Z = [part.block.effective().to_dense() for part in fit.internals.design.random]

    def __call__(self, roots, log_sigma, reml, held=(), beta=()):
        V = np.diag(np.exp(2 * log_sigma) / self.weights)
        for Z, R in zip(self.Z, roots, strict=True):
            V += Z @ np.kron(np.eye(Z.shape[1] // len(R)), R @ R.T) @ Z.T
        held, n, p = list(held), *self.X.shape
        rest = np.delete(self.X, held, axis=1)
        y = self.y - self.X[:, held] @ np.asarray(beta, dtype=float)
        inverse = np.linalg.inv(V)
        e = y - rest @ np.linalg.lstsq(rest.T @ inverse @ rest, rest.T @ inverse @ y)[0]
        value = (n - p * reml) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + e @ inverse @ e
        return value + reml * np.linalg.slogdet(self.X.T @ inverse @ self.X)[1]


def place(fit):
    """Roots away from the optimum, diagonal where there are no correlations."""
    rng = np.random.default_rng(3)
    roots = [np.tril(rng.normal(size=T.shape)) for T in fit.T]
    diagonal = [part.structure.name == "diag" for part in fit.internals.design.random]
    return [np.diag(np.diag(R)) if d else R for R, d in zip(roots, diagonal, strict=True)], 0.2


@pytest.mark.parametrize("held", [(), (1,), (0, 1)])
@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_deviance_and_its_slopes(shape, reml, held):
    fit = fitted(shape)
    dense, (roots, log_sigma), beta = DenseDeviance(fit), place(fit), fit.beta[list(held)] + 0.4
    found = fit.internals.criterion_function.cross.deviance(roots, log_sigma, reml, held, beta)
    assert found.value == pytest.approx(dense(roots, log_sigma, reml, held, beta), abs=1e-8)

    def difference(change):
        def at(step):
            moved = change(step)
            return dense(
                moved.get("roots", roots), moved.get("s", log_sigma), reml, held, moved.get("b", beta)
            )

        return (at(1e-5) - at(-1e-5)) / 2e-5

    assert found.log_sigma == pytest.approx(difference(lambda h: {"s": log_sigma + h}), rel=1e-5, abs=1e-5)
    for i, unit in enumerate(np.eye(len(held))):
        assert found.beta[i] == pytest.approx(
            difference(lambda h, u=unit: {"b": beta + h * u}), rel=1e-5, abs=1e-5
        )
    for t, R in enumerate(roots):
        for i, j in zip(*np.nonzero(R), strict=True):
            unit = np.zeros_like(R)
            unit[i, j] = 1.0

            def moved(h, t=t, unit=unit):
                return {"roots": [S + h * unit if s == t else S for s, S in enumerate(roots)]}

            assert found.roots[t][i, j] == pytest.approx(difference(moved), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize(
    ("shape", "name"),
    [
        ("one factor", "sd_Intercept|g"),
        ("slopes", "cor_Intercept.x|g"),
        ("slopes", "sd_x|g"),
        ("uncorrelated", "sd_x|g"),
        ("crossed", "sd_Intercept|g"),
        ("weights and offset", "sigma"),
        ("a block", "x"),
    ],
)
def test_the_minimum_is_that_of_a_constrained_search(shape, name, reml):
    """SLSQP over all roots, log sigma and the parameter's value, on the dense deviance."""
    fit = fitted(shape)
    own = fit if fit.method == ("reml" if reml else "ml") else fit.update(method="reml" if reml else "ml")
    (parameter,) = select(own, name)
    dense, held = DenseDeviance(own), parameter.columns if parameter.kind == "beta" else ()
    above = surface(own, [parameter], reml=reml)
    at = above.best[above.held[0]]
    value = at + 0.4 * np.sqrt(2.0 / above.curvature()[0, 0])
    place = above.minimize(above.towards(np.array([value])))
    masks = [
        np.eye(len(T), dtype=bool) if part.structure.name == "diag" else np.tri(len(T), dtype=bool)
        for T, part in zip(own.T, own.internals.design.random, strict=True)
    ]

    def parts(x):
        roots, start = [], 0
        for mask in masks:
            R = np.zeros(mask.shape)
            R[mask] = x[start : start + mask.sum()]
            roots.append(R)
            start += mask.sum()
        return roots, x[start]

    def deviance(x):
        roots, log_sigma = parts(x)
        return dense(roots, log_sigma, reml, held, [value] * len(held))

    def miss(x):
        roots, log_sigma = parts(x)
        sigma = np.exp(log_sigma)
        found = values_of([parameter], [R / sigma for R in roots], sigma, own.beta)[0]
        if parameter.kind == "correlation":
            found = np.arcsin(found)
        return (log_sigma if parameter.kind == "sigma" else found) - value

    start = np.concatenate(
        [*(own.sigma * T[m] for T, m in zip(own.T, masks, strict=True)), [np.log(own.sigma)]]
    )
    constraints = [] if held else [{"type": "eq", "fun": miss}]
    found = minimize(
        deviance, start, method="SLSQP", constraints=constraints, options={"ftol": 1e-11, "maxiter": 500}
    )
    assert place.value == pytest.approx(found.fun - own.criterion, abs=2e-6)
    assert abs(np.delete(place.slope, above.held)).max() < 1e-2


def test_a_held_correlation_keeps_its_sign():
    """Roots that change their sign would turn it round: the profile would fall to zero at minus the estimate."""
    rng = np.random.default_rng(3)
    g, x = np.repeat(np.arange(9), 6), np.tile(np.arange(6.0), 9)
    u = rng.normal(size=(9, 2)) @ [[1.0, -0.8], [0.0, 0.3]]
    fit = lmm.fit("y ~ x + (x | g)", {"y": u[g, 0] + u[g, 1] * x + rng.normal(size=54), "x": x, "g": g})
    (parameter,) = select(fit, "cor_Intercept.x|g")
    estimate = values_of([parameter], fit.T, fit.sigma, fit.beta)[0]
    assert estimate < -0.3
    above = surface(fit, [parameter], reml=True)
    values = np.arcsin([estimate, 0.0, -0.5 * estimate, -estimate, 0.999])
    start, rises = above.best.copy(), []
    for value in values:
        start[above.held] = value
        # from the estimates, and from roots of the other sign
        turned = start * np.where(np.arange(start.size) == above.held[0], 1.0, -1.0)
        turned[above.log_sigma] = start[above.log_sigma]
        rises.append(min(above.minimize(start).value, above.minimize(turned).value))
    assert np.all(np.diff(rises) > -1e-6)
    assert rises[3] > 10.0


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "formula", ["y ~ x + (x | g)", "y ~ x + (x | g) + (x | h)", "y ~ x + w + (x + w | g)"]
)
def test_no_start_finds_less_at_a_limit(formula, seed):
    """Small variances and few levels: most of these fits are singular."""
    rng = np.random.default_rng(seed)
    g, h, x, w = rng.integers(0, 8, 90), rng.integers(0, 4, 90), rng.normal(size=90), rng.normal(size=90)
    y = (
        0.3 * rng.normal(size=8)[g]
        + x * rng.normal(size=8)[g]
        + 0.1 * rng.normal(size=4)[h]
        + rng.normal(size=90)
    )
    fit = lmm.fit(formula, {"y": y, "x": x, "w": w, "g": g.astype(str), "h": h.astype(str)}, method="ml")
    for curve in fit.profile(most=1).curves:
        limits = [limit.value for limit in curve.limits([-1.96, 1.96]) if limit.reached == "crossed"]
        above = surface(fit, [curve.parameter], reml=False)
        for value in to_phi(curve.parameter, np.array(limits)):
            start = above.towards(np.array([value]))
            starts = start + rng.normal(0.0, 0.5, size=(10, start.size))
            starts[:, above.held] = value
            assert min(above.minimize(z).value for z in starts) > 1.96**2 - 1e-4, curve.parameter.name


def test_nothing_depends_on_the_order_or_on_earlier_calls():
    fit = fitted("crossed")
    names = [p.name for p in select(fit, None)]
    forth, back = fit.profile(names).confint(), fit.profile(names[::-1]).confint()
    for column in ("conf_low", "conf_high"):
        assert list(forth[column]) == list(back[column])[::-1]


def test_what_the_core_refuses():
    fit = fitted("slopes")
    cross, errors = fit.internals.criterion_function.cross, np.ones(fit.n_fixed)
    roots = [fit.sigma * T for T in fit.T]
    with pytest.raises(DesignError, match="held by position, each at a value"):
        cross.deviance(roots, 0.0, True, (99,), [1.0])
    with pytest.raises(DesignError, match="has no such parameter"):
        cross.surface(fit.T, fit.sigma, fit.beta, errors, [("sd", 0, 7, 0)], True)
    with pytest.raises(DesignError, match="belong to every fixed effect"):
        cross.surface(fit.T, fit.sigma, fit.beta, errors[:1], [("sigma", 0, 0, 0)], True)
    own = surface(fit, select(fit, "sigma"), reml=True)
    with pytest.raises(DesignError, match="has 4 coordinates, not 2"):
        own.minimize(np.ones(2))
    with pytest.raises(DesignError, match="finite values of zeta"):
        own.trace(("sigma", 0, 0, 0)).reach([np.nan], 1e-6)


def test_two_correlations_that_share_no_effect():
    rng = np.random.default_rng(4)
    g, x = np.repeat(np.arange(30), 10), rng.normal(size=(3, 300))
    b = rng.normal(size=(30, 4))
    y = b[g, 0] + (b[g, 1:] * x.T).sum(axis=1) + rng.normal(size=300)
    fit = lmm.fit("y ~ 1 + (a + b + c | g)", {"y": y, "a": x[0], "b": x[1], "c": x[2], "g": g})
    pair = ["cor_Intercept.a|g", "cor_b.c|g"]
    with pytest.raises(LmmError, match="two correlations that share no effect"):
        fit.profile(pair, most=1).contour(*pair)
    near = fit.profile(["cor_Intercept.a|g", "cor_Intercept.b|g"], most=1)
    assert len(near.contour("cor_Intercept.a|g", "cor_Intercept.b|g", levels=[0.5])) == 40


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_exception_of_the_check_ends_the_walk(error):
    fit = fitted("crossed")
    trace = surface(fit, select(fit, "sigma"), reml=True).trace(("sigma", 0, 0, 0))
    calls = []

    def check(n_evaluations, value):
        calls.append((n_evaluations, value))
        raise error

    with pytest.raises(error):
        trace.reach([1.0], 1e-6, check)
    assert len(calls) == 1


@pytest.mark.parametrize("shown", [True, False])
def test_a_long_profile_shows_one_line(monkeypatch, shown):
    fit = fitted("crossed").update(control={"progress": shown})
    line = []
    monkeypatch.setattr(progress.ProgressLine, "tell", lambda _, words: line.append(words(4.0)))
    fit.confint(terms="theta_")
    assert any(words.startswith("profiling: 4 s, sigma, 5 of 5, evaluation ") for words in line) is shown
    assert bool(line) is shown
