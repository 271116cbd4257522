//! One response on one design, in internal units: the three ways to its criterion and derivatives.
//!
//! `[Z X y]'W[Z X y]` in blocks serves all designs. One grouping factor alone has sums over classes of levels besides; of a small
//! design the rows are kept for places where cross-products lose digits.

use crate::blocks::cross::CrossProducts;
use crate::blocks::factor::Factor;
use crate::blocks::rows::Rows;
use crate::design::model::Design;
use crate::error::CoreError;
use crate::single::classes::Classes;
use crate::single::reduction::SingleFactor;
use crate::single::sums::Single;

/// Cross-products, and what may stand beside them.
#[derive(Clone)]
pub struct System {
    /// Number of rows.
    pub n: usize,
    pub cp: CrossProducts,
    /// The same by classes of equal levels, where there is one grouping factor only.
    pub single: Option<Single>,
    /// The rows themselves, where there are few.
    pub rows: Option<Rows>,
}

/// What systems with different responses on one design have in common.
pub struct Common {
    cp: CrossProducts,
    classes: Option<Classes>,
    rows: Option<Rows>,
}

impl Common {
    /// Accumulates the cross-products of a design.
    pub fn new(design: &Design) -> Result<Common, CoreError> {
        let cp = CrossProducts::of_design(design)?;
        Ok(Common { classes: Single::classes(&cp.chain, &cp.layout), rows: Rows::of_design(design), cp })
    }

    /// The system of a response in internal units.
    pub fn with_response(&self, design: &Design, y: &[f64]) -> System {
        let mut cp = self.cp.clone();
        cp.set_response(design, y);
        let single = self.classes.as_ref().map(|classes| Single::new(&cp.chain[0], &cp.layout, classes));
        let rows = self.rows.as_ref().map(|rows| rows.with_response(y));
        System { n: design.n, cp, single, rows }
    }
}

impl System {
    /// Accumulates the cross-products of a design and a response in internal units.
    pub fn new(design: &Design, y: &[f64]) -> Result<System, CoreError> {
        let rows = Rows::of_design(design).map(|rows| rows.with_response(y));
        Ok(System { rows, ..System::of_products(design.n, CrossProducts::new(design, y)?) })
    }

    /// Sums again under the weights of a design that differs in nothing else, with a response in its units.
    pub fn refill(&mut self, design: &Design, y: &[f64]) {
        self.cp.refill(design, y);
        let (cp, classes) = (&self.cp, Single::classes(&self.cp.chain, &self.cp.layout));
        self.single = classes.map(|classes| Single::new(&cp.chain[0], &cp.layout, &classes));
        self.rows = Rows::of_design(design).map(|rows| rows.with_response(y));
    }

    /// From cross-products alone.
    pub fn of_products(n: usize, cp: CrossProducts) -> System {
        let classes = Single::classes(&cp.chain, &cp.layout);
        let single = classes.map(|classes| Single::new(&cp.chain[0], &cp.layout, &classes));
        System { n, single, cp, rows: None }
    }

    /// Factors at `t`, one `k × k` matrix for each block; from the rows, if there are some, where cross-products lose digits.
    pub fn factor(&self, t: Vec<Vec<f64>>) -> Result<Factor, CoreError> {
        let Some(rows) = &self.rows else { return self.cp.factor(t) };
        if !rows.is_far(&self.cp.layout, &t)
            && let Ok(found) = self.cp.factor(t.clone())
            && !rows.is_used_up(found.r2)
        {
            return Ok(found);
        }
        rows.factor(&self.cp.layout, t)
    }

    /// The same for one grouping factor by classes of its levels; an error where there are rows and they know better.
    pub fn single_factor(&self, single: &Single, t: Vec<f64>) -> Result<SingleFactor, CoreError> {
        let Some(rows) = &self.rows else { return SingleFactor::new(&self.cp, single, t) };
        let lost = CoreError::NotPositiveDefinite { pivot: 0 };
        if rows.is_far(&self.cp.layout, std::slice::from_ref(&t)) {
            return Err(lost);
        }
        let found = SingleFactor::new(&self.cp, single, t)?;
        if rows.is_used_up(found.r2) { Err(lost) } else { Ok(found) }
    }

    /// The cross-products that a factor belongs to: its own, or those of the rows.
    pub fn of(&self, f: &Factor) -> &CrossProducts {
        match &self.rows {
            Some(rows) if f.by_rows => rows.flat(&self.cp.layout),
            _ => &self.cp,
        }
    }
}
