"""Balanced layouts with chosen mean squares, whose REML or ML optimum has a closed form, on the boundary too.

In a balanced layout the criterion is Σ_s df_s (log λ_s + MS_s / λ_s) and a constant, over the strata s with their
expected mean squares λ_s, and the only condition is that a stratum's λ is not below that of the strata inside it. So
the optimum is λ = MS, and where that breaks the condition the strata concerned are pooled (isotonic regression).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmm.engine import GroupBlock

LOG_2PI = np.log(2 * np.pi)


@dataclass(frozen=True)
class Balanced:
    """A layout and the closed form of its optimum."""

    y: np.ndarray
    X: np.ndarray
    blocks: list
    reml: bool
    criterion: float
    sigma2: float
    S: list  # relative covariance of each term
    unit: list  # that which adds as much to the mean squares between levels as the residual
    slope: (
        float  # smallest slope of the criterion into a direction without variance; infinite if there is none
    )

    @property
    def arguments(self):
        return self.y, self.X, self.blocks

    @property
    def rank(self):
        """Eigenvalues of S that are not rounding beside the largest one and `unit`."""
        sizes = [
            np.linalg.eigvals(np.linalg.solve(unit, S)).real
            for S, unit in zip(self.S, self.unit, strict=True)
        ]
        return [int(np.count_nonzero(s > 1e-12 * max(s.max(), 1.0))) for s in sizes]


def pooled(mean_squares, df, residual_df):
    """σ² and the λ of strata that lie above the residual (mean square 1) and are not ordered among themselves."""
    lam = np.array(mean_squares, dtype=float)
    total, total_df, pool = float(residual_df), residual_df, []
    for i in np.argsort(lam):
        if lam[i] > total / total_df:
            break
        pool.append(i)
        total, total_df = total + lam[i] * df[i], total_df + df[i]
    lam[pool] = total / total_df
    return total / total_df, lam


def growth(mean_squares, *, reml=True, structure="us", n_levels=12, m=6, seed=0):
    """Polynomials of degree k − 1 at the same m points in every level, fixed and random; residual mean square 1.

    `mean_squares` are the eigenvalues of the matrix of mean squares between levels, along directions that do not lie
    along the columns ("us"), or its diagonal ("diag").
    """
    rng = np.random.default_rng(seed)
    k = len(mean_squares)
    df, residual_df = (n_levels - 1 if reml else n_levels), n_levels * (m - k)
    Z = np.vander(np.arange(m) + 3.0, k, increasing=True)
    Q, R = np.linalg.qr(Z)
    Q, R = Q * np.sqrt(m), R / np.sqrt(m)  # Q'Q = m I: the variance s of a column has λ = σ² + m s
    if structure == "diag":
        Z, R, turn = Q, np.eye(k), np.eye(k)
    else:
        turn = np.linalg.qr(rng.normal(size=(k, k)))[0]
    residual, lam = pooled(mean_squares, [df] * k, residual_df)
    s = (lam / residual - 1.0) / m

    between = rng.normal(size=(n_levels, k))
    between = np.linalg.qr(between - between.mean(axis=0))[0] * np.sqrt(df / m)
    B = between @ (turn * np.sqrt(mean_squares)).T
    errors = rng.normal(size=(n_levels, m))
    errors -= errors @ Q @ Q.T / m
    errors *= np.sqrt(residual_df / np.sum(errors**2))
    y = (B @ Q.T + errors + Z @ np.arange(1.0, k + 1)).ravel()

    criterion = np.sum(df * (np.log(lam) + mean_squares / lam)) + residual_df * (
        np.log(residual) + 1.0 / residual
    )
    criterion += (y.size - (k if reml else 0)) * LOG_2PI
    if reml:
        criterion += k * np.log(n_levels * m) + 2.0 * np.linalg.slogdet(R)[1]
    inverse = np.linalg.inv(R)
    block = GroupBlock(
        np.repeat(np.arange(n_levels, dtype=np.int32), m),
        np.tile(Z, (n_levels, 1)),
        n_levels,
        structure=structure,
    )
    slopes = df * m * (1.0 - np.asarray(mean_squares)[s == 0.0] / residual)
    return Balanced(
        y=y,
        X=np.tile(Z, (n_levels, 1)),
        blocks=[block],
        reml=reml,
        criterion=float(criterion),
        sigma2=residual,
        S=[inverse @ (turn * s) @ turn.T @ inverse.T],
        unit=[inverse @ inverse.T / m],
        slope=float(slopes.min(initial=np.inf)),
    )


def crossed(mean_square_rows, mean_square_columns, *, n_rows=8, n_columns=5, seed=0):
    """Rows and columns without repetition, intercept only, REML, residual mean square 1."""
    rng = np.random.default_rng(seed)
    a, b = n_rows, n_columns
    rows, columns = np.repeat(np.arange(a, dtype=np.int32), b), np.tile(np.arange(b, dtype=np.int32), a)
    u = rng.normal(size=(a, b))
    rest = u - u.mean(1, keepdims=True) - u.mean(0) + u.mean()
    parts = [
        (np.repeat(u.mean(1, keepdims=True) - u.mean(), b, axis=1), a - 1, mean_square_rows),
        (np.repeat(u.mean(0)[None, :] - u.mean(), a, axis=0), b - 1, mean_square_columns),
        (rest, (a - 1) * (b - 1), 1.0),
    ]
    y = 3.0 + sum(part * np.sqrt(df * ms / np.sum(part**2)) for part, df, ms in parts)
    sigma2, lam = pooled([mean_square_rows, mean_square_columns], [a - 1, b - 1], (a - 1) * (b - 1))
    lam = [*lam, sigma2]
    blocks = [GroupBlock(rows, None, a), GroupBlock(columns, None, b)]
    S = [np.array([[(lam[0] / sigma2 - 1.0) / b]]), np.array([[(lam[1] / sigma2 - 1.0) / a]])]
    unit = [np.array([[1.0 / b]]), np.array([[1.0 / a]])]
    slopes = [
        df * size * (1.0 - ms / sigma2)
        for (_, df, ms), size, value in zip(parts, (b, a), S, strict=False)
        if value == 0.0
    ]
    return Balanced(
        y.ravel(),
        np.ones((a * b, 1)),
        blocks,
        True,
        _criterion(parts, lam),
        sigma2,
        S,
        unit,
        min(slopes, default=np.inf),
    )


def nested(mean_square_outer, mean_square_inner, *, n_outer=7, n_inner=4, m=3, seed=0):
    """Outer levels with inner levels with m rows each, intercept only, REML, residual mean square 1."""
    rng = np.random.default_rng(seed)
    a, b = n_outer, n_inner
    u = rng.normal(size=(a, b, m))
    outer, inner = u.mean((1, 2), keepdims=True), u.mean(2, keepdims=True)
    parts = [
        (outer - u.mean() + 0 * u, a - 1, mean_square_outer),
        (inner - outer + 0 * u, a * (b - 1), mean_square_inner),
        (u - inner, a * b * (m - 1), 1.0),
    ]
    y = 3.0 + sum(part * np.sqrt(df * ms / np.sum(part**2)) for part, df, ms in parts)
    lam = _isotonic([ms for *_, ms in parts], [df for _, df, _ in parts])
    codes = np.arange(a * b * m, dtype=np.int32)
    blocks = [GroupBlock(codes // (b * m), None, a), GroupBlock(codes // m, None, a * b)]
    S = [np.array([[(lam[0] - lam[1]) / (b * m) / lam[2]]]), np.array([[(lam[1] - lam[2]) / m / lam[2]]])]
    unit = [np.array([[1.0 / (b * m)]]), np.array([[1.0 / m]])]
    return Balanced(
        y.ravel(), np.ones((y.size, 1)), blocks, True, _criterion(parts, lam), lam[2], S, unit, np.nan
    )


def _criterion(parts, lam):
    n = parts[0][0].size
    strata = sum(df * (np.log(value) + ms / value) for (_, df, ms), value in zip(parts, lam, strict=True))
    return float(strata + (n - 1) * LOG_2PI + np.log(n))


def _isotonic(mean_squares, df):
    """Mean squares made to decrease from the outermost stratum inwards by pooling neighbours."""
    pools = []  # (weighted mean, df, count)
    for ms, weight in zip(mean_squares, df, strict=True):
        pools.append((float(ms), weight, 1))
        while len(pools) > 1 and pools[-1][0] >= pools[-2][0]:
            (x, v, i), (y, w, j) = pools.pop(), pools.pop()
            pools.append(((x * v + y * w) / (v + w), v + w, i + j))
    return [value for value, _, count in pools for _ in range(count)]
