"""Linear mixed models applied to designed experiments: blocks fixed and random.

Follows the course page "Day 4 Linear mixed models": six diets of pigs on three days, completely randomised and
in rooms. The data of the page are not public; pigs_crd and pigs_grcbd are synthetic, made so that the
numbers that it prints come out.

    python examples/designed_experiments.py
"""

import numpy as np
from scipy.stats import t

import lmm


def main():
    completely_randomised()
    rooms()


def completely_randomised():
    """The general linear model is a mixed model without random effects."""
    pigs = lmm.datasets.load("pigs_crd")
    fit = lmm.fit("F.Dry.matter ~ Day * Trt", pigs)
    se = fit.sigma / np.sqrt(45)
    means = diet_means(fit, pigs)
    margin = t.ppf(0.975, fit.df_residual) * se
    beside(
        "Completely randomised: F.Dry.matter ~ Day * Trt",
        [
            ("residual sum of squares", np.sum(fit.residuals() ** 2), "12360.9"),
            ("residual df", fit.df_residual, "252"),
            ("standard error of a mean", se, "1.044041"),
            ("diet A, lower limit", means["A"] - margin, "16.40749"),
            ("diet A, upper limit", means["A"] + margin, "20.5198"),
            *((f"diet {diet}", means[diet], mean) for diet, mean in PRINTED.items()),
        ],
    )


def rooms():
    """Treatment estimates do not change when the block is random instead of fixed: the design is balanced."""
    pigs = lmm.datasets.load("pigs_grcbd")
    fixed = lmm.fit("F.Dry.matter ~ Day * Trt + Room", pigs)
    random = lmm.fit("F.Dry.matter ~ Day * Trt + (1 | Room)", pigs)
    difference = np.array(list(diet_means(random, pigs).values())) - list(diet_means(fixed, pigs).values())
    print("\nRooms as blocks: fixed and random")
    print(
        lmm.Table(
            {
                "room is": ["fixed", "random"],
                "residual df": [fixed.df_residual, random.df_residual],
                "sigma": [fixed.sigma, random.sigma],
            }
        )
    )
    print(f"largest change of a diet mean: {np.abs(difference).max():.1e}\n")
    print(random.varcorr)


def diet_means(fit, pigs):
    """Mean of the fitted values of each diet: the design is balanced over days."""
    fitted = pigs.assign(fitted=fit.fitted)
    return fitted.groupby("Trt", observed=True)["fitted"].mean().to_dict()


PRINTED = {"A": "18.5", "B": "23.6", "C": "20.1", "D": "18.3", "E": "19.8", "F": "18.6"}


def beside(title, rows):
    """Print our numbers with as many decimals as the page prints, and its own beside them."""
    ours = [f"{value:.{len(printed.partition('.')[2])}f}" for _, value, printed in rows]
    columns = {
        "quantity": [name for name, *_ in rows],
        "lmm": ours,
        "document": [printed for *_, printed in rows],
    }
    print(f"\n{lmm.Table(columns, title=title)}")


if __name__ == "__main__":
    main()
