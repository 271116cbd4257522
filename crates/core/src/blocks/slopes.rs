//! `Σ_j Z_j'QZ_j` per block, which with `Z'We` makes the gradient of the criterion.

use crate::blocks::cross::CrossProducts;
use crate::blocks::factor::Factor;
use crate::blocks::inverse::{Level, border_rows};
use crate::blocks::solid::through_inverse;
use crate::blocks::tail::{Tail, TailInverse};
use crate::matrix::{column_major, products, row_major};
use crate::parallel;

/// `Σ_j Z_j'QZ_j` of every block, with what the exact Hessian of a single grouping factor needs.
#[derive(Clone, Debug)]
pub struct Slopes {
    pub trace: Vec<Vec<f64>>,
    /// Per level `Z_j'W⁻¹Z_j`, only where there is one factor and no tail.
    pub levels: Option<Vec<f64>>,
    /// Per level `Z_j'W⁻¹X L_XX⁻ᵀ` (`k × p`), likewise.
    pub fixed: Option<Vec<f64>>,
}

impl CrossProducts {
    /// `Σ_j Z_j'QZ_j` per block with Q = P (`reml`) or W⁻¹: by `T⁻ᵀ(I − C)T⁻¹` where T is solid, else from the cross-products,
    /// which also holds when T is singular.
    pub fn slopes(&self, mut f: Factor, reml: bool) -> Slopes {
        let layout = &self.layout;
        let mut trace: Vec<Vec<f64>> = layout.blocks.iter().map(|b| vec![0.0; b.k * b.k]).collect();
        let (through, direct): (Vec<usize>, Vec<usize>) =
            (layout.n_chain..layout.blocks.len()).partition(|&b| self.tail_through_inverse(&f, b));
        for b in direct {
            trace[b] = self.direct_tail_slope(&f, b, reml);
        }
        let fixed_factor = f.tail.fixed();
        // the inverse takes the memory of the factor
        let mut c_hat = std::mem::take(&mut f.tail).inverse(reml);
        for b in through {
            trace[b] = self.tail_slope(&f, b, &c_hat);
        }
        c_hat.scale(layout, &f.t);
        let f = &f;
        let solid: Vec<bool> =
            (0..layout.n_chain).map(|c| through_inverse(&f.t[c], self.chain[c].k, self.rows_per_level(c))).collect();
        let single = layout.is_single();
        let need_border: Vec<bool> = solid.iter().map(|s| single || !s).collect();
        let found = self.sweep(f, &c_hat, &need_border, LevelSums::default, |sums: &mut LevelSums, level| {
            let block = self.level_slope(f, &level, solid[level.block]);
            sums.trace.resize(block.len(), 0.0);
            sums.trace.iter_mut().zip(&block).for_each(|(o, v)| *o += v);
            if single {
                let (own, x) = self.single_level(f, &fixed_factor, &level, solid[0]);
                sums.levels.extend(own);
                sums.fixed.extend(x);
            }
        });
        let (mut levels, mut fixed) = (Vec::new(), Vec::new());
        for (total, pieces) in trace.iter_mut().zip(found) {
            for piece in pieces {
                total.iter_mut().zip(&piece.trace).for_each(|(o, v)| *o += v);
                levels.extend(piece.levels);
                fixed.extend(piece.fixed);
            }
        }
        let keep = |v: Vec<f64>| if single { Some(v) } else { None };
        Slopes { trace, levels: keep(levels), fixed: keep(fixed) }
    }

    /// `Σ_j Z_j'QZ_j` of a tail block through the inverse.
    fn tail_slope(&self, f: &Factor, b: usize, c_scaled: &TailInverse) -> Vec<f64> {
        let block = &self.layout.blocks[b];
        let k = block.k;
        let mut out = vec![0.0; k * k];
        for level in 0..block.n_levels {
            let first = block.tail_start + level * k;
            for r in 0..k {
                for s in 0..k {
                    out[r * k + s] -= c_scaled.entry(first + r, first + s);
                }
            }
        }
        (0..k).for_each(|r| out[r * k + r] += block.n_levels as f64);
        through(&f.t[b], k, &out)
    }

    /// The way through the inverse loses `1/(λ_min a)` digits; a sparse tail gives away some before it takes the dear direct way.
    fn tail_through_inverse(&self, f: &Factor, b: usize) -> bool {
        const WORTH_LOSING: f64 = 1e4;
        let rows = self.rows_per_level(b);
        let rows = if let Tail::Sparse(_) = self.tail { rows * WORTH_LOSING } else { rows };
        through_inverse(&f.t[b], self.layout.blocks[b].k, rows)
    }

    /// By `N_jj = A*_jj − |L⁻¹ Λ'A*_j|²`, some columns at a time; `A*_j` are columns of [tail, X], for ML of the tail alone.
    fn direct_tail_slope(&self, f: &Factor, b: usize, reml: bool) -> Vec<f64> {
        const PANEL: usize = 64;
        let block = &self.layout.blocks[b];
        let (k, q) = (block.k, self.layout.q_tail);
        let size = self.layout.tail_size() - 1;
        let rows = if reml { size } else { q };
        let sums = parallel::map_ranges(block.n_levels, PANEL.div_ceil(k), |levels| {
            let columns = block.tail_start + levels.start * k..block.tail_start + levels.end * k;
            let own = self.reduced_tail(f).columns(columns.clone());
            let mut right = Vec::with_capacity(rows * columns.len());
            own.chunks_exact(size).for_each(|column| right.extend(self.scaled_column(f, &column[..rows])));
            f.tail.forward(&mut right, columns.len(), reml);
            let mut out = vec![0.0; k * k];
            for level in 0..levels.len() {
                for r in 0..k {
                    for s in 0..k {
                        let (i, j) = (level * k + r, level * k + s);
                        let product =
                            row_major::dot(&right[i * rows..(i + 1) * rows], &right[j * rows..(j + 1) * rows]);
                        out[r * k + s] += own[i * size + columns.start + j] - product;
                    }
                }
            }
            out
        });
        let mut out = vec![0.0; k * k];
        sums.iter().for_each(|sum| out.iter_mut().zip(sum).for_each(|(o, v)| *o += v));
        out
    }

