//! How far to go along a step.

use super::face::FaceStep;
use crate::blocks::directions::PartSpace;
use crate::error::CoreError;
use crate::search::evaluator::Evaluator;
use crate::search::point::{At, Point};
use crate::search::root::{PartRoot, start_root};
use crate::search::space::Space;

/// A step that can be tried at several lengths.
pub enum Step<'s> {
    Cone { target: &'s [Vec<f64>] },
    Face { roots: &'s [PartRoot], step: &'s FaceStep },
}

/// A line search: where to evaluate, and how often that was done.
pub struct Line<'a, E: Evaluator> {
    pub model: &'a E,
    pub space: &'a Space,
    pub n_evaluations: &'a mut usize,
}

impl<E: Evaluator> Line<'_, E> {
    /// Armijo's rule, shortening by interpolation; the place and the fraction of the step.
    pub fn search(&mut self, point: &Point, slope: f64, step: &Step<'_>) -> Option<(At<E::State>, f64)> {
        let noise = self.space.noise(point);
        let mut alpha = 1.0;
        for _ in 0..20 {
            match self.evaluate(point, step, alpha) {
                Ok(next) if next.point.criterion <= point.criterion + 1e-4 * alpha * slope.min(0.0) + noise => {
                    return Some(self.lengthened(point, slope, step, (next, alpha)));
                }
                Ok(next) => {
                    let excess = next.point.criterion - point.criterion - slope * alpha;
                    let best = -slope * alpha * alpha / (2.0 * excess);
                    alpha = if best.is_finite() { best.clamp(0.1 * alpha, 0.6 * alpha) } else { 0.3 * alpha };
                }
                Err(_) => alpha *= 0.3,
            }
        }
        None
    }

    /// The place at a fraction of a step.
    pub fn evaluate(&mut self, point: &Point, step: &Step<'_>, alpha: f64) -> Result<At<E::State>, CoreError> {
        *self.n_evaluations += 1;
        self.model.evaluate(self.space, &displaced(self.space, point, step, alpha))
    }

    /// A shortened step in the cone along which the criterion still falls as fast as at its start was shortened too much: the
    /// criterion is made of logarithms, and its value at the far end says little about where it is lowest.
    fn lengthened(
        &mut self,
        point: &Point,
        slope: f64,
        step: &Step<'_>,
        mut found: (At<E::State>, f64),
    ) -> (At<E::State>, f64) {
        while matches!(step, Step::Cone { .. })
            && found.1 < 0.4
            && found.0.point.criterion - point.criterion < 0.5 * found.1 * slope
        {
            let alpha = 2.0 * found.1;
            match self.evaluate(point, step, alpha) {
                Ok(next) if next.point.criterion < found.0.point.criterion => found = (next, alpha),
                _ => break,
            }
        }
        found
    }
}

/// The roots of S at a fraction of a step.
fn displaced(space: &Space, point: &Point, step: &Step<'_>, alpha: f64) -> Vec<PartRoot> {
    match step {
        Step::Face { roots, step } => {
            let add = |((r, c), s): (&PartRoot, &Vec<f64>)| (r.iter().zip(s).map(|(x, y)| x + alpha * y).collect(), *c);
            roots.iter().zip(&step.step).map(add).collect()
        }
        Step::Cone { target } => {
            let mix = |(p, (s, y)): (&PartSpace, (&Vec<f64>, &Vec<f64>))| {
                let m: Vec<f64> = s.iter().zip(y).map(|(a, b)| a + alpha * (b - a)).collect();
                start_root(&m, p.d)
            };
            space.parts.iter().zip(point.s.iter().zip(target.iter())).map(mix).collect()
        }
    }
}
