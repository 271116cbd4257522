//! `tr(Q W_u Q W_v)` through all of Z'QZ, for designs small enough to hold it.

use crate::blocks::cross::CrossProducts;
use crate::blocks::directions::Directions;
use crate::blocks::factor::Factor;
use crate::error::CoreError;
use crate::matrix::column_major;

/// Largest number of random effects for which Z'QZ is formed.
pub const DENSE_LIMIT: usize = 300;

impl CrossProducts {
    /// Numbers that the derivatives take beside the factor.
    pub fn derivative_numbers(&self) -> usize {
        let (units, q) = (self.layout.parts.iter().map(|p| p.k * p.k).sum::<usize>(), self.layout.n_random());
        let dense = if q <= DENSE_LIMIT && !self.layout.is_single() { 3 * q * q } else { 0 };
        let panel = 64 * self.layout.tail_size() * usize::from(self.layout.q_tail > 0);
        dense + 4 * panel + (q + self.layout.p) * (units + 4)
    }

    /// First column of each block in the dense order of the blocks, and the number of columns of Z.
    fn dense_starts(&self) -> (Vec<usize>, usize) {
        let mut next = 0;
        let start = |b: &crate::design::layout::Block| {
            next += b.k * b.n_levels;
            next - b.k * b.n_levels
        };
        let starts = self.layout.blocks.iter().map(start).collect();
        (starts, next)
    }

    /// `[Z X]'W[Z X]`, full, column-major.
    fn dense_cross_products(&self) -> Vec<f64> {
        let (starts, q) = self.dense_starts();
        let (p, q_tail) = (self.layout.p, self.layout.q_tail);
        let (size, tail_at) = (q + p, q - q_tail);
        let mut out = vec![0.0; size * size];
        let mut put = |i: usize, j: usize, v: f64| {
            out[i * size + j] = v;
            out[j * size + i] = v;
        };
        for j in 0..q_tail {
            let (column, border) = (self.tail.columns(j..j + 1), self.tail.border(j));
            (j..q_tail).for_each(|i| put(tail_at + i, tail_at + j, column[i]));
            (0..p).for_each(|i| put(q + i, tail_at + j, border[i]));
        }
        for j in 0..p {
            (j..p).for_each(|i| put(q + i, q + j, self.tail.corner(i, j)));
        }
        for (c, chain) in self.chain.iter().enumerate() {
            let (k, head) = (chain.k, chain.head);
            for j in 0..chain.n_levels {
                for r in 0..k {
                    let row = starts[c] + j * k + r;
                    (0..k).for_each(|s| put(row, starts[c] + j * k + s, chain.a[j * k * k + r * k + s]));
                    let heads = &chain.a_head[(j * k + r) * head..(j * k + r + 1) * head];
                    let mut at = 0;
                    for (i, parents) in chain.parents.iter().enumerate() {
                        let kb = self.chain[c + 1 + i].k;
                        let first = starts[c + 1 + i] + parents[j] as usize * kb;
                        (0..kb).for_each(|s| put(row, first + s, heads[at + s]));
                        at += kb;
                    }
                    (0..p).for_each(|t| put(row, q + t, heads[at + t]));
                    let pattern = chain.pattern(j);
                    let pairs = &chain.a_pair[chain.pair_range(j)][r * pattern.len()..(r + 1) * pattern.len()];
                    pattern.iter().zip(pairs).for_each(|(&s, &v)| put(row, tail_at + s as usize, v));
                }
            }
        }
        out
    }

    /// `tr(Q W_u Q W_v)` for directions u, v, by the full `Z'QZ`; none if the design is too large for that.
    pub fn dense_traces(&self, f: &Factor, directions: &Directions, reml: bool) -> Result<Option<Vec<f64>>, CoreError> {
        let (starts, q) = self.dense_starts();
        if q > DENSE_LIMIT {
            return Ok(None);
        }
        let n = self.dense_slopes(f, &starts, q, reml)?;
        let columns: usize = self.layout.blocks.iter().map(|b| b.k * b.k).sum();
        let numbers: usize = directions.entries.iter().map(Vec::len).sum();
        let size = q + self.layout.p;
        Ok(Some(if numbers <= columns {
            self.traces_by_numbers(directions, &starts, |row, column| n[column * size + row])
        } else {
            self.traces_by_products(directions, &starts, q, |row, column| n[column * size + row])
        }))
    }

