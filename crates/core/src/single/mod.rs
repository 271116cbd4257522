//! One grouping factor and nothing else: the same numbers from sums over classes of equal levels.
//!
//! | file | holds |
//! |---|---|
//! | `sums` | the sums over classes at one T: start here |
//! | `reduction` | criterion and derivatives from them |
//! | `classes` | which levels are equal |

pub mod classes;
pub mod reduction;
pub mod sums;
