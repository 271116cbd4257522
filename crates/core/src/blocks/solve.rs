//! Solutions from a factor: fixed effects, random effects, and the residual's cross-products with Z.

use super::solid::through_inverse;
use crate::blocks::factor::Factor;
use crate::blocks::{chain::Chain, cross::CrossProducts};
use crate::design::layout::{Block, Layout};
use crate::matrix::row_major;
use crate::parallel;

/// Penalized least-squares solution in internal units; per block, level by level, `k` values each.
#[derive(Clone, Debug)]
pub struct Solution {
    pub beta: Vec<f64>,
    /// Spherical random effects.
    pub u: Vec<Vec<f64>>,
    /// `b = Λu`.
    pub b: Vec<Vec<f64>>,
    /// `Z'We` with `e = y − Xβ − Zb`.
    pub r: Vec<Vec<f64>>,
}

/// Levels per piece of work.
const PIECE: usize = 4096;

/// `x := T⁻ᵀ x` for lower-triangular T.
fn solve_t_transposed(t: &[f64], k: usize, x: &mut [f64]) {
    row_major::solve_lower_transposed(t, k, x, 1);
}

impl Solution {
    /// `Σ_j r_j r_j'` per block.
    pub fn squares(&self, layout: &Layout) -> Vec<Vec<f64>> {
        let square = |(block, r): (&Block, &Vec<f64>)| {
            let k = block.k;
            let mut u = vec![0.0; k * k];
            r.chunks_exact(k).for_each(|v| row_major::multiply_add(&mut u, 1.0, v, v, k, 1, k));
            u
        };
        layout.blocks.iter().zip(&self.r).map(square).collect()
    }
}

impl Factor {
    /// Factor of `X'V⁻¹X` (`p × p`, row-major, lower), and β.
    pub fn fixed(&self, layout: &Layout) -> (Vec<f64>, Vec<f64>) {
        let (l, p) = (self.tail.fixed(), layout.p);
        let lower = (0..p * p).map(|e| l[(e % p) * p + e / p]).collect();
        (lower, self.tail.solution(&[])[layout.q_tail..].to_vec())
    }
}

impl CrossProducts {
    /// Solves for everything at the factor's T.
    pub fn solve(&self, f: &Factor) -> Solution {
        self.solve_at(f, f.tail.solution(&[]))
    }

    /// Solves for the rest, given the spherical effects of the tail and β.
    pub fn solve_at(&self, f: &Factor, x: Vec<f64>) -> Solution {
        let layout = &self.layout;
        let (q, p) = (layout.q_tail, layout.p);
        let beta = x[q..q + p].to_vec();
        let n_blocks = layout.blocks.len();
        let (mut u, mut b) = (vec![Vec::new(); n_blocks], vec![Vec::new(); n_blocks]);
        for i in layout.n_chain..n_blocks {
            let block = &layout.blocks[i];
            u[i] = x[block.tail_start..block.tail_start + block.k * block.n_levels].to_vec();
            b[i] = times_t(&f.t[i], block.k, &u[i]);
        }
        let mut rest: Vec<f64> = (layout.n_chain..n_blocks).flat_map(|i| b[i].clone()).collect();
        rest.extend(&beta);
        let mut r = vec![Vec::new(); n_blocks];
        for c in (0..layout.n_chain).rev() {
            let (uc, bc, rc) = self.solve_chain(f, c, &b, &rest);
            (u[c], b[c], r[c]) = (uc, bc, rc);
        }
        self.residual_tail(f, &u, &b, &rest, &mut r);
        Solution { beta, u, b, r }
    }

