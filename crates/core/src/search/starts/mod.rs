//! Where searches begin, and whether the criterion has a minimum at all.
//!
//! | file | holds |
//! |---|---|
//! | `start` | a place to begin |
//! | `marginal` | a start from the fits of single factors |
//! | `several` | further starts where several optima are likely |
//! | `directed` | starts along one direction of a term, for weights over many orders |
//! | `fall` | whether the criterion falls without bound |

pub mod directed;
pub mod fall;
pub mod marginal;
pub mod several;
pub mod start;
