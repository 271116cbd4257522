//! The quadratic model's minimum over positive semidefinite matrices.

use crate::matrix::{eigen, row_major};
use crate::search::space::Space;

/// `Y ⪰ 0` that minimises `g'(Y − S) + ½ (Y − S)'B(Y − S)`, through `Y = RR'` with square R: Newton steps on R with absolute
/// eigenvalues. Returns R per part and the decrease of the model (never negative).
pub fn minimise(space: &Space, s: &[Vec<f64>], g: &[f64], b: &[f64]) -> (Vec<Vec<f64>>, f64) {
    let origin = space.pack(s);
    let mut r: Vec<Vec<f64>> = space.parts.iter().zip(s).map(|(p, m)| inner_root(m, p.d)).collect();
    let (mut value, mut slope) = model(space, &r, &origin, g, b);
    for _ in 0..100 {
        let (gradient, hessian) = derivatives(space, &r, &slope, b);
        let Some((step, decrement)) = descent(&gradient, &hessian) else { break };
        // the last digits of R decide the rank; those of the value do not matter
        if decrement <= 1e-20 + 1e-12 * value.abs() {
            r = moved(space, &r, &step, 1.0);
            let (v_new, _) = model(space, &r, &origin, g, b);
            value = value.min(v_new);
            break;
        }
        let mut alpha = 1.0;
        let accepted = loop {
            let trial = moved(space, &r, &step, alpha);
            let (v_new, slope_new) = model(space, &trial, &origin, g, b);
            if v_new <= value - 1e-4 * alpha * decrement {
                (value, slope) = (v_new, slope_new);
                r = trial;
                break true;
            }
            alpha *= 0.4;
            if alpha < 1e-10 {
                break false;
            }
        };
        if !accepted {
            break;
        }
    }
    (r, (-value).max(0.0))
}

/// Newton's step with absolute eigenvalues, and its decrement.
fn descent(gradient: &[f64], hessian: &[f64]) -> Option<(Vec<f64>, f64)> {
    let n = gradient.len();
    let mut l = hessian.to_vec();
    // rotations of R change nothing: the ridge keeps the step out of them
    let ridge = 1e-10 * (0..n).map(|i| l[i * n + i].abs()).fold(0.0, f64::max);
    (0..n).for_each(|i| l[i * n + i] += ridge);
    if row_major::cholesky(&mut l, n) {
        let mut step: Vec<f64> = gradient.iter().map(|v| -v).collect();
        row_major::solve_lower(&l, n, &mut step, 1);
        let decrement = row_major::dot(&step, &step);
        row_major::solve_lower_transposed(&l, n, &mut step, 1);
        return Some((step, decrement));
    }
    let (h, v) = eigen::symmetric_eigen(hessian, n);
    let largest = h.iter().fold(0.0_f64, |a, x| a.max(x.abs()));
    if largest == 0.0 {
        return None;
    }
    let (mut step, mut decrement) = (vec![0.0; n], 0.0);
    for (i, hi) in h.iter().enumerate() {
        let gi: f64 = (0..n).map(|t| v[t * n + i] * gradient[t]).sum();
        let z = -gi / hi.abs().max(1e-12 * largest);
        decrement -= gi * z;
        (0..n).for_each(|t| step[t] += v[t * n + i] * z);
    }
    Some((step, decrement))
}

/// A root of S whose null directions are opened a little: at an exact zero the model's gradient in R vanishes.
fn inner_root(s: &[f64], d: usize) -> Vec<f64> {
    let (w, v) = eigen::symmetric_eigen(s, d);
    let floor = 1e-3 * w.last().map_or(1e-3, |largest| largest.max(1e-3)); // none: no direction of this part is identified
    let mut root = v;
    for r in 0..d {
        (0..d).for_each(|c| root[r * d + c] *= w[c].max(floor).sqrt());
    }
    root
}

fn square(space: &Space, r: &[Vec<f64>]) -> Vec<Vec<f64>> {
    space
        .parts
        .iter()
        .zip(r)
        .map(|(p, m)| row_major::multiply(m, &row_major::transpose(m, p.d, p.d), p.d, p.d, p.d))
        .collect()
}

/// Model value and its gradient in the elements of Y.
fn model(space: &Space, r: &[Vec<f64>], origin: &[f64], g: &[f64], b: &[f64]) -> (f64, Vec<f64>) {
    let n = origin.len();
    let d: Vec<f64> = space.pack(&square(space, r)).iter().zip(origin).map(|(y, s)| y - s).collect();
    let bd = row_major::multiply(b, &d, n, n, 1);
    let value = row_major::dot(g, &d) + 0.5 * row_major::dot(&d, &bd);
    (value, g.iter().zip(&bd).map(|(x, y)| x + y).collect())
}

/// Gradient and Hessian in R (all entries, part by part, row-major): `2 M R` and `J'BJ + 2 (M ⊗ I)`.
fn derivatives(space: &Space, r: &[Vec<f64>], slope: &[f64], b: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let m = space.unpack_gradient(slope);
    let sizes: Vec<usize> = space.parts.iter().map(|p| p.d * p.d).collect();
    let (n, elements) = (sizes.iter().sum::<usize>(), space.elements());
    let mut jacobian = vec![0.0; elements.len() * n];
    let start = |part: usize| sizes[..part].iter().sum::<usize>();
    for (i, &(part, row, column)) in elements.iter().enumerate() {
        let d = space.parts[part].d;
        for t in 0..d {
            jacobian[i * n + start(part) + row * d + t] += r[part][column * d + t];
            jacobian[i * n + start(part) + column * d + t] += r[part][row * d + t];
        }
    }
    // a diagonal element S_rr has derivative 2 R_r: the two additions above meet
    let mut hessian = row_major::congruence(b, &jacobian, elements.len(), n);
    let mut gradient = vec![0.0; n];
    for (part, p) in space.parts.iter().enumerate() {
        let (d, at) = (p.d, start(part));
        row_major::multiply_add(&mut gradient[at..at + d * d], 2.0, &m[part], &r[part], d, d, d);
        for i in 0..d {
            for j in 0..d {
                for t in 0..d {
                    hessian[(at + i * d + t) * n + at + j * d + t] += 2.0 * m[part][i * d + j];
                }
            }
        }
    }
    (gradient, hessian)
}

fn moved(space: &Space, r: &[Vec<f64>], step: &[f64], alpha: f64) -> Vec<Vec<f64>> {
    let mut at = 0;
    let mut out = r.to_vec();
    for (p, m) in space.parts.iter().zip(&mut out) {
        m.iter_mut().zip(&step[at..]).for_each(|(x, s)| *x += alpha * s);
        at += p.d * p.d;
    }
    out
}