    /// Number by number of the directions: few where they are matrix units.
    fn traces_by_numbers(
        &self,
        directions: &Directions,
        starts: &[usize],
        n: impl Fn(usize, usize) -> f64,
    ) -> Vec<f64> {
        let count = directions.count;
        let mut out = vec![0.0; count * count];
        for (a, block_a) in self.layout.blocks.iter().enumerate() {
            for (b, block_b) in self.layout.blocks.iter().enumerate() {
                for row in (0..block_a.n_levels).map(|i| starts[a] + i * block_a.k) {
                    for column in (0..block_b.n_levels).map(|j| starts[b] + j * block_b.k) {
                        for u in &directions.entries[a] {
                            for v in &directions.entries[b] {
                                let value = n(row + u.source, column + v.row) * n(row + u.row, column + v.source);
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
    fn traces_by_products(
        &self,
        directions: &Directions,
        starts: &[usize],
        q: usize,
        n: impl Fn(usize, usize) -> f64,
    ) -> Vec<f64> {
        let count = directions.count;
        let mut products = vec![vec![0.0; q * q]; count]; // (q × q) row-major
        for (b, block) in self.layout.blocks.iter().enumerate() {
            for at in (0..block.n_levels).map(|j| starts[b] + j * block.k) {
                for e in &directions.entries[b] {
                    let row = &mut products[e.direction][(at + e.row) * q..(at + e.row + 1) * q];
                    row.iter_mut().enumerate().for_each(|(c, o)| *o += e.value * n(at + e.source, c));
                }
            }
        }
        let transposed: Vec<Vec<f64>> = products.iter().map(|m| crate::matrix::row_major::transpose(m, q, q)).collect();
        let pair = |i: usize| crate::matrix::row_major::dot(&transposed[i / count], &products[i % count]);
        (0..count * count).map(pair).collect()
    }

    /// `Z'QZ` in the leading part of a full `(q + p)²` matrix.
    fn dense_slopes(&self, f: &Factor, starts: &[usize], q: usize, reml: bool) -> Result<Vec<f64>, CoreError> {
        let mut n = self.dense_cross_products();
        let size = q + self.layout.p;
        // Λ'A in the rows of Z, (q + p) columns of length q + p
        let mut y = n.clone();
        for (b, block) in self.layout.blocks.iter().enumerate() {
            let (k, t) = (block.k, &f.t[b]);
            for column in y.chunks_exact_mut(size.max(1)) {
                for level in column[starts[b]..starts[b] + k * block.n_levels].chunks_exact_mut(k) {
                    // T is lower triangular
                    for s in 0..k {
                        level[s] = (s..k).filter(|r| t[r * k + s] != 0.0).map(|r| t[r * k + s] * level[r]).sum();
                    }
                }
            }
        }
        // Λ'AΛ + I = LL', then N = A − |L⁻¹Λ'A|²
        let mut l = vec![0.0; q * q];
        for (b, block) in self.layout.blocks.iter().enumerate() {
            let (k, t) = (block.k, &f.t[b]);
            for j in 0..block.n_levels {
                for s in 0..k {
                    let to = starts[b] + j * k + s;
                    for r in (s..k).filter(|r| t[r * k + s] != 0.0) {
                        let from = starts[b] + j * k + r;
                        (0..q).for_each(|i| l[to * q + i] += y[from * size + i] * t[r * k + s]);
                    }
                }
            }
        }
        (0..q).for_each(|i| l[i * q + i] += 1.0);
        column_major::cholesky(&mut l, q).map_err(|pivot| CoreError::NotPositiveDefinite { pivot })?;
        let mut half: Vec<f64> = y.chunks_exact(size.max(1)).flat_map(|column| column[..q].to_vec()).collect();
        column_major::solve_lower(&l, q, q, &mut half, size);
        for i in 0..size {
            for j in 0..=i {
                let taken = crate::matrix::row_major::dot(&half[i * q..(i + 1) * q], &half[j * q..(j + 1) * q]);
                n[i * size + j] -= taken;
                n[j * size + i] -= if i == j { 0.0 } else { taken };
            }
        }
        if reml {
            self.project_fixed(&mut n, q)?;
        }
        Ok(n)
    }

    /// `Z'W⁻¹Z −= Z'W⁻¹X (X'W⁻¹X)⁻¹ X'W⁻¹Z`.
    fn project_fixed(&self, n: &mut [f64], q: usize) -> Result<(), CoreError> {
        let p = self.layout.p;
        let size = q + p;
        let mut x: Vec<f64> = (0..p).flat_map(|j| n[(q + j) * size + q..(q + j + 1) * size].to_vec()).collect();
        column_major::cholesky(&mut x, p).map_err(|pivot| CoreError::NotPositiveDefinite { pivot: q + pivot })?;
        let mut z: Vec<f64> = (0..q).flat_map(|j| n[j * size + q..(j + 1) * size].to_vec()).collect();
        column_major::solve_lower(&x, p, p, &mut z, q);
        for i in 0..q {
            for j in 0..q {
                n[i * size + j] -= crate::matrix::row_major::dot(&z[i * p..(i + 1) * p], &z[j * p..(j + 1) * p]);
            }
        }
        Ok(())
    }
}
