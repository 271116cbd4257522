"""Estimating variance components: method of moments, ML and REML in a split plot.

Follows the course page "Day 6 Linear Mixed Models" with Yates' oats: its analysis of variance with expected
mean squares, the two likelihoods written out, and the iterations of REML.

    python examples/variance_components.py
"""

import numpy as np

import lmm

FORMULA = "yield ~ Variety * nitro + (1 | Block/Variety)"


def main():
    oats = lmm.datasets.load("Oats")
    oats["nitro"] = oats["nitro"].astype("category")
    reml, ml = (lmm.fit(FORMULA, oats, method=method) for method in ("reml", "ml"))
    table = analysis_of_variance(oats)
    print(table)
    print(f"\n{components(table, reml, ml)}")
    print(f"\n{likelihoods(reml, ml)}")
    print("\nREML, iteration by iteration")
    print(reml.trace)
    print(f"\n{shrinkage(oats, reml)}")


def analysis_of_variance(oats):
    """Sums of squares of a balanced split plot: blocks, A on whole plots, C on subplots."""
    r, a, c = (oats[name].nunique() for name in ("Block", "Variety", "nitro"))
    block = sum_of_squares(oats, "Block")
    whole = sum_of_squares(oats, "Block", "Variety")
    variety = sum_of_squares(oats, "Variety")
    nitro = sum_of_squares(oats, "nitro")
    both = sum_of_squares(oats, "Variety", "nitro") - variety - nitro
    total = float(np.sum((oats["yield"] - oats["yield"].mean()) ** 2))
    rows = [
        ("Block", r - 1, block, f"e + {c} w + {a * c} b"),
        ("Variety", a - 1, variety, f"e + {c} w + fixed"),
        ("Error (whole plot)", (r - 1) * (a - 1), whole - block - variety, f"e + {c} w"),
        ("nitro", c - 1, nitro, "e + fixed"),
        ("Variety x nitro", (a - 1) * (c - 1), both, "e + fixed"),
        ("Error (split plot)", a * (r - 1) * (c - 1), total - whole - nitro - both, "e"),
    ]
    source, df, sum_sq, ems = zip(*rows, strict=True)
    mean_sq = np.array(sum_sq) / df
    return lmm.Table(
        {"source": source, "df": df, "sum_sq": sum_sq, "mean_sq": mean_sq, "expected mean square": ems},
        title="Analysis of variance of the split plot",
        formats={"sum_sq": ".1f", "mean_sq": ".2f"},
    )


def sum_of_squares(frame, *factors):
    """Sum of squares of the means of cells around the mean of all."""
    means = frame.groupby(list(factors), observed=True)["yield"].transform("mean")
    return float(np.sum((means - frame["yield"].mean()) ** 2))


def components(table, reml, ml):
    """Balanced data: REML is the method of moments as long as no estimate is negative; ML is biased down."""
    mean_sq = dict(zip(table["source"], table["mean_sq"], strict=True))
    block, whole, split = (mean_sq[name] for name in ("Block", "Error (whole plot)", "Error (split plot)"))
    return lmm.Table(
        {
            "component": ["b, Block", "w, Block:Variety", "e, Residual"],
            "method of moments": [(block - whole) / 12, (whole - split) / 4, split],
            "REML": reml.varcorr["vcov"],
            "ML": ml.varcorr["vcov"],
        },
        title="Variance components",
        formats=dict.fromkeys(("method of moments", "REML", "ML"), ".4f"),
    )


def likelihoods(reml, ml):
    """The page's two log-likelihoods, with V = ZGZ' + R as it stands."""
    rows = []
    for name, fit in (("ML", ml), ("REML", reml)):
        ZL = (fit.Z @ fit.Lambda).toarray()
        V = fit.sigma**2 * (ZL @ ZL.T + np.eye(fit.n_obs))
        r = fit.fitted + fit.residuals() - fit.X @ fit.beta
        X = fit.X
        value = log_det(V) + r @ np.linalg.solve(V, r)
        count = fit.n_obs
        if name == "REML":
            value += log_det(X.T @ np.linalg.solve(V, X))
            count -= fit.n_fixed
        rows.append((name, -(value + count * np.log(2 * np.pi)) / 2, fit.loglik))
    method, by_hand, ours = zip(*rows, strict=True)
    return lmm.Table(
        {"method": method, "written out": by_hand, "lmm.fit": ours},
        title="Log-likelihood at the estimates",
        formats={"written out": ".6f", "lmm.fit": ".6f"},
    )


def log_det(matrix):
    return np.linalg.slogdet(matrix)[1]


def shrinkage(oats, fit):
    """Random effects lie between zero and the deviation of the block's mean."""
    deviation = oats.groupby("Block", observed=True)["yield"].mean() - oats["yield"].mean()
    effects = fit.ranef()
    blocks = effects["group"] == "Block"
    return lmm.Table(
        {
            "Block": effects["level"][blocks],
            "deviation of the mean": deviation[list(effects["level"][blocks])].to_numpy(),
            "random effect": effects["estimate"][blocks],
        },
        title="Shrinkage",
        formats={"deviation of the mean": ".2f", "random effect": ".2f"},
    )


if __name__ == "__main__":
    main()
