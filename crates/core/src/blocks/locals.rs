//! Sums over local columns: four numbers a row, and the map of each term at the end.

use super::rows_of_z::RowsOfZ;
use super::tail::full::FullTail;
use crate::design::layout::Columns;
use crate::design::local::{Local, LocalRow, WIDTH};
use crate::matrix::row_major;
use crate::parallel;

/// Rows that are summed apart, at least.
const PIECE: usize = 4096;

/// One term with local columns.
struct Own<'a> {
    term: usize,
    local: &'a Local,
    /// First of its columns in the tail.
    tail_start: usize,
    /// First of its columns of L among those of all terms.
    offset: usize,
}

/// The terms of the tail that have local columns.
pub struct Locals<'a> {
    rows: &'a RowsOfZ<'a>,
    own: Vec<Own<'a>>,
    /// Columns of L of all terms.
    pub width: usize,
    /// All other blocks of the tail.
    pub others: Vec<usize>,
}

/// Sums of some rows: `L_s'L_t` for terms s ≤ t, and by columns of X or of other blocks `L'x`.
struct Sums {
    pairs: Vec<Vec<f64>>,
    fixed: Vec<f64>,
    others: Vec<f64>,
}

impl<'a> Locals<'a> {
    /// Those of a layout.
    pub fn new(rows: &'a RowsOfZ<'a>) -> Locals<'a> {
        let (mut own, mut others, mut width) = (Vec::new(), Vec::new(), 0);
        for (b, block) in rows.layout.tail_blocks() {
            let term = block.terms[0].0;
            match &rows.terms[term].columns {
                Columns::Local(local) => {
                    own.push(Own { term, local, tail_start: block.tail_start, offset: width });
                    width += local.length();
                }
                _ => others.push(b),
            }
        }
        Locals { rows, own, width, others }
    }

    /// Row `i` of L, term by term.
    fn row(&self, i: usize, out: &mut Vec<LocalRow>) {
        out.clear();
        out.extend(self.own.iter().map(|own| self.rows.data.local_row(own.term, own.local, i)));
    }

    /// Adds their products with themselves, X and all other columns of the tail.
    pub fn add(&self, out: &mut FullTail) {
        if self.own.is_empty() {
            return;
        }
        // pieces are the same for any number of threads
        let piece = (self.rows.n() / 64).max(PIECE);
        let total = parallel::map_ranges(self.rows.n(), piece, |range| self.sums(range)).into_iter().reduce(Sums::plus);
        let Some(total) = total else { return };
        let mut pairs = total.pairs.iter();
        for (s, a) in self.own.iter().enumerate() {
            for (b, sums) in self.own[s..].iter().zip(&mut pairs) {
                // C_a'(L_a'L_b)C_b
                let half = row_major::transpose(&a.local.mapped(sums, b.local.length()), a.local.q, b.local.length());
                let whole = b.local.mapped(&half, a.local.q); // q_b × q_a
                for (e, v) in whole.iter().enumerate() {
                    let (i, j) = (b.tail_start + e / a.local.q, a.tail_start + e % a.local.q);
                    if b.tail_start != a.tail_start || i >= j {
                        out.value[i.min(j) * out.m + i.max(j)] += v;
                    }
                }
            }
            for j in 0..self.rows.layout.p {
                for (c, v) in self.column(a, &total.fixed, j).into_iter().enumerate() {
                    out.value[(a.tail_start + c) * out.m + out.q + j] += v;
                }
            }
            for j in self.other_columns() {
                for (c, v) in self.column(a, &total.others, j).into_iter().enumerate() {
                    let i = a.tail_start + c;
                    out.value[i.min(j) * out.m + i.max(j)] += v;
                }
            }
        }
    }

    /// Columns of the tail that are not local.
    fn other_columns(&self) -> impl Iterator<Item = usize> {
        let of_block = |&b: &usize| {
            let block = &self.rows.layout.blocks[b];
            block.tail_start..block.tail_start + block.k * block.n_levels
        };
        self.others.iter().flat_map(of_block)
    }

    /// `C'L'x` of one term for column `j` of those that sums were taken with.
    fn column(&self, own: &Own<'_>, sums: &[f64], j: usize) -> Vec<f64> {
        own.local.mapped(&sums[j * self.width + own.offset..][..own.local.length()], 1)
    }

    fn sums(&self, range: std::ops::Range<usize>) -> Sums {
        let (rows, width, x) = (self.rows, self.width, &self.rows.data.x);
        let length = |s: usize| self.own[s].local.length();
        let n = self.own.len();
        let pairs = (0..n).flat_map(|s| (s..n).map(move |t| vec![0.0; length(s) * length(t)])).collect();
        let others = if self.others.is_empty() { 0 } else { rows.layout.q_tail * width };
        let mut out = Sums { pairs, fixed: vec![0.0; x.len() * width], others: vec![0.0; others] };
        let (mut own, mut beside) = (Vec::new(), Vec::new());
        for i in range {
            self.row(i, &mut own);
            let mut pair = 0;
            for (s, (at, a)) in own.iter().enumerate() {
                for (t, (first, b)) in own.iter().enumerate().skip(s) {
                    add_square(&mut out.pairs[pair], length(t), (*at, *first), a, b);
                    pair += 1;
                }
                let at = self.own[s].offset + at;
                for (sums, x) in out.fixed.chunks_exact_mut(width).zip(x) {
                    add_row(&mut sums[at..at + WIDTH], x[i], a);
                }
            }
            if !self.others.is_empty() {
                rows.columns_of(&self.others, i, &mut beside);
                for &(column, v) in &beside {
                    for (o, (at, a)) in self.own.iter().zip(&own) {
                        add_row(&mut out.others[column as usize * width + o.offset + at..][..WIDTH], v, a);
                    }
                }
            }
        }
        out
    }

    /// Products of the columns with a response, at their places in the tail.
    pub fn set_response(&self, y: &[f64], out: &mut [f64]) {
        let (mut sums, mut own) = (vec![0.0; self.width], Vec::new());
        for (i, y) in y.iter().enumerate().take(if self.own.is_empty() { 0 } else { y.len() }) {
            self.row(i, &mut own);
            for (o, (at, a)) in self.own.iter().zip(&own) {
                add_row(&mut sums[o.offset + at..][..WIDTH], *y, a);
            }
        }
        for own in &self.own {
            out[own.tail_start..own.tail_start + own.local.q].copy_from_slice(&self.column(own, &sums, 0));
        }
    }

    /// Adds a row of a level, whose values are `z`, to its sums (a row of `width` numbers for each value).
    pub fn add_level(&self, i: usize, z: &[f64], sums: &mut [f64]) {
        for own in &self.own {
            let (at, a) = self.rows.data.local_row(own.term, own.local, i);
            for (sums, z) in sums.chunks_exact_mut(self.width).zip(z) {
                add_row(&mut sums[own.offset + at..][..WIDTH], *z, &a);
            }
        }
    }

    /// Hands out the products of a level with each column, and begins anew.
    pub fn flush_level(&self, sums: &mut [f64], k: usize, mut add: impl FnMut(u32, &[f64])) {
        for own in &self.own {
            let of_values: Vec<Vec<f64>> = (0..k).map(|r| self.column(own, sums, r)).collect();
            for c in 0..own.local.q {
                let products: Vec<f64> = of_values.iter().map(|v| v[c]).collect();
                add((own.tail_start + c) as u32, &products);
            }
        }
        sums.fill(0.0);
    }
}

impl Sums {
    fn plus(mut self, other: Sums) -> Sums {
        let add = |a: &mut [f64], b: &[f64]| a.iter_mut().zip(b).for_each(|(o, v)| *o += v);
        self.pairs.iter_mut().zip(&other.pairs).for_each(|(a, b)| add(a, b));
        add(&mut self.fixed, &other.fixed);
        add(&mut self.others, &other.others);
        self
    }
}

/// Adds `ab'` to a matrix with rows of `length` numbers, from this row and column on.
fn add_square(sums: &mut [f64], length: usize, (row, column): (usize, usize), a: &[f64; WIDTH], b: &[f64; WIDTH]) {
    for (r, f) in a.iter().enumerate() {
        add_row(&mut sums[(row + r) * length + column..][..WIDTH], *f, b);
    }
}

/// Adds a multiple of four numbers.
fn add_row(sums: &mut [f64], f: f64, a: &[f64; WIDTH]) {
    sums.iter_mut().zip(a).for_each(|(o, v)| *o += f * v);
}
