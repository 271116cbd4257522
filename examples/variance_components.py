"""Estimating fixed effects, variance components and random effects in a split plot.

Follows the course page "Day 6 Linear Mixed Models" with Yates' oats, from its first table to its last remark. The
page prints formulas and no numbers; where a formula does not hold as printed, the output says why.

    python examples/variance_components.py               # prints
    python examples/variance_components.py shrinkage.svg # and draws the random effects
"""

import sys

import numpy as np

import lmm

FORMULA = "yield ~ Variety * nitro + (1 | Block/Variety)"
LOST = [0, 5, 17, 30, 31, 44]  # plots left out where something needs unbalanced data


def main(figure=None):
    oats = lmm.datasets.load("Oats").astype({"nitro": "category"})
    fits = {method: lmm.fit(FORMULA, oats, method=method) for method in ("moments", "reml", "ml")}
    print("6.3.1 Analysis of variance\n")
    print(analysis_of_variance(oats))
    print(f"\n{fits['reml'].strata()}")
    print("\n6.3.2 Fixed effects\n")
    print(least_squares(fits["ml"]))
    print("\n6.3.3 Variance components\n")
    print(likelihoods(fits["reml"], fits["ml"]))
    print(f"\n{reml_by_hand(lmm.fit(FORMULA, oats.drop(index=LOST)))}")
    print(f"\n{by_hand(oats, fits)}")
    print(f"\n{fits['reml'].components()}")
    print(f"\n{negative_component()}")
    print("\n6.3.4 Random effects\n")
    print(shrinkage(oats, fits["reml"]))
    if figure:
        draw_shrinkage(oats, fits["reml"]).savefig(figure)
        print(f"drawn: {figure}")
    print("\n6.3.5 Degrees of freedom\n")
    print(degrees_of_freedom("all 72 plots", oats))
    print(f"\n{degrees_of_freedom('six plots lost', oats.drop(index=LOST))}")


def analysis_of_variance(oats):
    """The page's table: sums of squares of a balanced split plot, computed from means of cells."""
    r, a, c = (oats[name].nunique() for name in ("Block", "Variety", "nitro"))
    block = sum_of_squares(oats, "Block")
    whole = sum_of_squares(oats, "Block", "Variety")
    variety = sum_of_squares(oats, "Variety")
    nitro = sum_of_squares(oats, "nitro")
    both = sum_of_squares(oats, "Variety", "nitro") - variety - nitro
    total = float(np.sum((oats["yield"] - oats["yield"].mean()) ** 2))
    rows = [
        ("Block", "r-1", r - 1, block, f"e + {c} w + {a * c} b"),
        ("A = Variety", "a-1", a - 1, variety, f"e + {c} w + φ²(α)"),
        ("Error (whole plot)", "(r-1)(a-1)", (r - 1) * (a - 1), whole - block - variety, f"e + {c} w"),
        ("C = nitro", "c-1", c - 1, nitro, "e + φ²(γ)"),
        ("A x C", "(a-1)(c-1)", (a - 1) * (c - 1), both, "e + φ²(αγ)"),
        ("Error (split plot)", "a(r-1)(c-1)", a * (r - 1) * (c - 1), total - whole - nitro - both, "e"),
    ]
    source, formula, df, sum_sq, ems = zip(*rows, strict=True)
    return lmm.Table(
        {
            "source": source,
            "df formula": formula,
            "df": df,
            "sum_sq": sum_sq,
            "mean_sq": np.array(sum_sq) / df,
            "expected mean square": ems,
        },
        title="ANOVA table for the split plot, by hand",
        formats={"df": "d", "sum_sq": ".1f", "mean_sq": ".2f"},
    )


def sum_of_squares(frame, *factors):
    """Sum of squares of the means of cells around the mean of all."""
    means = frame.groupby(list(factors), observed=True)["yield"].transform("mean")
    return float(np.sum((means - frame["yield"].mean()) ** 2))


