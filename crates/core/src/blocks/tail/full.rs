//! The full tail: one dense triangle.

use super::buffer::Buffer;
use super::pieces::Pieces;
use crate::blocks::chain::{Chain, ChainFactor};
use crate::design::layout::Layout;
use crate::error::CoreError;
use crate::matrix::{column_major, row_major};
use crate::parallel;

/// Lower triangle over [tail columns, X, y], column-major; what stands above it has no meaning.
#[derive(Debug)]
pub struct FullTail {
    pub value: Buffer,
    /// Order: tail columns, X, y.
    pub m: usize,
    /// Tail columns.
    pub q: usize,
}

/// Factor of the scaled tail with X, and the row of y below it.
#[derive(Clone, Debug, Default)]
pub struct FullFactor {
    l: Buffer,
    y: Vec<f64>,
    size: usize,
    q: usize,
}

/// The inverse over [tail columns, X], lower triangle.
#[derive(Clone, Debug)]
pub struct FullInverse {
    pub value: Buffer,
    pub size: usize,
    q: usize,
}

impl Clone for FullTail {
    fn clone(&self) -> FullTail {
        let mut value = self.value.another(self.value.len());
        for j in 0..self.m {
            let lower = j * self.m + j..(j + 1) * self.m;
            value[lower.clone()].copy_from_slice(&self.value[lower]);
        }
        FullTail { value, m: self.m, q: self.q }
    }
}

impl FullTail {
    /// Nothing but zeros.
    pub fn zero(layout: &Layout) -> FullTail {
        let m = layout.tail_size();
        FullTail { value: Buffer::zeros(m * m), m, q: layout.q_tail }
    }

    /// An entry of the symmetric matrix.
    pub fn entry(&self, i: usize, j: usize) -> f64 {
        self.value[i.min(j) * self.m + i.max(j)]
    }

    /// Adds one row of the data: its values on the tail columns, and of X, whose own products stand in the corner already.
    pub fn add_row(&mut self, tail: &[(u32, f64)], border: &[f64]) {
        let (m, q) = (self.m, self.q);
        for (s, &(a, v)) in tail.iter().enumerate() {
            let column = &mut self.value[a as usize * m..(a as usize + 1) * m];
            column[q..].iter_mut().zip(border).for_each(|(o, x)| *o += v * x);
            for &(b, u) in &tail[..=s] {
                let (low, high) = (a.min(b) as usize, a.max(b) as usize);
                self.value[high + low * m] += v * u;
            }
        }
    }

    /// Adds the products of some values of a row with others, columns apart.
    pub fn add_pairs(&mut self, some: &[(u32, f64)], others: &[(u32, f64)]) {
        for &(a, v) in some {
            for &(b, u) in others {
                let (low, high) = (a.min(b) as usize, a.max(b) as usize);
                self.value[high + low * self.m] += v * u;
            }
        }
    }

    /// Columns of A on [tail, X], as one column-major matrix.
    pub fn columns(&self, columns: std::ops::Range<usize>) -> Vec<f64> {
        columns.flat_map(|j| (0..self.m - 1).map(move |i| self.entry(i, j))).collect()
    }

    /// `[A_tt; A_Xt] v` for row-major `v` (`q × count`).
    pub fn multiply(&self, v: &[f64], count: usize) -> Vec<f64> {
        let (m, q) = (self.m, self.q);
        let mut out = vec![0.0; (m - 1) * count];
        for j in 0..q {
            let column = &self.value[j * m..(j + 1) * m];
            let own = &v[j * count..(j + 1) * count];
            let (before, here) = out.split_at_mut((j + 1) * count);
            let mine = &mut before[j * count..];
            mine.iter_mut().zip(own).for_each(|(o, x)| *o += column[j] * x);
            for (i, a) in column.iter().enumerate().take(m - 1).skip(j + 1).filter(|(_, a)| **a != 0.0) {
                let row = &mut here[(i - j - 1) * count..(i - j) * count];
                row.iter_mut().zip(own).for_each(|(o, x)| *o += a * x);
                if i < q {
                    let other = &v[i * count..(i + 1) * count];
                    mine.iter_mut().zip(other).for_each(|(o, x)| *o += a * x);
                }
            }
        }
        out
    }

