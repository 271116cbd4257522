//! Between the user's units and those of the engine, for factors of S, changes of S and slopes by S.

use crate::directions::Change;
use crate::layout::{Layout, Part};
use crate::scaling::Scaling;
use crate::small;

/// Maps from the user's random columns to the engine's.
#[derive(Clone, Debug)]
pub struct Units {
    parts: Vec<Part>,
    /// Columns of each term.
    sizes: Vec<usize>,
    /// `S = m S_user m'` per part (`k × k`).
    to_internal: Vec<Vec<f64>>,
}

impl Units {
    /// From the scales of the columns and the mean of the weights.
    pub fn new(layout: &Layout, scaling: &Scaling, sizes: Vec<usize>) -> Units {
        let to_internal = |p: &Part| {
            let own = block_of(p, &scaling.terms[p.term].inverse, sizes[p.term]);
            own.iter().map(|v| v * scaling.w_scale.sqrt()).collect()
        };
        Units { to_internal: layout.parts.iter().map(to_internal).collect(), parts: layout.parts.clone(), sizes }
    }

    /// Roots of S per part from those of the terms.
    pub fn roots(&self, t: &[Vec<f64>]) -> Vec<(Vec<f64>, usize)> {
        let root = |(p, m): (&Part, &Vec<f64>)| {
            (small::multiply(m, &block_of(p, &t[p.term], self.sizes[p.term]), p.k, p.k, p.k), p.k)
        };
        self.parts.iter().zip(&self.to_internal).map(root).collect()
    }

    /// A change of S per part from symmetric matrices of terms.
    pub fn change(&self, of_terms: &[(usize, Vec<f64>)]) -> Change {
        let mut out = Vec::new();
        for (term, d) in of_terms {
            for (i, p) in self.parts.iter().enumerate().filter(|(_, p)| p.term == *term) {
                let own = block_of(p, d, self.sizes[*term]);
                let back = small::transpose(&self.to_internal[i], p.k, p.k);
                out.push((i, small::congruence(&own, &back, p.k, p.k)));
            }
        }
        out
    }

    /// Slopes by S of the terms (zero between parts) from those of the parts.
    pub fn slopes(&self, of_parts: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut out: Vec<Vec<f64>> = self.sizes.iter().map(|k| vec![0.0; k * k]).collect();
        for ((p, m), slope) in self.parts.iter().zip(&self.to_internal).zip(of_parts) {
            let k = self.sizes[p.term];
            let own = small::congruence(slope, m, p.k, p.k);
            own.iter().enumerate().for_each(|(i, v)| out[p.term][(p.within + i / p.k) * k + p.within + i % p.k] = *v);
        }
        out
    }
}

/// `k × k` block of a term's matrix that belongs to a part.
pub fn block_of(part: &Part, m: &[f64], k: usize) -> Vec<f64> {
    (0..part.k * part.k).map(|i| m[(part.within + i / part.k) * k + part.within + i % part.k]).collect()
}
