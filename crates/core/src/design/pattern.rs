//! Which entries of a sparse tail are not zero, in which order it is eliminated, and what that costs.
//!
//! Eliminating one level of the finest factor joins all tail levels that occur together with it. The graph of these joins is
//! ordered by approximate minimum degree, level by level: the columns of a level stay together.

use crate::design::layout::{Columns, Layout, Term};
use crate::error::CoreError;
use crate::parallel;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::sparse::SymbolicSparseColMatRef;
use faer::sparse::linalg::amd;
use faer::sparse::linalg::cholesky::{simplicial, supernodal};

/// The columns of one level of one tail block.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Place of its first column in the order of elimination.
    pub first: usize,
    pub k: usize,
    /// Block of the layout.
    pub block: usize,
    /// Its first column in the order of the layout.
    pub column: usize,
}

/// Structure of the lower triangle of a sparse tail in the order of its elimination, by columns with increasing rows. The
/// columns of a node come one after the other, and each has all of the node's later rows.
pub struct Pattern {
    pub nodes: Vec<Node>,
    /// Place of each tail column in the order of elimination.
    pub place: Vec<usize>,
    pub start: Vec<usize>,
    pub row: Vec<usize>,
    pub factor: supernodal::SymbolicSupernodalCholesky<usize>,
    /// Where each entry stands in the factor.
    pub in_factor: Vec<usize>,
    /// Supernode of each column.
    pub owner: Vec<usize>,
    /// Supernodes that depend on those of earlier lists only, from the roots to the leaves.
    pub waves: Vec<Vec<usize>>,
    /// Multiplications of one factorization.
    pub flops: f64,
}

impl Pattern {
    /// Number of columns.
    pub fn size(&self) -> usize {
        self.place.len()
    }

    /// Index of an entry; it must be part of the pattern. Columns are numbered as in the layout.
    pub fn slot(&self, i: usize, j: usize) -> usize {
        let (a, b) = (self.place[i], self.place[j]);
        self.find(a.max(b), a.min(b)).unwrap_or(usize::MAX)
    }

    /// Index of the entry at a place, if it is part of the pattern.
    pub fn find(&self, row: usize, column: usize) -> Option<usize> {
        let range = self.start[column]..self.start[column + 1];
        self.row[range.clone()].binary_search(&row).ok().map(|at| range.start + at)
    }

    /// The pattern of the tail of `layout`, of which one block at most has been eliminated.
    pub fn new(groups: &Groups, layout: &Layout) -> Result<Pattern, CoreError> {
        let neighbours = groups.neighbours();
        let order = order(&neighbours)?;
        let mut nodes = Vec::with_capacity(order.len());
        let mut place = vec![0; layout.q_tail];
        let mut rank = vec![0; order.len()];
        let mut first = 0;
        for (i, &n) in order.iter().enumerate() {
            rank[n] = i;
            let (block, column) = groups.owner[n];
            let k = layout.blocks[block].k;
            (0..k).for_each(|c| place[column + c] = first + c);
            nodes.push(Node { first, k, block, column });
            first += k;
        }
        let (start, row) = expand(&nodes, &order, &rank, &neighbours);
        let (factor, flops) = analyse(&start, &row)?;
        let in_factor = in_factor(&start, &row, &factor);
        let owner = owners(&factor);
        let waves = waves(&factor, &owner);
        Ok(Pattern { nodes, place, start, row, factor, in_factor, owner, waves, flops })
    }
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pattern of {} columns, {} entries", self.size(), self.row.len())
    }
}

/// Sets of tail levels that occur together: with one level of the eliminated block, or, where there is none, in one row.
pub struct Groups {
    start: Vec<usize>,
    node: Vec<u32>,
    /// Block and first tail column of each node.
    owner: Vec<(usize, usize)>,
}

