//! All of a model but its response.

use super::checks;
use super::choice::{self, Choice, Numbers};
use crate::design::layout::{Columns, Layout, Term};
use crate::design::pattern::Pattern;
use crate::design::scaling::{ScaledDesign, Scaling};
use crate::error::CoreError;
use crate::memory;
use std::sync::Arc;

/// All but the response.
pub struct Design {
    pub(crate) n: usize,
    pub(crate) terms: Arc<Vec<Term>>,
    pub(crate) layout: Layout,
    /// Structure of a sparse tail.
    pub(crate) pattern: Option<Arc<Pattern>>,
    pub(crate) scaled: ScaledDesign,
}

impl Design {
    /// Checks and scales fixed columns, weights and random terms for `n` rows; refuses what needs more than `most` bytes.
    pub fn new(
        n: usize,
        x: Vec<Vec<f64>>,
        weights: Option<&[f64]>,
        mut terms: Vec<Term>,
        tail: Choice,
        most: Option<usize>,
    ) -> Result<Design, CoreError> {
        checks::check_fixed(n, &x, weights)?;
        checks::check_terms(n, &terms)?;
        identify_factors(&mut terms);
        let is_built = |t: &&Term| !matches!(t.columns, Columns::Local(_));
        let rows = n * (x.len() + 3) + 3 * terms.iter().filter(is_built).map(|t| t.k * n).sum::<usize>();
        let room = most.map(|bytes| (bytes / 8).saturating_sub(rows));
        let (layout, pattern) = choice::choose(&mut terms, x.len(), n, tail, room)?;
        checks::check_size(&layout, pattern.is_some())?;
        memory::check("the columns of the model", rows)?;
        check_limit(rows, choice::numbers(n, &layout, pattern.as_deref()), &layout, most)?;
        let scaled = ScaledDesign::new(n, x, weights, &terms)?;
        Ok(Design { n, terms: Arc::new(terms), layout, pattern, scaled })
    }

    /// The same columns under other weights. Terms, their order of elimination and the structure of the tail are shared; the units of
    /// columns are new ones, as weights change their means and sizes.
    pub fn reweigh(&self, x: Vec<Vec<f64>>, weights: &[f64]) -> Result<Design, CoreError> {
        if x.len() != self.layout.p {
            return Err(CoreError::BadInput(format!("{} fixed columns are needed, not {}", self.layout.p, x.len())));
        }
        checks::check_fixed(self.n, &x, Some(weights))?;
        let scaled = ScaledDesign::new(self.n, x, Some(weights), &self.terms)?;
        Ok(Design {
            n: self.n,
            terms: self.terms.clone(),
            layout: self.layout.clone(),
            pattern: self.pattern.clone(),
            scaled,
        })
    }

    /// Numbers of all cross-products, at most.
    pub(crate) fn product_numbers(&self) -> usize {
        choice::numbers(self.n, &self.layout, self.pattern.as_deref()).products
    }

    /// A response in internal units, and the units.
    pub fn response(&self, y: &[f64]) -> Result<(Vec<f64>, Scaling), CoreError> {
        checks::check_response(y, self.n)?;
        self.scaled.response(y)
    }

    /// Columns per level of each term.
    pub fn sizes(&self) -> Vec<usize> {
        self.terms.iter().map(|t| t.k).collect()
    }
}

/// Refuses a design whose columns, products and factors are larger than the caller allows.
fn check_limit(rows: usize, numbers: Numbers, layout: &Layout, most: Option<usize>) -> Result<(), CoreError> {
    let bytes = |numbers: usize| numbers.saturating_mul(8);
    let needed = bytes(rows.saturating_add(numbers.all()));
    match most {
        Some(most) if needed > most => Err(CoreError::MemoryLimit {
            bytes: needed,
            of_tail: bytes(numbers.tail.saturating_mul(3)),
            columns: layout.q_tail,
            most,
        }),
        _ => Ok(()),
    }
}

/// Terms with equal codes share their factor.
fn identify_factors(terms: &mut [Term]) {
    for i in 0..terms.len() {
        let Columns::Group { codes, .. } = &terms[i].columns else {
            terms[i].factor = usize::MAX;
            continue;
        };
        let n_levels = terms[i].n_levels;
        let same = |t: &Term| {
            t.n_levels == n_levels && matches!(&t.columns, Columns::Group { codes: other, .. } if other == codes)
        };
        let first = terms[..i].iter().position(same).unwrap_or(i);
        terms[i].factor = first;
    }
}
