//! Dense penalties: `S = (Σ_j S_j / θ_j²)⁻¹` where no coordinates make all `S_j` diagonal.

use super::axis::Axis;
use super::family::Family;
use crate::matrix::{eigen, row_major, triangle};

/// θ, relative to the smallest of the others, by which zero is replaced where a limit is taken: S goes with its square.
const NIL: f64 = 1e-6;

/// θ, relative to its unit, that counts as zero in derivatives.
const ZERO: f64 = 1e-10;

/// Relative eigenvalue of a sum of penalties that is the rounding of a zero.
const RANK: f64 = 1e-12;

/// One penalty `S_j = LL'`, L of full column rank (`K × rank`).
#[derive(Clone, Debug)]
pub struct Penalty {
    pub root: Vec<f64>,
    pub rank: usize,
}

/// Effects whose precision is the sum of given matrices, each with a parameter.
#[derive(Clone, Debug)]
pub struct Penalized {
    k: usize,
    penalties: Vec<Penalty>,
    /// A θ of ordinary size for each penalty.
    unit: Vec<f64>,
}

/// θ with zeros replaced; per penalty `Q = L' R⁻¹ / θ` (`rank × K`) and `U = S L / θ` (`K × rank`), where `S = (R'R)⁻¹`: the rows
/// Q of all penalties together have orthonormal columns.
struct Pieces {
    near: Vec<f64>,
    q: Vec<Vec<f64>>,
    u: Vec<Vec<f64>>,
}

impl Penalized {
    /// From the roots of the penalties and their units.
    pub fn new(k: usize, penalties: Vec<Penalty>, unit: Vec<f64>) -> Penalized {
        Penalized { k, penalties, unit }
    }

    fn pieces(&self, theta: &[f64]) -> Pieces {
        let k = self.k;
        let seen = |j: usize| theta[j].abs() > ZERO * self.unit[j];
        let least = (0..theta.len()).filter(|&j| seen(j)).map(|j| theta[j].abs()).fold(f64::INFINITY, f64::min);
        let nil = if least.is_finite() { NIL * least } else { 1.0 };
        let near: Vec<f64> = (0..theta.len()).map(|j| if seen(j) { theta[j].abs() } else { nil }).collect();
        let rows: Vec<Vec<f64>> = self.penalties.iter().zip(&near).map(|(p, sd)| p.rows(k, *sd)).collect();
        let factor = triangle::orthogonal(&rows.concat(), k);
        let back = row_major::transpose(&row_major::invert_lower(&factor.lower, k), k, k); // R⁻¹
        let (mut q, mut first) = (Vec::new(), 0);
        for p in &self.penalties {
            q.push(factor.rows[first * k..(first + p.rank) * k].to_vec());
            first += p.rank;
        }
        let of_u = |(q, p): (&Vec<f64>, &Penalty)| {
            row_major::multiply(&back, &row_major::transpose(q, p.rank, k), k, k, p.rank)
        };
        let u = q.iter().zip(&self.penalties).map(of_u).collect();
        Pieces { near, q, u }
    }

    /// Orthonormal basis N (`K × r`) of the effects that no penalty of those with θ = 0 touches.
    fn untouched(&self, theta: &[f64]) -> (Vec<f64>, usize) {
        let k = self.k;
        let gone: Vec<&Penalty> =
            self.penalties.iter().zip(theta).filter(|(_, t)| **t == 0.0).map(|(p, _)| p).collect();
        if gone.is_empty() {
            return (row_major::identity(k), k);
        }
        let mut sum = vec![0.0; k * k];
        for p in gone {
            let back = row_major::transpose(&p.root, k, p.rank);
            row_major::multiply_add(&mut sum, 1.0, &p.root, &back, k, p.rank, k);
        }
        let (values, vectors) = eigen::symmetric_eigen(&sum, k);
        let r = values.iter().filter(|v| **v <= RANK * values[k - 1]).count();
        ((0..k).flat_map(|i| vectors[i * k..i * k + r].to_vec()).collect(), r)
    }
}

