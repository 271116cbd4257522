"""The one door of inference on fixed effects: every t, F and p of the package is computed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from lmm.arguments import shown
from lmm.errors import LmmError, UnsupportedError
from lmm.inference.contrast.combinations import Combine, pieces, quadratic
from lmm.inference.contrast.estimability import as_matrix, estimable_rows, kept_columns
from lmm.inference.covariance_root import covariance_root
from lmm.inference.df.catalog import Df, df_method
from lmm.inference.df.method import DfMethod
from lmm.inference.distributions import f_p_value, t_p_value, t_quantile
from lmm.inference.smooth_terms.rows import CurvedRows, split_rows
from lmm.model import missing_note
from lmm.typing import BoolVector, FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["JointTest", "RowTests", "Vcov", "joint_test", "row_covariance", "row_tests"]

Vcov: TypeAlias = Any
"""None for that of the method, a matrix (n_fixed, n_fixed), or `ClusterRobust`."""

RANK_TOLERANCE = 1e-9
"""Rows of a joint test that add less than this part of the largest are combinations of the others."""


@dataclass(frozen=True, slots=True, eq=False)
class RowTests:
    """Each row of a contrast by itself; missing where it is not estimable.

    Attributes
    ----------
    estimate, std_error, df, statistic, p_value : shape (r,)
        ``statistic`` is (estimate - rhs) / std_error, ``p_value`` two-sided.
    estimable : shape (r,)
    method
        The method for degrees of freedom that was used.
    notes
        Sentences for the reader of the numbers.
    """

    estimate: FloatVector
    std_error: FloatVector
    df: FloatVector
    statistic: FloatVector
    p_value: FloatVector
    estimable: BoolVector
    method: DfMethod
    notes: tuple[str, ...]

    def interval(self, level: float = 0.95) -> tuple[FloatVector, FloatVector]:
        """Compute the ends (r,) of the confidence intervals of the estimates."""
        half = t_quantile((1.0 + level) / 2.0, self.df) * self.std_error
        return self.estimate - half, self.estimate + half


@dataclass(frozen=True, slots=True, eq=False)
class JointTest:
    """All rows of a contrast together; missing where one of them is not estimable.

    Attributes
    ----------
    num_df
        Rank of the rows.
    den_df
        Infinite for χ², whose statistic is ``num_df * f_value``.
    f_value, p_value
    scale
        λ, by which ``f_value`` is multiplied already.
    estimable
        Whether all rows are.
    method, notes
        As in `RowTests`.
    """

    num_df: int
    den_df: float
    f_value: float
    p_value: float
    scale: float
    estimable: bool
    method: DfMethod
    notes: tuple[str, ...]


def row_tests(
    fit: Fit,
    contrast: FloatMatrix,
    df: Df = "auto",
    vcov: Vcov = None,
    rhs: float | FloatVector = 0.0,
    combine: Combine = None,
) -> RowTests:
    """Test each row of a contrast.

    Parameters
    ----------
    contrast : shape (r, n_all), (r, n_fixed) or (r, n_all + q)
        On all columns of X, or on those that are not aliased; behind the first may stand coefficients of the random
        effects of smooth terms.
    df
        Method for degrees of freedom, see `df_method`.
    vcov
        Covariance of beta; by default that of the method.
    rhs : number or shape (r,)
    combine : sparse, shape (s, r)
        Test the rows of ``combine @ contrast`` instead, however many, without writing them out.

    Raises
    ------
    LmmError
        If the contrast has another shape, or the method does not apply.
    """
    rows, curved = split_rows(fit, as_matrix(fit, contrast))
    estimable = _estimable(fit, rows, combine)
    method, V, _ = _setting(fit, df, vcov)
    C = kept_columns(fit, rows)
    missing = np.where(estimable, 0.0, np.nan)
    estimate = (C @ fit.beta if combine is None else combine @ (C @ fit.beta)) + missing
    std_error = np.sqrt(np.clip(quadratic(C, V, combine), 0.0, None)) + missing
    degrees = np.full(len(estimate), np.nan)
    if combine is None:
        degrees[estimable] = method.row_df(fit, C[estimable])
    else:
        degrees[estimable] = method.combined_df(fit, C, combine[estimable])
    notes = _notes(fit, method, vcov, estimable)
    if curved is not None and (used := curved.used(combine)).any():
        notes = (*notes, _of_curves(fit, curved, vcov))
        whole = curved.estimates(fit)
        estimate = np.where(used, whole if combine is None else combine @ whole, estimate) + missing
        squares = quadratic(curved.joint, curved.covariance(fit), combine)
        std_error = np.where(used, np.sqrt(np.clip(squares, 0.0, None)), std_error) + missing
        degrees = np.where(used & np.isfinite(degrees), curved.error_df(fit), degrees)
    # A standard error of zero (a row of zeros) has no statistic.
    statistic = np.divide(
        estimate - rhs, std_error, out=np.full(len(estimate), np.nan), where=std_error > 0.0
    )
    return RowTests(
        estimate=estimate,
        std_error=std_error,
        df=degrees,
        statistic=statistic,
        p_value=t_p_value(statistic, degrees),
        estimable=estimable,
        method=method,
        notes=notes,
    )


def joint_test(
    fit: Fit, contrast: FloatMatrix, df: Df = "auto", vcov: Vcov = None, rhs: float | FloatVector = 0.0
) -> JointTest:
    """Test all rows of a contrast together: ``F = scale * Q / rank``, Q the Wald statistic.

    Rows that are linear combinations of others are left out, if their right sides agree.
    Parameters are those of `row_tests`.

    Raises
    ------
    LmmError
        As `row_tests`, or if dependent rows contradict each other.
    """
    rows, curved = split_rows(fit, as_matrix(fit, contrast))
    estimable = estimable_rows(fit, rows)
    method, V, own = _setting(fit, df, vcov)
    notes = _notes(fit, method, vcov, estimable)
    if not estimable.all():
        return JointTest(0, np.nan, np.nan, np.nan, np.nan, False, method, notes)
    if curved is not None and curved.used().any():
        return _joint_of_curves(fit, curved, method, (*notes, _of_curves(fit, curved, vcov)), rhs)
    rows = kept_columns(fit, rows)
    # That of the model always has a root; one from few clusters has none.
    root = covariance_root(fit.internals.evaluation.unscaled_vcov)
    # Independence of rows is judged on the scale of their standard errors, not of their units.
    C, difference = _independent_rows(rows, rows @ fit.beta - rhs, root)
    r = len(C)
    if r == 0:
        return JointTest(0, np.nan, np.nan, np.nan, np.nan, True, method, notes)
    covariance = C @ V @ C.T
    if np.linalg.eigvalsh(covariance)[0] <= RANK_TOLERANCE * np.trace(covariance):
        return _too_few(r, method, notes)
    wald = float(difference @ np.linalg.solve(covariance, difference))
    degrees = method.joint_df(fit, _as_given(rows, root, r))
    if not (degrees.df > 0.0 and degrees.scale > 0.0):
        return _too_few(r, method, notes)
    scale = degrees.scale if own else 1.0
    f_value = scale * wald / r
    p_value = f_p_value(f_value, r, degrees.df)
    return JointTest(r, degrees.df, f_value, p_value, scale, True, method, notes)


def _joint_of_curves(
    fit: Fit, curved: CurvedRows, method: DfMethod, notes: tuple[str, ...], rhs: float | FloatVector
) -> JointTest:
    """Test rows that use effects of curves together."""
    V = curved.covariance(fit)
    C, difference = _independent_rows(curved.joint, curved.estimates(fit) - rhs, covariance_root(V))
    r = len(C)
    if r == 0:
        return JointTest(0, np.nan, np.nan, np.nan, np.nan, True, method, notes)
    f_value = float(difference @ np.linalg.solve(C @ V @ C.T, difference)) / r
    den_df = curved.error_df(fit)
    return JointTest(r, den_df, f_value, f_p_value(f_value, r, den_df), 1.0, True, method, notes)


def _of_curves(fit: Fit, curved: CurvedRows, vcov: Vcov) -> str:
    """Say how functions of curves are tested."""
    if vcov is not None:
        raise UnsupportedError(
            "vcov= is a covariance of the fixed effects; these rows have values of smooth terms in them. Leave it out."
        )
    df = curved.error_df(fit)
    return f"Rows with values of smooth terms: Bayesian covariance, {df:.1f} residual degrees of freedom."


def _too_few(r: int, method: DfMethod, notes: tuple[str, ...]) -> JointTest:
    note = f"Missing: the data (or clusters) behind the covariance are too few for a joint test of {r} rows."
    return JointTest(r, np.nan, np.nan, np.nan, np.nan, True, method, (*notes, note))


def row_covariance(fit: Fit, contrast: FloatMatrix, df: Df = "auto", vcov: Vcov = None) -> FloatMatrix:
    """Covariance (r, r) of the estimates of rows, of which `row_tests` gives the diagonal; parameters as there."""
    _, V, _ = _setting(fit, df, vcov)
    rows, curved = split_rows(fit, as_matrix(fit, contrast))
    C = kept_columns(fit, rows)
    if curved is not None and curved.used().any():
        C, V = curved.joint, curved.covariance(fit)
    covariance: FloatMatrix = C @ V @ C.T
    return covariance


def _estimable(fit: Fit, rows: FloatMatrix, combine: Combine) -> BoolVector:
    if combine is None:
        return estimable_rows(fit, rows)
    if not fit.internals.design.aliased:
        return np.ones(combine.shape[0], dtype=bool)
    return np.concatenate([estimable_rows(fit, part) for part in pieces(rows, combine)])


def _independent_rows(
    C: FloatMatrix, difference: FloatVector, root: FloatMatrix
) -> tuple[FloatMatrix, FloatVector]:
    """Find as many combinations of the rows as their rank, of unit variance."""
    scaled = C @ root
    errors = np.sqrt(np.einsum("ra,ra->r", scaled, scaled))
    errors[errors == 0.0] = 1.0
    C, difference = C / errors[:, None], difference / errors
    U, sizes, _ = np.linalg.svd(scaled / errors[:, None], full_matrices=False)
    used = sizes > RANK_TOLERANCE
    if not used.all() or len(U) > U.shape[1]:
        left_over = difference - U[:, used] @ (U[:, used].T @ difference)
        if np.abs(left_over).max(initial=0.0) > 1e-7 * (1.0 + np.abs(difference).max(initial=0.0)):
            raise LmmError(
                "The hypotheses contradict each other: rows that depend on each other have right sides "
                "that cannot hold together."
            )
    weights = U[:, used].T / sizes[used, None]
    return weights @ C, weights @ difference


def _as_given(rows: FloatMatrix, root: FloatMatrix, rank: int) -> FloatMatrix:
    """Find independent rows: the rows themselves, or their principal directions.

    Satterthwaite's degrees of freedom of a joint test depend on the rows that stand for the hypothesis, as in SAS and
    lmerTest.
    """
    if rank == len(rows):
        return rows
    U = np.linalg.svd(rows @ root, full_matrices=False)[0]
    directions: FloatMatrix = U[:, :rank].T @ rows
    return directions


def _setting(fit: Fit, df: Df, vcov: Vcov) -> tuple[DfMethod, FloatMatrix, bool]:
    """Choose the method and the covariance of beta, and say whether that is the method's own."""
    if vcov is None:
        method = df_method(fit, df)
        return method, method.vcov(fit), True
    if isinstance(vcov, DfMethod):
        if isinstance(df, str) and df == "auto":
            vcov.check(fit)
            return vcov, vcov.vcov(fit), True
        return df_method(fit, df), vcov.vcov(fit), False
    return df_method(fit, df), _checked_vcov(fit, vcov), False


