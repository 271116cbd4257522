//! What is known of the inverse of a sparse tail.

use crate::blocks::chain::Chain;
use crate::design::layout::Layout;
use crate::design::pattern::Pattern;
use crate::matrix::row_major;
use std::sync::Arc;

/// Entries of the inverse: on the pattern, with X (a row per tail column), and of X.
#[derive(Clone, Debug)]
pub struct SparseInverse {
    pub pattern: Arc<Pattern>,
    pub value: Vec<f64>,
    pub with_x: Vec<f64>,
    pub xx: Vec<f64>,
}

impl SparseInverse {
    /// From C to `Ĉ = ΛCΛ'`.
    pub fn scale(&mut self, layout: &Layout, t: &[Vec<f64>]) {
        let p = self.xx.len().isqrt();
        let transposed: Vec<Vec<f64>> =
            layout.blocks.iter().zip(t).map(|(b, t)| row_major::transpose(t, b.k, b.k)).collect();
        self.pattern.congruence(&mut self.value, &transposed);
        for node in &self.pattern.nodes {
            let k = node.k;
            let rows = &mut self.with_x[node.column * p..(node.column + k) * p];
            let scaled = row_major::multiply(&t[node.block], rows, k, k, p);
            rows.copy_from_slice(&scaled);
        }
    }

    /// Entries of [X, tail columns of level `j`], from `at` on.
    pub(crate) fn gather(&self, chain: &Chain, j: usize, at: usize, out: &mut [f64], width: usize) {
        let p = width - at - chain.pattern(j).len();
        let mut put = |r: usize, c: usize, v: f64| {
            out[(at + r) * width + at + c] = v;
            out[(at + c) * width + at + r] = v;
        };
        for r in 0..p {
            (0..=r).for_each(|c| put(r, c, self.xx[r * p + c]));
        }
        let pattern = chain.pattern(j);
        let mut slots = chain.slots(j).iter();
        for (s, &column) in pattern.iter().enumerate() {
            let row = &self.with_x[column as usize * p..(column as usize + 1) * p];
            row.iter().enumerate().for_each(|(r, v)| put(p + s, r, *v));
            (s..pattern.len()).zip(&mut slots).for_each(|(t, &slot)| put(p + t, p + s, self.value[slot as usize]));
        }
    }

    /// `v'Ĉv` for a row on [X, tail columns of level `j`].
    pub(crate) fn quadratic(&self, chain: &Chain, j: usize, heads: &[f64], pairs: &[f64]) -> f64 {
        let (p, pattern) = (heads.len(), chain.pattern(j));
        let mut slots = chain.slots(j).iter();
        let mut sum = 0.0;
        for (s, (&column, y)) in pattern.iter().zip(pairs).enumerate() {
            let own = slots.next().map_or(0.0, |&slot| self.value[slot as usize]) * y;
            // pairs beyond the diagonal twice
            let rest: f64 = pairs[s + 1..].iter().zip(&mut slots).map(|(v, &slot)| self.value[slot as usize] * v).sum();
            let row = &self.with_x[column as usize * p..(column as usize + 1) * p];
            sum += y * (own + 2.0 * rest + 2.0 * row_major::dot(row, heads));
        }
        for i in 0..p {
            sum += heads[i] * row_major::dot(&self.xx[i * p..(i + 1) * p], heads);
        }
        sum
    }
}
