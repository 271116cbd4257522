"""Write the data sets of ``lmm.datasets`` from Parquet files.

    python tools/make_datasets.py FOLDER

FOLDER holds one Parquet file per set, ``NAME.parquet``, whose factors are dictionary columns with levels in
order. ``python/lmm/datasets/files/NAME.json`` holds what a person wrote about the set: title, description,
source, citation, licence, and name, units and description of each column. The script writes ``NAME.csv.gz``,
completes ``NAME.json`` with what follows from the rows (their number, kinds, levels, missing values and the
checksum of the CSV text) and lists all sets in ``docs/data_sets.md``. It changes nothing when run again. To add
a set, write its description first.

Needs pandas and pyarrow. The Parquet files came from the R packages that the descriptions name; the sets of
lme4, nlme, mlmRev, lmerTest, MASS and R itself were compared with the packages cell by cell. ``engine`` and
``heights`` were typed from the cited publications. The pigs sets are synthetic, made by ``tools/make_pigs.py``.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import pathlib
import sys
from typing import Any

import pandas as pd

ROOT = pathlib.Path(__file__).resolve().parents[1]
FILES = ROOT / "python" / "lmm" / "datasets" / "files"
PAGE = ROOT / "docs" / "data_sets.md"
HEAD = """# Data sets

They ship with the package and work offline: `lmm.datasets.load("sleepstudy")` gives a data frame,
`lmm.datasets.describe("sleepstudy")` its columns with their units, `lmm data sleepstudy` the same in a terminal.
**Each set has the licence of its source**, which is mostly not that of the package. This page is written by
`tools/make_datasets.py`.

| name | rows | title | source | licence |
|---|--:|---|---|---|
"""
SHORT = 30


def main(folder: pathlib.Path) -> None:
    """Write every set that has a Parquet file in the folder."""
    for path in sorted(folder.glob("*.parquet")):
        described = FILES / f"{path.stem}.json"
        if not described.exists():
            raise SystemExit(f"{described} does not exist; describe the set there first")
        entry = json.loads(described.read_text("utf-8"))
        frame = pd.read_parquet(path)
        content = write_csv(frame)
        complete(entry, frame, content)
        described.write_text(json.dumps(entry, indent=1, ensure_ascii=False) + "\n", "utf-8")
        # No time stamp, so that the same rows give the same file.
        (FILES / f"{path.stem}.csv.gz").write_bytes(gzip.compress(content, 9, mtime=0))
        print(f"{path.stem}: {len(frame)} rows")  # noqa: T201
    write_page()


def write_page() -> None:
    """List all sets with their sources and licences."""
    entries = [json.loads(path.read_text("utf-8")) for path in FILES.glob("*.json")]
    rows = [
        "| "
        + " | ".join(
            str(entry[key]).replace("|", "\\|") for key in ("name", "n_rows", "title", "source", "licence")
        )
        + " |"
        for entry in sorted(entries, key=lambda entry: entry["name"].casefold())
    ]
    PAGE.write_text(HEAD + "\n".join(rows) + "\n", "utf-8")


def write_csv(frame: pd.DataFrame) -> bytes:
    """Write the rows as CSV text: numbers in the shortest exact form, missing values empty."""
    columns = [["" if pd.isna(value) else str(value) for value in frame[name].tolist()] for name in frame]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode("utf-8")


def complete(entry: dict[str, Any], frame: pd.DataFrame, content: bytes) -> None:
    """Add to the description what follows from the rows."""
    described = [column["name"] for column in entry["columns"]]
    if described != list(frame.columns):
        raise SystemExit(
            f"{entry['name']}: the description has the columns {described}, the file {list(frame)}"
        )
    for column in entry["columns"]:
        series = frame[column["name"]]
        for key in ("kind", "levels", "ordered", "n_missing"):
            column.pop(key, None)
        column["kind"] = kind(series)
        if column["kind"] == "factor":
            column["levels"] = short([str(level) for level in series.cat.categories])
            column["ordered"] = bool(series.cat.ordered)
        column["n_missing"] = int(series.isna().sum())
    entry["n_rows"] = len(frame)
    entry["sha256"] = hashlib.sha256(content).hexdigest()


def kind(series: pd.Series[Any]) -> str:
    """Name the kind of a column."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return "factor"
    return "integer" if pd.api.types.is_integer_dtype(series.dtype) else "number"


def short(levels: list[str]) -> list[str] | dict[str, int]:
    """Store many levels that are consecutive numbers by their ends."""
    if len(levels) > SHORT and levels[0].isdigit():
        first = int(levels[0])
        if levels == [str(first + index) for index in range(len(levels))]:
            return {"first": first, "last": first + len(levels) - 1}
    return levels


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(pathlib.Path(sys.argv[1]))