    /// Back-substitution for the levels of one chain block, given the coarser blocks, the tail and β (`rest`).
    fn solve_chain(&self, f: &Factor, c: usize, b: &[Vec<f64>], rest: &[f64]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let (chain, own, t) = (&self.chain[c], &f.chain[c], &f.t[c]);
        let (k, head, p, q) = (chain.k, chain.head, self.layout.p, self.layout.q_tail);
        let (a, a_head, a_pair) = self.reduced(f, c);
        let inverse = through_inverse(t, k, self.rows_per_level(c));
        let pieces = parallel::map_ranges(chain.n_levels, PIECE, |levels| {
            let size = levels.len() * k;
            let (mut u, mut effects, mut r) =
                (Vec::with_capacity(size), Vec::with_capacity(size), Vec::with_capacity(size));
            let (mut border, mut left) = (Vec::with_capacity(head), vec![0.0; k]);
            for j in levels {
                border.clear();
                for (i, parent) in chain.parents.iter().enumerate() {
                    let kb = self.chain[c + 1 + i].k;
                    border.extend_from_slice(&b[c + 1 + i][parent[j] as usize * kb..(parent[j] as usize + 1) * kb]);
                }
                border.extend_from_slice(&rest[q..q + p]);
                remainder(chain, j, (&own.y_head, &own.y_pair), &border, rest, &mut left);
                row_major::solve_lower_transposed(&own.l[j * k * k..(j + 1) * k * k], k, &mut left, 1);
                u.extend_from_slice(&left);
                let at = effects.len();
                effects.extend(t.chunks_exact(k).map(|row| row_major::dot(row, &left)));
                if inverse {
                    solve_t_transposed(t, k, &mut left);
                } else {
                    remainder(chain, j, (a_head, a_pair), &border, rest, &mut left);
                    let own = a[j * k * k..(j + 1) * k * k].chunks_exact(k);
                    left.iter_mut().zip(own).for_each(|(o, row)| *o -= row_major::dot(row, &effects[at..]));
                }
                r.extend_from_slice(&left);
            }
            (u, effects, r)
        });
        let (mut u, mut effects, mut r) = (Vec::new(), Vec::new(), Vec::new());
        for piece in pieces {
            u.extend(piece.0);
            effects.extend(piece.1);
            r.extend(piece.2);
        }
        (u, effects, r)
    }

    /// `Z'We` of the tail blocks; `A*_ty − A*_tt b − A*_tX β` is the same number after the chain has been eliminated.
    fn residual_tail(&self, f: &Factor, u: &[Vec<f64>], b: &[Vec<f64>], rest: &[f64], r: &mut [Vec<f64>]) {
        let layout = &self.layout;
        let (q, p) = (layout.q_tail, layout.p);
        let blocks = layout.n_chain..layout.blocks.len();
        let inverse: Vec<bool> =
            blocks.clone().map(|i| through_inverse(&f.t[i], layout.blocks[i].k, self.rows_per_level(i))).collect();
        let mut direct = Vec::new();
        if inverse.iter().any(|i| !i) {
            let tail_a = self.reduced_tail(f);
            let product = tail_a.multiply(&rest[..q], 1);
            let left = |i: usize| {
                let border = tail_a.border(i);
                border[p] - row_major::dot(&border[..p], &rest[q..]) - product[i]
            };
            direct = (0..q).map(left).collect();
        }
        for (i, through) in blocks.zip(inverse) {
            let (k, block) = (layout.blocks[i].k, &layout.blocks[i]);
            r[i] = if through {
                let mut x = u[i].clone();
                x.chunks_exact_mut(k).for_each(|v| solve_t_transposed(&f.t[i], k, v));
                x
            } else {
                direct[block.tail_start..block.tail_start + b[i].len()].to_vec()
            };
        }
    }
}

/// `y − B·border − C·rest` of level `j`, for its rows on the dense border (y last) and on tail columns.
fn remainder(chain: &Chain, j: usize, (heads, pairs): (&[f64], &[f64]), border: &[f64], rest: &[f64], out: &mut [f64]) {
    let (k, head, pattern) = (chain.k, chain.head, chain.pattern(j));
    let (heads, pairs) = (&heads[j * k * head..(j + 1) * k * head], &pairs[chain.pair_range(j)]);
    for (i, o) in out.iter_mut().enumerate() {
        let own = &heads[i * head..(i + 1) * head];
        let tail = &pairs[i * pattern.len()..(i + 1) * pattern.len()];
        *o = own[head - 1]
            - row_major::dot(&own[..head - 1], border)
            - pattern.iter().zip(tail).map(|(&s, v)| v * rest[s as usize]).sum::<f64>();
    }
}

/// `T` applied to each level's values.
fn times_t(t: &[f64], k: usize, u: &[f64]) -> Vec<f64> {
    u.chunks_exact(k).flat_map(|v| row_major::multiply(t, v, k, k, 1)).collect()
}
