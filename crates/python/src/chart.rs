//! A chart whose structures are written in Python: asked once per evaluation, never per level.

use std::sync::Mutex;

use lmm_core::error::CoreError;
use lmm_core::search::chart::{Chart, Move};
use numpy::PyReadonlyArray2;
use pyo3::prelude::*;

use crate::convert::{row_major, squares, to_matrix, to_vector};

/// An object with `factors(eta)`, `moves(eta)` and `bend(eta, M)`.
pub struct PythonChart {
    pub object: Py<PyAny>,
    pub sizes: Vec<usize>,
    pub n: usize,
    /// The first exception that the object raised.
    pub raised: Mutex<Option<PyErr>>,
}

impl PythonChart {
    /// Asks the object; what it raises ends the search, and is raised again when that has ended.
    fn ask<R>(&self, f: impl FnOnce(Python<'_>) -> PyResult<R>) -> Result<R, CoreError> {
        Python::attach(f).map_err(|error| {
            if let Ok(mut raised) = self.raised.lock() {
                raised.get_or_insert(error);
            }
            CoreError::Interrupted
        })
    }
}

impl Chart for PythonChart {
    fn n(&self) -> usize {
        self.n
    }

    fn factors(&self, eta: &[f64]) -> Result<Vec<Vec<f64>>, CoreError> {
        self.ask(|py| {
            let found = self.object.call_method1(py, "factors", (to_vector(py, eta.to_vec()),))?;
            let matrices: Vec<PyReadonlyArray2<'_, f64>> = found.extract(py)?;
            squares(&matrices, &self.sizes)
        })
    }

    fn moves(&self, eta: &[f64]) -> Result<Vec<Move>, CoreError> {
        self.ask(|py| {
            let found = self.object.call_method1(py, "moves", (to_vector(py, eta.to_vec()),))?;
            let moves: Vec<Vec<(usize, PyReadonlyArray2<'_, f64>)>> = found.extract(py)?;
            let of_terms =
                |m: &Vec<(usize, PyReadonlyArray2<'_, f64>)>| m.iter().map(|(i, d)| (*i, row_major(d))).collect();
            Ok(moves.iter().map(of_terms).collect())
        })
    }

    fn bend(&self, eta: &[f64], m: &[Vec<f64>]) -> Result<Vec<f64>, CoreError> {
        self.ask(|py| {
            let slopes: PyResult<Vec<_>> =
                m.iter().zip(&self.sizes).map(|(v, &k)| to_matrix(py, v.clone(), k, k)).collect();
            let found = self.object.call_method1(py, "bend", (to_vector(py, eta.to_vec()), slopes?))?;
            let bend: PyReadonlyArray2<'_, f64> = found.extract(py)?;
            Ok(row_major(&bend))
        })
    }
}
