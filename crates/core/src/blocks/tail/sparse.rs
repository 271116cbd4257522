//! The sparse tail: its cross-products, their factor, and what is needed of the inverse.

use super::pieces::Pieces;
use super::sparse_inverse::SparseInverse;
use crate::blocks::chain::{Chain, ChainFactor};
use crate::design::layout::Layout;
use crate::design::pattern::Pattern;
use crate::error::CoreError;
use crate::matrix::{column_major, row_major};
use faer::Par;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::LltError;
use faer::sparse::linalg::cholesky::supernodal;
use faer::sparse::{SparseColMatRef, SymbolicSparseColMatRef};
use std::sync::Arc;

/// Cross-products of the tail, and with X and y.
#[derive(Clone, Debug)]
pub struct SparseTail {
    pub pattern: Arc<Pattern>,
    pub value: Vec<f64>,
    /// Row per tail column (in the order of the layout): products with X and y.
    pub border: Vec<f64>,
    /// `[X y]'W[X y]`, full.
    pub corner: Vec<f64>,
    /// Order of the corner.
    pub width: usize,
}

/// `Λ'AΛ + I = LL'` bordered by X and y.
#[derive(Clone, Debug)]
pub struct SparseFactor {
    pattern: Arc<Pattern>,
    l: Vec<f64>,
    /// `L⁻¹Λ'A_tX`, columns in the order of elimination.
    y_x: Vec<f64>,
    /// Factor of what is left of X'WX.
    pub l_x: Vec<f64>,
    /// The row of y: on the tail, in the order of elimination, and on X.
    y: Vec<f64>,
}

impl SparseTail {
    /// Nothing but zeros.
    pub fn zero(pattern: Arc<Pattern>, p: usize) -> SparseTail {
        let width = p + 1;
        SparseTail {
            value: vec![0.0; pattern.row.len()],
            border: vec![0.0; pattern.size() * width],
            corner: vec![0.0; width * width],
            pattern,
            width,
        }
    }

    /// Adds one row of the data: its values on the tail columns, and of X.
    pub fn add_row(&mut self, tail: &[(u32, f64)], border: &[f64]) {
        for (s, &(a, v)) in tail.iter().enumerate() {
            let at = a as usize * self.width;
            self.border[at..at + self.width].iter_mut().zip(border).for_each(|(o, x)| *o += v * x);
            for &(b, u) in &tail[..=s] {
                self.value[self.pattern.slot(a as usize, b as usize)] += v * u;
            }
        }
    }

    /// Subtracts `Y'Y` of every level of a chain block.
    pub fn eliminate(&mut self, chain: &Chain, own: &ChainFactor) {
        let (k, head) = (chain.k, chain.head);
        for j in 0..chain.n_levels {
            let pattern = chain.pattern(j);
            let (heads, pairs) = (&own.y_head[j * k * head..(j + 1) * k * head], &own.y_pair[chain.pair_range(j)]);
            let slots = chain.slots(j);
            for r in 0..k {
                let (heads, pairs) = (&heads[r * head..(r + 1) * head], &pairs[r * pattern.len()..][..pattern.len()]);
                let mut slot = slots.iter();
                for (s, (&column, &f)) in pattern.iter().zip(pairs).enumerate() {
                    pairs[s..].iter().zip(&mut slot).for_each(|(v, &at)| self.value[at as usize] -= f * v);
                    let row = &mut self.border[column as usize * head..(column as usize + 1) * head];
                    row.iter_mut().zip(heads).for_each(|(o, v)| *o -= f * v);
                }
                for (row, f) in self.corner.chunks_exact_mut(head).zip(heads) {
                    row.iter_mut().zip(heads).for_each(|(o, v)| *o -= f * v);
                }
            }
        }
    }

    /// Columns of A on [tail, X], as one column-major matrix.
    pub fn columns(&self, columns: std::ops::Range<usize>) -> Vec<f64> {
        let (pattern, p) = (&self.pattern, self.width - 1);
        let q = pattern.size();
        let size = q + p;
        let mut of_place = vec![0; q];
        pattern.place.iter().enumerate().for_each(|(i, &at)| of_place[at] = i);
        let mut out = vec![0.0; size * columns.len()];
        for b in 0..q {
            for slot in pattern.start[b]..pattern.start[b + 1] {
                let (i, j) = (of_place[pattern.row[slot]], of_place[b]);
                if columns.contains(&j) {
                    out[(j - columns.start) * size + i] = self.value[slot];
                }
                if columns.contains(&i) {
                    out[(i - columns.start) * size + j] = self.value[slot];
                }
            }
        }
        for (j, column) in columns.zip(out.chunks_exact_mut(size)) {
            column[q..].copy_from_slice(&self.border[j * self.width..j * self.width + p]);
        }
        out
    }

