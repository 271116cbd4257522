//! Sparse Cholesky factor with a fill-reducing permutation, for the objects that show L and P.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::sparse::linalg::SupernodalThreshold;
use faer::sparse::linalg::cholesky::{
    CholeskySymbolicParams, SymbolicCholeskyRaw, SymmetricOrdering, factorize_symbolic_cholesky,
};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMatRef};
use faer::{Par, Side};

use crate::error::CoreError;

/// `L` by compressed columns (rows increasing), and the permutation: `L L' = A[permutation][:, permutation]`.
pub struct SparseFactor {
    pub column_start: Vec<usize>,
    pub row: Vec<usize>,
    pub value: Vec<f64>,
    pub permutation: Vec<usize>,
}

/// Factors a symmetric positive definite matrix given by compressed columns (both triangles or the lower one; rows increasing).
pub fn cholesky(n: usize, column_start: &[usize], row: &[usize], value: &[f64]) -> Result<SparseFactor, CoreError> {
    let bad = |text: String| CoreError::BadInput(text);
    let pattern = SymbolicSparseColMatRef::new_checked(n, n, column_start, None, row);
    let params = CholeskySymbolicParams {
        supernodal_flop_ratio_threshold: SupernodalThreshold::FORCE_SIMPLICIAL,
        ..Default::default()
    };
    let symbolic = factorize_symbolic_cholesky(pattern, Side::Lower, SymmetricOrdering::Amd, params)
        .map_err(|e| bad(format!("the sparse system could not be analysed: {e:?}")))?;
    let mut values = vec![0.0; symbolic.len_val()];
    let mut memory = MemBuffer::new(symbolic.factorize_numeric_llt_scratch::<f64>(Par::Seq, Default::default()));
    let a = SparseColMatRef::new(pattern, value);
    symbolic
        .factorize_numeric_llt(
            &mut values,
            a,
            Side::Lower,
            Default::default(),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        )
        .map_err(|_| CoreError::NotPositiveDefinite { pivot: 0 })?;
    let SymbolicCholeskyRaw::Simplicial(shape) = symbolic.raw() else {
        return Err(bad("the sparse factor has an unexpected form".into()));
    };
    let permutation = symbolic.perm().map_or_else(|| (0..n).collect(), |p| p.arrays().0.to_vec());
    Ok(SparseFactor {
        column_start: shape.col_ptr().to_vec(),
        row: shape.row_idx().to_vec(),
        value: values,
        permutation,
    })
}
