//! The engine for Python: one class, and the sparse factor.

use std::sync::Arc;

use lmm_core::design::model;
use lmm_core::error::CoreError;
use lmm_core::matrix::sparse;
use lmm_core::problem;
use lmm_core::profile::{self, Estimates};
use lmm_core::search::{Control, Outcome};
use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::answers::{self, Deviance, Evaluation, Products, Spread, Stack, by_block};
use crate::chart::Chart;
use crate::convert::{TermInput, choice, columns, compute, room_for_copies, squares, to_matrix, vector};
use crate::profile::{Surface, parameter, watched};

/// Cross-products of one data set.
#[pyclass(frozen, module = "lmm._core")]
pub struct Problem {
    pub inner: Arc<problem::Problem>,
    pub n_fixed: usize,
}

impl Problem {
    fn sizes(&self) -> Vec<usize> {
        self.inner.terms().iter().map(|t| t.k).collect()
    }
}

#[pymethods]
impl Problem {
    #[new]
    #[pyo3(signature = (y, x, weights, terms, tail = "auto", memory_limit = None))]
    fn new(
        py: Python<'_>,
        y: PyReadonlyArray1<'_, f64>,
        x: PyReadonlyArray2<'_, f64>,
        weights: Option<PyReadonlyArray1<'_, f64>>,
        terms: Vec<TermInput<'_>>,
        tail: &str,
        memory_limit: Option<usize>,
    ) -> PyResult<Self> {
        let tail = choice(tail)?;
        room_for_copies(x.as_array().dim(), &terms)?;
        let n_fixed = x.as_array().ncols();
        let (y, x, weights) = (vector(&y), columns(&x), weights.as_ref().map(vector));
        let terms = terms.iter().map(TermInput::to_term).collect::<PyResult<Vec<_>>>()?;
        let inner = compute(py, || {
            let design = model::Design::new(y.len(), x, weights.as_deref(), terms, tail, memory_limit)?;
            problem::Problem::new(&design, &y)
        })?;
        Ok(Problem { inner: Arc::new(inner), n_fixed })
    }

    /// This problem under the weights of a design that was reweighed from its own, with another response.
    fn refilled(&self, py: Python<'_>, design: &crate::design::Design, y: PyReadonlyArray1<'_, f64>) -> PyResult<Self> {
        let (mut inner, y) = (problem::Problem::clone(&self.inner), vector(&y));
        compute(py, || inner.refill(&design.inner, &y))?;
        Ok(Problem { inner: Arc::new(inner), n_fixed: self.n_fixed })
    }

    /// How the columns are kept that elimination level by level leaves: whether sparse, their number, and the multiplications of
    /// one factorization as it is and as a full triangle.
    fn tail(&self) -> (bool, usize, f64, f64) {
        self.inner.tail()
    }

    /// Criterion, solution and, if asked for, the gradient at T.
    fn evaluate(
        &self,
        py: Python<'_>,
        t: Vec<PyReadonlyArray2<'_, f64>>,
        reml: bool,
        gradient: bool,
    ) -> PyResult<Evaluation> {
        let t = squares(&t, &self.sizes())?;
        Evaluation::new(py, self.inner.terms(), compute(py, || self.inner.evaluate(&t, reml, gradient))?)
    }

    /// The same with n log GCV as the criterion.
    fn cross_validate(
        &self,
        py: Python<'_>,
        t: Vec<PyReadonlyArray2<'_, f64>>,
        gradient: bool,
    ) -> PyResult<Evaluation> {
        let t = squares(&t, &self.sizes())?;
        Evaluation::new(py, self.inner.terms(), compute(py, || self.inner.cross_validate(&t, gradient))?)
    }

    /// Diagonal blocks of ΛCΛ' per term.
    fn conditional(&self, py: Python<'_>, t: Vec<PyReadonlyArray2<'_, f64>>, reml: bool) -> PyResult<Vec<Stack>> {
        let t = squares(&t, &self.sizes())?;
        by_block(py, self.inner.terms(), compute(py, || self.inner.conditional(&t, reml))?)
    }

