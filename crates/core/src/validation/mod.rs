//! Generalised cross-validation in place of a likelihood: `n RSS / (n − tr F)²` of a model whose random effects are coefficients of
//! curves. The search minimizes n times its logarithm, which has the scale of a deviance.
//!
//! With P as in REML, residuals are Py and `n − tr F = tr P`, so that `RSS = y'PPy`. All is computed in a frame of the effects in
//! which no number is a difference of large ones: `S = N F² N'` with F diagonal, `f = min(√d, 1)` for the eigenvalues d of S, so that
//! f is 1 where an effect is large. With `A = N'Z'Q₀ZN` and `h = N'Z'Q₀y`, Q₀ what X leaves, let `C = (FAF + I)⁻¹`. Then `u = CFh`,
//! `RSS = y'Q₀y − h'Fu − u'u`, `tr P = n − p − q + tr C`, and for `W = N'Z'PZN`, `U = N'Z'PPZN`, `r = N'Z'Py`, `s = N'Z'PPy`:
//! `FW = CFA`, `FU = C²FA`, `Fr = u`, `Fs = Cu`.
//!
//! | file | holds |
//! |---|---|
//! | `evaluator` | the criterion as a search sees it: start here |
//! | `derivatives` | slopes by S, and second derivatives |
//! | `residuals` | RSS, `n − tr F`, and how residuals move |
//! | `frame` | coordinates of the effects |

mod derivatives;
mod evaluator;
mod frame;
mod residuals;
#[cfg(test)]
mod tests;

use crate::covariance::chart::Chart;
use crate::error::CoreError;
use crate::problem::{Evaluation, Problem};
use crate::search::charted::{Charted, optimise_chart};
use crate::search::evaluator::Evaluator;
use crate::search::space::Space;
use crate::search::{Check, Control, Outcome};
use residuals::Validated;

impl Problem {
    /// As `evaluate`, with n log GCV as the criterion, σ² = RSS/(n − tr F), and the slopes of this criterion.
    pub fn cross_validate(&self, t: &[Vec<f64>], gradient: bool) -> Result<Evaluation, CoreError> {
        let model = Validated::new(&self.system)?;
        let at = model.evaluate(&self.space(true), &self.roots(t))?;
        let mut found = self.evaluate(t, true, false)?;
        found.criterion = at.point.criterion + self.validation_offset();
        found.sigma = (at.point.sigma2 * self.residual_scale()).sqrt();
        if let Some(fitted) = at.state.filter(|_| gradient) {
            let slopes = model.outside(&fitted.frame, &model.slopes(&fitted, &model.moved(&fitted)));
            let layout = &self.system.cp.layout;
            let of_blocks: Vec<Vec<f64>> = (0..layout.blocks.len()).map(|b| layout.assemble(&slopes, b)).collect();
            found.m = self.units.outer_slopes(&of_blocks);
        }
        Ok(found)
    }

    /// Searches over the coordinates of a chart for the least GCV.
    pub fn optimise_validation(
        &self,
        chart: &dyn Chart,
        starts: &[Vec<f64>],
        control: &Control,
        check: Check<'_>,
    ) -> Result<Outcome, CoreError> {
        let offset = self.validation_offset();
        let mut told = |iteration: usize, criterion: f64| check(iteration, criterion + offset);
        let model = Validated::new(&self.system)?;
        let facts = model.facts();
        let on = Charted { model: &model, space: Space::new(&facts, true), facts, units: &self.units, chart };
        Ok(self.outer_outcome(optimise_chart(&on, starts, control, &mut told)?, offset))
    }

    fn residual_scale(&self) -> f64 {
        let s = &self.units.scaling;
        s.w_scale * s.y_scale * s.y_scale
    }

    /// What the internal n log GCV lacks.
    fn validation_offset(&self) -> f64 {
        self.units.scaling.n as f64 * self.residual_scale().ln()
    }
}
