//! Standard deviations, correlations, log σ and held fixed effects in one vector.
//!
//! The root of each covariance is written row by row: as the elements of a lower triangle, or in polar form, with the standard
//! deviation as the length of the row and arcsines of (partial) correlations as its angles. A held parameter is one element of
//! the vector; for that, columns of a term change places.

use std::ops::Range;

use super::deviance::Deviance;
use super::parameter::Parameter;
use crate::error::CoreError;
use crate::matrix::row_major;
use crate::problem::Problem;

/// How the root of one term is written.
#[derive(Clone, Debug)]
pub struct TermCoordinates {
    /// No correlations: the standard deviations alone.
    diagonal: bool,
    /// Columns in the order of the rows of the root.
    order: Vec<usize>,
    /// Which rows are in polar form; a row of one element is its own length.
    polar: Vec<bool>,
    /// Which of these have the square root of their length as the coordinate. A length must not change its sign where the angle
    /// between two rows is held: the correlation would.
    rooted: Vec<bool>,
    /// Where the term begins in the vector.
    start: usize,
}

/// All random terms, log σ, then the fixed effects that are held.
#[derive(Clone, Debug)]
pub struct Coordinates {
    terms: Vec<TermCoordinates>,
    /// Where log σ stands.
    pub log_sigma: usize,
    /// Positions of the held fixed effects.
    pub betas: Vec<usize>,
    /// Where the held parameters stand.
    pub held: Vec<usize>,
}

impl Coordinates {
    /// Coordinates that have the held parameters as elements.
    pub fn new(problem: &Problem, held: &[Parameter]) -> Result<Coordinates, CoreError> {
        let mut start = 0;
        let mut terms = Vec::new();
        for (i, term) in problem.terms().iter().enumerate() {
            let diagonal = problem.is_diagonal(i);
            terms.push(TermCoordinates::new(term.k, diagonal, start, &of_term(held, i)));
            start += if diagonal { term.k } else { term.k * (term.k + 1) / 2 };
        }
        let mut out = Coordinates { terms, log_sigma: start, betas: Vec::new(), held: Vec::new() };
        for parameter in held {
            let place = out.place(problem, parameter)?;
            out.held.push(place);
        }
        Ok(out)
    }

    fn place(&mut self, problem: &Problem, parameter: &Parameter) -> Result<usize, CoreError> {
        let columns = |term: usize| problem.terms().get(term).map_or(0, |t| t.k);
        let known = match *parameter {
            Parameter::Sd { term, column } => column < columns(term),
            Parameter::Correlation { term, first, second } => {
                let k = columns(term);
                first < k && second < k && first != second && !problem.is_diagonal(term)
            }
            Parameter::Sigma => true,
            Parameter::Beta { column } => column < problem.n_fixed(),
        };
        if !known {
            return Err(CoreError::BadInput("the model has no such parameter".into()));
        }
        Ok(match *parameter {
            Parameter::Sd { term, column } => self.terms[term].row(self.terms[term].row_of(column)).start,
            Parameter::Correlation { term, first, second } => {
                let own = &self.terms[term];
                own.row(own.row_of(first).max(own.row_of(second))).start + 1
            }
            Parameter::Sigma => self.log_sigma,
            Parameter::Beta { column } => {
                self.betas.push(column);
                self.log_sigma + self.betas.len()
            }
        })
    }

    /// Length of the vector.
    pub fn size(&self) -> usize {
        self.log_sigma + 1 + self.betas.len()
    }

    /// Writes everything into one vector.
    pub fn encode(&self, roots: &[Vec<f64>], log_sigma: f64, beta: &[f64]) -> Vec<f64> {
        let mut z: Vec<f64> = self.terms.iter().zip(roots).flat_map(|(t, r)| t.encode(r)).collect();
        z.push(log_sigma);
        z.extend(beta);
        z
    }

    /// Roots (`k × k`, rows in the order of the model's columns).
    pub fn roots(&self, z: &[f64]) -> Vec<Vec<f64>> {
        self.terms.iter().map(|t| t.decode(z)).collect()
    }

