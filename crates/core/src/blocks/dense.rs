//! `Z'QZ` of a small design as one matrix, from which all derivatives of the criterion are read: that is cheaper there than to go
//! block by block, and it is what the exact Hessian needs.
//!
//! With the columns `H = L⁻¹ [Λ 0; 0 I]'[Z X]'WZ` under the factor L of the bordered system, `Z'PZ = Z'WZ − H'H`; for `Z'V⁻¹Z` the
//! rows of H that belong to X are left out.

use crate::blocks::cross::CrossProducts;
use crate::blocks::directions::{Derivatives, Directions};
use crate::blocks::factor::Factor;
use crate::blocks::solve::Solution;
use crate::design::layout::Block;
use crate::error::CoreError;
use crate::matrix::{column_major, lanes, products, row_major};

/// Largest number of random effects for which Z'QZ is formed.
pub const DENSE_LIMIT: usize = 300;

/// Size of S beside the cross-products up to which differences of cross-products keep eleven digits.
const KEPT: f64 = 1e5;

/// `Z'QZ` in the dense order of the blocks.
pub struct Dense<'a> {
    blocks: &'a [Block],
    /// First column of each block.
    starts: Vec<usize>,
    /// Number of columns of Z.
    q: usize,
    /// `Z'QZ` (`q × q`).
    n: Vec<f64>,
    /// Where Q is V⁻¹, the root of `Z'V⁻¹Z − Z'PZ` (`p × q`), by rows; else without rows.
    fixed: Vec<f64>,
}

impl CrossProducts {
    /// Numbers that the derivatives take beside the factor.
    pub fn derivative_numbers(&self) -> usize {
        let (units, q) = (self.layout.parts.iter().map(|p| p.k * p.k).sum::<usize>(), self.layout.n_random());
        let dense = if q <= DENSE_LIMIT && !self.layout.is_single() { 3 * q * q } else { 0 };
        let panel = 64 * self.layout.tail_size() * usize::from(self.layout.q_tail > 0);
        dense + 4 * panel + (q + self.layout.p) * (units + 4)
    }

    /// All derivatives by directions of S through `Z'QZ`; none if the design is too large for that.
    pub fn dense_derivatives(
        &self,
        f: &Factor,
        directions: &Directions,
        reml: bool,
    ) -> Result<Option<Derivatives>, CoreError> {
        let q = self.layout.n_random();
        if q > DENSE_LIMIT || self.layout.is_single() {
            return Ok(None);
        }
        let (dense, solution) = (self.dense(f, reml)?, self.solve(f));
        let (slopes, information) = if self.keeps_digits(f) {
            (dense.slopes(), dense.information(directions, &solution))
        } else {
            (self.slopes(f.clone(), reml).trace, self.information(f, &solution, directions))
        };
        let squares = solution.squares(&self.layout);
        Ok(Some(Derivatives { slopes, squares, information, traces: Some(dense.traces(directions)) }))
    }

    /// Whether no S is so large that digits are lost in `Z'WZ − H'H`.
    fn keeps_digits(&self, f: &Factor) -> bool {
        f.t.iter().enumerate().all(|(b, t)| row_major::dot(t, t) * self.rows_per_level(b) <= KEPT)
    }

    /// First column of each block in the dense order of the blocks.
    pub(crate) fn dense_starts(&self) -> Vec<usize> {
        let mut next = 0;
        let start = |b: &Block| {
            next += b.k * b.n_levels;
            next - b.k * b.n_levels
        };
        self.layout.blocks.iter().map(start).collect()
    }

