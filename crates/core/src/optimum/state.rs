//! One point of the search: the criterion at S, its gradient, and the curvatures that the steps are built from.

use crate::cross::CrossProducts;
use crate::directions::{Change, Directions, inner, on_units};
use crate::error::CoreError;
use crate::factor::Factor;
use crate::memory;
use crate::single_factor::SingleFactor;
use crate::small;

/// The search space: per part the identified directions (`basis`, `k × d`), so that `S = basis · S̃ · basis'`.
#[derive(Clone, Debug)]
pub struct Space {
    pub reml: bool,
    pub parts: Vec<PartSpace>,
    /// `n` or `n − p`.
    pub m: f64,
}

/// One part of the space.
#[derive(Clone, Debug)]
pub struct PartSpace {
    pub k: usize,
    pub d: usize,
    pub basis: Vec<f64>,
}

/// The criterion at one S, with the factor it came from. `s` holds S̃ per part, `d × d`.
#[derive(Clone, Debug)]
pub struct Point {
    pub s: Vec<Vec<f64>>,
    pub criterion: f64,
    pub sigma2: f64,
    /// Whether it was computed from the rows, which lose half as many digits.
    pub by_rows: bool,
    /// Gone when the derivatives have been taken: they need its memory.
    pub reduced: Option<Reduced>,
}

/// What an evaluation leaves for the derivatives.
#[derive(Clone, Debug)]
pub enum Reduced {
    Blocks(Box<Factor>),
    Single(SingleFactor),
}

/// `Σ Z_j'QZ_j` and `Σ r_j r_j'` per block; `F'PF` and, where known, `tr(Q W_u Q W_v)` for the directions.
pub type Derivatives = (Vec<Vec<f64>>, Vec<Vec<f64>>, Vec<f64>, Option<Vec<f64>>);

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
        let definite = (0..n).all(|i| l[i * n + i] > 0.0) && small::cholesky(&mut l, n);
        match (definite, self.exact) {
            (true, _) => &self.rescaled,
            (false, true) => &self.expected,
            (false, false) => &self.average,
        }
    }
}

impl Space {
    /// All directions of every part.
    pub fn new(cp: &CrossProducts, n_obs: usize, reml: bool) -> Space {
        let part = |p: &crate::layout::Part| PartSpace { k: p.k, d: p.k, basis: small::identity(p.k) };
        let m = if reml { n_obs - cp.layout.p } else { n_obs } as f64;
        Space { reml, parts: cp.layout.parts.iter().map(part).collect(), m }
    }

    /// Number of distinct elements of S̃.
    pub fn n_elements(&self) -> usize {
        self.parts.iter().map(|p| p.d * (p.d + 1) / 2).sum()
    }

    /// (part, row, column) of each distinct element, lower triangles column by column.
    pub fn elements(&self) -> Vec<(usize, usize, usize)> {
        let of_part = |(i, p): (usize, &PartSpace)| -> Vec<_> {
            (0..p.d).flat_map(|c| (c..p.d).map(move |r| (i, r, c))).collect()
        };
        self.parts.iter().enumerate().flat_map(of_part).collect()
    }

    /// Distinct elements of the matrices.
    pub fn pack(&self, s: &[Vec<f64>]) -> Vec<f64> {
        self.elements().iter().map(|&(i, r, c)| s[i][r * self.parts[i].d + c]).collect()
    }

    /// Symmetric matrices from a gradient, whose off-diagonal elements count twice.
    pub fn unpack_gradient(&self, g: &[f64]) -> Vec<Vec<f64>> {
        let mut out: Vec<Vec<f64>> = self.parts.iter().map(|p| vec![0.0; p.d * p.d]).collect();
        for (&(i, r, c), v) in self.elements().iter().zip(g) {
            let d = self.parts[i].d;
            let v = if r == c { *v } else { v / 2.0 };
            out[i][r * d + c] = v;
            out[i][c * d + r] = v;
        }
        out
    }

    /// `<m, E_i>` for every element.
    pub fn pack_gradient(&self, m: &[Vec<f64>]) -> Vec<f64> {
        let value = |&(i, r, c): &(usize, usize, usize)| {
            if r == c { m[i][r * self.parts[i].d + c] } else { 2.0 * m[i][r * self.parts[i].d + c] }
        };
        self.elements().iter().map(value).collect()
    }

