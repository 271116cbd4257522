"""Write the table of docs/precision.md: digits of certified variance components.

python -m tools.precision_table
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

import lmm
from tests.reference.nist.sets import NAMES, digits, load

PAGE = Path(__file__).resolve().parent.parent / "docs" / "precision.md"
COLUMNS = (
    "set",
    "level",
    "rows",
    "leading digits",
    "digits of σ²",
    "digits of τ²",
    "digits possible",
    "digits of the stored numbers",
)
_TABLE = re.compile(r"^\| set \|.*?(?=^[^|]|\Z)", re.MULTILINE | re.DOTALL)


def rows() -> list[dict[str, str]]:
    """Fit every set and count digits."""
    return [_row(name) for name in NAMES]


def _row(name: str) -> dict[str, str]:
    one_way = load(name)
    group = np.char.add("g", one_way.group.astype(str))
    tau2, sigma2 = lmm.fit("y ~ 1 + (1 | g)", {"y": one_way.y, "g": group}).varcorr["vcov"]
    certified, stored = one_way.variances(), one_way.variances(one_way.stored_mean_squares)
    possible = min(digits(best, value) for best, value in zip(stored, certified, strict=True))
    of_stored = min(digits(tau2, stored[0]), digits(sigma2, stored[1]))
    values = (
        name,
        one_way.difficulty,
        f"{one_way.y.size:,}",
        str(one_way.leading_digits),
        *(
            str(int(found))
            for found in (digits(sigma2, certified[1]), digits(tau2, certified[0]), possible, of_stored)
        ),
    )
    return dict(zip(COLUMNS, values, strict=True))


def table_of(page: str) -> list[dict[str, str]]:
    """Read the table of a page."""
    found = _TABLE.search(page)
    lines = found[0].strip().splitlines()[2:] if found else []
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(COLUMNS, row, strict=True)) for row in cells]


def main() -> None:
    """Put the table into the page."""
    lines = [COLUMNS, ["---"] * len(COLUMNS), *(row.values() for row in rows())]
    table = (
        "\n".join(f"| {' | '.join(line)} |" for line in lines)
        .replace("| --- ", "|---")
        .replace("---|", "---|")
    )
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_TABLE.sub(lambda _: table + "\n", page), encoding="utf-8")


if __name__ == "__main__":
    main()
