//! From rows to cross-products: one pass for the tail, one for each block of the chain, and one for a response.

use super::chain::Chain;
use super::cross::CrossProducts;
use super::locals::Locals;
use super::rows::Rows;
use super::rows_of_z::{RowsOfZ, sort_rows};
use crate::design::layout::parents;
use crate::design::model::Design;
use crate::error::CoreError;
use crate::matrix::row_major;
use crate::memory;
use crate::parallel;

impl CrossProducts {
    /// Those of a design; all products with a response are zero.
    pub fn of_design(design: &Design) -> Result<CrossProducts, CoreError> {
        CrossProducts::summed(design, None)
    }

    /// Those of a design and a response in internal units.
    pub fn new(design: &Design, y: &[f64]) -> Result<CrossProducts, CoreError> {
        CrossProducts::summed(design, Some(y))
    }

    fn summed(design: &Design, y: Option<&[f64]>) -> Result<CrossProducts, CoreError> {
        let layout = design.layout.clone();
        memory::check("the cross-products of the random effects", design.product_numbers())?;
        let rows = RowsOfZ::new(design, &layout);
        let mut chain = parallel::map(layout.n_chain, |c| {
            let mut chain = empty_chain(&rows, c);
            fill_chain(&rows, c, y, &mut chain);
            if layout.q_tail > 0 {
                chain.tiles = tile_bounds(&chain, layout.tail_size(), layout.q_tail);
            }
            chain
        });
        if let Some(pattern) = &design.pattern {
            chain.iter_mut().for_each(|c| c.find_slots(pattern));
        }
        let mut tail = rows.tail_products(design.pattern.as_ref());
        y.iter().for_each(|y| rows.set_tail_response(y, &mut tail));
        Ok(CrossProducts { layout, chain, tail })
    }

    /// Sums again under the weights of a design that differs in nothing else, with a response in its units: levels, pairs and their
    /// order stay.
    pub fn refill(&mut self, design: &Design, y: &[f64]) {
        let CrossProducts { layout, chain, tail } = self;
        let rows = RowsOfZ::new(design, layout);
        let items: Vec<(usize, &mut Chain)> = chain.iter_mut().enumerate().collect();
        parallel::each(items, |(c, chain)| fill_chain(&rows, c, Some(y), chain));
        rows.fill_tail(tail);
        rows.set_tail_response(y, tail);
    }

    /// Sums the products with another response in internal units, in a pass of its own.
    pub fn set_response(&mut self, design: &Design, y: &[f64]) {
        let CrossProducts { layout, chain, tail } = self;
        let rows = RowsOfZ::new(design, layout);
        let items: Vec<(usize, &mut Chain)> = chain.iter_mut().enumerate().collect();
        parallel::each(items, |(c, chain)| set_response(&rows, c, y, chain));
        rows.set_tail_response(y, tail);
    }
}

impl Rows {
    /// All rows of a small design, every random column in the order of the blocks, y zero; none of a large one.
    pub fn of_design(design: &Design) -> Option<Rows> {
        let mut kept = Rows::room(&design.layout, design.n, design.scaled.weight_ratio())?;
        let layout = design.layout.flat();
        let all = RowsOfZ::new(design, &layout);
        let mut random = Vec::new();
        for i in 0..design.n {
            all.tail(i, &mut random);
            let row = kept.row(i);
            random.iter().for_each(|&(column, v)| row[column as usize] += v);
            row[layout.q_tail..].iter_mut().zip(&design.scaled.x).for_each(|(o, column)| *o = column[i]);
        }
        kept.measure(&design.layout);
        Some(kept)
    }
}

/// Nothing but zeros, and what does not depend on weights.
fn empty_chain(rows: &RowsOfZ<'_>, c: usize) -> Chain {
    let layout = rows.layout;
    let (k, n_levels) = (layout.blocks[c].k, layout.blocks[c].n_levels);
    let coarser: Vec<usize> = (c + 1..layout.n_chain).collect();
    let head = coarser.iter().map(|&a| layout.blocks[a].k).sum::<usize>() + layout.p + 1;
    let codes = rows.codes(c);
    let parents = coarser.iter().map(|&a| parents(codes, rows.codes(a), n_levels).unwrap_or_default()).collect();
    Chain {
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
    }
}

