//! The rows of a small design, and factors by orthogonal transformations of them.
//!
//! Cross-products square the condition of a problem: where levels are nearly saturated, or weights span many orders, differences of
//! them keep few digits. The triangle of `[W^½ZΛ W^½X W^½y; I 0 0]` by Householder reflections is the same factor with all of
//! them, as long as large rows come first (Cox and Higham 1998, BIT 38, 34-50). It costs more, so it serves where it is needed.

use std::sync::OnceLock;

use super::cross::CrossProducts;
use super::directions::{Derivatives, PartSpace};
use super::factor::Factor;
use super::tail::full::{FullFactor, FullTail};
use super::tail::pieces::Pieces;
use super::tail::{Tail, TailFactor};
use crate::design::layout::{Block, Layout};
use crate::error::CoreError;
use crate::matrix::row_major;

/// Numbers of `[Z X y]` up to which the rows are kept.
const KEPT: usize = 8192;

/// Largest `S·A` for which cross-products lose no more than the last digits of the criterion, and the least share of the response's
/// squares that may be left.
const SOLID: f64 = 1e6;
const LEFT: f64 = 1e-6;

/// Ratio of weights from which a single variance is looked at by rows too.
const UNEQUAL: f64 = 1e6;

/// Weighted rows of `[Z X y]` in internal units, all random columns in the order of the blocks.
#[derive(Clone, Debug)]
pub struct Rows {
    n: usize,
    m: usize,
    value: Vec<f64>,
    /// Largest weight over the smallest.
    pub weight_ratio: f64,
    flat: OnceLock<CrossProducts>,
    /// Largest diagonal element of each block.
    largest: Vec<f64>,
}

impl Rows {
    /// Room for the rows of a design, if it is small.
    pub fn room(layout: &Layout, n: usize, weight_ratio: f64) -> Option<Rows> {
        let random: usize = layout.blocks.iter().map(|b| b.k * b.n_levels).sum();
        let m = random + layout.p + 1;
        (n * m <= KEPT).then(|| Rows {
            n,
            m,
            value: vec![0.0; n * m],
            weight_ratio,
            flat: OnceLock::new(),
            largest: Vec::new(),
        })
    }

    /// One row.
    pub fn row(&mut self, i: usize) -> &mut [f64] {
        &mut self.value[i * self.m..(i + 1) * self.m]
    }

    /// The same rows with another response.
    pub fn with_response(&self, y: &[f64]) -> Rows {
        let mut value = self.value.clone();
        value.chunks_exact_mut(self.m).zip(y).for_each(|(row, v)| row[self.m - 1] = *v);
        Rows { value, flat: OnceLock::new(), largest: self.largest.clone(), ..*self }
    }

    /// Takes note of the largest squares of each block, once the rows are there.
    pub fn measure(&mut self, layout: &Layout) {
        let mut square = vec![0.0; self.m];
        for row in self.value.chunks_exact(self.m) {
            square.iter_mut().zip(row).for_each(|(o, v)| *o += v * v);
        }
        let flat = layout.flat();
        let own = |b: &Block| square[b.tail_start..b.tail_start + b.k * b.n_levels].iter().copied().fold(0.0, f64::max);
        self.largest = flat.blocks.iter().map(own).collect();
    }

    /// Whether cross-products lose digits at `t` (one matrix for each block): S is large, of several columns or blocks, or rows
    /// differ so much in weight that heavy ones hide the others.
    pub fn is_far(&self, layout: &Layout, t: &[Vec<f64>]) -> bool {
        let is_one_variance = layout.blocks.len() == 1 && layout.blocks[0].k == 1;
        if is_one_variance && self.weight_ratio < UNEQUAL {
            return false;
        }
        t.iter().zip(&self.largest).any(|(t, largest)| row_major::dot(t, t) * largest > SOLID)
    }

    /// Whether so little of the response is left that its squares have lost digits.
    pub fn is_used_up(&self, r2: f64) -> bool {
        r2.is_nan() || r2 < LEFT * self.n as f64
    }

    /// Number of rows.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Cross-products of all columns as one full tail.
    pub fn flat(&self, layout: &Layout) -> &CrossProducts {
        self.flat.get_or_init(|| {
            let layout = layout.flat();
            let m = self.m;
            let mut square = vec![0.0; m * m];
            row_major::transpose_multiply_add(&mut square, 1.0, &self.value, &self.value, self.n, m, m);
            let tail = Tail::Full(FullTail { value: square.into(), m, q: layout.q_tail });
            CrossProducts { layout, chain: Vec::new(), tail }
        })
    }