    /// `Λ'v` for a vector on the tail, or on [tail, X].
    fn scaled_column(&self, f: &Factor, v: &[f64]) -> Vec<f64> {
        let mut out = v.to_vec();
        for (b, block) in self.layout.tail_blocks() {
            let (k, t) = (block.k, &f.t[b]);
            for level in out[block.tail_start..block.tail_start + k * block.n_levels].chunks_exact_mut(k) {
                let scaled: Vec<f64> = (0..k).map(|s| (0..k).map(|r| t[r * k + s] * level[r]).sum()).collect();
                level.copy_from_slice(&scaled);
            }
        }
        out
    }

    /// `Z_j'QZ_j` of one level.
    fn level_slope(&self, f: &Factor, level: &Level<'_>, solid: bool) -> Vec<f64> {
        let (c, k, t) = (level.block, self.chain[level.block].k, &f.t[level.block]);
        if solid {
            let mut rest: Vec<f64> = level.c.iter().map(|v| -v).collect();
            (0..k).for_each(|r| rest[r * k + r] += 1.0);
            return through(t, k, &rest);
        }
        let mut out = self.own_slope(f, c, level.j);
        let border = self.direct_border(f, level);
        let mut product = vec![0.0; k * level.width];
        products::add(&mut product, 1.0, &border, level.border, (k, level.width, level.width));
        row_major::multiply_add(
            &mut out,
            -1.0,
            &product,
            &row_major::transpose(&border, k, level.width),
            k,
            level.width,
            k,
        );
        out
    }

    /// `A*_jj − A*_jj T D⁻¹ T' A*_jj`.
    fn own_slope(&self, f: &Factor, c: usize, j: usize) -> Vec<f64> {
        let k = self.chain[c].k;
        let a = &self.reduced(f, c).0[j * k * k..(j + 1) * k * k];
        let mut g = row_major::multiply(&row_major::transpose(&f.t[c], k, k), a, k, k, k);
        row_major::solve_lower(&f.chain[c].l[j * k * k..(j + 1) * k * k], k, &mut g, k);
        let mut out = a.to_vec();
        row_major::transpose_multiply_add(&mut out, -1.0, &g, &g, k, k, k);
        out
    }

    /// `A*_jB − A*_jj T P` on the border B.
    fn direct_border(&self, f: &Factor, level: &Level<'_>) -> Vec<f64> {
        let (c, j) = (level.block, level.j);
        let chain = &self.chain[c];
        let (a, a_head, a_pair) = self.reduced(f, c);
        let k = chain.k;
        let mut out = border_rows(
            k,
            chain.head,
            &a_head[j * k * chain.head..],
            &a_pair[chain.pair_range(j)],
            chain.pattern(j).len(),
        );
        let at = row_major::multiply(&a[j * k * k..(j + 1) * k * k], &f.t[c], k, k, k);
        row_major::multiply_add(&mut out, -1.0, &at, level.p, k, k, level.width);
        out
    }

    /// `Z_j'W⁻¹Z_j` and `Z_j'W⁻¹X L_XX⁻ᵀ` where the border is X alone.
    fn single_level(&self, f: &Factor, l_x: &[f64], level: &Level<'_>, solid: bool) -> (Vec<f64>, Vec<f64>) {
        let (c, k, p, t) = (level.block, self.chain[level.block].k, self.layout.p, &f.t[level.block]);
        let l = &f.chain[c].l[level.j * k * k..(level.j + 1) * k * k];
        let (own, mut x) = if solid {
            let half = row_major::invert_lower(l, k);
            let mut rest = vec![0.0; k * k];
            row_major::transpose_multiply_add(&mut rest, -1.0, &half, &half, k, k, k);
            (0..k).for_each(|r| rest[r * k + r] += 1.0);
            let mut x = level.p.to_vec();
            row_major::solve_lower_transposed(t, k, &mut x, p);
            (through(t, k, &rest), x)
        } else {
            (self.own_slope(f, c, level.j), self.direct_border(f, level))
        };
        // rows of x times L_XX⁻ᵀ: a forward solve on each row
        x.chunks_exact_mut(p.max(1)).for_each(|row| column_major::solve_lower(l_x, p, p, row, 1));
        (own, x)
    }
}

/// Sums of one piece, and the single factor's own numbers level by level.
#[derive(Default)]
struct LevelSums {
    trace: Vec<f64>,
    levels: Vec<f64>,
    fixed: Vec<f64>,
}

/// `T⁻ᵀ m T⁻¹`.
fn through(t: &[f64], k: usize, m: &[f64]) -> Vec<f64> {
    if row_major::is_diagonal(t, k) {
        return (0..k * k).map(|e| m[e] / (t[e / k * (k + 1)] * t[e % k * (k + 1)])).collect();
    }
    let inverse = row_major::invert_lower(t, k);
    row_major::congruence(m, &inverse, k, k)
}
