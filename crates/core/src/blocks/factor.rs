//! Block elimination at one value of the covariance: the Cholesky factor of Λ'Z'WZΛ + I bordered by X and y.
//!
//! Borders are kept in the units of the unscaled columns (`Y_j = L_j⁻¹ T' A_jB`), so no Λ-scaled copy of A is ever made and a
//! singular T needs no special case. Below, `A*` is A after the elimination of the finer blocks.

use super::chain::{Chain, ChainFactor};
use super::cross::CrossProducts;
use super::solid::through_inverse;
use super::tail::pieces::Pieces;
use super::tail::{Tail, TailFactor};
use crate::error::CoreError;
use crate::matrix::row_major;
use crate::memory;
use crate::parallel;
use std::sync::Mutex;

/// Levels per piece of work.
const PIECE: usize = 4096;

/// The factor at one value of T, with the pieces of the criterion.
#[derive(Clone, Debug)]
pub struct Factor {
    /// T of each block, `k × k` row-major.
    pub t: Vec<Vec<f64>>,
    pub chain: Vec<ChainFactor>,
    /// `A*` of the tail where a block of it asks for differences of cross-products, and where it is not A itself.
    pub tail_a: Option<Tail>,
    /// Factor of the scaled tail with X and y.
    pub tail: TailFactor,
    pub log_det_z: f64,
    pub log_det_x: f64,
    /// Penalized residual sum of squares.
    pub r2: f64,
    /// `‖L(L'z) − Az‖ / ‖Az‖` of the tail for one fixed z.
    pub residual: f64,
    /// Whether it comes from the rows, with nothing eliminated level by level.
    pub by_rows: bool,
}

impl Factor {
    /// The criterion with σ profiled out, of `m` degrees of freedom.
    pub fn criterion(&self, m: f64, reml: bool) -> f64 {
        criterion(self.log_det_z, if reml { self.log_det_x } else { 0.0 }, self.r2, m)
    }

    /// A factor without a chain.
    pub fn flat(t: Vec<Vec<f64>>, tail: TailFactor, pieces: Pieces) -> Factor {
        let Pieces { log_det_z, log_det_x, r2, residual } = pieces;
        Factor { t, chain: Vec::new(), tail_a: None, tail, log_det_z, log_det_x, r2, residual, by_rows: true }
    }
}

/// `log|Λ'Z'WZΛ + I| + log|X'V⁻¹X| + m (1 + log 2πr²/m)`.
pub fn criterion(log_det_z: f64, log_det_x: f64, r2: f64, m: f64) -> f64 {
    log_det_z + log_det_x + m * (1.0 + (2.0 * std::f64::consts::PI * r2 / m).ln())
}

