"""The installed package does its main jobs: run by the interpreter of an environment that has only the wheel.

``python -I tools/smoke_test.py`` from any folder: ``-I`` keeps the sources out, so that the wheel is tested.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import lmm


def smoke_test() -> None:
    """Fit, summary, picture, page, file, command."""
    assert Path(lmm.__file__).is_relative_to(sys.prefix), f"not the installed package: {lmm.__file__}"
    assert shutil.which("cargo", path=str(Path(sys.prefix) / "bin")) is None
    data = lmm.datasets.load("sleepstudy")
    fit = lmm.fit("Reaction ~ Days + (Days | Subject)", data)
    assert abs(fit.criterion - 1743.6282719599) < 1e-6  # lme4
    assert "Kenward–Roger" in str(fit.summary())
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        fit.plot("fitted").savefig(place / "fitted.png")
        assert (place / "fitted.png").read_bytes().startswith(b"\x89PNG")
        fit.report(place / "page.html")
        assert "</html>" in (place / "page.html").read_text(encoding="utf-8")
        lmm.save(fit, place / "fit.lmm")
        assert lmm.load(place / "fit.lmm").criterion == fit.criterion
    words = ["fit", "Yield ~ 1 + (1 | Batch)", "--data", "Dyestuff"]
    done = subprocess.run([sys.executable, "-I", "-m", "lmm", *words], capture_output=True, check=True)
    assert "Batch" in done.stdout.decode()
    print(f"lmm {lmm.__version__} works in {sys.prefix}")


if __name__ == "__main__":
    smoke_test()
