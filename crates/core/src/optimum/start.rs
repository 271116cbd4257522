//! Where the search begins when evaluations are dear: each grouping factor fitted alone costs next to nothing.

use super::outcome::End;
use super::state::Space;
use super::{Control, Search};
use crate::cross::{Chain, CrossProducts};
use crate::layout::{Layout, Part};
use crate::single::Single;
use crate::small;
use crate::tail::Tail;
use crate::tail::full::FullTail;

/// Random tail columns from which an evaluation is dearer than the fits of single factors.
const WORTH_IT: usize = 64;

/// S per part from the fits of each block alone; none where that is not worth it or not defined.
///
/// With `G_b` the covariance and `σ_b²` the residual variance of the fit of block b, σ² is what the others leave of `σ_b²`
/// (columns have mean square one, so a block's share of the variance is `tr G_b`).
pub fn marginal(cp: &CrossProducts, n_obs: usize, reml: bool) -> Option<Vec<Vec<f64>>> {
    let layout = &cp.layout;
    if layout.q_tail < WORTH_IT || layout.blocks.iter().any(|b| !b.grouped || b.k > 4) {
        return None;
    }
    let mut covariance: Vec<Vec<f64>> = vec![Vec::new(); layout.parts.len()];
    let (mut residual, mut shares) = (f64::INFINITY, Vec::new());
    for b in 0..layout.blocks.len() {
        let (alone, parts) = single_block(cp, b);
        let space = Space::new(&alone, n_obs, reml);
        let control = Control { max_iterations: 4, tolerance: 1e-2 };
        let identity: Vec<_> = space.parts.iter().map(|p| (small::identity(p.d), p.d)).collect();
        let point = space.evaluate(&alone, &identity).ok()?;
        let fit = Search::new(&alone, &control).run(&space, point, None, Vec::new(), &mut |_, _| true);
        let fit = fit.and_then(End::optimum).ok()?;
        let mut share = 0.0;
        for (&part, s) in parts.iter().zip(&fit.point.s) {
            let k = layout.parts[part].k;
            covariance[part] = s.iter().map(|v| v * fit.point.sigma2).collect();
            share += (0..k).map(|i| covariance[part][i * k + i]).sum::<f64>();
        }
        residual = residual.min(fit.point.sigma2);
        shares.push((share, fit.point.sigma2));
    }
    let total = shares.iter().map(|(share, sigma2)| share + sigma2).fold(f64::INFINITY, f64::min);
    let sigma2 = (total - shares.iter().map(|(share, _)| share).sum::<f64>()).max(0.3 * residual);
    let start = |(part, g): (&Part, &Vec<f64>)| -> Vec<f64> {
        let k = part.k;
        // away from the boundary: a zero of one factor alone need not be one beside the others
        (0..k * k).map(|e| g[e] / sigma2 + if e / k == e % k { 0.01 } else { 0.0 }).collect()
    };
    Some(layout.parts.iter().zip(&covariance).map(start).collect())
}

/// Cross-products of one block with X and y, and the parts that belong to it.
fn single_block(cp: &CrossProducts, b: usize) -> (CrossProducts, Vec<usize>) {
    let layout = &cp.layout;
    let (block, width) = (&layout.blocks[b], layout.p + 1);
    let k = block.k;
    let (mut a, mut a_head) = (Vec::new(), Vec::new());
    if b < layout.n_chain {
        let chain = &cp.chain[b];
        a.clone_from(&chain.a);
        chain.a_head.chunks_exact(chain.head).for_each(|row| a_head.extend(&row[chain.head - width..]));
    } else {
        for first in (0..block.n_levels).map(|level| block.tail_start + level * k) {
            for r in first..first + k {
                a.extend((first..first + k).map(|s| cp.tail.entry(r, s)));
                a_head.extend(cp.tail.border(r));
            }
        }
    }
    let own: Vec<usize> = (0..layout.parts.len()).filter(|&i| layout.parts[i].block == b).collect();
    let parts = own.iter().map(|&i| Part { block: 0, ..layout.parts[i].clone() }).collect();
    let blocks = vec![crate::layout::Block { tail_start: 0, ..block.clone() }];
    let corner: Vec<f64> = (0..width * width).map(|e| cp.tail.corner(e / width, e % width)).collect();
    let tail = Tail::Full(FullTail { value: corner.into(), m: width, q: 0 });
    let chain = Chain {
        k,
        n_levels: block.n_levels,
        head: width,
        a,
        a_head,
        start: vec![0; block.n_levels + 1],
        column: Vec::new(),
        a_pair: Vec::new(),
        tiles: vec![0, width],
        slot: Vec::new(),
        slot_start: Vec::new(),
        parents: Vec::new(),
    };
    let layout = Layout { blocks, n_chain: 1, q_tail: 0, p: layout.p, parts };
    let mut alone = CrossProducts { layout, chain: vec![chain], tail, single: None, rows: None };
    alone.single = Single::new(&alone);
    (alone, own)
}
