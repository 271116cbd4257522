//! Eigenvalues and eigenvectors of symmetric matrices, row-major.

use super::row_major::identity;
use faer::{MatRef, Side};

/// Largest order for which rotations are faster than reduction to tridiagonal form.
const JACOBI_LIMIT: usize = 6;

/// Eigenvalues (increasing) and eigenvectors (columns) of a symmetric matrix, by cyclic Jacobi rotations: small, deterministic,
/// and accurate for the tiny eigenvalues that decide whether a fit is singular.
pub fn symmetric_eigen(a: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    if n > JACOBI_LIMIT
        && let Some(found) = by_tridiagonal(a, n)
    {
        return found;
    }
    let mut m = a.to_vec();
    let mut v = identity(n);
    for _ in 0..60 {
        let mut turned = false;
        for p in 0..n {
            for q in p + 1..n {
                turned |= rotate(&mut m, &mut v, n, p, q);
            }
        }
        if !turned {
            break;
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| m[i * n + i].total_cmp(&m[j * n + j]));
    let values = order.iter().map(|&i| m[i * n + i]).collect();
    let mut vectors = vec![0.0; n * n];
    for (c, &i) in order.iter().enumerate() {
        for r in 0..n {
            vectors[r * n + c] = v[r * n + i];
        }
    }
    (values, vectors)
}

/// Clears one pair of elements; false if they were nothing beside their diagonal already.
fn rotate(m: &mut [f64], v: &mut [f64], n: usize, p: usize, q: usize) -> bool {
    let apq = m[p * n + q];
    if apq == 0.0 || apq.abs() <= 1e-17 * (m[p * n + p] * m[q * n + q]).abs().sqrt() {
        m[p * n + q] = 0.0;
        m[q * n + p] = 0.0;
        return false;
    }
    let theta = (m[q * n + q] - m[p * n + p]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let t = if theta == 0.0 { 1.0 } else { t };
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for i in 0..n {
        let (x, y) = (m[i * n + p], m[i * n + q]);
        m[i * n + p] = c * x - s * y;
        m[i * n + q] = s * x + c * y;
    }
    for i in 0..n {
        let (x, y) = (m[p * n + i], m[q * n + i]);
        m[p * n + i] = c * x - s * y;
        m[q * n + i] = s * x + c * y;
    }
    for i in 0..n {
        let (x, y) = (v[i * n + p], v[i * n + q]);
        v[i * n + p] = c * x - s * y;
        v[i * n + q] = s * x + c * y;
    }
    m[p * n + q] = 0.0;
    m[q * n + p] = 0.0;
    true
}

/// Eigenvalues (increasing) and eigenvectors (columns, row-major) of a symmetric matrix; none if the iteration fails.
fn by_tridiagonal(a: &[f64], n: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    let found = MatRef::from_column_major_slice(a, n, n).self_adjoint_eigen(Side::Lower).ok()?;
    let values = (0..n).map(|i| found.S()[i]).collect();
    let vectors = (0..n * n).map(|e| found.U()[(e / n, e % n)]).collect();
    Some((values, vectors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::row_major::tests::spd;
    use crate::matrix::row_major::{multiply, transpose};

    #[test]
    fn eigen_reconstructs_in_increasing_order() {
        let a = spd(6);
        let (w, v) = symmetric_eigen(&a, 6);
        assert!(w.windows(2).all(|p| p[0] <= p[1]));
        let mut vw = v.clone();
        for i in 0..6 {
            for j in 0..6 {
                vw[i * 6 + j] *= w[j];
            }
        }
        let back = multiply(&vw, &transpose(&v, 6, 6), 6, 6, 6);
        assert!(a.iter().zip(&back).all(|(x, y)| (x - y).abs() < 1e-11));
    }
}
