//! Coordinates of the effects in which no number is a difference of large ones.

use crate::blocks::directions::Change;
use crate::design::layout::{Layout, Part};
use crate::matrix::{eigen, row_major};

/// N per part, its inverse (`k × k`), and f of all effects.
pub struct Frame {
    pub n: Vec<Vec<f64>>,
    pub inverse: Vec<Vec<f64>>,
    pub f: Vec<f64>,
}

impl Frame {
    /// From S per part; `sizes` are the numbers of levels and the first effect of each part, and the distance of its levels.
    pub fn new(s: &[Vec<f64>], layout: &Layout, starts: &[usize], q: usize) -> Frame {
        let mut frame = Frame { n: Vec::new(), inverse: Vec::new(), f: vec![0.0; q] };
        for (part, s) in layout.parts.iter().zip(s) {
            let k = part.k;
            let (d, v) = eigen::symmetric_eigen(s, k);
            let roots: Vec<f64> = d.iter().map(|d| d.max(0.0).sqrt()).collect();
            frame.n.push((0..k * k).map(|e| v[e] * roots[e % k].max(1.0)).collect());
            frame.inverse.push((0..k * k).map(|e| v[e % k * k + e / k] / roots[e / k].max(1.0)).collect());
            let block = &layout.blocks[part.block];
            for level in 0..block.n_levels {
                let first = starts[part.block] + level * block.k + part.offset;
                (0..k).for_each(|e| frame.f[first + e] = roots[e].min(1.0));
            }
        }
        frame
    }

    /// A change in this frame.
    pub fn change(&self, parts: &[Part], change: &Change) -> Change {
        let own = |(part, d): &(usize, Vec<f64>)| {
            let k = parts[*part].k;
            (*part, row_major::congruence(d, &row_major::transpose(&self.inverse[*part], k, k), k, k))
        };
        change.iter().map(own).collect()
    }
}
