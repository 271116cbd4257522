//! One search: steps in the cone while far away, Newton's step among matrices of the same rank when near.

use super::curvature::Curvature;
use super::evaluator::Evaluator;
use super::facts::Facts;
use super::outcome::{Check, Control, End, Outcome, Record};
use super::point::{At, Point};
use super::root::{PartRoot, Root, null_space, snap};
use super::space::{Placed, Space};
use super::steps::cone;
use super::steps::correction::Correction;
use super::steps::face::{self, FaceStep};
use super::steps::line::{Line, Step};
use crate::error::CoreError;
use crate::matrix::{eigen, row_major};

/// One search: the counters and the trust radius.
pub struct Search<'a, E: Evaluator> {
    model: &'a E,
    facts: &'a Facts,
    control: &'a Control,
    pub n_evaluations: usize,
    pub radius: f64,
    pub trace: Vec<Record>,
    /// An optimum that need not be found a second time.
    pub known: Option<&'a Point>,
}

impl<'a, E: Evaluator> Search<'a, E> {
    /// Before its first evaluation.
    pub fn new(model: &'a E, facts: &'a Facts, control: &'a Control) -> Self {
        Search { model, facts, control, n_evaluations: 0, radius: 1.0, trace: Vec::new(), known: None }
    }

    /// Searches from a place, whose curvature may be known; `unidentified` directions have been taken out of the space.
    pub fn run(
        mut self,
        space: &Space,
        mut at: At<E::State>,
        mut known: Option<Curvature>,
        unidentified: Placed,
        check: Check<'_>,
    ) -> Result<End, CoreError> {
        let mut correction = Correction::new(space.n_elements());
        let (mut taken, mut kind, mut best, mut iteration) = (0.0, "start", f64::INFINITY, 0);
        let mut probed = false;
        loop {
            let mut curvature = match known.take() {
                Some(c) => c,
                None => self.model.curvature(space, &mut at)?,
            };
            let point = &at.point;
            correction.apply(&space.pack(&point.s), &curvature.gradient, &mut curvature.hessian, curvature.exact);
            let assessment = self.assess(space, point, &curvature);
            let gap = assessment.gap();
            let t = space.lower_factors(&point.s);
            self.record(point, (t, Vec::new()), taken, kind, gap);
            let settled = gap < self.control.tolerance && (probed || assessment.min_curvature() > -1e-3);
            // go on while the decrement still falls: the last steps are cheap digits
            let done = settled && (gap < 1e-14 || gap > 0.1 * best || (curvature.exact && gap < 1e-12));
            best = best.min(gap);
            if done || iteration >= self.control.max_iterations {
                let mut last = at.point;
                if settled {
                    last = self.last_step(space, last, &assessment);
                }
                return Ok(self.finish(space, last, &curvature, assessment, settled, unidentified).into());
            }
            if self.known.is_some_and(|k| is_near(space, point, &curvature, gap, k)) {
                return Ok(End::Known { n_evaluations: self.n_evaluations });
            }
            if !check(iteration, point.criterion) {
                return Err(CoreError::Interrupted);
            }
            match self.advance(space, point, &curvature, &assessment) {
                Some((next, alpha, name)) => {
                    // a step along negative curvature that had to be cut to nothing: the curvature was rounding
                    probed = alpha < 0.1 && assessment.newton.as_ref().is_some_and(|s| s.newton.saddle);
                    (at, taken, kind) = (next, alpha, name);
                }
                None => {
                    return Ok(self.finish(space, at.point, &curvature, assessment, settled, unidentified).into());
                }
            }
            iteration += 1;
        }
    }

    /// Takes the better of the two steps that are known anyway: near the optimum it squares the distance.
    fn last_step(&mut self, space: &Space, point: Point, a: &Assessment) -> Point {
        let step = match &a.newton {
            Some(step) if step.newton.decrement >= a.cone_decrement => Step::Face { roots: &a.roots, step },
            _ => Step::Cone { target: &a.target },
        };
        if a.gap() == 0.0 {
            return point;
        }
        let noise = space.noise(&point);
        match self.line(space).evaluate(&point, &step, 1.0) {
            Ok(next) if next.point.criterion <= point.criterion + noise => next.point,
            _ => point,
        }
    }

