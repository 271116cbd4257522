//! The deviance around its optimum, and the search for its minimum where some coordinates are held.

use super::coordinates::{Coordinates, Kind};
use super::parameter::{Check, Estimates, Parameter};
use crate::error::CoreError;
use crate::matrix::{eigen, row_major};
use crate::problem::Problem;

/// A search ends when the next step promises to lower the deviance by less.
const ENOUGH: f64 = 1e-9;
const MOST_STEPS: usize = 60;
/// Standard deviations start a search at no less, relative to σ: zero is always a flat place.
const FLOOR: f64 = 0.03;
/// Least eigenvalue of the curvature at the optimum, relative to the largest: the boundary is flat.
const FLAT: f64 = 1e-4;

/// A place, the deviance there above that of the optimum, and its slope: zero at a minimum but for what is held.
#[derive(Clone, Debug)]
pub struct Place {
    pub z: Vec<f64>,
    pub value: f64,
    pub slope: Vec<f64>,
}

/// `k × k` per random term.
pub type Roots = Vec<Vec<f64>>;

/// The deviance around the optimum.
#[derive(Clone, Debug)]
pub struct Surface {
    pub coordinates: Coordinates,
    reml: bool,
    /// The optimum.
    pub best: Vec<f64>,
    /// Second derivatives there, eigenvalues raised to be positive.
    pub hessian: Vec<f64>,
    /// Inverse of the block of what is free.
    pub inverse: Vec<f64>,
    /// Rough size of each coordinate.
    pub scales: Vec<f64>,
    /// Least lengths to start from, zero for what is none.
    floors: Vec<f64>,
    offset: f64,
    /// Whether a length is zero at the optimum.
    pub singular: bool,
    /// What the curvature took.
    pub n_evaluations: usize,
    /// Positions that are not held.
    free: Vec<usize>,
}

/// Counts evaluations and asks the caller whether to go on.
pub struct Counter<'a, 'b> {
    pub n_evaluations: usize,
    pub check: Check<'b>,
    pub problem: &'a Problem,
}

impl Surface {
    /// The deviance of a problem around the optimum of its criterion, with parameters held.
    pub fn new(
        problem: &Problem,
        estimates: &Estimates,
        held: &[Parameter],
        reml: bool,
        check: Check<'_>,
    ) -> Result<Surface, CoreError> {
        let coordinates = Coordinates::new(problem, held)?;
        if estimates.beta.len() != problem.n_fixed() || estimates.errors.len() != problem.n_fixed() {
            return Err(CoreError::BadInput("estimates and standard errors belong to every fixed effect".into()));
        }
        let roots: Vec<Vec<f64>> =
            estimates.t.iter().map(|t| t.iter().map(|v| v * estimates.sigma).collect()).collect();
        let values: Vec<f64> = coordinates.betas.iter().map(|j| estimates.beta[*j]).collect();
        let best = coordinates.encode(&roots, estimates.sigma.ln(), &values);
        let (scales, floors) = sizes(problem, estimates, &coordinates, &roots);
        let n = best.len();
        let free = (0..n).filter(|i| !coordinates.held.contains(i)).collect();
        let offset = coordinates.evaluate(problem, &best, reml)?.0;
        let singular = best.iter().zip(&floors).any(|(z, floor)| z.abs() < 0.01 * floor);
        let mut own = Surface {
            coordinates,
            reml,
            best,
            hessian: vec![0.0; n * n],
            inverse: Vec::new(),
            scales,
            floors,
            offset,
            singular,
            n_evaluations: 0,
            free,
        };
        let mut counter = Counter { n_evaluations: 1, check, problem };
        own.hessian = own.curved(&mut counter)?;
        own.n_evaluations = counter.n_evaluations;
        own.inverse = inverted(&own.block(&own.hessian), own.free.len());
        Ok(own)
    }

    /// Evaluates; infinite where the model cannot be evaluated.
    fn at(&self, counter: &mut Counter<'_, '_>, z: Vec<f64>) -> Result<Place, CoreError> {
        counter.n_evaluations += 1;
        let nowhere = |z: Vec<f64>| Place { value: f64::INFINITY, slope: vec![0.0; z.len()], z };
        let place = match self.coordinates.evaluate(counter.problem, &z, self.reml) {
            Ok((value, slope)) if value.is_finite() && slope.iter().all(|v| v.is_finite()) => {
                Place { z, value: value - self.offset, slope }
            }
            _ => nowhere(z),
        };
        if (counter.check)(counter.n_evaluations, place.value) { Ok(place) } else { Err(CoreError::Interrupted) }
    }

