//! Which random terms are eliminated level by level, and which make up the dense tail.

use crate::design::local::Local;

/// The columns of one random term.
#[derive(Clone, Debug)]
pub enum Columns {
    /// A grouping factor: the level of each row, and the term's `k` values per row (row-major), or ones.
    Group { codes: Vec<u32>, values: Option<Vec<f64>> },
    /// Any matrix with `n_levels · k` columns, as compressed rows.
    Matrix { row_start: Vec<usize>, column: Vec<u32>, value: Vec<f64> },
    /// Cubics between knots, times a map.
    Local(Local),
}

/// One random term as the user handed it in.
#[derive(Clone, Debug)]
pub struct Term {
    pub columns: Columns,
    pub n_levels: usize,
    /// Columns per level.
    pub k: usize,
    /// Sizes of the unstructured diagonal blocks of the covariance: `[k]`, or ones for independent columns.
    pub parts: Vec<usize>,
    /// Equal for terms with the same grouping factor; `usize::MAX` for matrices.
    pub factor: usize,
}

/// All terms on one grouping factor, or one matrix: `k` columns for each of `n_levels` levels.
#[derive(Clone, Debug)]
pub struct Block {
    pub k: usize,
    pub n_levels: usize,
    /// Terms and the offset of their columns within the block.
    pub terms: Vec<(usize, usize)>,
    /// Whether each row has one level.
    pub grouped: bool,
    /// First column in the tail (0 for eliminated blocks).
    pub tail_start: usize,
}

/// One unstructured covariance block `S` (`k × k`), repeated over the levels of its block.
#[derive(Clone, Debug)]
pub struct Part {
    pub term: usize,
    /// Offset within the term.
    pub within: usize,
    pub k: usize,
    pub block: usize,
    /// Offset within the block.
    pub offset: usize,
}

/// Order of elimination: `blocks[..n_chain]` are nested in each other, finest first, and never fill; the others are the tail.
#[derive(Clone, Debug)]
pub struct Layout {
    pub blocks: Vec<Block>,
    pub n_chain: usize,
    pub q_tail: usize,
    pub p: usize,
    pub parts: Vec<Part>,
}

impl Layout {
    /// Takes the factor with the most levels first, then each larger factor in which all before it are nested, up to `longest`.
    pub fn new(terms: &[Term], p: usize, longest: usize) -> Layout {
        let mut blocks: Vec<Block> = Vec::new();
        for (t, term) in terms.iter().enumerate() {
            let same = |b: &&mut Block| term.factor != usize::MAX && terms[b.terms[0].0].factor == term.factor;
            match blocks.iter_mut().find(same) {
                Some(b) => {
                    b.terms.push((t, b.k));
                    b.k += term.k;
                }
                None => blocks.push(Block {
                    k: term.k,
                    n_levels: term.n_levels,
                    terms: vec![(t, 0)],
                    grouped: term.factor != usize::MAX,
                    tail_start: 0,
                }),
            }
        }
        let n_chain = order_blocks(&mut blocks, terms, longest);
        let mut q_tail = 0;
        for b in &mut blocks[n_chain..] {
            b.tail_start = q_tail;
            q_tail += b.k * b.n_levels;
        }
        let parts = list_parts(&blocks, terms);
        Layout { blocks, n_chain, q_tail, p, parts }
    }

    /// Order of the tail matrix: random columns, fixed columns, response.
    pub fn tail_size(&self) -> usize {
        self.q_tail + self.p + 1
    }

    /// Number of columns of Z.
    pub fn n_random(&self) -> usize {
        self.blocks.iter().map(|b| b.k * b.n_levels).sum()
    }

    /// The same blocks with nothing eliminated level by level: all of them in the tail.
    pub fn flat(&self) -> Layout {
        let mut out = Layout { n_chain: 0, q_tail: 0, ..self.clone() };
        for b in &mut out.blocks {
            b.tail_start = out.q_tail;
            out.q_tail += b.k * b.n_levels;
        }
        out
    }

    /// Whether there is one grouping factor and nothing else.
    pub fn is_single(&self) -> bool {
        self.blocks.len() == 1 && self.n_chain == 1
    }

    /// The blocks of the tail with their numbers.
    pub fn tail_blocks(&self) -> impl Iterator<Item = (usize, &Block)> {
        self.blocks.iter().enumerate().skip(self.n_chain)
    }

    /// Block-diagonal `k × k` matrix of a block from the matrices of its parts.
    pub fn assemble(&self, per_part: &[Vec<f64>], block: usize) -> Vec<f64> {
        let k = self.blocks[block].k;
        let mut out = vec![0.0; k * k];
        for (part, m) in self.parts.iter().zip(per_part).filter(|(part, _)| part.block == block) {
            for r in 0..part.k {
                for c in 0..part.k {
                    out[(part.offset + r) * k + part.offset + c] = m[r * part.k + c];
                }
            }
        }
        out
    }
}

/// Sorts the blocks into chain and tail; returns the length of the chain.
fn order_blocks(blocks: &mut Vec<Block>, terms: &[Term], longest: usize) -> usize {
    let codes = |b: &Block| match &terms[b.terms[0].0].columns {
        Columns::Group { codes, .. } => Some(codes.as_slice()),
        Columns::Matrix { .. } | Columns::Local(_) => None,
    };
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    order.sort_by_key(|&b| std::cmp::Reverse(blocks[b].n_levels * blocks[b].k));
    let mut chain: Vec<usize> = Vec::new();
    let mut by_levels: Vec<usize> = order.iter().copied().filter(|&b| codes(&blocks[b]).is_some()).collect();
    if let Some(&first) = by_levels.first() {
        chain.push(first);
        by_levels.sort_by_key(|&b| std::cmp::Reverse(blocks[b].n_levels));
        for &b in by_levels.iter().filter(|&&b| b != first) {
            let finest = &blocks[chain[chain.len() - 1]];
            if chain.len() < longest
                && let (Some(fine), Some(coarse)) = (codes(finest), codes(&blocks[b]))
                && is_nested(fine, coarse, finest.n_levels)
            {
                chain.push(b);
            }
        }
    }
    let tail: Vec<usize> = order.iter().copied().filter(|b| !chain.contains(b)).collect();
    *blocks = chain.iter().chain(&tail).map(|&b| blocks[b].clone()).collect();
    chain.len()
}

fn list_parts(blocks: &[Block], terms: &[Term]) -> Vec<Part> {
    let mut parts = Vec::new();
    for (t, term) in terms.iter().enumerate() {
        for (b, block) in blocks.iter().enumerate() {
            for &(_, start) in block.terms.iter().filter(|&&(owner, _)| owner == t) {
                let mut within = 0;
                for &k in &term.parts {
                    parts.push(Part { term: t, within, k, block: b, offset: start + within });
                    within += k;
                }
            }
        }
    }
    parts
}

fn is_nested(fine: &[u32], coarse: &[u32], n_fine: usize) -> bool {
    parents(fine, coarse, n_fine).is_some()
}

/// The coarse level of each fine level, if there is only one.
pub fn parents(fine: &[u32], coarse: &[u32], n_fine: usize) -> Option<Vec<u32>> {
    let mut parent = vec![u32::MAX; n_fine];
    for (&f, &c) in fine.iter().zip(coarse) {
        let slot = &mut parent[f as usize];
        if *slot == u32::MAX {
            *slot = c;
        } else if *slot != c {
            return None;
        }
    }
    // a level without rows may hang anywhere
    parent.iter_mut().filter(|c| **c == u32::MAX).for_each(|c| *c = 0);
    Some(parent)
}
