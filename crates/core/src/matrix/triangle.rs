//! The triangle of a QR factorization.

/// Lower triangular L (`k × k`, diagonal not negative) with `LL' = A'A` for the rows of A (each of length k, at least k of them), by
/// Householder's reflections. Large rows come first, which keeps the small ones exact.
pub fn triangle(rows: &[f64], k: usize) -> Vec<f64> {
    let n = rows.len() / k.max(1);
    let size = |i: usize| rows[i * k..(i + 1) * k].iter().fold(0.0_f64, |a, v| a.max(v.abs()));
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| size(j).total_cmp(&size(i)));
    // column j of A, n numbers
    let mut a: Vec<f64> = (0..k).flat_map(|j| order.iter().map(move |&i| rows[i * k + j])).collect();
    let mut out = vec![0.0; k * k];
    for j in 0..k {
        let (done, rest) = a.split_at_mut((j + 1) * n);
        let v = &mut done[j * n + j.min(n)..];
        let length = v.iter().fold(0.0_f64, |a, x| a.hypot(*x));
        let turned = if v.first().is_some_and(|x| *x > 0.0) { -length } else { length };
        out[j * k + j] = length;
        if length > 0.0 {
            v[0] -= turned;
            let scale = v[0] * turned; // −½ v'v
            for (c, column) in rest.chunks_exact_mut(n).enumerate() {
                let own = &mut column[j..];
                let f = v.iter().zip(own.iter()).map(|(x, y)| x * y).sum::<f64>() / scale;
                own.iter_mut().zip(v.iter()).for_each(|(y, x)| *y += f * x);
                out[(j + 1 + c) * k + j] = own[0] * if turned < 0.0 { -1.0 } else { 1.0 };
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::row_major::{multiply, transpose};

    #[test]
    fn the_product_is_that_of_the_rows() {
        let (n, k) = (7, 4);
        let rows: Vec<f64> = (0..n * k).map(|i| ((i * 37 + 11) % 19) as f64 / 7.0 - 1.0).collect();
        let l = triangle(&rows, k);
        let (a, b) = (multiply(&transpose(&rows, n, k), &rows, k, n, k), multiply(&l, &transpose(&l, k, k), k, k, k));
        assert!(a.iter().zip(&b).all(|(x, y)| (x - y).abs() < 1e-13));
        assert!((0..k).all(|i| l[i * k + i] >= 0.0 && (i + 1..k).all(|j| l[i * k + j] == 0.0)));
    }

    #[test]
    fn small_rows_beside_large_ones_keep_their_digits() {
        let rows = [1e8, 1e8, 1.0, -1.0, 3.0, 1.0];
        let l = triangle(&rows, 2);
        // |L|² = det(A'A)
        let d = |i: usize, j: usize| rows[2 * i] * rows[2 * j + 1] - rows[2 * i + 1] * rows[2 * j];
        let det: f64 = d(0, 1).powi(2) + d(0, 2).powi(2) + d(1, 2).powi(2);
        assert!(((l[0] * l[3]).powi(2) / det - 1.0).abs() < 1e-13);
    }
}
