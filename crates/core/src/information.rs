//! Second-order quantities: the average information, and `tr(Q W_i Q W_j)` where it is cheap.
//!
//! Directions are matrix units: for a part with `k` columns the `k²` matrices `e_r e_s'`, giving working variates
//! `f = Z v` with `v_j = e_r ρ_j[s]`, `ρ_j = Z_j'We`. Symmetric directions, and rescaled ones, are combinations of them.

use crate::cross::CrossProducts;
use crate::dense;
use crate::factor::Factor;
use crate::slopes::Slopes;
use crate::small;
use crate::solve::Solution;

/// One working variate.
#[derive(Clone, Copy, Debug)]
struct Unit {
    block: usize,
    row: usize,
    source: usize,
}

/// The working variates of all matrix units.
struct Variates<'a> {
    units: &'a [Unit],
    solution: &'a Solution,
    /// On the tail columns, `q_tail × count`.
    tail: &'a [f64],
}

/// Rows of the working variates on the chain blocks and on [tail, X], and their products among each other.
struct Rows {
    coarse: Vec<Vec<f64>>,
    tail: Vec<f64>,
    gram: Vec<f64>,
}

impl CrossProducts {
    /// All matrix units, part by part, row by row.
    fn units(&self) -> Vec<Unit> {
        let of_part = |p: &crate::layout::Part| {
            let (block, offset, k) = (p.block, p.offset, p.k);
            (0..k * k).map(move |i| Unit { block, row: offset + i / k, source: offset + i % k })
        };
        self.layout.parts.iter().flat_map(of_part).collect()
    }

    /// `F'PF` for the working variates of all matrix units: k more rows under the same factor.
    pub fn unit_information(&self, f: &Factor, solution: &Solution) -> Vec<f64> {
        let units = self.units();
        let count = units.len();
        let layout = &self.layout;
        let (m, q, p) = (layout.tail_size(), layout.q_tail, layout.p);
        let mut gram = vec![0.0; count * count];
        // rows of the working variates on the coarser chain blocks and on [tail, X], before and after elimination
        let coarse: Vec<Vec<f64>> = self.chain.iter().map(|c| vec![0.0; c.n_levels * c.k * count]).collect();
        let variates = self.tail_variates(&units, solution);
        let tail = self.tail_rows(&variates, count, &mut gram);
        let mut rows = Rows { coarse, tail, gram };
        let variates = Variates { units: &units, solution, tail: &variates };
        for c in 0..self.chain.len() {
            self.chain_rows(c, &variates, &mut rows);
        }
        for c in 0..self.chain.len() {
            self.eliminate_rows(f, c, count, &mut rows);
        }
        let Rows { tail, mut gram, .. } = rows;
        // row-major (m − 1) × count to scaled columns
        let mut columns = vec![0.0; (m - 1) * count];
        for (b, block) in layout.blocks.iter().enumerate().skip(layout.n_chain) {
            let (k, t) = (block.k, &f.t[b]);
            for at in (block.tail_start..block.tail_start + k * block.n_levels).step_by(k) {
                for u in 0..count {
                    for s in 0..k {
                        columns[u * (m - 1) + at + s] = (0..k).map(|r| t[r * k + s] * tail[(at + r) * count + u]).sum();
                    }
                }
            }
        }
        for i in q..q + p {
            (0..count).for_each(|u| columns[u * (m - 1) + i] = tail[i * count + u]);
        }
        f.tail.forward(&mut columns, count, true);
        dense::transpose_product_add(&mut gram, -1.0, &columns, &columns, m - 1, count, count);
        gram
    }

    /// The working variates on the tail columns (row-major, `q_tail × count`).
    fn tail_variates(&self, units: &[Unit], solution: &Solution) -> Vec<f64> {
        let (layout, count) = (&self.layout, units.len());
        let mut out = vec![0.0; layout.q_tail * count];
        for (u, unit) in units.iter().enumerate().filter(|(_, unit)| unit.block >= layout.n_chain) {
            let block = &layout.blocks[unit.block];
            for level in 0..block.n_levels {
                let at = block.tail_start + level * block.k;
                out[(at + unit.row) * count + u] = solution.r[unit.block][level * block.k + unit.source];
            }
        }
        out
    }

