//! Linear mixed models: the mathematics, without any Python.
//!
//! `y = Xβ + ZΛu + ε`, `u ~ N(0, σ²I)`, `ε ~ N(0, σ²W⁻¹)`; Λ repeats one `k × k` factor T per random term over its levels.
//!
//! The optimum over S = TT' of `log|Λ'Z'WZΛ + I| [+ log|X'V⁻¹X|] + m log r²` is searched; r² is the penalized residual sum of squares.
//! All works from cross-products that are summed once. Start reading at `problem`, then go down: each line uses only what stands
//! below it.
//!
//! | place | holds |
//! |---|---|
//! | `profile/` | the deviance with σ explicit, minimized over all parameters but those that a profile holds |
//! | `batch` | many responses on one design |
//! | `validation/` | generalised cross-validation in place of a likelihood |
//! | `problem`, `spread`, `products` | one response in the user's units: what the bridge calls |
//! | `search/` | the search for the optimum; it knows a model by two questions |
//! | `system`, `translate` | one response in internal units; between these and the user's |
//! | `single/` | one grouping factor: sums over classes of equal levels |
//! | `blocks/` | cross-products in blocks, their elimination at one T, and what follows from it |
//! | `covariance/` | families of covariances with few parameters, and the coordinates in which they are searched |
//! | `design/` | all of a model but its response: columns, units, order of elimination |
//! | `plates` | thin plates of one variable: columns of smooth terms |
//! | `matrix/` | linear algebra without any model |
//! | `parallel`, `memory`, `error` | fixed pieces of work on all cores; room for large blocks; what can go wrong |
#![forbid(unsafe_code)]

pub mod batch;
pub mod blocks;
pub mod covariance;
pub mod design;
pub mod error;
pub mod matrix;
pub mod memory;
pub mod parallel;
pub mod plates;
pub mod problem;
pub mod products;
pub mod profile;
pub mod search;
pub mod single;
pub mod spread;
pub mod system;
pub mod translate;
pub mod validation;
