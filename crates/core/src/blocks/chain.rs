//! Blocks that are eliminated level by level: nested in each other, so that nothing fills.

use crate::design::pattern::Pattern;
use crate::parallel;

/// One eliminated block: per level `j` the `k × k` block `A_jj`, its products with the coarser blocks of the chain, X and y
/// (`k × head`), and with the columns of the tail that occur together with it (`k × count`, sparse).
#[derive(Clone, Debug)]
pub struct Chain {
    pub k: usize,
    pub n_levels: usize,
    /// Columns of the dense border: coarser chain blocks, X, y.
    pub head: usize,
    pub a: Vec<f64>,
    pub a_head: Vec<f64>,
    /// Tail columns of level `j`: `column[start[j]..start[j + 1]]`, increasing.
    pub start: Vec<usize>,
    pub column: Vec<u32>,
    /// `k × count` per level, row-major, at `start[j] * k`.
    pub a_pair: Vec<f64>,
    /// Bounds of the ranges of tail columns that are updated as one piece of work, X and y included.
    pub tiles: Vec<usize>,
    /// For each coarser block of the chain the level that contains level `j`.
    pub parents: Vec<Vec<u32>>,
    /// Where the pairs of tail columns of level `j` (row by row of the upper triangle) stand in a sparse tail, from
    /// `slot_start[j]` on; empty for a full one.
    pub slot: Vec<u32>,
    pub slot_start: Vec<usize>,
}

impl Chain {
    /// Tail columns of level `j`.
    pub fn pattern(&self, j: usize) -> &[u32] {
        &self.column[self.start[j]..self.start[j + 1]]
    }

    /// Tail columns of level `j` as a range if they follow each other, as in complete crossings.
    pub fn run(&self, j: usize) -> Option<std::ops::Range<usize>> {
        let pattern = self.pattern(j);
        let range = *pattern.first()? as usize..*pattern.last()? as usize + 1;
        (range.len() == pattern.len()).then_some(range)
    }

    /// Range of level `j` in `a_pair`.
    pub fn pair_range(&self, j: usize) -> std::ops::Range<usize> {
        self.start[j] * self.k..self.start[j + 1] * self.k
    }

    /// Places in a sparse tail of the pairs of tail columns of level `j`.
    pub fn slots(&self, j: usize) -> &[u32] {
        &self.slot[self.slot_start[j]..self.slot_start[j + 1]]
    }

    /// Finds the places of all pairs in a sparse tail.
    pub fn find_slots(&mut self, pattern: &Pattern) {
        let found = parallel::map_ranges(self.n_levels, 256, |levels| {
            let mut slots = Vec::new();
            for j in levels {
                let own = self.pattern(j);
                for (s, &a) in own.iter().enumerate() {
                    slots.extend(own[s..].iter().map(|&b| pattern.slot(a as usize, b as usize) as u32));
                }
            }
            slots
        });
        self.slot = found.concat();
        let pairs = |j: usize| (self.start[j + 1] - self.start[j]) * (self.start[j + 1] - self.start[j] + 1) / 2;
        self.slot_start = vec![0; self.n_levels + 1];
        for j in 0..self.n_levels {
            self.slot_start[j + 1] = self.slot_start[j] + pairs(j);
        }
    }
}

/// One eliminated block at one value of T.
#[derive(Clone, Debug, Default)]
pub struct ChainFactor {
    /// Cholesky factors of `D_j = T' A*_jj T + I`.
    pub l: Vec<f64>,
    /// `Y_j` on the dense border.
    pub y_head: Vec<f64>,
    /// `Y_j` on the tail columns of the level.
    pub y_pair: Vec<f64>,
    /// `A*` of the block; empty for the finest one, whose `A*` is A.
    pub a: Vec<f64>,
    pub a_head: Vec<f64>,
    pub a_pair: Vec<f64>,
}
