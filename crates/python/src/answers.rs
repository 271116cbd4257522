//! What the core answers, as classes with a type for each number: the stub `_core.pyi` says the same.

use lmm_core::batch::Refit;
use lmm_core::error::CoreError;
use lmm_core::problem::{self, Shape};
use lmm_core::products;
use lmm_core::profile::deviance;
use lmm_core::search;
use lmm_core::spread;
use numpy::{PyArray1, PyArray2, PyArray3};
use pyo3::prelude::*;

use crate::convert::{to_matrix, to_stack, to_vector};

pub type Vector = Py<PyArray1<f64>>;
pub type Matrix = Py<PyArray2<f64>>;
pub type Stack = Py<PyArray3<f64>>;

fn vector(py: Python<'_>, v: Vec<f64>) -> Vector {
    to_vector(py, v).unbind()
}

fn matrix(py: Python<'_>, v: Vec<f64>, rows: usize, columns: usize) -> PyResult<Matrix> {
    Ok(to_matrix(py, v, rows, columns)?.unbind())
}

/// One `k × k` matrix per term.
pub fn squares(py: Python<'_>, terms: &[Shape], m: Vec<Vec<f64>>) -> PyResult<Vec<Matrix>> {
    m.into_iter().zip(terms).map(|(v, t)| matrix(py, v, t.k, t.k)).collect()
}

/// One `l × k` matrix per term.
fn by_level(py: Python<'_>, terms: &[Shape], m: Vec<Vec<f64>>) -> PyResult<Vec<Matrix>> {
    m.into_iter().zip(terms).map(|(v, t)| matrix(py, v, t.n_levels, t.k)).collect()
}

/// One `l × k × k` stack per term.
pub fn by_block(py: Python<'_>, terms: &[Shape], m: Vec<Vec<f64>>) -> PyResult<Vec<Stack>> {
    m.into_iter().zip(terms).map(|(v, t)| Ok(to_stack(py, v, t.n_levels, t.k)?.unbind())).collect()
}

/// The criterion and the solution at one T.
#[pyclass(frozen, get_all, module = "lmm._core")]
pub struct Evaluation {
    criterion: f64,
    sigma: f64,
    r2: f64,
    log_det_z: f64,
    log_det_x: f64,
    factor_residual: f64,
    /// `(p,)`, and per term `(l, k)`.
    beta: Vector,
    b: Vec<Matrix>,
    u: Vec<Matrix>,
    /// `(p, p)`, and per term `(k, k)` if asked for.
    unscaled_vcov: Matrix,
    m: Vec<Matrix>,
}

impl Evaluation {
    pub fn new(py: Python<'_>, terms: &[Shape], e: problem::Evaluation) -> PyResult<Self> {
        let p = e.beta.len();
        Ok(Evaluation {
            criterion: e.criterion,
            sigma: e.sigma,
            r2: e.r2,
            log_det_z: e.log_det_z,
            log_det_x: e.log_det_x,
            factor_residual: e.factor_residual,
            beta: vector(py, e.beta),
            b: by_level(py, terms, e.b)?,
            u: by_level(py, terms, e.u)?,
            unscaled_vcov: matrix(py, e.unscaled_vcov, p, p)?,
            m: squares(py, terms, e.m)?,
        })
    }
}

/// Average information, squares of `Z'We` over σ², a root M of (X'V⁻¹X)⁻¹ and `Z'V⁻¹XM` per term.
#[pyclass(frozen, get_all, module = "lmm._core")]
pub struct Spread {
    average: Matrix,
    squares: Vec<Matrix>,
    /// `(p, p)`.
    root: Matrix,
    /// Per term `(l k, p)`.
    fixed: Vec<Matrix>,
    /// Per term `(k, k)`.
    units: Vec<Matrix>,
}