    /// The factor at `t` (one matrix for each block), which belongs to the flat cross-products.
    pub fn factor(&self, layout: &Layout, t: Vec<Vec<f64>>) -> Result<Factor, CoreError> {
        let flat = self.flat(layout);
        let (m, q) = (self.m, flat.layout.q_tail);
        let (mut a, _) = self.scaled(&flat.layout, &t);
        triangle(&mut a, self.n + q, m, m);
        if let Some(pivot) = (0..m).find(|&j| !a[j * m + j].is_normal()) {
            return Err(CoreError::NotPositiveDefinite { pivot });
        }
        let size = m - 1;
        let (mut l, mut y) = (vec![0.0; size * size], vec![0.0; size]);
        for j in 0..size {
            let sign = a[j * m + j].signum();
            l[j * size + j..(j + 1) * size].iter_mut().zip(&a[j * m + j..]).for_each(|(o, v)| *o = sign * v);
            y[j] = sign * a[j * m + size];
        }
        let log = |i: usize| 2.0 * l[i * size + i].ln();
        let (log_det_z, log_det_x) = ((0..q).map(log).sum(), (q..size).map(log).sum());
        let r2 = a[size * m + size] * a[size * m + size];
        let pieces = Pieces { log_det_z, log_det_x, r2, residual: f64::EPSILON };
        let tail = TailFactor::Full(FullFactor::new(l, y, size, q));
        Ok(Factor::flat(t, tail, pieces))
    }

    /// Derivatives at `t` by the elements of S̃, from what `[ZΛ; I]` and `[ZΛ X; I 0]` leave of `[ZB y; 0]` with the bases B of the
    /// parts: squares of it, no differences. In a basis along the axes of S no large number hides a small one.
    pub fn derivatives(&self, layout: &Layout, t: &[Vec<f64>], parts: &[PartSpace], reml: bool) -> Derivatives {
        let layout = layout.flat();
        let (m, p) = (self.m, layout.p);
        let (axes, q) = Axes::list(&layout, parts);
        let width = m + q;
        let (scaled, order) = self.scaled(&layout, t);
        let mut a = vec![0.0; (self.n + layout.q_tail) * width];
        for ((out, row), &i) in a.chunks_exact_mut(width).zip(scaled.chunks_exact(m)).zip(&order) {
            out[..m].copy_from_slice(row);
            if i < self.n {
                self.turned(i, &axes, parts, &mut out[m..]);
            }
        }
        triangle(&mut a, self.n + layout.q_tail, width, m - 1);
        // B'Z'PZB and B'Z'Py, and for ML what X takes as well
        let (mut n_p, mut r) = (vec![0.0; q * q], vec![0.0; q]);
        for row in a.chunks_exact(width).skip(m - 1) {
            row_major::multiply_add(&mut n_p, 1.0, &row[m..], &row[m..], q, 1, q);
            r.iter_mut().zip(&row[m..]).for_each(|(o, z)| *o += z * row[m - 1]);
        }
        let mut n_q = n_p.clone();
        for row in a.chunks_exact(width).skip(layout.q_tail).take(if reml { 0 } else { p }) {
            row_major::multiply_add(&mut n_q, 1.0, &row[m..], &row[m..], q, 1, q);
        }
        let (mut trace, mut squares) = (Vec::new(), Vec::new());
        for axes in &axes {
            let d = axes.d;
            let (mut own, mut square) = (vec![0.0; d * d], vec![0.0; d * d]);
            for first in (0..axes.n_levels).map(|j| axes.start + j * d) {
                let r = &r[first..first + d];
                row_major::multiply_add(&mut square, 1.0, r, r, d, 1, d);
                (0..d * d).for_each(|e| own[e] += n_q[(first + e / d) * q + first + e % d]);
            }
            trace.push(own);
            squares.push(square);
        }
        let units: Vec<Unit> = axes.iter().flat_map(Axes::units).collect();
        let pair = |f: &dyn Fn(usize, usize, &Unit, &Unit) -> f64| -> Vec<f64> {
            let of = |(u, v): (&Unit, &Unit)| -> f64 {
                u.firsts().map(|i| v.firsts().map(|j| f(i, j, u, v)).sum::<f64>()).sum()
            };
            units.iter().flat_map(|u| units.iter().map(move |v| (u, v))).map(of).collect()
        };
        let information = pair(&|i, j, u, v| n_p[(i + u.row) * q + j + v.row] * r[i + u.column] * r[j + v.column]);
        let traces = pair(&|i, j, u, v| n_q[(i + u.column) * q + j + v.row] * n_q[(j + v.column) * q + i + u.row]);
        Derivatives { slopes: trace, squares, information, traces: Some(traces) }
    }

    /// Row `i` of Z on the axes of the parts.
    fn turned(&self, i: usize, axes: &[Axes], parts: &[PartSpace], out: &mut [f64]) {
        for (axes, part) in axes.iter().zip(parts) {
            for j in 0..axes.n_levels {
                let z = &self.value[i * self.m + axes.column + j * axes.step..][..part.k];
                let at = axes.start + j * axes.d;
                row_major::multiply_add(&mut out[at..at + axes.d], 1.0, z, &part.basis, 1, part.k, axes.d);
            }
        }
    }