    /// Subtracts `Y'Y` of every level of a chain block, tile by tile; `at` is where the border of the tail begins.
    pub(crate) fn eliminate(&mut self, chain: &Chain, own: &ChainFactor, at: usize) {
        let (m, q) = (self.m, self.q);
        let tiles = parallel::split(&mut self.value, chain.tiles.windows(2).map(|w| (w[1] - w[0]) * m));
        let items = chain.tiles.windows(2).map(|w| w[0]).zip(tiles).collect();
        if q > 0 && chain.column.len() == chain.n_levels * q {
            // a complete crossing: one product of dense matrices
            let y = complete_border(chain, own, at, q);
            let rows = chain.n_levels * chain.k;
            parallel::each(items, |(first, tile)| column_major::subtract_gram(tile, m, first, &y, rows));
            return;
        }
        parallel::each(items, |(first, tile)| update_tile(chain, own, at, first, tile, m, q));
    }

    /// Factor of `Λ'AΛ + I` with its border, in the memory of A.
    pub fn factor(self, layout: &Layout, t: &[Vec<f64>]) -> Result<(FullFactor, Pieces), CoreError> {
        let (size, q) = (self.m - 1, self.q);
        let (mut l, mut y, corner) = self.scaled(layout, t);
        let probe = column_major::Probe::new(&l, size);
        column_major::cholesky(&mut l, size).map_err(|pivot| CoreError::NotPositiveDefinite { pivot })?;
        let residual = probe.residual(&l);
        if residual.is_nan() || residual > column_major::WORST_RESIDUAL {
            return Err(CoreError::UnreliableFactor { residual });
        }
        column_major::solve_lower(&l, size, size, &mut y, 1);
        let log = |i: usize| 2.0 * l[i * (size + 1)].ln();
        let pieces = Pieces {
            log_det_z: (0..q).map(log).sum(),
            log_det_x: (q..size).map(log).sum(),
            r2: corner - row_major::dot(&y, &y),
            residual,
        };
        Ok((FullFactor { l, y, size, q }, pieces))
    }

    /// `Λ'A*Λ + I` of the tail with X (lower triangle), its row of y, and the corner y'y.
    fn scaled(self, layout: &Layout, t: &[Vec<f64>]) -> (Buffer, Vec<f64>, f64) {
        let (m, q, mut out) = (self.m, self.q, self.value);
        let size = m - 1;
        let corner = out[size * m + size];
        let mut y: Vec<f64> = (0..size).map(|j| out[j * m + size]).collect();
        // columns close up, as the row of y is taken out: each moves to the left of where the next one stands
        (0..size).for_each(|j| out.copy_within(j * m + j..j * m + size, j * size + j));
        out.truncate(size * size);
        let scalar = scales(layout, t);
        for (j, column) in out.chunks_exact_mut(size.max(1)).enumerate() {
            let f = scalar[j];
            column[j..].iter_mut().zip(&scalar[j..]).for_each(|(v, g)| *v *= f * g);
        }
        y.iter_mut().zip(&scalar).for_each(|(v, g)| *v *= g);
        for (b, block) in layout.tail_blocks().filter(|(b, block)| !row_major::is_diagonal(&t[*b], block.k)) {
            let k = block.k;
            for level in 0..block.n_levels {
                let first = block.tail_start + level * k;
                scale_level(&mut out, size, first, k, &t[b]);
                let scaled: Vec<f64> = (0..k).map(|c| (0..k).map(|r| t[b][r * k + c] * y[first + r]).sum()).collect();
                y[first..first + k].copy_from_slice(&scaled);
            }
        }
        (0..q).for_each(|i| out[i * size + i] += 1.0);
        (out, y, corner)
    }
}

impl FullFactor {
    /// From the lower triangle on [tail columns, X], column-major, and the row of y.
    pub fn new(l: Vec<f64>, y: Vec<f64>, size: usize, q: usize) -> FullFactor {
        FullFactor { l: l.into(), y, size, q }
    }

    /// `L⁻¹ b` for columns on [tail, X], or on the tail alone.
    pub fn forward(&self, b: &mut [f64], count: usize, with_x: bool) {
        // the leading rows of the factor are the factor of the leading rows
        column_major::solve_lower(&self.l, self.size, if with_x { self.size } else { self.q }, b, count);
    }