    /// Average information for the distinct elements of S.
    fn average_information<'py>(
        &self,
        py: Python<'py>,
        t: Vec<PyReadonlyArray2<'py, f64>>,
        reml: bool,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let t = squares(&t, &self.sizes())?;
        let a = compute(py, || self.inner.average_information(&t, reml))?;
        let n = a.len().isqrt();
        to_matrix(py, a, n, n)
    }

    /// Average information, and how the fixed effects move with S.
    fn spread(&self, py: Python<'_>, t: Vec<PyReadonlyArray2<'_, f64>>, reml: bool) -> PyResult<Spread> {
        let t = squares(&t, &self.sizes())?;
        Spread::new(py, self.inner.terms(), compute(py, || self.inner.spread(&t, reml))?)
    }

    /// `[Z X y]'W[Z X y]` in internal units, terms in order, and the units.
    fn products(&self, py: Python<'_>) -> PyResult<Products> {
        Products::new(py, self.inner.terms(), compute(py, || self.inner.products())?)
    }

    /// The number of the connected part of each level, term by term.
    fn connected<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let found = compute(py, || Ok(self.inner.connected()))?;
        Ok(PyArray1::from_vec(py, found))
    }

    /// The deviance with σ explicit and fixed effects held: its value, and its derivatives by roots, log σ and what is held.
    fn deviance(
        &self,
        py: Python<'_>,
        roots: Vec<PyReadonlyArray2<'_, f64>>,
        log_sigma: f64,
        held: (Vec<usize>, PyReadonlyArray1<'_, f64>),
        reml: bool,
    ) -> PyResult<Deviance> {
        let (roots, beta) = (squares(&roots, &self.sizes())?, vector(&held.1));
        let found = compute(py, || self.inner.deviance(&roots, log_sigma, &held.0, &beta, reml))?;
        Deviance::new(py, self.inner.terms(), found)
    }

    /// The deviance around the optimum (T, σ, β, standard errors of β), with parameters held: kind, term, one or two columns.
    fn surface<'py>(
        &self,
        py: Python<'py>,
        t: Vec<PyReadonlyArray2<'py, f64>>,
        optimum: (f64, PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, f64>),
        held: Vec<(String, usize, usize, usize)>,
        reml: bool,
        check: Option<Py<PyAny>>,
    ) -> PyResult<Surface> {
        let t = squares(&t, &self.sizes())?;
        let estimates = Estimates { t, sigma: optimum.0, beta: vector(&optimum.1), errors: vector(&optimum.2) };
        let held = held.iter().map(parameter).collect::<PyResult<Vec<_>>>()?;
        let inner = watched(py, check, |check| profile::Surface::new(&self.inner, &estimates, &held, reml, check))?;
        Ok(Surface { problem: self.inner.clone(), inner: Arc::new(inner) })
    }

    /// Searches for the optimum; `check(iteration, criterion)` may stop it.
    #[pyo3(signature = (reml, start, hold, limits, check))]
    fn optimize<'py>(
        &self,
        py: Python<'py>,
        reml: bool,
        start: Option<Vec<PyReadonlyArray2<'py, f64>>>,
        hold: Option<Vec<PyReadonlyArray2<'py, bool>>>,
        limits: (usize, f64),
        check: Option<Py<PyAny>>,
    ) -> PyResult<answers::Outcome> {
        let start = start.map(|t| squares(&t, &self.sizes())).transpose()?;
        let hold: Option<Vec<Vec<bool>>> =
            hold.map(|h| h.iter().map(|m| m.as_array().iter().copied().collect()).collect());
        let control = Control { max_iterations: limits.0, tolerance: limits.1 };
        let found =
            asking(py, check, |ask| self.inner.optimise(reml, start.as_deref(), hold.as_deref(), &control, ask))?;
        answers::Outcome::new(py, &self.inner, found)
    }

    /// Searches over the coordinates of a chart, from some starts; by cross-validation without `reml`.
    fn optimize_chart<'py>(
        &self,
        py: Python<'py>,
        reml: Option<bool>,
        chart: &Chart,
        starts: Vec<PyReadonlyArray1<'py, f64>>,
        limits: (usize, f64),
        check: Option<Py<PyAny>>,
    ) -> PyResult<answers::Outcome> {
        chart.check_terms(&self.sizes())?;
        let starts = starts.iter().map(|eta| chart.coordinates(eta)).collect::<PyResult<Vec<_>>>()?;
        let control = Control { max_iterations: limits.0, tolerance: limits.1 };
        let found = asking(py, check, |ask| match reml {
            Some(reml) => self.inner.optimise_chart(reml, chart.inner.as_ref(), &starts, &control, ask),
            None => self.inner.optimise_validation(chart.inner.as_ref(), &starts, &control, ask),
        })?;
        answers::Outcome::new(py, &self.inner, found)
    }
}

/// Runs a search with signals and Python's own check once an iteration, so that Ctrl-C stops a long search.
fn asking(
    py: Python<'_>,
    check: Option<Py<PyAny>>,
    search: impl FnOnce(lmm_core::search::Check<'_>) -> Result<Outcome, CoreError> + Send,
) -> PyResult<Outcome> {
    let mut raised: Option<PyErr> = None;
    let mut ask = |iteration: usize, criterion: f64| {
        let answer = Python::attach(|py| {
            py.check_signals()?;
            check.as_ref().map_or(Ok(()), |f| f.call1(py, (iteration, criterion)).map(|_| ()))
        });
        raised = answer.err();
        raised.is_none()
    };
    let found = compute(py, || search(&mut ask));
    match raised {
        Some(error) => Err(error),
        None => found,
    }
}

/// Column starts, rows, values, permutation.
type SparseParts = (Vec<usize>, Vec<usize>, Vec<f64>, Vec<usize>);

/// Sparse Cholesky factor of a symmetric matrix: (column starts, rows, values, permutation).
#[pyfunction]
pub fn sparse_cholesky(
    py: Python<'_>,
    n: usize,
    column_start: Vec<usize>,
    row: Vec<usize>,
    value: PyReadonlyArray1<'_, f64>,
) -> PyResult<SparseParts> {
    let value = vector(&value);
    let found = compute(py, || sparse::cholesky(n, &column_start, &row, &value))?;
    Ok((found.column_start, found.row, found.value, found.permutation))
}