impl CrossProducts {
    /// `A*` of a chain block: its own where finer blocks have changed it, else the cross-products themselves.
    pub fn reduced<'a>(&'a self, f: &'a Factor, c: usize) -> (&'a [f64], &'a [f64], &'a [f64]) {
        let (own, a) = (&f.chain[c], &self.chain[c]);
        if c == 0 { (&a.a, &a.a_head, &a.a_pair) } else { (&own.a, &own.a_head, &own.a_pair) }
    }

    /// `A*` of the tail.
    pub fn reduced_tail<'a>(&'a self, f: &'a Factor) -> &'a Tail {
        f.tail_a.as_ref().unwrap_or(&self.tail)
    }

    /// Whether an elimination changes the tail, and some of its blocks need it as it is left: where T is not solid.
    fn asks_for_differences(&self, t: &[Vec<f64>]) -> bool {
        let solid = |b: usize| through_inverse(&t[b], self.layout.blocks[b].k, self.rows_per_level(b));
        !self.chain.is_empty() && self.layout.tail_blocks().any(|(b, _)| !solid(b))
    }

    /// Factors at `t`, one `k × k` matrix for each block.
    pub fn factor(&self, t: Vec<Vec<f64>>) -> Result<Factor, CoreError> {
        let keep = self.asks_for_differences(&t);
        memory::check("the factor of the random effects", self.working_numbers(keep))?;
        let mut tail_a = self.tail.clone();
        let mut chain: Vec<ChainFactor> = self.chain.iter().enumerate().map(|(c, a)| working_copy(a, c > 0)).collect();
        let mut log_det_z = 0.0;
        for c in 0..self.chain.len() {
            let (done, rest) = chain.split_at_mut(c + 1);
            log_det_z += self.eliminate(c, &t[c], &mut done[c], rest, &mut tail_a)?;
        }
        let kept = keep.then(|| tail_a.clone());
        let (tail, pieces) = tail_a.factor(&self.layout, &t)?;
        log_det_z += pieces.log_det_z;
        if pieces.r2.is_nan() || pieces.r2 <= 0.0 {
            return Err(CoreError::NotPositiveDefinite { pivot: self.layout.tail_size() - 1 });
        }
        let (log_det_x, r2, residual) = (pieces.log_det_x, pieces.r2, pieces.residual);
        Ok(Factor { t, chain, tail_a: kept, tail, log_det_z, log_det_x, r2, residual, by_rows: false })
    }

    /// Numbers that a factor takes and that are not at hand from an earlier one.
    fn working_numbers(&self, keep: bool) -> usize {
        let of_chain =
            |(c, a): (usize, &Chain)| (if c > 0 { 2 } else { 1 }) * (a.a.len() + a.a_head.len() + a.a_pair.len());
        self.chain.iter().enumerate().map(of_chain).sum::<usize>() + self.tail.working_numbers(keep)
    }

    /// Eliminates every level of one chain block; returns its log-determinant.
    fn eliminate(
        &self,
        c: usize,
        t: &[f64],
        own: &mut ChainFactor,
        coarser: &mut [ChainFactor],
        tail: &mut Tail,
    ) -> Result<f64, CoreError> {
        let block = &self.chain[c];
        let log_det = block.factor_levels(c, t, own)?;
        let mut at = 0;
        for (i, target) in coarser.iter_mut().enumerate() {
            let other = &self.chain[c + 1 + i];
            for j in 0..block.n_levels {
                update_parent(other, target, block.parents[i][j] as usize, &block.border(own, j, at));
            }
            at += other.k;
        }
        tail.eliminate(block, own, at);
        Ok(log_det)
    }
}

impl Chain {
    /// Factors `D_j` and carries the border over, for all levels; returns the log-determinant.
    fn factor_levels(&self, c: usize, t: &[f64], own: &mut ChainFactor) -> Result<f64, CoreError> {
        let (k, head) = (self.k, self.head);
        let (a, a_head, a_pair) =
            if c == 0 { (&self.a, &self.a_head, &self.a_pair) } else { (&own.a, &own.a_head, &own.a_pair) };
        let pieces = parallel::ranges(self.n_levels, PIECE);
        let l = parallel::split(&mut own.l, pieces.iter().map(|r| r.len() * k * k));
        let y_head = parallel::split(&mut own.y_head, pieces.iter().map(|r| r.len() * k * head));
        let y_pair =
            parallel::split(&mut own.y_pair, pieces.iter().map(|r| (self.start[r.end] - self.start[r.start]) * k));
        let log_dets: Vec<_> = pieces.iter().map(|_| Mutex::new(Ok(0.0))).collect();
        let items = pieces.iter().cloned().zip(l).zip(y_head.into_iter().zip(y_pair)).zip(&log_dets).collect();
        parallel::each(items, |(((range, l), (y_head, y_pair)), log_det)| {
            let mut step = vec![0.0; k * k];
            let (mut sum, mut at) = (0.0, 0);
            let mut failed = None;
            for (i, j) in range.clone().enumerate() {
                let l = &mut l[i * k * k..(i + 1) * k * k];
                if !factor_level(&a[j * k * k..(j + 1) * k * k], t, k, l, &mut step) {
                    failed = Some(CoreError::NotPositiveDefinite { pivot: j * k });
                    break;
                }
                sum += (0..k).map(|r| 2.0 * l[r * k + r].ln()).sum::<f64>();
                let hh = j * k * head..(j + 1) * k * head;
                row_major::multiply_add(
                    &mut y_head[i * k * head..(i + 1) * k * head],
                    1.0,
                    &step,
                    &a_head[hh],
                    k,
                    k,
                    head,
                );
                let pp = self.pair_range(j);
                let count = pp.len() / k;
                row_major::multiply_add(&mut y_pair[at..at + pp.len()], 1.0, &step, &a_pair[pp.clone()], k, k, count);
                at += pp.len();
            }
            if let Ok(mut slot) = log_det.lock() {
                *slot = failed.map_or(Ok(sum), Err);
            }
        });
        log_dets.into_iter().map(|slot| slot.into_inner().unwrap_or(Ok(f64::NAN))).sum()
    }

