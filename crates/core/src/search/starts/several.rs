//! Further starts where several optima are likely: with few levels (3 % of hard designs have them), and along the one variance of
//! a small model, where looking everywhere costs next to nothing.

use super::directed::directed;
use super::start::{Start, uniform};
use crate::blocks::directions::PartSpace;
use crate::search::evaluator::Evaluator;
use crate::search::facts::Facts;
use crate::search::point::Point;
use crate::search::root::{PartRoot, start_root};
use crate::search::space::Space;

/// Rows for each fixed or random effect below which, and ratio of weights from which, other optima are likely too.
const ROWS: usize = 2;
const UNEQUAL: f64 = 1e4;

/// Levels per column below which a term counts as small.
const FEW: usize = 8;

/// Levels up to which a single variance is looked for everywhere.
const SCANNED: usize = 100;

/// Iterations after which a search in a long flat valley waits until others have been tried: they may come in from the side.
pub const PATIENCE: usize = 15;

/// Searches from further starts: many where a search takes microseconds.
fn most(n_random: usize) -> usize {
    if n_random <= 100 { 6 } else { 2 }
}

/// Searches from the lowest of the starts at which levels are nearly saturated.
const SATURATED: usize = 2;

/// Starts, and the evaluations that chose them.
#[derive(Default)]
pub struct Further {
    pub starts: Vec<Start>,
    pub n_evaluations: usize,
}

/// Whether levels of a term, or rows, are so few, or weights so unequal, that other optima cannot be excluded; a single variance is
/// looked for everywhere.
pub fn few_levels(facts: &Facts) -> bool {
    let few = facts.parts.iter().any(|p| p.n_levels < FEW * p.columns);
    (few || is_thin(facts)) && !is_one_variance(facts) && facts.n_random > 0
}

/// Whether rows are so few beside effects, or weights so unequal, that levels can be nearly saturated.
pub fn is_thin(facts: &Facts) -> bool {
    let effects = facts.n_random + facts.p;
    facts.weight_ratio.is_some_and(|ratio| facts.n < ROWS * effects || ratio > UNEQUAL)
}

/// Whether that is so, and searches are cheap enough to try more than one.
pub fn are_cheap(facts: &Facts) -> bool {
    few_levels(facts) && facts.is_small
}

fn is_one_variance(facts: &Facts) -> bool {
    facts.parts.len() == 1 && facts.parts[0].k == 1
}

/// Where to search again once an optimum has been found.
pub fn further<E: Evaluator>(model: &E, facts: &Facts, reml: bool, found: &Point) -> Further {
    let space = Space::new(facts, reml);
    if is_one_variance(facts) && facts.n_random <= SCANNED {
        return valleys(model, &space, found);
    }
    if !are_cheap(facts) {
        return Further::default();
    }
    let candidates = candidates(facts);
    let (saturated, directed) =
        if is_thin(facts) { (saturated(facts), directed(facts)) } else { (Vec::new(), Vec::new()) };
    let n_evaluations = candidates.len() + saturated.len() + directed.iter().map(Vec::len).sum::<usize>();
    let lowest = |starts: Vec<Start>, most: usize| {
        let mut screened: Vec<(f64, Start)> =
            starts.into_iter().filter_map(|s| Some((criterion(model, &space, &s)?, s))).collect();
        screened.sort_by(|a, b| a.0.total_cmp(&b.0));
        screened.truncate(most);
        screened.into_iter().map(|(_, s)| s)
    };
    let (near, far) = (lowest(candidates, most(facts.n_random) - 1), lowest(saturated, SATURATED));
    let one_way: Vec<Start> = directed.into_iter().flat_map(|starts| lowest(starts, 1)).collect();
    // near zero the criterion is high, but the way from there is one of its own
    Further { starts: near.chain(far).chain(one_way).chain([uniform(facts, 0.01)]).collect(), n_evaluations }
}

/// Far away; direction by direction, one alone small among large ones and one alone large; and pair by pair of one term,
/// correlations near ±1.
fn candidates(facts: &Facts) -> Vec<Start> {
    let mut out = vec![uniform(facts, 100.0)];
    for (part, k) in facts.parts.iter().map(|p| p.k).enumerate() {
        for i in 0..k {
            for (rest, own) in [(100.0, 0.01), (1.0, 100.0)] {
                let mut s = uniform(facts, rest);
                s[part][i * k + i] = own;
                out.push(s);
            }
            for (j, sign) in (0..i).flat_map(|j| [(j, 1.0), (j, -1.0)]) {
                let mut s = uniform(facts, 100.0);
                s[part][i * k + j] = 99.0 * sign;
                s[part][j * k + i] = 99.0 * sign;
                out.push(s);
            }
        }
    }
    out
}

/// Where some parts follow the data almost exactly: with few rows, weights over many orders or one outlier, variances of the
/// 1e4th or 1e8th part of that of the residual are no rarity, and valleys there are narrow.
fn saturated(facts: &Facts) -> Vec<Start> {
    let n_parts = facts.parts.len();
    let mut out = Vec::new();
    for size in [1e3, 1e5, 1e7, 1e9] {
        out.push(uniform(facts, size));
        for part in (0..n_parts).filter(|_| n_parts > 1) {
            let mut s = uniform(facts, 1.0);
            s[part].iter_mut().for_each(|v| *v *= size);
            out.push(s);
        }
    }
    out
}

fn criterion<E: Evaluator>(model: &E, space: &Space, s: &Start) -> Option<f64> {
    let root = |(p, m): (&PartSpace, &Vec<f64>)| start_root(m, p.d);
    let roots: Vec<PartRoot> = space.parts.iter().zip(s).map(root).collect();
    model.evaluate(space, &roots).ok().map(|at| at.point.criterion)
}

/// The valleys of the criterion along a single variance, but for the one that was found.
fn valleys<E: Evaluator>(model: &E, space: &Space, found: &Point) -> Further {
    const PER_DECADE: i32 = 3;
    let grid: Vec<f64> =
        (-3 * PER_DECADE..=6 * PER_DECADE).map(|i| 10f64.powf(f64::from(i) / f64::from(PER_DECADE))).collect();
    let heights: Vec<f64> =
        grid.iter().map(|v| criterion(model, space, &vec![vec![*v]]).unwrap_or(f64::INFINITY)).collect();
    let at = found.s[0].first().copied().unwrap_or(0.0);
    let own = grid.iter().position(|v| *v >= at).unwrap_or(grid.len() - 1);
    let lowest = |i: usize| {
        let left = i == 0 || heights[i] < heights[i - 1];
        let right = i + 1 == grid.len() || heights[i] <= heights[i + 1];
        left && right && heights[i].is_finite()
    };
    let other = |i: &usize| lowest(*i) && i.abs_diff(own) > 1;
    Further { starts: (0..grid.len()).filter(other).map(|i| vec![vec![grid[i]]]).collect(), n_evaluations: grid.len() }
}
