//! One grouping factor and nothing else: the sums over levels in one pass, with the block size known to the compiler.
//!
//! Levels with the same `Z_j'WZ_j` and `Z_j'WX` form a class. An orthogonal rotation of such levels among each other leaves every
//! sum below unchanged; it gathers X and the mean of `Z_j'Wy` in one level, the scatter of `Z_j'Wy` in `k` more, and leaves the
//! others with nothing but their count. So an evaluation costs as much as there are classes, not levels or rows.

use super::classes::Classes;
use crate::blocks::chain::Chain;
use crate::design::layout::Layout;
use crate::matrix::level::{Level, add, dot, square, unscale};
use crate::matrix::{eigen, row_major};
use crate::parallel;

/// Levels per piece of work: enough to pay for a thread.
const PIECE: usize = 8192;

/// Classes of levels of a single grouping factor.
#[derive(Clone, Debug)]
pub struct Single {
    k: usize,
    p: usize,
    /// `Z_j'WZ_j` per class.
    a: Vec<f64>,
    count: Vec<f64>,
    /// `[Z_j'WX | Z_j'Wy]` per class (`k × (p + 1)`, row-major).
    head: Vec<f64>,
    /// Further `Z_j'Wy` of rotated levels: class `c` has `start[c]..start[c + 1]`.
    start: Vec<usize>,
    scatter: Vec<f64>,
}

/// Sums of the objective: log-determinant and the lower triangle of `[X y]'W⁻¹[X y]`'s reduction (row-major, order `p + 1`).
pub struct Objective {
    pub log_det: f64,
    pub reduction: Vec<f64>,
}

/// Sums for the derivatives, in matrix units.
pub struct Sums {
    /// `Σ Z_j'W⁻¹Z_j` and `Σ r_j r_j'`.
    pub trace: Vec<f64>,
    pub quadratic: Vec<f64>,
    /// `Σ K̃_j K̃_j'` with `K̃_j = Z_j'W⁻¹X L_XX⁻ᵀ`.
    pub fixed: Vec<f64>,
    /// `F'PF` of all `k²` matrix units.
    pub information: Vec<f64>,
    /// `tr(Q W_u Q W_v)` likewise.
    pub traces: Vec<f64>,
}

impl Single {
    /// Classes of levels that are equal but for y; none if there is more than one block, a tail, or more than four columns.
    pub fn classes(chain: &[Chain], layout: &Layout) -> Option<Classes> {
        let possible = layout.is_single() && layout.blocks[0].k <= 4;
        possible.then(|| Classes::new(&chain[0].a, &chain[0].a_head, chain[0].k, layout.p))
    }

    /// Sums of the levels of each class.
    pub fn new(chain: &Chain, layout: &Layout, classes: &Classes) -> Single {
        let (k, p) = (chain.k, layout.p);
        let mut out =
            Single { k, p, a: Vec::new(), count: Vec::new(), head: Vec::new(), start: vec![0], scatter: Vec::new() };
        for members in classes.iter() {
            out.add(&chain.a, &chain.a_head, members);
        }
        out
    }

    fn add(&mut self, a: &[f64], head: &[f64], members: &[u32]) {
        let (k, width) = (self.k, self.p + 1);
        let first = members[0] as usize;
        let m = members.len() as f64;
        self.a.extend(&a[first * k * k..(first + 1) * k * k]);
        self.count.push(m);
        if members.len() == 1 {
            self.head.extend(&head[first * k * width..(first + 1) * k * width]);
            self.start.push(self.scatter.len() / k);
            return;
        }
        let y = |j: u32, r: usize| head[(j as usize * k + r) * width + width - 1];
        let mean: Vec<f64> = (0..k).map(|r| members.iter().map(|&j| y(j, r)).sum::<f64>() / m).collect();
        let own = &head[first * k * width..(first + 1) * k * width];
        let factor = m.sqrt();
        self.head.extend(
            own.iter().enumerate().map(|(i, v)| factor * if i % width == width - 1 { mean[i / width] } else { *v }),
        );
        let mut scatter = vec![0.0; k * k];
        for &j in members {
            for r in 0..k {
                for s in 0..k {
                    scatter[r * k + s] += (y(j, r) - mean[r]) * (y(j, s) - mean[s]);
                }
            }
        }
        let (w, v) = eigen::symmetric_eigen(&scatter, k);
        for c in (0..k).filter(|&c| w[c] > 0.0) {
            self.scatter.extend((0..k).map(|r| v[r * k + c] * w[c].sqrt()));
        }
        self.start.push(self.scatter.len() / k);
    }

