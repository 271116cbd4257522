//! From rows to the cross-products of the tail.
//!
//! A row of grouping factors has few columns that are not zero, whose products are added one by one. Columns that are not zero in most
//! rows (smooth terms, matrices of markers) are taken together, some rows at a time, as products of dense matrices.

use super::Tail;
use super::full::FullTail;
use super::sparse::SparseTail;
use crate::blocks::locals::Locals;
use crate::blocks::rows_of_z::RowsOfZ;
use crate::design::layout::Columns;
use crate::design::pattern::Pattern;
use crate::matrix::{lanes, products};
use crate::parallel;
use std::sync::Arc;

/// Rows and columns from which dense columns are worth matrices of their own.
const ROWS: usize = 2048;
const COLUMNS: usize = 8;

/// Rows that are multiplied at a time.
const PANEL: usize = 256;

impl RowsOfZ<'_> {
    /// The tail, sparse if there is a pattern; all products with a response are zero.
    pub fn tail_products(&self, pattern: Option<&Arc<Pattern>>) -> Tail {
        let mut out = match pattern {
            Some(pattern) => Tail::Sparse(SparseTail::zero(pattern.clone(), self.layout.p)),
            None => Tail::Full(FullTail::zero(self.layout)),
        };
        self.add_tail(&mut out);
        out
    }

    /// Sums the tail again.
    pub fn fill_tail(&self, out: &mut Tail) {
        out.clear();
        self.add_tail(out);
    }

    fn add_tail(&self, out: &mut Tail) {
        let (layout, x) = (self.layout, &self.data.x);
        for i in 0..layout.p {
            (0..=i).for_each(|j| out.set_corner(i, j, lanes::dot(&x[i], &x[j])));
        }
        let locals = Locals::new(self);
        if let Tail::Full(out) = &mut *out {
            locals.add(out);
        }
        let (full, thin): (Vec<usize>, Vec<usize>) =
            locals.others.iter().partition(|&&b| matches!(out, Tail::Full(_)) && self.is_dense(b));
        let panels = Panels::new(self, &full);
        if let (Tail::Full(out), true) = (&mut *out, panels.width > 0) {
            panels.add(out);
        }
        if thin.is_empty() {
            return;
        }
        let (mut tail, mut beside, mut border) = (Vec::new(), Vec::new(), vec![0.0; layout.p]);
        for i in 0..self.n() {
            self.columns_of(&thin, i, &mut tail);
            border.iter_mut().zip(x).for_each(|(o, column)| *o = column[i]);
            out.add_row(&tail, &border);
            if let (Tail::Full(out), false) = (&mut *out, full.is_empty()) {
                self.columns_of(&full, i, &mut beside);
                out.add_pairs(&tail, &beside);
            }
        }
    }

    /// Whether most numbers of a block are not zero.
    fn is_dense(&self, block: usize) -> bool {
        let own = &self.layout.blocks[block];
        let (n, width) = (self.n(), own.k * own.n_levels);
        match &self.terms[own.terms[0].0].columns {
            Columns::Matrix { value, .. } => n >= ROWS && width >= COLUMNS && 2 * value.len() >= n * width,
            Columns::Group { .. } | Columns::Local(_) => false,
        }
    }

    /// Sums the products of the tail with a response.
    pub fn set_tail_response(&self, y: &[f64], out: &mut Tail) {
        let p = self.layout.p;
        (0..p).for_each(|j| out.set_corner(p, j, lanes::dot(y, &self.data.x[j])));
        out.set_corner(p, p, lanes::dot(y, y));
        let (mut tail, mut sums, locals) = (Vec::new(), vec![0.0; self.layout.q_tail], Locals::new(self));
        locals.set_response(y, &mut sums);
        for (i, y) in y.iter().enumerate().take(if locals.others.is_empty() { 0 } else { y.len() }) {
            self.columns_of(&locals.others, i, &mut tail);
            tail.iter().for_each(|&(column, v)| sums[column as usize] += v * y);
        }
        sums.iter().enumerate().for_each(|(column, v)| out.set_response(column, *v));
    }
}

/// Dense columns of the tail beside each other.
struct Panels<'a> {
    rows: &'a RowsOfZ<'a>,
    blocks: &'a [usize],
    /// Tail column of each.
    column: Vec<usize>,
    width: usize,
}

impl<'a> Panels<'a> {
    fn new(rows: &'a RowsOfZ<'a>, blocks: &'a [usize]) -> Panels<'a> {
        let of_block = |&b: &usize| {
            let own = &rows.layout.blocks[b];
            own.tail_start..own.tail_start + own.k * own.n_levels
        };
        let column: Vec<usize> = blocks.iter().flat_map(of_block).collect();
        Panels { rows, blocks, width: column.len(), column }
    }

    /// Adds `D'[D X]`.
    fn add(&self, out: &mut FullTail) {
        let (width, p, n) = (self.width, self.rows.layout.p, self.rows.n());
        // pieces are the same for any number of threads
        let piece = (n / 64).max(16 * PANEL);
        for (own, with_x) in parallel::map_ranges(n, piece, |range| self.products(range)) {
            for (c, &column) in self.column.iter().enumerate() {
                for (r, &row) in self.column.iter().enumerate().skip(c) {
                    out.value[column * out.m + row] += own[c * width + r];
                }
                let border = &mut out.value[column * out.m + out.q..][..p];
                border.iter_mut().zip(&with_x[c * p..(c + 1) * p]).for_each(|(o, v)| *o += v);
            }
        }
    }

    /// `D'D` (`width × width`) and `D'X` (`width × p`) of some rows.
    fn products(&self, range: std::ops::Range<usize>) -> (Vec<f64>, Vec<f64>) {
        let (width, p, x) = (self.width, self.rows.layout.p, &self.rows.data.x);
        let (mut own, mut with_x) = (vec![0.0; width * width], vec![0.0; width * p]);
        let (mut panel, mut fixed, mut entries) = (vec![0.0; PANEL * width], vec![0.0; PANEL * p], Vec::new());
        let place: Vec<usize> = {
            let mut place = vec![0; self.rows.layout.q_tail];
            self.column.iter().enumerate().for_each(|(at, &column)| place[column] = at);
            place
        };
        for first in range.clone().step_by(PANEL) {
            let count = PANEL.min(range.end - first);
            panel.fill(0.0);
            for i in 0..count {
                self.rows.columns_of(self.blocks, first + i, &mut entries);
                let row = &mut panel[i * width..(i + 1) * width];
                entries.iter().for_each(|&(column, v)| row[place[column as usize]] += v);
                (0..p).for_each(|j| fixed[i * p + j] = x[j][first + i]);
            }
            let panel = &panel[..count * width];
            products::add_transposed(&mut own, 1.0, panel, panel, (count, width, width));
            products::add_transposed(&mut with_x, 1.0, panel, &fixed[..count * p], (count, width, p));
        }
        (own, with_x)
    }
}