    /// `[A_tt; A_Xt] v` for row-major `v` (`q × count`).
    pub fn multiply(&self, v: &[f64], count: usize) -> Vec<f64> {
        let (pattern, width) = (&self.pattern, self.width);
        let (q, p) = (pattern.size(), width - 1);
        let mut placed = vec![0.0; q * count];
        for (i, &at) in pattern.place.iter().enumerate() {
            placed[at * count..(at + 1) * count].copy_from_slice(&v[i * count..(i + 1) * count]);
        }
        let mut product = vec![0.0; q * count];
        for j in 0..q {
            for slot in pattern.start[j]..pattern.start[j + 1] {
                let (i, a) = (pattern.row[slot], self.value[slot]);
                for u in 0..count {
                    product[i * count + u] += a * placed[j * count + u];
                }
                for u in 0..if i == j { 0 } else { count } {
                    product[j * count + u] += a * placed[i * count + u];
                }
            }
        }
        let mut out = vec![0.0; (q + p) * count];
        for (i, &at) in pattern.place.iter().enumerate() {
            out[i * count..(i + 1) * count].copy_from_slice(&product[at * count..(at + 1) * count]);
            let (own, row) = (&v[i * count..(i + 1) * count], &self.border[i * width..i * width + p]);
            for (t, f) in row.iter().enumerate() {
                out[(q + t) * count..(q + t + 1) * count].iter_mut().zip(own).for_each(|(o, x)| *o += f * x);
            }
        }
        out
    }

    /// Factor of `Λ'AΛ + I` with its border, in the memory of A.
    pub fn factor(mut self, layout: &Layout, t: &[Vec<f64>]) -> Result<(SparseFactor, Pieces), CoreError> {
        let mut a = std::mem::take(&mut self.value);
        let (pattern, width) = (&self.pattern, self.width);
        let (q, p) = (pattern.size(), width - 1);
        pattern.congruence(&mut a, t);
        (0..q).for_each(|j| a[pattern.start[j]] += 1.0);
        let l = pattern.cholesky(&a)?;
        let residual = pattern.residual(&a, &l);
        if residual.is_nan() || residual > column_major::WORST_RESIDUAL {
            return Err(CoreError::UnreliableFactor { residual });
        }
        let mut y = self.scaled_border(layout, t);
        pattern.forward(&l, &mut y, width);
        // what is left of [X y]'W[X y]
        let left = |r: usize, c: usize| {
            self.corner[r * width + c] - crate::matrix::lanes::dot(&y[r * q..(r + 1) * q], &y[c * q..(c + 1) * q])
        };
        let mut l_x: Vec<f64> = (0..p * p).map(|e| left(e % p, e / p)).collect();
        let mut y_last: Vec<f64> = (0..p).map(|r| left(p, r)).collect();
        let corner = left(p, p);
        column_major::cholesky(&mut l_x, p).map_err(|pivot| CoreError::NotPositiveDefinite { pivot: q + pivot })?;
        column_major::solve_lower(&l_x, p, p, &mut y_last, 1);
        let pieces = Pieces {
            log_det_z: 2.0 * pattern.log_diagonal(&l),
            log_det_x: (0..p).map(|i| 2.0 * l_x[i * p + i].ln()).sum(),
            r2: corner - row_major::dot(&y_last, &y_last),
            residual,
        };
        let mut last = y.split_off(p * q);
        last.extend(y_last);
        Ok((SparseFactor { pattern: pattern.clone(), l, y_x: y, l_x, y: last }, pieces))
    }

