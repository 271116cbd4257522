"""The deviance of a one-way layout at given standard deviations, by n × n algebra."""

import numpy as np

import lmm

DATA = lmm.datasets.load("Dyestuff")
Y = DATA["Yield"].to_numpy(float)
Z = (DATA["Batch"].astype(str).to_numpy()[:, None] == np.unique(DATA["Batch"].astype(str))).astype(float)


def fit(method="ml"):
    return lmm.fit("Yield ~ 1 + (1 | Batch)", DATA, method=method)


def deviance(sd, sigma, mean=None):
    """-2 log-likelihood, the mean at its estimate unless it is given."""
    V = sigma**2 * np.eye(len(Y)) + sd**2 * Z @ Z.T
    inverse = np.linalg.inv(V)
    one = np.ones(len(Y))
    centre = (one @ inverse @ Y) / (one @ inverse @ one) if mean is None else mean
    e = Y - centre
    return np.linalg.slogdet(V)[1] + e @ inverse @ e + len(Y) * np.log(2.0 * np.pi)
