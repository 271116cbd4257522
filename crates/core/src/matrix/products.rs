//! Products of row-major matrices of any size: by the library's kernel where that is worth a call.

use super::row_major;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// Multiplications from which a product is worth a call of the library's kernel.
const WORTH_A_CALL: usize = 4096;

/// `out += s · a (r × m) · b (m × c)`, all row-major.
pub fn add(out: &mut [f64], s: f64, a: &[f64], b: &[f64], (r, m, c): (usize, usize, usize)) {
    if r * m * c < WORTH_A_CALL {
        return row_major::multiply_add(out, s, a, b, r, m, c);
    }
    let (a, b) = (MatRef::from_row_major_slice(a, r, m), MatRef::from_row_major_slice(b, m, c));
    matmul(MatMut::from_row_major_slice_mut(out, r, c), Accum::Add, a, b, s, Par::Seq);
}

/// `out += s · a' b` with `a (m × r)`, `b (m × c)`, all row-major.
pub fn add_transposed(out: &mut [f64], s: f64, a: &[f64], b: &[f64], (m, r, c): (usize, usize, usize)) {
    if r * m * c < WORTH_A_CALL {
        return row_major::transpose_multiply_add(out, s, a, b, m, r, c);
    }
    let (a, b) = (MatRef::from_row_major_slice(a, m, r), MatRef::from_row_major_slice(b, m, c));
    matmul(MatMut::from_row_major_slice_mut(out, r, c), Accum::Add, a.transpose(), b, s, Par::Seq);
}

/// `out −= a a'` with `a (r × m)`, all row-major; only symmetric up to rounding.
pub fn subtract_outer(out: &mut [f64], a: &[f64], (r, m): (usize, usize)) {
    let a = MatRef::from_row_major_slice(a, r, m);
    matmul(MatMut::from_row_major_slice_mut(out, r, r), Accum::Add, a, a.transpose(), -1.0, Par::Seq);
}
