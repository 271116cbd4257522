"""Tables of R row by row, in our words."""

import pytest

F_COLUMNS = {
    "Sum Sq": "sum_sq",
    "Mean Sq": "mean_sq",
    "NumDF": "num_df",
    "DenDF": "den_df",
    "F value": "f_value",
    "F": "f_value",
    "Df": "num_df",
    "Df.res": "den_df",
}
CHISQ_COLUMNS = {"Chisq": "chisq", "Df": "df", "Pr(>Chisq)": "p_value"}
RATIO_COLUMNS = {
    "npar": "n_parameters",
    "logLik": "loglik",
    "AIC": "aic",
    "LRT": "lrt",
    "Df": "df",
    "Pr(>Chisq)": "p_value_naive",
}


def term(row):
    """Name of a fixed term: powers are written as in Python."""
    return row["row"].replace("^", " ** ")


def bar(row):
    """Name of a random term as ranova writes it, with the factors of its group in alphabetical order."""
    effects, _, group = row["row"].rstrip(")").partition("|")
    return f"{effects.strip()} | {':'.join(sorted(group.strip().split(':')))}"


def check(table, rows, columns, rel, *, name=term, key="term", leave_out=(), floor=1e-300):
    """Compare all numbers of R's rows with ours; below ``floor`` two numbers count as the same."""
    ours = {name({"row": row[key]}): row for row in table}
    rows = [row for row in rows if row["row"] != "(Intercept)"]
    assert {name(row) for row in rows} <= set(ours)
    for row in rows:
        for theirs, column in columns.items():
            if row.get(theirs) is None or column in leave_out or column not in table:
                continue
            expected = pytest.approx(row[theirs], rel=rel, abs=floor)
            assert ours[name(row)][column] == expected, (name(row), column)
