//! Diagonal blocks of the inverse: conditional covariances, and `Σ_j Z_j'QZ_j` for the gradient.
//!
//! With C the inverse of Λ'Z'WZΛ + I (or of that system bordered by X, for REML), `Ĉ = ΛCΛ'` is the conditional covariance of
//! the random effects over σ². Coarse blocks come first: a finer level needs Ĉ only on its own border.

use crate::cross::CrossProducts;
use crate::dense;
use crate::factor::Factor;
use crate::parallel;
use crate::small;

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
    pub fn conditional(&self, f: &Factor, reml: bool) -> Vec<Vec<f64>> {
        let layout = &self.layout;
        let mut c_hat = self.tail_inverse(f, reml);
        self.scale_tail(f, &mut c_hat);
        let size = layout.tail_size() - 1;
        let mut out: Vec<Vec<f64>> = layout.blocks.iter().map(|b| vec![0.0; b.n_levels * b.k * b.k]).collect();
        for (b, block) in layout.blocks.iter().enumerate().skip(layout.n_chain) {
            let k = block.k;
            for (at, o) in out[b].iter_mut().enumerate() {
                let (level, r, s) = (at / (k * k), at / k % k, at % k);
                *o = c_hat[(block.tail_start + level * k + r) * size + block.tail_start + level * k + s];
            }
        }
        let found = self.sweep(f, &c_hat, &vec![true; layout.n_chain], Vec::new, |store: &mut Vec<f64>, level| {
            let (t, k) = (&f.t[level.block], self.chain[level.block].k);
            store.extend(small::congruence(level.c, &small::transpose(t, k, k), k, k));
        });
        for (block, pieces) in out.iter_mut().zip(found) {
            *block = pieces.concat();
        }
        out
    }

    /// C of the tail with X, full square, in scaled units. For ML the rows of X are zero.
    pub(crate) fn tail_inverse(&self, f: &Factor, reml: bool) -> Vec<f64> {
        let (size, q) = (self.layout.tail_size() - 1, self.layout.q_tail);
        let mut x = dense::invert_lower(&f.tail_l, size);
        if !reml {
            for j in 0..size {
                x[j * size + q.max(j)..(j + 1) * size].fill(0.0);
            }
        }
        dense::gram_of_lower(&x, size)
    }

    /// From C to `Ĉ = ΛCΛ'`, in place.
    pub(crate) fn scale_tail(&self, f: &Factor, hat: &mut [f64]) {
        let layout = &self.layout;
        let size = layout.tail_size() - 1;
        let scalar = self.tail_scales(&f.t);
        for (column, f) in hat.chunks_exact_mut(size.max(1)).zip(&scalar) {
            column.iter_mut().zip(&scalar).for_each(|(v, g)| *v *= f * g);
        }
        for (b, block) in layout.blocks.iter().enumerate().skip(layout.n_chain).filter(|(_, block)| block.k > 1) {
            let (k, t) = (block.k, &f.t[b]);
            for level in 0..block.n_levels {
                scale_rows(hat, size, block.tail_start + level * k, k, t);
            }
        }
    }

    /// Visits every level of the chain, coarse blocks first, in pieces that each fill a store of their own; per block the stores
    /// in order. The border's Ĉ is put together only where `need_border` or the structure asks for it.
    pub(crate) fn sweep<S: Send>(
        &self,
        f: &Factor,
        c_hat: &[f64],
        need_border: &[bool],
        init: impl Fn() -> S + Sync,
        visit: impl Fn(&mut S, Level<'_>) + Sync,
    ) -> Vec<Vec<S>> {
        let mut coarse: Vec<Coarse> = Vec::new();
        let mut out: Vec<Vec<S>> = Vec::new();
        for c in (0..self.chain.len()).rev() {
            let chain = &self.chain[c];
            let direct = chain.k == 1 && coarse.is_empty() && c == 0 && !need_border[c];
            let pieces = parallel::map_ranges(chain.n_levels, PIECE, |range| {
                let (mut store, mut own) = (init(), Coarse::default());
                for j in range {
                    if direct {
                        let c_jj = self.scalar_inverse(f, c, j, c_hat);
                        visit(&mut store, Level { block: c, j, c: &[c_jj], p: &[], border: &[], width: 0 });
                        continue;
                    }
                    let width = chain.head - 1 + chain.pattern(j).len();
                    let border = self.gather(c, j, c_hat, &coarse);
                    let (block, p, product) = self.level_inverse(f, c, j, &border, width);
                    if c > 0 {
                        let t = &f.t[c];
                        own.block.extend(small::congruence(
                            &block,
                            &small::transpose(t, chain.k, chain.k),
                            chain.k,
                            chain.k,
                        ));
                        own.cross
                            .push(small::multiply(t, &product, chain.k, chain.k, width).iter().map(|v| -v).collect());
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

    /// `C_jj`, P and `P Ĉ_BB` of one level.
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
        small::solve_lower_transposed(l, k, &mut p, width);
        let product = small::multiply(&p, border, k, width, width);
        let half = small::invert_lower(l, k);
        let mut block = vec![0.0; k * k];
        small::transpose_multiply_add(&mut block, 1.0, &half, &half, k, k, k);
        small::multiply_add(&mut block, 1.0, &product, &small::transpose(&p, k, width), k, width, k);
        (block, p, product)
    }

    /// `C_jj` of a scalar level whose border is X and tail columns.
    fn scalar_inverse(&self, f: &Factor, c: usize, j: usize, c_hat: &[f64]) -> f64 {
        let (chain, own) = (&self.chain[c], &f.chain[c]);
        let (size, q, p) = (self.layout.tail_size() - 1, self.layout.q_tail, self.layout.p);
        let (heads, pairs) = (&own.y_head[j * chain.head..j * chain.head + p], &own.y_pair[chain.pair_range(j)]);
        let pattern = chain.pattern(j);
        let mut sum = 0.0;
        for (s, (&column, y)) in pattern.iter().zip(pairs).enumerate() {
            let row = &c_hat[column as usize * size..(column as usize + 1) * size];
            // pairs beyond the diagonal twice
            let rest: f64 =
                pattern[s + 1..].iter().zip(&pairs[s + 1..]).map(|(&other, v)| row[other as usize] * v).sum();
            sum += y * (row[column as usize] * y + 2.0 * rest + 2.0 * small::dot(&row[q..q + p], heads));
        }
        for i in 0..p {
            sum += heads[i] * small::dot(&c_hat[(q + i) * size + q..(q + i) * size + q + p], heads);
        }
        (1.0 + sum) / (own.l[j] * own.l[j])
    }

    /// Ĉ on the border of level `j` of chain block `c`; `coarse[i]` belongs to block `c + 1 + i`.
    fn gather(&self, c: usize, j: usize, c_hat: &[f64], coarse: &[Coarse]) -> Vec<f64> {
        let (chain, layout) = (&self.chain[c], &self.layout);
        let (size, q, pattern) = (layout.tail_size() - 1, layout.q_tail, chain.pattern(j));
        let width = chain.head - 1 + pattern.len();
        let mut out = vec![0.0; width * width];
        let mut at = 0;
        for (i, parents) in chain.parents.iter().enumerate() {
            let (other, parent) = (&self.chain[c + 1 + i], parents[j] as usize);
            let (k, theirs) = (other.k, other.pattern(parent));
            let their_width = other.head - 1 + theirs.len();
            for r in 0..k {
                let row = &mut out[(at + r) * width..(at + r + 1) * width];
                row[at..at + k].copy_from_slice(&coarse[i].block[(parent * k + r) * k..(parent * k + r + 1) * k]);
                let cross = &coarse[i].cross[parent][r * their_width..(r + 1) * their_width];
                row[at + k..chain.head - 1].copy_from_slice(&cross[..other.head - 1]);
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
        let index = |i: usize| if i < chain.head - 1 { q + i - at } else { pattern[i + 1 - chain.head] as usize };
        let (fixed, count) = (chain.head - 1 - at, pattern.len());
        let consecutive = count > 0 && (pattern[count - 1] - pattern[0]) as usize == count - 1;
        for r in at..width {
            let column = &c_hat[index(r) * size..(index(r) + 1) * size];
            let row = &mut out[r * width + at..(r + 1) * width];
            row[..fixed].copy_from_slice(&column[q..q + fixed]);
            if consecutive {
                row[fixed..].copy_from_slice(&column[pattern[0] as usize..pattern[0] as usize + count]);
            } else {
                row[fixed..].iter_mut().zip(pattern).for_each(|(o, &s)| *o = column[s as usize]);
            }
        }
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

/// Levels per piece of work.
const PIECE: usize = 512;

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

/// `M := diag(.., T, ..) M diag(.., T', ..)` for the rows and columns of one level of a full symmetric matrix.
fn scale_rows(m: &mut [f64], size: usize, first: usize, k: usize, t: &[f64]) {
    let mut buffer = vec![0.0; k];
    for column in m.chunks_exact_mut(size.max(1)) {
        buffer
            .iter_mut()
            .enumerate()
            .for_each(|(r, o)| *o = small::dot(&t[r * k..(r + 1) * k], &column[first..first + k]));
        column[first..first + k].copy_from_slice(&buffer);
    }
    for i in 0..size {
        buffer
            .iter_mut()
            .enumerate()
            .for_each(|(r, o)| *o = (0..k).map(|s| t[r * k + s] * m[(first + s) * size + i]).sum());
        (0..k).for_each(|r| m[(first + r) * size + i] = buffer[r]);
    }
}