    /// The border of level `j`, of which the part from `at` on matters.
    fn border<'a>(&'a self, own: &'a ChainFactor, j: usize, at: usize) -> Border<'a> {
        let (k, head) = (self.k, self.head);
        Border {
            k,
            head,
            at,
            y_head: &own.y_head[j * k * head..(j + 1) * k * head],
            y_pair: &own.y_pair[self.pair_range(j)],
            pattern: self.pattern(j),
        }
    }
}

/// `LL' = T'AT + I` of one level, and `step = L⁻¹T'`, which carries the border over.
fn factor_level(a: &[f64], t: &[f64], k: usize, l: &mut [f64], step: &mut [f64]) -> bool {
    if k == 1 {
        l[0] = (1.0 + t[0] * t[0] * a[0]).sqrt();
        step[0] = t[0] / l[0];
        return l[0].is_finite() && l[0] > 0.0;
    }
    l.copy_from_slice(&row_major::congruence(a, t, k, k));
    (0..k).for_each(|i| l[i * k + i] += 1.0);
    if !row_major::cholesky(l, k) {
        return false;
    }
    for r in 0..k {
        (0..k).for_each(|s| step[r * k + s] = t[s * k + r]);
    }
    row_major::solve_lower(l, k, step, k);
    true
}

/// The border of one level: `at` is where its part on the block that receives the update begins.
struct Border<'a> {
    k: usize,
    head: usize,
    at: usize,
    y_head: &'a [f64],
    y_pair: &'a [f64],
    pattern: &'a [u32],
}

/// `A* −= Y'Y` for the coarser level that contains this one. Its border holds all of this level's: nothing fills.
fn update_parent(other: &Chain, target: &mut ChainFactor, parent: usize, b: &Border<'_>) {
    let (ka, width) = (other.k, other.head);
    let count = b.pattern.len();
    let a = &mut target.a[parent * ka * ka..(parent + 1) * ka * ka];
    let a_head = &mut target.a_head[parent * ka * width..(parent + 1) * ka * width];
    let pattern = other.pattern(parent);
    let a_pair = &mut target.a_pair[other.pair_range(parent)];
    for r in 0..b.k {
        let own = &b.y_head[r * b.head + b.at..r * b.head + b.at + ka];
        let rest = &b.y_head[r * b.head + b.at + ka..(r + 1) * b.head];
        let pair = &b.y_pair[r * count..(r + 1) * count];
        for (i, f) in own.iter().enumerate() {
            a[i * ka..(i + 1) * ka].iter_mut().zip(own).for_each(|(o, v)| *o -= f * v);
            a_head[i * width..(i + 1) * width].iter_mut().zip(rest).for_each(|(o, v)| *o -= f * v);
            let mut slot = 0;
            for (&column, v) in b.pattern.iter().zip(pair) {
                while pattern[slot] != column {
                    slot += 1;
                }
                a_pair[i * pattern.len() + slot] -= f * v;
            }
        }
    }
}

fn working_copy(a: &Chain, changed: bool) -> ChainFactor {
    let copy = |v: &Vec<f64>| if changed { v.clone() } else { Vec::new() };
    ChainFactor {
        l: vec![0.0; a.a.len()],
        y_head: vec![0.0; a.a_head.len()],
        y_pair: vec![0.0; a.a_pair.len()],
        a: copy(&a.a),
        a_head: copy(&a.a_head),
        a_pair: copy(&a.a_pair),
    }
}
