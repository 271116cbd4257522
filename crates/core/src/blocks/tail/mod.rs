//! What remains when the chain has been eliminated: the columns of the other random terms, X and y.
//!
//! Crossed factors fill their tail, which is then one full triangle. Where many of its levels never meet (rows and columns of field
//! trials, places in a map) it stays sparse. Both forms answer the same questions; the choice is one of predicted work.
//!
//! | file | holds |
//! |---|---|
//! | `full` | one dense triangle, its factor and its inverse |
//! | `sparse`, `supernodes`, `sparse_inverse` | the sparse form, solves with its factor, and what is known of its inverse |
//! | `sums` | the cross-products from the rows |
//! | `pieces` | numbers of one factorization |
//! | `buffer` | memory that goes from one evaluation to the next |

pub mod buffer;
pub mod full;
pub mod pieces;
pub mod sparse;
pub mod sparse_inverse;
pub mod sums;
pub mod supernodes;
#[cfg(test)]
mod tests;

use crate::blocks::chain::{Chain, ChainFactor};
use crate::design::layout::Layout;
use crate::error::CoreError;
use full::{FullFactor, FullInverse, FullTail};
use pieces::Pieces;
use sparse::{SparseFactor, SparseTail};
use sparse_inverse::SparseInverse;

/// Cross-products of [tail columns, X, y]: as they are, or as the elimination of the chain left them.
#[derive(Clone, Debug)]
pub enum Tail {
    Full(FullTail),
    Sparse(SparseTail),
}

/// Factor of `Λ'AΛ + I` bordered by X and y.
#[derive(Clone, Debug)]
pub enum TailFactor {
    Full(FullFactor),
    Sparse(SparseFactor),
}

/// Entries of its inverse, y left out.
#[derive(Clone, Debug)]
pub enum TailInverse {
    Full(FullInverse),
    Sparse(SparseInverse),
}

impl Tail {
    /// An entry among the random columns.
    pub fn entry(&self, i: usize, j: usize) -> f64 {
        match self {
            Tail::Full(t) => t.entry(i, j),
            Tail::Sparse(t) => {
                let (a, b) = (t.pattern.place[i], t.pattern.place[j]);
                t.pattern.find(a.max(b), a.min(b)).map_or(0.0, |slot| t.value[slot])
            }
        }
    }

    /// Products of random column `i` with X and y.
    pub fn border(&self, i: usize) -> &[f64] {
        match self {
            Tail::Full(t) => &t.value[i * t.m + t.q..(i + 1) * t.m],
            Tail::Sparse(t) => &t.border[i * t.width..(i + 1) * t.width],
        }
    }

    /// Entry of `[X y]'W[X y]`.
    pub fn corner(&self, r: usize, c: usize) -> f64 {
        match self {
            Tail::Full(t) => t.entry(t.q + r, t.q + c),
            Tail::Sparse(t) => t.corner[r * t.width + c],
        }
    }

    /// Sets an entry of `[X y]'W[X y]`, `r ≥ c`.
    pub(crate) fn set_corner(&mut self, r: usize, c: usize, v: f64) {
        match self {
            Tail::Full(t) => t.value[(t.q + c) * t.m + t.q + r] = v,
            Tail::Sparse(t) => {
                t.corner[r * t.width + c] = v;
                t.corner[c * t.width + r] = v;
            }
        }
    }

    /// Back to zeros.
    pub(crate) fn clear(&mut self) {
        match self {
            Tail::Full(t) => t.value.fill(0.0),
            Tail::Sparse(t) => [&mut t.value, &mut t.border, &mut t.corner].into_iter().for_each(|v| v.fill(0.0)),
        }
    }

    /// Sets the product of a random column with y.
    pub(crate) fn set_response(&mut self, column: usize, v: f64) {
        match self {
            Tail::Full(t) => t.value[(column + 1) * t.m - 1] = v,
            Tail::Sparse(t) => t.border[(column + 1) * t.width - 1] = v,
        }
    }

    /// Adds one row of the data: its values on the tail columns, and of X.
    pub(crate) fn add_row(&mut self, tail: &[(u32, f64)], border: &[f64]) {
        match self {
            Tail::Full(t) => t.add_row(tail, border),
            Tail::Sparse(t) => t.add_row(tail, border),
        }
    }

    /// `[A_tt; A_Xt] v` for row-major `v` (`q × count`).
    pub fn multiply(&self, v: &[f64], count: usize) -> Vec<f64> {
        match self {
            Tail::Full(t) => t.multiply(v, count),
            Tail::Sparse(t) => t.multiply(v, count),
        }
    }

