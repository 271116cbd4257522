//! Arrays and errors across the border.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lmm_core::design::choice::Choice;
use lmm_core::design::layout::{Columns, Term};
use lmm_core::design::local::Local;
use lmm_core::error::CoreError;
use lmm_core::memory;
use numpy::ndarray::{Array1, Array2, Array3};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray3, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;

pyo3::create_exception!(
    _core,
    CoreFailure,
    PyException,
    "The core could not do what was asked; `args` hold kind and text."
);
pyo3::create_exception!(_core, CoreInterrupted, PyException, "The caller's check asked the search to stop.");

/// One Python exception for each kind of failure.
pub fn failure(error: CoreError) -> PyErr {
    let kind = match &error {
        CoreError::BadInput(_) => "input",
        CoreError::CollinearFixedColumns { .. } => "collinear",
        CoreError::NoResidualVariation => "no-variation",
        CoreError::NotPositiveDefinite { .. } => "not-positive-definite",
        CoreError::UnreliableFactor { .. } => "unreliable",
        CoreError::OutOfMemory { .. } | CoreError::MemoryLimit { .. } => "memory",
        CoreError::Interrupted => return CoreInterrupted::new_err(error.to_string()),
    };
    CoreFailure::new_err((kind, error.to_string()))
}

/// Runs the core without the interpreter lock. Errors become exceptions; so would a panic, which is a fault of the core.
pub fn compute<R: Send>(py: Python<'_>, f: impl FnOnce() -> Result<R, CoreError> + Send) -> PyResult<R> {
    match py.detach(|| catch_unwind(AssertUnwindSafe(f))) {
        Ok(result) => result.map_err(failure),
        Err(_) => Err(CoreFailure::new_err(("internal", "the compiled core met a state that it does not expect"))),
    }
}

/// Copies a vector.
pub fn vector(a: &PyReadonlyArray1<'_, f64>) -> Vec<f64> {
    a.as_array().iter().copied().collect()
}

/// Copies a matrix row by row.
pub fn row_major(a: &PyReadonlyArray2<'_, f64>) -> Vec<f64> {
    a.as_array().iter().copied().collect()
}

/// Columns of a matrix.
pub fn columns(a: &PyReadonlyArray2<'_, f64>) -> Vec<Vec<f64>> {
    a.as_array().columns().into_iter().map(|c| c.iter().copied().collect()).collect()
}

/// Square matrices, one per random term.
pub fn squares(list: &[PyReadonlyArray2<'_, f64>], sizes: &[usize]) -> PyResult<Vec<Vec<f64>>> {
    if list.len() != sizes.len() || list.iter().zip(sizes).any(|(m, &k)| m.as_array().dim() != (k, k)) {
        let text = format!("one square matrix per random term is needed, of sizes {sizes:?}");
        return Err(failure(CoreError::BadInput(text)));
    }
    Ok(list.iter().map(row_major).collect())
}

/// Vector for Python.
pub fn to_vector<'py>(py: Python<'py>, v: Vec<f64>) -> Bound<'py, PyArray1<f64>> {
    Array1::from_vec(v).into_pyarray(py)
}

/// Matrix for Python from rows.
pub fn to_matrix<'py>(
    py: Python<'py>,
    v: Vec<f64>,
    rows: usize,
    columns: usize,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let shaped = Array2::from_shape_vec((rows, columns), v);
    shaped.map(|a| a.into_pyarray(py)).map_err(|e| failure(CoreError::BadInput(e.to_string())))
}

/// Stack of matrices for Python.
pub fn to_stack<'py>(py: Python<'py>, v: Vec<f64>, n: usize, k: usize) -> PyResult<Bound<'py, PyArray3<f64>>> {
    let shaped = Array3::from_shape_vec((n, k, k), v);
    shaped.map(|a| a.into_pyarray(py)).map_err(|e| failure(CoreError::BadInput(e.to_string())))
}

/// A random term as Python hands it in.
#[derive(FromPyObject)]
pub enum TermInput<'py> {
    /// Codes, values or none, number of levels, sizes of the covariance parts.
    #[pyo3(transparent)]
    Group((PyReadonlyArray1<'py, u32>, Option<PyReadonlyArray2<'py, f64>>, usize, Vec<usize>)),
    /// Compressed rows (starts, columns, values), number of levels, sizes of the covariance parts.
    #[pyo3(transparent)]
    Matrix((PyReadonlyArray1<'py, i64>, PyReadonlyArray1<'py, u32>, PyReadonlyArray1<'py, f64>, usize, Vec<usize>)),
    /// Numbers, knots, map: cubics between the knots.
    #[pyo3(transparent)]
    Local((PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, f64>, PyReadonlyArray2<'py, f64>)),
}

/// Columns that are cubics between knots: a map with two rows for each knot.
pub fn local(
    x: &PyReadonlyArray1<'_, f64>,
    knots: &PyReadonlyArray1<'_, f64>,
    map: &PyReadonlyArray2<'_, f64>,
) -> PyResult<Local> {
    let (rows, q) = map.as_array().dim();
    let n_knots = knots.as_array().len();
    if n_knots < 2 || rows != 2 * n_knots {
        return Err(failure(CoreError::BadInput(
            "a map of cubics needs two rows for each of two knots or more".into(),
        )));
    }
    Ok(Local::new(vector(x), vector(knots), &row_major(map), q))
}

/// Whether there is room for the core's own copy of the data.
pub fn room_for_copies((n, p): (usize, usize), terms: &[TermInput<'_>]) -> PyResult<()> {
    let numbers: usize = terms.iter().map(TermInput::numbers).sum();
    memory::check("a copy of the data", n * (p + 2) + numbers).map_err(failure)
}

impl TermInput<'_> {
    fn numbers(&self) -> usize {
        match self {
            TermInput::Group((codes, values, ..)) => {
                codes.as_array().len() + values.as_ref().map_or(0, |v| v.as_array().len())
            }
            TermInput::Matrix((starts, _, value, ..)) => starts.as_array().len() + 2 * value.as_array().len(),
            TermInput::Local((x, ..)) => 2 * x.as_array().len(),
        }
    }

    /// Copies the term into the core's own form.
    pub fn to_term(&self) -> PyResult<Term> {
        let term = |columns, n_levels, parts: &Vec<usize>| Term {
            columns,
            n_levels,
            k: parts.iter().sum(),
            parts: parts.clone(),
            factor: usize::MAX,
        };
        match self {
            TermInput::Group((codes, values, n_levels, parts)) => {
                let codes = codes.as_array().iter().copied().collect();
                Ok(term(Columns::Group { codes, values: values.as_ref().map(row_major) }, *n_levels, parts))
            }
            TermInput::Matrix((starts, column, value, n_levels, parts)) => {
                let row_start = starts.as_array().iter().map(|s| *s as usize).collect();
                let column = column.as_array().iter().copied().collect();
                Ok(term(Columns::Matrix { row_start, column, value: vector(value) }, *n_levels, parts))
            }
            TermInput::Local((x, knots, map)) => {
                let local = local(x, knots, map)?;
                let q = local.q;
                Ok(term(Columns::Local(local), q, &vec![1]))
            }
        }
    }
}

/// How the tail is to be kept.
pub fn choice(name: &str) -> PyResult<Choice> {
    match name {
        "auto" => Ok(Choice::Auto),
        "full" => Ok(Choice::Full),
        "sparse" => Ok(Choice::Sparse),
        _ => Err(PyValueError::new_err(format!("the tail is \"auto\", \"full\" or \"sparse\", not \"{name}\""))),
    }
}