    /// `A_{[tail, X], tail} v` (row-major, `(m − 1) × count`), adding `v'A v` of the tail to `gram`.
    fn tail_rows(&self, variates: &[f64], count: usize, gram: &mut [f64]) -> Vec<f64> {
        let out = self.tail.multiply(variates, count);
        let q = self.layout.q_tail;
        dense::transpose_multiply_add(gram, 1.0, variates, &out[..q * count], (q, count, count));
        out
    }

    /// Adds `A v` of the pairs (chain block c, everything not finer) to the rows, and its part of `v'A v` to `gram`.
    fn chain_rows(&self, c: usize, variates: &Variates<'_>, rows: &mut Rows) {
        let (units, solution) = (variates.units, variates.solution);
        let Rows { coarse, tail, gram } = rows;
        let (chain, layout, count) = (&self.chain[c], &self.layout, units.len());
        let (k, head, q, p) = (chain.k, chain.head, layout.q_tail, layout.p);
        let mut cross = vec![0.0; k * count];
        for j in 0..chain.n_levels {
            let a = &chain.a[j * k * k..(j + 1) * k * k];
            let heads = &chain.a_head[j * k * head..(j + 1) * k * head];
            let (pairs, pattern) = (&chain.a_pair[chain.pair_range(j)], chain.pattern(j));
            let own = level_variates(units, c, k, &solution.r[c], j);
            // products with the own block: gram takes v'A_jj v
            let product = small::multiply(a, &own, k, k, count);
            dense::transpose_multiply_add(gram, 1.0, &own, &product, (k, count, count));
            cross.fill(0.0);
            let mut at = 0;
            for (i, parents) in chain.parents.iter().enumerate() {
                let (other, parent) = (&self.chain[c + 1 + i], parents[j] as usize);
                let theirs = level_variates(units, c + 1 + i, other.k, &solution.r[c + 1 + i], parent);
                let block: Vec<f64> =
                    (0..k).flat_map(|r| heads[r * head + at..r * head + at + other.k].to_vec()).collect();
                small::multiply_add(&mut cross, 1.0, &block, &theirs, k, other.k, count);
                let rows = &mut coarse[c + 1 + i][parent * other.k * count..(parent + 1) * other.k * count];
                small::transpose_multiply_add(rows, 1.0, &block, &own, k, other.k, count);
                at += other.k;
            }
            let run = chain.run(j).map(|r| r.start * count..r.end * count);
            if let Some(run) = &run {
                let shape = (k, pattern.len(), count);
                dense::multiply_add(&mut cross, 1.0, pairs, &variates.tail[run.clone()], shape);
                let shape = (k, pattern.len(), count);
                dense::transpose_multiply_add(&mut tail[run.clone()], 1.0, pairs, &own, shape);
            }
            for (s, &column) in pattern.iter().enumerate().take(if run.is_some() { 0 } else { pattern.len() }) {
                let theirs = &variates.tail[column as usize * count..(column as usize + 1) * count];
                for r in 0..k {
                    let f = pairs[r * pattern.len() + s];
                    cross[r * count..(r + 1) * count].iter_mut().zip(theirs).for_each(|(o, v)| *o += f * v);
                    let row = &mut tail[column as usize * count..(column as usize + 1) * count];
                    row.iter_mut().zip(&own[r * count..(r + 1) * count]).for_each(|(o, v)| *o += f * v);
                }
            }
            for r in 0..k {
                for t in 0..p {
                    let f = heads[r * head + at + t];
                    let row = &mut tail[(q + t) * count..(q + t + 1) * count];
                    row.iter_mut().zip(&own[r * count..(r + 1) * count]).for_each(|(o, v)| *o += f * v);
                }
            }
            // both triangles of the cross terms
            dense::transpose_multiply_add(gram, 1.0, &own, &cross, (k, count, count));
            dense::transpose_multiply_add(gram, 1.0, &cross, &own, (k, count, count));
            let rows = &mut coarse[c][j * k * count..(j + 1) * k * count];
            rows.iter_mut().zip(product.iter().zip(&cross)).for_each(|(o, (x, y))| *o += x + y);
        }
    }

