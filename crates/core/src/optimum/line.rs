//! How far to go along a step.

use super::face::FaceStep;
use super::state::{PartSpace, Point, Space};
use super::{Search, start_root};

/// A step that can be tried at several lengths.
pub enum Step<'s> {
    Cone { target: &'s [Vec<f64>] },
    Face { roots: &'s [(Vec<f64>, usize)], step: &'s FaceStep },
}

impl Search<'_> {
    /// Armijo's rule, shortening by interpolation.
    pub fn search(&mut self, space: &Space, point: &Point, slope: f64, step: &Step<'_>) -> Option<(Point, f64)> {
        let noise = space.noise(point);
        let mut alpha = 1.0;
        for _ in 0..20 {
            self.n_evaluations += 1;
            let trial = space.evaluate(self.cp, &displaced(space, point, step, alpha));
            match trial {
                Ok(next) if next.criterion <= point.criterion + 1e-4 * alpha * slope.min(0.0) + noise => {
                    return Some(self.lengthened(space, point, slope, step, (next, alpha)));
                }
                Ok(next) => {
                    let excess = next.criterion - point.criterion - slope * alpha;
                    let best = -slope * alpha * alpha / (2.0 * excess);
                    alpha = if best.is_finite() { best.clamp(0.1 * alpha, 0.6 * alpha) } else { 0.3 * alpha };
                }
                Err(_) => alpha *= 0.3,
            }
        }
        None
    }

    /// A shortened step in the cone along which the criterion still falls as fast as at its start was shortened too much: the
    /// criterion is made of logarithms, and its value at the far end says little about where it is lowest.
    fn lengthened(
        &mut self,
        space: &Space,
        point: &Point,
        slope: f64,
        step: &Step<'_>,
        mut found: (Point, f64),
    ) -> (Point, f64) {
        while matches!(step, Step::Cone { .. })
            && found.1 < 0.4
            && found.0.criterion - point.criterion < 0.5 * found.1 * slope
        {
            self.n_evaluations += 1;
            let alpha = 2.0 * found.1;
            match space.evaluate(self.cp, &displaced(space, point, step, alpha)) {
                Ok(next) if next.criterion < found.0.criterion => found = (next, alpha),
                _ => break,
            }
        }
        found
    }
}

/// The roots of S at a fraction of a step.
pub fn displaced(space: &Space, point: &Point, step: &Step<'_>, alpha: f64) -> Vec<(Vec<f64>, usize)> {
    match step {
        Step::Face { roots, step } => {
            let add = |((r, c), s): (&(Vec<f64>, usize), &Vec<f64>)| {
                (r.iter().zip(s).map(|(x, y)| x + alpha * y).collect(), *c)
            };
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
