//! The search for the optimum: steps in S inside the cone of positive semidefinite matrices while far away, Newton's step among
//! matrices of the same rank when near. Working in S has no false stops: the gradient with respect to T vanishes at T = 0, that
//! with respect to S does not.
//!
//! | file | holds |
//! |---|---|
//! | `evaluator`, `facts` | what a search asks of a model, and knows of it: all that it sees of the data |
//! | `searches` | the searches from all starts: start here |
//! | `walk`, `steps` | one search, and its steps |
//! | `starts` | where searches begin |
//! | `charted` | the search over coordinates of S: structures, ties, held parameters |
//! | `space`, `root`, `identified` | coordinates of S per part, their rank, and what the data identify |
//! | `point`, `curvature`, `outcome` | places, derivatives there, and the end |
//! | `blocks_evaluator` | the criterion and its derivatives from cross-products |

pub mod blocks_evaluator;
pub mod charted;
pub mod curvature;
pub mod evaluator;
pub mod facts;
pub mod identified;
pub mod outcome;
pub mod point;
pub mod root;
pub mod searches;
pub mod space;
pub mod starts;
pub mod steps;
#[cfg(test)]
mod tests;
pub mod walk;

pub use outcome::{Check, Control, Outcome};
