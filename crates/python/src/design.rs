//! A design that waits for its responses.

use std::sync::Arc;

use lmm_core::design::model;
use lmm_core::problem;
use lmm_core::search::Control;
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::convert::{
    TermInput, choice, columns, compute, room_for_copies, squares, to_matrix, to_stack, to_vector, vector,
};
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
        let terms = terms.iter().map(TermInput::to_term).collect();
        let inner = compute(py, || model::Design::new(n, x, weights.as_deref(), terms, tail))?;
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
    ) -> PyResult<Bound<'py, PyDict>> {
        let sizes = self.inner.sizes();
        let start = start.map(|t| squares(&t, &sizes)).transpose()?;
        let control = Control { max_iterations: limits.0, tolerance: limits.1 };
        let y = columns(&responses);
        let y: Vec<&[f64]> = y.iter().map(Vec::as_slice).collect();
        let found = compute(py, || Ok(self.inner.fit_all(&y, reml, start.as_deref(), &control)))?;
        let count = found.len();
        let number = |f: fn(&lmm_core::batch::Refit) -> f64| -> Vec<f64> {
            found.iter().map(|r| r.as_ref().map_or(f64::NAN, f)).collect()
        };
        let fact = |f: fn(&lmm_core::batch::Refit) -> bool| -> Vec<bool> {
            found.iter().map(|r| r.as_ref().is_ok_and(f)).collect()
        };
        let out = PyDict::new(py);
        out.set_item("criterion", to_vector(py, number(|r| r.criterion)))?;
        out.set_item("sigma", to_vector(py, number(|r| r.sigma)))?;
        out.set_item("converged", fact(|r| r.converged))?;
        out.set_item("singular", fact(|r| r.singular))?;
        let missing = vec![f64::NAN; self.n_fixed];
        let beta = found.iter().flat_map(|r| r.as_ref().map_or(missing.clone(), |r| r.beta.clone())).collect();
        out.set_item("beta", to_matrix(py, beta, count, self.n_fixed)?)?;
        let mut factors = Vec::new();
        for (term, k) in sizes.iter().enumerate() {
            let blank = vec![f64::NAN; k * k];
            let t = found.iter().flat_map(|r| r.as_ref().map_or(blank.clone(), |r| r.t[term].clone())).collect();
            factors.push(to_stack(py, t, count, *k)?);
        }
        out.set_item("T", factors)?;
        Ok(out)
    }
}