    /// T per part from roots F of S̃ (`d × r` per part).
    pub(super) fn factors(&self, roots: &[(Vec<f64>, usize)]) -> Vec<Vec<f64>> {
        let factor = |(p, (f, r)): (&PartSpace, &(Vec<f64>, usize))| {
            small::lower_factor(&small::multiply(&p.basis, f, p.k, p.d, *r), p.k, *r)
        };
        self.parts.iter().zip(roots).map(factor).collect()
    }

    /// Factor of the whole system at S̃ = F F'.
    pub fn factor(&self, cp: &CrossProducts, roots: &[(Vec<f64>, usize)]) -> Result<Factor, CoreError> {
        let t = self.factors(roots);
        cp.factor((0..cp.layout.blocks.len()).map(|b| cp.layout.assemble(&t, b)).collect())
    }

    /// Rounding of the criterion at a point; the response has mean square one, so that 1/σ² of it cancels in the
    /// squares of the residual, and 1/σ in the residual itself.
    pub fn noise(&self, point: &Point) -> f64 {
        let lost = if point.by_rows {
            // large columns of ZΛ are taken from the response before it is seen what they leave
            let largest = point.s.iter().flatten().fold(0.0_f64, |a, v| a.max(*v));
            self.m * (4e-16 / point.sigma2.sqrt() + 1e-16 * largest.sqrt())
        } else {
            4e-16 * self.m / point.sigma2
        };
        1e-13 * point.criterion.abs().max(self.m) + lost
    }

    /// The profiled criterion.
    pub fn criterion(&self, log_det_z: f64, log_det_x: f64, r2: f64) -> f64 {
        let fixed = if self.reml { log_det_x } else { 0.0 };
        log_det_z + fixed + self.m * (1.0 + (2.0 * std::f64::consts::PI * r2 / self.m).ln())
    }

    /// Criterion at S̃ = F F' given by its roots F (`d × r` per part).
    pub fn evaluate(&self, cp: &CrossProducts, roots: &[(Vec<f64>, usize)]) -> Result<Point, CoreError> {
        let square = |(p, (f, r)): (&PartSpace, &(Vec<f64>, usize))| {
            small::multiply(f, &small::transpose(f, p.d, *r), p.d, *r, p.d)
        };
        let s = self.parts.iter().zip(roots).map(square).collect();
        let (reduced, log_det_z, log_det_x, r2) = match &cp.single {
            Some(single) => match self.single_factor(cp, single, roots) {
                Ok(f) => {
                    let (z, x, r2) = (f.log_det_z, f.log_det_x, f.r2);
                    (Reduced::Single(f), z, x, r2)
                }
                Err(error) if cp.rows.is_none() => return Err(error),
                Err(_) => self.block_factor(cp, roots)?,
            },
            None => self.block_factor(cp, roots)?,
        };
        let criterion = self.criterion(log_det_z, log_det_x, r2);
        if criterion.is_finite() {
            let by_rows = matches!(&reduced, Reduced::Blocks(f) if f.by_rows);
            Ok(Point { s, criterion, sigma2: r2 / self.m, by_rows, reduced: Some(reduced) })
        } else {
            Err(CoreError::NotPositiveDefinite { pivot: 0 })
        }
    }

    /// Derivatives at a point.
    pub fn curvature(&self, cp: &CrossProducts, point: &mut Point) -> Result<Curvature, CoreError> {
        memory::check("the derivatives by the covariances", cp.derivative_numbers())?;
        if let (Some(Reduced::Blocks(f)), Some(rows)) = (&point.reduced, &cp.rows)
            && f.by_rows
        {
            let found = rows.derivatives(&cp.layout, &f.t, self);
            point.reduced = None;
            return Ok(self.on_axes(found, point.sigma2));
        }
        let (traces_of_blocks, squares, unit, traces) = match (point.reduced.take(), &cp.single) {
            (Some(Reduced::Single(f)), Some(single)) => f.derivatives(cp, single, self.reml),
            (Some(Reduced::Blocks(f)), _) => self.block_derivatives(cp, *f, &Directions::units(&cp.layout))?,
            _ => return Err(CoreError::BadInput("the point has no factor, or one of other data".into())),
        };
        let [m, trace, quadratic] = self.slopes_of_parts(cp, &traces_of_blocks, &squares, point.sigma2);
        let unit: Vec<f64> = unit.iter().map(|v| v / point.sigma2).collect();
        Ok(self.combine(m, trace, quadratic, &unit, traces.as_deref()))
    }

