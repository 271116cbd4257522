//! One response: cross-products in blocks, their elimination at one T, and what follows from it.
//!
//! With `A = [Z X y]'W[Z X y]` the work is the Cholesky factor of `Λ'Z'WZΛ + I` bordered by X and y. Blocks of nested factors (the
//! chain) are eliminated level by level; what they leave is the tail.
//!
//! | file | holds |
//! |---|---|
//! | `cross`, `chain`, `tail` | A in blocks: start here |
//! | `accumulate`, `rows_of_z` | A from the rows |
//! | `locals` | the same for local columns, of which four numbers a row are summed |
//! | `factor` | elimination at one T: log-determinants and the penalized residual sum of squares |
//! | `solve` | β, u, b and `Z'We` from a factor |
//! | `inverse` | diagonal blocks of the inverse: conditional covariances |
//! | `slopes` | `Σ Z_j'QZ_j` for the gradient |
//! | `directions`, `information` | directions of S, and average information along them |
//! | `dense` | all derivatives of small designs, with the exact Hessian |
//! | `solid` | whether numbers go through the inverse of T, or through differences |
//! | `rows` | factors of small designs from their rows, where cross-products lose digits |

pub mod accumulate;
pub mod chain;
pub mod cross;
pub mod dense;
pub mod directions;
pub mod factor;
pub mod information;
pub mod inverse;
pub mod locals;
pub mod rows;
pub mod rows_of_z;
pub mod slopes;
pub mod solid;
pub mod solve;
pub mod tail;
