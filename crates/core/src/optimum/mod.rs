//! The search for the optimum: steps in S inside the cone of positive semidefinite matrices while far away, Newton's step among
//! matrices of the same rank when near. Working in S has no false stops: the gradient with respect to T vanishes at T = 0, that
//! with respect to S does not.

pub mod cone;
mod correction;
pub mod face;
pub mod held;
mod outcome;
mod start;
pub mod state;

use crate::cross::CrossProducts;
use crate::error::CoreError;
use crate::small;
use correction::Correction;
use face::{FaceStep, Root};
pub use outcome::{Control, Outcome, Record};
use state::{Curvature, Point, Space};

/// Called once an iteration; returns false to stop.
pub type Check<'a> = &'a mut dyn FnMut(usize, f64) -> bool;

/// Searches from `start` (S per part in internal units). Without one: from the identity or, where evaluations are dear, from the
/// fits of single factors; and where few levels make several optima likely, from far and from near zero too.
pub fn optimise(
    cp: &CrossProducts,
    n_obs: usize,
    reml: bool,
    start: Option<&[Vec<f64>]>,
    control: &Control,
    check: Check<'_>,
) -> Result<Outcome, CoreError> {
    if start.is_some() {
        return search_from(cp, n_obs, reml, start, control, check);
    }
    let own = start::marginal(cp, n_obs, reml);
    let mut best = search_from(cp, n_obs, reml, own.as_deref(), control, check)?;
    for s in start::further(cp) {
        // a start so far away that nothing can be computed there is no loss
        let Ok(other) = search_from(cp, n_obs, reml, Some(&s), control, check) else { continue };
        best = best.better(other);
    }
    Ok(best)
}

fn search_from(
    cp: &CrossProducts,
    n_obs: usize,
    reml: bool,
    start: Option<&[Vec<f64>]>,
    control: &Control,
    check: Check<'_>,
) -> Result<Outcome, CoreError> {
    let mut space = Space::new(cp, n_obs, reml);
    let roots = |space: &Space| -> Vec<(Vec<f64>, usize)> {
        let identity = |p: &state::PartSpace| (small::identity(p.d), p.d);
        let given = |(p, s): (&state::PartSpace, &Vec<f64>)| start_root(&small::congruence(s, &p.basis, p.k, p.d), p.d);
        match start {
            Some(s) => space.parts.iter().zip(s).map(given).collect(),
            None => space.parts.iter().map(identity).collect(),
        }
    };
    let mut search = Search::new(cp, control);
    search.n_evaluations = 1;
    let mut point = space.evaluate(cp, &roots(&space))?;
    let mut curvature = space.curvature(cp, &mut point)?;
    let unidentified = restrict(&mut space, cp, &curvature);
    if !unidentified.is_empty() {
        point = space.evaluate(cp, &roots(&space))?;
        curvature = space.curvature(cp, &mut point)?;
        search.n_evaluations += 1;
    }
    search.run(&space, point, Some(curvature), unidentified, check)
}

fn start_root(s: &[f64], d: usize) -> (Vec<f64>, usize) {
    let root = Root::new(s, d);
    (root.matrix(), root.rank)
}

/// Removes the directions that the data say nothing about: eigenvalues of `Σ Z_j'QZ_j` that are zero beside the cross-products.
fn restrict(space: &mut Space, cp: &CrossProducts, c: &Curvature) -> Vec<(usize, Vec<f64>)> {
    let mut out = Vec::new();
    for (i, (p, part)) in space.parts.iter_mut().zip(&cp.layout.parts).enumerate() {
        let scale = cp.layout.blocks[part.block].n_levels as f64 * cp.rows_per_level(part.block).min(1.0);
        let (w, v) = small::symmetric_eigen(&c.trace[i], p.k);
        let lost = w.iter().filter(|x| **x < 1e-9 * scale).count();
        if lost == 0 {
            continue;
        }
        let column = |c: usize| -> Vec<f64> { (0..p.k).map(|r| v[r * p.k + c]).collect() };
        out.extend((0..lost).map(|c| (i, column(c))));
        p.d = p.k - lost;
        p.basis = (0..p.k).flat_map(|r| v[r * p.k + lost..(r + 1) * p.k].to_vec()).collect();
    }
    out
}

/// One search: the counters and the trust radius.
struct Search<'a> {
    cp: &'a CrossProducts,
    control: &'a Control,
    n_evaluations: usize,
    radius: f64,
    trace: Vec<Record>,
}

/// A step that can be tried at several lengths.
enum Step<'s> {
    Cone { target: &'s [Vec<f64>] },
    Face { roots: &'s [(Vec<f64>, usize)], step: &'s FaceStep },
}

impl<'a> Search<'a> {
    fn new(cp: &'a CrossProducts, control: &'a Control) -> Self {
        Search { cp, control, n_evaluations: 0, radius: 1.0, trace: Vec::new() }
    }

