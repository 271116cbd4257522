//! Which of two ways keeps more digits: through the inverse of T, or by differences of cross-products, which need no inverse.

use super::cross::CrossProducts;
use crate::matrix::{eigen, row_major};

/// True if going through `T⁻¹` loses fewer digits than differences of cross-products: the first loses as `1/(λ_min a)`, the second
/// as `λ_max a`, for eigenvalues λ of S and `a` rows per level.
pub fn through_inverse(t: &[f64], k: usize, rows_per_level: f64) -> bool {
    if row_major::is_diagonal(t, k) {
        let squares = || (0..k).map(|i| t[i * (k + 1)] * t[i * (k + 1)]);
        let (least, most) = (squares().fold(f64::INFINITY, f64::min), squares().fold(0.0, f64::max));
        return least > 1e-11 * most && least * most * rows_per_level * rows_per_level >= 1.0;
    }
    let s = row_major::multiply(t, &row_major::transpose(t, k, k), k, k, k);
    let (w, _) = eigen::symmetric_eigen(&s, k);
    // a triangular T that is not numerically invertible never qualifies
    let solid = (0..k).all(|i| t[i * k + i] != 0.0) && w[0] > 1e-11 * w[k - 1];
    solid && w[0] * w[k - 1] * rows_per_level * rows_per_level >= 1.0
}

impl CrossProducts {
    /// Mean weight of a level's block: what S is compared with.
    pub fn rows_per_level(&self, block: usize) -> f64 {
        let b = &self.layout.blocks[block];
        let trace: f64 = if block < self.layout.n_chain {
            let a = &self.chain[block].a;
            (0..b.n_levels).flat_map(|j| (0..b.k).map(move |i| a[j * b.k * b.k + i * b.k + i])).sum()
        } else {
            (b.tail_start..b.tail_start + b.k * b.n_levels).map(|i| self.tail.entry(i, i)).sum()
        };
        trace / (b.n_levels * b.k) as f64
    }
}