    /// Columns of A on [tail, X], as one column-major matrix.
    pub fn columns(&self, columns: std::ops::Range<usize>) -> Vec<f64> {
        match self {
            Tail::Full(t) => t.columns(columns),
            Tail::Sparse(t) => t.columns(columns),
        }
    }

    /// Subtracts what the elimination of a chain block takes away; `at` is where the border of the tail begins.
    pub(crate) fn eliminate(&mut self, chain: &Chain, own: &ChainFactor, at: usize) {
        match self {
            Tail::Full(t) => t.eliminate(chain, own, at),
            Tail::Sparse(t) => t.eliminate(chain, own),
        }
    }

    /// Numbers that a copy and its factor take, and a second copy to `keep`, those aside that are free from earlier ones.
    pub fn working_numbers(&self, keep: bool) -> usize {
        let copies = 1 + usize::from(keep);
        match self {
            Tail::Full(t) => t.value.len() * t.value.missing(copies),
            Tail::Sparse(t) => copies * t.value.len() + 3 * t.border.len() + t.pattern.factor.len_val(),
        }
    }

    /// Factor of `Λ'AΛ + I` with its border, in the memory of A.
    pub fn factor(self, layout: &Layout, t: &[Vec<f64>]) -> Result<(TailFactor, Pieces), CoreError> {
        match self {
            Tail::Full(a) => a.factor(layout, t).map(|(f, pieces)| (TailFactor::Full(f), pieces)),
            Tail::Sparse(a) => a.factor(layout, t).map(|(f, pieces)| (TailFactor::Sparse(f), pieces)),
        }
    }
}

impl Default for TailFactor {
    fn default() -> Self {
        TailFactor::Full(FullFactor::default())
    }
}

impl TailFactor {
    /// `L⁻¹ b` for columns on [tail, X], or on the tail alone; the order of the tail's rows in the result is the factor's own.
    pub fn forward(&self, b: &mut [f64], count: usize, with_x: bool) {
        match self {
            TailFactor::Full(f) => f.forward(b, count, with_x),
            TailFactor::Sparse(f) => f.forward(b, count, with_x),
        }
    }

    /// Spherical effects of the tail, and β: the estimates, or moved from them by δ, given `shift = L_X'δ`.
    pub fn solution(&self, shift: &[f64]) -> Vec<f64> {
        match self {
            TailFactor::Full(f) => f.solution(shift),
            TailFactor::Sparse(f) => f.solution(shift),
        }
    }

    /// Factor of X'V⁻¹X, column-major.
    pub fn fixed(&self) -> Vec<f64> {
        match self {
            TailFactor::Full(f) => f.fixed(),
            TailFactor::Sparse(f) => f.l_x.clone(),
        }
    }

    /// C, in the memory of the factor; for ML its rows of X are zero.
    pub fn inverse(self, reml: bool) -> TailInverse {
        match self {
            TailFactor::Full(f) => TailInverse::Full(f.inverse(reml)),
            TailFactor::Sparse(f) => TailInverse::Sparse(f.inverse(reml)),
        }
    }
}

impl TailInverse {
    /// From C to `Ĉ = ΛCΛ'`.
    pub fn scale(&mut self, layout: &Layout, t: &[Vec<f64>]) {
        match self {
            TailInverse::Full(c) => c.scale(layout, t),
            TailInverse::Sparse(c) => c.scale(layout, t),
        }
    }

    /// An entry among the columns of one level.
    pub fn entry(&self, i: usize, j: usize) -> f64 {
        match self {
            TailInverse::Full(c) => c.entry(i, j),
            TailInverse::Sparse(c) => c.value[c.pattern.slot(i, j)],
        }
    }

    /// Writes the entries of [X, tail columns of level `j`] into the trailing part (from `at`) of a `width × width` matrix.
    pub(crate) fn gather(&self, chain: &Chain, j: usize, at: usize, out: &mut [f64], width: usize) {
        match self {
            TailInverse::Full(c) => c.gather(chain, j, at, out, width),
            TailInverse::Sparse(c) => c.gather(chain, j, at, out, width),
        }
    }

    /// `v'Ĉv` for a row on [X, tail columns of level `j`].
    pub(crate) fn quadratic(&self, chain: &Chain, j: usize, heads: &[f64], pairs: &[f64]) -> f64 {
        match self {
            TailInverse::Full(c) => c.quadratic(chain, j, heads, pairs),
            TailInverse::Sparse(c) => c.quadratic(chain, j, heads, pairs),
        }
    }
}
