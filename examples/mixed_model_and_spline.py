"""Mixed model estimation and its connection to additive models.

Follows "Mixed Model Estimation, a Connection to Additive Models, and Beyond", which follows Wood (2006),
Generalized Additive Models, chapter 6: sleepstudy by ML and by REML, the likelihood computed the slow way from
the marginal covariance matrix, a penalised spline as an ordinary random term, and a smooth term beside a bar.
With a path, the three figures are drawn to it.

    python examples/mixed_model_and_spline.py [figures.svg]
"""

import sys

import numpy as np

import lmm
from lmm.bases import Covariate, Settings, learn_basis

KNOTS = np.arange(1, 8) / 8


def main():
    sleepstudy = lmm.datasets.load("sleepstudy")
    by_ml = lmm.fit("Reaction ~ Days + (1 | Subject)", sleepstudy, method="ml")
    maximum_likelihood(by_ml)
    slow_way(by_ml)
    random_effects(by_ml)
    restricted(lmm.fit("Reaction ~ Days + (1 | Subject)", sleepstudy))
    spline_by_hand()
    spline_as_random_term()
    smooth = lmm.fit("Reaction ~ s(Days, bs='cs') + (1 | Subject)", sleepstudy)
    smooth_beside_subjects(sleepstudy, smooth)
    if len(sys.argv) > 1:
        draw(smooth).savefig(sys.argv[1])
        print(f"drawn: {sys.argv[1]}")


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


def spline_by_hand():
    """Basis, penalty and its root, the fit at lambda = 1e-4, and the split into fixed and random: three slips found.

    1. The listing has 18 sizes for 19 values of wear: one of the five engines of size 2.32 is lost.
    2. Its `matSqrt` is crossprod(U) sqrt(D), and U'U = I: sqrt(D) is no root of S = U D U'. U sqrt(D) U' is one.
    3. Its Z = X_R sqrt(D) has to be X_R / sqrt(D), since the wiggles have the covariance D^-1 / lambda.
    """
    engine = scaled_engine()
    x, y = engine["x"].to_numpy(), engine["wear"].to_numpy()
    sizes = engine["size"].value_counts()
    print(f"\n{len(y)} engines, {sizes[2.32]} of them with a size of 2.32")
    S = spline_penalty(KNOTS)
    D, U = (np.flip(part, axis=-1) for part in np.linalg.eigh(S))  # the largest first, as R has them
    roots = {"as listed": np.diag(np.sqrt(np.maximum(D, 0.0))), "a root of S": matrix_root(S)}
    traces = {name: penalised_fit(y, x, KNOTS, 1e-4, root)[1] for name, root in roots.items()}
    positive = D / D[0] > 1e-12  # two of the nine functions are not penalised: the constant and the line
    X = spline_columns(x, KNOTS)
    X_R = X @ U[:, positive]
    line = X @ U[:, ~positive]
    splits = {"as listed": X_R * np.sqrt(D[positive]), "X_R / sqrt(D)": X_R / np.sqrt(D[positive])}
    data = {"wear": y, "a": line[:, 0], "b": line[:, 1]}
    criteria = {
        name: lmm.fit("wear ~ 0 + a + b", data, random={"wiggles": lmm.block(Z)}).criterion
        for name, Z in splits.items()
    }
    beside(
        "The spline by hand: as listed, and as it has to be",
        [
            ("tr(H) at lambda = 1e-4, root as listed", traces["as listed"], "6.9175"),
            ("tr(H) at lambda = 1e-4, a root of S", traces["a root of S"], "6.8851"),
            ("-2 REML log-likelihood, Z as listed", criteria["as listed"], "39.46"),
            ("-2 REML log-likelihood, Z = X_R / sqrt(D)", criteria["X_R / sqrt(D)"], "38.5136"),
        ],
        "reference",
    )


def spline_as_random_term():
    """A penalised spline: a fixed line and random wiggles with one variance, which need the kernel only."""
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