    /// The deviance and its derivative by the vector.
    pub fn evaluate(&self, problem: &Problem, z: &[f64], reml: bool) -> Result<(f64, Vec<f64>), CoreError> {
        let at: Deviance =
            problem.deviance(&self.roots(z), z[self.log_sigma], &self.betas, &z[self.log_sigma + 1..], reml)?;
        let mut slope: Vec<f64> = self.terms.iter().zip(&at.roots).flat_map(|(t, s)| t.pull(z, s)).collect();
        slope.push(at.log_sigma);
        slope.extend(&at.beta);
        Ok((at.value, slope))
    }

    /// Derivatives of the roots along a direction of the vector.
    pub fn push(&self, z: &[f64], direction: &[f64]) -> Vec<Vec<f64>> {
        self.terms.iter().map(|t| t.push(z, direction)).collect()
    }

    /// For each element of the roots' part: the term and the column that it belongs to, and what it is.
    pub fn kinds(&self) -> Vec<(usize, usize, Kind)> {
        let mut out = Vec::new();
        for (i, t) in self.terms.iter().enumerate() {
            for (r, &column) in t.order.iter().enumerate() {
                let size = t.row(r).len();
                out.extend((0..size).map(|at| (i, column, t.kind(r, at, size))));
            }
        }
        out
    }
}

/// What an element of a root's row is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A length or a diagonal element, and the square root of a length.
    Length,
    Root,
    Element,
    Angle,
}

/// The held parameters of one term.
fn of_term(held: &[Parameter], i: usize) -> Vec<Parameter> {
    let own =
        |p: &&Parameter| matches!(p, Parameter::Sd { term, .. } | Parameter::Correlation { term, .. } if *term == i);
    held.iter().filter(own).copied().collect()
}

impl TermCoordinates {
    /// Puts the columns of held correlations first, the one that they share at the very front.
    fn new(k: usize, diagonal: bool, start: usize, held: &[Parameter]) -> TermCoordinates {
        if diagonal {
            return TermCoordinates {
                diagonal,
                order: (0..k).collect(),
                polar: vec![false; k],
                rooted: vec![false; k],
                start,
            };
        }
        let (mut joined, mut lengths) = (Vec::new(), Vec::new());
        for parameter in held {
            match *parameter {
                Parameter::Correlation { first, second, .. } => joined.extend([first, second]),
                Parameter::Sd { column, .. } => lengths.push(column),
                _ => {}
            }
        }
        let named: Vec<usize> = joined.iter().chain(&lengths).copied().collect();
        let shared = |c: &usize| joined.iter().filter(|j| *j == c).count() > 1;
        let mut order: Vec<usize> = Vec::new();
        let candidates = named.iter().filter(|c| shared(c)).chain(&named).copied().chain(0..k);
        for column in candidates.filter(|c| *c < k) {
            if !order.contains(&column) {
                order.push(column);
            }
        }
        let polar = order.iter().map(|c| named.contains(c)).collect();
        let rooted = order.iter().map(|c| joined.contains(c) && !lengths.contains(c)).collect();
        TermCoordinates { diagonal, order, polar, rooted, start }
    }

    fn row_of(&self, column: usize) -> usize {
        self.order.iter().position(|c| *c == column).unwrap_or(0)
    }

    /// Where row r has its numbers.
    fn row(&self, r: usize) -> Range<usize> {
        let (from, to) = if self.diagonal { (r, r + 1) } else { (r * (r + 1) / 2, (r + 1) * (r + 2) / 2) };
        self.start + from..self.start + to
    }

    fn kind(&self, r: usize, at: usize, size: usize) -> Kind {
        match (self.polar[r], at) {
            (true, 0) if self.rooted[r] => Kind::Root,
            (true, 0) => Kind::Length,
            (true, _) => Kind::Angle,
            (false, _) if at + 1 == size => Kind::Length,
            (false, _) => Kind::Element,
        }
    }

    fn encode(&self, root: &[f64]) -> Vec<f64> {
        let k = self.order.len();
        if self.diagonal {
            return (0..k).map(|i| root[i * k + i]).collect();
        }
        let ordered: Vec<f64> = self.order.iter().flat_map(|c| root[c * k..(c + 1) * k].to_vec()).collect();
        let l = row_major::lower_factor(&ordered, k, k);
        let row = |r: usize| {
            let own = &l[r * k..r * k + r + 1];
            if !self.polar[r] {
                return own.to_vec();
            }
            let mut row = to_polar(own);
            if self.rooted[r] {
                row[0] = row[0].sqrt();
            }
            row
        };
        (0..k).flat_map(row).collect()
    }

