//! `Σ_j Z_j'QZ_j` per block, which with `Z'We` makes the gradient of the criterion.

use crate::cross::CrossProducts;
use crate::dense;
use crate::factor::Factor;
use crate::inverse::{Level, border_rows};
use crate::small;
use crate::solve::through_inverse;

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
    pub fn slopes(&self, f: &Factor, reml: bool) -> Slopes {
        let layout = &self.layout;
        let mut c_hat = self.tail_inverse(f, reml);
        let mut trace: Vec<Vec<f64>> = layout.blocks.iter().map(|b| vec![0.0; b.k * b.k]).collect();
        for b in layout.n_chain..layout.blocks.len() {
            trace[b] = self.tail_slope(f, b, &c_hat, reml);
        }
        self.scale_tail(f, &mut c_hat);
        let solid: Vec<bool> =
            (0..layout.n_chain).map(|c| through_inverse(&f.t[c], self.chain[c].k, self.rows_per_level(c))).collect();
        let single = layout.n_chain == 1 && layout.blocks.len() == 1;
        let need_border: Vec<bool> = solid.iter().map(|s| single || !s).collect();
        let found = self.sweep(f, &c_hat, &need_border, LevelSums::default, |sums: &mut LevelSums, level| {
            let block = self.level_slope(f, &level, solid[level.block]);
            sums.trace.resize(block.len(), 0.0);
            sums.trace.iter_mut().zip(&block).for_each(|(o, v)| *o += v);
            if single {
                let (own, x) = self.single_level(f, &level, solid[0]);
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

    /// `Σ_j Z_j'QZ_j` of a tail block.
    fn tail_slope(&self, f: &Factor, b: usize, c_scaled: &[f64], reml: bool) -> Vec<f64> {
        let block = &self.layout.blocks[b];
        let (k, m, q) = (block.k, self.layout.tail_size(), self.layout.q_tail);
        let size = m - 1;
        let mut out = vec![0.0; k * k];
        if through_inverse(&f.t[b], k, self.rows_per_level(b)) {
            for level in 0..block.n_levels {
                let first = block.tail_start + level * k;
                for r in 0..k {
                    for s in 0..k {
                        out[r * k + s] -= c_scaled[(first + r) * size + first + s];
                    }
                }
            }
            (0..k).for_each(|r| out[r * k + r] += block.n_levels as f64);
            return through(&f.t[b], k, &out);
        }
        // N_jj = A*_jj − |L⁻¹ Λ'A*_j|²
        let columns = block.n_levels * k;
        let rows = if reml { size } else { q };
        let mut right = vec![0.0; rows * columns];
        let entry = |i: usize, j: usize| f.tail_a[i.min(j) * m + i.max(j)];
        for (c, column) in right.chunks_exact_mut(rows).enumerate() {
            let at = block.tail_start + c;
            column.iter_mut().enumerate().for_each(|(i, v)| *v = entry(i, at));
            for (other, tb) in self.layout.blocks.iter().zip(&f.t).skip(self.layout.n_chain) {
                let kb = other.k;
                for level in column[other.tail_start..other.tail_start + kb * other.n_levels].chunks_exact_mut(kb) {
                    let scaled: Vec<f64> = (0..kb).map(|s| (0..kb).map(|r| tb[r * kb + s] * level[r]).sum()).collect();
                    level.copy_from_slice(&scaled);
                }
            }
        }
        // the leading rows of the factor are the factor of the leading rows
        dense::solve_lower(&f.tail_l, size, rows, &mut right, columns);
        for level in 0..block.n_levels {
            for r in 0..k {
                for s in 0..k {
                    let (i, j) = (level * k + r, level * k + s);
                    let product = small::dot(&right[i * rows..(i + 1) * rows], &right[j * rows..(j + 1) * rows]);
                    out[r * k + s] += entry(block.tail_start + i, block.tail_start + j) - product;
                }
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
        let product = small::multiply(&border, level.border, k, level.width, level.width);
        small::multiply_add(&mut out, -1.0, &product, &small::transpose(&border, k, level.width), k, level.width, k);
        out
    }

    /// `A*_jj − A*_jj T D⁻¹ T' A*_jj`.
    fn own_slope(&self, f: &Factor, c: usize, j: usize) -> Vec<f64> {
        let k = self.chain[c].k;
        let a = &self.reduced(f, c).0[j * k * k..(j + 1) * k * k];
        let mut g = small::multiply(&small::transpose(&f.t[c], k, k), a, k, k, k);
        small::solve_lower(&f.chain[c].l[j * k * k..(j + 1) * k * k], k, &mut g, k);
        let mut out = a.to_vec();
        small::transpose_multiply_add(&mut out, -1.0, &g, &g, k, k, k);
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
        let at = small::multiply(&a[j * k * k..(j + 1) * k * k], &f.t[c], k, k, k);
        small::multiply_add(&mut out, -1.0, &at, level.p, k, k, level.width);
        out
    }

    /// `Z_j'W⁻¹Z_j` and `Z_j'W⁻¹X L_XX⁻ᵀ` where the border is X alone.
    fn single_level(&self, f: &Factor, level: &Level<'_>, solid: bool) -> (Vec<f64>, Vec<f64>) {
        let (c, k, p, t) = (level.block, self.chain[level.block].k, self.layout.p, &f.t[level.block]);
        let l = &f.chain[c].l[level.j * k * k..(level.j + 1) * k * k];
        let (own, mut x) = if solid {
            let half = small::invert_lower(l, k);
            let mut rest = vec![0.0; k * k];
            small::transpose_multiply_add(&mut rest, -1.0, &half, &half, k, k, k);
            (0..k).for_each(|r| rest[r * k + r] += 1.0);
            let mut x = level.p.to_vec();
            small::solve_lower_transposed(t, k, &mut x, p);
            (through(t, k, &rest), x)
        } else {
            (self.own_slope(f, c, level.j), self.direct_border(f, level))
        };
        // rows of x times L_XX⁻ᵀ: a forward solve on each row
        x.chunks_exact_mut(p.max(1)).for_each(|row| dense::solve_lower(&f.tail_l, p, p, row, 1));
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
    let inverse = small::invert_lower(t, k);
    small::congruence(m, &inverse, k, k)
}