impl Spread {
    pub fn new(py: Python<'_>, terms: &[Shape], found: spread::Spread) -> PyResult<Self> {
        let (n, p) = (found.average.len().isqrt(), found.root.len().isqrt());
        let fixed = found.fixed.into_iter().zip(terms).map(|(v, s)| matrix(py, v, s.n_levels * s.k, p));
        Ok(Spread {
            average: matrix(py, found.average, n, n)?,
            squares: squares(py, terms, found.squares)?,
            root: matrix(py, found.root, p, p)?,
            fixed: fixed.collect::<PyResult<_>>()?,
            units: squares(py, terms, found.units)?,
        })
    }
}

/// The deviance with σ explicit, and its derivatives by roots, log σ and the fixed effects that are held.
#[pyclass(frozen, get_all, module = "lmm._core")]
pub struct Deviance {
    value: f64,
    roots: Vec<Matrix>,
    log_sigma: f64,
    beta: Vector,
}

impl Deviance {
    pub fn new(py: Python<'_>, terms: &[Shape], found: deviance::Deviance) -> PyResult<Self> {
        Ok(Deviance {
            value: found.value,
            roots: squares(py, terms, found.roots)?,
            log_sigma: found.log_sigma,
            beta: vector(py, found.beta),
        })
    }
}

/// `[Z X y]'W[Z X y]` in internal units, terms in order, and the units.
#[pyclass(frozen, get_all, module = "lmm._core")]
pub struct Products {
    /// `Z'Z` by compressed rows.
    start: Py<PyArray1<i32>>,
    column: Py<PyArray1<i32>>,
    value: Vector,
    /// `(q, p + 1)` and `(p + 1, p + 1)`.
    border: Matrix,
    corner: Matrix,
    /// Per term `(k, k)`.
    units: Vec<Matrix>,
    inverses: Vec<Matrix>,
    /// `(p, p)`.
    r: Matrix,
    beta0: Vector,
    y_scale: f64,
    n: usize,
}

impl Products {
    pub fn new(py: Python<'_>, terms: &[Shape], found: products::Products) -> PyResult<Self> {
        let (p, q) = (found.beta0.len(), found.start.len() - 1);
        let (units, inverses) = found.units.into_iter().unzip();
        Ok(Products {
            start: PyArray1::from_vec(py, found.start).unbind(),
            column: PyArray1::from_vec(py, found.column).unbind(),
            value: vector(py, found.value),
            border: matrix(py, found.border, q, p + 1)?,
            corner: matrix(py, found.corner, p + 1, p + 1)?,
            units: squares(py, terms, units)?,
            inverses: squares(py, terms, inverses)?,
            r: matrix(py, found.x_r, p, p)?,
            beta0: vector(py, found.beta0),
            y_scale: found.y_scale,
            n: found.n,
        })
    }
}

/// Directions of S: term, first column, coefficients.
type Directions = Vec<(usize, usize, Vector)>;

/// Where a search ended and how sure that is.
#[pyclass(frozen, get_all, module = "lmm._core")]
pub struct Outcome {
    t: Vec<Matrix>,
    criterion: f64,
    converged: bool,
    n_evaluations: usize,
    n_evaluations_in_all: usize,
    few_levels: bool,
    cone_decrement: f64,
    newton_decrement: f64,
    min_curvature: f64,
    min_boundary_slope: f64,
    max_gradient: f64,
    spread: f64,
    exact_hessian: bool,
    starts_tried: usize,
    starts_failed: usize,
    falls: Option<Vec<Matrix>>,
    eta: Option<Vector>,
    flat: Option<Vector>,
    null_directions: Directions,
    unidentified: Directions,
    trace: Py<Trace>,
}

/// One entry for each iteration of a search.
#[pyclass(frozen, get_all, module = "lmm._core")]
pub struct Trace {
    criterion: Vec<f64>,
    sigma: Vec<f64>,
    step: Vec<f64>,
    kind: Vec<&'static str>,
    decrement: Vec<f64>,
    /// T per term or, of a search over a chart, its coordinates.
    t: Vec<Vec<Matrix>>,
    eta: Vec<Vector>,
}

