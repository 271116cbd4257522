//! All of a model but its response: which columns there are, in which units, and in which order they are eliminated.
//!
//! | file | holds |
//! |---|---|
//! | `model` | the whole: start here |
//! | `layout` | random terms as blocks: which are eliminated level by level, and which form the tail |
//! | `local` | columns that are never built: cubics between knots, times a map |
//! | `choice`, `pattern` | whether the tail is full or sparse; which entries of a sparse one are not zero |
//! | `scaling` | internal units, so that the optimum does not move with those of the data |
//! | `checks` | what is refused |

pub mod checks;
pub mod choice;
pub mod layout;
pub mod local;
pub mod model;
pub mod pattern;
pub mod scaling;
