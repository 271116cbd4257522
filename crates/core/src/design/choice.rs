//! Whether the tail is kept full or sparse.

use super::layout::{Block, Columns, Layout, Term};
use super::pattern::{Groups, Pattern};
use crate::error::CoreError;
use std::sync::Arc;

/// How the tail is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// By predicted work.
    Auto,
    Full,
    Sparse,
}

/// A flop of the sparse factor takes this many times longer than one of the full one.
const SPARSE_SLOWER: f64 = 6.0;

/// Tail columns from which it pays to look for a sparse factor.
const WORTH_A_LOOK: usize = 512;

/// Layout and, for a sparse tail, its pattern; where a full one needs more numbers than there is room for, the smaller of the two.
pub fn choose(
    terms: &mut [Term],
    p: usize,
    n_rows: usize,
    choice: Choice,
    room: Option<usize>,
) -> Result<(Layout, Option<Arc<Pattern>>), CoreError> {
    let full = Layout::new(terms, p, usize::MAX);
    let is_tight = room.is_some_and(|room| numbers(n_rows, &full, None).all() > room);
    let look = match choice {
        Choice::Auto => full.q_tail >= WORTH_A_LOOK || is_tight && full.q_tail > 0,
        Choice::Full => false,
        Choice::Sparse => full.q_tail > 0,
    };
    if !look {
        return Ok((full, None));
    }
    write_out(terms);
    // nested coarser factors find their places in the order of the sparse tail
    let layout = Layout::new(terms, p, 1);
    let groups = Groups::new(terms, &layout, n_rows);
    let size = full.q_tail as f64;
    if choice == Choice::Auto && !is_tight && groups.pairs(&layout) > 0.35 * size * size {
        return Ok((full, None));
    }
    let pattern = Pattern::new(&groups, &layout)?;
    let is_smaller = is_tight && numbers(n_rows, &layout, Some(&pattern)).all() < numbers(n_rows, &full, None).all();
    if choice == Choice::Sparse || is_smaller || SPARSE_SLOWER * pattern.flops < full_flops(&full) {
        return Ok((layout, Some(Arc::new(pattern))));
    }
    Ok((full, None))
}

/// How many numbers the cross-products are, at most.
pub struct Numbers {
    pub products: usize,
    /// Those of the tail among them.
    pub tail: usize,
}

impl Numbers {
    /// With the factor of the tail and its inverse.
    pub fn all(&self) -> usize {
        self.products.saturating_add(self.tail.saturating_mul(2))
    }
}

/// Counts the cross-products of `n` rows.
pub fn numbers(n: usize, layout: &Layout, pattern: Option<&Pattern>) -> Numbers {
    let per_row: usize = layout.tail_blocks().map(|(_, b)| b.k).sum();
    let of_chain = |(c, b): (usize, &Block)| {
        let coarser: usize = layout.blocks[c + 1..layout.n_chain].iter().map(|b| b.k).sum();
        let pairs = (n * per_row).min(b.n_levels.saturating_mul(layout.q_tail));
        b.n_levels * b.k * (b.k + coarser + layout.p + 1) + 2 * b.k * pairs
    };
    let tail = match pattern {
        Some(pattern) => pattern.row.len() + layout.q_tail * (layout.p + 1),
        None => layout.tail_size() * layout.tail_size(),
    };
    let chain: usize = layout.blocks[..layout.n_chain].iter().enumerate().map(of_chain).sum();
    Numbers { products: chain + tail, tail }
}

/// Writes out all local columns row by row.
fn write_out(terms: &mut [Term]) {
    for term in terms {
        if let Columns::Local(local) = &term.columns {
            let (n, q) = (local.n(), local.q);
            term.columns = Columns::Matrix {
                row_start: (0..=n).map(|i| i * q).collect(),
                column: (0..n * q).map(|e| (e % q) as u32).collect(),
                value: local.product(),
            };
        }
    }
}

/// Multiplications of one factorization of a full tail.
pub fn full_flops(layout: &Layout) -> f64 {
    (layout.q_tail as f64).powi(3) / 6.0
}
