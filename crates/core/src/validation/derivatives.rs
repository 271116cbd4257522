//! Derivatives of n log GCV by S: slopes, and what second derivatives along some changes are made of.

use super::frame::Frame;
use super::residuals::{Fitted, Moved, Validated};
use crate::blocks::directions::Directions;
use crate::design::layout::{Block, Part};
use crate::matrix::row_major;

/// One change of S in one block: its rows of `D_i U` and `D_i W`.
struct Rows {
    direction: usize,
    at: usize,
    of_u: Vec<f64>,
    of_w: Vec<f64>,
}

impl Validated<'_> {
    /// `d (n log GCV) / dS` per part, in the frame: `Σ_j 2n/tr P U_jj − n/RSS (r_j s_j' + s_j r_j')`.
    pub fn slopes(&self, at: &Fitted, of: &Moved) -> Vec<Vec<f64>> {
        let (n, q) = (self.system.n as f64, self.q);
        let own = |part: &Part| {
            let (block, k) = (&self.layout().blocks[part.block], part.k);
            let mut out = vec![0.0; k * k];
            for first in (0..block.n_levels).map(|j| self.starts[part.block] + j * block.k + part.offset) {
                for (e, o) in out.iter_mut().enumerate() {
                    let (i, j) = (first + e / k, first + e % k);
                    *o += 2.0 * n / at.freedom * of.u[i * q + j];
                    *o -= n / at.rss * (of.r[i] * of.s[j] + of.s[i] * of.r[j]);
                }
            }
            out
        };
        self.layout().parts.iter().map(own).collect()
    }

    /// Slopes by S itself.
    pub fn outside(&self, frame: &Frame, slopes: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let own =
            |((part, m), inverse): ((&Part, &Vec<f64>), &Vec<f64>)| row_major::congruence(m, inverse, part.k, part.k);
        self.layout().parts.iter().zip(slopes).zip(&frame.inverse).map(own).collect()
    }

    /// `D_i v` of a vector, for each change (`changes × q`).
    pub fn moved_vectors(&self, directions: &Directions, v: &[f64]) -> Vec<Vec<f64>> {
        let mut out = vec![vec![0.0; self.q]; directions.count];
        for (b, block) in self.layout().blocks.iter().enumerate() {
            for at in self.levels(b, block) {
                directions.entries[b].iter().for_each(|e| out[e.direction][at + e.row] += e.value * v[at + e.source]);
            }
        }
        out
    }

    /// First effects of the levels of a block.
    fn levels(&self, b: usize, block: &Block) -> impl Iterator<Item = usize> {
        let (start, k) = (self.starts[b], block.k);
        (0..block.n_levels).map(move |j| start + j * k)
    }

    /// Rows of `D_i U` and `D_i W` that are not zero.
    fn moved_rows(&self, directions: &Directions, of: &Moved) -> Vec<Rows> {
        let (q, mut out) = (self.q, Vec::new());
        for (b, block) in self.layout().blocks.iter().enumerate() {
            let (start, height) = (self.starts[b], block.k * block.n_levels);
            for direction in 0..directions.count {
                let own: Vec<_> = directions.entries[b].iter().filter(|e| e.direction == direction).collect();
                if own.is_empty() {
                    continue;
                }
                let (mut of_u, mut of_w) = (vec![0.0; height * q], vec![0.0; height * q]);
                for at in self.levels(b, block) {
                    for e in &own {
                        let (to, from) = ((at - start + e.row) * q, (at + e.source) * q);
                        for i in 0..q {
                            of_u[to + i] += e.value * of.u[from + i];
                            of_w[to + i] += e.value * of.w[from + i];
                        }
                    }
                }
                out.push(Rows { direction, at: start, of_u, of_w });
            }
        }
        out
    }

    /// `tr(D_i U D_j W)` and `tr(D_i W D_j W)` (`changes × changes`).
    pub fn traces(&self, directions: &Directions, of: &Moved) -> (Vec<f64>, Vec<f64>) {
        let (q, n) = (self.q, directions.count);
        let (mut mixed, mut plain) = (vec![0.0; n * n], vec![0.0; n * n]);
        let rows = self.moved_rows(directions, of);
        for a in &rows {
            for b in &rows {
                let (high, low) = (a.of_u.len() / q, b.of_u.len() / q);
                let (mut m, mut p) = (0.0, 0.0);
                for i in 0..high {
                    for j in 0..low {
                        let back = b.of_w[j * q + a.at + i];
                        m += a.of_u[i * q + b.at + j] * back;
                        p += a.of_w[i * q + b.at + j] * back;
                    }
                }
                mixed[a.direction * n + b.direction] += m;
                plain[a.direction * n + b.direction] += p;
            }
        }
        (mixed, plain)
    }

    /// `tr(D_i m)` of a matrix (`q × q`), for each change.
    pub fn trace_of(&self, directions: &Directions, m: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; directions.count];
        for (b, block) in self.layout().blocks.iter().enumerate() {
            for at in self.levels(b, block) {
                for e in &directions.entries[b] {
                    out[e.direction] += e.value * m[(at + e.source) * self.q + at + e.row];
                }
            }
        }
        out
    }
}
