//! Thin plates of one variable for Python.

use lmm_core::matrix::lanczos::Pairs;
use lmm_core::plates;
use numpy::{PyArray1, PyArray2, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::convert::{compute, to_matrix, to_vector, vector};

/// Values, and vectors by rows.
type Arrays<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray2<f64>>);

/// The k leading eigenpairs of |x_i − x_j|^e for increasing x and odd e, or none.
#[pyfunction]
pub fn line_pairs<'py>(
    py: Python<'py>,
    x: PyReadonlyArray1<'py, f64>,
    exponent: usize,
    k: usize,
) -> PyResult<Option<Arrays<'py>>> {
    let x = vector(&x);
    let found = compute(py, || plates::leading_pairs(&x, exponent, k))?;
    let shaped = |pairs: Pairs| Ok((to_vector(py, pairs.values), to_matrix(py, pairs.vectors, k, x.len())?));
    found.map(shaped).transpose()
}