    /// `Z'QZ` at a factor.
    fn dense(&self, f: &Factor, reml: bool) -> Result<Dense<'_>, CoreError> {
        let (q, p) = (self.layout.n_random(), self.layout.p);
        let (size, starts) = (q + p, self.dense_starts());
        let a = self.dense_columns(&starts, q);
        let mut h = a.clone();
        for (b, block) in self.layout.blocks.iter().enumerate() {
            let terms = nonzero(&f.t[b], block.k);
            for column in h.chunks_exact_mut(size.max(1)) {
                for level in column[starts[b]..starts[b] + block.k * block.n_levels].chunks_exact_mut(block.k) {
                    // T is lower triangular: number s of Λ'a needs those from s on
                    for (s, own) in terms.iter().enumerate() {
                        level[s] = own.iter().map(|&(r, t)| t * level[r]).sum();
                    }
                }
            }
        }
        if self.chain.is_empty() {
            f.tail.forward(&mut h, q, true);
        } else {
            let l = self.dense_factor(f, &starts, &h, size)?;
            column_major::solve_lower(&l, size, size, &mut h, q);
        }
        // Without any columns there is nothing to cut.
        let mut n: Vec<f64> = a.chunks_exact(size.max(1)).flat_map(|column| column[..q].to_vec()).collect();
        let mut fixed = Vec::new();
        if reml {
            products::subtract_outer(&mut n, &h, (q, size));
        } else {
            let z: Vec<f64> = h.chunks_exact(size.max(1)).flat_map(|column| column[..q].to_vec()).collect();
            products::subtract_outer(&mut n, &z, (q, q));
            fixed = (q..size).flat_map(|i| h.iter().skip(i).step_by(size).copied()).collect();
        }
        Ok(Dense { blocks: &self.layout.blocks, starts, q, n, fixed })
    }

    /// `[Z X]'WZ`, q columns of length q + p.
    pub(crate) fn dense_columns(&self, starts: &[usize], q: usize) -> Vec<f64> {
        let (p, q_tail) = (self.layout.p, self.layout.q_tail);
        let tail = self.tail.columns(0..q_tail);
        if self.chain.is_empty() {
            return tail;
        }
        let (size, tail_at) = (q + p, q - q_tail);
        let mut out = vec![0.0; size * q];
        for (j, column) in tail.chunks_exact((q_tail + p).max(1)).enumerate() {
            out[(tail_at + j) * size + tail_at..(tail_at + j + 1) * size].copy_from_slice(column);
        }
        let mut put = |i: usize, j: usize, v: f64| {
            out[j * size + i] = v;
            if i < q {
                out[i * size + j] = v;
            }
        };
        for (c, chain) in self.chain.iter().enumerate() {
            let (k, head) = (chain.k, chain.head);
            for j in 0..chain.n_levels {
                for r in 0..k {
                    let column = starts[c] + j * k + r;
                    (0..k).for_each(|s| put(starts[c] + j * k + s, column, chain.a[j * k * k + r * k + s]));
                    let heads = &chain.a_head[(j * k + r) * head..(j * k + r + 1) * head];
                    let mut at = 0;
                    for (i, parents) in chain.parents.iter().enumerate() {
                        let kb = self.chain[c + 1 + i].k;
                        let first = starts[c + 1 + i] + parents[j] as usize * kb;
                        (0..kb).for_each(|s| put(first + s, column, heads[at + s]));
                        at += kb;
                    }
                    (0..p).for_each(|t| put(q + t, column, heads[at + t]));
                    let pattern = chain.pattern(j);
                    let pairs = &chain.a_pair[chain.pair_range(j)][r * pattern.len()..(r + 1) * pattern.len()];
                    pattern.iter().zip(pairs).for_each(|(&s, &v)| put(tail_at + s as usize, column, v));
                }
            }
        }
        out
    }

    /// `Z'Wy`.
    pub(crate) fn dense_response(&self, starts: &[usize], q: usize) -> Vec<f64> {
        let mut out = vec![0.0; q];
        for (chain, &start) in self.chain.iter().zip(starts) {
            // y stands behind all others
            let own = chain.a_head.chunks_exact(chain.head).map(|row| row[chain.head - 1]);
            out[start..start + chain.k * chain.n_levels].iter_mut().zip(own).for_each(|(o, v)| *o = v);
        }
        let (p, q_tail) = (self.layout.p, self.layout.q_tail);
        (0..q_tail).for_each(|j| out[q - q_tail + j] = self.tail.border(j)[p]);
        out
    }

    /// Factor of `Λ'AΛ + I` with X in the dense order, from `Λ'A` (`h`).
    fn dense_factor(&self, f: &Factor, starts: &[usize], h: &[f64], size: usize) -> Result<Vec<f64>, CoreError> {
        let (q, p) = (self.layout.n_random(), self.layout.p);
        let mut l = vec![0.0; size * size];
        for (b, block) in self.layout.blocks.iter().enumerate() {
            let terms = nonzero(&f.t[b], block.k);
            for first in (0..block.n_levels).map(|j| starts[b] + j * block.k) {
                for (s, own) in terms.iter().enumerate() {
                    let to = &mut l[(first + s) * size..(first + s + 1) * size];
                    for &(r, t) in own {
                        let from = &h[(first + r) * size..(first + r + 1) * size];
                        to.iter_mut().zip(from).for_each(|(o, v)| *o += t * v);
                    }
                }
            }
        }
        (0..q).for_each(|i| l[i * size + i] += 1.0);
        for j in 0..p {
            (j..p).for_each(|i| l[(q + j) * size + q + i] = self.tail.corner(i, j));
        }
        column_major::cholesky(&mut l, size).map_err(|pivot| CoreError::NotPositiveDefinite { pivot })?;
        Ok(l)
    }
}

/// The entries of T that are not zero, column by column: row and value.
fn nonzero(t: &[f64], k: usize) -> Vec<Vec<(usize, f64)>> {
    let column = |s: usize| (s..k).map(|r| (r, t[r * k + s])).filter(|(_, v)| *v != 0.0).collect();
    (0..k).map(column).collect()
}

