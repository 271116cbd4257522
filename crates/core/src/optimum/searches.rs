//! The searches from all starts, and what their ends say together.

use super::outcome::End;
use super::{Check, Control, Outcome, fall, search_from, several, start};
use crate::cross::CrossProducts;
use crate::error::CoreError;
use crate::layout::Part;
use crate::small;

/// Searches from `start` (S per part in internal units). Without one: from the identity or, where evaluations are dear, from the
/// fits of single factors; and where several optima are likely from other places too.
pub fn optimise(
    cp: &CrossProducts,
    n_obs: usize,
    reml: bool,
    start: Option<&[Vec<f64>]>,
    control: &Control,
    check: Check<'_>,
) -> Result<Outcome, CoreError> {
    let mut found = lowest(cp, n_obs, reml, start, control, check)?;
    // dear designs are only looked at where there is a reason
    let reason = !found.converged || found.starts_failed > 0 || found.point.sigma2 < NEARLY_NONE;
    if reason || several::is_thin(cp) {
        found.falls = fall::ray(cp, n_obs, reml);
    }
    Ok(found)
}

/// Residual variance, of the response's mean square, from which the criterion may fall without bound.
const NEARLY_NONE: f64 = 1e-8;

/// The lowest end of the searches.
fn lowest(
    cp: &CrossProducts,
    n_obs: usize,
    reml: bool,
    start: Option<&[Vec<f64>]>,
    control: &Control,
    check: Check<'_>,
) -> Result<Outcome, CoreError> {
    if start.is_some() {
        return search_from(cp, n_obs, reml, start, None, control, check)?.optimum();
    }
    let own = start::marginal(cp, n_obs, reml);
    let patience = control.max_iterations.min(if several::are_cheap(cp) { several::PATIENCE } else { usize::MAX });
    let short = Control { max_iterations: patience, ..control.clone() };
    let mut best = search_from(cp, n_obs, reml, own.as_deref(), None, &short, check)?.optimum()?;
    best.few_levels = several::few_levels(cp);
    let further = several::further(cp, n_obs, reml, &best.point);
    best.n_evaluations_in_all += further.n_evaluations;
    for s in further.starts {
        let known = best.converged.then_some(&best.point);
        match search_from(cp, n_obs, reml, Some(&s), known, &short, check) {
            Ok(End::Optimum(other)) => best = best.better(*other),
            Ok(End::Known { n_evaluations }) => best.met_again(n_evaluations),
            Err(CoreError::Interrupted) => return Err(CoreError::Interrupted),
            Err(_) => best.starts_failed += 1,
        }
    }
    if best.converged || patience == control.max_iterations {
        return Ok(best);
    }
    let square = |(p, t): (&Part, &Vec<f64>)| small::multiply(t, &small::transpose(t, p.k, p.k), p.k, p.k, p.k);
    let reached: Vec<Vec<f64>> = cp.layout.parts.iter().zip(&best.t).map(square).collect();
    let rest = search_from(cp, n_obs, reml, Some(&reached), None, control, check)?.optimum()?;
    Ok(best.continued(rest))
}
