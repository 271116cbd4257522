"""Make the synthetic pigs data as Parquet files, from which ``make_datasets.py`` writes the data sets.

    python tools/make_pigs.py FOLDER

The data behind the course page "Day 4 Linear mixed models" are not public. These are random numbers,
projected on the space of each term and scaled, so that the sums of squares, F statistics and means printed
there come out within their rounding. Nothing else about them is real. The bases come from a singular value
decomposition, which leaves their orientation to the LAPACK at hand: another machine makes other numbers with
the same tables, so the data set that ships is the CSV, not this script. Needs pandas and pyarrow.
"""

from __future__ import annotations

import pathlib
import sys
from typing import Any

import numpy as np
import pandas as pd

DIETS = list("ABCDEF")
DAYS = (1, 2, 3)
PENS_PER_DIET = 15
RESPONSE = "F.Dry.matter"


def main(folder: pathlib.Path) -> None:
    """Write both sets; the second continues the random stream of the first."""
    random = np.random.default_rng(20260908)
    completely_randomised(random).to_parquet(folder / "pigs_crd.parquet")
    in_rooms(random).to_parquet(folder / "pigs_grcbd.parquet")


def completely_randomised(random: np.random.Generator) -> pd.DataFrame:
    """Reach sums of squares 850.7, 896.5, 673.1 and 12360.9, and a mean of diet A of 18.4636."""
    frame = layout(1)
    mean, day, diet, both = spaces(frame)
    mean_a = (16.40749 + 20.5198) / 2
    printed = np.array([mean_a, 23.57936117, 20.11307141, 18.31307141, 19.8275, 18.55718652])
    deviation = printed - printed.mean()
    deviation *= np.sqrt(896.546 / 45 / np.sum(deviation**2))
    means = mean_a + deviation - deviation[0]
    error = residual(random, 12360.853, mean, day, diet, both)
    frame[RESPONSE] = (
        of_diet(frame, means)
        + np.sqrt(850.741) * direction(random, day)
        + np.sqrt(673.10614) * direction(random, both)
        + error
    )
    return as_factors(frame.drop(columns="Room"))


def in_rooms(random: np.random.Generator) -> pd.DataFrame:
    """Reach F statistics 10.7115, 4.7730 and 1.1153 on 250 degrees of freedom."""
    frame = layout(3)
    mean, day, diet, both = spaces(frame)
    room = basis(dummies(frame["Room"]), mean)
    mean_square = 46.0
    error = residual(random, mean_square * 250, mean, day, diet, both, room)
    deviation = np.array([18.4, 23.4, 20.0, 18.5, 19.9, 18.7])
    deviation -= deviation.mean()
    deviation *= np.sqrt(4.7730 * 5 * mean_square / 45 / np.sum(deviation**2))
    frame[RESPONSE] = (
        of_diet(frame, 19.8 + deviation)
        + np.sqrt(10.7115 * 2 * mean_square) * direction(random, day)
        + np.sqrt(1.1153193 * 10 * mean_square) * direction(random, both)
        + np.sqrt(2 * mean_square * 6.5) * direction(random, room)
        + error
    )
    return as_factors(frame)


def layout(rooms: int) -> pd.DataFrame:
    """Make one row per pen and day."""
    pens = [
        (room + 1, diet) for room in range(rooms) for diet in DIETS for _ in range(PENS_PER_DIET // rooms)
    ]
    rows = [(room, diet, pen, day) for pen, (room, diet) in enumerate(pens, start=1) for day in DAYS]
    return pd.DataFrame(rows, columns=["Room", "Trt", "Pen", "Day"])


def spaces(frame: pd.DataFrame) -> tuple[Any, Any, Any, Any]:
    """Compute orthonormal bases of the mean, the days, the diets and their interaction."""
    one = np.ones((len(frame), 1))
    day = basis(dummies(frame["Day"]), one)
    diet = basis(dummies(frame["Trt"]), one)
    both = basis(dummies(frame["Day"].astype(str) + frame["Trt"]), one, day, diet)
    return one, day, diet, both


def dummies(column: pd.Series[Any]) -> Any:
    """Make the indicator columns of the levels."""
    return pd.get_dummies(column).to_numpy(float)


def basis(columns: Any, *against: Any) -> Any:
    """Compute an orthonormal basis of what the columns span beyond the others."""
    others, _ = np.linalg.qr(np.column_stack(against))
    left, values, _ = np.linalg.svd(columns - others @ (others.T @ columns), full_matrices=False)
    return left[:, values > 1e-8]


def direction(random: np.random.Generator, space: Any) -> Any:
    """Draw a vector of length one in a space."""
    vector = space @ random.standard_normal(space.shape[1])
    return vector / np.linalg.norm(vector)


def residual(random: np.random.Generator, sum_of_squares: float, *terms: Any) -> Any:
    """Draw a vector orthogonal to all terms, of the given sum of squares."""
    vector = random.standard_normal(len(terms[0]))
    fitted, _ = np.linalg.qr(np.column_stack(terms))
    vector -= fitted @ (fitted.T @ vector)
    return vector * np.sqrt(sum_of_squares) / np.linalg.norm(vector)


def of_diet(frame: pd.DataFrame, means: Any) -> Any:
    """Compute the mean of each row's diet."""
    return means[frame["Trt"].map(DIETS.index)]


def as_factors(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn the columns of the design into categoricals of text, the response last."""
    order = [name for name in ("Room", "Pen", "Day", "Trt") if name in frame]
    factors = {
        name: pd.Categorical(frame[name].astype(str), [str(v) for v in pd.unique(frame[name])])
        for name in order
    }
    return pd.DataFrame(factors).assign(**{RESPONSE: frame[RESPONSE]})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(pathlib.Path(sys.argv[1]))