def least_squares(ml):
    """The page: LSE = MLE = (X'X)⁻¹X'y. So it is here, since the experiment is balanced; else V comes in between."""
    X, y = ml.X, ml.y
    beta = np.linalg.solve(X.T @ X, X.T @ y)
    sigma2 = np.sum((y - X @ beta) ** 2) / (len(y) - X.shape[1])
    naive = np.sqrt(sigma2 * np.diag(np.linalg.inv(X.T @ X)))
    return lmm.Table(
        {
            "term": ml.fixef["term"],
            "(X'X)⁻¹X'y": beta,
            "lmm, ML": ml.beta,
            "se if rows were independent": naive,
            "se, mixed model": ml.fixef["std_error"],
        },
        title="Least squares and maximum likelihood: the same estimates, not the same standard errors",
        formats=dict.fromkeys(
            ("(X'X)⁻¹X'y", "lmm, ML", "se if rows were independent", "se, mixed model"), ".3f"
        ),
        notes=[f"largest difference of the two estimates: {np.abs(beta - ml.beta).max():.0e}"],
    )


def likelihoods(reml, ml):
    """The page's two log-likelihoods, with V = ZGZ' + R as it stands.

    For REML the page takes residuals from the ML estimate of beta; they belong to the estimate at REML's own V.
    In balanced data the two are the same.
    """
    rows = []
    for name, fit in (("ML", ml), ("REML", reml)):
        ZL = (fit.Z @ fit.Lambda).toarray()
        V = fit.sigma**2 * (ZL @ ZL.T + np.eye(fit.n_obs))
        r = fit.y - fit.X @ fit.beta
        X = fit.X
        value = log_det(V) + r @ np.linalg.solve(V, r)
        count = fit.n_obs
        if name == "REML":
            value += log_det(X.T @ np.linalg.solve(V, X))
            count -= fit.n_fixed
        rows.append((name, -(value + count * np.log(2 * np.pi)) / 2, fit.loglik))
    method, written_out, ours = zip(*rows, strict=True)
    return lmm.Table(
        {"method": method, "written out": written_out, "lmm.fit": ours},
        title="Log-likelihood at the estimates",
        formats={"written out": ".6f", "lmm.fit": ".6f"},
    )


def log_det(matrix):
    return np.linalg.slogdet(matrix)[1]


def reml_by_hand(fit, steps=10):
    """The page's recipe: initial values, G and R, beta and b, update, repeat. The update here is Fisher's scoring."""
    y, X = fit.y, fit.X
    moves = [part.block.to_dense() @ part.block.to_dense().T for part in fit.internals.design.random] + [
        np.eye(len(y))
    ]
    sigma = np.full(3, np.var(y) / 3)
    rows = []
    for step in range(steps):
        V_inverse = np.linalg.inv(np.tensordot(sigma, moves, axes=1))
        P = V_inverse - V_inverse @ X @ np.linalg.solve(X.T @ V_inverse @ X, X.T @ V_inverse)
        Py = P @ y
        rows.append((step, *sigma))
        products = [P @ move for move in moves]
        information = [[np.sum(a * b.T) for b in products] for a in products]
        sigma = np.linalg.solve(information, [Py @ move @ Py for move in moves])
    rows.append(("lmm.fit", *fit.varcorr["vcov"]))
    return lmm.Table(
        dict(zip(("iteration", "Block", "Block:Variety", "Residual"), zip(*rows, strict=True), strict=True)),
        title="REML, iteration by iteration (six plots lost: balanced data need one step)",
        formats=dict.fromkeys(("Block", "Block:Variety", "Residual"), ".6f"),
    )


def by_hand(oats, fits):
    """Moments from the table; the page prints (SSw - SSe) / c, where mean squares are meant."""
    mean_sq = dict(zip(*(analysis_of_variance(oats)[name] for name in ("source", "mean_sq")), strict=True))
    block, whole, split = (mean_sq[name] for name in ("Block", "Error (whole plot)", "Error (split plot)"))
    return lmm.Table(
        {
            "component": ["b, Block", "w, Block:Variety", "e, Residual"],
            "moments by hand": [(block - whole) / 12, (whole - split) / 4, split],
            "lmm, moments": fits["moments"].varcorr["vcov"],
            "REML": fits["reml"].varcorr["vcov"],
            "ML": fits["ml"].varcorr["vcov"],
        },
        title="Variance components",
        formats=dict.fromkeys(("moments by hand", "lmm, moments", "REML", "ML"), ".4f"),
        notes=[f"(SSw - SSe) / c as the page prints it: {(10 * whole - 45 * split) / 4:.1f}"],
    )


