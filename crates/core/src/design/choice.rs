//! Whether the tail is kept full or sparse.

use super::layout::{Columns, Layout, Term};
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

/// Layout and, for a sparse tail, its pattern.
pub fn choose(
    terms: &mut [Term],
    p: usize,
    n_rows: usize,
    choice: Choice,
) -> Result<(Layout, Option<Arc<Pattern>>), CoreError> {
    let full = Layout::new(terms, p, usize::MAX);
    let look = match choice {
        Choice::Auto => full.q_tail >= WORTH_A_LOOK,
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
    if choice == Choice::Auto && groups.pairs(&layout) > 0.35 * size * size {
        return Ok((full, None));
    }
    let pattern = Pattern::new(&groups, &layout)?;
    if choice == Choice::Sparse || SPARSE_SLOWER * pattern.flops < full_flops(&full) {
        return Ok((layout, Some(Arc::new(pattern))));
    }
    Ok((full, None))
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
