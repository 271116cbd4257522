//! Second-order quantities: the average information, and `tr(Q W_i Q W_j)` where it is cheap.
//!
//! A direction D gives the working variate `f = Z v` with `v_j = D ρ_j`, `ρ_j = Z_j'We`. The cost grows with the number of
//! directions, not with the square of the columns: a structure with two parameters has two.
//!
//! With the variates as columns of F = ZV (`count` of them), `F'PF = V'AV − Y'Y`, where `Y = L⁻¹Λ̃'AV` are further columns of the
//! bordered system under the factor that exists already (Λ̃ is Λ, and one on X). So A V is summed block by block (`chain_rows`,
//! `tail_rows`), then eliminated as the border of the factor was (`eliminate_rows`). All arrays are by rows: a row for each random
//! or fixed column, `count` numbers wide.

use crate::blocks::cross::CrossProducts;
use crate::blocks::directions::Directions;
use crate::blocks::factor::Factor;
use crate::blocks::slopes::Slopes;
use crate::blocks::solve::Solution;
use crate::matrix::{column_major, products, row_major};

/// The working variates of some directions.
struct Variates<'a> {
    directions: &'a Directions,
    solution: &'a Solution,
    /// On the tail columns, `q_tail × count`.
    tail: &'a [f64],
}

/// What becomes of A V in the elimination.
struct Rows {
    /// Per chain block, `l k × count`.
    coarse: Vec<Vec<f64>>,
    /// On [tail, X], `(q + p) × count`.
    tail: Vec<f64>,
    /// `V'AV`, less `Y'Y` of what has been eliminated (`count × count`).
    gram: Vec<f64>,
}

impl CrossProducts {
    /// `F'PF` (`count × count`) for the working variates of some directions: as many more rows under the same factor.
    pub fn information(&self, f: &Factor, solution: &Solution, directions: &Directions) -> Vec<f64> {
        let count = directions.count;
        let layout = &self.layout;
        let (m, q, p) = (layout.tail_size(), layout.q_tail, layout.p);
        let mut gram = vec![0.0; count * count];
        // rows of the working variates on the coarser chain blocks and on [tail, X], before and after elimination
        let coarse: Vec<Vec<f64>> = self.chain.iter().map(|c| vec![0.0; c.n_levels * c.k * count]).collect();
        let variates = self.tail_variates(directions, solution);
        let tail = self.tail_rows(&variates, count, &mut gram);
        let mut rows = Rows { coarse, tail, gram };
        let variates = Variates { directions, solution, tail: &variates };
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
        column_major::transpose_product_add(&mut gram, -1.0, &columns, &columns, m - 1, count, count);
        gram
    }

    /// The working variates on the tail columns (row-major, `q_tail × count`).
    fn tail_variates(&self, directions: &Directions, solution: &Solution) -> Vec<f64> {
        let (layout, count) = (&self.layout, directions.count);
        let mut out = vec![0.0; layout.q_tail * count];
        for (b, block) in layout.tail_blocks() {
            for e in &directions.entries[b] {
                for level in 0..block.n_levels {
                    let at = block.tail_start + level * block.k;
                    out[(at + e.row) * count + e.direction] += e.value * solution.r[b][level * block.k + e.source];
                }
            }
        }
        out
    }

    /// `A_{[tail, X], tail} v` (row-major, `(m − 1) × count`), adding `v'A v` of the tail to `gram`.
    fn tail_rows(&self, variates: &[f64], count: usize, gram: &mut [f64]) -> Vec<f64> {
        let out = self.tail.multiply(variates, count);
        let q = self.layout.q_tail;
        products::add_transposed(gram, 1.0, variates, &out[..q * count], (q, count, count));
        out
    }

