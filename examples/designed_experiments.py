"""Linear mixed models applied to designed experiments: from the ANOVA shell to blocks fixed and random.

Follows the course page "Day 4 Linear mixed models", from its first shell to its last figure: six diets of pigs on
three days, completely randomised and in rooms. The data of the page are not public; pigs_crd and pigs_grcbd are
synthetic, made so that the numbers that it prints come out.

    python examples/designed_experiments.py             # prints
    python examples/designed_experiments.py blocks.svg  # and draws the last figure
"""

import sys

import numpy as np
from scipy.stats import t

import lmm

CRD = {"Diet": 6, "Time": 3, "replicates": 15}
ROOMS = {"Diet": 6, "Time": 3, "Room": 3, "replicates": 5}


def main(figure=None):
    shells()
    completely_randomised(lmm.datasets.load("pigs_crd"))
    rooms = lmm.datasets.load("pigs_grcbd")
    in_rooms(rooms)
    fits = {
        "fixed": lmm.fit("F.Dry.matter ~ Day * Trt + Room", rooms),
        "random": lmm.fit("F.Dry.matter ~ Day * Trt + (1 | Room)", rooms),
    }
    blocks(fits)
    if figure:
        draw_blocks(fits).savefig(figure)
        print(f"drawn: {figure}")


def shells():
    """The page's two shells; 270 rows are one pig of each of 90 pens on three days."""
    printed = {"Diet": 5, "Time": 2, "Diet:Time": 10, "Error": 252, "Total": 269}
    without = lmm.shell("~ Diet * Time", CRD)
    print(without)
    compare(without, printed, "Shell without rooms")
    with_rooms = lmm.shell("~ Diet * Time + (1 | Room)", ROOMS)
    print(f"\n{with_rooms}")
    compare(with_rooms, printed | {"Room": 2, "Error": 250}, "Shell with rooms")
    print(
        "The page prints N-(d*t)-r for the error with rooms, which is 249; the mean counts one of the rooms."
    )
    print(f"\n{with_rooms.hasse}")


def compare(shell, printed, title):
    ours = dict(zip(shell["source"], shell["df"], strict=True))
    beside(title, [(f"df of {source}", ours[source], str(df)) for source, df in printed.items()])


def completely_randomised(pigs):
    """The general linear model is a mixed model without random effects."""
    fit = lmm.fit("F.Dry.matter ~ Day * Trt", pigs)
    anova = fit.anova(type=2)
    by_term = {row["term"]: row for row in anova}
    se = fit.sigma / np.sqrt(45)
    means = fit.emmeans("Trt")
    mean = dict(zip(means["Trt"], means["emmean"], strict=True))
    margin = t.ppf(0.975, fit.df_residual) * se
    sums = {"Day": "850.7", "Trt": "896.5", "Day:Trt": "673.1", "Residuals": "12360.9"}
    tests = {
        "Day": ("8.6720", "0.0002279"),
        "Trt": ("3.6556", "0.0032772"),
        "Day:Trt": ("1.3723", "0.1934086"),
    }
    beside(
        "Completely randomised: F.Dry.matter ~ Day * Trt",
        [
            *((f"sum of squares, {term}", by_term[term]["sum_sq"], text) for term, text in sums.items()),
            *tested(by_term, tests),
            ("residual df", fit.df_residual, "252"),
            ("standard error of a mean", se, "1.044041"),
            ("standard error by emmeans", means["std_error"][0], "1.044041"),
            ("diet A, lower limit", mean["A"] - margin, "16.40749"),
            ("diet A, upper limit", mean["A"] + margin, "20.5198"),
            ("diet A, lower limit by emmeans", means["conf_low"][0], "16.40749"),
            *((f"diet {diet}", mean[diet], text) for diet, text in PRINTED.items()),
        ],
    )