impl Penalty {
    /// `L' / sd` (`rank × K`).
    fn rows(&self, k: usize, sd: f64) -> Vec<f64> {
        row_major::transpose(&self.root, k, self.rank).iter().map(|v| v / sd).collect()
    }
}

/// `R⁻ᵀ`, lower triangular, for `R'R = rows'rows` with rows of length k.
fn inverse_of_triangle(rows: &[f64], k: usize) -> Vec<f64> {
    row_major::invert_lower(&triangle::lower(rows, k), k)
}

impl Family for Penalized {
    fn k(&self) -> usize {
        self.k
    }

    fn axes(&self) -> Vec<Axis> {
        self.unit.iter().map(|unit| Axis::Sinh { unit: *unit }).collect()
    }

    fn is_scale(&self, _: usize) -> bool {
        true
    }

    /// `S = N (R'R)⁻¹ N'`, where N spans what penalties with θ = 0 leave.
    fn factor(&self, theta: &[f64]) -> Vec<f64> {
        let k = self.k;
        let (n, r) = self.untouched(theta);
        if r == 0 || theta.iter().all(|t| *t == 0.0) {
            return vec![0.0; k * k];
        }
        let seen = self.penalties.iter().zip(theta).filter(|(_, t)| **t != 0.0);
        let rows: Vec<Vec<f64>> =
            seen.map(|(p, t)| row_major::multiply(&p.rows(k, t.abs()), &n, p.rank, k, r)).collect();
        let back = row_major::transpose(&inverse_of_triangle(&rows.concat(), r), r, r);
        row_major::lower_factor(&row_major::multiply(&n, &back, k, r, r), k, r)
    }

    /// `∂S = 2 U_j U_j' / θ_j`; U goes with θ, so that the quotient has a limit at zero.
    fn moves(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let (k, at) = (self.k, self.pieces(theta));
        let of = |j: usize| {
            let (u, rank) = (&at.u[j], self.penalties[j].rank);
            let mut d = vec![0.0; k * k];
            let factor = 2.0 * theta[j] / (at.near[j] * at.near[j]);
            row_major::multiply_add(&mut d, factor, u, &row_major::transpose(u, k, rank), k, rank, k);
            d
        };
        (0..self.unit.len()).map(of).collect()
    }

    /// By one θ `∂²S = U_j (8 Q_j Q_j' − 6) U_j' / θ_j²`, by two `4 (U_i Q_i Q_j' U_j' + its transpose) / (θ_i θ_j)`.
    fn bend(&self, theta: &[f64], m: &[f64]) -> Vec<f64> {
        let (k, n, at) = (self.k, self.unit.len(), self.pieces(theta));
        let rank = |j: usize| self.penalties[j].rank;
        // M U_j (K × rank)
        let mu: Vec<Vec<f64>> = (0..n).map(|j| row_major::multiply(m, &at.u[j], k, k, rank(j))).collect();
        let sign = |j: usize| if theta[j] < 0.0 { -1.0 } else { 1.0 };
        let mut out = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                // tr(M U_i (Q_i Q_j') U_j') = <U_j'M U_i, (Q_i Q_j')'>
                let inner =
                    row_major::multiply(&at.q[i], &row_major::transpose(&at.q[j], rank(j), k), rank(i), k, rank(j));
                let mut outer = vec![0.0; rank(i) * rank(j)];
                row_major::transpose_multiply_add(&mut outer, 1.0, &mu[i], &at.u[j], k, rank(i), rank(j));
                let both = row_major::dot(&inner, &outer);
                let value = if i == j {
                    let own: f64 = (0..rank(i)).map(|a| outer[a * rank(i) + a]).sum();
                    (8.0 * both - 6.0 * own) / (at.near[i] * at.near[i])
                } else {
                    8.0 * sign(i) * sign(j) * both / (at.near[i] * at.near[j])
                };
                (out[i * n + j], out[j * n + i]) = (value, value);
            }
        }
        out
    }
}
