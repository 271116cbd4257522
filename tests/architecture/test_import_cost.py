"""Heavy packages are imported when they are first used, not with the package."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {
    "duckdb",
    "formulaic",
    "jinja2",
    "matplotlib",
    "pandas",
    "polars",
    "pyarrow",
    "rich",
    "scipy.linalg",
    "scipy.optimize",
    "scipy.sparse",
    "scipy.stats",
}


def loaded_after(code: str) -> set[str]:
    """Modules that a fresh interpreter has loaded after running the code."""
    # -I: this process' path and user site must not decide.
    printed = subprocess.run(
        [sys.executable, "-I", "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(printed.stdout.split())


def test_import_of_the_package_loads_nothing_heavy():
    assert not loaded_after("import lmm") & HEAVY


def test_a_fit_draws_nothing_and_tests_nothing():
    code = """
import lmm
data = lmm.datasets.load("sleepstudy")
lmm.fit("Reaction ~ Days + (Days | Subject)", data)
"""
    # pandas loads pyarrow by itself where it is installed.
    heavy = HEAVY - {"formulaic", "pandas", "pyarrow", "scipy.linalg", "scipy.sparse"}

    assert not loaded_after(code) & heavy


def test_marginal_means_draw_nothing():
    plotting = {"matplotlib", "matplotlib.pyplot", "PIL", "jinja2"}
    assert not loaded_after("import lmm.means") & HEAVY
    code = """
import lmm
means = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks")).emmeans("tension | wool")
print(len(str(means.letters())), len(str(means.contrast("pairwise"))), file=open("/dev/null", "w"))
"""
    assert not loaded_after(code) & plotting
