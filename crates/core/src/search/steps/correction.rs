//! Corrections of an inexact Hessian from observed gradients (symmetric, of rank one: SR1).

use crate::matrix::row_major;

/// Symmetric rank-one corrections of an inexact Hessian from the gradients that were seen.
pub struct Correction {
    matrix: Vec<f64>,
    last: Option<(Vec<f64>, Vec<f64>)>,
}

impl Correction {
    /// Nothing seen yet.
    pub fn new(n: usize) -> Self {
        Correction { matrix: vec![0.0; n * n], last: None }
    }

    /// Adds what is known to an inexact Hessian, after learning from the gradient here.
    pub fn apply(&mut self, s: &[f64], gradient: &[f64], hessian: &mut [f64], exact: bool) {
        let n = s.len();
        if exact {
            return;
        }
        if let Some((s0, g0)) = &self.last {
            let step: Vec<f64> = s.iter().zip(s0).map(|(a, b)| a - b).collect();
            let hs = row_major::multiply(hessian, &step, n, n, 1);
            let cs = row_major::multiply(&self.matrix, &step, n, n, 1);
            let rest: Vec<f64> = (0..n).map(|i| gradient[i] - g0[i] - hs[i] - cs[i]).collect();
            let d = row_major::dot(&rest, &step);
            if d.abs() > 1e-8 * (row_major::dot(&rest, &rest) * row_major::dot(&step, &step)).sqrt() {
                row_major::multiply_add(&mut self.matrix, 1.0 / d, &rest, &rest, n, 1, n);
            }
        }
        self.last = Some((s.to_vec(), gradient.to_vec()));
        hessian.iter_mut().zip(&self.matrix).for_each(|(h, e)| *h += e);
    }
}