    /// Derivatives at a point along some changes of S, at the cost of these alone.
    pub fn along(&self, cp: &CrossProducts, point: &mut Point, changes: &[Change]) -> Result<Along, CoreError> {
        let (traces_of_blocks, squares, raw, traces) = match (point.reduced.take(), &cp.single) {
            (Some(Reduced::Single(f)), Some(single)) => {
                let (trace, squares, unit, traces) = f.derivatives(cp, single, self.reml);
                let on_units = on_units(&cp.layout, changes);
                let pull = |m: &[f64]| small::congruence(m, &on_units, self.n_units(), changes.len());
                (trace, squares, pull(&unit), traces.map(|m| pull(&m)))
            }
            (Some(Reduced::Blocks(f)), _) => self.block_derivatives(cp, *f, &Directions::of(&cp.layout, changes))?,
            _ => return Err(CoreError::BadInput("the point has no factor, or one of other data".into())),
        };
        let [m, trace, quadratic] = self.slopes_of_parts(cp, &traces_of_blocks, &squares, point.sigma2);
        let raw: Vec<f64> = raw.iter().map(|v| v / point.sigma2).collect();
        let (t, a) = (inner(&trace, changes), inner(&quadratic, changes));
        let n = changes.len();
        let (tt, expected) = match &traces {
            Some(tt) => (tt.clone(), outer_subtract(tt, &t, self.m)),
            // as `rescaling`, direction by direction: the average information in the size of the expected one
            None => {
                let ratio: Vec<f64> = t.iter().zip(&a).map(|(t, a)| (a / t).abs().clamp(0.1, 1e4).sqrt()).collect();
                let tt: Vec<f64> = (0..n * n).map(|i| raw[i] / (ratio[i / n] * ratio[i % n])).collect();
                let expected = outer_subtract(&tt, &t, self.m);
                (tt, expected)
            }
        };
        let hessian = (0..n * n).map(|i| 2.0 * raw[i] - tt[i] - a[i / n] * a[i % n] / self.m).collect();
        Ok(Along { gradient: inner(&m, changes), m, hessian, expected, exact: traces.is_some() })
    }

    /// `dcriterion/dS̃`, `Σ Z_j'QZ_j` and `Σ r_j r_j'/σ²` per part from those of the blocks.
    fn slopes_of_parts(
        &self,
        cp: &CrossProducts,
        traces_of_blocks: &[Vec<f64>],
        squares: &[Vec<f64>],
        sigma2: f64,
    ) -> [Vec<Vec<f64>>; 3] {
        let (mut m, mut trace, mut quadratic) = (Vec::new(), Vec::new(), Vec::new());
        for (space, part) in self.parts.iter().zip(&cp.layout.parts) {
            let k = part.k;
            let own = |block: &[f64], scale: f64| -> Vec<f64> {
                let width = cp.layout.blocks[part.block].k;
                let entry = |e: usize| block[(part.offset + e / k) * width + part.offset + e % k] * scale;
                small::congruence(&(0..k * k).map(entry).collect::<Vec<_>>(), &space.basis, k, space.d)
            };
            let (tr, u) = (own(&traces_of_blocks[part.block], 1.0), own(&squares[part.block], 1.0 / sigma2));
            m.push(tr.iter().zip(&u).map(|(a, b)| a - b).collect());
            trace.push(tr);
            quadratic.push(u);
        }
        [m, trace, quadratic]
    }

    fn block_derivatives(
        &self,
        cp: &CrossProducts,
        f: Factor,
        directions: &Directions,
    ) -> Result<Derivatives, CoreError> {
        let cp = cp.of(&f);
        let solution = cp.solve(&f);
        let squares = solution.squares(&cp.layout);
        let information = cp.information(&f, &solution, directions);
        let dense_traces = if cp.layout.is_single() { None } else { cp.dense_traces(&f, directions, self.reml)? };
        let slopes = cp.slopes(f, self.reml);
        let traces = cp.level_traces(&slopes, directions, self.reml).or(dense_traces);
        Ok((slopes.trace, squares, information, traces))
    }

