//! What the data identify, and coordinates in which it can be seen.

use super::curvature::Curvature;
use super::evaluator::Evaluator;
use super::facts::Facts;
use super::point::Point;
use super::root::PartRoot;
use super::space::Space;
use crate::matrix::{eigen, row_major};

/// S from which rounding hides what the data identify.
pub const FAR: f64 = 1e4;

/// Turns the coordinates to the axes of S: beside a large number in all of its elements a small one would be lost.
pub fn turn(space: &mut Space, s: &[Vec<f64>]) {
    for (p, s) in space.parts.iter_mut().zip(s) {
        p.basis = eigen::symmetric_eigen(s, p.k).1;
    }
}

/// S = I, where what is identified can be seen.
pub fn looked_at_one<E: Evaluator>(model: &E, space: &Space) -> Option<(Point, Curvature)> {
    let roots: Vec<PartRoot> = space.parts.iter().map(|p| (row_major::identity(p.d), p.d)).collect();
    let mut at = model.evaluate(space, &roots).ok()?;
    let curvature = model.curvature(space, &mut at).ok()?;
    Some((at.point, curvature))
}

/// Removes the directions that the data say nothing about: eigenvalues of `Σ Z_j'QZ_j` that are zero beside the cross-products. A
/// large S makes those of all directions small, in the measure of its size.
pub fn restrict(space: &mut Space, facts: &Facts, point: &Point, c: &Curvature) -> Vec<(usize, Vec<f64>)> {
    let mut out = Vec::new();
    for (i, (p, part)) in space.parts.iter_mut().zip(&facts.parts).enumerate() {
        let scale = part.n_levels as f64 * part.rows_per_level.min(1.0);
        let (w, v) = eigen::symmetric_eigen(&c.trace[i], p.k);
        let size = (0..p.k).map(|r| point.s[i][r * p.k + r]).fold(1.0, f64::max).min(1e6);
        let lost = w.iter().filter(|x| **x * size < 1e-9 * scale).count();
        if lost == 0 {
            continue;
        }
        let v = row_major::multiply(&p.basis, &v, p.k, p.k, p.k);
        let column = |c: usize| -> Vec<f64> { (0..p.k).map(|r| v[r * p.k + c]).collect() };
        out.extend((0..lost).map(|c| (i, column(c))));
        p.d = p.k - lost;
        p.basis = (0..p.k).flat_map(|r| v[r * p.k + lost..(r + 1) * p.k].to_vec()).collect();
    }
    out
}
