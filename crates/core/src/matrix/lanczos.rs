//! The leading eigenpairs of a symmetric operator, by Lanczos's method with all vectors kept orthogonal.

use super::column_major::probe;
use super::eigen::symmetric_eigen;
use super::lanes::dot;

/// Residual of an eigenpair, relative to the smallest value that is asked for, and to the largest.
const SMALL: f64 = 1e-13;
const ROUNDING: f64 = 1e-16;
/// Steps beyond what is asked for before the first look, and between looks.
const BEYOND: usize = 8;
const BETWEEN: usize = 4;
/// Steps after which a largest eigenvalue is known well enough to compare.
const FEW: usize = 12;

/// Eigenpairs, and what the others come to.
pub struct Pairs {
    /// In decreasing order of their absolute values.
    pub values: Vec<f64>,
    /// One behind the other.
    pub vectors: Vec<f64>,
    /// Sum of squares of all values that the method met.
    pub squares: f64,
}

/// A Krylov space: orthonormal vectors one behind the other, and the operator in them.
struct Krylov {
    n: usize,
    v: Vec<f64>,
    diagonal: Vec<f64>,
    beside: Vec<f64>,
}

impl Krylov {
    fn new(start: Vec<f64>) -> Krylov {
        let length = dot(&start, &start).sqrt();
        let n = start.len();
        Krylov { n, v: start.into_iter().map(|x| x / length).collect(), diagonal: Vec::new(), beside: Vec::new() }
    }

    /// One more vector; false if the space is closed.
    fn step(&mut self, times: &impl Fn(&[f64]) -> Vec<f64>) -> bool {
        let m = self.diagonal.len();
        let mut w = times(&self.v[m * self.n..]);
        self.diagonal.push(dot(&w, &self.v[m * self.n..]));
        for _ in 0..2 {
            for v in self.v.chunks_exact(self.n) {
                let f = dot(&w, v);
                w.iter_mut().zip(v).for_each(|(o, x)| *o -= f * x);
            }
        }
        let length = dot(&w, &w).sqrt();
        self.beside.push(length);
        let largest = self.diagonal.iter().fold(0.0_f64, |a, d| a.max(d.abs()));
        if length <= ROUNDING * largest || m + 1 == self.n {
            return false;
        }
        self.v.extend(w.iter().map(|x| x / length));
        true
    }

    /// Ritz values in decreasing order of their absolute values, with their vectors in the space (columns).
    fn ritz(&self) -> (Vec<f64>, Vec<f64>) {
        let m = self.diagonal.len();
        let mut t = vec![0.0; m * m];
        for i in 0..m {
            t[i * m + i] = self.diagonal[i];
            if i + 1 < m {
                t[i * m + i + 1] = self.beside[i];
                t[(i + 1) * m + i] = self.beside[i];
            }
        }
        let (values, vectors) = symmetric_eigen(&t, m);
        let mut order: Vec<usize> = (0..m).collect();
        order.sort_by(|&i, &j| values[j].abs().total_cmp(&values[i].abs()));
        let turned = (0..m * m).map(|e| vectors[e / m * m + order[e % m]]).collect();
        (order.iter().map(|&i| values[i]).collect(), turned)
    }
}

/// The k eigenpairs of largest absolute value of an operator on n numbers; none where they were not found with `most` steps.
pub fn leading(n: usize, k: usize, most: usize, times: impl Fn(&[f64]) -> Vec<f64>) -> Option<Pairs> {
    let mut space = Krylov::new(probe(n));
    let mut next = k + BEYOND;
    for steps in 1..=most {
        let goes_on = space.step(&times);
        if goes_on && steps < next && steps < most {
            continue;
        }
        let (values, s) = space.ritz();
        if values.len() < k {
            return None;
        }
        let last = space.beside[steps - 1];
        let worst = (0..k).map(|i| (last * s[(steps - 1) * steps + i]).abs()).fold(0.0, f64::max);
        if worst <= SMALL * values[k - 1].abs() + ROUNDING * values[0].abs() {
            let mut vectors = vec![0.0; n * k];
            for (i, out) in vectors.chunks_exact_mut(n).enumerate() {
                for (j, v) in space.v.chunks_exact(n).enumerate().take(steps) {
                    out.iter_mut().zip(v).for_each(|(o, x)| *o += s[j * steps + i] * x);
                }
            }
            let squares = dot(&values, &values);
            return Some(Pairs { values: values[..k].to_vec(), vectors, squares });
        }
        if !goes_on {
            return None;
        }
        next = steps + BETWEEN;
    }
    None
}

/// The largest absolute eigenvalue that is left beside some pairs, to a few digits; the operator is multiplied a dozen times.
pub fn largest_beside(n: usize, pairs: &Pairs, times: impl Fn(&[f64]) -> Vec<f64>) -> f64 {
    let left = |x: &[f64]| {
        let mut out = times(x);
        for (v, value) in pairs.vectors.chunks_exact(n).zip(&pairs.values) {
            let f = value * dot(x, v);
            out.iter_mut().zip(v).for_each(|(o, u)| *o -= f * u);
        }
        out
    };
    // another start than that of the pairs
    let start = probe(n).into_iter().enumerate().map(|(i, v)| if i % 3 == 0 { -v } else { v }).collect();
    let mut space = Krylov::new(start);
    for _ in 0..FEW.min(n) {
        if !space.step(&left) {
            break;
        }
    }
    space.ritz().0.first().map_or(0.0, |v| v.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_a_diagonal_are_found() {
        let values: Vec<f64> = (0..200).map(|i| if i == 3 { -9.0 } else { 10.0 / (1.0 + i as f64).powi(2) }).collect();
        let times = |x: &[f64]| x.iter().zip(&values).map(|(x, v)| x * v).collect::<Vec<f64>>();
        let found = leading(200, 4, 100, times).expect("pairs");
        let expected = [10.0, -9.0, 2.5, 10.0 / 9.0];
        assert!(found.values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12));
        assert!((found.vectors[0].abs() - 1.0).abs() < 1e-12 && (found.vectors[200 + 3].abs() - 1.0).abs() < 1e-12);
        let beside = largest_beside(200, &found, times);
        assert!(beside < 10.0 / 9.0 && beside > 0.3);
    }
}