    /// Spherical effects of the tail, and β: the estimates, or moved from them by δ, given `shift = L_X'δ`.
    pub fn solution(&self, shift: &[f64]) -> Vec<f64> {
        let mut x = self.y.clone();
        x[self.q..].iter_mut().zip(shift).for_each(|(o, v)| *o += v);
        column_major::solve_lower_transposed(&self.l, self.size, &mut x);
        x
    }

    /// Factor of X'V⁻¹X, column-major.
    pub fn fixed(&self) -> Vec<f64> {
        (self.q..self.size).flat_map(|j| self.l[j * self.size + self.q..(j + 1) * self.size].to_vec()).collect()
    }

    /// C in the place of the factor; for ML its rows of X are zero.
    pub fn inverse(self, reml: bool) -> FullInverse {
        let (size, q) = (self.size, self.q);
        let mut value = self.l;
        column_major::invert_in_place(&mut value, size, if reml { size } else { q });
        if !reml {
            for j in 0..size {
                value[j * size + q.max(j)..(j + 1) * size].fill(0.0);
            }
        }
        FullInverse { value, size, q }
    }
}

impl FullInverse {
    /// An entry of the symmetric matrix.
    pub fn entry(&self, i: usize, j: usize) -> f64 {
        self.value[i.min(j) * self.size + i.max(j)]
    }

    /// From C to `Ĉ = ΛCΛ'`.
    pub fn scale(&mut self, layout: &Layout, t: &[Vec<f64>]) {
        let (size, hat) = (self.size, &mut self.value);
        let scalar = scales(layout, t);
        for (j, column) in hat.chunks_exact_mut(size.max(1)).enumerate() {
            let f = scalar[j];
            column[j..].iter_mut().zip(&scalar[j..]).for_each(|(v, g)| *v *= f * g);
        }
        for (b, block) in layout.tail_blocks().filter(|(b, block)| !row_major::is_diagonal(&t[*b], block.k)) {
            let transposed = row_major::transpose(&t[b], block.k, block.k);
            for level in 0..block.n_levels {
                scale_level(hat, size, block.tail_start + level * block.k, block.k, &transposed);
            }
        }
    }

    /// Entries of [X, tail columns of level `j`], from `at` on.
    pub(crate) fn gather(&self, chain: &Chain, j: usize, at: usize, out: &mut [f64], width: usize) {
        let (size, q, pattern) = (self.size, self.q, chain.pattern(j));
        let (fixed, count) = (chain.head - 1 - at, pattern.len());
        for r in 0..fixed {
            (0..fixed).for_each(|c| out[(at + r) * width + at + c] = self.entry(q + r, q + c));
        }
        let consecutive = chain.run(j).is_some();
        for (s, &first) in pattern.iter().enumerate() {
            let first = first as usize;
            let column = &self.value[first * size..(first + 1) * size];
            let row = &mut out[(at + fixed + s) * width + at..(at + fixed + s + 1) * width];
            row[..fixed].copy_from_slice(&column[q..q + fixed]);
            let rest = &mut row[fixed + s..];
            if consecutive {
                rest.copy_from_slice(&column[first..first + count - s]);
            } else {
                rest.iter_mut().zip(&pattern[s..]).for_each(|(o, &r)| *o = column[r as usize]);
            }
        }
        mirror(out, width, at, fixed, count);
    }

    /// `v'Ĉv` for a row on [X, tail columns of level `j`].
    pub(crate) fn quadratic(&self, chain: &Chain, j: usize, heads: &[f64], pairs: &[f64]) -> f64 {
        let (size, q, p, pattern) = (self.size, self.q, heads.len(), chain.pattern(j));
        let mut sum = 0.0;
        for (s, (&column, y)) in pattern.iter().zip(pairs).enumerate() {
            let row = &self.value[column as usize * size..(column as usize + 1) * size];
            // pairs beyond the diagonal twice
            let rest: f64 =
                pattern[s + 1..].iter().zip(&pairs[s + 1..]).map(|(&other, v)| row[other as usize] * v).sum();
            sum += y * (row[column as usize] * y + 2.0 * rest + 2.0 * row_major::dot(&row[q..q + p], heads));
        }
        for i in 0..p {
            sum += heads[i] * (0..p).map(|j| self.entry(q + i, q + j) * heads[j]).sum::<f64>();
        }
        sum
    }
}

