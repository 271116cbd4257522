//! The profile of one parameter as ζ, the signed root of the deviance difference: walking out from the optimum.

use super::parameter::{Check, Parameter};
use super::surface::{Counter, Surface};
use crate::error::CoreError;
use crate::problem::Problem;

/// From the estimate, in rough standard deviations; farther out a profile counts as flat.
const FARTHEST: f64 = 1e4;
/// Shares of the distance between known points up to which a curve through them is trusted.
const FAR: f64 = 1.5;
const MOST_TRIALS: usize = 60;
/// Trials before every third one halves the bracket.
const PATIENCE: usize = 6;
/// A search that ends lower by more has found another minimum.
const LOWER: f64 = 1e-6;
/// A jump of the profile, which has two branches, is a crossing if it misses ζ by no more.
const JUMP: f64 = 1e-3;

/// A point of the curve.
#[derive(Clone, Debug)]
pub struct Node {
    /// The parameter's coordinate: log σ, the arcsine of a correlation, or the parameter itself.
    pub phi: f64,
    pub zeta: f64,
    /// `dζ/dφ`.
    pub slope: f64,
    /// Deviance above that of the optimum.
    pub value: f64,
    /// All coordinates.
    pub z: Vec<f64>,
    /// Inverse of the curvature of what is not held, as the search left it.
    inverse: Vec<f64>,
}

/// How the walk to a ζ ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    Crossed,
    /// The parameter space ends before.
    Edge,
    Never,
}

/// Points of a curve, in increasing order; the optimum is one of them.
#[derive(Clone, Debug)]
pub struct Curve {
    pub nodes: Vec<Node>,
    /// Ends of the parameter space, in the coordinate.
    pub edges: (f64, f64),
    /// What the surface and the walks took so far.
    pub n_evaluations: usize,
    held: usize,
    centre: f64,
    unit: f64,
}

impl Curve {
    /// The optimum alone.
    pub fn new(surface: &Surface, parameter: &Parameter) -> Result<Curve, CoreError> {
        let [held] = surface.coordinates.held[..] else {
            return Err(CoreError::BadInput("a curve holds one parameter".into()));
        };
        let edges = match parameter {
            Parameter::Sd { .. } => (0.0, f64::INFINITY),
            Parameter::Correlation { .. } => (-std::f64::consts::FRAC_PI_2, std::f64::consts::FRAC_PI_2),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let centre = surface.best[held];
        let start = Node {
            phi: centre,
            zeta: 0.0,
            slope: (surface.curvature()[0] / 2.0).sqrt(),
            value: 0.0,
            z: surface.best.clone(),
            inverse: surface.inverse.clone(),
        };
        Ok(Curve {
            nodes: vec![start],
            edges,
            n_evaluations: surface.n_evaluations,
            held,
            centre,
            unit: surface.scales[held],
        })
    }

    /// Walks to each target in turn, within `tolerance` of it, and says how each walk ended and at which φ. After a walk that did
    /// not cross, farther targets on that side end alike.
    pub fn reach(
        &mut self,
        surface: &Surface,
        problem: &Problem,
        targets: &[f64],
        tolerance: f64,
        check: Check<'_>,
    ) -> Result<Vec<(f64, Reached)>, CoreError> {
        if targets.iter().any(|t| !t.is_finite()) {
            return Err(CoreError::BadInput("a profile is asked for at finite values of zeta".into()));
        }
        let mut counter = Counter { n_evaluations: self.n_evaluations, check, problem };
        let mut walk = Walk { curve: self, surface, counter: &mut counter };
        let mut out: Vec<(f64, Reached)> = Vec::new();
        for (i, target) in targets.iter().enumerate() {
            let ended = (0..i).find(|&j| {
                out[j].1 != Reached::Crossed
                    && targets[j].signum() == target.signum()
                    && target.abs() >= targets[j].abs()
            });
            out.push(match ended {
                Some(j) => out[j],
                None => walk.to(*target, tolerance)?,
            });
        }
        self.n_evaluations = counter.n_evaluations;
        Ok(out)
    }

    /// The deviance farthest below that of the optimum that was met; zero as it should be, up to rounding.
    pub fn lowest(&self) -> f64 {
        self.nodes.iter().fold(f64::INFINITY, |a, n| a.min(n.value))
    }
}

/// The last point, the farthest before the target, and the nearest behind it.
struct Ends {
    node: Node,
    inner: Node,
    outer: Option<Node>,
}

/// The search for the next point.
struct Walk<'a, 'b, 'c> {
    curve: &'a mut Curve,
    surface: &'a Surface,
    counter: &'a mut Counter<'b, 'c>,
}

