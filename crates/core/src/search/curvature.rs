//! First and second derivatives of the criterion, and the curvatures that the steps are built from.

use super::space::Space;
use crate::blocks::directions::{Change, Derivatives, PartSpace, inner};
use crate::matrix::{eigen, row_major};

/// First and second derivatives with respect to the distinct elements of S̃ (off-diagonal elements count twice).
#[derive(Clone, Debug)]
pub struct Curvature {
    pub gradient: Vec<f64>,
    /// `dcriterion/dS̃` as symmetric matrices.
    pub m: Vec<Vec<f64>>,
    /// `Σ_j Z_j'QZ_j`, in the coordinates of S̃.
    pub trace: Vec<Vec<f64>>,
    /// Average information, and the same rescaled to the size of the expected one.
    pub average: Vec<f64>,
    pub rescaled: Vec<f64>,
    /// Hessian, exact if `exact`.
    pub hessian: Vec<f64>,
    pub expected: Vec<f64>,
    pub exact: bool,
}

/// First and second derivatives along changes of S; the bend of a curved path is not in the Hessian.
#[derive(Clone, Debug)]
pub struct Along {
    pub gradient: Vec<f64>,
    /// `dcriterion/dS` per part.
    pub m: Vec<Vec<f64>>,
    pub hessian: Vec<f64>,
    pub expected: Vec<f64>,
    pub exact: bool,
}

impl Curvature {
    /// What the quadratic model of the cone step is made of: the rescaled average information or, where rescaling has made it
    /// indefinite (few rows, far away), the expected one or the average one as it is, which never are.
    pub fn model(&self, n: usize) -> &[f64] {
        let mut l = self.rescaled.clone();
        let definite = (0..n).all(|i| l[i * n + i] > 0.0) && row_major::cholesky(&mut l, n);
        match (definite, self.exact) {
            (true, _) => &self.rescaled,
            (false, true) => &self.expected,
            (false, false) => &self.average,
        }
    }
}

impl Space {
    /// Derivatives by the elements of S̃ from slopes and squares per part, and second-order numbers of all matrix units.
    pub fn combine(
        &self,
        m: Vec<Vec<f64>>,
        trace: Vec<Vec<f64>>,
        quadratic: Vec<Vec<f64>>,
        unit: &[f64],
        traces: Option<&[f64]>,
    ) -> Curvature {
        let n = self.n_elements();
        let plain: Vec<Vec<f64>> = self.parts.iter().map(|p| row_major::identity(p.d)).collect();
        let rescale: Vec<Vec<f64>> =
            self.parts.iter().zip(trace.iter().zip(&quadratic)).map(|(p, (t, u))| rescaling(t, u, p.d)).collect();
        let directions = self.directions(&plain);
        let raw = row_major::congruence(unit, &directions, self.n_units(), n);
        let a = self.pack_gradient(&quadratic);
        let average = outer_subtract(&raw, &a, self.m);
        let scaled_directions = self.directions(&rescale);
        let scaled = row_major::congruence(unit, &scaled_directions, self.n_units(), n);
        let rotated: Vec<Vec<f64>> = self
            .parts
            .iter()
            .zip(rescale.iter().zip(&quadratic))
            .map(|(p, (r, u))| row_major::congruence(u, &row_major::transpose(r, p.d, p.d), p.d, p.d))
            .collect();
        let rescaled = outer_subtract(&scaled, &self.pack_gradient(&rotated), self.m);
        let t = self.pack_gradient(&trace);
        let (tt, expected) = match traces {
            Some(units) => {
                let tt = row_major::congruence(units, &directions, self.n_units(), n);
                let expected = outer_subtract(&tt, &t, self.m);
                (tt, expected)
            }
            // the rescaled average information stands in for the expected one
            None => ((0..n * n).map(|i| rescaled[i] + t[i / n] * t[i % n] / self.m).collect(), rescaled.clone()),
        };
        let hessian = (0..n * n).map(|i| 2.0 * raw[i] - tt[i] - a[i / n] * a[i % n] / self.m).collect();
        Curvature {
            gradient: self.pack_gradient(&m),
            m,
            trace,
            average,
            rescaled,
            hessian,
            expected,
            exact: traces.is_some(),
        }
    }

