//! Bridge from `lmm-core` to Python: converts, checks shapes, releases the interpreter lock, maps errors. No arithmetic.

use pyo3::prelude::*;

mod allocator;
mod answers;
mod chart;
mod convert;
mod design;
mod local;
mod plates;
mod problem;
mod profile;

#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator;

/// The compiled core of `lmm`.
#[pymodule]
mod _core {
    #[pymodule_export]
    use super::answers::{Deviance, Evaluation, Outcome, Products, Refits, Spread, Trace};
    #[pymodule_export]
    use super::chart::Chart;
    #[pymodule_export]
    use super::convert::{CoreFailure, CoreInterrupted};
    #[pymodule_export]
    use super::design::Design;
    #[pymodule_export]
    use super::local::{local_product, local_summary, local_sums};
    #[pymodule_export]
    use super::plates::line_pairs;
    #[pymodule_export]
    use super::problem::{Problem, sparse_cholesky};
    #[pymodule_export]
    use super::profile::{Curve, Surface};
}