    /// `Λ'A_t[X y]` by columns, in the order of elimination.
    fn scaled_border(&self, layout: &Layout, t: &[Vec<f64>]) -> Vec<f64> {
        let (pattern, width) = (&self.pattern, self.width);
        let q = pattern.size();
        let mut out = vec![0.0; q * width];
        for node in &pattern.nodes {
            let (k, t) = (layout.blocks[node.block].k, &t[node.block]);
            for c in 0..width {
                for s in 0..k {
                    out[c * q + node.first + s] =
                        (0..k).map(|r| t[r * k + s] * self.border[(node.column + r) * width + c]).sum();
                }
            }
        }
        out
    }
}

impl SparseFactor {
    /// `L⁻¹ b` for columns on [tail, X] or on the tail; the tail's part of the result is in the order of elimination.
    pub fn forward(&self, b: &mut [f64], count: usize, with_x: bool) {
        let q = self.pattern.size();
        let p = if with_x { self.y.len() - q } else { 0 };
        let mut tail = vec![0.0; q * count];
        for c in 0..count {
            let column = &b[c * (q + p)..(c + 1) * (q + p)];
            self.pattern.place.iter().zip(column).for_each(|(&at, v)| tail[c * q + at] = *v);
        }
        self.pattern.forward(&self.l, &mut tail, count);
        for c in 0..count {
            let (solved, own) = b[c * (q + p)..(c + 1) * (q + p)].split_at_mut(q);
            solved.copy_from_slice(&tail[c * q..(c + 1) * q]);
            if with_x {
                own.iter_mut()
                    .zip(self.y_x.chunks_exact(q))
                    .for_each(|(o, y)| *o -= crate::matrix::lanes::dot(y, solved));
                column_major::solve_lower(&self.l_x, p, p, own, 1);
            }
        }
    }

    /// Spherical effects of the tail, in the order of the layout, and β.
    /// They are the estimates, or moved from them by δ, given `shift = L_X'δ`.
    pub fn solution(&self, shift: &[f64]) -> Vec<f64> {
        let q = self.pattern.size();
        let p = self.y.len() - q;
        let (mut u, mut beta) = (self.y[..q].to_vec(), self.y[q..].to_vec());
        beta.iter_mut().zip(shift).for_each(|(o, v)| *o += v);
        column_major::solve_lower_transposed(&self.l_x, p, &mut beta);
        for (y, b) in self.y_x.chunks_exact(q.max(1)).zip(&beta) {
            u.iter_mut().zip(y).for_each(|(o, v)| *o -= b * v);
        }
        self.pattern.backward(&self.l, &mut u, 1);
        self.pattern.place.iter().map(|&at| u[at]).chain(beta).collect()
    }

    /// C on the pattern, with X and of X; for ML those with X are zero.
    pub fn inverse(self, reml: bool) -> SparseInverse {
        let (pattern, q) = (&self.pattern, self.pattern.size());
        let p = self.y.len() - q;
        let mut value = pattern.selected_inverse(&self.l);
        let (mut with_x, mut xx) = (vec![0.0; q * p], vec![0.0; p * p]);
        if reml && p > 0 {
            let mut g = self.y_x.clone();
            pattern.backward(&self.l, &mut g, p);
            // rows of L⁻ᵀ Y_X L_XX⁻ᵀ
            let mut rows: Vec<f64> = (0..q * p).map(|e| g[e % p * q + e / p]).collect();
            column_major::solve_lower(&self.l_x, p, p, &mut rows, q);
            for j in 0..q {
                let own = &rows[j * p..(j + 1) * p];
                for slot in pattern.start[j]..pattern.start[j + 1] {
                    let i = pattern.row[slot];
                    value[slot] += row_major::dot(own, &rows[i * p..(i + 1) * p]);
                }
            }
            // L_XX⁻¹, row-major
            let by_row: Vec<f64> = (0..p * p).map(|e| self.l_x[e % p * p + e / p]).collect();
            let half = row_major::transpose(&row_major::invert_lower(&by_row, p), p, p);
            for i in 0..p {
                (0..p)
                    .for_each(|j| xx[i * p + j] = row_major::dot(&half[i * p..(i + 1) * p], &half[j * p..(j + 1) * p]));
            }
            for (i, &at) in pattern.place.iter().enumerate() {
                for c in 0..p {
                    // −G C_XX, with one factor of C_XX in the rows already
                    let column = &half[c * p..(c + 1) * p];
                    with_x[i * p + c] = -row_major::dot(&rows[at * p..(at + 1) * p], column);
                }
            }
        }
        SparseInverse { pattern: self.pattern, value, with_x, xx }
    }
}