    /// Average information from `F'PF/σ²` of all matrix units and `Σ r_j r_j'/σ²` per part.
    pub fn average_of(&self, unit: &[f64], quadratic: &[Vec<f64>]) -> Vec<f64> {
        let plain: Vec<Vec<f64>> = self.parts.iter().map(|p| row_major::identity(p.d)).collect();
        let raw = row_major::congruence(unit, &self.directions(&plain), self.n_units(), self.n_elements());
        outer_subtract(&raw, &self.pack_gradient(quadratic), self.m)
    }

    /// Derivatives along some changes of S from slopes per part and second-order numbers of the changes.
    pub fn combine_along(
        &self,
        [m, trace, quadratic]: [Vec<Vec<f64>>; 3],
        raw: &[f64],
        traces: Option<Vec<f64>>,
        changes: &[Change],
    ) -> Along {
        let (t, a) = (inner(&trace, changes), inner(&quadratic, changes));
        let n = changes.len();
        let exact = traces.is_some();
        let tt = traces.unwrap_or_else(|| {
            // as `rescaling`, direction by direction: the average information in the size of the expected one
            let ratio: Vec<f64> = t.iter().zip(&a).map(|(t, a)| (a / t).abs().clamp(0.1, 1e4).sqrt()).collect();
            (0..n * n).map(|i| raw[i] / (ratio[i / n] * ratio[i % n])).collect()
        });
        let expected = outer_subtract(&tt, &t, self.m);
        let hessian = (0..n * n).map(|i| 2.0 * raw[i] - tt[i] - a[i / n] * a[i % n] / self.m).collect();
        Along { gradient: inner(&m, changes), m, hessian, expected, exact }
    }

    /// From derivatives that are in the coordinates of S̃ already, part by part.
    pub fn on_axes(&self, found: Derivatives, sigma2: f64) -> Curvature {
        let part = |p: &PartSpace| PartSpace { k: p.d, d: p.d, basis: row_major::identity(p.d) };
        let space = Space { parts: self.parts.iter().map(part).collect(), ..*self };
        let over = |m: &Vec<f64>| -> Vec<f64> { m.iter().map(|v| v / sigma2).collect() };
        let quadratic: Vec<Vec<f64>> = found.squares.iter().map(over).collect();
        let less = |(t, u): (&Vec<f64>, &Vec<f64>)| t.iter().zip(u).map(|(a, b)| a - b).collect();
        let m = found.slopes.iter().zip(&quadratic).map(less).collect();
        space.combine(m, found.slopes, quadratic, &over(&found.information), found.traces.as_deref())
    }
}

/// `a − v v'/m`.
pub fn outer_subtract(a: &[f64], v: &[f64], m: f64) -> Vec<f64> {
    let n = v.len();
    (0..n * n).map(|i| a[i] - v[i / n] * v[i % n] / m).collect()
}

/// `N = t Q diag(clip(ρ, 0.1, 1e4)^-½) Q' t⁻¹` with `tt' = trace` and `t⁻¹ quadratic t⁻ᵀ = Q diag(ρ) Q'`: gives the average
/// information the size of the expected one, far from the optimum where the two can differ a hundredfold.
fn rescaling(trace: &[f64], quadratic: &[f64], d: usize) -> Vec<f64> {
    let mut t = trace.to_vec();
    if !row_major::cholesky(&mut t, d) {
        return row_major::identity(d);
    }
    let inverse = row_major::invert_lower(&t, d);
    let (rho, q) =
        eigen::symmetric_eigen(&row_major::congruence(quadratic, &row_major::transpose(&inverse, d, d), d, d), d);
    let mut scaled = q.clone();
    for r in 0..d {
        (0..d).for_each(|c| scaled[r * d + c] /= rho[c].clamp(0.1, 1e4).sqrt());
    }
    let middle = row_major::multiply(&scaled, &row_major::transpose(&q, d, d), d, d, d);
    row_major::multiply(&row_major::multiply(&t, &middle, d, d, d), &inverse, d, d, d)
}
