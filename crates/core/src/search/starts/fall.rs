//! Whether the criterion falls without bound.
//!
//! Let S grow along a ray, `S = tS₀`, with r the rank of the part of `ZS₀^½` that counts (for REML what X leaves of it). If its
//! columns and X reproduce the response, `r² ~ c/t` and the criterion goes as `(r − m) log t`, with m = n or n − p: without bound
//! unless r = m. No search can end there, and a lower place elsewhere is no optimum.

use super::start::{Start, uniform};
use crate::blocks::directions::PartSpace;
use crate::search::evaluator::Evaluator;
use crate::search::facts::Facts;
use crate::search::root::{PartRoot, start_root};
use crate::search::space::Space;

/// Sizes of S between which the fall is measured, with the rows and without: squares of residuals that are smaller are rounding.
const FAR: (f64, f64) = (1e13, 1e8);

/// Parts up to which all their combinations are looked at.
const COMBINED: usize = 3;

/// A ray along which the criterion falls by more per decade than rounding or a mere slope explains, if there is one: S for size one.
pub fn ray<E: Evaluator>(model: &E, facts: &Facts, reml: bool) -> Option<Start> {
    let space = Space::new(facts, reml);
    let far = facts.weight_ratio.map_or(FAR.1, |ratio| FAR.0 * ratio.min(1e12));
    rays(facts).into_iter().find(|ray| falls(model, &space, ray, far))
}

/// All parts, and some of them, or some of their columns, alone.
fn rays(facts: &Facts) -> Vec<Start> {
    let parts = &facts.parts;
    let zero = uniform(facts, 0.0);
    let mut out = vec![uniform(facts, 1.0)];
    let sets: Vec<usize> = if parts.len() <= COMBINED {
        (1..(1 << parts.len()) - 1).collect()
    } else {
        (0..parts.len().min(usize::BITS as usize - 1)).map(|i| 1 << i).collect()
    };
    for set in sets {
        let chosen = |i: usize| set >> i & 1 == 1;
        let all = uniform(facts, 1.0);
        out.push((0..parts.len()).map(|i| if chosen(i) { all[i].clone() } else { zero[i].clone() }).collect());
    }
    for (i, part) in parts.iter().enumerate().filter(|(_, p)| p.k > 1) {
        for c in 0..part.k {
            let mut s = zero.clone();
            s[i][c * part.k + c] = 1.0;
            out.push(s);
        }
    }
    out
}

fn falls<E: Evaluator>(model: &E, space: &Space, ray: &Start, far: f64) -> bool {
    let at = |t: f64| {
        let root = |(p, s): (&PartSpace, &Vec<f64>)| {
            let scaled: Vec<f64> = s.iter().map(|v| v * t).collect();
            start_root(&scaled, p.d)
        };
        let roots: Vec<PartRoot> = space.parts.iter().zip(ray).map(root).collect();
        model.evaluate(space, &roots).ok().map(|at| (at.point.criterion, at.point.sigma2))
    };
    // one decade takes log 10 for each degree of freedom that is left
    let least = 0.5 * std::f64::consts::LN_10;
    match at(far) {
        Some((near, sigma2)) if sigma2 < 1e3 / far.sqrt() => {
            at(10.0 * far).is_some_and(|(beyond, _)| beyond < near - least)
        }
        _ => false,
    }
}
