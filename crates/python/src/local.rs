//! Products with columns that are cubics between knots, without building them.

use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::convert::{compute, local, to_matrix, to_vector, vector};

/// Columns (n, q) at numbers `x`: rows of a cubic, a value and a second derivative for each knot, times a map.
#[pyfunction]
pub fn local_product<'py>(
    py: Python<'py>,
    x: PyReadonlyArray1<'py, f64>,
    knots: PyReadonlyArray1<'py, f64>,
    map: PyReadonlyArray2<'py, f64>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let own = local(&x, &knots, &map)?;
    let found = compute(py, || Ok(own.product()))?;
    to_matrix(py, found, own.n(), own.q)
}

/// Sums of the rows of the cubic, each times its factor: of all values, then of all second derivatives.
#[pyfunction]
pub fn local_sums<'py>(
    py: Python<'py>,
    x: PyReadonlyArray1<'py, f64>,
    knots: PyReadonlyArray1<'py, f64>,
    map: PyReadonlyArray2<'py, f64>,
    factors: PyReadonlyArray1<'py, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (own, factors) = (local(&x, &knots, &map)?, vector(&factors));
    let found = compute(py, || Ok(own.sums(&factors)))?;
    Ok(to_vector(py, found))
}

/// Sum of all rows of the cubic, and the largest sum of absolute values of a row of the columns.
#[pyfunction]
pub fn local_summary<'py>(
    py: Python<'py>,
    x: PyReadonlyArray1<'py, f64>,
    knots: PyReadonlyArray1<'py, f64>,
    map: PyReadonlyArray2<'py, f64>,
) -> PyResult<(Bound<'py, PyArray1<f64>>, f64)> {
    let own = local(&x, &knots, &map)?;
    let (sums, largest) = compute(py, || Ok((own.sums(&vec![1.0; own.n()]), own.largest_sum())))?;
    Ok((to_vector(py, sums), largest))
}
