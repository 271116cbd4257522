//! QR factorizations of a few rows.

/// `A = Q L'` with orthonormal columns of Q, for the rows of A (each of length k, at least k of them).
pub struct Orthogonal {
    /// L (`k × k`), lower triangular, its diagonal not negative.
    pub lower: Vec<f64>,
    /// Q, by rows in the order of those of A.
    pub rows: Vec<f64>,
}

/// Householder's reflections of the rows of A, large ones first, which keeps the small ones exact.
struct Reflected {
    n: usize,
    k: usize,
    /// Which row of A stands where.
    order: Vec<usize>,
    /// Column j (n numbers) holds the vector of reflection j from its number j on.
    columns: Vec<f64>,
    /// `−½ v'v` of each vector, zero where nothing is reflected.
    scales: Vec<f64>,
    /// Signs that make the diagonal of L positive.
    signs: Vec<f64>,
    lower: Vec<f64>,
}

impl Reflected {
    fn new(rows: &[f64], k: usize) -> Reflected {
        let n = rows.len() / k.max(1);
        let size = |i: usize| rows[i * k..(i + 1) * k].iter().fold(0.0_f64, |a, v| a.max(v.abs()));
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&i, &j| size(j).total_cmp(&size(i)));
        let columns = (0..k).flat_map(|j| order.iter().map(move |&i| rows[i * k + j])).collect();
        let (scales, signs, lower) = (vec![0.0; k], vec![1.0; k], vec![0.0; k * k]);
        let mut out = Reflected { n, k, order, columns, scales, signs, lower };
        (0..k).for_each(|j| out.reflect(j));
        out
    }

    /// Clears column j below its diagonal.
    fn reflect(&mut self, j: usize) {
        let (n, k) = (self.n, self.k);
        let (done, rest) = self.columns.split_at_mut((j + 1) * n);
        let v = &mut done[j * n + j.min(n)..];
        let length = v.iter().fold(0.0_f64, |a, x| a.hypot(*x));
        self.lower[j * k + j] = length;
        if length == 0.0 {
            return;
        }
        let turned = if v[0] > 0.0 { -length } else { length };
        v[0] -= turned;
        self.scales[j] = v[0] * turned;
        self.signs[j] = turned.signum();
        for (c, column) in rest.chunks_exact_mut(n).enumerate() {
            turn(v, self.scales[j], &mut column[j..]);
            self.lower[(j + 1 + c) * k + j] = column[j] * self.signs[j];
        }
    }
}

/// Reflects x by the vector v with `−½ v'v` = scale.
fn turn(v: &[f64], scale: f64, x: &mut [f64]) {
    let f = v.iter().zip(x.iter()).map(|(a, b)| a * b).sum::<f64>() / scale;
    x.iter_mut().zip(v).for_each(|(o, a)| *o += f * a);
}

/// L (`k × k`) with `LL' = A'A`.
pub fn lower(rows: &[f64], k: usize) -> Vec<f64> {
    Reflected::new(rows, k).lower
}

/// Both factors.
pub fn orthogonal(rows: &[f64], k: usize) -> Orthogonal {
    let at = Reflected::new(rows, k);
    let mut out = vec![0.0; at.n * k];
    for j in 0..k {
        // column j of Q: the reflections in reverse order, applied to e_j
        let mut column = vec![0.0; at.n];
        column[j] = at.signs[j];
        for i in (0..=j).rev().filter(|&i| at.scales[i] != 0.0) {
            turn(&at.columns[i * at.n + i..(i + 1) * at.n], at.scales[i], &mut column[i..]);
        }
        at.order.iter().zip(&column).for_each(|(&row, v)| out[row * k + j] = *v);
    }
    Orthogonal { lower: at.lower, rows: out }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::row_major::{multiply, transpose};

    #[test]
    fn the_product_is_that_of_the_rows() {
        let (n, k) = (7, 4);
        let rows: Vec<f64> = (0..n * k).map(|i| ((i * 37 + 11) % 19) as f64 / 7.0 - 1.0).collect();
        let l = lower(&rows, k);
        let (a, b) = (multiply(&transpose(&rows, n, k), &rows, k, n, k), multiply(&l, &transpose(&l, k, k), k, k, k));
        assert!(a.iter().zip(&b).all(|(x, y)| (x - y).abs() < 1e-13));
        let both = orthogonal(&rows, k);
        let back = multiply(&both.rows, &transpose(&both.lower, k, k), n, k, k);
        assert!(rows.iter().zip(&back).all(|(x, y)| (x - y).abs() < 1e-14));
        let square = multiply(&transpose(&both.rows, n, k), &both.rows, k, n, k);
        assert!((0..k * k).all(|e| (square[e] - f64::from(u8::from(e / k == e % k))).abs() < 1e-14));
        assert!((0..k).all(|i| l[i * k + i] >= 0.0 && (i + 1..k).all(|j| l[i * k + j] == 0.0)));
    }

    #[test]
    fn small_rows_beside_large_ones_keep_their_digits() {
        let rows = [1e8, 1e8, 1.0, -1.0, 3.0, 1.0];
        let l = lower(&rows, 2);
        // |L|² = det(A'A)
        let d = |i: usize, j: usize| rows[2 * i] * rows[2 * j + 1] - rows[2 * i + 1] * rows[2 * j];
        let det: f64 = d(0, 1).powi(2) + d(0, 2).powi(2) + d(1, 2).powi(2);
        assert!(((l[0] * l[3]).powi(2) / det - 1.0).abs() < 1e-13);
    }
}