    /// Predicts the other coordinates to first order, when the held ones take these values.
    pub fn towards(&self, values: &[f64]) -> Vec<f64> {
        let mut z = self.best.clone();
        let n = z.len();
        for (&at, v) in self.coordinates.held.iter().zip(values) {
            z[at] = *v;
        }
        let mut h = self.block(&self.hessian);
        let pull = |&i: &usize| -> f64 {
            self.coordinates.held.iter().map(|&at| self.hessian[i * n + at] * (z[at] - self.best[at])).sum()
        };
        let mut step: Vec<f64> = self.free.iter().map(pull).collect();
        let count = self.free.len();
        if row_major::cholesky(&mut h, count) {
            row_major::solve_lower(&h, count, &mut step, 1);
            row_major::solve_lower_transposed(&h, count, &mut step, 1);
            self.free.iter().zip(&step).for_each(|(&i, v)| z[i] -= v);
        }
        z
    }

    /// Second derivative (`held × held`) of the profiled deviance at the optimum.
    pub fn curvature(&self) -> Vec<f64> {
        let (n, held) = (self.best.len(), &self.coordinates.held);
        let inverse = inverted(&self.hessian, n);
        let h = held.len();
        inverted(&(0..h * h).map(|e| inverse[held[e / h] * n + held[e % h]]).collect::<Vec<_>>(), h)
    }

    /// Searches from z with the held coordinates kept, by quasi-Newton steps (BFGS). `known` is an inverse of the curvature of what
    /// is free, from a place near by; it is brought up to date.
    pub fn minimise(&self, counter: &mut Counter<'_, '_>, z: &[f64], known: &mut [f64]) -> Result<Place, CoreError> {
        if z.len() != self.best.len() {
            return Err(CoreError::BadInput(format!("a place has {} coordinates, not {}", self.best.len(), z.len())));
        }
        let mut place = self.at(counter, self.lifted(z, 1.0))?;
        let n = self.free.len();
        if n == 0 || !place.value.is_finite() {
            return Ok(place);
        }
        // What was learnt elsewhere can hide a way down: only the curvature of the optimum may end the search.
        let mut fresh = false;
        for _ in 0..MOST_STEPS {
            let gradient = self.of_free(&place.slope);
            let step: Vec<f64> = row_major::multiply(known, &gradient, n, n, 1).iter().map(|v| -v).collect();
            let promise = -row_major::dot(&gradient, &step);
            let found = if promise < 2.0 * ENOUGH { None } else { self.line(counter, &place, &step, promise)? };
            if let Some(found) = found {
                let difference =
                    |a: &[f64], b: &[f64]| -> Vec<f64> { self.free.iter().map(|&i| a[i] - b[i]).collect() };
                update(known, &difference(&found.z, &place.z), &difference(&found.slope, &place.slope));
                (place, fresh) = (found, false);
                continue;
            }
            let slow =
                row_major::dot(&gradient, &row_major::multiply(&self.inverse, &gradient, n, n, 1)) < 2.0 * ENOUGH;
            if fresh || slow {
                break;
            }
            known.copy_from_slice(&self.inverse);
            fresh = true;
        }
        Ok(place)
    }

    /// Roots of the covariances at the optimum, and how they change along a direction of the coordinates.
    pub fn roots(&self, direction: &[f64]) -> Result<(Roots, Roots), CoreError> {
        if direction.len() != self.best.len() {
            return Err(CoreError::BadInput(format!("a direction has {} coordinates", self.best.len())));
        }
        Ok((self.coordinates.roots(&self.best), self.coordinates.push(&self.best, direction)))
    }

    /// Shortens the step until the deviance falls as it should.
    fn line(
        &self,
        counter: &mut Counter<'_, '_>,
        place: &Place,
        step: &[f64],
        promise: f64,
    ) -> Result<Option<Place>, CoreError> {
        let mut length = 1.0;
        for _ in 0..30 {
            let mut z = place.z.clone();
            self.free.iter().zip(step).for_each(|(&i, v)| z[i] += length * v);
            let found = self.at(counter, z)?;
            if found.value <= place.value - 1e-4 * length * promise {
                return Ok(Some(found));
            }
            length *= if found.value.is_finite() { 0.5 } else { 0.1 };
            if length * promise < ENOUGH / 100.0 {
                break;
            }
        }
        Ok(None)
    }

