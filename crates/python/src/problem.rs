//! The engine for Python: one class, and the sparse factor.

use std::sync::{Arc, Mutex};

use lmm_core::design::model;
use lmm_core::error::CoreError;
use lmm_core::matrix::sparse;
use lmm_core::problem;
use lmm_core::profile::{self, Estimates};
use lmm_core::search::{Control, Outcome};
use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::chart::PythonChart;
use crate::convert::{
    TermInput, choice, columns, compute, failure, room_for_copies, squares, to_matrix, to_stack, to_vector, vector,
};
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

    fn matrices<'py>(&self, py: Python<'py>, m: Vec<Vec<f64>>) -> PyResult<Bound<'py, PyList>> {
        let list: PyResult<Vec<_>> = m.into_iter().zip(self.sizes()).map(|(v, k)| to_matrix(py, v, k, k)).collect();
        PyList::new(py, list?)
    }

    fn by_level<'py>(&self, py: Python<'py>, m: Vec<Vec<f64>>) -> PyResult<Bound<'py, PyList>> {
        let shaped = m.into_iter().zip(self.inner.terms()).map(|(v, t)| to_matrix(py, v, t.n_levels, t.k));
        PyList::new(py, shaped.collect::<PyResult<Vec<_>>>()?)
    }

    fn outcome<'py>(&self, py: Python<'py>, o: Outcome) -> PyResult<Bound<'py, PyDict>> {
        let out = PyDict::new(py);
        out.set_item("T", self.matrices(py, o.t)?)?;
        out.set_item("flat", o.flat.map(|v| to_vector(py, v)))?;
        out.set_item("eta", o.user.map(|(_, eta)| to_vector(py, eta)))?;
        out.set_item("criterion", o.point.criterion)?;
        out.set_item("converged", o.converged)?;
        out.set_item("n_evaluations", o.n_evaluations)?;
        out.set_item("n_evaluations_in_all", o.n_evaluations_in_all)?;
        out.set_item("few_levels", o.few_levels)?;
        let numbers = [
            ("cone_decrement", o.cone_decrement),
            ("newton_decrement", o.newton_decrement),
            ("min_curvature", o.min_curvature),
            ("min_boundary_slope", o.min_boundary_slope),
            ("max_gradient", o.max_gradient),
            ("spread", o.spread),
        ];
        numbers.iter().try_for_each(|(name, value)| out.set_item(name, value))?;
        out.set_item("exact_hessian", o.exact_hessian)?;
        out.set_item("starts_tried", o.starts_tried)?;
        out.set_item("starts_failed", o.starts_failed)?;
        out.set_item("falls", o.falls.map(|t| self.matrices(py, t)).transpose()?)?;
        let directions = |list: Vec<(usize, Vec<f64>)>| -> PyResult<Bound<'py, PyList>> {
            let placed = list.into_iter().map(|(part, v)| {
                let (term, within, _) = self.inner.part(part);
                (term, within, to_vector(py, v))
            });
            PyList::new(py, placed.collect::<Vec<_>>())
        };
        out.set_item("null_directions", directions(o.null)?)?;
        out.set_item("unidentified", directions(o.unidentified)?)?;
        let trace = PyDict::new(py);
        trace.set_item("criterion", o.trace.iter().map(|r| r.criterion).collect::<Vec<_>>())?;
        trace.set_item("sigma", o.trace.iter().map(|r| r.sigma2.sqrt()).collect::<Vec<_>>())?;
        trace.set_item("step", o.trace.iter().map(|r| r.step).collect::<Vec<_>>())?;
        trace.set_item("kind", o.trace.iter().map(|r| r.kind).collect::<Vec<_>>())?;
        trace.set_item("decrement", o.trace.iter().map(|r| r.decrement).collect::<Vec<_>>())?;
        let factors: PyResult<Vec<_>> = o.trace.into_iter().map(|r| self.matrices(py, r.t)).collect();
        trace.set_item("T", factors?)?;
        out.set_item("trace", trace)?;
        Ok(out)
    }
}

