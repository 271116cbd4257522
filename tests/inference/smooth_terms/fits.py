"""Fits with a curve that several tests look at."""

from functools import cache

import lmm
from tests.bases.stored import table


@cache
def motorcycle(basis="cr", **options):
    """133 rows, one curve."""
    return lmm.fit(f"accel ~ s(times, k=12, bs='{basis}')", table("mcycle"), **options)


@cache
def growth():
    """Curves by sex beside random intercepts."""
    return lmm.fit("distance ~ Sex + s(age, by=Sex, k=4) + (1 | Subject)", lmm.datasets.load("Orthodont"))
