//! Rank and roots of the covariance of one part.

use crate::matrix::{eigen, row_major};

/// A root F of S = FF' (`d × r`) with its number of columns.
pub type PartRoot = (Vec<f64>, usize);

/// Eigenvalues (increasing) and vectors of S̃ of one part, with its rank.
#[derive(Clone, Debug)]
pub struct Root {
    pub d: usize,
    pub rank: usize,
    pub values: Vec<f64>,
    pub vectors: Vec<f64>,
}

/// Eigenvalues of S below this are zero: in internal units a variance 1e-10 of the residual's, far below anything that data show.
pub const ZERO: f64 = 1e-10;

impl Root {
    /// Decomposes S̃.
    pub fn new(s: &[f64], d: usize) -> Root {
        let (values, vectors) = eigen::symmetric_eigen(s, d);
        let largest = values.last().copied().unwrap_or(0.0);
        let rank = values.iter().filter(|w| **w > ZERO && **w > 1e-12 * largest).count();
        Root { d, rank, values, vectors }
    }

    /// `V₊ √w` (`d × rank`).
    pub fn matrix(&self) -> Vec<f64> {
        let (d, r) = (self.d, self.rank);
        let mut out = vec![0.0; d * r];
        for t in 0..d {
            for c in 0..r {
                out[t * r + c] = self.vectors[t * d + d - r + c] * self.values[d - r + c].sqrt();
            }
        }
        out
    }
}

/// A root of S̃ with as many columns as its rank.
pub fn start_root(s: &[f64], d: usize) -> PartRoot {
    let root = Root::new(s, d);
    (root.matrix(), root.rank)
}

/// Orthonormal directions without variance (`d × free`), and their number.
pub fn null_space(s: &[f64], d: usize) -> (Vec<f64>, usize) {
    let root = Root::new(s, d);
    let free = d - root.rank;
    ((0..d).flat_map(|r| root.vectors[r * d..r * d + free].to_vec()).collect(), free)
}

/// `RR'` with eigenvalues that are zero beside the largest set to zero.
pub fn snap(r: &[f64], d: usize) -> Vec<f64> {
    let root = Root::new(&row_major::multiply(r, &row_major::transpose(r, d, d), d, d, d), d);
    let m = root.matrix();
    row_major::multiply(&m, &row_major::transpose(&m, d, root.rank), d, root.rank, d)
}