#[pymethods]
impl Problem {
    #[new]
    #[pyo3(signature = (y, x, weights, terms, tail = "auto"))]
    fn new(
        py: Python<'_>,
        y: PyReadonlyArray1<'_, f64>,
        x: PyReadonlyArray2<'_, f64>,
        weights: Option<PyReadonlyArray1<'_, f64>>,
        terms: Vec<TermInput<'_>>,
        tail: &str,
    ) -> PyResult<Self> {
        let tail = choice(tail)?;
        room_for_copies(x.as_array().dim(), &terms)?;
        let n_fixed = x.as_array().ncols();
        let (y, x, weights) = (vector(&y), columns(&x), weights.as_ref().map(vector));
        let terms = terms.iter().map(TermInput::to_term).collect();
        let inner = compute(py, || {
            problem::Problem::new(&model::Design::new(y.len(), x, weights.as_deref(), terms, tail)?, &y)
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
    fn evaluate<'py>(
        &self,
        py: Python<'py>,
        t: Vec<PyReadonlyArray2<'py, f64>>,
        reml: bool,
        gradient: bool,
    ) -> PyResult<Bound<'py, PyDict>> {
        let t = squares(&t, &self.sizes())?;
        let e = compute(py, || self.inner.evaluate(&t, reml, gradient))?;
        let out = PyDict::new(py);
        let numbers = [
            ("criterion", e.criterion),
            ("sigma", e.sigma),
            ("r2", e.r2),
            ("log_det_Z", e.log_det_z),
            ("log_det_X", e.log_det_x),
            ("factor_residual", e.factor_residual),
        ];
        numbers.iter().try_for_each(|(name, value)| out.set_item(name, value))?;
        out.set_item("beta", to_vector(py, e.beta))?;
        out.set_item("b", self.by_level(py, e.b)?)?;
        out.set_item("u", self.by_level(py, e.u)?)?;
        out.set_item("unscaled_vcov", to_matrix(py, e.unscaled_vcov, self.n_fixed, self.n_fixed)?)?;
        out.set_item("M", self.matrices(py, e.m)?)?;
        Ok(out)
    }

    /// Diagonal blocks of ΛCΛ' per term.
    fn conditional<'py>(
        &self,
        py: Python<'py>,
        t: Vec<PyReadonlyArray2<'py, f64>>,
        reml: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let t = squares(&t, &self.sizes())?;
        let blocks = compute(py, || self.inner.conditional(&t, reml))?;
        let shaped = blocks.into_iter().zip(self.inner.terms()).map(|(v, s)| to_stack(py, v, s.n_levels, s.k));
        PyList::new(py, shaped.collect::<PyResult<Vec<_>>>()?)
    }

