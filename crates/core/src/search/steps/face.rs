//! Newton's step among matrices of the same rank, `S = RR'` with R of full column rank; and in coordinates of any kind.

use crate::matrix::{eigen, row_major};
use crate::search::curvature::Curvature;
use crate::search::root::{PartRoot, Root};
use crate::search::space::Space;

/// A direction in which R of one part may move (`d × r`).
pub struct Direction {
    pub part: usize,
    pub a: Vec<f64>,
}

/// A Newton step as a change of roots.
pub struct FaceStep {
    /// Change of R per part (`d × r`).
    pub step: Vec<Vec<f64>>,
    /// The same along the directions.
    pub newton: NewtonStep,
}

/// A Newton step in coordinates of any kind, and what the model promises.
pub struct NewtonStep {
    /// Change of the coordinates.
    pub x: Vec<f64>,
    /// Directional derivative along the step.
    pub slope: f64,
    /// `½ Σ g²/|h|`: the Newton decrement halved, an estimate of the distance to the optimum in criterion units.
    pub decrement: f64,
    /// Smallest curvature relative to the expected information.
    pub min_curvature: f64,
    /// Length of the step in the metric of the expected information, and whether the radius limited it.
    pub length: f64,
    pub limited: bool,
    /// Whether it leaves a saddle: the curvature is negative where there is no slope.
    pub saddle: bool,
    /// Whether a curvature is so small beside the metric that its ridge may have hidden it.
    pub flat: bool,
}

impl NewtonStep {
    /// The step where nothing can move.
    pub fn none() -> NewtonStep {
        NewtonStep {
            x: Vec::new(),
            slope: 0.0,
            decrement: 0.0,
            min_curvature: 0.0,
            length: 0.0,
            limited: false,
            saddle: false,
            flat: false,
        }
    }
}

/// Directions that keep the rank: with `S = V₊ w V₊'` and `R = V₊ √w`, those A with R'A symmetric (the others only rotate R).
pub fn directions(roots: &[Root]) -> Vec<Direction> {
    let mut out = Vec::new();
    for (part, root) in roots.iter().enumerate() {
        let (d, r) = (root.d, root.rank);
        for i in 0..r {
            for j in i..r {
                let mut a = vec![0.0; d * r];
                for t in 0..d {
                    a[t * r + j] += root.vectors[t * d + d - r + i] / root.values[d - r + i].sqrt();
                    if i != j {
                        a[t * r + i] += root.vectors[t * d + d - r + j] / root.values[d - r + j].sqrt();
                    }
                }
                out.push(Direction { part, a });
            }
        }
        for i in 0..d - r {
            for j in 0..r {
                let mut a = vec![0.0; d * r];
                (0..d).for_each(|t| a[t * r + j] = root.vectors[t * d + i]);
                out.push(Direction { part, a });
            }
        }
    }
    out
}

/// Part of its diagonal by which the metric is made solid: as a rule, and where a valley is known to be there.
pub const RIDGE: f64 = 1e-4;
pub const BARE: f64 = 1e-11;

/// Newton's step along `directions` from `roots` (`d × r` with its number of columns, per part) within `radius`.
pub fn newton(
    space: &Space,
    c: &Curvature,
    roots: &[PartRoot],
    directions: &[Direction],
    radius: f64,
    ridge: f64,
) -> Option<FaceStep> {
    let n = directions.len();
    if n == 0 {
        return Some(FaceStep { step: zero_step(roots), newton: NewtonStep::none() });
    }
    let (gradient, hessian, metric) = pull_back(space, c, roots, directions, ridge);
    let newton = minimum(&gradient, &hessian, metric, radius, ridge)?;
    let mut step = zero_step(roots);
    for (x, direction) in newton.x.iter().zip(directions) {
        step[direction.part].iter_mut().zip(&direction.a).for_each(|(o, a)| *o += x * a);
    }
    Some(FaceStep { step, newton })
}

/// Newton's step with absolute curvatures within `radius`, both in the measure of `metric`; none where that is not definite.
pub fn minimum(gradient: &[f64], hessian: &[f64], metric: Vec<f64>, radius: f64, ridge: f64) -> Option<NewtonStep> {
    let n = gradient.len();
    let mut l = metric;
    if !row_major::cholesky(&mut l, n) {
        return None;
    }
    // generalised eigenvectors of (hessian, metric)
    let inverse = row_major::invert_lower(&l, n);
    let (h, v) =
        eigen::symmetric_eigen(&row_major::congruence(hessian, &row_major::transpose(&inverse, n, n), n, n), n);
    let u = row_major::multiply(&row_major::transpose(&inverse, n, n), &v, n, n, n);
    let g: Vec<f64> = (0..n).map(|i| (0..n).map(|t| u[t * n + i] * gradient[t]).sum()).collect();
    let floor = if ridge < RIDGE { ridge } else { 1e-6 };
    let solid: Vec<f64> = h.iter().map(|x| x.abs().max(floor)).collect();
    let decrement = 0.5 * g.iter().zip(&solid).map(|(a, b)| a * a / b).sum::<f64>();
    let flat = h.iter().any(|x| x.abs() < RIDGE);
    let saddle = h[0] < -1e-3 && g[0].abs() < 1e-9;
    let (z, limited) = within_radius(&g, &solid, radius, saddle);
    let x: Vec<f64> = (0..n).map(|t| (0..n).map(|i| u[t * n + i] * z[i]).sum()).collect();
    let mut slope = 0.0;
    x.iter().zip(gradient).for_each(|(x, g)| slope += g * x);
    let length = row_major::dot(&z, &z).sqrt();
    Some(NewtonStep { x, slope, decrement, min_curvature: h[0], length, limited, saddle, flat })
}

