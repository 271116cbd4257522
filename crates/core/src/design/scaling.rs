//! Internal units. The optimum must not move when a covariate is shifted or rescaled, so the engine works with an orthonormal X,
//! the response's residual on X with mean square one, weights with mean one, and random columns with weighted mean square one (inside an
//! unstructured block also mutually orthogonal, so centred where there is an intercept). Results are translated back.

use crate::design::layout::{Columns, Term};
use crate::design::local::{Local, LocalRow};
use crate::error::CoreError;
use crate::matrix::lanes::dot;
use crate::matrix::row_major;

/// `Z_internal = Z · r` per level of one term; `inverse` undoes it. Both `k × k`, row-major.
#[derive(Clone, Debug)]
pub struct TermScale {
    pub r: Vec<f64>,
    pub inverse: Vec<f64>,
}

/// Everything needed to go from internal units to the user's.
#[derive(Clone, Debug)]
pub struct Scaling {
    pub n: usize,
    pub p: usize,
    /// Response: `y = X beta0 + y_scale · y_internal` (before weighting).
    pub y_scale: f64,
    /// Mean of the user's weights.
    pub w_scale: f64,
    /// Upper-triangular `R` with `W^½ X = Q R`, row-major.
    pub x_r: Vec<f64>,
    pub beta0: Vec<f64>,
    pub sum_log_w: f64,
    pub terms: Vec<TermScale>,
}

/// Everything but the response in internal units, rows already multiplied by the square root of their weight.
#[derive(Clone, Debug)]
pub struct ScaledDesign {
    pub n: usize,
    w_scale: f64,
    /// Square roots of the weights.
    root: Option<Vec<f64>>,
    sum_log_w: f64,
    x_r: Vec<f64>,
    centre: Option<Centre>,
    scales: Vec<TermScale>,
    /// Columns of Q.
    pub x: Vec<Vec<f64>>,
    /// Values of each grouped term (`n × k`, row-major), none where they are ones without weights.
    pub values: Vec<Option<Vec<f64>>>,
    /// Values of each matrix term, aligned with its compressed rows.
    pub matrix_values: Vec<Vec<f64>>,
}

fn subtract(v: &mut [f64], c: f64, q: &[f64]) {
    for (x, y) in v.iter_mut().zip(q) {
        *x -= c * y;
    }
}

/// Removes the part of `v` in the span of the orthonormal `basis`, twice for full precision; returns the coefficients.
fn project_out(v: &mut [f64], basis: &[Vec<f64>]) -> Vec<f64> {
    let mut coefficients = vec![0.0; basis.len()];
    for _ in 0..2 {
        for (c, q) in coefficients.iter_mut().zip(basis) {
            let s = dot(q, v);
            subtract(v, s, q);
            *c += s;
        }
    }
    coefficients
}

/// A constant column of X: what others are shifted by before they are weighted.
///
/// In a row of weight w the difference of two numbers far from zero is wrong by `√w` times their last digit. Where weights span many
/// orders that is more than all light rows have to say, so means are taken off before.
#[derive(Clone, Debug)]
struct Centre {
    column: usize,
    value: f64,
    /// Weights with mean one.
    weights: Vec<f64>,
}

impl Centre {
    /// The first constant column, where there are weights.
    fn of(x: &[Vec<f64>], root: Option<&[f64]>) -> Option<Centre> {
        let constant = |c: &Vec<f64>| c.first().is_some_and(|v| *v != 0.0 && c.iter().all(|x| x == v));
        let column = x.iter().position(constant)?;
        Some(Centre { column, value: x[column][0], weights: root?.iter().map(|r| r * r).collect() })
    }

    /// Shifts a column by its weighted mean; returns the multiple of the constant column that it takes.
    fn shift(&self, v: &mut [f64]) -> f64 {
        // the second round finds what rounding of the first left of the mean
        let mut sum = 0.0;
        for _ in 0..2 {
            let mean = dot(&self.weights, v) / self.weights.len() as f64;
            v.iter_mut().for_each(|x| *x -= mean);
            sum += mean;
        }
        sum / self.value
    }
}

/// Multiplies by the square roots of the weights.
fn weigh(mut v: Vec<f64>, root: Option<&[f64]>) -> Vec<f64> {
    if let Some(r) = root {
        v.iter_mut().zip(r).for_each(|(a, b)| *a *= b);
    }
    v
}

