//! Many responses fitted on one design: what does not depend on them is summed once.

use crate::design::model::Design;
use crate::error::CoreError;
use crate::parallel;
use crate::problem::Problem;
use crate::search::Control;
use crate::system::Common;

impl Design {
    /// Fits many responses (each of length n), in order; a response that cannot be fitted keeps its error.
    pub fn fit_all(
        &self,
        responses: &[&[f64]],
        reml: bool,
        start: Option<&[Vec<f64>]>,
        control: &Control,
    ) -> Vec<Result<Refit, CoreError>> {
        let common = match Common::new(self) {
            Ok(common) => common,
            Err(error) => return responses.iter().map(|_| Err(error.clone())).collect(),
        };
        parallel::map(responses.len(), |i| {
            let problem = Problem::with_response(&common, self, responses[i])?;
            let found = problem.optimise(reml, start, None, control, &mut |_, _| true)?;
            if found.falls.is_some() {
                return Err(CoreError::NoResidualVariation);
            }
            let at = problem.evaluate(&found.t, reml, false)?;
            let singular = !found.null.is_empty() || !found.unidentified.is_empty();
            Ok(Refit {
                t: found.t,
                criterion: at.criterion,
                sigma: at.sigma,
                beta: at.beta,
                converged: found.converged,
                singular,
            })
        })
    }
}

/// What is kept of one of many fits.
pub struct Refit {
    pub t: Vec<Vec<f64>>,
    pub criterion: f64,
    pub sigma: f64,
    pub beta: Vec<f64>,
    pub converged: bool,
    pub singular: bool,
}
