//! A design that waits for its responses.

use std::sync::Arc;

use lmm_core::design::model;
use lmm_core::problem;
use lmm_core::search::Control;
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::answers::Refits;
use crate::convert::{TermInput, choice, columns, compute, room_for_copies, squares, vector};
use crate::problem::Problem;

/// All of a model but its response.
#[pyclass(frozen, module = "lmm._core")]
pub struct Design {
    pub inner: model::Design,
    n_fixed: usize,
}

#[pymethods]
impl Design {
    #[new]
    #[pyo3(signature = (x, weights, terms, tail = "auto"))]
    fn new(
        py: Python<'_>,
        x: PyReadonlyArray2<'_, f64>,
        weights: Option<PyReadonlyArray1<'_, f64>>,
        terms: Vec<TermInput<'_>>,
        tail: &str,
    ) -> PyResult<Self> {
        let (n, n_fixed) = x.as_array().dim();
        let tail = choice(tail)?;
        room_for_copies((n, n_fixed), &terms)?;
        let (x, weights) = (columns(&x), weights.as_ref().map(vector));
        let terms = terms.iter().map(TermInput::to_term).collect::<PyResult<Vec<_>>>()?;
        let inner = compute(py, || model::Design::new(n, x, weights.as_deref(), terms, tail, None))?;
        Ok(Design { inner, n_fixed })
    }

    /// The same columns (X is given again, random terms are shared) under other weights.
    fn reweigh(
        &self,
        py: Python<'_>,
        x: PyReadonlyArray2<'_, f64>,
        weights: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<Self> {
        let (x, weights) = (columns(&x), vector(&weights));
        Ok(Design { inner: compute(py, || self.inner.reweigh(x, &weights))?, n_fixed: self.n_fixed })
    }

    /// The problem of one response.
    fn problem(&self, py: Python<'_>, y: PyReadonlyArray1<'_, f64>) -> PyResult<Problem> {
        let y = vector(&y);
        let inner = compute(py, || problem::Problem::new(&self.inner, &y))?;
        Ok(Problem { inner: Arc::new(inner), n_fixed: self.n_fixed })
    }

    /// Fits each column of `responses`; what could not be fitted is missing.
    fn fit<'py>(
        &self,
        py: Python<'py>,
        responses: PyReadonlyArray2<'py, f64>,
        reml: bool,
        start: Option<Vec<PyReadonlyArray2<'py, f64>>>,
        limits: (usize, f64),
    ) -> PyResult<Refits> {
        let sizes = self.inner.sizes();
        let start = start.map(|t| squares(&t, &sizes)).transpose()?;
        let control = Control { max_iterations: limits.0, tolerance: limits.1 };
        let y = columns(&responses);
        let y: Vec<&[f64]> = y.iter().map(Vec::as_slice).collect();
        let found = compute(py, || Ok(self.inner.fit_all(&y, reml, start.as_deref(), &control)))?;
        Refits::new(py, &sizes, self.n_fixed, &found)
    }
}
