"""Mixed model estimation and its connection to additive models.

Follows "Mixed Model Estimation, a Connection to Additive Models, and Beyond", which follows Wood (2006),
Generalized Additive Models, chapter 6: sleepstudy by ML and by REML, the likelihood computed the slow way from
the marginal covariance matrix, and a penalised spline as an ordinary random term.

    python examples/mixed_model_and_spline.py
"""

import numpy as np

import lmm

KNOTS = np.arange(1, 8) / 8


def main():
    sleepstudy = lmm.datasets.load("sleepstudy")
    by_ml = lmm.fit("Reaction ~ Days + (1 | Subject)", sleepstudy, method="ml")
    maximum_likelihood(by_ml)
    slow_way(by_ml)
    random_effects(by_ml)
    restricted(lmm.fit("Reaction ~ Days + (1 | Subject)", sleepstudy))
    spline_as_random_term()


def maximum_likelihood(fit):
    tau, sigma = fit.varcorr["sdcor"]
    beside(
        "sleepstudy by maximum likelihood, as lme4 prints it",
        [
            ("AIC", fit.aic, "1802.0786"),
            ("BIC", fit.bic, "1814.8505"),
            ("log L", fit.loglik, "-897.0393"),
            ("-2 log L", fit.criterion, "1794.0786"),
            ("rows less parameters", fit.n_obs - fit.n_parameters, "176"),
            ("tau, sd of Subject", tau, "36.01"),
            ("sigma, sd of the residuals", sigma, "30.90"),
            ("(Intercept)", fit.beta[0], "251.41"),
            ("Days", fit.beta[1], "10.47"),
        ],
    )


def slow_way(fit):
    """V = ZGZ' + R, an n by n matrix, as the document's functions have it."""
    print("\nThe same likelihood from the marginal covariance matrix")
    print(lmm.marginal(fit))


def random_effects(fit):
    printed = (
        "40.64 -77.57 -62.88 4.39 10.18 8.19 16.44 -2.99 -45.12 "
        "71.92 -21.12 14.06 -7.83 36.25 7.01 -6.34 -3.28 18.05"
    )
    effects = fit.ranef()
    beside(
        "Best linear unbiased predictions of the subjects",
        list(zip(effects["level"], effects["estimate"], printed.split(), strict=True)),
    )


def restricted(fit):
    tau, sigma = fit.varcorr["sdcor"]
    intercept_se, days_se = np.sqrt(np.diag(fit.vcov))
    lowest, first, median, third, highest = np.quantile(fit.residuals("scaled"), [0, 0.25, 0.5, 0.75, 1])
    beside(
        "sleepstudy by REML, as gamm4 prints it",
        [
            ("REML criterion", fit.criterion, "1786.5"),
            ("smallest scaled residual", lowest, "-3.2257"),
            ("first quartile", first, "-0.5529"),
            ("median", median, "0.0109"),
            ("third quartile", third, "0.5188"),
            ("largest", highest, "4.2506"),
            ("variance of Subject", tau**2, "1378.2"),
            ("its root", tau, "37.12"),
            ("variance of the residuals", sigma**2, "960.5"),
            ("its root", sigma, "30.99"),
            ("(Intercept)", fit.beta[0], "251.4051"),
            ("its standard error", intercept_se, "9.7467"),
            ("its t value", fit.beta[0] / intercept_se, "25.79"),
            ("Days", fit.beta[1], "10.4673"),
            ("its standard error", days_se, "0.8042"),
            ("its t value", fit.beta[1] / days_se, "13.02"),
            ("correlation of the two", fit.corr[0, 1], "-0.371"),
        ],
    )


def spline_as_random_term():
    """A penalised spline: a fixed line and random wiggles with one variance.

    The document's listing lost one engine of size 2.32, and its Z = X_R sqrt(D) should be X_R / sqrt(D), since
    the wiggles have the covariance D^-1 / lambda; both are right here.
    """
    engine = scaled_engine()
    fits = {
        method: lmm.fit("wear ~ x", engine, method=method, random={"spline": lmm.block(wiggles(engine["x"]))})
        for method in ("reml", "ml")
    }
    tau, sigma = fits["reml"].varcorr["sdcor"]
    beside(
        "Engine wear: cubic spline with knots at 1/8 ... 7/8",
        [
            ("-2 REML log-likelihood", fits["reml"].criterion, "38.513576"),
            ("-2 log L", fits["ml"].criterion, "37.392824"),
            ("sd of the wiggles", tau, "12.0005"),
            ("sd of the residuals", sigma, "0.5924"),
            ("smoothing parameter", (sigma / tau) ** 2, "0.002437"),
        ],
        "mgcv",
    )


def scaled_engine():
    """The 19 engines, with their size scaled to [0, 1]."""
    engine = lmm.datasets.load("engine")
    size = engine["size"]
    return engine.assign(x=(size - size.min()) / (size.max() - size.min()))


def kernel(x, z):
    """Reproducing kernel of the cubic spline on [0, 1] (Gu 2002, section 2.3.3)."""
    distance = np.abs(x - z) - 0.5
    return ((z - 0.5) ** 2 - 1 / 12) * ((x - 0.5) ** 2 - 1 / 12) / 4 - (
        distance**4 - distance**2 / 2 + 7 / 240
    ) / 24


def wiggles(x):
    """Z = X_R U D^-1/2 of the spline: what is not a line, with independent coefficients (n, 7)."""
    penalty = kernel(KNOTS[:, None], KNOTS)
    D, U = np.linalg.eigh(penalty)
    return kernel(np.asarray(x)[:, None], KNOTS) @ U / np.sqrt(D)


def beside(title, rows, source="document"):
    """Print our numbers with as many decimals as the source prints, and its own beside them."""
    ours = [f"{value:.{len(printed.partition('.')[2])}f}" for _, value, printed in rows]
    columns = {
        "quantity": [name for name, *_ in rows],
        "lmm": ours,
        source: [printed for *_, printed in rows],
    }
    print(f"\n{lmm.Table(columns, title=title)}")


if __name__ == "__main__":
    main()