    fn line<'l>(&'l mut self, space: &'l Space) -> Line<'l, E> {
        Line { model: self.model, space, n_evaluations: &mut self.n_evaluations }
    }

    fn assess(&self, space: &Space, point: &Point, c: &Curvature) -> Assessment {
        let n = space.n_elements();
        let b = convex(c.model(n), n);
        let (root, cone_decrement) = cone::minimise(space, &point.s, &c.gradient, &b);
        let target: Vec<Vec<f64>> = space.parts.iter().zip(&root).map(|(p, r)| snap(r, p.d)).collect();
        let current: Vec<Root> = space.parts.iter().zip(&point.s).map(|(p, s)| Root::new(s, p.d)).collect();
        let same_rank =
            space.parts.iter().zip(target.iter().zip(&current)).all(|(p, (y, r))| Root::new(y, p.d).rank == r.rank);
        let roots: Vec<PartRoot> = current.iter().map(|r| (r.matrix(), r.rank)).collect();
        let newton = if cone_decrement < 1.0 {
            self.newton(space, c, &roots, &face::directions(&current), cone_decrement)
        } else {
            None
        };
        Assessment { target, cone_decrement, same_rank, roots, newton }
    }

    /// Newton's step on the face. Where the step in the cone promises far more, a valley is so flat that the ridge of the metric
    /// hides it.
    fn newton(
        &self,
        space: &Space,
        c: &Curvature,
        roots: &[PartRoot],
        directions: &[face::Direction],
        cone_decrement: f64,
    ) -> Option<FaceStep> {
        let step = face::newton(space, c, roots, directions, self.radius, face::RIDGE)?;
        let hidden = step.newton.flat || cone_decrement > (10.0 * step.newton.decrement).max(self.control.tolerance);
        if self.facts.weight_ratio.is_none() || !hidden {
            return Some(step);
        }
        let bare = face::newton(space, c, roots, directions, self.radius, face::BARE);
        Some(bare.filter(|b| b.newton.decrement > step.newton.decrement).unwrap_or(step))
    }

    /// Tries Newton's step on the face, then the step in the cone.
    fn advance(
        &mut self,
        space: &Space,
        point: &Point,
        c: &Curvature,
        a: &Assessment,
    ) -> Option<(At<E::State>, f64, &'static str)> {
        if let Some(step) = &a.newton
            && (a.same_rank || a.cone_decrement < 0.01 * step.newton.decrement)
        {
            let found = self.line(space).search(point, step.newton.slope, &Step::Face { roots: &a.roots, step });
            if let Some((next, alpha)) = found {
                if alpha < 1.0 {
                    self.radius = (2.0 * alpha * step.newton.length).max(1e-3);
                } else if step.newton.limited {
                    self.radius = (4.0 * self.radius).min(1e3);
                }
                return Some((next, alpha, "newton"));
            }
        }
        let d: Vec<f64> = space.pack(&a.target).iter().zip(space.pack(&point.s)).map(|(y, s)| y - s).collect();
        let slope = row_major::dot(&d, &c.gradient);
        let (next, alpha) = self.line(space).search(point, slope, &Step::Cone { target: &a.target })?;
        Some((next, alpha, "cone"))
    }

    /// Adds a line to the trace: T per part, or coordinates of a chart.
    pub fn record(
        &mut self,
        point: &Point,
        (t, eta): (Vec<Vec<f64>>, Vec<f64>),
        step: f64,
        kind: &'static str,
        decrement: f64,
    ) {
        self.trace.push(Record { criterion: point.criterion, sigma2: point.sigma2, t, eta, step, kind, decrement });
    }