    /// Forward elimination of the extra rows by one chain block.
    fn eliminate_rows(&self, f: &Factor, c: usize, count: usize, rows: &mut Rows) {
        let Rows { coarse, tail, gram } = rows;
        let (chain, own, t) = (&self.chain[c], &f.chain[c], &f.t[c]);
        let (k, head, q, p) = (chain.k, chain.head, self.layout.q_tail, self.layout.p);
        let t_transposed = small::transpose(t, k, k);
        let (mine, theirs) = coarse.split_at_mut(c + 1);
        for j in 0..chain.n_levels {
            let mut y = small::multiply(&t_transposed, &mine[c][j * k * count..(j + 1) * k * count], k, k, count);
            small::solve_lower(&own.l[j * k * k..(j + 1) * k * k], k, &mut y, count);
            dense::transpose_multiply_add(gram, -1.0, &y, &y, (k, count, count));
            let heads = &own.y_head[j * k * head..(j + 1) * k * head];
            let (pairs, pattern) = (&own.y_pair[chain.pair_range(j)], chain.pattern(j));
            let run = chain.run(j);
            for r in 0..k {
                let row = &y[r * count..(r + 1) * count];
                let subtract = |f: f64, target: &mut [f64]| target.iter_mut().zip(row).for_each(|(o, v)| *o -= f * v);
                let mut at = r * head;
                for (i, parents) in chain.parents.iter().enumerate() {
                    let (kb, parent) = (self.chain[c + 1 + i].k, parents[j] as usize);
                    for s in 0..kb {
                        let first = (parent * kb + s) * count;
                        subtract(heads[at + s], &mut theirs[i][first..first + count]);
                    }
                    at += kb;
                }
                for i in 0..p {
                    subtract(heads[at + i], &mut tail[(q + i) * count..(q + i + 1) * count]);
                }
                if run.is_none() {
                    for (s, &column) in pattern.iter().enumerate() {
                        let first = column as usize * count;
                        subtract(pairs[r * pattern.len() + s], &mut tail[first..first + count]);
                    }
                }
            }
            if let Some(run) = run {
                let tail = &mut tail[run.start * count..run.end * count];
                dense::transpose_multiply_add(tail, -1.0, pairs, &y, (k, pattern.len(), count));
            }
        }
    }

    /// `tr(Q W_u Q W_v)` for matrix units u, v of a single grouping factor; `levels` and `fixed` of [`Slopes`] are required.
    pub fn unit_traces(&self, slopes: &Slopes, reml: bool) -> Option<Vec<f64>> {
        let (levels, fixed) = (slopes.levels.as_ref()?, slopes.fixed.as_ref()?);
        let units = self.units();
        let (k, p, count) = (self.chain[0].k, self.layout.p, units.len());
        let mut out = vec![0.0; count * count];
        let mut low_rank = vec![0.0; count * p * p];
        for (j, n) in levels.chunks_exact(k * k).enumerate() {
            let x = &fixed[j * k * p..(j + 1) * k * p];
            let xx = if reml { small::multiply(x, &small::transpose(x, k, p), k, p, k) } else { vec![0.0; k * k] };
            for (u, a) in units.iter().enumerate() {
                for (v, b) in units.iter().enumerate() {
                    // tr(e_r e_s' N e_t e_u' N) = N_st N_ur, with N less its fixed part on both sides
                    let (st, ur) = (a.source * k + b.row, b.source * k + a.row);
                    out[u * count + v] += n[st] * n[ur] - n[st] * xx[ur] - xx[st] * n[ur];
                }
            }
            if reml {
                for (u, a) in units.iter().enumerate() {
                    let (row, source) = (&x[a.row * p..(a.row + 1) * p], &x[a.source * p..(a.source + 1) * p]);
                    small::multiply_add(&mut low_rank[u * p * p..(u + 1) * p * p], 1.0, row, source, p, 1, p);
                }
            }
        }
        if reml {
            for u in 0..count {
                let first = small::transpose(&low_rank[u * p * p..(u + 1) * p * p], p, p);
                for v in 0..count {
                    out[u * count + v] += small::dot(&first, &low_rank[v * p * p..(v + 1) * p * p]);
                }
            }
        }
        Some(out)
    }
}

/// Working variates of one level, `k × count`.
fn level_variates(units: &[Unit], block: usize, k: usize, r: &[f64], j: usize) -> Vec<f64> {
    let count = units.len();
    let mut out = vec![0.0; k * count];
    for (u, unit) in units.iter().enumerate().filter(|(_, unit)| unit.block == block) {
        out[unit.row * count + u] = r[j * k + unit.source];
    }
    out
}
