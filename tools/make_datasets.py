"""Write the data sets of ``lmm.datasets`` from Parquet files.

    python tools/make_datasets.py FOLDER

FOLDER holds one Parquet file per set, ``NAME.parquet``, whose factors are dictionary columns with levels in
order. ``python/lmm/datasets/files/NAME.json`` holds what a person wrote about the set: title, description,
source, citation, licence, and name, units and description of each column. The script writes ``NAME.csv.gz``
and completes ``NAME.json`` with what follows from the rows: their number, kinds, levels, missing values and
the checksum of the CSV text. It changes nothing when run again. To add a set, write its description first.

Needs pandas and pyarrow. The Parquet files came from the R packages that the descriptions name, and were
compared with them cell by cell; ``engine`` and ``heights`` were typed from the cited publications; the pigs
sets are synthetic and made by ``tools/make_pigs.py``.
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

FILES = pathlib.Path(__file__).resolve().parents[1] / "python" / "lmm" / "datasets" / "files"
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


def write_csv(frame: pd.DataFrame) -> bytes:
    """Give the rows as CSV text: numbers in the shortest exact form, missing values empty."""
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
