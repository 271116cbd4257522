//! Diagonal penalties: `1 / s_i = Σ_j d_ij / θ_j²`.

use super::axis::Axis;
use super::family::Family;

/// Effects without correlations, whose precisions are given combinations of `θ_j⁻²`.
#[derive(Clone, Debug)]
pub struct Tied {
    /// `d_ij ≥ 0` (`K × m`): what penalty j is of effect i.
    scales: Vec<f64>,
    /// A θ of ordinary size for each penalty.
    unit: Vec<f64>,
}

impl Tied {
    /// From `scales` (`K × m`) and m units.
    pub fn new(scales: Vec<f64>, unit: Vec<f64>) -> Tied {
        Tied { scales, unit }
    }

    fn m(&self) -> usize {
        self.unit.len()
    }

    /// The part `r_ij = s_i d_ij / θ_j²` of each penalty in `1 / s_i`, which add up to one, and s.
    ///
    /// Sums are in units of the largest precision of a row, so that nothing overflows; precisions that are infinite share alike.
    fn shares(&self, theta: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (mut r, mut s) = (Vec::with_capacity(self.scales.len()), Vec::new());
        for d in self.scales.chunks_exact(self.m()) {
            let squares = || d.iter().zip(theta).filter(|(d, _)| **d > 0.0).map(|(_, t)| t * t);
            let least = squares().fold(f64::INFINITY, f64::min);
            let weight = |(d, t): (&f64, &f64)| {
                let square = t * t;
                match (*d > 0.0, least == 0.0) {
                    (false, _) => 0.0,
                    (true, true) => d * f64::from(u8::from(square == 0.0)),
                    (true, false) => d * (least / square),
                }
            };
            let weights: Vec<f64> = d.iter().zip(theta).map(weight).collect();
            let total: f64 = weights.iter().sum();
            r.extend(weights.iter().map(|w| w / total));
            s.push(least / total);
        }
        (r, s)
    }

    /// `r / d`, zero where d is zero.
    fn over(&self, r: &[f64]) -> Vec<f64> {
        r.iter().zip(&self.scales).map(|(r, d)| if *d > 0.0 { r / d } else { 0.0 }).collect()
    }
}

impl Family for Tied {
    fn k(&self) -> usize {
        self.scales.len() / self.m()
    }

    fn axes(&self) -> Vec<Axis> {
        self.unit.iter().map(|unit| Axis::Sinh { unit: *unit }).collect()
    }

    fn is_scale(&self, _: usize) -> bool {
        true
    }

    fn factor(&self, theta: &[f64]) -> Vec<f64> {
        let k = self.k();
        let mut t = vec![0.0; k * k];
        self.shares(theta).1.iter().enumerate().for_each(|(i, s)| t[i * k + i] = s.sqrt());
        t
    }

    fn moves(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        // ∂s_i = 2 θ_j r_ij² / d_ij
        let (k, m, r) = (self.k(), self.m(), self.shares(theta).0);
        let over = self.over(&r);
        let of = |j: usize| {
            let mut d = vec![0.0; k * k];
            (0..k).for_each(|i| d[i * k + i] = 2.0 * theta[j] * r[i * m + j] * over[i * m + j]);
            d
        };
        (0..m).map(of).collect()
    }

    fn slopes(&self, theta: &[f64], weights: &[f64]) -> Vec<f64> {
        let (k, m, r) = (self.k(), self.m(), self.shares(theta).0);
        let over = self.over(&r);
        let of = |j: usize| (0..k).map(|i| weights[i * k + i] * 2.0 * theta[j] * r[i * m + j] * over[i * m + j]).sum();
        (0..m).map(of).collect()
    }

    /// By one θ `∂²s_i = r² (8r − 6) / d`, by two `8 (r_j r_k)^(3/2) / (d_j d_k)^(1/2)`; where several θ are zero, these are the
    /// limits as they come there together.
    fn bend(&self, theta: &[f64], weights: &[f64]) -> Vec<f64> {
        let (k, m, r) = (self.k(), self.m(), self.shares(theta).0);
        let over = self.over(&r);
        let mut out = vec![0.0; m * m];
        for i in 0..k {
            let (r, over, weight) = (&r[i * m..(i + 1) * m], &over[i * m..(i + 1) * m], weights[i * k + i]);
            let root = |j: usize| r[j] * over[j].sqrt() * if theta[j] < 0.0 { -1.0 } else { 1.0 };
            for a in 0..m {
                for b in 0..m {
                    let value = if a == b { r[a] * over[a] * (8.0 * r[a] - 6.0) } else { 8.0 * root(a) * root(b) };
                    out[a * m + b] += weight * value;
                }
            }
        }
        out
    }
}
