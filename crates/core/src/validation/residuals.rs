//! The residuals of a model, and how they move with its covariances.

use super::frame::Frame;
use crate::design::layout::Layout;
use crate::error::CoreError;
use crate::matrix::{column_major, products, row_major};
use crate::memory;
use crate::system::System;

/// What X leaves of the cross-products, in the dense order of the blocks.
pub struct Validated<'a> {
    pub system: &'a System,
    pub starts: Vec<usize>,
    pub q: usize,
    /// `Z'Q₀Z` (`q × q`), `Z'Q₀y` (`q`) and `y'Q₀y`.
    zz: Vec<f64>,
    zy: Vec<f64>,
    yy: f64,
}

/// What an evaluation leaves: its frame, A, C and `L⁻¹FA` (`q × q`, row-major), h and u.
pub struct Fitted {
    pub frame: Frame,
    a: Vec<f64>,
    h: Vec<f64>,
    c: Vec<f64>,
    half: Vec<f64>,
    u: Vec<f64>,
    pub rss: f64,
    /// `n − tr F`.
    pub freedom: f64,
}

/// Derivatives of the residuals: r, s (`q`), W and U (`q × q`).
pub struct Moved {
    pub r: Vec<f64>,
    pub s: Vec<f64>,
    pub w: Vec<f64>,
    pub u: Vec<f64>,
}

impl<'a> Validated<'a> {
    /// Projects the cross-products of a system on what X leaves.
    pub fn new(system: &'a System) -> Result<Validated<'a>, CoreError> {
        let cp = &system.cp;
        let (p, q, starts) = (cp.layout.p, cp.layout.n_random(), cp.dense_starts());
        memory::check("the matrices of the cross-validation", 10 * q * q)?;
        let mut x: Vec<f64> = (0..p * p).map(|e| cp.tail.corner(e / p, e % p)).collect();
        if !row_major::cholesky(&mut x, p) {
            return Err(CoreError::NotPositiveDefinite { pivot: q });
        }
        // [Z y]'[Z X]: rows of length q + p, then that of y
        let (mut rows, size) = (cp.dense_columns(&starts, q), q + p);
        let response = cp.dense_response(&starts, q);
        rows.extend_from_slice(&response);
        rows.extend((0..p).map(|t| cp.tail.corner(p, t)));
        // L⁻¹X'[Z y] (p × (q + 1)), then [Z y]'[Z y] less its square
        let mut half: Vec<f64> = (q..size).flat_map(|t| rows.iter().skip(t).step_by(size).copied()).collect();
        row_major::solve_lower(&x, p, &mut half, q + 1);
        let mut left: Vec<f64> = Vec::with_capacity((q + 1) * (q + 1));
        for (i, row) in rows.chunks_exact(size).enumerate() {
            left.extend_from_slice(&row[..q]);
            left.push(if i < q { response[i] } else { cp.tail.corner(p, p) });
        }
        products::add_transposed(&mut left, -1.0, &half, &half, (p, q + 1, q + 1));
        let zz = left.chunks_exact(q + 1).take(q).flat_map(|row| row[..q].to_vec()).collect();
        Ok(Validated { system, starts, q, zz, zy: left[q * (q + 1)..][..q].to_vec(), yy: left[q * (q + 2)] })
    }

    pub fn layout(&self) -> &Layout {
        &self.system.cp.layout
    }

    /// `m (I ⊗ N)` for rows of length q.
    fn times(&self, m: &[f64], n: &[Vec<f64>]) -> Vec<f64> {
        let mut out = vec![0.0; m.len()];
        for (part, n) in self.layout().parts.iter().zip(n) {
            let (block, k) = (&self.layout().blocks[part.block], part.k);
            for (to, row) in out.chunks_exact_mut(self.q.max(1)).zip(m.chunks_exact(self.q.max(1))) {
                for at in (0..block.n_levels).map(|j| self.starts[part.block] + j * block.k + part.offset) {
                    for s in 0..k {
                        to[at + s] = (0..k).map(|r| row[at + r] * n[r * k + s]).sum();
                    }
                }
            }
        }
        out
    }

    /// RSS, `n − tr F` and what the derivatives need at S per part.
    pub fn fitted(&self, s: &[Vec<f64>]) -> Result<Fitted, CoreError> {
        let q = self.q;
        let frame = Frame::new(s, self.layout(), &self.starts, q);
        let f = &frame.f;
        let a = self.times(&row_major::transpose(&self.times(&self.zz, &frame.n), q, q), &frame.n);
        let h = self.times(&self.zy, &frame.n);
        let mut omega: Vec<f64> = (0..q * q).map(|e| f[e / q] * a[e] * f[e % q]).collect();
        (0..q).for_each(|i| omega[i * q + i] += 1.0);
        column_major::cholesky(&mut omega, q).map_err(|pivot| CoreError::NotPositiveDefinite { pivot })?;
        // columns of FA, one after the other, then rows of L⁻¹FA
        let mut half: Vec<f64> = (0..q * q).map(|e| f[e % q] * a[e]).collect();
        column_major::solve_lower(&omega, q, q, &mut half, q);
        let half = row_major::transpose(&half, q, q);
        let mut u: Vec<f64> = h.iter().zip(f).map(|(h, f)| h * f).collect();
        column_major::solve_lower(&omega, q, q, &mut u, 1);
        let explained = row_major::dot(&u, &u);
        column_major::solve_lower_transposed(&omega, q, &mut u);
        column_major::invert_in_place(&mut omega, q, q);
        column_major::fill_upper(&mut omega, q);
        let used: f64 = (0..q).map(|i| 1.0 - omega[i * q + i]).sum();
        let rss = self.yy - explained - row_major::dot(&u, &u);
        let freedom = (self.system.n - self.layout().p) as f64 - used;
        if !(rss > 0.0 && freedom > 0.0) {
            return Err(CoreError::NotPositiveDefinite { pivot: q });
        }
        Ok(Fitted { frame, a, h, c: omega, half, u, rss, freedom })
    }

    /// Derivatives of the residuals at a place.
    pub fn moved(&self, at: &Fitted) -> Moved {
        let (q, f) = (self.q, &at.frame.f);
        let fa: Vec<f64> = (0..q * q).map(|e| f[e / q] * at.a[e]).collect();
        let product = |m: &[f64]| {
            let mut out = vec![0.0; q * q];
            products::add(&mut out, 1.0, &at.c, m, (q, q, q));
            out
        };
        let fw = product(&fa);
        let fu = product(&fw);
        // of small effects by differences, in which nothing is large
        let mut w = at.a.clone();
        products::add_transposed(&mut w, -1.0, &at.half, &at.half, (q, q, q));
        let mut u = w.clone();
        products::add_transposed(&mut u, -1.0, &fw, &fw, (q, q, q));
        let small = |i: usize| f[i] < 1.0;
        for i in (0..q).filter(|&i| !small(i)) {
            for j in 0..q {
                for (m, rows) in [(&mut w, &fw), (&mut u, &fu)] {
                    m[i * q + j] = rows[i * q + j];
                    m[j * q + i] = rows[i * q + j];
                }
            }
        }
        let mut s = vec![0.0; q];
        row_major::multiply_add(&mut s, 1.0, &at.c, &at.u, q, q, 1);
        let mut r = at.u.clone();
        for i in (0..q).filter(|&i| small(i)) {
            // columns of FA and FW
            let along = |m: &[f64]| (0..q).map(|j| m[j * q + i] * at.u[j]).sum::<f64>();
            r[i] = at.h[i] - along(&fa);
            s[i] = r[i] - along(&fw);
        }

        Moved { r, s, w, u }
    }
}