impl Pattern {
    /// `M_IJ := F_I' M_IJ F_J` for all pairs of nodes, with one F per block of the layout.
    pub fn congruence(&self, value: &mut [f64], f: &[Vec<f64>]) {
        if self.nodes.iter().all(|n| n.k == 1) {
            let mut scale = vec![0.0; self.size()];
            self.nodes.iter().for_each(|n| scale[n.first] = f[n.block][0]);
            for j in 0..self.size() {
                let range = self.start[j]..self.start[j + 1];
                let own = scale[j];
                value[range.clone()].iter_mut().zip(&self.row[range]).for_each(|(v, &i)| *v *= own * scale[i]);
            }
            return;
        }
        let mut owner = vec![0; self.size()];
        self.nodes.iter().enumerate().for_each(|(i, n)| owner[n.first..n.first + n.k].fill(i));
        for node in &self.nodes {
            let (k, first, own) = (node.k, node.first, &f[node.block]);
            let at = |r: usize, c: usize| self.start[first + r.min(c)] + r.max(c) - r.min(c);
            let square: Vec<f64> = (0..k * k).map(|e| value[at(e / k, e % k)]).collect();
            let scaled = row_major::congruence(&square, own, k, k);
            (0..k * k).for_each(|e| value[at(e / k, e % k)] = scaled[e]);
            let height = self.start[first + 1] - self.start[first] - k;
            let mut t = 0;
            while t < height {
                let other = &self.nodes[owner[self.row[self.start[first] + k + t]]];
                let at = |r: usize, c: usize| self.start[first + c] + k - c + t + r;
                let block: Vec<f64> = (0..other.k * k).map(|e| value[at(e / k, e % k)]).collect();
                let right = row_major::multiply(&block, own, other.k, k, k);
                let mut scaled = vec![0.0; other.k * k];
                row_major::transpose_multiply_add(&mut scaled, 1.0, &f[other.block], &right, other.k, other.k, k);
                (0..other.k * k).for_each(|e| value[at(e / k, e % k)] = scaled[e]);
                t += other.k;
            }
        }
    }

    /// Supernodal factor of the matrix with these entries.
    fn cholesky(&self, value: &[f64]) -> Result<Vec<f64>, CoreError> {
        let n = self.size();
        let shape = SymbolicSparseColMatRef::new_checked(n, n, &self.start, None, &self.row);
        let mut l = vec![0.0; self.factor.len_val()];
        let scratch = supernodal::factorize_supernodal_numeric_llt_scratch::<usize, f64>(
            &self.factor,
            Par::Seq,
            Default::default(),
        );
        let mut memory = MemBuffer::new(scratch);
        let done = supernodal::factorize_supernodal_numeric_llt(
            &mut l,
            SparseColMatRef::new(shape, value),
            Default::default(),
            &self.factor,
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        );
        match done {
            Ok(_) => Ok(l),
            Err(LltError::NonPositivePivot { index }) => Err(CoreError::NotPositiveDefinite { pivot: index }),
        }
    }

    /// `‖L(L'z) − Az‖ / ‖Az‖` for one fixed z.
    fn residual(&self, a: &[f64], l: &[f64]) -> f64 {
        let n = self.size();
        let z = column_major::probe(n);
        let mut az = vec![0.0; n];
        for j in 0..n {
            for slot in self.start[j]..self.start[j + 1] {
                let i = self.row[slot];
                az[i] += a[slot] * z[j];
                if i != j {
                    az[j] += a[slot] * z[i];
                }
            }
        }
        let mut product = vec![0.0; n];
        for s in (0..self.factor.n_supernodes()).map(|s| self.supernode(s)) {
            let height = s.height();
            for (c, column) in s.columns.clone().zip(l[s.at.clone()].chunks_exact(height)) {
                let rows = || (c..s.columns.end).chain(s.rows.iter().copied());
                let used = &column[c - s.columns.start..];
                let t: f64 = rows().zip(used).map(|(r, v)| v * z[r]).sum();
                rows().zip(used).for_each(|(r, v)| product[r] += v * t);
            }
        }
        column_major::relative(&product, &az)
    }
}
