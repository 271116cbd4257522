//! Diagonal blocks of the inverse: conditional covariances, and `Σ_j Z_j'QZ_j` for the gradient.
//!
//! With C the inverse of Λ'Z'WZΛ + I (or of that system bordered by X, for REML), `Ĉ = ΛCΛ'` is the conditional covariance of
//! the random effects over σ². Coarse blocks come first: a finer level needs Ĉ only on its own border.

use crate::blocks::factor::Factor;
use crate::blocks::tail::TailInverse;
use crate::blocks::{chain::Chain, cross::CrossProducts};
use crate::matrix::{products, row_major};
use crate::parallel;

/// What the sweep knows at one level of a chain block.
pub(crate) struct Level<'a> {
    pub block: usize,
    pub j: usize,
    /// `C_jj = D⁻¹ + P Ĉ_BB P'`.
    pub c: &'a [f64],
    /// `P = L⁻ᵀ Y_B` (`k × width`).
    pub p: &'a [f64],
    /// Ĉ on the border (`width × width`): coarser blocks, X, tail columns of the level.
    pub border: &'a [f64],
    pub width: usize,
}

impl CrossProducts {
    /// `Ĉ_jj` of every level, block by block: times σ² the conditional covariance of the random effects given β (`reml` false)
    /// or with the uncertainty of β (`reml` true).
    pub fn conditional(&self, mut f: Factor, reml: bool) -> Vec<Vec<f64>> {
        let layout = &self.layout;
        let mut c_hat = std::mem::take(&mut f.tail).inverse(reml);
        c_hat.scale(layout, &f.t);
        let mut out: Vec<Vec<f64>> = layout.blocks.iter().map(|b| vec![0.0; b.n_levels * b.k * b.k]).collect();
        for (b, block) in layout.tail_blocks() {
            let k = block.k;
            for (at, o) in out[b].iter_mut().enumerate() {
                let (first, r, s) = (block.tail_start + at / (k * k) * k, at / k % k, at % k);
                *o = c_hat.entry(first + r, first + s);
            }
        }
        let found = self.sweep(&f, &c_hat, &vec![true; layout.n_chain], Vec::new, |store: &mut Vec<f64>, level| {
            let (t, k) = (&f.t[level.block], self.chain[level.block].k);
            store.extend(row_major::congruence(level.c, &row_major::transpose(t, k, k), k, k));
        });
        for (block, pieces) in out.iter_mut().zip(found) {
            *block = pieces.concat();
        }
        out
    }

    /// Visits every level of the chain, coarse blocks first, in pieces that each fill a store of their own; per block the stores
    /// in order. The border's Ĉ is put together only where `need_border` or the structure asks for it.
    pub(crate) fn sweep<S: Send>(
        &self,
        f: &Factor,
        c_hat: &TailInverse,
        need_border: &[bool],
        init: impl Fn() -> S + Sync,
        visit: impl Fn(&mut S, Level<'_>) + Sync,
    ) -> Vec<Vec<S>> {
        let mut coarse: Vec<Coarse> = Vec::new();
        let mut out: Vec<Vec<S>> = Vec::new();
        for c in (0..self.chain.len()).rev() {
            let chain = &self.chain[c];
            let direct = chain.k == 1 && coarse.is_empty() && c == 0 && !need_border[c];
            let pieces = parallel::map_ranges(chain.n_levels, piece(chain, direct), |range| {
                let (mut store, mut own) = (init(), Coarse::default());
                let (mut border, mut last) = (Vec::new(), None);
                for j in range {
                    if direct {
                        let c_jj = self.scalar_inverse(f, c, j, c_hat);
                        visit(&mut store, Level { block: c, j, c: &[c_jj], p: &[], border: &[], width: 0 });
                        continue;
                    }
                    let width = chain.head - 1 + chain.pattern(j).len();
                    // in complete crossings all levels have the same border
                    if !coarse.is_empty() || last != Some(chain.pattern(j)) {
                        border = self.gather(c, j, c_hat, &coarse);
                        last = Some(chain.pattern(j));
                    }
                    let (block, p, product) = self.level_inverse(f, c, j, &border, width);
                    if c > 0 {
                        let t = &f.t[c];
                        own.block.extend(row_major::congruence(
                            &block,
                            &row_major::transpose(t, chain.k, chain.k),
                            chain.k,
                            chain.k,
                        ));
                        own.cross.push(
                            row_major::multiply(t, &product, chain.k, chain.k, width).iter().map(|v| -v).collect(),
                        );
                    }
                    visit(&mut store, Level { block: c, j, c: &block, p: &p, border: &border, width });
                }
                (store, own)
            });
            let mut all = Coarse::default();
            let mut stores = Vec::new();
            for (store, own) in pieces {
                stores.push(store);
                all.block.extend(own.block);
                all.cross.extend(own.cross);
            }
            coarse.insert(0, all);
            out.insert(0, stores);
        }
        out
    }

    /// `C_jj` (`k × k`), P and `P Ĉ_BB` (`k × width`) of one level: with `P = L⁻ᵀY_B`, the inverse of the bordered system has
    /// `C_jj = (LL')⁻¹ + P Ĉ_BB P'` and `C_jB = −P Ĉ_BB`.
    fn level_inverse(
        &self,
        f: &Factor,
        c: usize,
        j: usize,
        border: &[f64],
        width: usize,
    ) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let chain = &self.chain[c];
        let k = chain.k;
        let y_head = &f.chain[c].y_head[j * k * chain.head..(j + 1) * k * chain.head];
        let y_pair = &f.chain[c].y_pair[chain.pair_range(j)];
        let mut p = border_rows(k, chain.head, y_head, y_pair, chain.pattern(j).len());
        let l = &f.chain[c].l[j * k * k..(j + 1) * k * k];
        row_major::solve_lower_transposed(l, k, &mut p, width);
        let mut product = vec![0.0; k * width];
        products::add(&mut product, 1.0, &p, border, (k, width, width));
        let half = row_major::invert_lower(l, k);
        let mut block = vec![0.0; k * k];
        row_major::transpose_multiply_add(&mut block, 1.0, &half, &half, k, k, k);
        row_major::multiply_add(&mut block, 1.0, &product, &row_major::transpose(&p, k, width), k, width, k);
        (block, p, product)
    }