impl Groups {
    /// Reads them from the rows.
    pub fn new(terms: &[Term], layout: &Layout, n_rows: usize) -> Groups {
        let tail = layout.n_chain..layout.blocks.len();
        let mut owner = Vec::new();
        let mut sources = Vec::new();
        for b in tail {
            let block = &layout.blocks[b];
            sources.push((owner.len(), block.k, &terms[block.terms[0].0].columns));
            owner.extend((0..block.n_levels).map(|level| (b, block.tail_start + level * block.k)));
        }
        let rows: Vec<Vec<u32>> = match layout.n_chain {
            0 => (0..n_rows as u32).map(|i| vec![i]).collect(),
            _ => match &terms[layout.blocks[0].terms[0].0].columns {
                Columns::Group { codes, .. } => {
                    let mut by_level = vec![Vec::new(); layout.blocks[0].n_levels];
                    codes.iter().enumerate().for_each(|(i, &c)| by_level[c as usize].push(i as u32));
                    by_level
                }
                Columns::Matrix { .. } | Columns::Local(_) => Vec::new(),
            },
        };
        let (mut start, mut node) = (vec![0], Vec::new());
        let mut seen = vec![u32::MAX; owner.len()];
        for (g, rows) in rows.iter().enumerate() {
            for &i in rows {
                let i = i as usize;
                for &(first, k, columns) in &sources {
                    let mut visit = |n: usize| {
                        if seen[n] != g as u32 {
                            seen[n] = g as u32;
                            node.push(n as u32);
                        }
                    };
                    match columns {
                        Columns::Group { codes, .. } => visit(first + codes[i] as usize),
                        Columns::Matrix { row_start, column, .. } => {
                            column[row_start[i]..row_start[i + 1]].iter().for_each(|&c| visit(first + c as usize / k));
                        }
                        Columns::Local(_) => unreachable!("local columns are written out where the tail may be sparse"),
                    }
                }
            }
            start.push(node.len());
        }
        Groups { start, node, owner }
    }

    /// Entries of the lower triangles of all groups: what eliminating them costs, and at most what they leave.
    pub fn pairs(&self, layout: &Layout) -> f64 {
        let columns = |n: &u32| layout.blocks[self.owner[*n as usize].0].k as f64;
        let size = |w: &[usize]| self.node[w[0]..w[1]].iter().map(columns).sum::<f64>();
        self.start.windows(2).map(|w| 0.5 * size(w) * (size(w) + 1.0)).sum()
    }

