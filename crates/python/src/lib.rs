//! Bridge from `lmm-core` to Python.
use pyo3::prelude::*;

/// The compiled core.
#[pymodule]
mod _core {}