    /// `C_jj` of a scalar level whose border is X and tail columns.
    fn scalar_inverse(&self, f: &Factor, c: usize, j: usize, c_hat: &TailInverse) -> f64 {
        let (chain, own) = (&self.chain[c], &f.chain[c]);
        let p = self.layout.p;
        let (heads, pairs) = (&own.y_head[j * chain.head..j * chain.head + p], &own.y_pair[chain.pair_range(j)]);
        let sum = c_hat.quadratic(chain, j, heads, pairs);
        (1.0 + sum) / (own.l[j] * own.l[j])
    }

    /// Ĉ on the border of level `j` of chain block `c`, `width × width`, in the order [coarser blocks, X, tail columns of the level];
    /// `coarse[i]` belongs to block `c + 1 + i`.
    ///
    /// The border of a coarser level contains what follows it in this order, so one of its rows has all entries to the right of the
    /// diagonal. The corner [X, tail] comes from the tail.
    fn gather(&self, c: usize, j: usize, c_hat: &TailInverse, coarse: &[Coarse]) -> Vec<f64> {
        let chain = &self.chain[c];
        let pattern = chain.pattern(j);
        let width = chain.head - 1 + pattern.len();
        let mut out = vec![0.0; width * width];
        let mut at = 0;
        for (i, parents) in chain.parents.iter().enumerate() {
            let (other, parent) = (&self.chain[c + 1 + i], parents[j] as usize);
            let (k, theirs) = (other.k, other.pattern(parent));
            let their_width = other.head - 1 + theirs.len();
            for r in 0..k {
                let row = &mut out[(at + r) * width..(at + r + 1) * width];
                // its own block, then coarser blocks and X, which both borders have in the same places
                row[at..at + k].copy_from_slice(&coarse[i].block[(parent * k + r) * k..(parent * k + r + 1) * k]);
                let cross = &coarse[i].cross[parent][r * their_width..(r + 1) * their_width];
                row[at + k..chain.head - 1].copy_from_slice(&cross[..other.head - 1]);
                // tail columns: those of this level are some of the coarser level's, both increasing
                let mut slot = 0;
                for (s, column) in pattern.iter().enumerate() {
                    while theirs[slot] != *column {
                        slot += 1;
                    }
                    row[chain.head - 1 + s] = cross[other.head - 1 + slot];
                }
            }
            at += k;
        }
        c_hat.gather(chain, j, at, &mut out, width);
        // below the diagonal by symmetry: under the coarser blocks, then among them
        for r in at..width {
            for s in 0..at {
                out[r * width + s] = out[s * width + r];
            }
        }
        for r in 0..at {
            for s in 0..r {
                out[r * width + s] = out[s * width + r];
            }
        }
        out
    }
}

/// Levels per piece of work: the same for any number of threads.
fn piece(chain: &Chain, direct: bool) -> usize {
    const PIECE: usize = 512;
    const WORTH_A_PIECE: usize = 400_000;
    let columns = chain.head + chain.column.len() / chain.n_levels.max(1);
    let work = if direct { columns * columns / 2 } else { chain.k * columns * columns };
    (WORTH_A_PIECE / work.max(1)).clamp(1, PIECE)
}

/// Ĉ of a coarser chain block: its diagonal blocks, and its rows on their borders.
#[derive(Default)]
struct Coarse {
    block: Vec<f64>,
    cross: Vec<Vec<f64>>,
}

/// The border without y as one `k × width` matrix.
pub(crate) fn border_rows(k: usize, head: usize, heads: &[f64], pairs: &[f64], count: usize) -> Vec<f64> {
    let mut out = Vec::with_capacity(k * (head - 1 + count));
    for r in 0..k {
        out.extend_from_slice(&heads[r * head..(r + 1) * head - 1]);
        out.extend_from_slice(&pairs[r * count..(r + 1) * count]);
    }
    out
}
