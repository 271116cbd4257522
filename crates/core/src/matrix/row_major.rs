//! Small matrices by rows, in flat slices: entry (i, j) of an `r × c` matrix is number `i c + j`. The `k × k` blocks of one grouping
//! level and the search's own algebra.

/// Cholesky factor of the leading `n × n` matrix, in place (lower triangle, upper zeroed). False if not positive definite.
pub fn cholesky(a: &mut [f64], n: usize) -> bool {
    for j in 0..n {
        let mut d = a[j * n + j];
        for t in 0..j {
            d -= a[j * n + t] * a[j * n + t];
        }
        // also catches NaN
        if d.is_nan() || d <= 0.0 || d.is_infinite() {
            return false;
        }
        let root = d.sqrt();
        a[j * n + j] = root;
        for i in j + 1..n {
            let mut s = a[i * n + j];
            for t in 0..j {
                s -= a[i * n + t] * a[j * n + t];
            }
            a[i * n + j] = s / root;
        }
        for t in j + 1..n {
            a[j * n + t] = 0.0;
        }
    }
    true
}

/// `x := L⁻¹ x` for `cols` right sides stored row-major in `x` (`n × cols`).
pub fn solve_lower(l: &[f64], n: usize, x: &mut [f64], cols: usize) {
    for i in 0..n {
        for t in 0..i {
            let f = l[i * n + t];
            if f != 0.0 {
                for c in 0..cols {
                    x[i * cols + c] -= f * x[t * cols + c];
                }
            }
        }
        let d = 1.0 / l[i * n + i];
        for c in 0..cols {
            x[i * cols + c] *= d;
        }
    }
}

/// `x := L⁻ᵀ x` for `cols` right sides stored row-major in `x` (`n × cols`).
pub fn solve_lower_transposed(l: &[f64], n: usize, x: &mut [f64], cols: usize) {
    for i in (0..n).rev() {
        for t in i + 1..n {
            let f = l[t * n + i];
            if f != 0.0 {
                for c in 0..cols {
                    x[i * cols + c] -= f * x[t * cols + c];
                }
            }
        }
        let d = 1.0 / l[i * n + i];
        for c in 0..cols {
            x[i * cols + c] *= d;
        }
    }
}

/// `a (r × m) · b (m × c)`.
pub fn multiply(a: &[f64], b: &[f64], r: usize, m: usize, c: usize) -> Vec<f64> {
    let mut out = vec![0.0; r * c];
    multiply_add(&mut out, 1.0, a, b, r, m, c);
    out
}

/// `out += s · a (r × m) · b (m × c)`.
pub fn multiply_add(out: &mut [f64], s: f64, a: &[f64], b: &[f64], r: usize, m: usize, c: usize) {
    for i in 0..r {
        for t in 0..m {
            let f = s * a[i * m + t];
            if f != 0.0 {
                let (row, src) = (&mut out[i * c..(i + 1) * c], &b[t * c..(t + 1) * c]);
                for (o, v) in row.iter_mut().zip(src) {
                    *o += f * v;
                }
            }
        }
    }
}

/// `out += s · aᵀ b` with `a (m × r)`, `b (m × c)`.
pub fn transpose_multiply_add(out: &mut [f64], s: f64, a: &[f64], b: &[f64], m: usize, r: usize, c: usize) {
    for t in 0..m {
        let src = &b[t * c..(t + 1) * c];
        for i in 0..r {
            let f = s * a[t * r + i];
            if f != 0.0 {
                for (o, v) in out[i * c..(i + 1) * c].iter_mut().zip(src) {
                    *o += f * v;
                }
            }
        }
    }
}

/// Transpose of `a (r × c)`.
pub fn transpose(a: &[f64], r: usize, c: usize) -> Vec<f64> {
    let mut out = vec![0.0; r * c];
    for i in 0..r {
        for j in 0..c {
            out[j * r + i] = a[i * c + j];
        }
    }
    out
}

/// `b' a b` with `a (n × n)` and `b (n × c)`.
pub fn congruence(a: &[f64], b: &[f64], n: usize, c: usize) -> Vec<f64> {
    let ab = multiply(a, b, n, n, c);
    let mut out = vec![0.0; c * c];
    transpose_multiply_add(&mut out, 1.0, b, &ab, n, c, c);
    out
}

/// Identity of order `n`.
pub fn identity(n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n * n];
    for i in 0..n {
        out[i * n + i] = 1.0;
    }
    out
}

/// Whether a square matrix has nothing beside its diagonal.
pub fn is_diagonal(a: &[f64], n: usize) -> bool {
    a.iter().enumerate().all(|(e, v)| *v == 0.0 || e % (n + 1) == 0)
}

/// Sum of the elementwise products.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Inverse of a lower-triangular matrix.
pub fn invert_lower(l: &[f64], n: usize) -> Vec<f64> {
    let mut out = identity(n);
    solve_lower(l, n, &mut out, n);
    out
}

/// Lower-triangular `T` with non-negative diagonal and `T T' = F F'` for `F (k × r)`, `r ≤ k`: the LQ factor of `F`.
/// Going through `F` instead of `F F'` keeps full precision when the matrix is singular.
pub fn lower_factor(f: &[f64], k: usize, r: usize) -> Vec<f64> {
    let mut a = vec![0.0; k * k];
    for i in 0..k {
        a[i * k..i * k + r].copy_from_slice(&f[i * r..(i + 1) * r]);
    }
    for i in 0..k {
        // Givens rotations from the right clear row i beyond its diagonal
        for j in i + 1..k {
            let (x, y) = (a[i * k + i], a[i * k + j]);
            let h = x.hypot(y);
            if h == 0.0 {
                continue;
            }
            let (c, s) = (x / h, y / h);
            for t in i..k {
                let (u, w) = (a[t * k + i], a[t * k + j]);
                a[t * k + i] = c * u + s * w;
                a[t * k + j] = c * w - s * u;
            }
            a[i * k + j] = 0.0;
        }
        if a[i * k + i] < 0.0 {
            for t in i..k {
                a[t * k + i] = -a[t * k + i];
            }
        }
    }
    a
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Some symmetric positive definite matrix.
    pub(crate) fn spd(n: usize) -> Vec<f64> {
        let b: Vec<f64> = (0..n * n).map(|i| ((i * 37 + 11) % 19) as f64 / 7.0 - 1.0).collect();
        let mut a = multiply(&b, &transpose(&b, n, n), n, n, n);
        for i in 0..n {
            a[i * n + i] += 1.0;
        }
        a
    }

    #[test]
    fn cholesky_reconstructs() {
        let a = spd(5);
        let mut l = a.clone();
        assert!(cholesky(&mut l, 5));
        let back = multiply(&l, &transpose(&l, 5, 5), 5, 5, 5);
        assert!(a.iter().zip(&back).all(|(x, y)| (x - y).abs() < 1e-12));
    }

    #[test]
    fn lower_factor_keeps_the_product() {
        let f = [1.0, 2.0, -3.0, 0.5, 0.0, 1.0];
        let t = lower_factor(&f, 3, 2);
        let (a, b) = (multiply(&f, &transpose(&f, 3, 2), 3, 2, 3), multiply(&t, &transpose(&t, 3, 3), 3, 3, 3));
        assert!(a.iter().zip(&b).all(|(x, y)| (x - y).abs() < 1e-14));
        assert!(t[1] == 0.0 && t[2] == 0.0 && t[5] == 0.0 && t[0] >= 0.0);
    }
}