    /// `[W^½ZΛ W^½X W^½y; I 0 0]`, large rows first, and the order of its rows.
    fn scaled(&self, layout: &Layout, t: &[Vec<f64>]) -> (Vec<f64>, Vec<usize>) {
        let (m, q) = (self.m, layout.q_tail);
        let mut rows = self.value.clone();
        for row in rows.chunks_exact_mut(m) {
            for (block, t) in layout.blocks.iter().zip(t) {
                let k = block.k;
                let end = block.tail_start + k * block.n_levels;
                for level in row[block.tail_start..end].chunks_exact_mut(k).filter(|l| l.iter().any(|v| *v != 0.0)) {
                    let scaled = row_major::multiply(level, t, 1, k, k);
                    level.copy_from_slice(&scaled);
                }
            }
        }
        rows.resize((self.n + q) * m, 0.0);
        (0..q).for_each(|j| rows[(self.n + j) * m + j] = 1.0);
        let size = |i: &usize| rows[i * m..(i + 1) * m].iter().fold(0.0_f64, |a, v| a.max(v.abs()));
        let mut order: Vec<(f64, usize)> = (0..self.n + q).map(|i| (size(&i), i)).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let sorted = order.iter().flat_map(|&(_, i)| rows[i * m..(i + 1) * m].iter().copied()).collect();
        (sorted, order.into_iter().map(|(_, i)| i).collect())
    }
}

/// Columns of one part turned to its basis: `d` for each level from `start` on, made of those from `column` on, `step` apart.
struct Axes {
    start: usize,
    d: usize,
    n_levels: usize,
    column: usize,
    step: usize,
}

/// A matrix unit of one part.
struct Unit {
    start: usize,
    step: usize,
    n_levels: usize,
    row: usize,
    column: usize,
}

impl Axes {
    /// Those of all parts, and the number of their columns.
    fn list(layout: &Layout, parts: &[PartSpace]) -> (Vec<Axes>, usize) {
        let mut start = 0;
        let mut out = Vec::new();
        for (part, own) in layout.parts.iter().zip(parts) {
            let b = &layout.blocks[part.block];
            let column = b.tail_start + part.offset;
            out.push(Axes { start, d: own.d, n_levels: b.n_levels, column, step: b.k });
            start += own.d * b.n_levels;
        }
        (out, start)
    }

    fn units(&self) -> impl Iterator<Item = Unit> {
        let &Axes { start, d, n_levels, .. } = self;
        (0..d * d).map(move |e| Unit { start, step: d, n_levels, row: e / d, column: e % d })
    }
}

impl Unit {
    fn firsts(&self) -> impl Iterator<Item = usize> {
        let (start, step) = (self.start, self.step);
        (0..self.n_levels).map(move |j| start + j * step)
    }
}

/// Clears the first columns of a matrix (`rows × m`, row-major) below its diagonal by Householder reflections, in place.
fn triangle(a: &mut [f64], rows: usize, m: usize, columns: usize) {
    let mut v = vec![0.0; rows];
    let mut product = vec![0.0; m];
    for j in 0..columns.min(rows) {
        let norm = (j..rows).map(|i| a[i * m + j]).fold(0.0_f64, f64::hypot);
        if norm == 0.0 {
            continue;
        }
        let head = a[j * m + j];
        let alpha = if head > 0.0 { -norm } else { norm };
        (j..rows).for_each(|i| v[i] = a[i * m + j]);
        v[j] = head - alpha;
        // H = I − v v'/(norm (norm + |head|))
        let scale = 1.0 / (norm * (norm + head.abs()));
        product[j..].fill(0.0);
        for i in (j..rows).filter(|&i| v[i] != 0.0) {
            product[j..].iter_mut().zip(&a[i * m + j..(i + 1) * m]).for_each(|(o, x)| *o += v[i] * x);
        }
        for i in (j..rows).filter(|&i| v[i] != 0.0) {
            let f = scale * v[i];
            a[i * m + j..(i + 1) * m].iter_mut().zip(&product[j..]).for_each(|(o, p)| *o -= f * p);
        }
        a[j * m + j] = alpha;
    }
}

#[cfg(test)]
mod tests {
    use super::triangle;

    #[test]
    fn triangle_keeps_the_squares() {
        let (rows, m) = (7, 4);
        let a: Vec<f64> = (0..rows * m).map(|i| ((i * 37 + 11) % 19) as f64 / 7.0 - 1.0).collect();
        let mut r = a.clone();
        triangle(&mut r, rows, m, m);
        for i in 0..m {
            for j in i..m {
                let wanted: f64 = (0..rows).map(|t| a[t * m + i] * a[t * m + j]).sum();
                let found: f64 = (0..=i).map(|t| r[t * m + i] * r[t * m + j]).sum();
                assert!((wanted - found).abs() < 1e-13);
            }
        }
    }
}
