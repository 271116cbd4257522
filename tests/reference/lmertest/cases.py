"""What R made of the unbalanced cases, the data as R had them, and our fits, each made once."""

import functools
import json
import pathlib

import numpy as np

import lmm
from tests.reference.lme4.cases import as_factor

VALUES = json.loads(pathlib.Path(__file__).with_name("values.json").read_text(encoding="utf-8"))
MIXED = {case["id"]: case for case in VALUES["mixed"]}
LINEAR = {case["id"]: case for case in VALUES["linear"]}


def data(case):
    frame = lmm.datasets.load(case["data"])
    frame = frame.assign(**{name: as_factor(frame[name]) for name in case.get("factors") or ()})
    if case["keep"]:
        frame = frame[np.arange(len(frame)) % case["keep"] != 0]
    return frame.assign(w=1.0 + np.arange(len(frame)) % 3)


@functools.cache
def mixed(case_id):
    case = MIXED[case_id]
    contrasts = {name: coding.removeprefix("contr.") for name, coding in (case["contrasts"] or {}).items()}
    return lmm.fit(case["formula"], data(case), contrasts=contrasts)


@functools.cache
def linear(case_id, method="reml"):
    case = LINEAR[case_id]
    return lmm.fit(case["formula"], data(case), weights=case.get("weights"), method=method)