    /// Adds `A v` of the pairs (chain block c, everything not finer) to the rows, and its part of `v'A v` to `gram`.
    fn chain_rows(&self, c: usize, variates: &Variates<'_>, rows: &mut Rows) {
        let (directions, solution) = (variates.directions, variates.solution);
        let Rows { coarse, tail, gram } = rows;
        let (chain, layout, count) = (&self.chain[c], &self.layout, directions.count);
        let (k, head, q, p) = (chain.k, chain.head, layout.q_tail, layout.p);
        // Σ A_jB v_B over all blocks B that are not finer, k × count
        let mut cross = vec![0.0; k * count];
        for j in 0..chain.n_levels {
            let a = &chain.a[j * k * k..(j + 1) * k * k];
            let heads = &chain.a_head[j * k * head..(j + 1) * k * head];
            let (pairs, pattern) = (&chain.a_pair[chain.pair_range(j)], chain.pattern(j));
            let own = directions.variates(c, k, &solution.r[c], j); // v_j, k × count
            // products with the own block: gram takes v_j'A_jj v_j
            let product = row_major::multiply(a, &own, k, k, count);
            products::add_transposed(gram, 1.0, &own, &product, (k, count, count));
            cross.fill(0.0);
            // coarser chain blocks, each with the one level that contains this one: A_jB v_B here, A_Bj v_j there
            let mut at = 0;
            for (i, parents) in chain.parents.iter().enumerate() {
                let (other, parent) = (&self.chain[c + 1 + i], parents[j] as usize);
                let theirs = directions.variates(c + 1 + i, other.k, &solution.r[c + 1 + i], parent);
                let block: Vec<f64> =
                    (0..k).flat_map(|r| heads[r * head + at..r * head + at + other.k].to_vec()).collect();
                row_major::multiply_add(&mut cross, 1.0, &block, &theirs, k, other.k, count);
                let rows = &mut coarse[c + 1 + i][parent * other.k * count..(parent + 1) * other.k * count];
                row_major::transpose_multiply_add(rows, 1.0, &block, &own, k, other.k, count);
                at += other.k;
            }
            // tail columns of the level, the same two ways: one product of matrices where they follow each other
            let run = chain.run(j).map(|r| r.start * count..r.end * count);
            if let Some(run) = &run {
                let shape = (k, pattern.len(), count);
                products::add(&mut cross, 1.0, pairs, &variates.tail[run.clone()], shape);
                let shape = (k, pattern.len(), count);
                products::add_transposed(&mut tail[run.clone()], 1.0, pairs, &own, shape);
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
            // X has no variate of its own: A_Xj v_j only
            for r in 0..k {
                for t in 0..p {
                    let f = heads[r * head + at + t];
                    let row = &mut tail[(q + t) * count..(q + t + 1) * count];
                    row.iter_mut().zip(&own[r * count..(r + 1) * count]).for_each(|(o, v)| *o += f * v);
                }
            }
            // both triangles of the cross terms v_j'A_jB v_B
            products::add_transposed(gram, 1.0, &own, &cross, (k, count, count));
            products::add_transposed(gram, 1.0, &cross, &own, (k, count, count));
            let rows = &mut coarse[c][j * k * count..(j + 1) * k * count];
            rows.iter_mut().zip(product.iter().zip(&cross)).for_each(|(o, (x, y))| *o += x + y);
        }
    }

    /// Forward elimination of the further columns by one chain block: `y_j = L_j⁻¹T'(A*V)_j` (`k × count`) leaves
    /// `(A*V)_B − Y_B'y_j` on every later block B of its border, and `gram − y_j'y_j`.
    fn eliminate_rows(&self, f: &Factor, c: usize, count: usize, rows: &mut Rows) {
        let Rows { coarse, tail, gram } = rows;
        let (chain, own, t) = (&self.chain[c], &f.chain[c], &f.t[c]);
        let (k, head, q, p) = (chain.k, chain.head, self.layout.q_tail, self.layout.p);
        let t_transposed = row_major::transpose(t, k, k);
        let (mine, theirs) = coarse.split_at_mut(c + 1);
        for j in 0..chain.n_levels {
            let mut y = row_major::multiply(&t_transposed, &mine[c][j * k * count..(j + 1) * k * count], k, k, count);
            row_major::solve_lower(&own.l[j * k * k..(j + 1) * k * k], k, &mut y, count);
            products::add_transposed(gram, -1.0, &y, &y, (k, count, count));
            // the border of the level, as the factor left it: Y_B on coarser blocks, X (and y, not needed) and tail columns
            let heads = &own.y_head[j * k * head..(j + 1) * k * head];
            let (pairs, pattern) = (&own.y_pair[chain.pair_range(j)], chain.pattern(j));
            let run = chain.run(j);
            for r in 0..k {
                let row = &y[r * count..(r + 1) * count];
                let subtract = |f: f64, target: &mut [f64]| target.iter_mut().zip(row).for_each(|(o, v)| *o -= f * v);
                // number r of the level takes f y_jr from the row of each border column, f its entry of Y_B there
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
                products::add_transposed(tail, -1.0, pairs, &y, (k, pattern.len(), count));
            }
        }
    }

    /// `tr(Q W_u Q W_v)` for directions u, v of a single grouping factor; `levels` and `fixed` of [`Slopes`] are required.
    pub fn level_traces(&self, slopes: &Slopes, directions: &Directions, reml: bool) -> Option<Vec<f64>> {
        let (levels, fixed) = (slopes.levels.as_ref()?, slopes.fixed.as_ref()?);
        let (k, p, count) = (self.chain[0].k, self.layout.p, directions.count);
        let entries = &directions.entries[0];
        // pairs of numbers where the matrices are nearly empty, products of matrices where they are full
        let full = (entries.len() > k * k).then(|| directions.matrices(0, k));
        // Q = W⁻¹ − W⁻¹X(X'W⁻¹X)⁻¹X'W⁻¹, so Z_i'QZ_j = δ_ij N_j − K_i K_j' with K_j = Z_j'W⁻¹X L_XX⁻ᵀ (k × p):
        // tr = Σ_j tr(D_u N_j D_v N_j) − Σ_j (two terms with K_j K_j') + tr(M_u M_v), M_u = Σ_j K_j'D_u K_j (p × p)
        let mut out = vec![0.0; count * count];
        let mut low_rank = vec![0.0; count * p * p];
        for (j, n) in levels.chunks_exact(k * k).enumerate() {
            let x = &fixed[j * k * p..(j + 1) * k * p];
            let xx =
                if reml { row_major::multiply(x, &row_major::transpose(x, k, p), k, p, k) } else { vec![0.0; k * k] };
            match &full {
                Some(matrices) => add_products(&mut out, count, matrices, n, &xx, k),
                None => add_pairs(&mut out, directions, n, &xx, k),
            }
            if reml {
                for e in entries {
                    let (row, source) = (&x[e.row * p..(e.row + 1) * p], &x[e.source * p..(e.source + 1) * p]);
                    let own = &mut low_rank[e.direction * p * p..(e.direction + 1) * p * p];
                    row_major::multiply_add(own, e.value, row, source, p, 1, p);
                }
            }
        }
        if reml {
            for u in 0..count {
                let first = row_major::transpose(&low_rank[u * p * p..(u + 1) * p * p], p, p);
                for v in 0..count {
                    out[u * count + v] += row_major::dot(&first, &low_rank[v * p * p..(v + 1) * p * p]);
                }
            }
        }
        Some(out)
    }
}

/// Adds `tr(D_u N D_v N)` of one level, N less its fixed part on both sides, number by number.
fn add_pairs(out: &mut [f64], directions: &Directions, n: &[f64], xx: &[f64], k: usize) {
    let (entries, count) = (&directions.entries[0], directions.count);
    for a in entries {
        for b in entries {
            // tr(e_r e_s' N e_t e_u' N) = N_st N_ur
            let (st, ur) = (a.source * k + b.row, b.source * k + a.row);
            let value = n[st] * n[ur] - n[st] * xx[ur] - xx[st] * n[ur];
            out[a.direction * count + b.direction] += a.value * b.value * value;
        }
    }
}

/// The same by products of full matrices.
fn add_products(out: &mut [f64], count: usize, matrices: &[(usize, Vec<f64>)], n: &[f64], xx: &[f64], k: usize) {
    let products = |m: &[f64]| -> Vec<Vec<f64>> {
        matrices.iter().map(|(_, d)| row_major::multiply(d, m, k, k, k)).collect() // D_u m, k × k
    };
    let (by_n, by_x) = (products(n), products(xx));
    let transposed: Vec<Vec<f64>> = by_n.iter().map(|m| row_major::transpose(m, k, k)).collect();
    for (a, (u, _)) in matrices.iter().enumerate() {
        for (b, (v, _)) in matrices.iter().enumerate() {
            let own = row_major::dot(&transposed[a], &by_n[b]);
            let fixed = row_major::dot(&transposed[a], &by_x[b]) + row_major::dot(&transposed[b], &by_x[a]);
            out[u * count + v] += own - fixed;
        }
    }
}