fn zero_step(roots: &[PartRoot]) -> Vec<Vec<f64>> {
    roots.iter().map(|(r, _)| vec![0.0; r.len()]).collect()
}

/// `−g/(|h| + λ)` with the smallest λ ≥ 0 that keeps the length within the radius; a saddle without gradient is left downhill.
fn within_radius(g: &[f64], solid: &[f64], radius: f64, saddle: bool) -> (Vec<f64>, bool) {
    let at = |lambda: f64| -> Vec<f64> { g.iter().zip(solid).map(|(a, b)| -a / (b + lambda)).collect() };
    let norm = |z: &[f64]| row_major::dot(z, z).sqrt();
    let mut z = at(0.0);
    let limited = norm(&z) > radius;
    if limited {
        let (mut low, mut high) = (0.0, 1.0);
        while norm(&at(high)) > radius {
            (low, high) = (high, high * 4.0);
        }
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if norm(&at(middle)) > radius {
                low = middle;
            } else {
                high = middle;
            }
        }
        z = at(high);
    }
    if saddle {
        z[0] = 0.5 * radius;
    }
    (z, limited)
}

/// Gradient, Hessian and metric in the coordinates x of the directions, `R(x) = R + Σ x_t A_t`.
///
/// With s the distinct elements of `S = RR'` and J their derivative at x = 0 (`elements × directions`), the gradient is `J'g`, the
/// Hessian `J'HJ + Σ_e g_e ∂²s_e`, and as `∂²S = A_s A_t' + A_t A_s'` the second part is `2 <M A_s, A_t>` with M = dcriterion/dS.
fn pull_back(
    space: &Space,
    c: &Curvature,
    roots: &[PartRoot],
    directions: &[Direction],
    ridge: f64,
) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let (n, elements) = (directions.len(), space.elements());
    let mut jacobian = vec![0.0; elements.len() * n];
    for (t, direction) in directions.iter().enumerate() {
        let (root, r) = &roots[direction.part];
        for (i, &(part, row, column)) in elements.iter().enumerate().filter(|(_, e)| e.0 == direction.part) {
            debug_assert_eq!(part, direction.part);
            // ∂S_ij = (AR' + RA')_ij from rows i and j of A and R (d × r)
            let pair = |a: &[f64], b: &[f64], i: usize, j: usize| {
                row_major::dot(&a[i * r..(i + 1) * r], &b[j * r..(j + 1) * r])
            };
            jacobian[i * n + t] = pair(&direction.a, root, row, column) + pair(root, &direction.a, row, column);
        }
    }
    let mut gradient = vec![0.0; n];
    row_major::transpose_multiply_add(&mut gradient, 1.0, &jacobian, &c.gradient, elements.len(), n, 1);
    let mut hessian = row_major::congruence(&c.hessian, &jacobian, elements.len(), n);
    let mut metric = row_major::congruence(&c.expected, &jacobian, elements.len(), n);
    // the bend: directions of different parts do not meet in S
    for (s, a) in directions.iter().enumerate() {
        let (d, r) = (space.parts[a.part].d, roots[a.part].1);
        let ma = row_major::multiply(&c.m[a.part], &a.a, d, d, r);
        for (t, _) in directions.iter().enumerate().filter(|(_, b)| b.part == a.part) {
            hessian[s * n + t] += 2.0 * row_major::dot(&ma, &directions[t].a);
        }
    }
    lift(&mut metric, n, ridge);
    (gradient, hessian, metric)
}

/// Makes a metric that rounding has left singular definite.
pub fn lift(metric: &mut [f64], n: usize, ridge: f64) {
    let mean = (0..n).map(|i| metric[i * n + i].abs()).sum::<f64>() / n as f64;
    for i in 0..n {
        // directions of very large S have a metric far below the mean: a bare one is not held against it
        let common = if ridge < RIDGE { 0.0 } else { 1e-4 * mean + 1e-8 };
        metric[i * n + i] += ridge * (metric[i * n + i].abs() + common);
    }
}
