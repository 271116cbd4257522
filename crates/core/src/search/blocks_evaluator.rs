//! The criterion and its derivatives from the cross-products of one response.

use super::curvature::{Along, Curvature};
use super::evaluator::Evaluator;
use super::facts::{Facts, PartFacts};
use super::point::{At, Point};
use super::root::PartRoot;
use super::space::Space;
use crate::blocks::cross::CrossProducts;
use crate::blocks::dense::DENSE_LIMIT;
use crate::blocks::directions::{Change, Derivatives, Directions, PartSpace, on_units};
use crate::blocks::factor::Factor;
use crate::blocks::solve::Solution;
use crate::design::layout::Part;
use crate::error::CoreError;
use crate::matrix::row_major;
use crate::memory;
use crate::single::reduction::SingleFactor;
use crate::system::System;

/// What an evaluation leaves for the derivatives.
#[derive(Clone, Debug)]
pub enum Reduced {
    Blocks(Box<Factor>),
    Single(SingleFactor),
}

impl Reduced {
    /// Log-determinants of Z and X, and r².
    fn pieces(&self) -> (f64, f64, f64) {
        match self {
            Reduced::Blocks(f) => (f.log_det_z, f.log_det_x, f.r2),
            Reduced::Single(f) => (f.log_det_z, f.log_det_x, f.r2),
        }
    }
}

fn of_other_data() -> CoreError {
    CoreError::BadInput("the point has no factor, or one of other data".into())
}

impl Evaluator for System {
    type State = Reduced;

    fn facts(&self) -> Facts {
        let layout = &self.cp.layout;
        let part = |p: &Part| {
            let block = &layout.blocks[p.block];
            let rows_per_level = self.cp.rows_per_level(p.block);
            PartFacts { k: p.k, columns: block.k, n_levels: block.n_levels, rows_per_level }
        };
        let n_random = layout.n_random();
        Facts {
            n: self.n,
            p: layout.p,
            n_random,
            is_small: n_random <= DENSE_LIMIT,
            weight_ratio: self.rows.as_ref().map(|rows| rows.weight_ratio),
            parts: layout.parts.iter().map(part).collect(),
        }
    }

    fn evaluate(&self, space: &Space, roots: &[PartRoot]) -> Result<At<Reduced>, CoreError> {
        let square = |(p, (f, r)): (&PartSpace, &PartRoot)| {
            row_major::multiply(f, &row_major::transpose(f, p.d, *r), p.d, *r, p.d)
        };
        let s = space.parts.iter().zip(roots).map(square).collect();
        let reduced = self.reduced(&space.factors(roots))?;
        let (log_det_z, log_det_x, r2) = reduced.pieces();
        let criterion = space.criterion(log_det_z, log_det_x, r2);
        if !criterion.is_finite() {
            return Err(CoreError::NotPositiveDefinite { pivot: 0 });
        }
        let by_rows = matches!(&reduced, Reduced::Blocks(f) if f.by_rows);
        Ok(At { point: Point { s, criterion, sigma2: r2 / space.m, by_rows }, state: Some(reduced) })
    }

    fn curvature(&self, space: &Space, at: &mut At<Reduced>) -> Result<Curvature, CoreError> {
        let cp = &self.cp;
        memory::check("the derivatives by the covariances", cp.derivative_numbers())?;
        let sigma2 = at.point.sigma2;
        let found = match (at.state.take(), &self.single, &self.rows) {
            (Some(Reduced::Blocks(f)), _, Some(rows)) if f.by_rows => {
                let found = rows.derivatives(&cp.layout, &f.t, &space.parts, space.reml);
                return Ok(space.on_axes(found, sigma2));
            }
            (Some(Reduced::Single(f)), Some(single), _) => f.derivatives(cp, single, space.reml),
            (Some(Reduced::Blocks(f)), ..) => self.block_derivatives(*f, &Directions::units(&cp.layout), space.reml)?,
            _ => return Err(of_other_data()),
        };
        let [m, trace, quadratic] = slopes_of_parts(cp, space, &found, sigma2);
        let unit: Vec<f64> = found.information.iter().map(|v| v / sigma2).collect();
        Ok(space.combine(m, trace, quadratic, &unit, found.traces.as_deref()))
    }

    fn along(&self, space: &Space, at: &mut At<Reduced>, changes: &[Change]) -> Result<Along, CoreError> {
        let layout = &self.cp.layout;
        let found = match (at.state.take(), &self.single) {
            (Some(Reduced::Single(f)), Some(single)) => {
                let found = f.derivatives(&self.cp, single, space.reml);
                let on_units = on_units(layout, changes);
                let pull = |m: &[f64]| row_major::congruence(m, &on_units, space.n_units(), changes.len());
                Derivatives {
                    information: pull(&found.information),
                    traces: found.traces.as_deref().map(pull),
                    ..found
                }
            }
            (Some(Reduced::Blocks(f)), _) => {
                self.block_derivatives(*f, &Directions::of(layout, changes), space.reml)?
            }
            _ => return Err(of_other_data()),
        };
        let slopes = slopes_of_parts(&self.cp, space, &found, at.point.sigma2);
        let raw: Vec<f64> = found.information.iter().map(|v| v / at.point.sigma2).collect();
        Ok(space.combine_along(slopes, &raw, found.traces, changes))
    }

