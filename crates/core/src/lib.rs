//! Linear mixed models: the mathematics, without any Python.
//!
//! `y = Xβ + ZΛu + ε`, `u ~ N(0, σ²I)`, `ε ~ N(0, σ²W⁻¹)`; Λ repeats one `k × k` factor T per random term over its levels.
//!
//! | file | holds |
//! |---|---|
//! | `layout` | which terms are eliminated level by level, and which form the dense tail |
//! | `scaling` | internal units, so that the optimum does not move with those of the data |
//! | `cross` | cross-products `[Z X y]'W[Z X y]` in blocks, from one pass over the rows |
//! | `factor` | block elimination at one T: log-determinants and the penalized residual sum of squares |
//! | `solve` | β, u, b and `Z'We` from a factor |
//! | `inverse` | diagonal blocks of the inverse: conditional covariances and the gradient |
//! | `directions`, `information`, `traces` | directions of S; average information along them, and what the exact Hessian needs beyond it |
//! | `single`, `single_factor`, `level`, `classes` | the same for one grouping factor, by classes of equal levels |
//! | `rows` | factors of small designs from their rows, where cross-products lose digits |
//! | `parallel` | fixed pieces of work on all cores, results in order |
//! | `optimum` | the search: steps in the cone of S, Newton steps on its face, or over the coordinates of a chart |
//! | `translate` | factors, changes and slopes of S between the user's units and the engine's |
//! | `profile` | the deviance with σ explicit, minimized over all parameters but those that a profile holds |
//! | `spread` | average information, and how the fixed effects move with S, without the inverse |
//! | `memory` | whether there is room for large blocks |
//! | `checks` | what is refused |
//! | `design`, `batch` | all of a model but the response, and many responses fitted on it |
//! | `slopes` | `Σ Z_j'QZ_j` for the gradient |
//! | `products` | the cross-products in the order of the terms, for inference |
//! | `problem` | all of it in the user's units: start reading here |
//! | `tail` | what the chain leaves: one full triangle, or a sparse one with its own order of elimination |
//! | `small`, `dense`, `sparse` | linear algebra of k × k blocks, of the tail, and of the sparse factor that is only shown |
#![forbid(unsafe_code)]

pub mod batch;
pub mod checks;
pub mod classes;
pub mod cross;
pub mod dense;
pub mod design;
pub mod directions;
pub mod error;
pub mod factor;
pub mod information;
pub mod inverse;
pub mod layout;
pub mod level;
pub mod memory;
pub mod optimum;
pub mod parallel;
pub mod problem;
pub mod products;
pub mod profile;
pub mod rows;
pub mod scaling;
pub mod single;
pub mod single_factor;
pub mod slopes;
pub mod small;
pub mod solve;
pub mod sparse;
pub mod spread;
pub mod tail;
pub mod traces;
pub mod translate;
