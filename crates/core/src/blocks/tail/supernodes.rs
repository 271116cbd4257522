//! Solves with a supernodal factor, and the entries of the inverse on its pattern.

use crate::design::pattern::Pattern;
use crate::parallel;
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Accum, MatMut, MatRef, Par};
use std::ops::Range;

/// One supernode: its columns, the rows below them, and where its values are.
pub struct Supernode<'a> {
    pub columns: Range<usize>,
    pub rows: &'a [usize],
    pub at: Range<usize>,
}

impl Pattern {
    /// Supernode `s` of the factor.
    pub fn supernode(&self, s: usize) -> Supernode<'_> {
        let f = &self.factor;
        Supernode {
            columns: f.supernode_begin()[s]..f.supernode_end()[s],
            rows: f.supernode(s).pattern(),
            at: f.col_ptr_for_val()[s]..f.col_ptr_for_val()[s + 1],
        }
    }

    fn supernodes(&self) -> impl DoubleEndedIterator<Item = Supernode<'_>> {
        (0..self.factor.n_supernodes()).map(|s| self.supernode(s))
    }

    /// Sum of the logarithms of the factor's diagonal.
    pub fn log_diagonal(&self, l: &[f64]) -> f64 {
        let one = |s: Supernode<'_>| {
            let height = s.height();
            (0..s.columns.len()).map(|c| l[s.at.start + c * height + c].ln()).sum::<f64>()
        };
        self.supernodes().map(one).sum()
    }

    /// `b := L⁻¹ b` for column-major `b` (`size × count`) in the order of elimination.
    pub fn forward(&self, l: &[f64], b: &mut [f64], count: usize) {
        let n = self.size();
        let mut below = Vec::new();
        for s in self.supernodes() {
            let (height, width, rows) = (s.height(), s.columns.len(), s.rows.len());
            // the right-hand sides of a block of columns begin late
            if (0..count).all(|c| b[c * n + s.columns.start..c * n + s.columns.end].iter().all(|v| *v == 0.0)) {
                continue;
            }
            let values = MatRef::from_column_major_slice(&l[s.at.clone()], height, width);
            let view = MatMut::from_column_major_slice_mut(b, n, count);
            let mut own = view.subrows_mut(s.columns.start, width);
            solve_lower_triangular_in_place(values.subrows(0, width), own.as_mut(), Par::Seq);
            below.clear();
            below.resize(rows * count, 0.0);
            let product = MatMut::from_column_major_slice_mut(&mut below, rows, count);
            matmul(product, Accum::Replace, values.subrows(width, rows), own.as_ref(), 1.0, Par::Seq);
            for c in 0..count {
                let column = &mut b[c * n..(c + 1) * n];
                s.rows.iter().zip(&below[c * rows..]).for_each(|(&r, v)| column[r] -= v);
            }
        }
    }

    /// `b := L⁻ᵀ b`, likewise.
    pub fn backward(&self, l: &[f64], b: &mut [f64], count: usize) {
        let n = self.size();
        let mut below = Vec::new();
        for s in self.supernodes().rev() {
            let (height, width, rows) = (s.height(), s.columns.len(), s.rows.len());
            below.clear();
            (0..count).for_each(|c| below.extend(s.rows.iter().map(|&r| b[c * n + r])));
            let values = MatRef::from_column_major_slice(&l[s.at.clone()], height, width);
            let mut own = MatMut::from_column_major_slice_mut(b, n, count).subrows_mut(s.columns.start, width);
            let rest = MatRef::from_column_major_slice(&below, rows, count);
            matmul(own.as_mut(), Accum::Add, values.subrows(width, rows).transpose(), rest, -1.0, Par::Seq);
            solve_upper_triangular_in_place(values.subrows(0, width).transpose(), own, Par::Seq);
        }
    }

    /// `(LL')⁻¹` on the pattern of L (Takahashi's recursion, supernode by supernode from the roots), as entries of the pattern.
    pub fn selected_inverse(&self, l: &[f64]) -> Vec<f64> {
        let mut c = vec![0.0; l.len()];
        for wave in &self.waves {
            let done = parallel::map_ranges(wave.len(), 8, |range| {
                let mut local = vec![usize::MAX; self.size()];
                wave[range].iter().map(|&s| self.invert_supernode(s, l, &c, &mut local)).collect::<Vec<_>>()
            });
            for (&s, values) in wave.iter().zip(done.into_iter().flatten()) {
                c[self.supernode(s).at].copy_from_slice(&values);
            }
        }
        self.in_factor.iter().map(|&at| c[at]).collect()
    }

    /// `C_JJ = (L_JJ L_JJ')⁻¹ + W'C_RR W` and `C_RJ = −C_RR W` with `W = L_RJ L_JJ⁻¹`.
    fn invert_supernode(&self, s: usize, l: &[f64], c: &[f64], local: &mut [usize]) -> Vec<f64> {
        let node = self.supernode(s);
        let (height, width, rows) = (node.height(), node.columns.len(), node.rows.len());
        let values = MatRef::from_column_major_slice(&l[node.at.clone()], height, width);
        let corner = values.subrows(0, width);
        let mut w: Vec<f64> =
            (0..width).flat_map(|j| l[node.at.start + j * height + width..][..rows].to_vec()).collect();
        let across = MatMut::from_column_major_slice_mut(&mut w, rows, width);
        solve_upper_triangular_in_place(corner.transpose(), across.transpose_mut(), Par::Seq);
        let rest = self.gather(&node, c, local);
        let mut out = vec![0.0; height * width];
        let mut view = MatMut::from_column_major_slice_mut(&mut out, height, width);
        let (w, rest) =
            (MatRef::from_column_major_slice(&w, rows, width), MatRef::from_column_major_slice(&rest, rows, rows));
        matmul(view.as_mut().subrows_mut(width, rows), Accum::Replace, rest, w, -1.0, Par::Seq);
        let mut half = vec![0.0; width * width];
        (0..width).for_each(|i| half[i * width + i] = 1.0);
        solve_lower_triangular_in_place(corner, MatMut::from_column_major_slice_mut(&mut half, width, width), Par::Seq);
        let half = MatRef::from_column_major_slice(&half, width, width);
        let (mut top, bottom) = view.split_at_row_mut(width);
        matmul(top.as_mut(), Accum::Replace, half.transpose(), half, 1.0, Par::Seq);
        matmul(top, Accum::Add, w.transpose(), bottom.as_ref(), -1.0, Par::Seq);
        out
    }

    /// The inverse on the rows below a supernode, full square: all of it belongs to its ancestors.
    fn gather(&self, node: &Supernode<'_>, c: &[f64], local: &mut [usize]) -> Vec<f64> {
        let rows = node.rows;
        let n = rows.len();
        let mut out = vec![0.0; n * n];
        let mut i = 0;
        while i < n {
            let above = self.supernode(self.owner[rows[i]]);
            let (height, first) = (above.height(), above.columns.start);
            let end = i + rows[i..].partition_point(|&r| r < above.columns.end);
            above.columns.clone().for_each(|r| local[r] = r - first);
            above.rows.iter().enumerate().for_each(|(at, &r)| local[r] = above.columns.len() + at);
            let places: Vec<usize> = rows[i..].iter().map(|&r| local[r]).collect();
            for j in i..end {
                let column = &c[above.at.start + (rows[j] - first) * height..][..height];
                let target = &mut out[j * n + i..(j + 1) * n];
                target.iter_mut().zip(&places).for_each(|(o, &at)| *o = column[at]);
            }
            i = end;
        }
        crate::matrix::column_major::fill_upper(&mut out, n);
        out
    }
}

impl Supernode<'_> {
    /// Rows of its block of values.
    pub fn height(&self) -> usize {
        self.columns.len() + self.rows.len()
    }
}
