//! Linear algebra without any model.
//!
//! | file | holds |
//! |---|---|
//! | `row_major` | `k × k` blocks and the search's own matrices, by rows |
//! | `column_major` | large matrices in tiles, by columns: factors, solves and inverses of the tail |
//! | `products` | products of large matrices by rows |
//! | `triangle` | QR factorizations of a few rows |
//! | `eigen` | eigenvalues of symmetric matrices |
//! | `lanczos` | leading eigenpairs of symmetric operators |
//! | `lanes` | long inner products |
//! | `level` | one level of a grouping factor, its size known to the compiler |
//! | `sparse` | the sparse Cholesky factor that is only shown |

pub mod column_major;
pub mod eigen;
pub mod lanczos;
pub mod lanes;
pub mod level;
pub mod products;
pub mod row_major;
pub mod sparse;
pub mod triangle;