/// Length of a weighted column; none without weights, where it is the column's own.
fn weighted_size(v: &[f64], root: Option<&[f64]>) -> Option<f64> {
    root.map(|r| v.iter().zip(r).map(|(a, b)| (a * b) * (a * b)).sum::<f64>().sqrt())
}

impl ScaledDesign {
    /// Scales fixed columns (`x`: columns of length n, full column rank) and terms.
    pub fn new(n: usize, x: Vec<Vec<f64>>, weights: Option<&[f64]>, terms: &[Term]) -> Result<ScaledDesign, CoreError> {
        let p = x.len();
        let w_scale = weights.map_or(1.0, |w| w.iter().sum::<f64>() / n as f64);
        let root: Option<Vec<f64>> = weights.map(|w| w.iter().map(|v| (v / w_scale).sqrt()).collect());
        let mut basis: Vec<Vec<f64>> = Vec::with_capacity(p);
        let mut x_r = vec![0.0; p * p];
        let centre = Centre::of(&x, root.as_deref());
        for (j, mut column) in x.into_iter().enumerate() {
            let size = weighted_size(&column, root.as_deref());
            let shifted = centre.as_ref().filter(|c| j > c.column).map(|c| (c.column, c.shift(&mut column)));
            let mut v = weigh(column, root.as_deref());
            let before = size.unwrap_or_else(|| dot(&v, &v).sqrt());
            for (i, c) in project_out(&mut v, &basis).into_iter().enumerate() {
                x_r[i * p + j] = c;
            }
            let norm = dot(&v, &v).sqrt();
            if norm.is_nan() || norm <= 1e-13 * before {
                return Err(CoreError::CollinearFixedColumns { column: j });
            }
            v.iter_mut().for_each(|a| *a /= norm);
            x_r[j * p + j] = norm;
            if let Some((c, factor)) = shifted {
                (0..p).for_each(|i| x_r[i * p + j] += factor * x_r[i * p + c]);
            }
            basis.push(v);
        }
        let sum_log_w = weights.map_or(0.0, |w| w.iter().map(|v| v.ln()).sum());
        let (mut scales, mut values, mut matrix_values) = (Vec::new(), Vec::new(), Vec::new());
        for term in terms {
            let (s, v, m) = scale_term(term, n, root.as_deref());
            scales.push(s);
            values.push(v);
            matrix_values.push(m);
        }
        Ok(ScaledDesign { n, w_scale, root, sum_log_w, x_r, centre, scales, x: basis, values, matrix_values })
    }

    /// A row of local columns in internal units: times the square root of its weight, in units of the term.
    pub fn local_row(&self, term: usize, local: &Local, i: usize) -> LocalRow {
        let factor = self.scales[term].r[0] * self.root.as_ref().map_or(1.0, |w| w[i]);
        let (at, numbers) = local.row(i);
        (at, numbers.map(|v| v * factor))
    }

    /// Largest weight over the smallest.
    pub fn weight_ratio(&self) -> f64 {
        let Some(root) = &self.root else { return 1.0 };
        let (low, high) = root.iter().fold((f64::INFINITY, 0.0_f64), |(a, b), v| (a.min(*v), b.max(*v)));
        (high / low) * (high / low)
    }

    /// A response in internal units, and the units.
    pub fn response(&self, y: &[f64]) -> Result<(Vec<f64>, Scaling), CoreError> {
        let (n, p) = (self.n, self.x.len());
        let mut y = y.to_vec();
        let size = weighted_size(&y, self.root.as_deref());
        let shifted = self.centre.as_ref().map(|c| (c.column, c.shift(&mut y)));
        let mut e = weigh(y, self.root.as_deref());
        let size = size.unwrap_or_else(|| dot(&e, &e).sqrt());
        let mut beta0 = project_out(&mut e, &self.x);
        row_major::solve_lower_transposed(&row_major::transpose(&self.x_r, p, p), p, &mut beta0, 1);
        if let Some((column, factor)) = shifted {
            beta0[column] += factor;
        }
        let y_scale = (dot(&e, &e) / n as f64).sqrt();
        if y_scale.is_nan() || y_scale <= 1e-14 * size / (n as f64).sqrt() {
            return Err(CoreError::NoResidualVariation);
        }
        e.iter_mut().for_each(|a| *a /= y_scale);
        let scaling = Scaling {
            n,
            p,
            y_scale,
            w_scale: self.w_scale,
            x_r: self.x_r.clone(),
            beta0,
            sum_log_w: self.sum_log_w,
            terms: self.scales.clone(),
        };
        Ok((e, scaling))
    }
}