    fn run(
        mut self,
        space: &Space,
        mut point: Point,
        mut known: Option<Curvature>,
        unidentified: Vec<(usize, Vec<f64>)>,
        check: Check<'_>,
    ) -> Result<Outcome, CoreError> {
        let mut correction = Correction::new(space.n_elements());
        let (mut taken, mut kind, mut best, mut iteration) = (0.0, "start", f64::INFINITY, 0);
        loop {
            let mut curvature = match known.take() {
                Some(c) => c,
                None => space.curvature(self.cp, &mut point)?,
            };
            correction.apply(&space.pack(&point.s), &mut curvature);
            let assessment = self.assess(space, &point, &curvature);
            let gap = assessment.gap();
            self.record(space, &point, taken, kind, gap);
            let settled = gap < self.control.tolerance && assessment.min_curvature() > -1e-3;
            // go on while the decrement still falls: the last steps are cheap digits
            let done = settled && (gap < 1e-14 || gap > 0.1 * best || (curvature.exact && gap < 1e-12));
            best = best.min(gap);
            if done || iteration >= self.control.max_iterations {
                if settled {
                    point = self.last_step(space, point, &assessment);
                }
                return Ok(self.finish(space, point, &curvature, assessment, settled, unidentified));
            }
            if !check(iteration, point.criterion) {
                return Err(CoreError::Interrupted);
            }
            match self.advance(space, &point, &curvature, &assessment) {
                Some((next, alpha, name)) => (point, taken, kind) = (next, alpha, name),
                None => {
                    return Ok(self.finish(space, point, &curvature, assessment, settled, unidentified));
                }
            }
            iteration += 1;
        }
    }

    /// Takes the better of the two steps that are known anyway: near the optimum it squares the distance.
    fn last_step(&mut self, space: &Space, point: Point, a: &Assessment) -> Point {
        let step = match &a.newton {
            Some(step) if step.decrement >= a.cone_decrement => Step::Face { roots: &a.roots, step },
            _ => Step::Cone { target: &a.target },
        };
        if a.gap() == 0.0 {
            return point;
        }
        let noise = space.noise(&point);
        self.n_evaluations += 1;
        match space.evaluate(self.cp, &displaced(space, &point, &step, 1.0)) {
            Ok(next) if next.criterion <= point.criterion + noise => next,
            _ => point,
        }
    }

    fn assess(&self, space: &Space, point: &Point, c: &Curvature) -> Assessment {
        let n = space.n_elements();
        let b = convex(&c.rescaled, n);
        let (root, cone_decrement) = cone::minimise(space, &point.s, &c.gradient, &b);
        let target: Vec<Vec<f64>> = space.parts.iter().zip(&root).map(|(p, r)| snap(r, p.d)).collect();
        let current: Vec<Root> = space.parts.iter().zip(&point.s).map(|(p, s)| Root::new(s, p.d)).collect();
        let same_rank =
            space.parts.iter().zip(target.iter().zip(&current)).all(|(p, (y, r))| Root::new(y, p.d).rank == r.rank);
        let roots: Vec<(Vec<f64>, usize)> = current.iter().map(|r| (r.matrix(), r.rank)).collect();
        let newton = if cone_decrement < 1.0 {
            face::newton(space, c, &roots, &face::directions(&current), self.radius)
        } else {
            None
        };
        Assessment { target, cone_decrement, same_rank, roots, newton }
    }

    /// Tries Newton's step on the face, then the step in the cone.
    fn advance(
        &mut self,
        space: &Space,
        point: &Point,
        c: &Curvature,
        a: &Assessment,
    ) -> Option<(Point, f64, &'static str)> {
        if let Some(step) = &a.newton
            && (a.same_rank || a.cone_decrement < 0.01 * step.decrement)
        {
            let found = self.search(space, point, step.slope, &Step::Face { roots: &a.roots, step });
            if let Some((next, alpha)) = found {
                if alpha < 1.0 {
                    self.radius = (2.0 * alpha * step.length).max(1e-3);
                } else if step.limited {
                    self.radius = (4.0 * self.radius).min(1e3);
                }
                return Some((next, alpha, "newton"));
            }
        }
        let d: Vec<f64> = space.pack(&a.target).iter().zip(space.pack(&point.s)).map(|(y, s)| y - s).collect();
        let slope = small::dot(&d, &c.gradient);
        let (next, alpha) = self.search(space, point, slope, &Step::Cone { target: &a.target })?;
        Some((next, alpha, "cone"))
    }