    /// Sums of the criterion at T.
    pub fn objective(&self, t: &[f64]) -> Option<Objective> {
        match self.k {
            1 => self.objective_of::<1>(t),
            2 => self.objective_of::<2>(t),
            3 => self.objective_of::<3>(t),
            _ => self.objective_of::<4>(t),
        }
    }

    /// Sums of the derivatives at T, given β, the factor of X'W⁻¹X (row-major lower), and whether T may be inverted.
    pub fn sums(&self, t: &[f64], beta: &[f64], l_x: &[f64], solid: bool, reml: bool) -> Sums {
        match self.k {
            1 => self.sums_of::<1>(t, beta, l_x, solid, reml),
            2 => self.sums_of::<2>(t, beta, l_x, solid, reml),
            3 => self.sums_of::<3>(t, beta, l_x, solid, reml),
            _ => self.sums_of::<4>(t, beta, l_x, solid, reml),
        }
    }

    fn objective_of<const K: usize>(&self, t: &[f64]) -> Option<Objective> {
        let (t, width) = (square::<K>(t), self.p + 1);
        let pieces = parallel::map_ranges(self.count.len(), PIECE, |range| {
            let mut out = Objective { log_det: 0.0, reduction: vec![0.0; width * width] };
            let mut y = vec![[0.0; K]; width];
            let mut diagonal = 1.0f64;
            for c in range {
                let (l, _) = Level::<K>::factor(&self.a[c * K * K..], &t)?;
                // one logarithm for many levels
                let own = (0..K).map(|i| l.0[i][i]).product::<f64>();
                if self.count[c] == 1.0 && own < 1e100 {
                    diagonal *= own;
                    if diagonal > 1e200 {
                        out.log_det += 2.0 * diagonal.ln();
                        diagonal = 1.0;
                    }
                } else {
                    out.log_det += 2.0 * self.count[c] * (0..K).map(|i| l.0[i][i].ln()).sum::<f64>();
                }
                let head = &self.head[c * K * width..(c + 1) * K * width];
                for (i, column) in y.iter_mut().enumerate() {
                    *column = l.reduce(&t, |r| head[r * width + i]);
                }
                for i in 0..width {
                    for j in 0..=i {
                        out.reduction[i * width + j] += dot(&y[i], &y[j]);
                    }
                }
                for s in self.start[c]..self.start[c + 1] {
                    let y = l.reduce(&t, |r| self.scatter[s * K + r]);
                    out.reduction[width * width - 1] += dot(&y, &y);
                }
            }
            out.log_det += 2.0 * diagonal.ln();
            Some(out)
        });
        let mut total = Objective { log_det: 0.0, reduction: vec![0.0; width * width] };
        for piece in pieces {
            let piece = piece?;
            total.log_det += piece.log_det;
            add(&mut total.reduction, &piece.reduction);
        }
        Some(total)
    }

    fn sums_of<const K: usize>(&self, t: &[f64], beta: &[f64], l_x: &[f64], solid: bool, reml: bool) -> Sums {
        let t = square::<K>(t);
        let pieces = parallel::map_ranges(self.count.len(), PIECE, |range| {
            let mut piece = Piece::<K>::new(self.p);
            range.for_each(|c| piece.add(self, c, &t, beta, l_x, solid, reml));
            piece
        });
        let mut total = Piece::<K>::new(self.p);
        pieces.iter().for_each(|piece| total.merge(piece));
        total.finish(self.p, reml)
    }
}

/// One number for each pair of matrix units `e_r e_s'`, `e_t e_w'`: `[r][s][t][w]`.
type Pairs<const K: usize> = [[[[f64; K]; K]; K]; K];

/// Running sums of some classes.
struct Piece<const K: usize> {
    trace: [[f64; K]; K],
    quadratic: [[f64; K]; K],
    fixed: [[f64; K]; K],
    information: Pairs<K>,
    traces: Pairs<K>,
    /// `Σ K̃_j[r, ·] r_j[s]` and `Σ K̃_j[r, ·]' K̃_j[s, ·]` per unit.
    shift: Vec<f64>,
    low_rank: Vec<f64>,
    border: Vec<[f64; K]>,
}