def _checked_vcov(fit: Fit, vcov: Any) -> FloatMatrix:
    p = fit.n_fixed
    try:
        V: FloatMatrix = np.asarray(vcov, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise LmmError(
            f"vcov= must be a covariance matrix of the fixed effects or lmm.ClusterRobust(), not {shown(vcov)}."
        ) from None
    if V.shape != (p, p):
        raise LmmError(f"vcov= must have the shape ({p}, {p}), as fit.vcov; it has {V.shape}.")
    scale = np.abs(V).max(initial=0.0)
    if not np.isfinite(V).all() or np.abs(V - V.T).max(initial=0.0) > 1e-8 * scale:
        raise LmmError("vcov= must be a symmetric matrix of finite numbers.")
    if p and np.linalg.eigvalsh(V)[0] <= 0.0:
        raise LmmError(
            "vcov= must be positive definite: a covariance has no variance that is zero or negative."
        )
    return (V + V.T) / 2.0


def _notes(fit: Fit, method: DfMethod, vcov: Vcov, estimable: BoolVector) -> tuple[str, ...]:
    notes = [f"Degrees of freedom: {method.label}.", *method.notes(fit)]
    if isinstance(vcov, DfMethod):
        notes += [] if vcov is method else vcov.notes(fit)
    elif vcov is not None:
        notes.append("Standard errors: from the covariance given as vcov=.")
    missing = missing_note(fit.internals.design.aliased, int(np.count_nonzero(~estimable)))
    if missing:
        notes.append(missing)
    return tuple(notes)
