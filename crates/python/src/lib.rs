//! Bridge from `lmm-core` to Python: converts, checks shapes, releases the interpreter lock, maps errors. No arithmetic.

use pyo3::prelude::*;

/// Levels of grouping factors are small matrices, many of them: the system's allocator was a third of a nested fit.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod batch;
mod convert;
mod problem;

/// The compiled core of `lmm`.
#[pymodule]
mod _core {
    #[pymodule_export]
    use super::batch::Batch;
    #[pymodule_export]
    use super::convert::{CoreFailure, CoreInterrupted};
    #[pymodule_export]
    use super::problem::{Problem, sparse_cholesky};
}
