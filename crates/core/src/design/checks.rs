//! What the engine asks of its input: the bridge passes on what it was given.

use crate::design::layout::{Columns, Layout, Term};
use crate::error::CoreError;

fn finite(v: &[f64]) -> bool {
    v.iter().all(|a| a.is_finite())
}

fn fail(text: String) -> Result<(), CoreError> {
    Err(CoreError::BadInput(text))
}

/// Refuse numbers whose squares leave double precision: sums of squares of them would be zero or infinite.
fn check_squares<'a>(what: &str, values: impl Iterator<Item = &'a f64>) -> Result<(), CoreError> {
    const SMALLEST: f64 = 1e-145;
    const LARGEST: f64 = 1e145;
    let largest = values.fold(0.0_f64, |a, v| a.max(v.abs()));
    if largest == 0.0 || (SMALLEST..=LARGEST).contains(&largest) {
        return Ok(());
    }
    let size = if largest > 1.0 { "as large as" } else { "no larger than" };
    fail(format!(
        "{what} has values {size} {largest:.1e}: double precision cannot hold their squares; use another unit"
    ))
}

/// Refuse a response that does not fit the design, or is not finite.
pub fn check_response(y: &[f64], n: usize) -> Result<(), CoreError> {
    if y.len() != n {
        return fail(format!("y has {} rows; X, weights and random terms have {n}", y.len()));
    }
    if !finite(y) {
        return fail("y must be finite".into());
    }
    check_squares("the response", y.iter())
}

/// Refuse fixed columns and weights that do not fit together, or are not finite.
pub fn check_fixed(n: usize, x: &[Vec<f64>], weights: Option<&[f64]>) -> Result<(), CoreError> {
    if n <= x.len() {
        return fail(format!("{n} rows cannot determine {} fixed columns and a residual variance", x.len()));
    }
    if x.iter().any(|c| c.len() != n) || weights.is_some_and(|w| w.len() != n) {
        return fail(format!("X and weights need {n} rows, as y has"));
    }
    if !x.iter().all(|c| finite(c)) {
        return fail("X must be finite".into());
    }
    if weights.is_some_and(|w| !w.iter().all(|v| v.is_finite() && *v > 0.0)) {
        return fail("weights must be positive and finite".into());
    }
    x.iter().enumerate().try_for_each(|(j, c)| check_squares(&format!("column {} of X", j + 1), c.iter()))?;
    check_squares("the vector of weights", weights.unwrap_or(&[]).iter())
}

/// Refuse random terms that do not fit to `n` rows, or are not finite.
pub fn check_terms(n: usize, terms: &[Term]) -> Result<(), CoreError> {
    terms.iter().enumerate().try_for_each(|(i, t)| check_term(i, t, n))
}

/// Refuse a full tail that could not be held.
pub fn check_size(layout: &Layout, sparse: bool) -> Result<(), CoreError> {
    const LARGEST_TAIL: usize = 25_000;
    if sparse || layout.q_tail <= LARGEST_TAIL {
        return Ok(());
    }
    fail(format!(
        "{} random effects remain after the nested factors with the most levels are eliminated; crossed factors can have \
         {LARGEST_TAIL} such effects at most",
        layout.q_tail
    ))
}

fn check_term(i: usize, term: &Term, n: usize) -> Result<(), CoreError> {
    let fail = |text: &str| Err(CoreError::BadInput(format!("random term {}: {text}", i + 1)));
    if term.k == 0 || term.n_levels == 0 || term.parts.iter().sum::<usize>() != term.k || term.parts.contains(&0) {
        return fail("levels, columns and covariance parts do not fit together");
    }
    // most levels have rows; more than that is a mistake that would exhaust the memory
    let room = 16 * n + 1_000_000;
    if term.n_levels > room || term.n_levels.checked_mul(term.k * term.k).is_none_or(|size| size > usize::MAX / 64) {
        return fail(&format!("{} levels are too many for {n} rows", term.n_levels));
    }
    match &term.columns {
        Columns::Group { codes, values } => {
            if codes.len() != n || codes.iter().any(|c| *c as usize >= term.n_levels) {
                return fail("one level in range is needed for each row");
            }
            match values {
                None if term.k != 1 => fail("values are missing"),
                Some(v) if v.len() != n * term.k => fail("values have the wrong shape"),
                Some(v) if !finite(v) => fail("values must be finite"),
                Some(v) => (0..term.k).try_for_each(|c| {
                    let what = format!("column {} of random term {}", c + 1, i + 1);
                    check_squares(&what, v.iter().skip(c).step_by(term.k))
                }),
                None => Ok(()),
            }
        }
        Columns::Matrix { row_start, column, value } => {
            let ordered = row_start.len() == n + 1 && row_start[0] == 0 && row_start.windows(2).all(|w| w[0] <= w[1]);
            if !ordered || row_start[n] != column.len() || column.len() != value.len() {
                return fail("the compressed rows do not fit together");
            }
            if column.iter().any(|c| *c as usize >= term.n_levels * term.k) || !value.iter().all(|a| a.is_finite()) {
                return fail("entries must be finite and in range");
            }
            check_squares(&format!("the matrix of random term {}", i + 1), value.iter())
        }
        Columns::Local(local) => {
            if local.n() != n || term.k != 1 || term.n_levels != local.q || local.map.len() != local.length() * local.q
            {
                return fail("its columns do not fit together");
            }
            if !local.is_finite() {
                return fail("numbers, knots and map must be finite");
            }
            check_squares(&format!("the map of random term {}", i + 1), local.map.iter())
        }
    }
}
