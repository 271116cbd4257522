//! All of a model but its response.

use super::checks;
use super::choice::{self, Choice};
use crate::design::layout::{Block, Columns, Layout, Term};
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
    /// Checks and scales fixed columns, weights and random terms for `n` rows.
    pub fn new(
        n: usize,
        x: Vec<Vec<f64>>,
        weights: Option<&[f64]>,
        mut terms: Vec<Term>,
        tail: Choice,
    ) -> Result<Design, CoreError> {
        checks::check_fixed(n, &x, weights)?;
        checks::check_terms(n, &terms)?;
        identify_factors(&mut terms);
        let (layout, pattern) = choice::choose(&mut terms, x.len(), n, tail)?;
        checks::check_size(&layout, pattern.is_some())?;
        let values: usize = terms.iter().filter(|t| !matches!(t.columns, Columns::Local(_))).map(|t| t.k * n).sum();
        memory::check("the columns of the model", n * (x.len() + 3) + 3 * values)?;
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
        let layout = &self.layout;
        let per_row: usize = layout.tail_blocks().map(|(_, b)| b.k).sum();
        let of_chain = |(c, b): (usize, &Block)| {
            let coarser: usize = layout.blocks[c + 1..layout.n_chain].iter().map(|b| b.k).sum();
            let pairs = (self.n * per_row).min(b.n_levels.saturating_mul(layout.q_tail));
            b.n_levels * b.k * (b.k + coarser + layout.p + 1) + 2 * b.k * pairs
        };
        let tail = match &self.pattern {
            Some(pattern) => pattern.row.len() + layout.q_tail * (layout.p + 1),
            None => layout.tail_size() * layout.tail_size(),
        };
        layout.blocks[..layout.n_chain].iter().enumerate().map(of_chain).sum::<usize>() + tail
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