def smooth_beside_subjects(sleepstudy, fit):
    """A smooth term beside a bar. The sd of a curve depends on the scale of its penalty, the fit does not.

    The document's 2.111 is on a scale that mgcv had at the time: the penalty was divided by mean|S| / mean|X'X|.
    """
    tau, sigma = fit.varcorr["sdcor"]
    raw = fit.smoothing()["sd"][0]
    quantiles = np.quantile(fit.residuals("scaled"), [0, 0.25, 0.5, 0.75, 1])
    names = ("smallest scaled residual", "first quartile", "median", "third quartile", "largest")
    printed = ("-3.2996", "-0.5224", "0.0399", "0.5340", "4.2989")
    (intercept_se,) = np.sqrt(np.diag(fit.vcov))
    beside(
        "sleepstudy with s(Days) by REML, as gamm4 prints it",
        [
            ("REML criterion", fit.criterion, "1795.3"),
            *zip(names, quantiles, printed, strict=True),
            ("sd of Subject", tau, "37.123"),
            ("sd of the residuals", sigma, "30.997"),
            ("sd of s(Days), old scale", raw / np.sqrt(old_scale(sleepstudy["Days"])), "2.111"),
            ("(Intercept)", fit.beta[0], "298.51"),
            ("its standard error", intercept_se, "9.05"),
        ],
    )
    print(f"sd of s(Days) on the scale of the penalty itself: {raw:.4f}")


def old_scale(x):
    """Divisor of the penalty of s(x, bs='cs') in mgcv before it took norms."""
    days = [Covariate("Days", np.asarray(x, dtype=float))]
    basis = learn_basis("cs", days, Settings())
    X, (S,) = basis.columns(days), basis.penalties
    return np.abs(S).mean() / np.abs(X.T @ X).mean()


def draw(smooth):
    """The document's curve at lambda = 1e-4, the same spline with its variance by REML, and s(Days)."""
    from matplotlib.figure import Figure

    engine = scaled_engine()
    x, y = engine["x"].to_numpy(), engine["wear"].to_numpy()
    grid = np.linspace(0.0, 1.0, 101)
    b, _ = penalised_fit(y, x, KNOTS, 1e-4, matrix_root(spline_penalty(KNOTS)))
    mixed = lmm.fit("wear ~ x", engine, random={"spline": lmm.block(wiggles(x))})
    by_reml = mixed.beta[0] + mixed.beta[1] * grid + wiggles(grid) @ mixed.ranef()["estimate"]
    days = smooth.smooth("s(Days)")
    figure = Figure(figsize=(9.6, 3.0), layout="constrained")
    fixed, random, curve = figure.subplots(1, 3)
    for axes, line, title in (
        (fixed, spline_columns(grid, KNOTS) @ b, "lambda = 0.0001"),
        (random, by_reml, "as a mixed model, by REML"),
    ):
        axes.plot(x, y, "o", color="#dd4814", markersize=4)
        axes.plot(grid, line, color="#1e90ff")
        axes.set(title=title, xlabel="scaled engine size", ylabel="wear index")
    curve.fill_between(days["Days"], days["conf_low"], days["conf_high"], color="#d9dee4")
    curve.plot(days["Days"], days["estimate"], color="#1d5f96")
    curve.set(title="sleepstudy", xlabel="Days", ylabel=f"s(Days), edf {smooth.smooths()['edf'][0]:.2f}")
    return figure


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


def spline_columns(x, knots):
    """The document's `splineX`: columns 1, x and the kernel at each knot (n, 2 + n_knots)."""
    x = np.asarray(x)
    return np.column_stack([np.ones_like(x), x, kernel(x[:, None], knots)])


def spline_penalty(knots):
    """The document's `Sfunc`: the line is free, the wiggles have the kernel between the knots."""
    S = np.zeros((len(knots) + 2, len(knots) + 2))
    S[2:, 2:] = kernel(knots[:, None], knots)
    return S


def matrix_root(S):
    """Symmetric B with B B = S."""
    D, U = np.linalg.eigh(S)
    return (U * np.sqrt(np.maximum(D, 0.0))) @ U.T


def penalised_fit(y, x, knots, smoothing, root):
    """The document's `prsFit`: least squares on rows to which sqrt(lambda) B has been added; b and tr(H)."""
    X = spline_columns(x, knots)
    augmented = np.vstack([X, np.sqrt(smoothing) * root])
    b = np.linalg.lstsq(augmented, np.concatenate([y, np.zeros(len(root))]), rcond=None)[0]
    Q = np.linalg.qr(augmented)[0]
    return b, np.sum(Q[: len(y)] ** 2)  # H = the rows of the data of Q Q'


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
