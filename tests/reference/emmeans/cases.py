"""What emmeans computed, and our fits of the same models to the same data, each made once."""

import functools
import gzip
import json
import pathlib

import pandas as pd

import lmm
from tests.inference.models import as_estimated

VALUES = pathlib.Path(__file__).with_name("values.json.gz")
LEFT_OUT_OF_OATS = [1, 2, 3, 5, 8, 13, 21, 34, 55]  # counted from 1


@functools.cache
def reference():
    """R's tables by the id of the case."""
    return json.loads(gzip.decompress(VALUES.read_bytes()))


# Where R's search stopped, by the same session; in our order of the terms. Of `criterion` it gives all digits.
THETA = {
    "oats_unbalanced": [0.973647155900204, 0.582039437734546],
    "oats_unbalanced_additive": [1.077211930106912, 0.650114475287652],
    "sleep_quadratic": [0.969750490836556, 0.014934312704956, 0.231571844990316],
    "cake": [1.42959163358973],
}


@functools.cache
def fitted(case_id):
    """Our fit of a case, at our optimum."""
    return lmm.fit(reference()[case_id]["model"], DATA[case_id]())


@functools.cache
def at_theta_of_r(case_id):
    """Our evaluation where R stopped, as if it were an optimum; there is no such place without random terms."""
    if case_id not in THETA:
        return fitted(case_id)
    return as_estimated(lmm.fit(reference()[case_id]["model"], DATA[case_id](), theta=THETA[case_id]))


def as_factor(column):
    """R's factor(): levels of numbers as R writes them, sorted as numbers."""
    return pd.Categorical(column.map("{:g}".format), [f"{value:g}" for value in sorted(column.unique())])


def unbalanced_oats():
    frame = lmm.datasets.load("Oats")
    frame = frame.assign(nitro=as_factor(frame["nitro"]))
    return frame.drop(index=[row - 1 for row in LEFT_OUT_OF_OATS])


def looms_without_a_cell():
    frame = lmm.datasets.load("warpbreaks")
    return frame[~((frame["wool"] == "B") & (frame["tension"] == "H"))]


def pigs():
    frame = lmm.datasets.load("emm_pigs")
    return frame.assign(pc=frame["percent"], percent=as_factor(frame["percent"]))


def nested():
    return pd.DataFrame(
        {
            "a": ["x"] * 6 + ["y"] * 6,
            "b": list("112233445566"),
            "y": [3.1, 2.9, 4.2, 4.4, 5.0, 5.3, 6.6, 6.1, 7.2, 7.9, 8.3, 8.0],
        }
    )


DATA = {
    "oats_unbalanced": unbalanced_oats,
    "oats_unbalanced_additive": unbalanced_oats,
    "warpbreaks_lm": lambda: lmm.datasets.load("warpbreaks"),
    "warpbreaks_empty_cell": looms_without_a_cell,
    "fiber_ancova": lambda: lmm.datasets.load("emm_fiber"),
    "pigs_log": pigs,
    "pigs_poly": pigs,
    "sleep_quadratic": lambda: lmm.datasets.load("sleepstudy"),
    "cake": lambda: lmm.datasets.load("cake"),
    "nested_factor": nested,
}
