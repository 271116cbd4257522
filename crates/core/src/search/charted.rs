//! The search over coordinates η of S: structures that are not all of a cone, ties between parts, parameters that are held.
//!
//! A chart says what S is at η, how it moves, and how that bends: Newton's Hessian in η is `J'HJ + Σ <M, ∂²S>`, and without the
//! second part the steps bounce where a variance is zero.

use super::curvature::Along;
use super::evaluator::Evaluator;
use super::facts::Facts;
use super::outcome::{Check, Control, End, Outcome};
use super::point::At;
use super::space::Space;
use super::starts::several;
use super::steps::correction::Correction;
use super::steps::face::{self, NewtonStep};
use super::walk::Search;
use crate::covariance::chart::Chart;
use crate::error::CoreError;
use crate::matrix::eigen;
use crate::translate::Units;

/// Searches where evaluations take microseconds and levels are few.
const MOST: usize = 8;

/// What a search over a chart needs beside it.
pub struct Charted<'a, E: Evaluator> {
    pub model: &'a E,
    pub facts: Facts,
    pub space: Space,
    pub units: &'a Units,
    pub chart: &'a dyn Chart,
}

/// η and the point of S there.
struct Place<S> {
    eta: Vec<f64>,
    at: At<S>,
}

/// Searches over η from several starts: all are looked at; the best two are followed, or more where several optima are likely.
pub fn optimise_chart<E: Evaluator>(
    on: &Charted<'_, E>,
    starts: &[Vec<f64>],
    control: &Control,
    check: Check<'_>,
) -> Result<Outcome, CoreError> {
    let mut first_error = None;
    let mut places = Vec::new();
    for eta in starts {
        match on.place(eta.clone()) {
            Ok(place) => places.push(place),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    if places.is_empty() {
        return Err(first_error.unwrap_or_else(|| CoreError::BadInput("a search over a chart needs a start".into())));
    }
    places.sort_by(|a, b| a.at.point.criterion.total_cmp(&b.at.point.criterion));
    places.truncate(if several::are_cheap(&on.facts) { MOST } else { 2 });
    let mut best: Option<Outcome> = None;
    for place in places {
        best = Some(match (search(on, place, best.as_ref(), control, check)?, best) {
            (End::Optimum(found), Some(known)) => known.better(*found),
            (End::Known { n_evaluations }, Some(mut known)) => {
                known.met_again(n_evaluations);
                known
            }
            (end, None) => end.optimum()?,
        });
    }
    let mut best = best.ok_or_else(|| CoreError::BadInput("no search ended".into()))?;
    best.n_evaluations_in_all += starts.len() - best.starts_tried.min(starts.len());
    best.few_levels = starts.len() > 1 && several::few_levels(&on.facts);
    Ok(best)
}

impl<E: Evaluator> Charted<'_, E> {
    fn place(&self, eta: Vec<f64>) -> Result<Place<E::State>, CoreError> {
        let roots = self.units.roots(&self.chart.factors(&eta)?);
        Ok(Place { at: self.model.evaluate(&self.space, &roots)?, eta })
    }

    /// Newton's step from a place.
    fn step(
        &self,
        place: &mut Place<E::State>,
        correction: &mut Correction,
        radius: f64,
    ) -> Result<(Along, Option<NewtonStep>), CoreError> {
        let n = self.chart.n();
        let moves = self.chart.moves(&place.eta)?;
        let changes: Vec<_> = moves.iter().map(|of_terms| self.units.change(of_terms)).collect();
        let mut c = self.model.along(&self.space, &mut place.at, &changes)?;
        let bend = self.chart.bend(&place.eta, &self.units.slopes(&c.m))?;
        c.hessian.iter_mut().zip(&bend).for_each(|(h, b)| *h += b);
        correction.apply(&place.eta, &c.gradient, &mut c.hessian, c.exact);
        if n == 0 {
            return Ok((c, Some(NewtonStep::none())));
        }
        let mut metric = c.expected.clone();
        face::lift(&mut metric, n, face::RIDGE);
        let step = face::minimum(&c.gradient, &c.hessian, metric, radius, face::RIDGE);
        Ok((c, step))
    }

    /// Armijo's rule along a step.
    fn line(
        &self,
        search: &mut Search<'_, E>,
        place: &Place<E::State>,
        step: &NewtonStep,
    ) -> Option<(Place<E::State>, f64)> {
        let here = place.at.point.criterion;
        let noise = self.space.noise(&place.at.point);
        let mut alpha = 1.0;
        for _ in 0..20 {
            search.n_evaluations += 1;
            let eta = place.eta.iter().zip(&step.x).map(|(e, x)| e + alpha * x).collect();
            match self.place(eta) {
                Ok(next) if next.at.point.criterion <= here + 1e-4 * alpha * step.slope.min(0.0) + noise => {
                    return Some((next, alpha));
                }
                Ok(next) => {
                    let excess = next.at.point.criterion - here - step.slope * alpha;
                    let best = -step.slope * alpha * alpha / (2.0 * excess);
                    alpha = if best.is_finite() { best.clamp(0.1 * alpha, 0.6 * alpha) } else { 0.3 * alpha };
                }
                Err(CoreError::Interrupted) => return None,
                Err(_) => alpha *= 0.3,
            }
        }
        None
    }
}

fn search<E: Evaluator>(
    on: &Charted<'_, E>,
    mut place: Place<E::State>,
    known: Option<&Outcome>,
    control: &Control,
    check: Check<'_>,
) -> Result<End, CoreError> {
    let mut search = Search::new(on.model, &on.facts, control);
    search.n_evaluations = 1;
    let mut correction = Correction::new(on.chart.n());
    let (mut taken, mut best, mut iteration) = (0.0, f64::INFINITY, 0);
    loop {
        let (c, step) = on.step(&mut place, &mut correction, search.radius)?;
        let gap = step.as_ref().map_or(f64::INFINITY, |s| s.decrement);
        let kind = if iteration == 0 { "start" } else { "newton" };
        search.record(&place.at.point, (Vec::new(), place.eta.clone()), taken, kind, gap);
        let settled = step.as_ref().is_some_and(|s| s.decrement < control.tolerance && s.min_curvature > -1e-3);
        let stop = settled && (gap < 1e-14 || gap > 0.1 * best);
        best = best.min(gap);
        if !check(iteration, place.at.point.criterion) {
            return Err(CoreError::Interrupted);
        }
        if known.zip(step.as_ref()).is_some_and(|(k, step)| leads_to(&place, step, k)) {
            return Ok(End::Known { n_evaluations: search.n_evaluations });
        }
        let next = match &step {
            Some(s) if !stop && iteration < control.max_iterations => on.line(&mut search, &place, s),
            _ => None,
        };
        let Some((reached, alpha)) = next else {
            return Ok(on.end(search, place, &c, step, settled)?.into());
        };
        if let Some(s) = &step {
            if alpha < 1.0 {
                search.radius = (2.0 * alpha * s.length).max(1e-3);
            } else if s.limited {
                search.radius = (4.0 * search.radius).min(1e3);
            }
        }
        (place, taken) = (reached, alpha);
        iteration += 1;
    }
}

impl<E: Evaluator> Charted<'_, E> {
    /// What the search found; directions of S without variance are told, but no slope into them: the chart cannot go there.
    fn end(
        &self,
        search: Search<'_, E>,
        place: Place<E::State>,
        c: &Along,
        step: Option<NewtonStep>,
        converged: bool,
    ) -> Result<Outcome, CoreError> {
        let (null, t) = self.space.rank_of(&place.at.point.s);
        Ok(Outcome {
            t,
            user: Some((self.chart.factors(&place.eta)?, place.eta)),
            flat: flat_direction(&c.expected, self.chart.n()),
            trace: search.trace,
            converged,
            n_evaluations: search.n_evaluations,
            n_evaluations_in_all: search.n_evaluations,
            cone_decrement: step.as_ref().map_or(f64::INFINITY, |s| s.decrement),
            newton_decrement: step.as_ref().map_or(f64::NAN, |s| s.decrement),
            min_curvature: step.as_ref().map_or(f64::NAN, |s| s.min_curvature),
            min_boundary_slope: f64::INFINITY,
            max_gradient: c.gradient.iter().fold(0.0, |a, g| a.max(g.abs())),
            null,
            unidentified: Vec::new(),
            exact_hessian: c.exact,
            starts_tried: 1,
            starts_failed: 0,
            falls: None,
            few_levels: false,
            spread: 0.0,
            point: place.at.point,
        })
    }
}

