//! Block elimination at one value of the covariance: the Cholesky factor of Λ'Z'WZΛ + I bordered by X and y.
//!
//! Borders are kept in the units of the unscaled columns (`Y_j = L_j⁻¹ T' A_jB`), so no Λ-scaled copy of A is ever made and a
//! singular T needs no special case. Below, `A*` is A after the elimination of the finer blocks.

use crate::cross::{Chain, CrossProducts};
use crate::dense;
use crate::error::CoreError;
use crate::small;

/// One eliminated block at one value of T.
#[derive(Clone, Debug, Default)]
pub struct ChainFactor {
    /// Cholesky factors of `D_j = T' A*_jj T + I`.
    pub l: Vec<f64>,
    /// `Y_j` on the dense border.
    pub y_head: Vec<f64>,
    /// `Y_j` on the tail columns of the level.
    pub y_pair: Vec<f64>,
    /// `A*` of the block; empty for the finest one, whose `A*` is A.
    pub a: Vec<f64>,
    pub a_head: Vec<f64>,
    pub a_pair: Vec<f64>,
}

/// The factor at one value of T, with the pieces of the criterion.
#[derive(Clone, Debug)]
pub struct Factor {
    /// T of each block, `k × k` row-major.
    pub t: Vec<Vec<f64>>,
    pub chain: Vec<ChainFactor>,
    /// `A*` of the tail, lower triangle, column-major.
    pub tail_a: Vec<f64>,
    /// Factor of the scaled tail with X, order `q_tail + p`, leading dimension likewise.
    pub tail_l: Vec<f64>,
    /// The row of y below it.
    pub tail_y: Vec<f64>,
    pub log_det_z: f64,
    pub log_det_x: f64,
    /// Penalized residual sum of squares.
    pub r2: f64,
}