    pub(super) fn combine(
        &self,
        m: Vec<Vec<f64>>,
        trace: Vec<Vec<f64>>,
        quadratic: Vec<Vec<f64>>,
        unit: &[f64],
        traces: Option<&[f64]>,
    ) -> Curvature {
        let n = self.n_elements();
        let plain: Vec<Vec<f64>> = self.parts.iter().map(|p| small::identity(p.d)).collect();
        let rescale: Vec<Vec<f64>> =
            self.parts.iter().zip(trace.iter().zip(&quadratic)).map(|(p, (t, u))| rescaling(t, u, p.d)).collect();
        let directions = self.directions(&plain);
        let raw = small::congruence(unit, &directions, self.n_units(), n);
        let a = self.pack_gradient(&quadratic);
        let average = outer_subtract(&raw, &a, self.m);
        let scaled_directions = self.directions(&rescale);
        let scaled = small::congruence(unit, &scaled_directions, self.n_units(), n);
        let rotated: Vec<Vec<f64>> = self
            .parts
            .iter()
            .zip(rescale.iter().zip(&quadratic))
            .map(|(p, (r, u))| small::congruence(u, &small::transpose(r, p.d, p.d), p.d, p.d))
            .collect();
        let rescaled = outer_subtract(&scaled, &self.pack_gradient(&rotated), self.m);
        let t = self.pack_gradient(&trace);
        let (tt, expected) = match traces {
            Some(units) => {
                let tt = small::congruence(units, &directions, self.n_units(), n);
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
    pub(crate) fn average_of(&self, unit: &[f64], quadratic: &[Vec<f64>]) -> Vec<f64> {
        let plain: Vec<Vec<f64>> = self.parts.iter().map(|p| small::identity(p.d)).collect();
        let raw = small::congruence(unit, &self.directions(&plain), self.n_units(), self.n_elements());
        outer_subtract(&raw, &self.pack_gradient(quadratic), self.m)
    }

    fn n_units(&self) -> usize {
        self.parts.iter().map(|p| p.k * p.k).sum()
    }

    /// Coefficients of `basis E_i N basis⁺` on the matrix units, one column per element of S̃ (`units × elements`).
    fn directions(&self, n: &[Vec<f64>]) -> Vec<f64> {
        let elements = self.elements();
        let mut out = vec![0.0; self.n_units() * elements.len()];
        for (i, &(part, r, c)) in elements.iter().enumerate() {
            let p = &self.parts[part];
            let start: usize = self.parts[..part].iter().map(|q| q.k * q.k).sum();
            let mut e = vec![0.0; p.d * p.d];
            e[r * p.d + c] = 1.0;
            e[c * p.d + r] = 1.0;
            let en = small::multiply(&e, &n[part], p.d, p.d, p.d);
            let left = small::multiply(&p.basis, &en, p.k, p.d, p.d);
            let full = small::multiply(&left, &small::transpose(&p.basis, p.k, p.d), p.k, p.d, p.k);
            full.iter().enumerate().for_each(|(u, v)| out[(start + u) * elements.len() + i] = *v);
        }
        out
    }
}

/// `a − v v'/m`.
fn outer_subtract(a: &[f64], v: &[f64], m: f64) -> Vec<f64> {
    let n = v.len();
    (0..n * n).map(|i| a[i] - v[i / n] * v[i % n] / m).collect()
}

/// `N = t Q diag(clip(ρ, 0.1, 1e4)^-½) Q' t⁻¹` with `tt' = trace` and `t⁻¹ quadratic t⁻ᵀ = Q diag(ρ) Q'`: gives the average
/// information the size of the expected one, far from the optimum where the two can differ a hundredfold.
fn rescaling(trace: &[f64], quadratic: &[f64], d: usize) -> Vec<f64> {
    let mut t = trace.to_vec();
    if !small::cholesky(&mut t, d) {
        return small::identity(d);
    }
    let inverse = small::invert_lower(&t, d);
    let (rho, q) = small::symmetric_eigen(&small::congruence(quadratic, &small::transpose(&inverse, d, d), d, d), d);
    let mut scaled = q.clone();
    for r in 0..d {
        (0..d).for_each(|c| scaled[r * d + c] /= rho[c].clamp(0.1, 1e4).sqrt());
    }
    let middle = small::multiply(&scaled, &small::transpose(&q, d, d), d, d, d);
    small::multiply(&small::multiply(&t, &middle, d, d, d), &inverse, d, d, d)
}
