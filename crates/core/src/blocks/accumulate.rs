//! From rows to cross-products: one pass for the tail, one for each block of the chain.

use super::chain::Chain;
use super::cross::CrossProducts;
use super::rows::Rows;
use super::tail::Tail;
use super::tail::full::FullTail;
use super::tail::sparse::SparseTail;
use crate::design::layout::{Columns, Layout, Term, parents};
use crate::design::model::Design;
use crate::design::pattern::Pattern;
use crate::design::scaling::ScaledDesign;
use crate::error::CoreError;
use crate::matrix::{lanes, small};
use crate::memory;
use crate::parallel;
use std::sync::Arc;

/// Rows of Z in internal units, block by block.
struct RowsOfZ<'a> {
    layout: &'a Layout,
    terms: &'a [Term],
    data: &'a ScaledDesign,
    y: &'a [f64],
}

impl RowsOfZ<'_> {
    /// Level and the `k` values of row `i` in a block of grouping terms.
    fn group(&self, block: usize, i: usize, out: &mut [f64]) -> usize {
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

    /// Calls `f(tail column, value)` for each non-zero of row `i` in the tail.
    fn tail(&self, i: usize, buffer: &mut Vec<(u32, f64)>) {
        buffer.clear();
        let mut z = [0.0; 64];
        for b in self.layout.n_chain..self.layout.blocks.len() {
            let block = &self.layout.blocks[b];
            let t = block.terms[0].0;
            if let Columns::Matrix { row_start, column, .. } = &self.terms[t].columns {
                let range = row_start[i]..row_start[i + 1];
                buffer.extend(range.map(|s| (block.tail_start as u32 + column[s], self.data.matrix_values[t][s])));
            } else {
                let mut long = vec![0.0; if block.k > z.len() { block.k } else { 0 }];
                let z = if long.is_empty() { &mut z[..block.k] } else { &mut long[..] };
                let first = block.tail_start + self.group(b, i, z) * block.k;
                buffer.extend(z.iter().enumerate().map(|(c, v)| ((first + c) as u32, *v)));
            }
        }
    }
}

impl CrossProducts {
    /// One pass over the rows for the tail, one for each block of the chain.
    pub fn new(design: &Design, y: &[f64]) -> Result<CrossProducts, CoreError> {
        let layout = design.layout.clone();
        memory::check("the cross-products of the random effects", design.product_numbers())?;
        let rows = RowsOfZ { layout: &layout, terms: &design.terms, data: &design.scaled, y };
        let mut chain = parallel::map(layout.n_chain, |c| build_chain(&rows, c));
        if let Some(pattern) = &design.pattern {
            chain.iter_mut().for_each(|c| c.find_slots(pattern));
        }
        let tail = build_tail(&rows, design.pattern.as_ref());
        Ok(CrossProducts { layout, chain, tail })
    }
}

impl Rows {
    /// All rows of a small design, every random column in the order of the blocks; none of a large one.
    pub fn new(design: &Design, y: &[f64]) -> Option<Rows> {
        let mut kept = Rows::of(&design.layout, design.n, design.scaled.weight_ratio())?;
        let layout = design.layout.flat();
        let all = RowsOfZ { layout: &layout, terms: &design.terms, data: &design.scaled, y };
        let mut random = Vec::new();
        for i in 0..y.len() {
            all.tail(i, &mut random);
            let row = kept.row(i);
            random.iter().for_each(|&(column, v)| row[column as usize] += v);
            let fixed = &mut row[layout.q_tail..];
            fixed.iter_mut().zip(&design.scaled.x).for_each(|(o, column)| *o = column[i]);
            fixed[layout.p] = y[i];
        }
        kept.measure(&design.layout);
        Some(kept)
    }
}

fn codes_of<'a>(rows: &RowsOfZ<'a>, block: usize) -> &'a [u32] {
    match &rows.terms[rows.layout.blocks[block].terms[0].0].columns {
        Columns::Group { codes, .. } => codes,
        Columns::Matrix { .. } => {
            unreachable!("only grouping factors are eliminated level by level")
        }
    }
}

