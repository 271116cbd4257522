//! The criterion and its derivatives for one grouping factor, from sums over classes of levels.

use super::sums::Single;
use crate::blocks::cross::CrossProducts;
use crate::blocks::directions::Derivatives;
use crate::blocks::solid::through_inverse;
use crate::design::layout::Part;
use crate::error::CoreError;
use crate::matrix::row_major;

/// What is left of [X y] after the random effects are eliminated at one T.
#[derive(Clone, Debug)]
pub struct SingleFactor {
    t: Vec<f64>,
    /// Factor of `X'W⁻¹X` (`p × p`, row-major, lower), and β.
    l_x: Vec<f64>,
    beta: Vec<f64>,
    pub log_det_z: f64,
    pub log_det_x: f64,
    pub r2: f64,
}

impl SingleFactor {
    /// Evaluates at T (`k × k`).
    pub fn new(cp: &CrossProducts, single: &Single, t: Vec<f64>) -> Result<SingleFactor, CoreError> {
        let p = cp.layout.p;
        let (width, failed) = (p + 1, |pivot| CoreError::NotPositiveDefinite { pivot });
        let sums = single.objective(&t).ok_or(failed(0))?;
        let entry = |i: usize, j: usize| cp.tail.corner(i, j) - sums.reduction[i * width + j];
        let mut l_x = vec![0.0; p * p];
        for i in 0..p {
            (0..=i).for_each(|j| l_x[i * p + j] = entry(i, j));
        }
        if !row_major::cholesky(&mut l_x, p) {
            return Err(failed(1));
        }
        let mut beta: Vec<f64> = (0..p).map(|j| entry(p, j)).collect();
        row_major::solve_lower(&l_x, p, &mut beta, 1);
        let r2 = entry(p, p) - row_major::dot(&beta, &beta);
        if r2.is_nan() || r2 <= 0.0 {
            return Err(failed(p));
        }
        row_major::solve_lower_transposed(&l_x, p, &mut beta, 1);
        let log_det_x = (0..p).map(|i| 2.0 * l_x[i * p + i].ln()).sum();
        Ok(SingleFactor { t, l_x, beta, log_det_z: sums.log_det, log_det_x, r2 })
    }

    /// Factor of `X'V⁻¹X` (`p × p`, row-major, lower), and β.
    pub fn fixed(&self) -> (Vec<f64>, Vec<f64>) {
        (self.l_x.clone(), self.beta.clone())
    }

    /// The same with β moved by δ, given `shift = L_X'δ`.
    pub fn moved(&self, shift: &[f64]) -> SingleFactor {
        let mut out = self.clone();
        let mut move_by = shift.to_vec();
        if !shift.is_empty() {
            row_major::solve_lower_transposed(&self.l_x, self.beta.len(), &mut move_by, 1);
        }
        out.beta.iter_mut().zip(&move_by).for_each(|(b, v)| *b += v);
        out
    }

    /// Traces, squares and information of all matrix units of the parts.
    pub fn derivatives(&self, cp: &CrossProducts, single: &Single, reml: bool) -> Derivatives {
        let k = cp.layout.blocks[0].k;
        let solid = through_inverse(&self.t, k, cp.rows_per_level(0));
        let sums = single.sums(&self.t, &self.beta, &self.l_x, solid, reml);
        let trace = sums.trace.iter().zip(&sums.fixed).map(|(a, b)| a - b).collect();
        // the parts may use fewer matrix units than the block has
        let of_part = |p: &Part| {
            let (offset, width) = (p.offset, p.k);
            (0..width * width).map(move |e| (offset + e / width) * k + offset + e % width)
        };
        let units: Vec<usize> = cp.layout.parts.iter().flat_map(of_part).collect();
        let pick =
            |m: &[f64]| units.iter().flat_map(|u| units.iter().map(|v| m[u * k * k + v]).collect::<Vec<_>>()).collect();
        Derivatives {
            slopes: vec![trace],
            squares: vec![sums.quadratic],
            information: pick(&sums.information),
            traces: Some(pick(&sums.traces)),
        }
    }
}