impl Outcome {
    pub fn new(py: Python<'_>, problem: &problem::Problem, o: search::Outcome) -> PyResult<Self> {
        let terms = problem.terms();
        let directions = |list: Vec<(usize, Vec<f64>)>| -> Directions {
            let placed = |(part, v)| {
                let (term, within, _) = problem.part(part);
                (term, within, vector(py, v))
            };
            list.into_iter().map(placed).collect()
        };
        let trace = Trace {
            criterion: o.trace.iter().map(|r| r.criterion).collect(),
            sigma: o.trace.iter().map(|r| r.sigma2.sqrt()).collect(),
            step: o.trace.iter().map(|r| r.step).collect(),
            kind: o.trace.iter().map(|r| r.kind).collect(),
            decrement: o.trace.iter().map(|r| r.decrement).collect(),
            eta: o.trace.iter().map(|r| vector(py, r.eta.clone())).collect(),
            t: o.trace.into_iter().map(|r| squares(py, terms, r.t)).collect::<PyResult<_>>()?,
        };
        Ok(Outcome {
            t: squares(py, terms, o.t)?,
            criterion: o.point.criterion,
            converged: o.converged,
            n_evaluations: o.n_evaluations,
            n_evaluations_in_all: o.n_evaluations_in_all,
            few_levels: o.few_levels,
            cone_decrement: o.cone_decrement,
            newton_decrement: o.newton_decrement,
            min_curvature: o.min_curvature,
            min_boundary_slope: o.min_boundary_slope,
            max_gradient: o.max_gradient,
            spread: o.spread,
            exact_hessian: o.exact_hessian,
            starts_tried: o.starts_tried,
            starts_failed: o.starts_failed,
            falls: o.falls.map(|t| squares(py, terms, t)).transpose()?,
            eta: o.user.map(|(_, eta)| vector(py, eta)),
            flat: o.flat.map(|v| vector(py, v)),
            null_directions: directions(o.null),
            unidentified: directions(o.unidentified),
            trace: Py::new(py, trace)?,
        })
    }
}

/// What is kept of each of B fits; missing where a response could not be fitted.
#[pyclass(frozen, get_all, module = "lmm._core")]
pub struct Refits {
    criterion: Vector,
    sigma: Vector,
    converged: Vec<bool>,
    singular: Vec<bool>,
    /// `(B, p)`, and per term `(B, k, k)`.
    beta: Matrix,
    t: Vec<Stack>,
}

impl Refits {
    pub fn new(py: Python<'_>, sizes: &[usize], n_fixed: usize, found: &[Result<Refit, CoreError>]) -> PyResult<Self> {
        let count = found.len();
        let number =
            |f: fn(&Refit) -> f64| -> Vec<f64> { found.iter().map(|r| r.as_ref().map_or(f64::NAN, f)).collect() };
        let fact = |f: fn(&Refit) -> bool| -> Vec<bool> { found.iter().map(|r| r.as_ref().is_ok_and(f)).collect() };
        let numbers = |size: usize, f: &dyn Fn(&Refit) -> Vec<f64>| -> Vec<f64> {
            found.iter().flat_map(|r| r.as_ref().map_or_else(|_| vec![f64::NAN; size], f)).collect()
        };
        let stack = |(term, &k): (usize, &usize)| {
            let t = numbers(k * k, &|r| r.t[term].clone());
            Ok(to_stack(py, t, count, k)?.unbind())
        };
        Ok(Refits {
            criterion: vector(py, number(|r| r.criterion)),
            sigma: vector(py, number(|r| r.sigma)),
            converged: fact(|r| r.converged),
            singular: fact(|r| r.singular),
            beta: matrix(py, numbers(n_fixed, &|r| r.beta.clone()), count, n_fixed)?,
            t: sizes.iter().enumerate().map(stack).collect::<PyResult<_>>()?,
        })
    }
}