    /// Armijo's rule, shortening by interpolation.
    fn search(&mut self, space: &Space, point: &Point, slope: f64, step: &Step<'_>) -> Option<(Point, f64)> {
        let noise = space.noise(point);
        let mut alpha = 1.0;
        for _ in 0..20 {
            self.n_evaluations += 1;
            let trial = space.evaluate(self.cp, &displaced(space, point, step, alpha));
            match trial {
                Ok(next) if next.criterion <= point.criterion + 1e-4 * alpha * slope.min(0.0) + noise => {
                    return Some((next, alpha));
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

    fn record(&mut self, space: &Space, point: &Point, step: f64, kind: &'static str, decrement: f64) {
        let t = lower_factors(space, &point.s);
        self.trace.push(Record { criterion: point.criterion, sigma2: point.sigma2, t, step, kind, decrement });
    }

    fn finish(
        self,
        space: &Space,
        point: Point,
        c: &Curvature,
        a: Assessment,
        converged: bool,
        unidentified: Vec<(usize, Vec<f64>)>,
    ) -> Outcome {
        let (mut null, mut min_boundary_slope) = (Vec::new(), f64::INFINITY);
        let ends: Vec<Root> = space.parts.iter().zip(&point.s).map(|(p, s)| Root::new(s, p.d)).collect();
        for (i, (p, root)) in space.parts.iter().zip(&ends).enumerate() {
            let free = p.d - root.rank;
            let v: Vec<f64> = (0..p.d).flat_map(|r| root.vectors[r * p.d..r * p.d + free].to_vec()).collect();
            if free > 0 {
                let (w, _) = small::symmetric_eigen(&small::congruence(&c.m[i], &v, p.d, free), free);
                min_boundary_slope = min_boundary_slope.min(w[0]);
            }
            let full = small::multiply(&p.basis, &v, p.k, p.d, free);
            null.extend((0..free).map(|c| (i, (0..p.k).map(|r| full[r * free + c]).collect())));
        }
        let max_gradient = a.free_gradient(space, c);
        Outcome {
            t: lower_factors(space, &point.s),
            held: None,
            trace: self.trace,
            converged,
            n_evaluations: self.n_evaluations,
            cone_decrement: a.cone_decrement,
            newton_decrement: a.newton.as_ref().map_or(f64::NAN, |s| s.decrement),
            min_curvature: a.min_curvature(),
            min_boundary_slope,
            max_gradient,
            null,
            unidentified,
            exact_hessian: c.exact,
            starts_tried: 1,
            spread: 0.0,
            point: Point { reduced: None, ..point },
        }
    }
}

/// `b` with its negative eigenvalues, which only rounding can make, lifted: in units of its diagonal to 1e-9.
fn convex(b: &[f64], n: usize) -> Vec<f64> {
    let mean = (0..n).map(|i| b[i * n + i].max(0.0)).sum::<f64>() / n.max(1) as f64;
    let unit: Vec<f64> = (0..n).map(|i| (b[i * n + i].max(0.0) + 1e-9 * mean).sqrt().max(1e-150)).collect();
    let scaled: Vec<f64> = (0..n * n).map(|i| b[i] / (unit[i / n] * unit[i % n])).collect();
    let (h, v) = small::symmetric_eigen(&scaled, n);
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
    roots: Vec<(Vec<f64>, usize)>,
    newton: Option<FaceStep>,
}

impl Assessment {
    fn gap(&self) -> f64 {
        self.newton.as_ref().map_or(f64::INFINITY, |s| s.decrement.max(self.cone_decrement))
    }

    fn min_curvature(&self) -> f64 {
        self.newton.as_ref().map_or(f64::NAN, |s| s.min_curvature)
    }

    /// Largest gradient along S itself, per part: `|R'MR|`.
    fn free_gradient(&self, space: &Space, c: &Curvature) -> f64 {
        let part = |i: usize| {
            let (root, r) = &self.roots[i];
            small::congruence(&c.m[i], root, space.parts[i].d, *r).iter().fold(0.0_f64, |a, x| a.max(x.abs()))
        };
        (0..self.roots.len()).map(part).fold(0.0, f64::max)
    }
}

/// `RR'` with eigenvalues that are zero beside the largest set to zero.
fn snap(r: &[f64], d: usize) -> Vec<f64> {
    let root = Root::new(&small::multiply(r, &small::transpose(r, d, d), d, d, d), d);
    let m = root.matrix();
    small::multiply(&m, &small::transpose(&m, d, root.rank), d, root.rank, d)
}

fn displaced(space: &Space, point: &Point, step: &Step<'_>, alpha: f64) -> Vec<(Vec<f64>, usize)> {
    match step {
        Step::Face { roots, step } => {
            let add = |((r, c), s): (&(Vec<f64>, usize), &Vec<f64>)| {
                (r.iter().zip(s).map(|(x, y)| x + alpha * y).collect(), *c)
            };
            roots.iter().zip(&step.step).map(add).collect()
        }
        Step::Cone { target } => {
            let mix = |(p, (s, y)): (&state::PartSpace, (&Vec<f64>, &Vec<f64>))| {
                let m: Vec<f64> = s.iter().zip(y).map(|(a, b)| a + alpha * (b - a)).collect();
                start_root(&m, p.d)
            };
            space.parts.iter().zip(point.s.iter().zip(target.iter())).map(mix).collect()
        }
    }
}

/// T per part from S̃ per part.
fn lower_factors(space: &Space, s: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let factor = |(p, s): (&state::PartSpace, &Vec<f64>)| {
        let root = Root::new(s, p.d);
        small::lower_factor(&small::multiply(&p.basis, &root.matrix(), p.k, p.d, root.rank), p.k, root.rank)
    };
    space.parts.iter().zip(s).map(factor).collect()
}
