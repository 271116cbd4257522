//! Directions in which S may move, as the second-order quantities need them: `W_u = Z D_u Z'` for `k × k` matrices `D_u` per block.

use crate::design::layout::{Layout, Part};
use crate::matrix::row_major;

/// A change of S: parts with their symmetric `k × k` matrices.
pub type Change = Vec<(usize, Vec<f64>)>;

/// One part of the covariance as it is looked at: some directions of its columns (`basis`, `k × d`), `S = basis · S̃ · basis'`.
#[derive(Clone, Debug)]
pub struct PartSpace {
    pub k: usize,
    pub d: usize,
    pub basis: Vec<f64>,
}

/// What the derivatives of the criterion are made of, for some directions of S.
pub struct Derivatives {
    /// `Σ_j Z_j'QZ_j` per block (`k × k`).
    pub slopes: Vec<Vec<f64>>,
    /// `Σ_j r_j r_j'` per block (`k × k`), `r = Z'We`.
    pub squares: Vec<Vec<f64>>,
    /// `F'PF` of the working variates (`count × count`).
    pub information: Vec<f64>,
    /// `tr(Q W_u Q W_v)` likewise, where it is cheap.
    pub traces: Option<Vec<f64>>,
}

/// One number of one direction: row `row` of its working variate takes `value` times row `source` of ρ = Z'We.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub direction: usize,
    pub row: usize,
    pub source: usize,
    pub value: f64,
}

/// Some directions: per block the numbers of their matrices that are not zero.
#[derive(Clone, Debug)]
pub struct Directions {
    pub count: usize,
    pub entries: Vec<Vec<Entry>>,
}

impl Directions {
    /// The `k²` matrix units `e_r e_s'` of every part, row by row: all directions are combinations of them.
    pub fn units(layout: &Layout) -> Directions {
        let mut out = Directions { count: 0, entries: vec![Vec::new(); layout.blocks.len()] };
        for p in &layout.parts {
            for e in 0..p.k * p.k {
                let entry =
                    Entry { direction: out.count, row: p.offset + e / p.k, source: p.offset + e % p.k, value: 1.0 };
                out.entries[p.block].push(entry);
                out.count += 1;
            }
        }
        out
    }

    /// Given matrices; they need not be symmetric.
    pub fn of(layout: &Layout, changes: &[Change]) -> Directions {
        let mut out = Directions { count: changes.len(), entries: vec![Vec::new(); layout.blocks.len()] };
        for (direction, change) in changes.iter().enumerate() {
            for (part, d) in change {
                let Part { block, offset, k, .. } = layout.parts[*part];
                let seen = d.iter().enumerate().filter(|(_, value)| **value != 0.0);
                out.entries[block].extend(seen.map(|(e, value)| Entry {
                    direction,
                    row: offset + e / k,
                    source: offset + e % k,
                    value: *value,
                }));
            }
        }
        out
    }

    /// Working variates `D_u ρ_j` of one level of a block (`k × count`).
    pub fn variates(&self, block: usize, k: usize, r: &[f64], j: usize) -> Vec<f64> {
        let mut out = vec![0.0; k * self.count];
        for e in &self.entries[block] {
            out[e.row * self.count + e.direction] += e.value * r[j * k + e.source];
        }
        out
    }

    /// `D_u` of one block as full matrices, for the directions that have any of it.
    pub fn matrices(&self, block: usize, k: usize) -> Vec<(usize, Vec<f64>)> {
        let mut out: Vec<(usize, Vec<f64>)> = Vec::new();
        for e in &self.entries[block] {
            if out.last().is_none_or(|(direction, _)| *direction != e.direction) {
                out.push((e.direction, vec![0.0; k * k]));
            }
            if let Some((_, m)) = out.last_mut() {
                m[e.row * k + e.source] += e.value;
            }
        }
        out
    }
}

/// Coefficients of changes on the matrix units (`units × changes`).
pub fn on_units(layout: &Layout, changes: &[Change]) -> Vec<f64> {
    let starts: Vec<usize> = layout
        .parts
        .iter()
        .scan(0, |next, p| {
            *next += p.k * p.k;
            Some(*next - p.k * p.k)
        })
        .collect();
    let n_units: usize = layout.parts.iter().map(|p| p.k * p.k).sum();
    let mut out = vec![0.0; n_units * changes.len()];
    for (u, change) in changes.iter().enumerate() {
        for (part, d) in change {
            d.iter().enumerate().for_each(|(e, v)| out[(starts[*part] + e) * changes.len() + u] += v);
        }
    }
    out
}

/// `<m, D_u>` for each change.
pub fn inner(m: &[Vec<f64>], changes: &[Change]) -> Vec<f64> {
    changes.iter().map(|change| change.iter().map(|(part, d)| row_major::dot(&m[*part], d)).sum()).collect()
}
