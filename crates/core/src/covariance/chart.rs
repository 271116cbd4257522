//! What a search asks of coordinates.

use crate::error::CoreError;

/// A symmetric `k × k` matrix for each term that moves.
pub type Move = Vec<(usize, Vec<f64>)>;

/// Coordinates of the covariances of all terms, in the user's units.
pub trait Chart: Sync {
    /// Number of coordinates that may move.
    fn n(&self) -> usize;

    /// T per term (`k × k`): S = TT'.
    fn factors(&self, eta: &[f64]) -> Result<Vec<Vec<f64>>, CoreError>;

    /// `∂S` per coordinate.
    fn moves(&self, eta: &[f64]) -> Result<Vec<Move>, CoreError>;

    /// `Σ <M, ∂²S>` (`n × n`) for M per term.
    fn bend(&self, eta: &[f64], m: &[Vec<f64>]) -> Result<Vec<f64>, CoreError>;
}