impl Walk<'_, '_, '_> {
    /// Finds the point where ζ is the target: cubics, then Newton's method, inside a bracket.
    fn to(&mut self, target: f64, tolerance: f64) -> Result<(f64, Reached), CoreError> {
        let side = target.signum();
        let edge = if side > 0.0 { self.curve.edges.1 } else { self.curve.edges.0 };
        let node = self.nearest(|_| true, target);
        let outer = (side * node.zeta > side * target).then(|| node.clone());
        let mut ends = Ends { inner: self.nearest(|n| side * n.zeta <= side * target, target), node, outer };
        let mut doubts = if tolerance < JUMP { 2 } else { 0 };
        for trial in 0..MOST_TRIALS {
            if (ends.node.zeta - target).abs() <= tolerance {
                if !self.surface.singular || self.confirmed(&mut ends, &mut doubts)? {
                    return Ok((ends.node.phi, Reached::Crossed));
                }
                // there is a lower branch: the crossing is farther out, and what was found there belongs to the other
                let phi = ends.node.phi;
                self.curve.nodes.retain(|n| side * (n.phi - phi) <= 0.0);
                (ends.inner, ends.outer) = (ends.node.clone(), None);
                continue;
            }
            if ends.inner.phi == edge {
                return Ok((edge, Reached::Edge));
            }
            let phi = self.next(&ends, target, edge, trial > PATIENCE && trial % 3 == 0);
            if (phi - self.curve.centre).abs() > FARTHEST * self.curve.unit {
                return Ok((phi, Reached::Never));
            }
            ends.node = self.visit(phi)?;
            if side * ends.node.zeta >= side * target {
                ends.outer = Some(ends.node.clone());
            } else {
                ends.inner = ends.node.clone();
            }
            let narrow = 1e-13 * (self.curve.unit + ends.inner.phi.abs());
            if ends.outer.as_ref().is_some_and(|o| (o.phi - ends.inner.phi).abs() <= narrow) {
                break;
            }
        }
        let close = (ends.node.zeta - target).abs() <= tolerance.max(JUMP);
        Ok((ends.node.phi, if close { Reached::Crossed } else { Reached::Never }))
    }

    /// Whether a search from elsewhere finds nothing lower, where singular covariances make several minima likely.
    fn confirmed(&mut self, ends: &mut Ends, doubts: &mut usize) -> Result<bool, CoreError> {
        if *doubts == 0 {
            return Ok(true);
        }
        *doubts -= 1;
        let start = self.surface.towards(&[ends.node.phi]);
        let before = ends.node.value;
        // near the boundary, and well inside
        for floors in [1.0, 10.0] {
            ends.node = self.lower(ends.node.clone(), &self.surface.lifted(&start, floors))?;
        }
        self.keep(&ends.node);
        Ok(ends.node.value == before)
    }

    /// The known point whose ζ is nearest to the target; the optimum if none is as asked for.
    fn nearest(&self, asked: impl Fn(&Node) -> bool, target: f64) -> Node {
        let distance = |n: &&Node| (n.zeta - target).abs();
        let found = self.curve.nodes.iter().filter(|n| asked(n)).min_by(|a, b| distance(a).total_cmp(&distance(b)));
        found.unwrap_or(&self.curve.nodes[0]).clone()
    }

    /// Where ζ should be the target; `halve` where that has been tried often enough.
    fn next(&self, ends: &Ends, target: f64, edge: f64, halve: bool) -> f64 {
        let (side, Ends { node, inner, outer }) = (target.signum(), ends);
        let step = if node.slope > 0.0 && node.zeta.is_finite() {
            (target - node.zeta) / node.slope
        } else {
            side * f64::INFINITY
        };
        let Some(outer) = outer else {
            let bent = self.beyond(inner).and_then(|other| between(other, inner, target)).map(|phi| phi - node.phi);
            let step = bent.filter(|s| *s / step > 0.5 && *s / step < 2.0).unwrap_or(step);
            // No step is longer than three times all that was walked, so that flat places do not throw it far.
            let reach = 3.0 * (inner.phi - self.curve.centre).abs().max(self.curve.unit);
            let phi = inner.phi + side * (side * (node.phi + step - inner.phi)).max(0.02 * reach).min(reach);
            return if side < 0.0 { phi.max(edge) } else { phi.min(edge) };
        };
        let (low, high) = (inner.phi.min(outer.phi), inner.phi.max(outer.phi));
        let inside = |phi: &f64| !halve && *phi > low && *phi < high;
        let cubic = between(inner, outer, target).filter(inside);
        cubic.or(Some(node.phi + step).filter(inside)).unwrap_or(0.5 * (low + high))
    }

    /// The other known point next to one.
    fn beyond(&self, node: &Node) -> Option<&Node> {
        let others = self.curve.nodes.iter().filter(|n| n.phi != node.phi);
        others.min_by(|a, b| (a.phi - node.phi).abs().total_cmp(&(b.phi - node.phi).abs()))
    }

    /// The point at φ; searched again from elsewhere if the first search ended where a curve does not go.
    fn visit(&mut self, phi: f64) -> Result<Node, CoreError> {
        let (guess, inverse) = self.guess(phi);
        let mut node = self.search(phi, &guess, inverse)?;
        if self.astray(&node) {
            let mut near = self.nearest_place(phi).z.clone();
            near[self.curve.held] = phi;
            for start in [near, self.surface.towards(&[phi])] {
                node = self.lower(node, &start)?;
            }
        }
        self.keep(&node);
        Ok(node)
    }

    /// The lower of a point and what is found from another start.
    fn lower(&mut self, node: Node, start: &[f64]) -> Result<Node, CoreError> {
        let other = self.search(node.phi, start, self.surface.inverse.clone())?;
        Ok(if other.value < node.value - LOWER || node.value.is_nan() { other } else { node })
    }

    fn search(&mut self, phi: f64, start: &[f64], mut inverse: Vec<f64>) -> Result<Node, CoreError> {
        let place = self.surface.minimise(self.counter, start, &mut inverse)?;
        let zeta = (phi - self.curve.centre).signum() * place.value.max(0.0).sqrt();
        let slope = if zeta == 0.0 { self.curve.nodes[0].slope } else { place.slope[self.curve.held] / (2.0 * zeta) };
        Ok(Node { phi, zeta, slope: slope.max(0.0), value: place.value, z: place.z, inverse })
    }

    /// Whether ζ is far from the line through the nearest point, or does not rise.
    fn astray(&self, node: &Node) -> bool {
        let near = self.nearest_place(node.phi);
        let step = near.slope * (node.phi - near.phi);
        let missed = (node.zeta - near.zeta - step).abs();
        !(missed <= 0.5 + 0.5 * step.abs() && node.slope > 0.0)
    }

    fn nearest_place(&self, phi: f64) -> &Node {
        let distance = |n: &&Node| (n.phi - phi).abs();
        let found = self.curve.nodes.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        found.unwrap_or(&self.curve.nodes[0])
    }

    /// Puts a point in its place, instead of one that was known there.
    fn keep(&mut self, node: &Node) {
        if node.zeta.is_finite() {
            let at = self.curve.nodes.partition_point(|n| n.phi < node.phi);
            if self.curve.nodes.get(at).is_some_and(|n| n.phi == node.phi) {
                self.curve.nodes.remove(at);
            }
            self.curve.nodes.insert(at, node.clone());
        }
    }

    /// Continues the curve through the nearest points; the curvature is that of the nearest.
    fn guess(&self, phi: f64) -> (Vec<f64>, Vec<f64>) {
        let mut near: Vec<&Node> = self.curve.nodes.iter().collect();
        near.sort_by(|a, b| (a.phi - phi).abs().total_cmp(&(b.phi - phi).abs()));
        near.dedup_by(|a, b| a.phi == b.phi);
        let inverse = near.first().map_or_else(|| self.surface.inverse.clone(), |n| n.inverse.clone());
        let mut z = match near[..] {
            [] | [_] => self.surface.towards(&[phi]),
            [first, second] => {
                // a parabola through both that leaves the optimum as the curve does
                let (far, ahead) = (if first.zeta == 0.0 { second } else { first }, self.surface.towards(&[phi]));
                let share = (phi - self.curve.centre) / (far.phi - self.curve.centre);
                let bend = share.clamp(-FAR, FAR).powi(2);
                let missed = far.z.iter().zip(self.surface.towards(&[far.phi]));
                ahead.iter().zip(missed).map(|(a, (z, t))| a + bend * (z - t)).collect()
            }
            [first, second, third, ..] => {
                let (to_second, to_third) = (second.phi - first.phi, third.phi - first.phi);
                let share = (phi - first.phi) / to_second;
                // far outside, a line is no better than its end, and a parabola no better than a line
                let near = share.abs() <= FAR;
                let bend = if near { (phi - first.phi) * (phi - second.phi) / (third.phi - second.phi) } else { 0.0 };
                let (share, points) = (share.clamp(-FAR, 1.0), first.z.iter().zip(&second.z).zip(&third.z));
                let value = |((a, b), c): ((&f64, &f64), &f64)| {
                    a + share * (b - a) + bend * ((c - a) / to_third - (b - a) / to_second)
                };
                points.map(value).collect()
            }
        };
        z[self.curve.held] = phi;
        (z, inverse)
    }
}

/// φ where ζ is the target, from the cubic of φ in ζ through two points with their slopes.
fn between(a: &Node, b: &Node, target: f64) -> Option<f64> {
    let width = b.zeta - a.zeta;
    if !(a.slope > 0.0 && b.slope > 0.0 && width.is_finite() && width != 0.0) {
        return None;
    }
    let t = (target - a.zeta) / width;
    let (rise, from, to) = (b.phi - a.phi, width / a.slope, width / b.slope);
    let (c, d) = (3.0 * rise - 2.0 * from - to, from + to - 2.0 * rise);
    Some(a.phi + t * (from + t * (c + t * d))).filter(|phi| phi.is_finite())
}