    /// Average information for the distinct elements of S.
    fn average_information<'py>(
        &self,
        py: Python<'py>,
        t: Vec<PyReadonlyArray2<'py, f64>>,
        reml: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let t = squares(&t, &self.sizes())?;
        let a = compute(py, || self.inner.average_information(&t, reml))?;
        let n = a.len().isqrt();
        Ok(to_matrix(py, a, n, n)?.into_any())
    }

    /// Average information, squares of `Z'We` over σ², a root M of (X'V⁻¹X)⁻¹ and `Z'V⁻¹XM` per term.
    fn spread<'py>(
        &self,
        py: Python<'py>,
        t: Vec<PyReadonlyArray2<'py, f64>>,
        reml: bool,
    ) -> PyResult<Bound<'py, PyDict>> {
        let t = squares(&t, &self.sizes())?;
        let found = compute(py, || self.inner.spread(&t, reml))?;
        let (n, p) = (found.average.len().isqrt(), self.n_fixed);
        let out = PyDict::new(py);
        out.set_item("average", to_matrix(py, found.average, n, n)?)?;
        out.set_item("squares", self.matrices(py, found.squares)?)?;
        out.set_item("root", to_matrix(py, found.root, p, p)?)?;
        let rows = found.fixed.into_iter().zip(self.inner.terms());
        let fixed: PyResult<Vec<_>> = rows.map(|(v, s)| to_matrix(py, v, s.n_levels * s.k, p)).collect();
        out.set_item("fixed", PyList::new(py, fixed?)?)?;
        Ok(out)
    }

    /// `[Z X y]'W[Z X y]` in internal units, terms in order, and the units.
    fn products<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = compute(py, || self.inner.products())?;
        let (p, q) = (self.n_fixed, found.start.len() - 1);
        let out = PyDict::new(py);
        out.set_item("start", PyArray1::from_vec(py, found.start))?;
        out.set_item("column", PyArray1::from_vec(py, found.column))?;
        out.set_item("value", to_vector(py, found.value))?;
        out.set_item("border", to_matrix(py, found.border, q, p + 1)?)?;
        out.set_item("corner", to_matrix(py, found.corner, p + 1, p + 1)?)?;
        let (units, inverses) = found.units.into_iter().unzip();
        out.set_item("units", self.matrices(py, units)?)?;
        out.set_item("inverses", self.matrices(py, inverses)?)?;
        out.set_item("R", to_matrix(py, found.x_r, p, p)?)?;
        out.set_item("beta0", to_vector(py, found.beta0))?;
        out.set_item("y_scale", found.y_scale)?;
        out.set_item("n", found.n)?;
        Ok(out)
    }

    /// The number of the connected part of each level, term by term.
    fn connected<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let found = compute(py, || Ok(self.inner.connected()))?;
        Ok(PyArray1::from_vec(py, found))
    }

    /// The deviance with σ explicit and fixed effects held: its value, and its derivatives by roots, log σ and what is held.
    fn deviance<'py>(
        &self,
        py: Python<'py>,
        roots: Vec<PyReadonlyArray2<'py, f64>>,
        log_sigma: f64,
        held: (Vec<usize>, PyReadonlyArray1<'py, f64>),
        reml: bool,
    ) -> PyResult<Bound<'py, PyDict>> {
        let (roots, beta) = (squares(&roots, &self.sizes())?, vector(&held.1));
        let found = compute(py, || self.inner.deviance(&roots, log_sigma, &held.0, &beta, reml))?;
        let out = PyDict::new(py);
        out.set_item("value", found.value)?;
        out.set_item("roots", self.matrices(py, found.roots)?)?;
        out.set_item("log_sigma", found.log_sigma)?;
        out.set_item("beta", to_vector(py, found.beta))?;
        Ok(out)
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
    ) -> PyResult<Bound<'py, PyDict>> {
        let start = start.map(|t| squares(&t, &self.sizes())).transpose()?;
        let hold: Option<Vec<Vec<bool>>> =
            hold.map(|h| h.iter().map(|m| m.as_array().iter().copied().collect()).collect());
        let control = Control { max_iterations: limits.0, tolerance: limits.1 };
        let found =
            asking(py, check, |ask| self.inner.optimise(reml, start.as_deref(), hold.as_deref(), &control, ask))?;
        self.outcome(py, found)
    }

    /// Searches over the coordinates of a chart (an object with `factors`, `moves` and `bend`), from some starts.
    fn optimize_chart<'py>(
        &self,
        py: Python<'py>,
        reml: bool,
        chart: Py<PyAny>,
        starts: Vec<PyReadonlyArray1<'py, f64>>,
        limits: (usize, f64),
        check: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let starts: Vec<Vec<f64>> = starts.iter().map(vector).collect();
        let n = starts.first().map_or(0, Vec::len);
        if starts.iter().any(|s| s.len() != n) {
            return Err(failure(CoreError::BadInput("starts of a chart must be of one length".into())));
        }
        let chart = PythonChart { object: chart, sizes: self.sizes(), n, raised: Mutex::new(None) };
        let control = Control { max_iterations: limits.0, tolerance: limits.1 };
        let found = asking(py, check, |ask| self.inner.optimise_chart(reml, &chart, &starts, &control, ask));
        match chart.raised.into_inner().ok().flatten() {
            Some(error) => Err(error),
            None => self.outcome(py, found?),
        }
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
