//! Coordinates of the search: the distinct elements of S per part, in the directions that the data identify.

use super::facts::Facts;
use super::point::Point;
use super::root::{PartRoot, Root, null_space};
use crate::blocks::directions::PartSpace;
use crate::blocks::factor::criterion;
use crate::matrix::row_major;

/// Directions with the part that they belong to.
pub type Placed = Vec<(usize, Vec<f64>)>;

/// The search space: per part the identified directions (`basis`, `k × d`), so that `S = basis · S̃ · basis'`.
#[derive(Clone, Debug)]
pub struct Space {
    pub reml: bool,
    pub parts: Vec<PartSpace>,
    /// `n` or `n − p`.
    pub m: f64,
}

impl Space {
    /// All directions of every part.
    pub fn new(facts: &Facts, reml: bool) -> Space {
        let m = if reml { facts.n - facts.p } else { facts.n } as f64;
        Space::of_sizes(facts.parts.iter().map(|p| p.k), m, reml)
    }

    /// The same from the orders of the parts, and `m` degrees of freedom.
    pub fn of_sizes(sizes: impl Iterator<Item = usize>, m: f64, reml: bool) -> Space {
        let part = |k: usize| PartSpace { k, d: k, basis: row_major::identity(k) };
        Space { reml, parts: sizes.map(part).collect(), m }
    }

    /// Number of distinct elements of S̃.
    pub fn n_elements(&self) -> usize {
        self.parts.iter().map(|p| p.d * (p.d + 1) / 2).sum()
    }

    /// (part, row, column) of each distinct element, lower triangles column by column.
    pub fn elements(&self) -> Vec<(usize, usize, usize)> {
        let of_part = |(i, p): (usize, &PartSpace)| -> Vec<_> {
            (0..p.d).flat_map(|c| (c..p.d).map(move |r| (i, r, c))).collect()
        };
        self.parts.iter().enumerate().flat_map(of_part).collect()
    }

    /// Distinct elements of the matrices.
    pub fn pack(&self, s: &[Vec<f64>]) -> Vec<f64> {
        self.elements().iter().map(|&(i, r, c)| s[i][r * self.parts[i].d + c]).collect()
    }

    /// Symmetric matrices from a gradient, whose off-diagonal elements count twice.
    pub fn unpack_gradient(&self, g: &[f64]) -> Vec<Vec<f64>> {
        let mut out: Vec<Vec<f64>> = self.parts.iter().map(|p| vec![0.0; p.d * p.d]).collect();
        for (&(i, r, c), v) in self.elements().iter().zip(g) {
            let d = self.parts[i].d;
            let v = if r == c { *v } else { v / 2.0 };
            out[i][r * d + c] = v;
            out[i][c * d + r] = v;
        }
        out
    }

    /// `<m, E_i>` for every element.
    pub fn pack_gradient(&self, m: &[Vec<f64>]) -> Vec<f64> {
        let value = |&(i, r, c): &(usize, usize, usize)| {
            if r == c { m[i][r * self.parts[i].d + c] } else { 2.0 * m[i][r * self.parts[i].d + c] }
        };
        self.elements().iter().map(value).collect()
    }

    /// T per part from roots F of S̃ (`d × r` per part).
    pub fn factors(&self, roots: &[PartRoot]) -> Vec<Vec<f64>> {
        let factor = |(p, (f, r)): (&PartSpace, &PartRoot)| {
            row_major::lower_factor(&row_major::multiply(&p.basis, f, p.k, p.d, *r), p.k, *r)
        };
        self.parts.iter().zip(roots).map(factor).collect()
    }

    /// Rounding of the criterion at a point; the response has mean square one, so that 1/σ² of it cancels in the
    /// squares of the residual, and 1/σ in the residual itself.
    pub fn noise(&self, point: &Point) -> f64 {
        let lost = if point.by_rows {
            // large columns of ZΛ are taken from the response before it is seen what they leave
            let largest = point.s.iter().flatten().fold(0.0_f64, |a, v| a.max(*v));
            self.m * (4e-16 / point.sigma2.sqrt() + 1e-16 * largest.sqrt())
        } else {
            4e-16 * self.m / point.sigma2
        };
        1e-13 * point.criterion.abs().max(self.m) + lost
    }

    /// The profiled criterion.
    pub fn criterion(&self, log_det_z: f64, log_det_x: f64, r2: f64) -> f64 {
        criterion(log_det_z, if self.reml { log_det_x } else { 0.0 }, r2, self.m)
    }

    /// Number of matrix units of all parts.
    pub fn n_units(&self) -> usize {
        self.parts.iter().map(|p| p.k * p.k).sum()
    }

    /// Coefficients of `basis E_i N basis⁺` on the matrix units, one column per element of S̃ (`units × elements`).
    pub fn directions(&self, n: &[Vec<f64>]) -> Vec<f64> {
        let elements = self.elements();
        let mut out = vec![0.0; self.n_units() * elements.len()];
        for (i, &(part, r, c)) in elements.iter().enumerate() {
            let p = &self.parts[part];
            let start: usize = self.parts[..part].iter().map(|q| q.k * q.k).sum();
            let mut e = vec![0.0; p.d * p.d];
            e[r * p.d + c] = 1.0;
            e[c * p.d + r] = 1.0;
            let en = row_major::multiply(&e, &n[part], p.d, p.d, p.d);
            let left = row_major::multiply(&p.basis, &en, p.k, p.d, p.d);
            let full = row_major::multiply(&left, &row_major::transpose(&p.basis, p.k, p.d), p.k, p.d, p.k);
            full.iter().enumerate().for_each(|(u, v)| out[(start + u) * elements.len() + i] = *v);
        }
        out
    }

    /// Directions of S without variance by part, and T per part.
    pub fn rank_of(&self, s: &[Vec<f64>]) -> (Placed, Vec<Vec<f64>>) {
        let mut null = Vec::new();
        for (i, (p, s)) in self.parts.iter().zip(s).enumerate() {
            let (v, free) = null_space(s, p.d);
            let full = row_major::multiply(&p.basis, &v, p.k, p.d, free);
            null.extend((0..free).map(|c| (i, (0..p.k).map(|r| full[r * free + c]).collect())));
        }
        (null, self.lower_factors(s))
    }

    /// T per part from S̃ per part.
    pub fn lower_factors(&self, s: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let factor = |(p, s): (&PartSpace, &Vec<f64>)| {
            let root = Root::new(s, p.d);
            row_major::lower_factor(&row_major::multiply(&p.basis, &root.matrix(), p.k, p.d, root.rank), p.k, root.rank)
        };
        self.parts.iter().zip(s).map(factor).collect()
    }
}
