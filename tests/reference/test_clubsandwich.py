"""Cluster-robust covariances, degrees of freedom and joint tests against clubSandwich, at the theta of lme4."""

import functools
import json
import pathlib

import numpy as np
import pytest

import lmm
from lmm.inference import joint_test, row_tests
from tests import tolerances
from tests.reference.lme4 import names

VALUES = json.loads(pathlib.Path(__file__).with_name("clubsandwich").joinpath("values.json").read_text())
CASES = [(name, result["kind"]) for name, case in VALUES.items() for result in case["results"]]


def sleepstudy():
    data = lmm.datasets.load("sleepstudy")
    subject = data["Subject"].astype(str)
    return data[~((subject == "308") & (data["Days"] > 5)) & ~((subject == "370") & (data["Days"] < 4))]


def without(name, rows):
    data = lmm.datasets.load(name)
    return data.drop(data.index[rows])


@functools.cache
def fitted(name):
    formula, data, method = {
        "sleepstudy": ("Reaction ~ Days + I(Days ** 2) + (Days | Subject)", sleepstudy(), "reml"),
        "orthodont": ("distance ~ age * Sex + (1 | Subject)", without("Orthodont", [0, 1, 29, 76]), "reml"),
        "oxide": ("Thickness ~ Source + Site + (1 | Lot/Wafer)", without("Oxide", [0, 1, 2, 3, 19]), "reml"),
        "ml": ("distance ~ age + Sex + (1 | Subject)", without("Orthodont", [0, 1, 29, 76]), "ml"),
    }[name]
    groups = [theta.partition(".")[0] for theta in VALUES[name]["theta_names"]]
    free = lmm.fit(formula, data, method=method)
    order = sorted(
        range(len(groups)), key=lambda i: list(free.n_levels).index(names.group(groups[i], free.n_levels))
    )
    return lmm.fit(formula, data, method=method, theta=np.array(VALUES[name]["theta"])[order])


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_rows_and_joint_tests(name, kind):
    fit = fitted(name)
    expected = next(result for result in VALUES[name]["results"] if result["kind"] == kind)
    method = lmm.ClusterRobust(kind)
    close = functools.partial(pytest.approx, rel=10 * tolerances.SAME_THETA)
    assert method.vcov(fit) == close(np.array(expected["vcov"]))
    rows = row_tests(fit, np.eye(fit.n_fixed), vcov=method)
    for ours, theirs in (("std_error", "std_error"), ("df", "df"), ("p_value", "p_value")):
        assert getattr(rows, ours) == close(np.array(expected[theirs]))
    joint = joint_test(fit, np.eye(fit.n_fixed)[np.array(VALUES[name]["joint"]) - 1], vcov=method)
    assert joint.num_df == expected["num_df"]
    for ours, theirs in (("den_df", "den_df"), ("f_value", "f_value"), ("p_value", "joint_p_value")):
        assert getattr(joint, ours) == close(expected[theirs])