impl Dense<'_> {
    fn entry(&self, row: usize, column: usize) -> f64 {
        self.n[column * self.q + row]
    }

    /// First columns of the levels of a block.
    fn levels(&self, b: usize) -> impl Iterator<Item = usize> + use<> {
        let (start, k) = (self.starts[b], self.blocks[b].k);
        (0..self.blocks[b].n_levels).map(move |j| start + j * k)
    }

    /// `Σ_j Z_j'QZ_j` per block.
    fn slopes(&self) -> Vec<Vec<f64>> {
        let of_block = |b: usize| {
            let k = self.blocks[b].k;
            let mut out = vec![0.0; k * k];
            for at in self.levels(b) {
                for r in 0..k {
                    let column = &self.n[(at + r) * self.q + at..(at + r) * self.q + at + k];
                    out[r * k..(r + 1) * k].iter_mut().zip(column).for_each(|(o, v)| *o += v);
                }
            }
            out
        };
        (0..self.blocks.len()).map(of_block).collect()
    }

    /// `F'PF` of the working variates `Z D_u r`.
    fn information(&self, directions: &Directions, solution: &Solution) -> Vec<f64> {
        let (q, count) = (self.q, directions.count);
        let mut v = vec![0.0; q * count];
        for (b, entries) in directions.entries.iter().enumerate() {
            for (at, r) in self.levels(b).zip(solution.r[b].chunks_exact(self.blocks[b].k)) {
                for e in entries {
                    v[(at + e.row) * count + e.direction] += e.value * r[e.source];
                }
            }
        }
        let mut nv = vec![0.0; q * count];
        products::add_transposed(&mut nv, 1.0, &self.n, &v, (q, q, count));
        let mut out = vec![0.0; count * count];
        products::add_transposed(&mut out, 1.0, &v, &nv, (q, count, count));
        // V⁻¹ less P
        let p = self.fixed.len() / q.max(1);
        let mut xv = vec![0.0; p * count];
        products::add(&mut xv, 1.0, &self.fixed, &v, (p, q, count));
        products::add_transposed(&mut out, -1.0, &xv, &xv, (p, count, count));
        out
    }

    /// `tr(Q W_u Q W_v)` for directions u, v.
    fn traces(&self, directions: &Directions) -> Vec<f64> {
        let columns: usize = self.blocks.iter().map(|b| b.k * b.k).sum();
        let numbers: usize = directions.entries.iter().map(Vec::len).sum();
        if directions.entries.iter().flatten().all(|e| e.row == e.source) {
            self.traces_of_diagonals(directions)
        } else if numbers <= columns {
            self.traces_by_numbers(directions)
        } else {
            self.traces_by_products(directions)
        }
    }

    /// Where all directions are diagonal: `Σ_ij d_i N_ij² d_j`.
    fn traces_of_diagonals(&self, directions: &Directions) -> Vec<f64> {
        let (q, count) = (self.q, directions.count);
        let mut d = vec![0.0; q * count];
        for (b, entries) in directions.entries.iter().enumerate() {
            for at in self.levels(b) {
                entries.iter().for_each(|e| d[(at + e.row) * count + e.direction] += e.value);
            }
        }
        let squares: Vec<f64> = self.n.iter().map(|v| v * v).collect();
        let mut half = vec![0.0; q * count];
        products::add(&mut half, 1.0, &squares, &d, (q, q, count));
        let mut out = vec![0.0; count * count];
        products::add_transposed(&mut out, 1.0, &d, &half, (q, count, count));
        out
    }

    /// Number by number of the directions: few where they are matrix units.
    fn traces_by_numbers(&self, directions: &Directions) -> Vec<f64> {
        let count = directions.count;
        let mut out = vec![0.0; count * count];
        for a in 0..self.blocks.len() {
            for b in 0..self.blocks.len() {
                for row in self.levels(a) {
                    for column in self.levels(b) {
                        for u in &directions.entries[a] {
                            for v in &directions.entries[b] {
                                let value = self.entry(row + u.source, column + v.row)
                                    * self.entry(row + u.row, column + v.source);
                                out[u.direction * count + v.direction] += u.value * v.value * value;
                            }
                        }
                    }
                }
            }
        }
        out
    }

    /// By `tr(B_u B_v)` with `B_u = (I ⊗ D_u) Z'QZ`: where the directions are full matrices.
    fn traces_by_products(&self, directions: &Directions) -> Vec<f64> {
        let (q, count) = (self.q, directions.count);
        let mut products = vec![vec![0.0; q * q]; count]; // (q × q) row-major
        for (b, entries) in directions.entries.iter().enumerate() {
            for at in self.levels(b) {
                for e in entries {
                    let row = &mut products[e.direction][(at + e.row) * q..(at + e.row + 1) * q];
                    let own = &self.n[(at + e.source) * q..(at + e.source + 1) * q];
                    row.iter_mut().zip(own).for_each(|(o, v)| *o += e.value * v);
                }
            }
        }
        let transposed: Vec<Vec<f64>> = products.iter().map(|m| row_major::transpose(m, q, q)).collect();
        let pair = |i: usize| lanes::dot(&transposed[i / count], &products[i % count]);
        (0..count * count).map(pair).collect()
    }
}
