"""The benchmarks measure what they say, and their page is made from the results."""

from __future__ import annotations

import re

import numpy as np
import pytest

import lmm
from benchmarks import peers
from benchmarks.page import PAGE, page, seconds
from benchmarks.running import AGREE, fixed_matrix, measure, memory_allowed, prepare
from benchmarks.storage import read
from benchmarks.workloads import WORKLOADS, _shares, one_factor
from lmm.formula import parse

SMALL = [workload for workload in WORKLOADS if workload.name not in {"films", "nested", "slopes-300k"}]
BY_NAME = {workload.name: workload for workload in WORKLOADS}


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """Nothing is written into the checkout."""
    monkeypatch.setattr("benchmarks.storage.DATA", tmp_path / "data")
    monkeypatch.setattr("benchmarks.running.RESULTS", tmp_path)


def test_the_page_is_that_of_the_results():
    from benchmarks import running

    assert page(running.Path(running.__file__).parent / "results") == PAGE.read_text(encoding="utf-8"), (
        "run: python -m benchmarks --page"
    )


@pytest.mark.parametrize("workload", SMALL, ids=lambda workload: workload.name)
def test_formulas_use_columns_of_their_data(workload):
    frame = workload.make()
    assert parse(workload.formula).variables <= set(frame.columns)
    assert set(workload.peers) <= set(peers.NAMES)


def test_data_come_back_from_their_file():
    workload = BY_NAME["sleepstudy"]
    path, n_rows = prepare(workload)
    frame, spec = read(path)
    original = workload.make()
    assert n_rows == len(frame) == 180
    assert spec["formula"] == workload.formula
    np.testing.assert_array_equal(frame["Subject"].astype(str), original["Subject"].astype(str))
    np.testing.assert_array_equal(frame["Reaction"], original["Reaction"])


def test_the_same_seed_makes_the_same_data():
    assert one_factor(500, 50, 2).equals(one_factor(500, 50, 2))


def test_shares_add_up():
    shares = _shares(np.random.default_rng(1), np.array([1.0, 5.0, 100.0, 2.0]), 1000, 400)
    assert shares.sum() == 1000
    assert shares.max() <= 400


def test_fixed_matrix_leaves_the_random_terms_out():
    frame = one_factor(30, 5, 1)
    X = fixed_matrix("y ~ x1 + (x1 | g)", frame)
    np.testing.assert_array_equal(X, np.column_stack([np.ones(30), frame["x1"]]))


def test_ours_is_measured_in_a_process_of_its_own_and_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr(
        peers, "command", lambda peer, real=peers.command: real(peer) if peer == "lmm" else None
    )
    *runs, verdict = measure(BY_NAME["sleepstudy"], ["mixedlm"], repeats=1, budget=1.0, timeout=100.0)
    ours, missing = runs
    assert missing == {"peer": "mixedlm", "skipped": "not installed"}
    assert ours["criterion"] == pytest.approx(1743.6282719)
    assert ours["versions"]["lmm"] == lmm.__version__
    assert len(ours["seconds"]) == 1
    assert set(ours["phases"]) == {"formula", "read and encode", "cross-products", "optimise", "finish"}
    assert verdict == {"agree": True}


def test_a_lower_optimum_of_another_package_is_seen(monkeypatch):
    def run(peer, *_):
        return {"peer": peer, "criterion": 5.0 - 2 * AGREE * (peer != "lmm"), "method": "reml", "median": 1.0}

    monkeypatch.setattr(peers, "run", run)
    *_, verdict = measure(BY_NAME["sleepstudy"], ["lme4"], 1, 1.0, 1.0)
    assert verdict == {"agree": False}


def test_a_failure_is_a_result(monkeypatch, tmp_path):
    import sys

    monkeypatch.setattr(
        peers, "command", lambda _: [sys.executable, "-c", "raise SystemExit('no such thing')"]
    )
    assert peers.run("lme4", tmp_path, 1, 1.0, 60.0) == {"peer": "lme4", "failed": "no such thing"}


def test_memory_allowed_grows_with_model_and_tail():
    one = memory_allowed(BY_NAME["nested"], {"model_mb": 20.0}, 10**6)
    assert one == 32 + 80
    assert memory_allowed(BY_NAME["films"], {"model_mb": 20.0}, 10**6) == pytest.approx(112 + 232.5, abs=0.1)


@pytest.mark.parametrize(
    ("value", "text"), [(0.00194, "1.94 ms"), (0.25, "250 ms"), (3.5, "3.5 s"), (None, "")]
)
def test_seconds(value, text):
    assert seconds(value) == text


def test_adapters_do_not_hide_in_the_package():
    """What a peer needs is imported in its adapter only, so that the others run without it."""
    for path in peers.FOLDER.glob("*.py"):
        if path.name.startswith("with_"):
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(rf"^\s*(import|from) ({'|'.join(peers.PYTHON_PEERS)})\b", text, re.MULTILINE)
