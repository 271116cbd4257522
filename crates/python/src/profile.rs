//! Profiles for Python: the deviance around an optimum, and the curve of one parameter.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lmm_core::error::CoreError;
use lmm_core::problem::Problem;
use lmm_core::profile::surface::Counter;
use lmm_core::profile::{self, Parameter, Reached};
use numpy::{PyArray1, PyArray2, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::convert::{compute, failure, to_matrix, to_vector, vector};

/// Seconds between two looks at signals and at Python's own check.
const PATIENCE: Duration = Duration::from_millis(50);

type Numbers<'py> = Bound<'py, PyArray1<f64>>;

/// Kind, term, and one or two columns.
pub fn parameter(given: &(String, usize, usize, usize)) -> PyResult<Parameter> {
    let (kind, term, first, second) = (given.0.as_str(), given.1, given.2, given.3);
    match kind {
        "sd" => Ok(Parameter::Sd { term, column: first }),
        "correlation" => Ok(Parameter::Correlation { term, first, second }),
        "sigma" => Ok(Parameter::Sigma),
        "beta" => Ok(Parameter::Beta { column: first }),
        _ => Err(failure(CoreError::BadInput(format!("{kind} is no kind of parameter")))),
    }
}

/// Runs the core with a check that looks at signals and asks Python: at once, then not more often than 20 times a second.
pub fn watched<R: Send>(
    py: Python<'_>,
    check: Option<Py<PyAny>>,
    f: impl FnOnce(profile::Check<'_>) -> Result<R, CoreError> + Send,
) -> PyResult<R> {
    let (mut raised, mut due): (Option<PyErr>, _) = (None, Instant::now());
    let mut ask = |n_evaluations: usize, value: f64| {
        if Instant::now() < due {
            return true;
        }
        due = Instant::now() + PATIENCE;
        let answer = Python::attach(|py| {
            py.check_signals()?;
            check.as_ref().map_or(Ok(()), |f| f.call1(py, (n_evaluations, value)).map(|_| ()))
        });
        raised = answer.err();
        raised.is_none()
    };
    let found = compute(py, || f(&mut ask));
    match raised {
        Some(error) => Err(error),
        None => found,
    }
}

/// The deviance around an optimum, with parameters held.
#[pyclass(frozen, module = "lmm._core")]
pub struct Surface {
    pub problem: Arc<Problem>,
    pub inner: Arc<profile::Surface>,
}

#[pymethods]
impl Surface {
    /// All coordinates of the optimum.
    #[getter]
    fn best<'py>(&self, py: Python<'py>) -> Numbers<'py> {
        to_vector(py, self.inner.best.clone())
    }

    /// Where the held parameters stand.
    #[getter]
    fn held(&self) -> Vec<usize> {
        self.inner.coordinates.held.clone()
    }

    /// Where log σ stands.
    #[getter]
    fn log_sigma(&self) -> usize {
        self.inner.coordinates.log_sigma
    }

    #[getter]
    fn hessian<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        to_matrix(py, self.inner.hessian.clone(), self.inner.best.len(), self.inner.best.len())
    }

    /// Second derivatives of the profiled deviance at the optimum.
    fn curvature<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let n = self.inner.coordinates.held.len();
        to_matrix(py, self.inner.curvature(), n, n)
    }

    /// Roots of the covariances at the optimum, and how they change along a direction of the coordinates.
    fn roots<'py>(
        &self,
        py: Python<'py>,
        direction: PyReadonlyArray1<'py, f64>,
    ) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyList>)> {
        let (at, moved) = self.inner.roots(&vector(&direction)).map_err(failure)?;
        let list = |m: Vec<Vec<f64>>| -> PyResult<Bound<'py, PyList>> {
            let shaped = m.into_iter().map(|v| {
                let k = v.len().isqrt();
                to_matrix(py, v, k, k)
            });
            PyList::new(py, shaped.collect::<PyResult<Vec<_>>>()?)
        };
        Ok((list(at)?, list(moved)?))
    }

    /// Predicts the coordinates to first order, when the held ones take these values.
    fn towards<'py>(&self, py: Python<'py>, values: PyReadonlyArray1<'py, f64>) -> Numbers<'py> {
        to_vector(py, self.inner.towards(&vector(&values)))
    }

    /// Minimum over what is not held, from a place: its coordinates, the deviance above the optimum, its slope.
    fn minimize<'py>(
        &self,
        py: Python<'py>,
        start: PyReadonlyArray1<'py, f64>,
        check: Option<Py<PyAny>>,
    ) -> PyResult<(Numbers<'py>, f64, Numbers<'py>)> {
        let start = vector(&start);
        let found = watched(py, check, |check| {
            let mut counter = Counter { n_evaluations: 0, check, problem: &self.problem };
            self.inner.minimise(&mut counter, &start, &mut self.inner.inverse.clone())
        })?;
        Ok((to_vector(py, found.z), found.value, to_vector(py, found.slope)))
    }

    /// The curve of the only parameter that is held, so far the optimum alone.
    fn curve(&self, held: (String, usize, usize, usize)) -> PyResult<Curve> {
        let inner = profile::Curve::new(&self.inner, &parameter(&held)?).map_err(failure)?;
        Ok(Curve { problem: self.problem.clone(), surface: self.inner.clone(), inner })
    }
}

/// Points of the profile of one parameter.
#[pyclass(frozen, module = "lmm._core")]
pub struct Curve {
    problem: Arc<Problem>,
    surface: Arc<profile::Surface>,
    inner: profile::Curve,
}

#[pymethods]
impl Curve {
    /// Coordinates, ζ and its slopes at the points.
    fn nodes<'py>(&self, py: Python<'py>) -> (Numbers<'py>, Numbers<'py>, Numbers<'py>) {
        let of = |f: fn(&profile::Node) -> f64| to_vector(py, self.inner.nodes.iter().map(f).collect());
        (of(|n| n.phi), of(|n| n.zeta), of(|n| n.slope))
    }

    /// The deviance farthest below that of the optimum that was met.
    #[getter]
    fn lowest(&self) -> f64 {
        self.inner.lowest()
    }

    /// Evaluations that its points took.
    #[getter]
    fn n_evaluations(&self) -> usize {
        self.inner.n_evaluations
    }

    /// The curve with points at the targets, within the tolerance; and for each the coordinate where its walk ended, and how.
    fn reach(
        &self,
        py: Python<'_>,
        targets: Vec<f64>,
        tolerance: f64,
        check: Option<Py<PyAny>>,
    ) -> PyResult<(Curve, Vec<(f64, &'static str)>)> {
        let mut inner = self.inner.clone();
        let found = watched(py, check, |check| inner.reach(&self.surface, &self.problem, &targets, tolerance, check))?;
        let name = |reached: Reached| match reached {
            Reached::Crossed => "crossed",
            Reached::Edge => "edge",
            Reached::Never => "never",
        };
        let ends = found.into_iter().map(|(phi, reached)| (phi, name(reached))).collect();
        Ok((Curve { problem: self.problem.clone(), surface: self.surface.clone(), inner }, ends))
    }
}
