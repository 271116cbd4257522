"""Write the data sets as the R scripts read them: data_csv/NAME.csv and the levels of its factors in order.

python export_csv.py        in the folder where make_lmm.R will run
"""

import json
import pathlib

import lmm

OUT = pathlib.Path("data_csv")


def main():
    OUT.mkdir(exist_ok=True)
    for name in lmm.datasets.list()["name"]:
        frame = lmm.datasets.load(name)
        frame.to_csv(OUT / f"{name}.csv", index=False, float_format="%.17g")
        factors = [column for column in lmm.datasets.describe(name).columns if column.kind == "factor"]
        levels = {column.name: {"levels": list(column.levels)} for column in factors}
        if levels:
            (OUT / f"{name}.levels.json").write_text(json.dumps(levels))


if __name__ == "__main__":
    main()
