//! What a search asks of a model.

use super::curvature::{Along, Curvature};
use super::facts::Facts;
use super::point::At;
use super::root::PartRoot;
use super::space::Space;
use crate::blocks::directions::Change;
use crate::error::CoreError;

/// A model whose criterion depends on the covariances of its random effects. The search knows nothing else of it.
pub trait Evaluator: Sync {
    /// What an evaluation leaves for the derivatives.
    type State;

    /// What does not depend on S.
    fn facts(&self) -> Facts;

    /// The criterion at S̃ = FF', given by its roots F (`d × r` per part).
    fn evaluate(&self, space: &Space, roots: &[PartRoot]) -> Result<At<Self::State>, CoreError>;

    /// Derivatives by the elements of S̃; takes the state.
    fn curvature(&self, space: &Space, at: &mut At<Self::State>) -> Result<Curvature, CoreError>;

    /// Derivatives along some changes of S, at the cost of these alone; takes the state.
    fn along(&self, space: &Space, at: &mut At<Self::State>, changes: &[Change]) -> Result<Along, CoreError>;

    /// The model with one block of random effects alone, and the parts that belong to it, where fitting them one by one is cheap
    /// beside an evaluation of them all; none when there are no more.
    fn alone(&self, block: usize) -> Option<(Self, Vec<usize>)>
    where
        Self: Sized;
}
