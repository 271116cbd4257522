//! What a family says of the relative covariance `S = TT'` of the k random effects of one term.

use std::fmt::Debug;

use super::axis::Axis;
use crate::matrix::row_major;

/// S as a function of parameters θ. Matrices are `k × k`, by rows.
pub trait Family: Send + Sync + Debug {
    /// Columns k of the term.
    fn k(&self) -> usize;

    /// The coordinate of each parameter.
    fn axes(&self) -> Vec<Axis>;

    /// Whether a parameter is a standard deviation, which is a multiple of σ and not negative.
    fn is_scale(&self, parameter: usize) -> bool;

    /// T, lower triangular.
    fn factor(&self, theta: &[f64]) -> Vec<f64>;

    /// `∂S` per parameter.
    fn moves(&self, theta: &[f64]) -> Vec<Vec<f64>>;

    /// `<M, ∂²S>` (`n × n`) for a symmetric M.
    fn bend(&self, theta: &[f64], m: &[f64]) -> Vec<f64>;

    /// `<M, ∂S>` per parameter.
    fn slopes(&self, theta: &[f64], m: &[f64]) -> Vec<f64> {
        self.moves(theta).iter().map(|d| row_major::dot(d, m)).collect()
    }
}
