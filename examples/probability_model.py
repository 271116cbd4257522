"""The linear mixed-effects probability model: from the joint density to the profiled deviance.

Follows "The Linear Mixed-Effects Probability Model" (C. Haas, after D. Bates), equation by equation, with
numbers: every line shows both sides of one of its equations for sleepstudy.

    python examples/probability_model.py
"""

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import eye_array

import lmm

FORMULA = "Reaction ~ Days + (Days | Subject)"


def main():
    sleepstudy = lmm.datasets.load("sleepstudy")
    model = lmm.criterion(FORMULA, sleepstudy, method="ml")
    fit = lmm.fit(FORMULA, sleepstudy, method="ml")
    print(model)
    sides = [
        *penalized_least_squares(model, fit.theta),
        *densities(model, fit.theta, fit.sigma),
        *likelihood(model, fit.theta, fit.sigma),
    ]
    columns = dict(zip(("equation", "left", "right"), zip(*sides, strict=True), strict=True))
    print(
        f"\n{lmm.Table(columns, title='Both sides of the equations', formats=dict.fromkeys(('left', 'right'), '.6f'))}"
    )
    print(f"\nwith 2 log|L|^2 instead, as some notes print it: {misprinted(model, fit.theta, fit.sigma):.6f}")
    print(f"\n{minimized(model, fit)}")


def penalized_least_squares(model, theta):
    """Equations (16) to (22): u and beta minimise a sum of squares with a penalty."""
    at = model.pls(theta)
    Lambda, L, P = model.Lambda(theta), model.L(theta), model.P
    ZL = model.Z @ Lambda
    Omega = ZL.T @ ZL + eye_array(len(at.u))
    right = ZL.T @ (model.y - model.X @ at.beta)
    other = np.linspace(-50, 50, len(at.u))
    yield "(16) PRSS at the minimum", model.prss(at.u, theta, at.beta), at.r2
    yield "(20) norm of both sides", float(np.linalg.norm(Omega @ at.u)), float(np.linalg.norm(right))
    yield "(21) norm of P Omega P' and LL'", norm(P @ Omega @ P.T), norm(L @ L.T)
    distance = L.T @ (P @ (other - at.u))
    yield "(22) PRSS at another u", model.prss(other, theta, at.beta), at.r2 + float(distance @ distance)


def densities(model, theta, sigma):
    """Equations (10) to (15): h(u) is the joint density; its integral over u is the likelihood."""
    at = model.pls(theta)
    n, q = model.Z.shape
    log_h = model.log_h(at.u, theta, at.beta, sigma)
    direct = (n + q) * np.log(2 * np.pi * sigma**2) + model.prss(at.u, theta, at.beta) / sigma**2
    yield "(15) -2 log h at its maximum", -2 * log_h, direct
    # h is proportional to a normal density of u around its mode, with covariance sigma^2 (LL')^-1.
    log_integral = log_h + q / 2 * np.log(2 * np.pi * sigma**2) - at.log_det / 2
    yield "(10) -2 log of the integral of h", -2 * log_integral, model.deviance(theta, at.beta, sigma)


def likelihood(model, theta, sigma):
    """The deviance and, with beta and sigma at their estimates given theta, the profiled deviance (23)."""
    at = model.pls(theta)
    n = len(model.y)
    by_hand = n * np.log(2 * np.pi * sigma**2) + at.r2 / sigma**2 + at.log_det
    yield "deviance d(theta, beta, sigma)", model.deviance(theta, at.beta, sigma), by_hand
    profiled = at.log_det + n * (1 + np.log(2 * np.pi * at.r2 / n))
    yield "(23) profiled deviance", model(theta), profiled


def misprinted(model, theta, sigma):
    at = model.pls(theta)
    return len(model.y) * np.log(2 * np.pi * sigma**2) + at.r2 / sigma**2 + 2 * at.log_det


def minimized(model, fit):
    """The notes leave the minimisation to the computer: any optimiser will do."""
    found = minimize(model, model.start, jac=model.gradient, method="BFGS", options={"gtol": 1e-6})
    return lmm.Table(
        {
            "parameter": [*model.names, "profiled deviance"],
            "BFGS of SciPy": [*found.x, found.fun],
            "lmm.fit": [*fit.theta, fit.criterion],
        },
        title="Minimum of the profiled deviance",
        formats=dict.fromkeys(("BFGS of SciPy", "lmm.fit"), ".5f"),
    )


def norm(matrix):
    return float(np.linalg.norm(matrix.toarray()))


if __name__ == "__main__":
    main()
