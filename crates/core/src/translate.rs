//! Between the user's units and those of the engine.
//!
//! Inside, X is orthonormal, the columns of Z and the response have mean square one, and weights have mean one (`design::scaling`).
//! With `Z = Z_internal R⁻¹` per level and w the mean weight, `S_internal = w R⁻¹ S R⁻ᵀ`: S is relative to σ², and so is w.

use crate::blocks::directions::Change;
use crate::design::layout::{Layout, Part};
use crate::design::scaling::Scaling;
use crate::matrix::row_major;

/// The units of one response.
#[derive(Clone, Debug)]
pub struct Units {
    pub scaling: Scaling,
    parts: Vec<Part>,
    /// Columns of each term, and of each block.
    sizes: Vec<usize>,
    widths: Vec<usize>,
    /// `S = m S_user m'` per part (`k × k`).
    to_internal: Vec<Vec<f64>>,
}

impl Units {
    /// From the scales of rows and columns.
    pub fn new(layout: &Layout, scaling: Scaling, sizes: Vec<usize>) -> Units {
        let root = scaling.w_scale.sqrt();
        let to_internal = |p: &Part| {
            let own = block_of(p, &scaling.terms[p.term].inverse, sizes[p.term]);
            own.iter().map(|v| v * root).collect()
        };
        Units {
            to_internal: layout.parts.iter().map(to_internal).collect(),
            parts: layout.parts.clone(),
            widths: layout.blocks.iter().map(|b| b.k).collect(),
            sizes,
            scaling,
        }
    }

    /// Degrees of freedom of the criterion: rows, for REML those that X leaves.
    pub fn freedom(&self, reml: bool) -> f64 {
        (if reml { self.scaling.n - self.scaling.p } else { self.scaling.n }) as f64
    }

    /// `k × k` block of a term's matrix that belongs to a part.
    pub fn block(&self, part: &Part, m: &[f64]) -> Vec<f64> {
        block_of(part, m, self.sizes[part.term])
    }

    /// Roots of S per part from those of the terms.
    pub fn roots(&self, t: &[Vec<f64>]) -> Vec<(Vec<f64>, usize)> {
        let root =
            |(p, m): (&Part, &Vec<f64>)| (row_major::multiply(m, &self.block(p, &t[p.term]), p.k, p.k, p.k), p.k);
        self.parts.iter().zip(&self.to_internal).map(root).collect()
    }

    /// A change of S per part from symmetric matrices of terms.
    pub fn change(&self, of_terms: &[(usize, Vec<f64>)]) -> Change {
        let mut out = Vec::new();
        for (term, d) in of_terms {
            for (i, p) in self.parts.iter().enumerate().filter(|(_, p)| p.term == *term) {
                let own = self.block(p, d);
                let back = row_major::transpose(&self.to_internal[i], p.k, p.k);
                out.push((i, row_major::congruence(&own, &back, p.k, p.k)));
            }
        }
        out
    }

    /// Slopes by S of the terms (zero between parts) from those of the parts.
    pub fn slopes(&self, of_parts: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let own = |((p, m), slope): ((&Part, &Vec<f64>), &Vec<f64>)| row_major::congruence(slope, m, p.k, p.k);
        let parts: Vec<Vec<f64>> = self.parts.iter().zip(&self.to_internal).zip(of_parts).map(own).collect();
        self.join(&parts)
    }

    /// Matrices of the terms from those of the parts.
    fn join(&self, parts: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut out: Vec<Vec<f64>> = self.sizes.iter().map(|k| vec![0.0; k * k]).collect();
        for (part, m) in self.parts.iter().zip(parts) {
            let k = self.sizes[part.term];
            m.iter()
                .enumerate()
                .for_each(|(i, v)| out[part.term][(part.within + i / part.k) * k + part.within + i % part.k] = *v);
        }
        out
    }

    /// Root of S in internal units, per part: `√w R⁻¹ T`.
    pub fn inner_roots(&self, t: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let root = |part: &Part| {
            let inverse = self.block(part, &self.scaling.terms[part.term].inverse);
            let f = row_major::multiply(&inverse, &self.block(part, &t[part.term]), part.k, part.k, part.k);
            f.iter().map(|v| v * self.scaling.w_scale.sqrt()).collect()
        };
        self.parts.iter().map(root).collect()
    }

    /// What the internal criterion lacks: units of y, X and the weights.
    pub fn criterion_offset(&self, reml: bool) -> f64 {
        let s = &self.scaling;
        let m = self.freedom(reml);
        let fixed = if reml { self.log_det_x_offset() } else { 0.0 };
        m * (s.w_scale * s.y_scale * s.y_scale).ln() + fixed - s.sum_log_w
    }

    /// What the internal `log|X'V⁻¹X|` lacks.
    pub fn log_det_x_offset(&self) -> f64 {
        let s = &self.scaling;
        (0..s.p).map(|i| 2.0 * s.x_r[i * s.p + i].ln()).sum::<f64>() + s.p as f64 * s.w_scale.ln()
    }

    /// Block of a term and the offset of its columns there.
    pub fn place(&self, term: usize) -> (usize, usize) {
        let found = self.parts.iter().find(|p| p.term == term);
        found.map_or((0, 0), |p| (p.block, p.offset - p.within))
    }

    /// Derivatives by S per term in the user's units from those per block in internal ones.
    pub fn outer_slopes(&self, blocks: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let of_term = |(i, &k): (usize, &usize)| {
            let (block, offset) = self.place(i);
            let width = self.widths[block];
            let own: Vec<f64> = (0..k * k).map(|e| blocks[block][(offset + e / k) * width + offset + e % k]).collect();
            let outer = row_major::congruence(&own, &self.scaling.terms[i].inverse, k, k);
            outer.iter().map(|v| v * self.scaling.w_scale).collect()
        };
        self.sizes.iter().enumerate().map(of_term).collect()
    }

    /// Fixed effects.
    pub fn beta(&self, internal: &[f64]) -> Vec<f64> {
        let s = &self.scaling;
        let mut out: Vec<f64> = internal.iter().map(|v| v * s.y_scale).collect();
        row_major::solve_lower_transposed(&row_major::transpose(&s.x_r, s.p, s.p), s.p, &mut out, 1);
        out.iter().zip(&s.beta0).map(|(a, b)| a + b).collect()
    }

    /// T per term in the user's units from T per part in internal ones.
    pub fn outer_factors(&self, t: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let outer = |(p, t): (&Part, &Vec<f64>)| {
            let r = self.block(p, &self.scaling.terms[p.term].r);
            let f: Vec<f64> =
                row_major::multiply(&r, t, p.k, p.k, p.k).iter().map(|v| v / self.scaling.w_scale.sqrt()).collect();
            row_major::lower_factor(&f, p.k, p.k)
        };
        let parts: Vec<Vec<f64>> = self.parts.iter().zip(t).map(outer).collect();
        self.join(&parts)
    }

    /// A null direction of S in the user's units, of length one.
    pub fn outer_direction(&self, part: usize, v: &[f64]) -> Vec<f64> {
        let p = &self.parts[part];
        let inverse = self.block(p, &self.scaling.terms[p.term].inverse);
        let mut out = vec![0.0; p.k];
        row_major::transpose_multiply_add(&mut out, 1.0, &inverse, v, p.k, p.k, 1);
        let norm = row_major::dot(&out, &out).sqrt();
        out.iter().map(|x| x / norm).collect()
    }
}

fn block_of(part: &Part, m: &[f64], k: usize) -> Vec<f64> {
    (0..part.k * part.k).map(|i| m[(part.within + i / part.k) * k + part.within + i % part.k]).collect()
}