/// Row numbers sorted by level, and the start of each level.
fn sort_rows(codes: &[u32], n_levels: usize) -> (Vec<u32>, Vec<usize>) {
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

fn build_chain(rows: &RowsOfZ<'_>, c: usize) -> Chain {
    let layout = rows.layout;
    let (k, n_levels) = (layout.blocks[c].k, layout.blocks[c].n_levels);
    let coarser: Vec<usize> = (c + 1..layout.n_chain).collect();
    let head = coarser.iter().map(|&a| layout.blocks[a].k).sum::<usize>() + layout.p + 1;
    let codes = codes_of(rows, c);
    let parents = coarser.iter().map(|&a| parents(codes, codes_of(rows, a), n_levels).unwrap_or_default()).collect();
    let mut out = Chain {
        k,
        n_levels,
        head,
        a: vec![0.0; n_levels * k * k],
        a_head: vec![0.0; n_levels * k * head],
        start: vec![0; n_levels + 1],
        column: Vec::new(),
        a_pair: Vec::new(),
        tiles: vec![0, layout.tail_size()],
        parents,
        slot: Vec::new(),
        slot_start: Vec::new(),
    };
    add_rows(rows, c, &coarser, &mut out);
    if layout.q_tail > 0 {
        add_pairs(rows, c, &mut out);
        out.tiles = tile_bounds(&out, layout.tail_size(), layout.q_tail);
    }
    out
}

/// Own blocks and dense borders of a chain block, row by row; of many rows the halves apart.
fn add_rows(rows: &RowsOfZ<'_>, c: usize, coarser: &[usize], out: &mut Chain) {
    const WORTH_HALVING: usize = 100_000;
    let n = rows.y.len();
    if n < WORTH_HALVING || out.a.len() + out.a_head.len() > 4 * n {
        return add_range(rows, c, coarser, 0..n, &mut out.a, &mut out.a_head);
    }
    let (size, width) = (out.a.len(), out.a_head.len());
    let halves = parallel::map(2, |half| {
        let (mut a, mut a_head) = (vec![0.0; size], vec![0.0; width]);
        let range = if half == 0 { 0..n / 2 } else { n / 2..n };
        add_range(rows, c, coarser, range, &mut a, &mut a_head);
        (a, a_head)
    });
    for (a, a_head) in halves {
        out.a.iter_mut().zip(&a).for_each(|(o, v)| *o += v);
        out.a_head.iter_mut().zip(&a_head).for_each(|(o, v)| *o += v);
    }
}

fn add_range(
    rows: &RowsOfZ<'_>,
    c: usize,
    coarser: &[usize],
    range: std::ops::Range<usize>,
    a: &mut [f64],
    a_head: &mut [f64],
) {
    let k = rows.layout.blocks[c].k;
    let head = coarser.iter().map(|&b| rows.layout.blocks[b].k).sum::<usize>() + rows.layout.p + 1;
    let (mut z, mut border) = (vec![0.0; k], vec![0.0; head]);
    for i in range {
        let j = rows.group(c, i, &mut z);
        let mut at = 0;
        for &b in coarser {
            let kb = rows.layout.blocks[b].k;
            rows.group(b, i, &mut border[at..at + kb]);
            at += kb;
        }
        border[at..].iter_mut().zip(&rows.data.x).for_each(|(o, column)| *o = column[i]);
        border[head - 1] = rows.y[i];
        let a = &mut a[j * k * k..(j + 1) * k * k];
        let a_head = &mut a_head[j * k * head..(j + 1) * k * head];
        match k {
            1 => add_row::<1>(a, a_head, &z, &border),
            2 => add_row::<2>(a, a_head, &z, &border),
            3 => add_row::<3>(a, a_head, &z, &border),
            _ => {
                small::multiply_add(a, 1.0, &z, &z, k, 1, k);
                small::multiply_add(a_head, 1.0, &z, &border, k, 1, head);
            }
        }
    }
}

/// One row of a level with K columns.
fn add_row<const K: usize>(a: &mut [f64], a_head: &mut [f64], z: &[f64], border: &[f64]) {
    let z: [f64; K] = std::array::from_fn(|r| z[r]);
    for (own, f) in a.chunks_exact_mut(K).zip(z) {
        own.iter_mut().zip(z).for_each(|(o, v)| *o += f * v);
    }
    for (own, f) in a_head.chunks_exact_mut(border.len()).zip(z) {
        own.iter_mut().zip(border).for_each(|(o, v)| *o += f * v);
    }
}

/// Products with the tail columns, level by level.
fn add_pairs(rows: &RowsOfZ<'_>, c: usize, out: &mut Chain) {
    let (order, level_start) = sort_rows(codes_of(rows, c), out.n_levels);
    let (mut z, mut tail) = (vec![0.0; out.k], Vec::new());
    let mut pairs = PairAccumulator::new(rows.layout.q_tail, out.k);
    out.start.truncate(1);
    for j in 0..out.n_levels {
        for &i in &order[level_start[j]..level_start[j + 1]] {
            rows.group(c, i as usize, &mut z);
            rows.tail(i as usize, &mut tail);
            tail.iter().for_each(|&(column, v)| pairs.add(column, v, &z));
        }
        pairs.flush(out);
    }
}

/// Cuts the tail columns where the work of updating them is equal.
fn tile_bounds(chain: &Chain, m: usize, q: usize) -> Vec<usize> {
    const WORTH_A_PIECE: usize = 200_000;
    let mut work = vec![0; q];
    for j in 0..chain.n_levels {
        let pattern = chain.pattern(j);
        for (s, &column) in pattern.iter().enumerate() {
            work[column as usize] += chain.k * (pattern.len() - s + m - q);
        }
    }
    let total: usize = work.iter().sum();
    let pieces = (total / WORTH_A_PIECE).clamp(1, 16);
    let (mut bounds, mut sum) = (vec![0], 0);
    for (column, w) in work.iter().enumerate() {
        sum += w;
        if sum * pieces >= total * bounds.len() && bounds.len() < pieces {
            bounds.push(column + 1);
        }
    }
    bounds.push(m);
    bounds
}

/// Products of one level with the tail columns that it meets, collected over its rows.
struct PairAccumulator {
    k: usize,
    slot: Vec<u32>,
    columns: Vec<u32>,
    values: Vec<f64>,
}

impl PairAccumulator {
    fn new(q_tail: usize, k: usize) -> Self {
        PairAccumulator { k, slot: vec![u32::MAX; q_tail], columns: Vec::new(), values: Vec::new() }
    }

    fn add(&mut self, column: u32, v: f64, z: &[f64]) {
        let slot = &mut self.slot[column as usize];
        if *slot == u32::MAX {
            *slot = self.columns.len() as u32;
            self.columns.push(column);
            self.values.resize(self.values.len() + self.k, 0.0);
        }
        let at = *slot as usize * self.k;
        self.values[at..at + self.k].iter_mut().zip(z).for_each(|(o, zr)| *o += zr * v);
    }

    fn flush(&mut self, out: &mut Chain) {
        let mut sorted = self.columns.clone();
        sorted.sort_unstable();
        for r in 0..self.k {
            out.a_pair.extend(sorted.iter().map(|&c| self.values[self.slot[c as usize] as usize * self.k + r]));
        }
        self.columns.iter().for_each(|&c| self.slot[c as usize] = u32::MAX);
        out.column.extend(sorted);
        out.start.push(out.column.len());
        self.columns.clear();
        self.values.clear();
    }
}

fn build_tail(rows: &RowsOfZ<'_>, pattern: Option<&Arc<Pattern>>) -> Tail {
    let (layout, data) = (rows.layout, rows.data);
    let columns: Vec<&[f64]> = data.x.iter().map(Vec::as_slice).chain([rows.y]).collect();
    let mut out = match pattern {
        Some(pattern) => Tail::Sparse(SparseTail::zero(pattern.clone(), layout.p)),
        None => Tail::Full(FullTail::zero(layout)),
    };
    for (i, a) in columns.iter().enumerate() {
        for (j, b) in columns[..=i].iter().enumerate() {
            out.set_corner(i, j, lanes::dot(a, b));
        }
    }
    if layout.q_tail == 0 {
        return out;
    }
    let (mut tail, mut border) = (Vec::new(), vec![0.0; columns.len()]);
    for i in 0..rows.y.len() {
        rows.tail(i, &mut tail);
        border.iter_mut().zip(&columns).for_each(|(o, column)| *o = column[i]);
        out.add_row(&tail, &border);
    }
    out
}
