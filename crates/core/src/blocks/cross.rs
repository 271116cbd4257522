//! Cross-products A = [Z X y]'W[Z X y] in blocks: every evaluation works from them, none from the rows.

use super::chain::Chain;
use super::tail::Tail;
use super::tail::full::FullTail;
use crate::design::layout::{Block, Layout, Part};

/// All cross-products: the chain of eliminated blocks, and the tail with X and y.
#[derive(Clone, Debug)]
pub struct CrossProducts {
    pub layout: Layout,
    pub chain: Vec<Chain>,
    pub tail: Tail,
}

impl CrossProducts {
    /// Cross-products of one block with X and y, and the parts that belong to it.
    pub fn single_block(&self, b: usize) -> (CrossProducts, Vec<usize>) {
        let layout = &self.layout;
        let (block, width) = (&layout.blocks[b], layout.p + 1);
        let k = block.k;
        let (mut a, mut a_head) = (Vec::new(), Vec::new());
        if b < layout.n_chain {
            let chain = &self.chain[b];
            a.clone_from(&chain.a);
            chain.a_head.chunks_exact(chain.head).for_each(|row| a_head.extend(&row[chain.head - width..]));
        } else {
            for first in (0..block.n_levels).map(|level| block.tail_start + level * k) {
                for r in first..first + k {
                    a.extend((first..first + k).map(|s| self.tail.entry(r, s)));
                    a_head.extend(self.tail.border(r));
                }
            }
        }
        let own: Vec<usize> = (0..layout.parts.len()).filter(|&i| layout.parts[i].block == b).collect();
        let parts = own.iter().map(|&i| Part { block: 0, ..layout.parts[i].clone() }).collect();
        let blocks = vec![Block { tail_start: 0, ..block.clone() }];
        let corner: Vec<f64> = (0..width * width).map(|e| self.tail.corner(e / width, e % width)).collect();
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
        (CrossProducts { layout, chain: vec![chain], tail }, own)
    }
}
