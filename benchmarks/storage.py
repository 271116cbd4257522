"""Data of a workload in files that every interpreter reads: NumPy's own format, and CSV for R."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

DATA = Path(__file__).parent / "data"


def write(name: str, frame: pd.DataFrame, spec: dict[str, Any], X: np.ndarray | None) -> Path:
    """Write ``name.npz``, ``name.csv`` and ``name.json``; returns the path without ending."""
    DATA.mkdir(exist_ok=True)
    path = DATA / name
    arrays: dict[str, np.ndarray] = {} if X is None else {"X": X}
    for column in frame:
        values = frame[column]
        if isinstance(values.dtype, pd.CategoricalDtype):
            arrays[f"codes {column}"] = values.cat.codes.to_numpy()
            arrays[f"levels {column}"] = values.cat.categories.astype(str).to_numpy(dtype=str)
        else:
            arrays[f"values {column}"] = values.to_numpy(dtype=float)
    np.savez(path.with_suffix(".npz"), **arrays)
    frame.to_csv(path.with_suffix(".csv"), index=False)
    path.with_suffix(".json").write_text(json.dumps(spec), encoding="utf-8")
    return path


def read(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read the table and the specification, with X where there is one."""
    spec = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    columns: dict[str, Any] = {}
    with np.load(path.with_suffix(".npz")) as arrays:
        for key in arrays.files:
            kind, _, name = key.partition(" ")
            if kind == "values":
                columns[name] = arrays[key]
            elif kind == "codes":
                columns[name] = pd.Categorical.from_codes(arrays[key], list(arrays[f"levels {name}"]))
            elif kind == "X":
                spec["X"] = arrays[key]
    return pd.DataFrame(columns), spec