/// Sums all products, those with y if there is one.
fn fill_chain(rows: &RowsOfZ<'_>, c: usize, y: Option<&[f64]>, out: &mut Chain) {
    out.a.fill(0.0);
    out.a_head.fill(0.0);
    let coarser: Vec<usize> = (c + 1..rows.layout.n_chain).collect();
    add_rows(rows, c, y, &coarser, out);
    if rows.layout.q_tail > 0 {
        add_pairs(rows, c, out);
    }
}

/// Rows from which their halves are summed apart, unless the sums themselves are as long.
fn is_worth_halving(n: usize, numbers: usize) -> bool {
    n >= 100_000 && numbers <= 4 * n
}

/// `Z_j'Wy` of every level, into the last column of the borders.
fn set_response(rows: &RowsOfZ<'_>, c: usize, y: &[f64], out: &mut Chain) {
    let (k, head) = (out.k, out.head);
    let sum = |range: std::ops::Range<usize>| {
        let (mut z, mut sums) = (vec![0.0; k], vec![0.0; out.n_levels * k]);
        for i in range {
            let j = rows.group(c, i, &mut z);
            sums[j * k..(j + 1) * k].iter_mut().zip(&z).for_each(|(o, v)| *o += v * y[i]);
        }
        sums
    };
    let n = y.len();
    let sums = if is_worth_halving(n, out.a.len() + out.a_head.len()) {
        let halves = parallel::map(2, |half| sum(if half == 0 { 0..n / 2 } else { n / 2..n }));
        halves[0].iter().zip(&halves[1]).map(|(a, b)| a + b).collect()
    } else {
        sum(0..n)
    };
    out.a_head.chunks_exact_mut(head).zip(sums).for_each(|(row, v)| row[head - 1] = v);
}

/// Own blocks and dense borders of a chain block, row by row; of many rows the halves apart.
fn add_rows(rows: &RowsOfZ<'_>, c: usize, y: Option<&[f64]>, coarser: &[usize], out: &mut Chain) {
    let n = rows.n();
    if !is_worth_halving(n, out.a.len() + out.a_head.len()) {
        return add_range(rows, c, y, coarser, 0..n, &mut out.a, &mut out.a_head);
    }
    let (size, width) = (out.a.len(), out.a_head.len());
    let halves = parallel::map(2, |half| {
        let (mut a, mut a_head) = (vec![0.0; size], vec![0.0; width]);
        let range = if half == 0 { 0..n / 2 } else { n / 2..n };
        add_range(rows, c, y, coarser, range, &mut a, &mut a_head);
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
    y: Option<&[f64]>,
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
        border[head - 1] = y.map_or(0.0, |y| y[i]);
        let a = &mut a[j * k * k..(j + 1) * k * k];
        let a_head = &mut a_head[j * k * head..(j + 1) * k * head];
        match k {
            1 => add_row::<1>(a, a_head, &z, &border),
            2 => add_row::<2>(a, a_head, &z, &border),
            3 => add_row::<3>(a, a_head, &z, &border),
            _ => {
                row_major::multiply_add(a, 1.0, &z, &z, k, 1, k);
                row_major::multiply_add(a_head, 1.0, &z, &border, k, 1, head);
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
    let (order, level_start) = sort_rows(rows.codes(c), out.n_levels);
    let (mut z, mut tail) = (vec![0.0; out.k], Vec::new());
    let mut pairs = PairAccumulator::new(rows.layout.q_tail, out.k);
    let locals = Locals::new(rows);
    let mut of_level = vec![0.0; locals.width * out.k];
    out.start.truncate(1);
    out.column.clear();
    out.a_pair.clear();
    for j in 0..out.n_levels {
        for &i in &order[level_start[j]..level_start[j + 1]] {
            rows.group(c, i as usize, &mut z);
            rows.columns_of(&locals.others, i as usize, &mut tail);
            tail.iter().for_each(|&(column, v)| pairs.add(column, v, &z));
            locals.add_level(i as usize, &z, &mut of_level);
        }
        if level_start[j] < level_start[j + 1] {
            locals.flush_level(&mut of_level, out.k, |column, v| pairs.add(column, 1.0, v));
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