    fn alone(&self, block: usize) -> Option<(System, Vec<usize>)> {
        let layout = &self.cp.layout;
        if layout.q_tail < WORTH_IT || block >= layout.blocks.len() {
            return None;
        }
        if layout.blocks.iter().any(|b| !b.grouped || b.k > 4) {
            return None;
        }
        let (cp, parts) = self.cp.single_block(block);
        Some((System::of_products(self.n, cp), parts))
    }
}

/// Random tail columns from which an evaluation is dearer than the fits of single factors.
const WORTH_IT: usize = 64;

impl System {
    /// What is left at T per part; by classes of levels, if that keeps its digits.
    fn reduced(&self, t: &[Vec<f64>]) -> Result<Reduced, CoreError> {
        let layout = &self.cp.layout;
        if let Some(single) = &self.single {
            match self.single_factor(single, layout.assemble(t, 0)) {
                Ok(f) => return Ok(Reduced::Single(f)),
                Err(error) if self.rows.is_none() => return Err(error),
                Err(_) => {}
            }
        }
        let f = self.factor((0..layout.blocks.len()).map(|b| layout.assemble(t, b)).collect())?;
        Ok(Reduced::Blocks(Box::new(f)))
    }

    fn block_derivatives(&self, f: Factor, directions: &Directions, reml: bool) -> Result<Derivatives, CoreError> {
        let cp = self.of(&f);
        if let Some(found) = cp.dense_derivatives(&f, directions, reml)? {
            return Ok(found);
        }
        let solution = cp.solve(&f);
        let squares = solution.squares(&cp.layout);
        let information = cp.information(&f, &solution, directions);
        let slopes = cp.slopes(f, reml);
        let traces = cp.level_traces(&slopes, directions, reml);
        Ok(Derivatives { slopes: slopes.trace, squares, information, traces })
    }

    /// Average information of the distinct elements of S̃ from a factor and its solution.
    pub fn average(&self, space: &Space, f: &Factor, solution: &Solution) -> Vec<f64> {
        let (cp, sigma2) = (&self.cp, f.r2 / space.m);
        if let Some(rows) = self.rows.as_ref().filter(|_| f.by_rows) {
            let found = rows.derivatives(&cp.layout, &f.t, &space.parts, space.reml);
            return space.on_axes(found, sigma2).average;
        }
        let unit: Vec<f64> =
            cp.information(f, solution, &Directions::units(&cp.layout)).iter().map(|v| v / sigma2).collect();
        let squares = solution.squares(&cp.layout);
        let of_part = |(own, part): (&PartSpace, &Part)| of_part(cp, own, part, &squares[part.block], |v| v / sigma2);
        let quadratic: Vec<Vec<f64>> = space.parts.iter().zip(&cp.layout.parts).map(of_part).collect();
        space.average_of(&unit, &quadratic)
    }
}

/// The block of a part, `k × k` within that of its factor, in the coordinates of S̃.
fn of_part(cp: &CrossProducts, own: &PartSpace, part: &Part, block: &[f64], scale: impl Fn(f64) -> f64) -> Vec<f64> {
    let (k, width) = (part.k, cp.layout.blocks[part.block].k);
    let entry = |e: usize| scale(block[(part.offset + e / k) * width + part.offset + e % k]);
    row_major::congruence(&(0..k * k).map(entry).collect::<Vec<_>>(), &own.basis, k, own.d)
}

/// `dcriterion/dS̃`, `Σ Z_j'QZ_j` and `Σ r_j r_j'/σ²` per part from those of the blocks.
fn slopes_of_parts(cp: &CrossProducts, space: &Space, found: &Derivatives, sigma2: f64) -> [Vec<Vec<f64>>; 3] {
    let (mut m, mut trace, mut quadratic) = (Vec::new(), Vec::new(), Vec::new());
    let inverse = 1.0 / sigma2;
    for (own, part) in space.parts.iter().zip(&cp.layout.parts) {
        let tr = of_part(cp, own, part, &found.slopes[part.block], |v| v);
        let u = of_part(cp, own, part, &found.squares[part.block], |v| v * inverse);
        m.push(tr.iter().zip(&u).map(|(a, b)| a - b).collect());
        trace.push(tr);
        quadratic.push(u);
    }
    [m, trace, quadratic]
}