    fn decode(&self, z: &[f64]) -> Vec<f64> {
        self.rows(|r| {
            let own = &z[self.row(r)];
            if self.polar[r] { from_polar(&self.lengthened(r, own)) } else { own.to_vec() }
        })
    }

    /// Turns a direction of the vector into one of the root.
    fn push(&self, z: &[f64], direction: &[f64]) -> Vec<f64> {
        self.rows(|r| {
            let (at, own) = (&z[self.row(r)], &direction[self.row(r)]);
            if self.polar[r] {
                row_major::multiply(&self.jacobian(r, at), own, at.len(), at.len(), 1)
            } else {
                own.to_vec()
            }
        })
    }

    /// The row with its length instead of the root of it.
    fn lengthened(&self, r: usize, own: &[f64]) -> Vec<f64> {
        let mut out = own.to_vec();
        if self.rooted[r] {
            out[0] *= own[0];
        }
        out
    }

    /// Derivatives of row r (`size × size`) by its numbers.
    fn jacobian(&self, r: usize, own: &[f64]) -> Vec<f64> {
        let mut out = polar_jacobian(&self.lengthened(r, own));
        if self.rooted[r] {
            out.iter_mut().step_by(own.len()).for_each(|v| *v *= 2.0 * own[0]);
        }
        out
    }

    /// A `k × k` matrix from the numbers of each row.
    fn rows(&self, row: impl Fn(usize) -> Vec<f64>) -> Vec<f64> {
        let k = self.order.len();
        let mut out = vec![0.0; k * k];
        for (r, c) in self.order.iter().enumerate() {
            let own = row(r);
            let first = if self.diagonal { r } else { 0 };
            out[c * k + first..c * k + first + own.len()].copy_from_slice(&own);
        }
        out
    }

    /// Turns the derivative by the root into that by the numbers.
    fn pull(&self, z: &[f64], slope: &[f64]) -> Vec<f64> {
        let k = self.order.len();
        let row = |(r, c): (usize, &usize)| {
            let place = self.row(r);
            let first = c * k + if self.diagonal { r } else { 0 };
            let own = &slope[first..first + place.len()];
            if !self.polar[r] {
                return own.to_vec();
            }
            let mut out = vec![0.0; own.len()];
            row_major::transpose_multiply_add(
                &mut out,
                1.0,
                &self.jacobian(r, &z[place]),
                own,
                own.len(),
                own.len(),
                1,
            );
            out
        };
        self.order.iter().enumerate().flat_map(row).collect()
    }
}

/// Row of the root: `a (sin ω0, cos ω0 sin ω1, ..., cos ω0 cos ω1 ...)`.
fn from_polar(z: &[f64]) -> Vec<f64> {
    let mut left = z[0];
    let mut row = Vec::with_capacity(z.len());
    for angle in &z[1..] {
        row.push(left * angle.sin());
        left *= angle.cos();
    }
    row.push(left);
    row
}

/// Length and angles of a row whose last element is not negative.
fn to_polar(row: &[f64]) -> Vec<f64> {
    let length = |from: usize| row[from..].iter().fold(0.0_f64, |a, v| a.hypot(*v));
    let angle = |i: usize| if length(i) > 0.0 { (row[i] / length(i)).clamp(-1.0, 1.0).asin() } else { 0.0 };
    std::iter::once(length(0)).chain((0..row.len() - 1).map(angle)).collect()
}

/// Derivatives of the row (`size × size`) by its length and angles.
fn polar_jacobian(z: &[f64]) -> Vec<f64> {
    let n = z.len();
    let mut out = vec![0.0; n * n];
    for j in 0..n {
        // by the length: the row of length one; by an angle: what has it as a factor, turned a quarter
        let mut unit = z.to_vec();
        unit[0] = if j == 0 { 1.0 } else { z[0] };
        if j > 0 {
            unit[j] += std::f64::consts::FRAC_PI_2;
        }
        let column = from_polar(&unit);
        let first = j.saturating_sub(1);
        (first..n).for_each(|i| out[i * n + j] = column[i]);
    }
    out
}
