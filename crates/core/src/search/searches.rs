//! The searches from all starts, and what their ends say together.

use super::evaluator::Evaluator;
use super::facts::{Facts, PartFacts};
use super::identified::{FAR, looked_at_one, restrict, turn};
use super::outcome::{Check, Control, End, Outcome};
use super::point::Point;
use super::root::{PartRoot, start_root};
use super::space::Space;
use super::starts::{fall, marginal, several};
use super::walk::Search;
use crate::blocks::directions::PartSpace;
use crate::error::CoreError;
use crate::matrix::row_major;

/// Searches from `start` (S per part in internal units). Without one: from the identity or, where evaluations are dear, from the
/// fits of single factors; and where several optima are likely from other places too.
pub fn optimise<E: Evaluator>(
    model: &E,
    reml: bool,
    start: Option<&[Vec<f64>]>,
    control: &Control,
    check: Check<'_>,
) -> Result<Outcome, CoreError> {
    let facts = &model.facts();
    let mut found = lowest(model, facts, reml, start, control, check)?;
    // dear designs are only looked at where there is a reason
    let reason = !found.converged || found.starts_failed > 0 || found.point.sigma2 < NEARLY_NONE;
    if reason || several::is_thin(facts) {
        found.falls = fall::ray(model, facts, reml);
    }
    Ok(found)
}

/// Residual variance, of the response's mean square, from which the criterion may fall without bound.
const NEARLY_NONE: f64 = 1e-8;

/// The lowest end of the searches.
fn lowest<E: Evaluator>(
    model: &E,
    facts: &Facts,
    reml: bool,
    start: Option<&[Vec<f64>]>,
    control: &Control,
    check: Check<'_>,
) -> Result<Outcome, CoreError> {
    if start.is_some() {
        return search_from(model, facts, reml, start, None, control, check)?.optimum();
    }
    let own = marginal::marginal(model, facts, reml);
    let patience = control.max_iterations.min(if several::are_cheap(facts) { several::PATIENCE } else { usize::MAX });
    let short = Control { max_iterations: patience, ..control.clone() };
    let mut best = search_from(model, facts, reml, own.as_deref(), None, &short, check)?.optimum()?;
    best.few_levels = several::few_levels(facts);
    let further = several::further(model, facts, reml, &best.point);
    best.n_evaluations_in_all += further.n_evaluations;
    for s in further.starts {
        let known = best.converged.then_some(&best.point);
        match search_from(model, facts, reml, Some(&s), known, &short, check) {
            Ok(End::Optimum(other)) => best = best.better(*other),
            Ok(End::Known { n_evaluations }) => best.met_again(n_evaluations),
            Err(CoreError::Interrupted) => return Err(CoreError::Interrupted),
            Err(_) => best.starts_failed += 1,
        }
    }
    if best.converged || patience == control.max_iterations {
        return Ok(best);
    }
    let square =
        |(p, t): (&PartFacts, &Vec<f64>)| row_major::multiply(t, &row_major::transpose(t, p.k, p.k), p.k, p.k, p.k);
    let reached: Vec<Vec<f64>> = facts.parts.iter().zip(&best.t).map(square).collect();
    let rest = search_from(model, facts, reml, Some(&reached), None, control, check)?.optimum()?;
    Ok(best.continued(rest))
}

/// One search from `start`, or from the identity; `known` is an optimum that need not be found a second time.
fn search_from<E: Evaluator>(
    model: &E,
    facts: &Facts,
    reml: bool,
    start: Option<&[Vec<f64>]>,
    known: Option<&Point>,
    control: &Control,
    check: Check<'_>,
) -> Result<End, CoreError> {
    let mut space = Space::new(facts, reml);
    let roots = |space: &Space| -> Vec<PartRoot> {
        let identity = |p: &PartSpace| (row_major::identity(p.d), p.d);
        let given = |(p, s): (&PartSpace, &Vec<f64>)| start_root(&row_major::congruence(s, &p.basis, p.k, p.d), p.d);
        match start {
            Some(s) => space.parts.iter().zip(s).map(given).collect(),
            None => space.parts.iter().map(identity).collect(),
        }
    };
    if let (Some(s), None, true) = (start, known, facts.weight_ratio.is_some())
        && s.iter().flatten().any(|v| *v > FAR)
    {
        turn(&mut space, s);
    }
    let mut search = Search::new(model, facts, control);
    search.n_evaluations = 1;
    let mut at = model.evaluate(&space, &roots(&space))?;
    let mut curvature = model.curvature(&space, &mut at)?;
    let far = at.point.s.iter().flatten().any(|v| *v > FAR);
    let near = if far { looked_at_one(model, &space) } else { None };
    let unidentified = match &near {
        Some((p, c)) => restrict(&mut space, facts, p, c),
        None => restrict(&mut space, facts, &at.point, &curvature),
    };
    if !unidentified.is_empty() {
        at = model.evaluate(&space, &roots(&space))?;
        curvature = model.curvature(&space, &mut at)?;
        search.n_evaluations += 1;
    }
    search.known = known;
    search.run(&space, at, Some(curvature), unidentified, check)
}