    fn finish(
        self,
        space: &Space,
        point: Point,
        c: &Curvature,
        a: Assessment,
        converged: bool,
        unidentified: Placed,
    ) -> Outcome {
        let mut min_boundary_slope = f64::INFINITY;
        for (i, (p, s)) in space.parts.iter().zip(&point.s).enumerate() {
            let (v, free) = null_space(s, p.d);
            if free > 0 {
                let (w, _) = eigen::symmetric_eigen(&row_major::congruence(&c.m[i], &v, p.d, free), free);
                min_boundary_slope = min_boundary_slope.min(w[0]);
            }
        }
        let (null, t) = space.rank_of(&point.s);
        let max_gradient = a.free_gradient(space, c);
        Outcome {
            t,
            user: None,
            flat: None,
            trace: self.trace,
            converged,
            n_evaluations: self.n_evaluations,
            n_evaluations_in_all: self.n_evaluations,
            cone_decrement: a.cone_decrement,
            newton_decrement: a.newton.as_ref().map_or(f64::NAN, |s| s.newton.decrement),
            min_curvature: a.min_curvature(),
            min_boundary_slope,
            max_gradient,
            null,
            unidentified,
            exact_hessian: c.exact,
            starts_tried: 1,
            few_levels: false,
            starts_failed: 0,
            falls: None,
            spread: 0.0,
            point,
        }
    }
}

/// Whether a point is so near a known optimum that the search would end there: their criteria differ by what is still to gain,
/// and so does the quadratic form of their distance.
fn is_near(space: &Space, point: &Point, c: &Curvature, gap: f64, known: &Point) -> bool {
    let (here, there) = (space.pack(&point.s), space.pack(&known.s));
    if gap > 0.01 || here.len() != there.len() {
        return false;
    }
    let d: Vec<f64> = here.iter().zip(&there).map(|(a, b)| a - b).collect();
    let distance = 0.5 * row_major::dot(&d, &row_major::multiply(&c.expected, &d, d.len(), d.len(), 1));
    let margin = space.noise(point) + space.noise(known);
    (point.criterion - known.criterion - gap).abs() <= gap + margin && distance <= 4.0 * gap + margin
}

/// `b` with its negative eigenvalues, which only rounding can make, lifted: in units of its diagonal to 1e-9.
fn convex(b: &[f64], n: usize) -> Vec<f64> {
    let mean = (0..n).map(|i| b[i * n + i].max(0.0)).sum::<f64>() / n.max(1) as f64;
    let unit: Vec<f64> = (0..n).map(|i| (b[i * n + i].max(0.0) + 1e-9 * mean).sqrt().max(1e-150)).collect();
    let scaled: Vec<f64> = (0..n * n).map(|i| b[i] / (unit[i / n] * unit[i % n])).collect();
    let (h, v) = eigen::symmetric_eigen(&scaled, n);
    let mut out = vec![0.0; n * n];
    for (e, hi) in h.iter().enumerate() {
        let lifted = hi.max(1e-9);
        for i in 0..n {
            for j in 0..n {
                out[i * n + j] += lifted * v[i * n + e] * v[j * n + e] * unit[i] * unit[j];
            }
        }
    }
    out
}

/// Both candidate steps at one point.
struct Assessment {
    target: Vec<Vec<f64>>,
    cone_decrement: f64,
    same_rank: bool,
    roots: Vec<PartRoot>,
    newton: Option<FaceStep>,
}

impl Assessment {
    fn gap(&self) -> f64 {
        self.newton.as_ref().map_or(f64::INFINITY, |s| s.newton.decrement.max(self.cone_decrement))
    }

    fn min_curvature(&self) -> f64 {
        self.newton.as_ref().map_or(f64::NAN, |s| s.newton.min_curvature)
    }

    /// Largest gradient along S itself, per part: `|R'MR|`.
    fn free_gradient(&self, space: &Space, c: &Curvature) -> f64 {
        let part = |i: usize| {
            let (root, r) = &self.roots[i];
            row_major::congruence(&c.m[i], root, space.parts[i].d, *r).iter().fold(0.0_f64, |a, x| a.max(x.abs()))
        };
        (0..self.roots.len()).map(part).fold(0.0, f64::max)
    }
}
