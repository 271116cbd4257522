//! Single steps of the search.
//!
//! | file | holds |
//! |---|---|
//! | `cone` | the minimum of the quadratic model over all of the cone |
//! | `face` | Newton's step among matrices of one rank, and in coordinates of any kind |
//! | `line` | how far to go along a step |
//! | `correction` | corrections of an inexact Hessian from observed gradients |

pub mod cone;
pub mod correction;
pub mod face;
pub mod line;