/// Fills what [`FullInverse::gather`] leaves open by symmetry: pairs of tail columns below the diagonal, and X beside them.
fn mirror(out: &mut [f64], width: usize, at: usize, fixed: usize, count: usize) {
    let first = at + fixed;
    for s in first..first + count {
        for c in at..first {
            out[c * width + s] = out[s * width + c];
        }
        for t in s + 1..first + count {
            out[t * width + s] = out[s * width + t];
        }
    }
}

/// Y on [tail columns, X, y] for all levels, row-major, where every level meets all tail columns.
fn complete_border(chain: &Chain, own: &ChainFactor, at: usize, q: usize) -> Vec<f64> {
    let (head, rows) = (chain.head, chain.n_levels * chain.k);
    let mut out = Vec::with_capacity(rows * (q + head - at));
    for i in 0..rows {
        out.extend_from_slice(&own.y_pair[i * q..(i + 1) * q]);
        out.extend_from_slice(&own.y_head[i * head + at..(i + 1) * head]);
    }
    out
}

/// `A* −= Y'Y` for the tail columns of one tile, over all levels of a block.
fn update_tile(chain: &Chain, own: &ChainFactor, at: usize, first: usize, tile: &mut [f64], m: usize, q: usize) {
    let (last, k, head) = (first + tile.len() / m, chain.k, chain.head);
    let width = head - at;
    for j in 0..chain.n_levels {
        let pattern = chain.pattern(j);
        let (y_head, y_pair) = (&own.y_head[j * k * head..(j + 1) * k * head], &own.y_pair[chain.pair_range(j)]);
        let count = pattern.len();
        let from = pattern.partition_point(|&column| (column as usize) < first);
        for r in 0..k {
            let heads = &y_head[r * head + at..(r + 1) * head];
            let pair = &y_pair[r * count..(r + 1) * count];
            for s in from..count {
                let column = pattern[s] as usize;
                if column >= last {
                    break;
                }
                let f = pair[s];
                let target = &mut tile[(column - first) * m..(column - first + 1) * m];
                if pattern[count - 1] as usize - column == count - 1 - s {
                    // consecutive columns, as in complete crossings
                    target[column..column + count - s].iter_mut().zip(&pair[s..]).for_each(|(o, v)| *o -= f * v);
                } else {
                    for (&row, v) in pattern[s..].iter().zip(&pair[s..]) {
                        target[row as usize] -= f * v;
                    }
                }
                target[q..q + width].iter_mut().zip(heads).for_each(|(o, v)| *o -= f * v);
            }
            for i in first.max(q)..last {
                let (f, rest) = (heads[i - q], &heads[i - q..]);
                let target = &mut tile[(i - first) * m + i..(i - first + 1) * m];
                target.iter_mut().zip(rest).for_each(|(o, v)| *o -= f * v);
            }
        }
    }
}

/// The element of T of each tail column where T is diagonal, else one; ones for X.
fn scales(layout: &Layout, t: &[Vec<f64>]) -> Vec<f64> {
    let mut out = vec![1.0; layout.tail_size() - 1];
    for (b, block) in layout.tail_blocks().filter(|(b, block)| row_major::is_diagonal(&t[*b], block.k)) {
        let k = block.k;
        let own = &mut out[block.tail_start..block.tail_start + k * block.n_levels];
        own.iter_mut().enumerate().for_each(|(c, o)| *o = t[b][c % k * (k + 1)]);
    }
    out
}

/// `M := diag(.., T, ..)' M diag(.., T, ..)` for the columns of one level, on the lower triangle of a symmetric matrix.
fn scale_level(m: &mut [f64], size: usize, first: usize, k: usize, t: &[f64]) {
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
    let scaled = row_major::congruence(&square, t, k, k);
    for s in 0..k {
        for r in s..k {
            m[(first + s) * size + first + r] = scaled[r * k + s];
        }
    }
}
