"""The 38 cases: what R computed, the data as R had them, and our fits of them, each made once."""

import functools
import gzip
import json
import pathlib

import numpy as np
import pandas as pd

import lmm

VALUES = pathlib.Path(__file__).with_name("values.json.gz")


@functools.cache
def reference():
    """R's results by the id of the case."""
    return {case["id"]: case for case in json.loads(gzip.decompress(VALUES.read_bytes()))}


def factors(*names):
    def prepare(frame):
        return frame.assign(**{name: as_factor(frame[name]) for name in names})

    return prepare


def as_factor(column):
    """R's factor(): levels of numbers as R writes them, sorted as numbers."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column
    return pd.Categorical(column.map("{:g}".format), [f"{value:g}" for value in sorted(column.unique())])


def weighted_looms(frame):
    g = pd.Categorical([str(number) for number in range(1, 10)] * 6)
    return frame.assign(g=g, w=np.tile([1.0, 2.0, 0.5], 18))


def late(frame):
    return frame.assign(late=pd.Categorical(np.where(frame["Days"] > 4, "late", "early")))


PREPARE = {
    None: lambda frame: frame,
    "nitro as factor": factors("nitro"),
    "Day and Room as factors": factors("Day", "Room"),
    "Day, Room and Pen as factors": factors("Day", "Room", "Pen"),
    "Homesize and Consumer as factors": factors("Homesize", "Consumer"),
    "Source, Lot and Wafer as factors": factors("Source", "Lot", "Wafer"),
    "diet and herd as factors": factors("diet", "herd"),
    "primary and second as factors": factors("primary", "second"),
    "service as factor": factors("service"),
    "service and dept as factors": factors("service", "dept"),
    "g = factor(rep(1:9, 6)); w = rep(c(1,2,0.5), 18)": weighted_looms,
    "gcsecnt = gcsescore - mean(gcsescore)": lambda frame: frame.assign(
        gcsecnt=frame["gcsescore"] - frame["gcsescore"].mean()
    ),
    "late = factor(ifelse(Days>4,'late','early'))": late,
    "off = 10*Days": lambda frame: frame.assign(off=10.0 * frame["Days"]),
}


@functools.cache
def data(case_id):
    case = reference()[case_id]
    return PREPARE[case.get("prep")](lmm.datasets.load(case["data"]))


def fit_case(case_id, **options):
    case = reference()[case_id]
    return lmm.fit(
        case["formula"],
        data(case_id),
        method="reml" if case["REML"] else "ml",
        weights=case.get("weights"),
        offset=case.get("offset"),
        **options,
    )


@functools.cache
def fitted(case_id):
    """Our fit at our optimum."""
    return fit_case(case_id)


@functools.cache
def at_theta_of_r(case_id):
    """Our evaluation at the theta where R stopped: no optimiser in between."""
    from tests.reference.lme4.names import theta_in_our_order

    return fit_case(case_id, theta=theta_in_our_order(reference()[case_id], fitted(case_id)))