    /// A place whose lengths are so many floors at least.
    pub fn lifted(&self, z: &[f64], floors: f64) -> Vec<f64> {
        let mut out = z.to_vec();
        for &i in &self.free {
            if out[i].abs() < floors * self.floors[i] {
                out[i] = floors * self.floors[i];
            }
        }
        out
    }

    fn of_free(&self, v: &[f64]) -> Vec<f64> {
        self.free.iter().map(|&i| v[i]).collect()
    }

    /// Rows and columns of a matrix that are free.
    fn block(&self, m: &[f64]) -> Vec<f64> {
        let n = self.best.len();
        self.free.iter().flat_map(|&i| self.free.iter().map(move |&j| m[i * n + j])).collect()
    }

    /// Central differences of the slope, in units of the scales; flat directions get a little curvature.
    fn curved(&self, counter: &mut Counter<'_, '_>) -> Result<Vec<f64>, CoreError> {
        let n = self.best.len();
        let mut h = vec![0.0; n * n];
        for i in 0..n {
            let mut beside = |sign: f64| {
                let mut z = self.best.clone();
                z[i] += sign * 1e-4 * self.scales[i];
                self.at(counter, z)
            };
            let (up, down) = (beside(1.0)?, beside(-1.0)?);
            for j in 0..n {
                let half = (up.slope[j] - down.slope[j]) / 2e-4 * self.scales[j] / 2.0;
                h[i * n + j] += half;
                h[j * n + i] += half;
            }
        }
        let (w, v) = eigen::symmetric_eigen(&h, n);
        let least = FLAT * w.last().copied().unwrap_or(0.0).max(1e-8);
        let mut out = vec![0.0; n * n];
        for (e, value) in w.iter().enumerate() {
            for i in 0..n {
                for j in 0..n {
                    out[i * n + j] +=
                        value.max(least) * v[i * n + e] * v[j * n + e] / (self.scales[i] * self.scales[j]);
                }
            }
        }
        Ok(out)
    }
}

/// Rough sizes of the coordinates, and the least lengths to start from, in units of the columns of Z.
fn sizes(
    problem: &Problem,
    estimates: &Estimates,
    coordinates: &Coordinates,
    roots: &[Vec<f64>],
) -> (Vec<f64>, Vec<f64>) {
    let (mut scales, mut floors) = (Vec::new(), Vec::new());
    for (term, column, kind) in coordinates.kinds() {
        let unit = estimates.sigma / problem.column_scale(term, column);
        let k = problem.terms()[term].k;
        let own = &roots[term][column * k..(column + 1) * k];
        let length = row_major::dot(own, own).sqrt().max(0.1 * unit);
        let (scale, floor) = match kind {
            Kind::Length => (length, FLOOR * unit),
            Kind::Root => (length.sqrt(), (FLOOR * unit).sqrt()),
            Kind::Element => (length, 0.0),
            Kind::Angle => (1.0, 0.0),
        };
        scales.push(scale);
        floors.push(floor);
    }
    scales.push(1.0);
    scales.extend(coordinates.betas.iter().map(|j| estimates.errors[*j]));
    floors.resize(scales.len(), 0.0);
    (scales, floors)
}

/// Inverse of a positive definite matrix; of one that rounding has spoilt, that of its diagonal.
fn inverted(m: &[f64], n: usize) -> Vec<f64> {
    let mut l = m.to_vec();
    let mut out = row_major::identity(n);
    if row_major::cholesky(&mut l, n) {
        row_major::solve_lower(&l, n, &mut out, n);
        row_major::solve_lower_transposed(&l, n, &mut out, n);
    } else {
        (0..n).for_each(|i| out[i * n + i] = 1.0 / m[i * n + i].abs().max(f64::MIN_POSITIVE));
    }
    out
}

/// BFGS: the inverse of the curvature that explains the change of the slope.
fn update(inverse: &mut [f64], moved: &[f64], change: &[f64]) {
    let n = moved.len();
    let curvature = row_major::dot(moved, change);
    if curvature <= 1e-12 * (row_major::dot(moved, moved) * row_major::dot(change, change)).sqrt() {
        return;
    }
    let a: Vec<f64> =
        (0..n * n).map(|e| f64::from(u8::from(e / n == e % n)) - change[e / n] * moved[e % n] / curvature).collect();
    let mut out = row_major::congruence(inverse, &a, n, n);
    row_major::multiply_add(&mut out, 1.0 / curvature, moved, moved, n, 1, n);
    inverse.copy_from_slice(&out);
}