fn scale_term(term: &Term, n: usize, root: Option<&[f64]>) -> (TermScale, Option<Vec<f64>>, Vec<f64>) {
    let k = term.k;
    match &term.columns {
        Columns::Local(local) => {
            let square = local.square(|i| root.map_or(1.0, |w| w[i])) / n as f64;
            (diagonal(&[if square > 0.0 { square.sqrt() } else { 1.0 }]), None, Vec::new())
        }
        Columns::Group { values: None, .. } => {
            let one = TermScale { r: vec![1.0], inverse: vec![1.0] };
            (one, root.map(<[f64]>::to_vec), Vec::new())
        }
        Columns::Group { values: Some(z), .. } => {
            let scale = group_scale(z, n, k, term.parts.len() == 1, root);
            let mut out = row_major::multiply(z, &scale.r, n, k, k);
            if let Some(w) = root {
                out.chunks_exact_mut(k).zip(w).for_each(|(row, s)| row.iter_mut().for_each(|v| *v *= s));
            }
            (scale, Some(out), Vec::new())
        }
        Columns::Matrix { row_start, column, value } => {
            let mut out = value.clone();
            if let Some(w) = root {
                (0..n).for_each(|i| out[row_start[i]..row_start[i + 1]].iter_mut().for_each(|v| *v *= w[i]));
            }
            let mut square = vec![0.0; k];
            column.iter().zip(&out).for_each(|(&c, v)| square[c as usize % k] += v * v);
            let s: Vec<f64> = square.iter().map(|v| if *v > 0.0 { (v / n as f64).sqrt() } else { 1.0 }).collect();
            out.iter_mut().zip(column).for_each(|(v, &c)| *v /= s[c as usize % k]);
            (diagonal(&s), None, out)
        }
    }
}

fn diagonal(s: &[f64]) -> TermScale {
    let k = s.len();
    let (mut r, mut inverse) = (vec![0.0; k * k], vec![0.0; k * k]);
    for (i, v) in s.iter().enumerate() {
        r[i * k + i] = 1.0 / v;
        inverse[i * k + i] = *v;
    }
    TermScale { r, inverse }
}

/// Weighted mean square one per column; for an unstructured block also orthogonal columns, a constant column first.
fn group_scale(z: &[f64], n: usize, k: usize, unstructured: bool, root: Option<&[f64]>) -> TermScale {
    let column = |c: usize| -> Vec<f64> { z.iter().skip(c).step_by(k).copied().collect() };
    let columns: Vec<Vec<f64>> = (0..k).map(|c| weigh(column(c), root)).collect();
    let norm = |v: &[f64]| (dot(v, v) / n as f64).sqrt();
    let size: Vec<f64> = columns.iter().map(|v| norm(v)).map(|s| if s > 0.0 { s } else { 1.0 }).collect();
    if !unstructured || k == 1 {
        return diagonal(&size);
    }
    let constant = |c: usize| z[c] != 0.0 && z.iter().skip(c).step_by(k).all(|x| *x == z[c]);
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by_key(|&c| !constant(c));
    let mut inverse = vec![0.0; k * k];
    let (mut basis, mut owner): (Vec<Vec<f64>>, Vec<usize>) = (Vec::new(), Vec::new());
    for &c in &order {
        let mut v = columns[c].clone();
        let coefficients = project_out(&mut v, &basis);
        let mut s = norm(&v);
        if s <= 1e-7 * size[c] {
            // collinear within the term: only rescale it
            inverse[c * k + c] = size[c];
            continue;
        }
        for (o, f) in owner.iter().zip(coefficients) {
            inverse[o * k + c] = f / (n as f64).sqrt();
        }
        inverse[c * k + c] = s;
        s *= (n as f64).sqrt();
        v.iter_mut().for_each(|x| *x /= s);
        basis.push(v);
        owner.push(c);
    }
    let r = invert_permuted(&inverse, &order, k);
    TermScale { r, inverse }
}

/// Inverse of a matrix that is upper triangular after its rows and columns are put in `order`.
fn invert_permuted(a: &[f64], order: &[usize], k: usize) -> Vec<f64> {
    let mut lower = vec![0.0; k * k];
    for i in 0..k {
        for j in 0..k {
            lower[j * k + i] = a[order[i] * k + order[j]];
        }
    }
    let inverse = row_major::invert_lower(&lower, k);
    let mut out = vec![0.0; k * k];
    for i in 0..k {
        for j in 0..k {
            out[order[i] * k + order[j]] = inverse[j * k + i];
        }
    }
    out
}
