//! Rows of Z as the sums read them.

use crate::design::layout::{Columns, Layout, Term};
use crate::design::model::Design;
use crate::design::scaling::ScaledDesign;

/// Rows of Z in internal units, block by block.
pub struct RowsOfZ<'a> {
    pub layout: &'a Layout,
    pub terms: &'a [Term],
    pub data: &'a ScaledDesign,
}

impl<'a> RowsOfZ<'a> {
    /// The rows of a design, its blocks as in `layout`.
    pub fn new(design: &'a Design, layout: &'a Layout) -> RowsOfZ<'a> {
        RowsOfZ { layout, terms: &design.terms, data: &design.scaled }
    }

    /// Number of rows.
    pub fn n(&self) -> usize {
        self.data.n
    }

    /// Level and the `k` values of row `i` in a block of grouping terms.
    pub fn group(&self, block: usize, i: usize, out: &mut [f64]) -> usize {
        let mut level = 0;
        for &(t, offset) in &self.layout.blocks[block].terms {
            let k = self.terms[t].k;
            if let Columns::Group { codes, .. } = &self.terms[t].columns {
                level = codes[i] as usize;
            }
            match &self.data.values[t] {
                Some(v) => out[offset..offset + k].copy_from_slice(&v[i * k..(i + 1) * k]),
                None => out[offset] = 1.0,
            }
        }
        level
    }

    /// Tail columns and values of row `i` where it is not zero.
    pub fn tail(&self, i: usize, buffer: &mut Vec<(u32, f64)>) {
        buffer.clear();
        (self.layout.n_chain..self.layout.blocks.len()).for_each(|b| self.add_columns(b, i, buffer));
    }

    /// The same of some blocks of the tail.
    pub fn columns_of(&self, blocks: &[usize], i: usize, buffer: &mut Vec<(u32, f64)>) {
        buffer.clear();
        blocks.iter().for_each(|&b| self.add_columns(b, i, buffer));
    }

    fn add_columns(&self, b: usize, i: usize, buffer: &mut Vec<(u32, f64)>) {
        let block = &self.layout.blocks[b];
        let t = block.terms[0].0;
        if let Columns::Matrix { row_start, column, .. } = &self.terms[t].columns {
            let range = row_start[i]..row_start[i + 1];
            buffer.extend(range.map(|s| (block.tail_start as u32 + column[s], self.data.matrix_values[t][s])));
            return;
        }
        if let Columns::Local(local) = &self.terms[t].columns {
            let mut z = vec![0.0; local.q];
            local.columns(self.data.local_row(t, local, i), &mut z);
            buffer.extend(z.iter().enumerate().map(|(c, v)| ((block.tail_start + c) as u32, *v)));
            return;
        }
        let (mut short, mut long) = ([0.0; 16], vec![0.0; if block.k > 16 { block.k } else { 0 }]);
        let z = if long.is_empty() { &mut short[..block.k] } else { &mut long[..] };
        let first = block.tail_start + self.group(b, i, z) * block.k;
        buffer.extend(z.iter().enumerate().map(|(c, v)| ((first + c) as u32, *v)));
    }

    /// The level of each row in a block of grouping terms.
    pub fn codes(&self, block: usize) -> &'a [u32] {
        match &self.terms[self.layout.blocks[block].terms[0].0].columns {
            Columns::Group { codes, .. } => codes,
            Columns::Matrix { .. } | Columns::Local(_) => {
                unreachable!("only grouping factors are eliminated level by level")
            }
        }
    }
}

/// Row numbers sorted by level, and the start of each level.
pub fn sort_rows(codes: &[u32], n_levels: usize) -> (Vec<u32>, Vec<usize>) {
    let mut start = vec![0; n_levels + 1];
    codes.iter().for_each(|&c| start[c as usize + 1] += 1);
    for j in 0..n_levels {
        start[j + 1] += start[j];
    }
    let (mut next, mut order) = (start.clone(), vec![0; codes.len()]);
    for (i, &c) in codes.iter().enumerate() {
        order[next[c as usize]] = i as u32;
        next[c as usize] += 1;
    }
    (order, start)
}