impl<const K: usize> Piece<K> {
    fn new(p: usize) -> Self {
        let (square, units) = ([[0.0; K]; K], K * K);
        Piece {
            trace: square,
            quadratic: square,
            fixed: square,
            information: [[[[0.0; K]; K]; K]; K],
            traces: [[[[0.0; K]; K]; K]; K],
            shift: vec![0.0; units * p],
            low_rank: vec![0.0; units * p * p],
            border: vec![[0.0; K]; p],
        }
    }

    /// Adds class `c`. All of a level follows from `G = (I + A_jS)⁻¹` (`K × K`): as `Z_j'W⁻¹ = G Z_j'`,
    /// `N_j = Z_j'W⁻¹Z_j = G A_j`, `r_j = Z_j'W⁻¹(y − Xβ)` (`K`) and `K̃_j = Z_j'W⁻¹X L_XX⁻ᵀ` (`K × p`).
    #[allow(clippy::too_many_arguments)]
    fn add(&mut self, data: &Single, c: usize, t: &[[f64; K]; K], beta: &[f64], l_x: &[f64], solid: bool, reml: bool) {
        let (p, width) = (data.p, data.p + 1);
        let a = &data.a[c * K * K..(c + 1) * K * K];
        // the factor existed when the objective was evaluated at this T
        let Some((l, at)) = Level::<K>::factor(a, t) else { return };
        // (I + AS)⁻¹ column by column, by T⁻ᵀ D⁻¹ T' e or e − AT D⁻¹ T' e
        let columns: [[f64; K]; K] = std::array::from_fn(|c| {
            let u = l.back(l.reduce(t, |r| if r == c { 1.0 } else { 0.0 }));
            if solid {
                unscale(t, u)
            } else {
                std::array::from_fn(|r| if r == c { 1.0 } else { 0.0 } - dot(&at[r], &u))
            }
        });
        let pull = |x: [f64; K]| -> [f64; K] { std::array::from_fn(|r| (0..K).map(|c| columns[c][r] * x[c]).sum()) };
        let n = own_slope(&l, a, t, &at, solid); // N_j
        let count = data.count[c];
        for r in 0..K {
            (0..K).for_each(|s| self.trace[r][s] += count * n[r][s]);
        }
        // K̃_j by a forward solve with L_XX: column i needs the columns before it
        let head = &data.head[c * K * width..(c + 1) * K * width];
        for i in 0..p {
            self.border[i] = pull(std::array::from_fn(|r| head[r * width + i]));
            for j in 0..i {
                let f = l_x[i * p + j];
                let before = self.border[j];
                (0..K).for_each(|r| self.border[i][r] -= f * before[r]);
            }
            let inverse = 1.0 / l_x[i * p + i];
            (0..K).for_each(|r| self.border[i][r] *= inverse);
        }
        let residual = pull(std::array::from_fn(|r| {
            head[r * width + p] - (0..p).map(|i| head[r * width + i] * beta[i]).sum::<f64>()
        }));
        self.add_residual(&n, &residual);
        // Σ_j K̃_j[r] r_j[s]: its products are what X takes of the information
        for r in 0..K {
            for s in 0..K {
                (0..p).for_each(|i| self.shift[(r * K + s) * p + i] += self.border[i][r] * residual[s]);
            }
        }
        // the scatter of y: in these rotated levels X is zero
        for s in data.start[c]..data.start[c + 1] {
            let r = pull(std::array::from_fn(|r| data.scatter[s * K + r]));
            self.add_residual(&n, &r);
        }
        self.add_traces(&n, count, p, reml);
    }

    fn add_residual(&mut self, n: &[[f64; K]; K], r: &[f64; K]) {
        for i in 0..K {
            for j in 0..K {
                self.quadratic[i][j] += r[i] * r[j];
            }
        }
        // f_u'W⁻¹f_v of units u = e_r e_s', v = e_t e_w': N_rt r_s r_w
        let squares: [[f64; K]; K] = std::array::from_fn(|s| std::array::from_fn(|w| r[s] * r[w]));
        for (own, n) in self.information.iter_mut().zip(n) {
            for (own, squares) in own.iter_mut().zip(&squares) {
                for (own, n) in own.iter_mut().zip(n) {
                    (0..K).for_each(|w| own[w] += n * squares[w]);
                }
            }
        }
    }

