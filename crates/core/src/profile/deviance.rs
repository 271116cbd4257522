//! The deviance as a function of standard deviations: σ is not profiled out, and fixed effects may be held.
//!
//! `log|Λ'Z'WZΛ + I| [+ log|X'V⁻¹X|] + m log 2πσ² − Σ log w + r²/σ²` with m = n, or n − p for REML; r² is minimal over the fixed
//! effects that are not held. For REML, `log|X'V⁻¹X|` stays that of all fixed effects (Welham and Thompson 1997, J. R. Statist.
//! Soc. B 59, 701-714).

use crate::error::CoreError;
use crate::matrix::row_major;
use crate::problem::Problem;
use crate::search::blocks_evaluator::Reduced;
use crate::search::evaluator::Evaluator;
use crate::search::point::At;
use crate::search::space::Space;

/// The deviance at one place and its derivatives.
#[derive(Clone, Debug)]
pub struct Deviance {
    pub value: f64,
    /// By the roots R (`k × k` per term) of the covariances `G = RR'`.
    pub roots: Vec<Vec<f64>>,
    pub log_sigma: f64,
    /// By the fixed effects that are held.
    pub beta: Vec<f64>,
}

/// `k × k` per block of Z.
type PerBlock = Vec<Vec<f64>>;

/// What holding fixed effects does to the least squares, in internal units.
struct Pull {
    /// By how much r² rises.
    rise: f64,
    /// `L_X'` times the change of all fixed effects.
    shift: Vec<f64>,
    /// Half the derivative of r² by the held ones.
    slope: Vec<f64>,
}

impl Problem {
    /// Evaluates at roots R (`k × k` per term, any with the right `RR'`), log σ and the values of the fixed effects `held`.
    pub fn deviance(
        &self,
        roots: &[Vec<f64>],
        log_sigma: f64,
        held: &[usize],
        beta: &[f64],
        reml: bool,
    ) -> Result<Deviance, CoreError> {
        if held.len() != beta.len() || held.iter().any(|j| *j >= self.n_fixed()) {
            return Err(CoreError::BadInput("fixed effects are held by position, each at a value".into()));
        }
        let s = &self.units.scaling;
        let sigma2 = (2.0 * log_sigma).exp();
        let inner = sigma2 / (s.w_scale * s.y_scale * s.y_scale);
        let t: Vec<Vec<f64>> = roots.iter().map(|r| r.iter().map(|v| v / sigma2.sqrt()).collect()).collect();
        let space = self.space(reml);
        let at = self.system.evaluate(&space, &self.roots(&t))?;
        let pull = self.pull(&at, held, beta)?;
        let m = space.m;
        let free = at.point.sigma2 * m;
        let determinants = at.point.criterion - space.criterion(0.0, 0.0, free);
        let left = (free + pull.rise) / inner;
        let value = determinants + m * (std::f64::consts::TAU * inner).ln() + left + self.units.criterion_offset(reml);
        // d value / dS per block, then per term and in the user's units
        let (mut slope, squares) = self.moved_slopes(&space, at, &pull.shift)?;
        for (n, square) in slope.iter_mut().zip(&squares) {
            n.iter_mut().zip(square).for_each(|(a, b)| *a -= b / inner);
        }
        let (mut by_root, mut trace) = (Vec::new(), 0.0);
        for ((n, r), term) in self.units.outer_slopes(&slope).iter().zip(roots).zip(&self.terms) {
            let mut along = row_major::multiply(n, r, term.k, term.k, term.k);
            along.iter_mut().for_each(|v| *v /= sigma2);
            trace += row_major::dot(&along, r);
            by_root.push(along.into_iter().map(|v| 2.0 * v).collect());
        }
        let by_beta = pull.slope.iter().map(|v| 2.0 * v / (inner * s.y_scale)).collect();
        Ok(Deviance { value, roots: by_root, log_sigma: 2.0 * (m - left - trace), beta: by_beta })
    }

    /// The fixed effects `held` move to `values`, the others follow.
    fn pull(&self, at: &At<Reduced>, held: &[usize], values: &[f64]) -> Result<Pull, CoreError> {
        let (s, h) = (&self.units.scaling, held.len());
        let p = s.p;
        if h == 0 {
            return Ok(Pull { rise: 0.0, shift: Vec::new(), slope: Vec::new() });
        }
        let (l, beta) = match &at.state {
            Some(Reduced::Single(f)) => f.fixed(),
            Some(Reduced::Blocks(f)) => f.fixed(&self.system.of(f).layout),
            None => return Err(CoreError::BadInput("the point has no factor".into())),
        };
        // β_i = a_i'β_internal with a_i = R⁻ᵀ e_i
        let mut half = vec![0.0; p * h];
        held.iter().enumerate().for_each(|(c, &i)| half[i * h + c] = 1.0);
        row_major::solve_lower(&row_major::transpose(&s.x_r, p, p), p, &mut half, h);
        let estimates = row_major::multiply(&row_major::transpose(&half, p, h), &beta, h, p, 1);
        let away: Vec<f64> = (0..h).map(|c| (values[c] - s.beta0[held[c]]) / s.y_scale - estimates[c]).collect();
        row_major::solve_lower(&l, p, &mut half, h);
        let mut w = vec![0.0; h * h];
        row_major::transpose_multiply_add(&mut w, 1.0, &half, &half, p, h, h);
        if !row_major::cholesky(&mut w, h) {
            return Err(CoreError::NotPositiveDefinite { pivot: 0 });
        }
        let mut slope = away.clone();
        row_major::solve_lower(&w, h, &mut slope, 1);
        row_major::solve_lower_transposed(&w, h, &mut slope, 1);
        let shift = row_major::multiply(&half, &slope, p, h, 1);
        Ok(Pull { rise: row_major::dot(&away, &slope), shift, slope })
    }

    /// `Σ Z_j'QZ_j` and `Σ h_j h_j'` with `h_j = Z_j'V⁻¹(y − Xβ)` per block, where β is moved from its estimate.
    fn moved_slopes(&self, space: &Space, at: At<Reduced>, shift: &[f64]) -> Result<(PerBlock, PerBlock), CoreError> {
        match (at.state, &self.system.single) {
            (Some(Reduced::Single(f)), Some(single)) => {
                let found = f.moved(shift).derivatives(&self.system.cp, single, space.reml);
                Ok((found.slopes, found.squares))
            }
            (Some(Reduced::Blocks(f)), _) => {
                let cp = self.system.of(&f);
                let squares = cp.solve_at(&f, f.tail.solution(shift)).squares(&cp.layout);
                Ok((cp.slopes(*f, space.reml).trace, squares))
            }
            _ => Err(CoreError::BadInput("the point has no factor, or one of other data".into())),
        }
    }
}
