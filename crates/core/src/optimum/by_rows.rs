//! Points that are computed from the rows, where cross-products lose digits.

use super::state::{Curvature, Derivatives, PartSpace, Reduced, Space};
use crate::cross::CrossProducts;
use crate::error::CoreError;
use crate::single::Single;
use crate::single_factor::SingleFactor;
use crate::small;

impl Space {
    /// The factor of one grouping factor; an error where there are rows and they know better.
    pub(super) fn single_factor(
        &self,
        cp: &CrossProducts,
        single: &Single,
        roots: &[(Vec<f64>, usize)],
    ) -> Result<SingleFactor, CoreError> {
        let t = cp.layout.assemble(&self.factors(roots), 0);
        let Some(rows) = &cp.rows else { return SingleFactor::new(cp, single, t) };
        let lost = CoreError::NotPositiveDefinite { pivot: 0 };
        if rows.is_far(&cp.layout, std::slice::from_ref(&t)) {
            return Err(lost);
        }
        let found = SingleFactor::new(cp, single, t)?;
        if cp.is_used_up(found.r2, rows.n() as f64) { Err(lost) } else { Ok(found) }
    }

    pub(super) fn block_factor(
        &self,
        cp: &CrossProducts,
        roots: &[(Vec<f64>, usize)],
    ) -> Result<(Reduced, f64, f64, f64), CoreError> {
        let f = self.factor(cp, roots)?;
        let (z, x, r2) = (f.log_det_z, f.log_det_x, f.r2);
        Ok((Reduced::Blocks(Box::new(f)), z, x, r2))
    }

    /// From derivatives that are in the coordinates of S̃ already, part by part.
    pub(crate) fn on_axes(&self, found: Derivatives, sigma2: f64) -> Curvature {
        let (trace, squares, unit, traces) = found;
        let part = |p: &PartSpace| PartSpace { k: p.d, d: p.d, basis: small::identity(p.d) };
        let space = Space { parts: self.parts.iter().map(part).collect(), ..*self };
        let over = |m: &Vec<f64>| -> Vec<f64> { m.iter().map(|v| v / sigma2).collect() };
        let quadratic: Vec<Vec<f64>> = squares.iter().map(over).collect();
        let less = |(t, u): (&Vec<f64>, &Vec<f64>)| t.iter().zip(u).map(|(a, b)| a - b).collect();
        let m = trace.iter().zip(&quadratic).map(less).collect();
        space.combine(m, trace, quadratic, &over(&unit), traces.as_deref())
    }
}