    fn add_traces(&mut self, n: &[[f64; K]; K], count: f64, p: usize, reml: bool) {
        let mut x = [[0.0; K]; K];
        if reml {
            for column in &self.border[..p] {
                for r in 0..K {
                    (0..K).for_each(|s| x[r][s] += column[r] * column[s]);
                }
            }
            for r in 0..K {
                (0..K).for_each(|s| self.fixed[r][s] += x[r][s]);
            }
            for r in 0..K {
                for s in 0..K {
                    let block = &mut self.low_rank[(r * K + s) * p * p..(r * K + s + 1) * p * p];
                    for i in 0..p {
                        (0..p).for_each(|j| block[i * p + j] += self.border[i][r] * self.border[j][s]);
                    }
                }
            }
        }
        // tr(e_r e_s' N e_t e_w' N) = N_st N_wr for symmetric N, with N less its fixed part on both sides
        for (r, own) in self.traces.iter_mut().enumerate() {
            let less: [f64; K] = std::array::from_fn(|w| count * n[r][w] - x[r][w]);
            for (s, own) in own.iter_mut().enumerate() {
                for (t, own) in own.iter_mut().enumerate() {
                    (0..K).for_each(|w| own[w] += n[s][t] * less[w] - x[s][t] * n[r][w]);
                }
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        for r in 0..K {
            for s in 0..K {
                self.trace[r][s] += other.trace[r][s];
                self.quadratic[r][s] += other.quadratic[r][s];
                self.fixed[r][s] += other.fixed[r][s];
            }
        }
        add_pairs(&mut self.information, &other.information);
        add_pairs(&mut self.traces, &other.traces);
        add(&mut self.shift, &other.shift);
        add(&mut self.low_rank, &other.low_rank);
    }

    fn finish(self, p: usize, reml: bool) -> Sums {
        let units = K * K;
        let flat_pairs = |m: &Pairs<K>| -> Vec<f64> { m.iter().flatten().flatten().flatten().copied().collect() };
        let (mut information, mut traces) = (flat_pairs(&self.information), flat_pairs(&self.traces));
        for u in 0..units {
            for v in 0..units {
                let product = row_major::dot(&self.shift[u * p..(u + 1) * p], &self.shift[v * p..(v + 1) * p]);
                information[u * units + v] -= product;
            }
        }
        if reml {
            for u in 0..units {
                let first = row_major::transpose(&self.low_rank[u * p * p..(u + 1) * p * p], p, p);
                for v in 0..units {
                    traces[u * units + v] += row_major::dot(&first, &self.low_rank[v * p * p..(v + 1) * p * p]);
                }
            }
        }
        let flat = |m: &[[f64; K]; K]| m.iter().flatten().copied().collect();
        Sums {
            trace: flat(&self.trace),
            quadratic: flat(&self.quadratic),
            fixed: flat(&self.fixed),
            information,
            traces,
        }
    }
}

fn add_pairs<const K: usize>(out: &mut Pairs<K>, other: &Pairs<K>) {
    let numbers = other.iter().flatten().flatten().flatten();
    out.iter_mut().flatten().flatten().flatten().zip(numbers).for_each(|(o, v)| *o += v);
}

/// `Z_j'W⁻¹Z_j`: `T⁻ᵀ(I − D⁻¹)T⁻¹` where T is solid, else `A − AT D⁻¹ T'A`.
fn own_slope<const K: usize>(
    l: &Level<K>,
    a: &[f64],
    t: &[[f64; K]; K],
    at: &[[f64; K]; K],
    solid: bool,
) -> [[f64; K]; K] {
    let mut out = [[0.0; K]; K];
    if !solid {
        for c in 0..K {
            // column c of AT D⁻¹ T'A
            let u = l.back(l.reduce(t, |r| a[r * K + c]));
            (0..K).for_each(|r| out[r][c] = a[r * K + c] - dot(&at[r], &u));
        }
        return out;
    }
    for c in 0..K {
        // T⁻ᵀ (I − D⁻¹) T⁻¹ e_c
        let mut x = [0.0; K];
        for i in c..K {
            let s: f64 = (c..i).map(|j| t[i][j] * x[j]).sum();
            x[i] = (if i == c { 1.0 } else { 0.0 } - s) / t[i][i];
        }
        let mut y = [0.0; K];
        for i in 0..K {
            let s: f64 = (0..i).map(|j| l.0[i][j] * y[j]).sum();
            y[i] = (x[i] - s) * l.1[i];
        }
        let inverse = l.back(y);
        let rest = unscale(t, std::array::from_fn(|i| x[i] - inverse[i]));
        (0..K).for_each(|r| out[r][c] = rest[r]);
    }
    out
}
