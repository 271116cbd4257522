import pytest

import lmm


@pytest.fixture(scope="session")
def sleepstudy():
    return lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))


@pytest.fixture(scope="session")
def penicillin():
    return lmm.fit("diameter ~ 1 + (1 | plate) + (1 | sample)", lmm.datasets.load("Penicillin"))


@pytest.fixture(scope="session")
def oats():
    return lmm.fit("`yield` ~ Variety * nitro + (1 | Block/Variety)", lmm.datasets.load("Oats"))


@pytest.fixture(scope="session")
def linear():
    return lmm.fit("Reaction ~ Days", lmm.datasets.load("sleepstudy"))
