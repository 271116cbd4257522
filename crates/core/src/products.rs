//! The cross-products themselves, in the order of the terms: what inference works from.
//!
//! They stay in internal units, in which X is orthonormal and columns of Z are centred where they can be: translated back, differences of
//! large numbers would lose the digits that the scaling kept. With `W^½Z = Z̃ (I ⊗ U)`, `W^½X = X̃R` and `W^½(y − Xβ₀) = ỹs`, all that is
//! asked of the user's columns follows from those of `[Z̃ X̃ ỹ]` and the units `U, R, β₀, s`.

use crate::blocks::chain::Chain;
use crate::blocks::cross::CrossProducts;
use crate::blocks::tail::Tail;
use crate::design::layout::{Block, Layout};
use crate::error::CoreError;
use crate::memory;
use crate::problem::Problem;

/// Random columns: term by term, level by level.
struct Places {
    /// Of each column of each block of the layout, level by level.
    column: Vec<Vec<u32>>,
    /// Level of each column, counted through all terms.
    level: Vec<u32>,
    n_levels: usize,
}

/// `[Z̃ X̃ ỹ]'[Z̃ X̃ ỹ]` and the units of its columns.
pub struct Products {
    /// `Z̃'Z̃`, compressed rows with increasing columns; entries that are zero are left out.
    pub start: Vec<i32>,
    pub column: Vec<i32>,
    pub value: Vec<f64>,
    /// `Z̃'[X̃ ỹ]`, `q × (p + 1)`.
    pub border: Vec<f64>,
    /// `[X̃ ỹ]'[X̃ ỹ]`, `(p + 1) × (p + 1)`.
    pub corner: Vec<f64>,
    /// `U` of each term, and its inverse (`k × k`).
    pub units: Vec<(Vec<f64>, Vec<f64>)>,
    /// `R`, `p × p`.
    pub x_r: Vec<f64>,
    pub beta0: Vec<f64>,
    pub y_scale: f64,
    pub n: usize,
}

impl Problem {
    /// All cross-products.
    pub fn products(&self) -> Result<Products, CoreError> {
        let places = Places::new(self);
        let q = places.level.len();
        let mut count = vec![0_usize; q];
        entries(&self.system.cp, &places, |i, j, _| {
            count[i] += 1;
            count[j] += usize::from(i != j);
        });
        let total: usize = count.iter().sum();
        let width = self.n_fixed() + 1;
        if i32::try_from(total).is_err() {
            return Err(CoreError::BadInput(format!("{total} products of random effects are too many for one table")));
        }
        memory::check("the products of the random effects", 2 * total + q * width)?;
        let mut start = vec![0_usize; q + 1];
        count.iter().enumerate().for_each(|(i, c)| start[i + 1] = start[i] + c);
        let mut rows = vec![(0_u32, 0.0_f64); total];
        let mut next = start[..q].to_vec();
        entries(&self.system.cp, &places, |i, j, v| {
            for (row, other) in [(i, j), (j, i)].into_iter().take(1 + usize::from(i != j)) {
                rows[next[row]] = (other as u32, v);
                next[row] += 1;
            }
        });
        start.windows(2).for_each(|w| rows[w[0]..w[1]].sort_unstable_by_key(|e| e.0));
        let s = &self.units.scaling;
        let root = s.w_scale.sqrt();
        let inverses = s.terms.iter().map(|t| t.r.iter().map(|v| v / root).collect());
        Ok(Products {
            start: start.iter().map(|v| *v as i32).collect(),
            column: rows.iter().map(|e| e.0 as i32).collect(),
            value: rows.iter().map(|e| e.1).collect(),
            border: border(&self.system.cp, &places, width),
            corner: (0..width * width).map(|e| self.system.cp.tail.corner(e / width, e % width)).collect(),
            units: self.column_units().into_iter().zip(inverses).collect(),
            x_r: s.x_r.iter().map(|v| v * root).collect(),
            beta0: s.beta0.clone(),
            y_scale: s.y_scale * root,
            n: s.n,
        })
    }

    /// `U` of each term with `W^½Z = Z̃ (I ⊗ U)`.
    pub(crate) fn column_units(&self) -> Vec<Vec<f64>> {
        let root = self.units.scaling.w_scale.sqrt();
        self.units.scaling.terms.iter().map(|t| t.inverse.iter().map(|v| v * root).collect()).collect()
    }

    /// For each level, term by term, the number of the connected part that it belongs to: the first of its levels. Two levels are
    /// connected where their product is not zero.
    pub fn connected(&self) -> Vec<i64> {
        let places = Places::new(self);
        let mut parent: Vec<usize> = (0..places.n_levels).collect();
        entries(&self.system.cp, &places, |i, j, _| {
            let (a, b) = (places.level[i] as usize, places.level[j] as usize);
            if a != b {
                let (a, b) = (root(&mut parent, a), root(&mut parent, b));
                parent[a.max(b)] = a.min(b);
            }
        });
        (0..places.n_levels).map(|level| root(&mut parent, level) as i64).collect()
    }
}

