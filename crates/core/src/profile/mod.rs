//! Profiles of the likelihood: the deviance minimized over all parameters but some that are held.
//!
//! A profile holds a standard deviation, a correlation, σ or a fixed effect itself. `search` cannot: it searches in `S = G/σ²` with
//! σ profiled out, where a standard deviation of the random effects is no coordinate. So the deviance is taken with σ explicit, in
//! coordinates that have what is held as elements, are smooth up to the boundary, and need no constraint: the minimum is an
//! unconstrained one over the rest. One evaluation gives value and slope from one factor; the curvature is learnt on the way (BFGS)
//! from that at the optimum.
//!
//! | file | holds |
//! |---|---|
//! | `parameter` | what is held, and the optimum |
//! | `deviance` | the deviance with σ explicit and fixed effects held, and its slope |
//! | `coordinates` | everything in one vector, with the held parameters as elements |
//! | `surface` | the deviance around the optimum; minimizing over what is not held |
//! | `curve` | one held parameter: walking out until the signed root of the deviance difference has a value |

pub mod coordinates;
pub mod curve;
pub mod deviance;
pub mod parameter;
pub mod surface;
#[cfg(test)]
mod tests;

pub use curve::{Curve, Node, Reached};
pub use parameter::{Check, Estimates, Parameter};
pub use surface::{Place, Surface};
