//! Standard deviations around a correlation matrix: `S = D C D`.

use super::axis::Axis;
use super::correlation::Correlation;
use super::family::Family;

/// One standard deviation, or one for each column, and then ρ.
#[derive(Clone, Debug)]
pub struct Scaled {
    k: usize,
    correlation: Correlation,
    /// Whether each column has a standard deviation of its own.
    heterogeneous: bool,
}

impl Scaled {
    /// Of k columns.
    pub fn new(k: usize, correlation: Correlation, heterogeneous: bool) -> Scaled {
        Scaled { k, correlation, heterogeneous }
    }

    fn n_scales(&self) -> usize {
        if self.heterogeneous { self.k } else { 1 }
    }

    /// Standard deviations of the columns, and ρ.
    fn split(&self, theta: &[f64]) -> (Vec<f64>, f64) {
        let sd = if self.heterogeneous { theta[..self.k].to_vec() } else { vec![theta[0]; self.k] };
        (sd, theta[self.n_scales()])
    }
}

impl Family for Scaled {
    fn k(&self) -> usize {
        self.k
    }

    /// The sign of a standard deviation must not change against those of others with which it shares ρ.
    fn axes(&self) -> Vec<Axis> {
        let (low, high) = self.correlation.bounds(self.k);
        let mut axes = vec![if self.heterogeneous { Axis::Square } else { Axis::Same }; self.n_scales()];
        axes.push(Axis::Between { low, high });
        axes
    }

    fn is_scale(&self, parameter: usize) -> bool {
        parameter < self.n_scales()
    }

    fn factor(&self, theta: &[f64]) -> Vec<f64> {
        let (sd, rho) = self.split(theta);
        let mut t = self.correlation.root(rho, self.k);
        t.iter_mut().enumerate().for_each(|(e, v)| *v *= sd[e / self.k]);
        t
    }

    fn moves(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let (k, (sd, rho)) = (self.k, self.split(theta));
        let [c, dc, _] = self.correlation.matrices(rho, k);
        // ∂(ss')_ij = e_i s_j + s_i e_j with e = ∂s
        let by_scale = |a: usize| -> Vec<f64> {
            let e = |i: usize| if !self.heterogeneous || i == a { 1.0 } else { 0.0 };
            (0..k * k).map(|x| (e(x / k) * sd[x % k] + sd[x / k] * e(x % k)) * c[x]).collect()
        };
        let mut out: Vec<Vec<f64>> = (0..self.n_scales()).map(by_scale).collect();
        out.push((0..k * k).map(|x| sd[x / k] * sd[x % k] * dc[x]).collect());
        out
    }

    fn bend(&self, theta: &[f64], m: &[f64]) -> Vec<f64> {
        let (k, n_scales, (sd, rho)) = (self.k, self.n_scales(), self.split(theta));
        let n = n_scales + 1;
        let [c, dc, ddc] = self.correlation.matrices(rho, k);
        // column i of M belongs to the standard deviation `own(i)`
        let own = |i: usize| if self.heterogeneous { i } else { 0 };
        let mut out = vec![0.0; n * n];
        for i in 0..k {
            for j in 0..k {
                let (x, a, b) = (i * k + j, own(i), own(j));
                out[a * n + b] += m[x] * c[x];
                out[b * n + a] += m[x] * c[x];
                out[a * n + n_scales] += m[x] * sd[j] * dc[x];
                out[b * n + n_scales] += m[x] * sd[i] * dc[x];
                out[n * n - 1] += m[x] * sd[i] * sd[j] * ddc[x];
            }
        }
        (0..n_scales).for_each(|a| out[n_scales * n + a] = out[a * n + n_scales]);
        out
    }
}
