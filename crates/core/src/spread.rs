//! How estimates spread, from one factorization: the average information, and how the fixed effects move with S.
//!
//! Nothing here needs the inverse, which costs more than the factor.

use crate::blocks::cross::CrossProducts;
use crate::blocks::factor::Factor;
use crate::blocks::solve::Solution;
use crate::error::CoreError;
use crate::problem::Problem;

/// What the variances of estimates depend on, for the engine's columns of Z: in the user's, the information about S would hide the
/// slopes of a covariate that is far from zero.
pub struct Spread {
    /// Average information of the distinct elements of S, σ profiled out.
    pub average: Vec<f64>,
    /// Per term `Σ_j r_j r_j'/σ²` (`k × k`) with `r = Z'We`.
    pub squares: Vec<Vec<f64>>,
    /// `M` (`p × p`) with `MM' = (X'V⁻¹X)⁻¹`.
    pub root: Vec<f64>,
    /// Per term `Z'V⁻¹XM` (`l k × p`), row-major.
    pub fixed: Vec<Vec<f64>>,
    /// `U` of each term with `W^½Z = Z̃ (I ⊗ U)`.
    pub units: Vec<Vec<f64>>,
}

impl Problem {
    /// The spread at `t` (one `k × k` lower triangle per term).
    pub fn spread(&self, t: &[Vec<f64>], reml: bool) -> Result<Spread, CoreError> {
        let (space, factor) = (self.space(reml), self.factor(t)?);
        let cp = self.system.of(&factor);
        let solution = cp.solve(&factor);
        let average = self.system.average(&space, &factor, &solution);
        let sigma2 = factor.r2 / space.m;
        let squares: Vec<Vec<f64>> =
            solution.squares(&cp.layout).iter().map(|m| m.iter().map(|v| v / sigma2).collect()).collect();
        let products = cp.fixed_products(&factor, &solution, space.m.sqrt());
        let terms = 0..self.terms.len();
        let fixed = terms.clone().map(|term| self.products_of(term, &products)).collect();
        let squares = terms.map(|term| self.squares_of(term, &squares)).collect();
        Ok(Spread { average, squares, root: self.vcov_root(&factor), fixed, units: self.column_units() })
    }

    /// `k × k` block of a term in the matrix of its block.
    fn squares_of(&self, term: usize, blocks: &[Vec<f64>]) -> Vec<f64> {
        let ((block, offset), k) = (self.units.place(term), self.terms[term].k);
        let width = self.system.cp.layout.blocks[block].k;
        (0..k * k).map(|e| blocks[block][(offset + e / k) * width + offset + e % k]).collect()
    }

    /// `Z'V⁻¹XM` of a term from that of the blocks.
    fn products_of(&self, term: usize, blocks: &[Vec<f64>]) -> Vec<f64> {
        let ((block, offset), k, p) = (self.units.place(term), self.terms[term].k, self.n_fixed());
        let width = self.system.cp.layout.blocks[block].k;
        let level = |rows: &[f64]| rows[offset * p..(offset + k) * p].to_vec();
        blocks[block].chunks_exact((width * p).max(1)).flat_map(level).collect()
    }
}

impl CrossProducts {
    /// `Z'V⁻¹X L_X⁻ᵀ` per block (`l k × p`), row-major: what `Z'We` loses when the fixed effects move. `step` is the length of the
    /// moves, best that of the residuals, so that the difference keeps its digits.
    fn fixed_products(&self, f: &Factor, solution: &Solution, step: f64) -> Vec<Vec<f64>> {
        let p = self.layout.p;
        let mut out: Vec<Vec<f64>> = solution.r.iter().map(|r| vec![0.0; r.len() * p]).collect();
        for i in 0..p {
            let mut shift = vec![0.0; p];
            shift[i] = step;
            let moved = self.solve_at(f, f.tail.solution(&shift));
            for (own, (at, there)) in out.iter_mut().zip(solution.r.iter().zip(&moved.r)) {
                let row = own.chunks_exact_mut(p).zip(at.iter().zip(there));
                row.for_each(|(o, (a, b))| o[i] = (a - b) / step);
            }
        }
        out
    }
}