def negative_component():
    """The page: a component below zero is set to zero. Here is one, and what the two methods make of it."""
    data = lmm.datasets.load("Dyestuff2")
    fits = {
        'moments, negative="zero"': {"method": "moments"},
        'moments, negative="allow"': {"method": "moments", "negative": "allow"},
        "REML": {"method": "reml"},
    }
    found = [lmm.fit("Yield ~ 1 + (1 | Batch)", data, **options) for options in fits.values()]
    return lmm.Table(
        {
            "method": list(fits),
            "Batch": [fit.varcorr["vcov"][0] for fit in found],
            "Residual": [fit.varcorr["vcov"][1] for fit in found],
            "se of the mean": [fit.fixef["std_error"][0] for fit in found],
        },
        title="A negative component (Dyestuff2)",
        formats=dict.fromkeys(("Batch", "Residual", "se of the mean"), ".4f"),
        notes=[found[0].notes[0]],
    )


def shrinkage(oats, fit):
    """Random effects lie between zero and the deviation of the block's mean."""
    levels, deviation, effect = block_effects(oats, fit)
    return lmm.Table(
        {
            "Block": levels,
            "deviation of the mean": deviation,
            "random effect": effect,
            "factor": effect / deviation,
        },
        title="Shrinkage of the blocks",
        formats={"deviation of the mean": ".2f", "random effect": ".2f", "factor": ".4f"},
        notes=[
            f"12 b / (e + 4 w + 12 b) = {shrinkage_factor(fit):.4f}: the larger the variance, the less is shrunk"
        ],
    )


def block_effects(oats, fit):
    deviation = oats.groupby("Block", observed=True)["yield"].mean() - oats["yield"].mean()
    effects = fit.ranef()
    levels = effects["level"][effects["group"] == "Block"]
    return levels, deviation[list(levels)].to_numpy(), effects["estimate"][effects["group"] == "Block"]


def shrinkage_factor(fit):
    b, w, e = fit.varcorr["vcov"]
    return 12 * b / (e + 4 * w + 12 * b)


def draw_shrinkage(oats, fit):
    from matplotlib.figure import Figure

    levels, deviation, effect = block_effects(oats, fit)
    figure = Figure(figsize=(5.2, 2.6), layout="constrained")
    axes = figure.add_subplot()
    for x, y in zip(deviation, effect, strict=True):
        axes.annotate("", (y, 0), (x, 1), arrowprops={"arrowstyle": "->", "color": "#66717e"})
    axes.plot(deviation, np.ones(len(levels)), "o", color="#c2541b", label="deviation of the mean")
    axes.plot(effect, np.zeros(len(levels)), "o", color="#1d5f96", label="random effect")
    axes.axvline(0, color="#d9dee4", zorder=0)
    axes.set_yticks([0, 1], ["BLUP", "mean"])
    axes.set_ylim(-0.4, 1.5)
    axes.set_xlabel("yield of a block, minus the mean of all")
    for rank, i in enumerate(np.argsort(deviation)):
        place = (0, 7 + 9 * (rank % 2))  # neighbours on two heights
        axes.annotate(
            levels[i], (deviation[i], 1), place, textcoords="offset points", ha="center", fontsize=8
        )
    return figure


def degrees_of_freedom(title, oats):
    """The page: denominator degrees of freedom may not be those of the table. In balanced data they are."""
    fit = lmm.fit(FORMULA, oats)
    columns = {"term": ["Variety", "nitro", "Variety:nitro"]}
    tests = lmm.strata(FORMULA, oats, type=3).tests
    columns["strata, type III"] = tests["den_df"]
    for name in ("containment", "satterthwaite", "kenward-roger", "residual"):
        columns[name] = fit.anova(df=name)["den_df"]
    return lmm.Table(
        columns,
        title=f"Denominator degrees of freedom, {title}",
        formats=dict.fromkeys(list(columns)[1:], ".2f"),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