/// The least level of a part, found by halving the way to it.
fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}

impl Places {
    fn new(problem: &Problem) -> Places {
        let terms = problem.terms();
        let (mut first, mut first_level) = (vec![0], vec![0]);
        let mut level = Vec::new();
        for (t, shape) in terms.iter().enumerate() {
            first.push(first[t] + shape.n_levels * shape.k);
            first_level.push(first_level[t] + shape.n_levels);
            level.extend((0..shape.n_levels * shape.k).map(|c| (first_level[t] + c / shape.k) as u32));
        }
        let of_block = |b: &Block| {
            let mut columns = vec![0; b.n_levels * b.k];
            for &(t, offset) in &b.terms {
                let k = terms[t].k;
                for (j, c) in (0..b.n_levels).flat_map(|j| (0..k).map(move |c| (j, c))) {
                    columns[j * b.k + offset + c] = (first[t] + j * k + c) as u32;
                }
            }
            columns
        };
        let column = problem.system.cp.layout.blocks.iter().map(of_block).collect();
        Places { column, level, n_levels: first_level[terms.len()] }
    }

    /// Columns of the tail.
    fn tail(&self, layout: &Layout) -> Vec<u32> {
        self.column[layout.n_chain..].concat()
    }
}

/// Calls `f(i, j, value)` once for each pair of random columns whose product is not zero.
fn entries(cp: &CrossProducts, places: &Places, mut f: impl FnMut(usize, usize, f64)) {
    let tail = places.tail(&cp.layout);
    let mut told = |i: u32, j: u32, v: f64| {
        if v != 0.0 {
            f(i as usize, j as usize, v);
        }
    };
    for (c, chain) in cp.chain.iter().enumerate() {
        for j in 0..chain.n_levels {
            of_level(chain, &places.column[c..cp.layout.n_chain], &cp.layout, c, j, &tail, &mut told);
        }
    }
    match &cp.tail {
        Tail::Full(t) => {
            for j in 0..t.q {
                t.value[j * t.m + j..j * t.m + t.q].iter().zip(&tail[j..]).for_each(|(v, &i)| told(tail[j], i, *v));
            }
        }
        Tail::Sparse(t) => {
            let mut of_place = vec![0; tail.len()];
            t.pattern.place.iter().zip(&tail).for_each(|(&at, &i)| of_place[at] = i);
            for j in 0..tail.len() {
                let slots = t.pattern.start[j]..t.pattern.start[j + 1];
                slots.for_each(|s| told(of_place[j], of_place[t.pattern.row[s]], t.value[s]));
            }
        }
    }
}

/// Entries of level `j` of chain block `c`; `columns` are those of this block and the coarser ones.
fn of_level(
    chain: &Chain,
    columns: &[Vec<u32>],
    layout: &Layout,
    c: usize,
    j: usize,
    tail: &[u32],
    told: &mut impl FnMut(u32, u32, f64),
) {
    let (k, head) = (chain.k, chain.head);
    let pattern = chain.pattern(j);
    for r in 0..k {
        let own = &columns[0][j * k..(j + 1) * k];
        let a = &chain.a[(j * k + r) * k..(j * k + r + 1) * k];
        own[..=r].iter().zip(a).for_each(|(&other, v)| told(own[r], other, *v));
        let mut at = (j * k + r) * head;
        for (i, parents) in chain.parents.iter().enumerate() {
            let width = layout.blocks[c + 1 + i].k;
            let coarse = &columns[1 + i][parents[j] as usize * width..][..width];
            coarse.iter().zip(&chain.a_head[at..at + width]).for_each(|(&other, v)| told(own[r], other, *v));
            at += width;
        }
        let pairs = &chain.a_pair[chain.start[j] * k + r * pattern.len()..][..pattern.len()];
        pattern.iter().zip(pairs).for_each(|(&s, v)| told(own[r], tail[s as usize], *v));
    }
}

/// `Z̃'[X̃ ỹ]` in the order of the terms.
fn border(cp: &CrossProducts, places: &Places, width: usize) -> Vec<f64> {
    let mut out = vec![0.0; places.level.len() * width];
    for (chain, columns) in cp.chain.iter().zip(&places.column) {
        for (row, &i) in chain.a_head.chunks_exact(chain.head).zip(columns) {
            out[i as usize * width..][..width].copy_from_slice(&row[chain.head - width..]);
        }
    }
    for (at, &i) in places.tail(&cp.layout).iter().enumerate() {
        out[i as usize * width..][..width].copy_from_slice(&cp.tail.border(at)[..width]);
    }
    out
}
