//! Starts along one direction of a term: with weights over many orders the few heavy rows choose one combination of its effects.
//!
//! Valleys there are a tenth of a radian wide and of any length, and their bottom cannot be seen from beside them. So a search
//! begins in each of many directions, at the best of a few sizes. Such designs are small: an evaluation takes microseconds.

use super::start::{Start, uniform};
use crate::search::facts::Facts;

/// Ratio of weights from which the heavy rows may decide alone.
const UNEQUAL: f64 = 1e6;

/// Columns of a term, and parts of a design, beyond which there would be too many combinations.
const COLUMNS: usize = 3;
const PARTS: usize = 3;

/// Directions between two columns, in half a turn.
const ANGLES: u32 = 32;

/// Sizes of S along the direction.
const SIZES: [f64; 4] = [1e1, 1e4, 1e7, 1e10];

/// Sizes of S of the other parts.
const OTHERS: [f64; 4] = [0.1, 1e2, 1e5, 1e9];

/// S across the direction, as part of that along it.
const ACROSS: f64 = 1e-6;

/// For each direction of each part with several columns and each size of the others, starts of which the lowest is worth a
/// search; empty where weights do not ask for it.
pub fn directed(facts: &Facts) -> Vec<Vec<Start>> {
    let few = facts.parts.len() <= PARTS && facts.parts.iter().all(|p| p.k <= COLUMNS);
    if !few || facts.weight_ratio.is_none_or(|ratio| ratio < UNEQUAL) {
        return Vec::new();
    }
    let rest = if facts.parts.len() == 1 { &OTHERS[..1] } else { &OTHERS[..] };
    let mut out = Vec::new();
    for (part, k) in facts.parts.iter().map(|p| p.k).enumerate().filter(|(_, k)| *k > 1) {
        for v in directions(k) {
            let at = |size: f64, rest: f64| {
                let mut s = uniform(facts, rest);
                s[part] = along(&v, size);
                s
            };
            out.extend(rest.iter().map(|rest| SIZES.iter().map(|size| at(*size, *rest)).collect()));
        }
    }
    out
}

/// Unit vectors all round between each pair of k columns.
fn directions(k: usize) -> Vec<Vec<f64>> {
    let mut out = Vec::new();
    for (i, j) in (0..k).flat_map(|i| (0..i).map(move |j| (i, j))) {
        for step in 0..ANGLES {
            let angle = std::f64::consts::PI * f64::from(step) / f64::from(ANGLES);
            let mut v = vec![0.0; k];
            (v[i], v[j]) = (angle.cos(), angle.sin());
            out.push(v);
        }
    }
    out
}

/// `size · (vv' + ACROSS · I)`.
fn along(v: &[f64], size: f64) -> Vec<f64> {
    let k = v.len();
    (0..k * k).map(|e| size * (v[e / k] * v[e % k] + if e / k == e % k { ACROSS } else { 0.0 })).collect()
}
