//! Charts of covariances for Python: families of terms, and which of their parameters move.

use std::sync::Arc;

use lmm_core::covariance::chart::Chart as _;
use lmm_core::covariance::correlation::Correlation;
use lmm_core::covariance::entries::Free;
use lmm_core::covariance::family::Family;
use lmm_core::covariance::penalized::{Penalized, Penalty};
use lmm_core::covariance::scaled::Scaled;
use lmm_core::covariance::terms::Terms;
use lmm_core::covariance::tied::Tied;
use lmm_core::error::CoreError;
use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::convert::{failure, row_major, squares, to_matrix, to_vector, vector};

/// A family as Python names it.
#[derive(FromPyObject)]
pub enum FamilyInput<'py> {
    /// A name of the catalog and the number of columns.
    #[pyo3(transparent)]
    Named((String, usize)),
    /// Scales of tied variances (columns × penalties), units.
    #[pyo3(transparent)]
    Tied((PyReadonlyArray2<'py, f64>, PyReadonlyArray1<'py, f64>)),
    /// Roots of penalties (columns × rank), units.
    #[pyo3(transparent)]
    Penalized((Vec<PyReadonlyArray2<'py, f64>>, PyReadonlyArray1<'py, f64>)),
}

/// Terms that move with one coordinate, each with its matrix.
type Moves<'py> = Vec<(usize, Bound<'py, PyArray2<f64>>)>;

fn impossible(text: &str) -> PyErr {
    failure(CoreError::BadInput(text.into()))
}

impl FamilyInput<'_> {
    /// The family of the core.
    pub fn to_family(&self) -> PyResult<Box<dyn Family>> {
        match self {
            FamilyInput::Named((name, k)) => named(name, *k),
            FamilyInput::Tied((scales, unit)) => {
                let unit = vector(unit);
                if unit.is_empty() || scales.as_array().ncols() != unit.len() {
                    return Err(impossible("tied variances need a unit for each penalty"));
                }
                Ok(Box::new(Tied::new(row_major(scales), unit)))
            }
            FamilyInput::Penalized((roots, unit)) => {
                let (unit, k) = (vector(unit), roots.first().map_or(0, |root| root.as_array().nrows()));
                if k == 0 || roots.len() != unit.len() || roots.iter().any(|root| root.as_array().nrows() != k) {
                    return Err(impossible("penalties need roots of one height and a unit each"));
                }
                let of =
                    |root: &PyReadonlyArray2<'_, f64>| Penalty { root: row_major(root), rank: root.as_array().ncols() };
                Ok(Box::new(Penalized::new(k, roots.iter().map(of).collect(), unit)))
            }
        }
    }
}

fn named(name: &str, k: usize) -> PyResult<Box<dyn Family>> {
    Ok(match name {
        "us" => Box::new(Free::new(k, false)),
        "diag" => Box::new(Free::new(k, true)),
        "cs" => Box::new(Scaled::new(k, Correlation::Compound, false)),
        "csh" => Box::new(Scaled::new(k, Correlation::Compound, true)),
        "ar1" => Box::new(Scaled::new(k, Correlation::Autoregressive, false)),
        _ => return Err(impossible(&format!("the core has no covariance structure {name}"))),
    })
}

/// Coordinates of the covariances of all terms.
#[pyclass(frozen, module = "lmm._core")]
pub struct Chart {
    pub inner: Arc<Terms>,
}

impl Chart {
    /// Copies coordinates of what moves.
    pub fn coordinates(&self, eta: &PyReadonlyArray1<'_, f64>) -> PyResult<Vec<f64>> {
        let (eta, n) = (vector(eta), self.inner.n());
        if eta.len() == n {
            Ok(eta)
        } else {
            Err(impossible(&format!("the chart has {n} coordinates, not {}", eta.len())))
        }
    }

    /// Whether its terms are those of a model.
    pub fn check_terms(&self, sizes: &[usize]) -> PyResult<()> {
        let own = self.inner.sizes();
        if own == sizes {
            Ok(())
        } else {
            Err(impossible(&format!("a chart of terms with {own:?} columns, not {sizes:?}")))
        }
    }
}

#[pymethods]
impl Chart {
    /// Families of the terms; θ, and marks of what moves.
    #[new]
    fn new(
        families: Vec<FamilyInput<'_>>,
        theta: PyReadonlyArray1<'_, f64>,
        free: PyReadonlyArray1<'_, bool>,
    ) -> PyResult<Self> {
        let families = families.iter().map(FamilyInput::to_family).collect::<PyResult<Vec<_>>>()?;
        let free = free.as_array().iter().copied().collect();
        Ok(Chart { inner: Arc::new(Terms::new(families, vector(&theta), free).map_err(failure)?) })
    }

    /// η at θ.
    fn eta<'py>(&self, py: Python<'py>, theta: PyReadonlyArray1<'py, f64>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(to_vector(py, self.inner.eta(&vector(&theta)).map_err(failure)?))
    }

    /// θ at η.
    fn theta<'py>(&self, py: Python<'py>, eta: PyReadonlyArray1<'py, f64>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(to_vector(py, self.inner.theta(&self.coordinates(&eta)?)))
    }

    /// T per term.
    fn factors<'py>(
        &self,
        py: Python<'py>,
        eta: PyReadonlyArray1<'py, f64>,
    ) -> PyResult<Vec<Bound<'py, PyArray2<f64>>>> {
        let found = self.inner.factors(&self.coordinates(&eta)?).map_err(failure)?;
        found.into_iter().zip(self.inner.sizes()).map(|(t, k)| to_matrix(py, t, k, k)).collect()
    }

    /// ∂S per coordinate: the term, and its matrix.
    fn moves<'py>(&self, py: Python<'py>, eta: PyReadonlyArray1<'py, f64>) -> PyResult<Vec<Moves<'py>>> {
        let sizes = self.inner.sizes();
        let shaped = |(term, d): (usize, Vec<f64>)| Ok((term, to_matrix(py, d, sizes[term], sizes[term])?));
        let found = self.inner.moves(&self.coordinates(&eta)?).map_err(failure)?;
        found.into_iter().map(|of_terms| of_terms.into_iter().map(shaped).collect()).collect()
    }

    /// Σ <M, ∂²S> for M per term.
    fn bend<'py>(
        &self,
        py: Python<'py>,
        eta: PyReadonlyArray1<'py, f64>,
        m: Vec<PyReadonlyArray2<'py, f64>>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let m = squares(&m, &self.inner.sizes())?;
        let found = self.inner.bend(&self.coordinates(&eta)?, &m).map_err(failure)?;
        to_matrix(py, found, self.inner.n(), self.inner.n())
    }
}
