//! A place where a search may begin.

use crate::matrix::row_major;
use crate::search::facts::Facts;

/// S of all parts.
pub type Start = Vec<Vec<f64>>;

/// A multiple of the identity in all parts.
pub fn uniform(facts: &Facts, value: f64) -> Start {
    facts.parts.iter().map(|p| row_major::identity(p.k).iter().map(|v| value * v).collect()).collect()
}