/// Decrement, and distance in η, within which a step leads to an optimum that is known.
const NEAR: f64 = 0.1;

/// Whether a step leads to a known optimum: to its place, by the decrement that this takes.
fn leads_to<S>(place: &Place<S>, step: &NewtonStep, known: &Outcome) -> bool {
    let Some((_, end)) = known.user.as_ref().filter(|_| known.converged) else { return false };
    let above = place.at.point.criterion - known.point.criterion;
    let near = |((eta, x), end): ((&f64, &f64), &f64)| (eta + x - end).abs() <= NEAR * 0.1 * (1.0 + end.abs());
    step.decrement < NEAR
        && step.min_curvature > 0.0
        && (above - step.decrement).abs() <= NEAR * step.decrement + 1e-8
        && place.eta.iter().zip(&step.x).zip(end).all(near)
}

/// Eigenvalue of the expected information, in units of its diagonal, below which the data say nothing along its vector.
const FLAT: f64 = 1e-8;

/// A direction without information; coordinates that have none by themselves (a variance of zero) are left out.
fn flat_direction(expected: &[f64], n: usize) -> Option<Vec<f64>> {
    let largest = (0..n).map(|i| expected[i * n + i]).fold(0.0, f64::max);
    let used: Vec<usize> = (0..n).filter(|&i| expected[i * n + i] > 1e-10 * largest).collect();
    let m = used.len();
    let unit: Vec<f64> = used.iter().map(|&i| expected[i * n + i].sqrt()).collect();
    let scaled: Vec<f64> =
        (0..m * m).map(|e| expected[used[e / m] * n + used[e % m]] / (unit[e / m] * unit[e % m])).collect();
    let (w, v) = eigen::symmetric_eigen(&scaled, m);
    if w.first().is_none_or(|least| *least >= FLAT) {
        return None;
    }
    let mut out = vec![0.0; n];
    used.iter().enumerate().for_each(|(a, &i)| out[i] = v[a * m] / unit[a]);
    Some(out)
}