def in_rooms(pigs):
    """Rooms as random blocks; two of the 252 degrees of freedom are between rooms now."""
    fit = lmm.fit("F.Dry.matter ~ Day * Trt + (1 | Room)", pigs)
    by_term = {row["term"]: row for row in fit.anova(type=2, df="kenward-roger")}
    tests = {
        "Day": ("10.7115", "3.441e-05"),
        "Trt": ("4.7730", "0.0003483"),
        "Day:Trt": ("1.1153", "0.3509474"),
    }
    beside(
        "In rooms: type II tests with Kenward-Roger df",
        [
            *tested(by_term, tests),
            *((f"denominator df, {term}", by_term[term]["den_df"], "250") for term in tests),
        ],
    )
    print(f"\n{fit.strata()}")
    print(
        "The pens of these data were observed three times; the page's model takes their rows as independent."
    )
    plan = pigs.drop(columns="F.Dry.matter")
    warning = [note for note in lmm.shell("~ Day * Trt + (1 | Room)", plan).notes if "Pseudo" in note]
    print(*warning, sep="\n")


def tested(by_term, printed):
    for term, (f_value, p_value) in printed.items():
        yield f"F, {term}", by_term[term]["f_value"], f_value
        yield f"p, {term}", by_term[term]["p_value"], p_value


def blocks(fits):
    """Treatment estimates do not change when the block is random instead of fixed; the errors of means do."""
    means = {name: fit.emmeans("Trt") for name, fit in fits.items()}
    first = {name: mean.contrast({"A - B": [1, -1, 0, 0, 0, 0]}) for name, mean in means.items()}
    table = lmm.Table(
        {
            "Trt": means["fixed"]["Trt"],
            "mean, fixed": means["fixed"]["emmean"],
            "mean, random": means["random"]["emmean"],
            "se, fixed": means["fixed"]["std_error"],
            "se, random": means["random"]["std_error"],
        },
        title="Rooms as blocks, fixed and random",
        formats=dict.fromkeys(("mean, fixed", "mean, random", "se, fixed", "se, random"), ".3f"),
        notes=[
            "se of a difference: "
            + ", ".join(f"{table['std_error'][0]:.3f} ({name})" for name, table in first.items())
            + ". A fixed block is these three rooms, a random one is any room."
        ],
    )
    print(f"\n{table}")
    change = np.abs(means["fixed"]["emmean"] - means["random"]["emmean"]).max()
    print(f"largest change of a mean: {change:.1e}\n")
    print(fits["random"].varcorr)


def draw_blocks(fits):
    """The page's figure: means with one standard error both ways, and the standard error of a difference."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.2, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for place, (name, fit) in enumerate(fits.items()):
        colour = ("#c2541b", "#1d5f96")[place]
        means = fit.emmeans("Trt")
        x = np.arange(6) + (place - 0.5) * 0.16
        axes.errorbar(x, means["emmean"], means["std_error"], fmt="o", color=colour, label=name, markersize=4)
        se = means.contrast({"A - B": [1, -1, 0, 0, 0, 0]})["std_error"][0]
        axes.errorbar(4.55 + 0.22 * place, 23.2, se / 2, fmt="none", color=colour, capsize=3)
    axes.text(4.4, 23.2, "s.e.(difference)", ha="right", va="center", fontsize=9)
    axes.set_xticks(range(6), list(fits["fixed"].emmeans("Trt")["Trt"]))
    axes.set_xlabel("Treatment")
    axes.set_ylabel("Fecal DM (%)")
    axes.legend(
        title="Blocks modeled as", loc="lower center", ncols=2, frameon=False, bbox_to_anchor=(0.5, 1.0)
    )
    return figure


PRINTED = {"A": "18.5", "B": "23.6", "C": "20.1", "D": "18.3", "E": "19.8", "F": "18.6"}


def beside(title, rows):
    """Print our numbers with as many decimals as the page prints, and its own beside them."""
    rows = list(rows)
    columns = {
        "quantity": [name for name, *_ in rows],
        "lmm": [as_printed(float(value), text) for _, value, text in rows],
        "document": [text for *_, text in rows],
    }
    print(f"\n{lmm.Table(columns, title=title)}")


def as_printed(value, text):
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return f"{value:.{decimals}e}" if exponent else f"{value:.{decimals}f}"


if __name__ == "__main__":
    main(*sys.argv[1:])
