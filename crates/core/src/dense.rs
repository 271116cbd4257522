//! Dense algebra of the tail, on column-major lower triangles. One thread: parallel faer products have given wrong numbers at some
//! sizes, and the bits must not depend on the number of threads.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::linalg::{triangular_inverse, triangular_solve};
use faer::{Accum, MatMut, MatRef, Par};

/// Cholesky factor of the lower triangle of `a` (`n × n`), in place. Err holds the pivot that was not positive.
pub fn cholesky(a: &mut [f64], n: usize) -> Result<(), usize> {
    if n == 0 {
        return Ok(());
    }
    let mut memory = MemBuffer::new(cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default()));
    let stack = MemStack::new(&mut memory);
    let view = MatMut::from_column_major_slice_mut(a, n, n);
    match cholesky_in_place(view, Default::default(), Par::Seq, stack, Default::default()) {
        Ok(_) => (0..n).find(|&i| !a[i * n + i].is_finite()).map_or(Ok(()), Err),
        Err(faer::linalg::cholesky::llt::factor::LltError::NonPositivePivot { index }) => Err(index),
    }
}

/// Inverse of a lower-triangular matrix; the strict upper triangle of the result is zero.
pub fn invert_lower(l: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n * n];
    if n > 0 {
        let view = MatMut::from_column_major_slice_mut(&mut out, n, n);
        triangular_inverse::invert_lower_triangular(view, MatRef::from_column_major_slice(l, n, n), Par::Seq);
    }
    out
}

/// `X' X` for lower-triangular `x`, both triangles filled.
pub fn gram_of_lower(x: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n * n];
    if n == 0 {
        return out;
    }
    let xl = MatRef::from_column_major_slice(x, n, n);
    triangular::matmul(
        MatMut::from_column_major_slice_mut(&mut out, n, n),
        BlockStructure::TriangularLower,
        Accum::Replace,
        xl.transpose(),
        BlockStructure::TriangularUpper,
        xl,
        BlockStructure::TriangularLower,
        1.0,
        Par::Seq,
    );
    fill_upper(&mut out, n);
    out
}

/// Copies the lower triangle onto the upper one.
pub fn fill_upper(a: &mut [f64], n: usize) {
    for j in 0..n {
        for i in j + 1..n {
            a[i * n + j] = a[j * n + i];
        }
    }
}

/// `b := L⁻¹ b` for column-major `b (n × cols)`; `l` has leading dimension `ld ≥ n`, of which the first `n` columns are used.
pub fn solve_lower(l: &[f64], ld: usize, n: usize, b: &mut [f64], cols: usize) {
    if n == 0 || cols == 0 {
        return;
    }
    let lower = MatRef::from_column_major_slice(&l[..ld * n], ld, n).get(..n, ..);
    triangular_solve::solve_lower_triangular_in_place(lower, MatMut::from_column_major_slice_mut(b, n, cols), Par::Seq);
}

/// `b := L⁻ᵀ b` for one column.
pub fn solve_lower_transposed(l: &[f64], n: usize, b: &mut [f64]) {
    for i in (0..n).rev() {
        let column = &l[i * n..(i + 1) * n];
        let s: f64 = column[i + 1..].iter().zip(&b[i + 1..]).map(|(x, y)| x * y).sum();
        b[i] = (b[i] - s) / column[i];
    }
}

/// `out (r × c) += s · a' b` for column-major `a (n × r)`, `b (n × c)`; `out` is row-major.
pub fn transpose_product_add(out: &mut [f64], s: f64, a: &[f64], b: &[f64], n: usize, r: usize, c: usize) {
    for i in 0..r {
        let x = &a[i * n..(i + 1) * n];
        for j in 0..c {
            let y = &b[j * n..(j + 1) * n];
            out[i * c + j] += s * crate::small::dot(x, y);
        }
    }
}