impl CrossProducts {
    /// `A*` of a chain block: its own where finer blocks have changed it, else the cross-products themselves.
    pub fn reduced<'a>(&'a self, f: &'a Factor, c: usize) -> (&'a [f64], &'a [f64], &'a [f64]) {
        let (own, a) = (&f.chain[c], &self.chain[c]);
        if c == 0 { (&a.a, &a.a_head, &a.a_pair) } else { (&own.a, &own.a_head, &own.a_pair) }
    }

    /// Factors at `t`: one `k × k` matrix for each block.
    pub fn factor(&self, t: Vec<Vec<f64>>) -> Result<Factor, CoreError> {
        let mut tail_a = self.tail.clone();
        let mut chain: Vec<ChainFactor> = self.chain.iter().enumerate().map(|(c, a)| working_copy(a, c > 0)).collect();
        let mut log_det_z = 0.0;
        for c in 0..self.chain.len() {
            let (done, rest) = chain.split_at_mut(c + 1);
            log_det_z += self.eliminate(c, &t[c], &mut done[c], rest, &mut tail_a)?;
        }
        let m = self.layout.tail_size();
        let (mut tail_l, mut tail_y, corner) = self.scaled_tail(&t, &tail_a);
        dense::cholesky(&mut tail_l, m - 1).map_err(|pivot| CoreError::NotPositiveDefinite { pivot })?;
        dense::solve_lower(&tail_l, m - 1, m - 1, &mut tail_y, 1);
        let q = self.layout.q_tail;
        let log = |i: usize| 2.0 * tail_l[i * m].ln();
        log_det_z += (0..q).map(log).sum::<f64>();
        let log_det_x = (q..m - 1).map(log).sum();
        let r2 = corner - small::dot(&tail_y, &tail_y);
        if r2.is_nan() || r2 <= 0.0 {
            return Err(CoreError::NotPositiveDefinite { pivot: m - 1 });
        }
        Ok(Factor { t, chain, tail_a, tail_l, tail_y, log_det_z, log_det_x, r2 })
    }

    /// Eliminates every level of one chain block; returns its log-determinant.
    fn eliminate(
        &self,
        c: usize,
        t: &[f64],
        own: &mut ChainFactor,
        coarser: &mut [ChainFactor],
        tail: &mut [f64],
    ) -> Result<f64, CoreError> {
        let block = &self.chain[c];
        let (k, head) = (block.k, block.head);
        let mut log_det = 0.0;
        let mut step = vec![0.0; k * k];
        for j in 0..block.n_levels {
            let kk = j * k * k..(j + 1) * k * k;
            let (hh, pp) = (j * k * head..(j + 1) * k * head, block.pair_range(j));
            let a = if c == 0 { &block.a[kk.clone()] } else { &own.a[kk.clone()] };
            let l = &mut own.l[kk];
            l.copy_from_slice(&small::congruence(a, t, k, k));
            (0..k).for_each(|i| l[i * k + i] += 1.0);
            if !small::cholesky(l, k) {
                return Err(CoreError::NotPositiveDefinite { pivot: j * k });
            }
            log_det += (0..k).map(|i| 2.0 * l[i * k + i].ln()).sum::<f64>();
            // L⁻¹T' carries the border over in one product
            for r in 0..k {
                for s in 0..k {
                    step[r * k + s] = t[s * k + r];
                }
            }
            small::solve_lower(l, k, &mut step, k);
            let (a_head, a_pair) =
                if c == 0 { (&block.a_head[..], &block.a_pair[..]) } else { (&own.a_head[..], &own.a_pair[..]) };
            small::multiply_add(&mut own.y_head[hh.clone()], 1.0, &step, &a_head[hh.clone()], k, k, head);
            let count = pp.len() / k;
            small::multiply_add(&mut own.y_pair[pp.clone()], 1.0, &step, &a_pair[pp.clone()], k, k, count);
            let (y_head, y_pair) = (&own.y_head[hh], &own.y_pair[pp]);
            let mut at = 0;
            for (i, target) in coarser.iter_mut().enumerate() {
                let other = &self.chain[c + 1 + i];
                let parent = block.parents[i][j] as usize;
                update_parent(
                    other,
                    target,
                    parent,
                    &Border { k, head, at, y_head, y_pair, pattern: block.pattern(j) },
                );
                at += other.k;
            }
            self.update_tail(tail, &Border { k, head, at, y_head, y_pair, pattern: block.pattern(j) });
        }
        Ok(log_det)
    }

    /// `A*_tail −= Y'Y` for the tail columns, X and y of one level.
    fn update_tail(&self, tail: &mut [f64], b: &Border<'_>) {
        let (m, q, width) = (self.layout.tail_size(), self.layout.q_tail, b.head - b.at);
        let count = b.pattern.len();
        for r in 0..b.k {
            let head = &b.y_head[r * b.head + b.at..(r + 1) * b.head];
            for i in 0..width {
                let f = head[i];
                let column = &mut tail[(q + i) * m + q + i..(q + i) * m + q + width];
                column.iter_mut().zip(&head[i..]).for_each(|(o, v)| *o -= f * v);
            }
            let pair = &b.y_pair[r * count..(r + 1) * count];
            for (s, (&column, &f)) in b.pattern.iter().zip(pair).enumerate() {
                if f == 0.0 {
                    continue;
                }
                let target = &mut tail[column as usize * m..(column as usize + 1) * m];
                for (&row, v) in b.pattern[s..].iter().zip(&pair[s..]) {
                    target[row as usize] -= f * v;
                }
                target[q..q + width].iter_mut().zip(head).for_each(|(o, v)| *o -= f * v);
            }
        }
    }

    /// `Λ'A*Λ + I` of the tail with X (lower triangle), its row of y, and the corner y'y.
    fn scaled_tail(&self, t: &[Vec<f64>], tail: &[f64]) -> (Vec<f64>, Vec<f64>, f64) {
        let (m, layout) = (self.layout.tail_size(), &self.layout);
        let size = m - 1;
        let mut out = vec![0.0; size * size];
        for j in 0..size {
            out[j * size + j..(j + 1) * size].copy_from_slice(&tail[j * m + j..j * m + size]);
        }
        let mut y: Vec<f64> = (0..size).map(|j| tail[j * m + size]).collect();
        for (b, block) in layout.blocks.iter().enumerate().skip(layout.n_chain) {
            let k = block.k;
            for level in 0..block.n_levels {
                let first = block.tail_start + level * k;
                scale_level(&mut out, size, first, k, &t[b]);
                let scaled: Vec<f64> = (0..k).map(|c| (0..k).map(|r| t[b][r * k + c] * y[first + r]).sum()).collect();
                y[first..first + k].copy_from_slice(&scaled);
            }
        }
        (0..layout.q_tail).for_each(|i| out[i * size + i] += 1.0);
        (out, y, tail[size * m + size])
    }
}

/// `M := diag(.., T, ..)' M diag(.., T, ..)` for the columns of one level, on the lower triangle of a symmetric matrix.
fn scale_level(m: &mut [f64], size: usize, first: usize, k: usize, t: &[f64]) {
    if k == 1 {
        let f = t[0];
        m[first * size + first..(first + 1) * size].iter_mut().for_each(|v| *v *= f);
        (0..=first).for_each(|c| m[c * size + first] *= f);
        return;
    }
    let mut row = vec![0.0; k];
    for c in 0..first {
        let column = &mut m[c * size + first..c * size + first + k];
        row.iter_mut().enumerate().for_each(|(s, o)| *o = (0..k).map(|r| t[r * k + s] * column[r]).sum());
        column.copy_from_slice(&row);
    }
    for i in first + k..size {
        row.iter_mut()
            .enumerate()
            .for_each(|(s, o)| *o = (0..k).map(|r| t[r * k + s] * m[(first + r) * size + i]).sum());
        (0..k).for_each(|s| m[(first + s) * size + i] = row[s]);
    }
    let mut square = vec![0.0; k * k];
    for r in 0..k {
        for s in 0..k {
            square[r * k + s] = m[(first + r.min(s)) * size + first + r.max(s)];
        }
    }
    let scaled = small::congruence(&square, t, k, k);
    for s in 0..k {
        for r in s..k {
            m[(first + s) * size + first + r] = scaled[r * k + s];
        }
    }
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
