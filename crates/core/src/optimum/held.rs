//! The search when some entries of T are held: Newton steps in the others.

use super::correction::Correction;
use super::face::{self, FaceStep};
use super::state::{Point, Space};
use super::{Assessment, Check, Control, Outcome, Search, Step};
use crate::cross::CrossProducts;
use crate::error::CoreError;
use crate::small;

/// Entries of T that may move: per part the map from internal to user coordinates and a mask of the `k × k` entries.
#[derive(Clone, Debug)]
pub struct Hold {
    /// `T_user` per part.
    pub t: Vec<Vec<f64>>,
    /// `S_internal = to_internal T_user T_user' to_internal'`.
    pub to_internal: Vec<Vec<f64>>,
    pub free: Vec<Vec<bool>>,
}

/// Searches over the free entries of T only, by Newton steps in those entries.
pub fn optimise_held(
    cp: &CrossProducts,
    n_obs: usize,
    reml: bool,
    hold: &Hold,
    control: &Control,
    check: Check<'_>,
) -> Result<Outcome, CoreError> {
    let space = Space::new(cp, n_obs, reml);
    let mut user = hold.t.clone();
    let mut search = Search::new(cp, control);
    let directions = held_directions(&space, hold);
    let mut point = held_point(&space, cp, hold, &user)?;
    search.n_evaluations = 1;
    let (mut taken, mut best, mut iteration) = (0.0, f64::INFINITY, 0);
    let mut correction = Correction::new(space.n_elements());
    loop {
        let mut curvature = space.curvature(cp, &mut point)?;
        correction.apply(&space.pack(&point.s), &mut curvature);
        let roots: Vec<(Vec<f64>, usize)> =
            (0..user.len()).map(|i| (internal(&space, hold, &user, i), space.parts[i].k)).collect();
        let step = face::newton(&space, &curvature, &roots, &directions, search.radius);
        let gap = step.as_ref().map_or(f64::INFINITY, |s| s.decrement);
        search.record(&space, &point, taken, if iteration == 0 { "start" } else { "newton" }, gap);
        let settled = step.as_ref().is_some_and(|s| s.decrement < control.tolerance && s.min_curvature > -1e-3);
        let stop = settled && (gap < 1e-14 || gap > 0.1 * best);
        best = best.min(gap);
        let next = match &step {
            Some(s) if !stop && iteration < control.max_iterations => search.held_step(&space, hold, &user, &point, s),
            _ => None,
        };
        if !check(iteration, point.criterion) {
            return Err(CoreError::Interrupted);
        }
        let Some((moved, reached, alpha)) = next else {
            let assessment =
                Assessment { target: Vec::new(), cone_decrement: gap, same_rank: true, roots, newton: step };
            let mut out = search.finish(&space, point, &curvature, assessment, settled, Vec::new());
            out.min_boundary_slope = f64::INFINITY;
            out.held = Some(user);
            return Ok(out);
        };
        (user, point, taken) = (moved, reached, alpha);
        iteration += 1;
    }
}

fn internal(space: &Space, hold: &Hold, user: &[Vec<f64>], i: usize) -> Vec<f64> {
    let k = space.parts[i].k;
    small::multiply(&hold.to_internal[i], &user[i], k, k, k)
}

fn held_point(space: &Space, cp: &CrossProducts, hold: &Hold, user: &[Vec<f64>]) -> Result<Point, CoreError> {
    let roots: Vec<(Vec<f64>, usize)> =
        (0..user.len()).map(|i| (internal(space, hold, user, i), space.parts[i].k)).collect();
    space.evaluate(cp, &roots)
}

fn held_directions(space: &Space, hold: &Hold) -> Vec<face::Direction> {
    let mut out = Vec::new();
    for (part, p) in space.parts.iter().enumerate() {
        for at in (0..p.k * p.k).filter(|&at| hold.free[part][at]) {
            let (row, column) = (at / p.k, at % p.k);
            let mut a = vec![0.0; p.k * p.k];
            (0..p.k).for_each(|r| a[r * p.k + column] = hold.to_internal[part][r * p.k + row]);
            out.push(face::Direction { part, a });
        }
    }
    out
}

impl Search<'_> {
    fn held_step(
        &mut self,
        space: &Space,
        hold: &Hold,
        user: &[Vec<f64>],
        point: &Point,
        step: &FaceStep,
    ) -> Option<(Vec<Vec<f64>>, Point, f64)> {
        let roots: Vec<(Vec<f64>, usize)> =
            (0..user.len()).map(|i| (internal(space, hold, user, i), space.parts[i].k)).collect();
        let (next, alpha) = self.search(space, point, step.slope, &Step::Face { roots: &roots, step })?;
        if alpha < 1.0 {
            self.radius = (2.0 * alpha * step.length).max(1e-3);
        } else if step.limited {
            self.radius = (4.0 * self.radius).min(1e3);
        }
        let moved = user
            .iter()
            .enumerate()
            .map(|(i, t)| {
                let k = space.parts[i].k;
                let user_step = small::multiply(&from_internal(&hold.to_internal[i], k), &step.step[i], k, k, k);
                t.iter().zip(user_step).map(|(x, s)| x + alpha * s).collect()
            })
            .collect();
        Some((moved, next, alpha))
    }
}

/// Inverse of a small general matrix (Gauss–Jordan with pivoting).
fn from_internal(a: &[f64], k: usize) -> Vec<f64> {
    let (mut m, mut out) = (a.to_vec(), small::identity(k));
    for c in 0..k {
        let pivot = (c..k).max_by(|&i, &j| m[i * k + c].abs().total_cmp(&m[j * k + c].abs())).unwrap_or(c);
        for t in 0..k {
            m.swap(c * k + t, pivot * k + t);
            out.swap(c * k + t, pivot * k + t);
        }
        let d = m[c * k + c];
        (0..k).for_each(|t| {
            m[c * k + t] /= d;
            out[c * k + t] /= d;
        });
        for r in (0..k).filter(|&r| r != c) {
            let f = m[r * k + c];
            for t in 0..k {
                m[r * k + t] -= f * m[c * k + t];
                out[r * k + t] -= f * out[c * k + t];
            }
        }
    }
    out
}