    /// For each node the others that occur together with it.
    fn neighbours(&self) -> Vec<Vec<u32>> {
        let mut of_node = vec![Vec::new(); self.owner.len()];
        for (g, w) in self.start.windows(2).enumerate() {
            self.node[w[0]..w[1]].iter().for_each(|&n| of_node[n as usize].push(g as u32));
        }
        parallel::map_ranges(self.owner.len(), 256, |range| {
            let mut seen = vec![u32::MAX; self.owner.len()];
            let one = |n: usize| {
                let mut found = Vec::new();
                seen[n] = n as u32;
                for &g in &of_node[n] {
                    for &other in &self.node[self.start[g as usize]..self.start[g as usize + 1]] {
                        if seen[other as usize] != n as u32 {
                            seen[other as usize] = n as u32;
                            found.push(other);
                        }
                    }
                }
                found
            };
            range.map(one).collect::<Vec<_>>()
        })
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Nodes in the order of elimination.
fn order(neighbours: &[Vec<u32>]) -> Result<Vec<usize>, CoreError> {
    let n = neighbours.len();
    let mut start = vec![0];
    let mut row: Vec<usize> = Vec::new();
    for (i, list) in neighbours.iter().enumerate() {
        // each pair once
        row.extend(list.iter().map(|&j| j as usize).filter(|&j| j < i));
        let from = start[i];
        row[from..].sort_unstable();
        start.push(row.len());
    }
    let upper = SymbolicSparseColMatRef::new_checked(n, n, &start, None, &row);
    let (mut order, mut rank) = (vec![0; n], vec![0; n]);
    let mut memory = MemBuffer::new(amd::order_scratch::<usize>(n, row.len()));
    amd::order(&mut order, &mut rank, upper, amd::Control::default(), MemStack::new(&mut memory))
        .map_err(|e| CoreError::BadInput(format!("the sparse tail could not be ordered: {e:?}")))?;
    Ok(order)
}

/// From nodes to columns: the lower triangle by columns.
fn expand(nodes: &[Node], order: &[usize], rank: &[usize], neighbours: &[Vec<u32>]) -> (Vec<usize>, Vec<usize>) {
    let (mut start, mut row) = (vec![0], Vec::new());
    for (i, node) in nodes.iter().enumerate() {
        let mut later: Vec<usize> = neighbours[order[i]].iter().map(|&n| rank[n as usize]).filter(|&r| r > i).collect();
        later.sort_unstable();
        for c in 0..node.k {
            row.extend(node.first + c..node.first + node.k);
            later.iter().for_each(|&r| row.extend(nodes[r].first..nodes[r].first + nodes[r].k));
            start.push(row.len());
        }
    }
    (start, row)
}

/// Symbolic factor of a lower triangle, and its multiplications.
fn analyse(start: &[usize], row: &[usize]) -> Result<(supernodal::SymbolicSupernodalCholesky<usize>, f64), CoreError> {
    let n = start.len() - 1;
    // the analysis reads the upper triangle
    let mut upper_start = vec![0; n + 1];
    row.iter().for_each(|&i| upper_start[i + 1] += 1);
    (0..n).for_each(|i| upper_start[i + 1] += upper_start[i]);
    let (mut next, mut column) = (upper_start.clone(), vec![0; row.len()]);
    for j in 0..n {
        for &i in &row[start[j]..start[j + 1]] {
            column[next[i]] = j;
            next[i] += 1;
        }
    }
    let upper = SymbolicSparseColMatRef::new_checked(n, n, &upper_start, None, &column);
    let (mut tree, mut counts) = (vec![0isize; n], vec![0usize; n]);
    let scratch = simplicial::prefactorize_symbolic_cholesky_scratch::<usize>(n, row.len());
    let mut memory = MemBuffer::new(scratch.or(supernodal::factorize_supernodal_symbolic_cholesky_scratch::<usize>(n)));
    let tree = simplicial::prefactorize_symbolic_cholesky(&mut tree, &mut counts, upper, MemStack::new(&mut memory));
    let factor = supernodal::factorize_supernodal_symbolic_cholesky(
        upper,
        tree,
        &counts,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .map_err(|e| CoreError::BadInput(format!("the sparse tail could not be analysed: {e:?}")))?;
    let flops = counts.iter().map(|&c| 0.5 * (c as f64) * (c as f64)).sum();
    Ok((factor, flops))
}

/// Place in the factor of each entry of the pattern.
fn in_factor(start: &[usize], row: &[usize], factor: &supernodal::SymbolicSupernodalCholesky<usize>) -> Vec<usize> {
    let mut out = Vec::with_capacity(row.len());
    let mut local = vec![0; start.len() - 1];
    for s in 0..factor.n_supernodes() {
        let (begin, end) = (factor.supernode_begin()[s], factor.supernode_end()[s]);
        let rows = factor.supernode(s).pattern();
        (begin..end).for_each(|i| local[i] = i - begin);
        rows.iter().enumerate().for_each(|(i, &r)| local[r] = end - begin + i);
        let height = end - begin + rows.len();
        for j in begin..end {
            let at = factor.col_ptr_for_val()[s] + (j - begin) * height;
            out.extend(row[start[j]..start[j + 1]].iter().map(|&i| at + local[i]));
        }
    }
    out
}

/// Supernode of each column.
fn owners(factor: &supernodal::SymbolicSupernodalCholesky<usize>) -> Vec<usize> {
    let mut out = vec![0; factor.nrows()];
    (0..factor.n_supernodes()).for_each(|s| out[factor.supernode_begin()[s]..factor.supernode_end()[s]].fill(s));
    out
}

/// Supernodes by their distance from the root of the elimination tree.
fn waves(factor: &supernodal::SymbolicSupernodalCholesky<usize>, owner: &[usize]) -> Vec<Vec<usize>> {
    let n = factor.n_supernodes();
    let mut depth = vec![0; n];
    let mut out: Vec<Vec<usize>> = Vec::new();
    for s in (0..n).rev() {
        depth[s] = factor.supernode(s).pattern().first().map_or(0, |&r| depth[owner[r]] + 1);
        if out.len() <= depth[s] {
            out.resize(depth[s] + 1, Vec::new());
        }
        out[depth[s]].push(s);
    }
    out
}
