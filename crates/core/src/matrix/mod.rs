//! Linear algebra without any model.
//!
//! | file | holds |
//! |---|---|
//! | `small` | `k × k` blocks and the search's own matrices, row-major |
//! | `dense` | large matrices in tiles, column-major; products of row-major ones |
//! | `eigen` | eigenvalues of symmetric matrices |
//! | `lanes` | long inner products |
//! | `level` | one level of a grouping factor, its size known to the compiler |
//! | `sparse` | the sparse Cholesky factor that is only shown |

pub mod dense;
pub mod eigen;
pub mod lanes;
pub mod level;
pub mod small;
pub mod sparse;
