//! Large matrices by columns, triangles below the diagonal: the algebra of the tail. Sequential faer kernels inside our own fixed tiles: parallel faer
//! products have given wrong numbers at some sizes, and the bits must not depend on the number of threads.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltError, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{Accum, MatMut, MatRef, Par};

use crate::parallel;
use std::ops::Range;

/// Order from which a matrix is worked on in tiles.
const TILED: usize = 384;
/// Columns of a tile.
const TILE: usize = 128;

/// Cholesky factor of the lower triangle of `a` (`n × n`), in place. Err holds the pivot that was not positive.
pub fn cholesky(a: &mut [f64], n: usize) -> Result<(), usize> {
    if n < TILED {
        return cholesky_block(a, n);
    }
    // memory of the first panel, the largest, serves for all: asking for it again costs more than filling it
    let (mut panel, mut chunks) = (Vec::new(), Vec::new());
    for start in (0..n).step_by(TILE) {
        let width = TILE.min(n - start);
        let below = n - start - width;
        let mut corner: Vec<f64> = (0..width).flat_map(|j| a[(start + j) * n + start..][..width].to_vec()).collect();
        cholesky_block(&mut corner, width).map_err(|pivot| start + pivot)?;
        for j in 0..width {
            a[(start + j) * n + start..][..width].copy_from_slice(&corner[j * width..(j + 1) * width]);
        }
        if below == 0 {
            break;
        }
        solve_panel(a, n, start, width, &corner, &mut panel, &mut chunks);
        let trailing = &mut a[(start + width) * n..];
        let tiles = parallel::split(trailing, parallel::ranges(below, TILE).into_iter().map(|r| r.len() * n));
        parallel::each(tiles.into_iter().enumerate().collect(), |(i, tile): (usize, &mut [f64])| {
            let (at, columns) = (i * TILE, tile.len() / n);
            let p = MatRef::from_column_major_slice(&panel, below, width);
            let out = MatMut::from_column_major_slice_mut(tile, n, columns).submatrix_mut(
                start + width + at,
                0,
                below - at,
                columns,
            );
            matmul(
                out,
                Accum::Add,
                p.submatrix(at, 0, below - at, width),
                p.submatrix(at, 0, columns, width).transpose(),
                -1.0,
                Par::Seq,
            );
        });
    }
    Ok(())
}

/// The rows below the factored corner, solved and written back; also as one matrix, `panel`. `chunks` is memory for pieces of it.
fn solve_panel(
    a: &mut [f64],
    n: usize,
    start: usize,
    width: usize,
    corner: &[f64],
    panel: &mut Vec<f64>,
    chunks: &mut Vec<Vec<f64>>,
) {
    let below = n - start - width;
    let source = &*a;
    let pieces = parallel::ranges(below, 2 * TILE);
    chunks.resize_with(chunks.len().max(pieces.len()), Vec::new);
    let items = pieces.iter().cloned().zip(chunks.iter_mut()).collect();
    parallel::each(items, |(rows, chunk): (Range<usize>, &mut Vec<f64>)| {
        let count = rows.len();
        chunk.clear();
        (0..width)
            .for_each(|j| chunk.extend_from_slice(&source[(start + j) * n + start + width + rows.start..][..count]));
        let view = MatMut::from_column_major_slice_mut(chunk, count, width);
        solve_lower_triangular_in_place(
            MatRef::from_column_major_slice(corner, width, width),
            view.transpose_mut(),
            Par::Seq,
        );
    });
    panel.resize(below * width, 0.0);
    for (rows, chunk) in pieces.into_iter().zip(chunks) {
        for j in 0..width {
            let part = &chunk[j * rows.len()..(j + 1) * rows.len()];
            panel[j * below + rows.start..][..rows.len()].copy_from_slice(part);
            a[(start + j) * n + start + width + rows.start..][..rows.len()].copy_from_slice(part);
        }
    }
}

fn cholesky_block(a: &mut [f64], n: usize) -> Result<(), usize> {
    if n == 0 {
        return Ok(());
    }
    let mut memory = MemBuffer::new(cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default()));
    let stack = MemStack::new(&mut memory);
    let view = MatMut::from_column_major_slice_mut(a, n, n);
    match cholesky_in_place(view, Default::default(), Par::Seq, stack, Default::default()) {
        Ok(_) => (0..n).find(|&i| !a[i * n + i].is_finite()).map_or(Ok(()), Err),
        Err(LltError::NonPositivePivot { index }) => Err(index),
    }
}

/// A factor that misses its matrix by more than this is wrong, not inexact.
pub const WORST_RESIDUAL: f64 = 1e-10;

/// The fixed vector that factors are tested with.
pub fn probe(n: usize) -> Vec<f64> {
    (0..n).map(|i| 1.0 + (i * 7 % 13) as f64 / 13.0 - 2.0 * (i % 2) as f64).collect()
}

/// `‖found − wanted‖ / ‖wanted‖`.
pub fn relative(found: &[f64], wanted: &[f64]) -> f64 {
    let gap: f64 = found.iter().zip(wanted).map(|(a, b)| (a - b) * (a - b)).sum();
    let size: f64 = wanted.iter().map(|v| v * v).sum();
    if size == 0.0 { gap.sqrt() } else { (gap / size).sqrt() }
}

/// A fixed vector and its product with a symmetric matrix, to test the factor that will overwrite the matrix.
pub struct Probe {
    z: Vec<f64>,
    az: Vec<f64>,
}

impl Probe {
    /// From the lower triangle of `a`.
    pub fn new(a: &[f64], n: usize) -> Probe {
        let z = probe(n);
        let mut az = vec![0.0; n];
        for (j, column) in a.chunks_exact(n.max(1)).enumerate() {
            az[j] += column[j] * z[j] + crate::matrix::lanes::dot(&column[j + 1..], &z[j + 1..]);
            az[j + 1..].iter_mut().zip(&column[j + 1..]).for_each(|(o, v)| *o += v * z[j]);
        }
        Probe { z, az }
    }

    /// `‖L(L'z) − Az‖ / ‖Az‖`.
    pub fn residual(&self, l: &[f64]) -> f64 {
        let n = self.z.len();
        let mut product = vec![0.0; n];
        for (j, column) in l.chunks_exact(n.max(1)).enumerate() {
            let t = crate::matrix::lanes::dot(&column[j..], &self.z[j..]);
            product[j..].iter_mut().zip(&column[j..]).for_each(|(o, v)| *o += v * t);
        }
        relative(&product, &self.az)
    }
}

/// Tiles that are in memory beside the matrix at a time.
const WAVE: usize = 4;

/// `(LL')⁻¹` on the lower triangle, in the place of the factor's leading `n × n` part (leading dimension `ld`): no other matrix of
/// that order is needed. `L⁻¹` passes through the upper triangle, which is left with no meaning.
pub fn invert_in_place(a: &mut [f64], ld: usize, n: usize) {
    let tiles = parallel::ranges(n, TILE);
    let diagonal: Vec<f64> = (0..n).map(|j| 1.0 / a[j * ld + j]).collect();
    // memory of the first wave, the largest, serves for all
    let mut slots: Vec<Vec<f64>> = vec![Vec::new(); WAVE];
    for wave in tiles.chunks(WAVE) {
        let source = &*a;
        let items = wave.iter().cloned().zip(slots.iter_mut()).collect();
        parallel::each(items, |(tile, out): (Range<usize>, &mut Vec<f64>)| inverse_columns(source, ld, n, tile, out));
        for (tile, x) in wave.iter().zip(&slots) {
            let height = n - tile.start;
            for (c, j) in tile.clone().enumerate() {
                (j + 1..n).for_each(|i| a[i * ld + j] = x[c * height + i - tile.start]);
            }
        }
    }
    let corners: Vec<Vec<f64>> = tiles.iter().map(|r| corner_of_inverse(a, ld, &diagonal, r.clone())).collect();
    for (w, wave) in tiles.chunks(WAVE).enumerate() {
        let source = &*a;
        let items = (w * WAVE..w * WAVE + wave.len()).zip(slots.iter_mut()).collect();
        parallel::each(items, |(tile, out): (usize, &mut Vec<f64>)| {
            gram_columns(source, ld, n, &tiles, &corners, tile, out);
        });
        for (tile, c) in wave.iter().zip(&slots) {
            let height = n - tile.start;
            for (i, j) in tile.clone().enumerate() {
                a[j * ld + j..j * ld + n].copy_from_slice(&c[i * height + i..(i + 1) * height]);
            }
        }
    }
}

/// Columns of `L⁻¹` from their tile's first row on.
fn inverse_columns(l: &[f64], ld: usize, n: usize, tile: Range<usize>, out: &mut Vec<f64>) {
    let (height, width) = (n - tile.start, tile.len());
    out.clear();
    out.resize(height * width, 0.0);
    (0..width).for_each(|i| out[i * height + i] = 1.0);
    let factor = MatRef::from_column_major_slice(&l[..ld * n], ld, n).submatrix(tile.start, tile.start, height, height);
    solve_lower_triangular_in_place(factor, MatMut::from_column_major_slice_mut(out, height, width), Par::Seq);
}

/// Diagonal tile of `L⁻¹` from its diagonal and the upper triangle that holds it transposed.
fn corner_of_inverse(a: &[f64], ld: usize, diagonal: &[f64], tile: Range<usize>) -> Vec<f64> {
    let mut out = vec![0.0; tile.len() * tile.len()];
    for (c, j) in tile.clone().enumerate() {
        out[c * tile.len() + c] = diagonal[j];
        (j + 1..tile.end).for_each(|i| out[c * tile.len() + i - tile.start] = a[i * ld + j]);
    }
    out
}

/// Columns of `X'X` from their tile's first row on, for `X = L⁻¹` in the upper triangle.
fn gram_columns(
    a: &[f64],
    ld: usize,
    n: usize,
    tiles: &[Range<usize>],
    corners: &[Vec<f64>],
    tile: usize,
    out: &mut Vec<f64>,
) {
    let (own, x) = (tiles[tile].clone(), MatRef::from_column_major_slice(&a[..ld * n], ld, n));
    let (height, width) = (n - own.start, own.len());
    out.resize(height * width, 0.0);
    let mut view = MatMut::from_column_major_slice_mut(out, height, width);
    for (rows, corner) in tiles.iter().zip(corners).skip(tile) {
        let mut target = view.as_mut().subrows_mut(rows.start - own.start, rows.len());
        let corner = MatRef::from_column_major_slice(corner, rows.len(), rows.len());
        let beside = if rows.start == own.start {
            corner
        } else {
            x.submatrix(own.start, rows.start, width, rows.len()).transpose()
        };
        matmul(target.as_mut(), Accum::Replace, corner.transpose(), beside, 1.0, Par::Seq);
        let below = n - rows.end;
        if below > 0 {
            let left = x.submatrix(rows.start, rows.end, rows.len(), below);
            let right = x.submatrix(own.start, rows.end, width, below).transpose();
            matmul(target, Accum::Add, left, right, 1.0, Par::Seq);
        }
    }
}

/// Subtracts `Y'Y` (`y` row-major, `rows × m`) from columns `first..` of a lower triangle of order `m`.
pub fn subtract_gram(tile: &mut [f64], m: usize, first: usize, y: &[f64], rows: usize) {
    let columns = tile.len() / m.max(1);
    let y = MatRef::from_row_major_slice(y, rows, m);
    let target = MatMut::from_column_major_slice_mut(tile, m, columns).submatrix_mut(first, 0, m - first, columns);
    let (left, right) = (y.subcols(first, m - first).transpose(), y.subcols(first, columns));
    matmul(target, Accum::Add, left, right, -1.0, Par::Seq);
}

/// Copies the lower triangle onto the upper one, block by block to stay in the cache.
pub fn fill_upper(a: &mut [f64], n: usize) {
    const SIDE: usize = 32;
    for columns in parallel::ranges(n, SIDE) {
        for rows in parallel::ranges(n, SIDE).into_iter().skip(columns.start / SIDE) {
            for j in columns.clone() {
                for i in rows.start.max(j + 1)..rows.end {
                    a[i * n + j] = a[j * n + i];
                }
            }
        }
    }
}

/// `b := L⁻¹ b` for column-major `b (n × cols)`; `l` has leading dimension `ld ≥ n`, of which the first `n` columns are used.
pub fn solve_lower(l: &[f64], ld: usize, n: usize, b: &mut [f64], cols: usize) {
    if n == 0 || cols == 0 {
        return;
    }
    let lower = MatRef::from_column_major_slice(&l[..ld * n], ld, n).get(..n, ..);
    solve_lower_triangular_in_place(lower, MatMut::from_column_major_slice_mut(b, n, cols), Par::Seq);
}

/// `b := L⁻ᵀ b` for one column.
pub fn solve_lower_transposed(l: &[f64], n: usize, b: &mut [f64]) {
    for i in (0..n).rev() {
        let column = &l[i * n..(i + 1) * n];
        let s: f64 = column[i + 1..].iter().zip(&b[i + 1..]).map(|(x, y)| x * y).sum();
        b[i] = (b[i] - s) / column[i];
    }
}

/// `out (r × c) += s · a' b` for column-major `a (n × r)`, `b (n × c)`; `out` is row-major.
pub fn transpose_product_add(out: &mut [f64], s: f64, a: &[f64], b: &[f64], n: usize, r: usize, c: usize) {
    for i in 0..r {
        let x = &a[i * n..(i + 1) * n];
        for j in 0..c {
            let y = &b[j * n..(j + 1) * n];
            out[i * c + j] += s * crate::matrix::row_major::dot(x, y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A positive definite matrix with zero blocks, as crossed factors have.
    fn example(n: usize) -> Vec<f64> {
        let mut a = vec![0.0; n * n];
        for j in 0..n {
            for i in j..n {
                let related = (i / 100 + j / 100) % 3 != 1;
                a[j * n + i] = if related { ((i * 31 + j * 17) % 23) as f64 / 23.0 - 0.5 } else { 0.0 };
            }
            a[j * n + j] = n as f64;
        }
        a
    }

    #[test]
    fn tiles_agree_with_one_block_at_many_sizes() {
        for n in [TILED - 1, TILED, 500, 641, 1000, 1500] {
            let (mut tiled, mut plain) = (example(n), example(n));
            assert_eq!(cholesky(&mut tiled, n), Ok(()));
            let probe = Probe::new(&plain, n);
            assert_eq!(cholesky_block(&mut plain, n), Ok(()));
            assert!(probe.residual(&plain) < 1e-14 && probe.residual(&tiled) < 1e-14);
            let mut wrong = plain.clone();
            wrong[n / 2 * n + n / 2 + 1] += 1e-3;
            assert!(probe.residual(&wrong) > WORST_RESIDUAL);
            let gap = (0..n)
                .flat_map(|j| (j..n).map(move |i| j * n + i))
                .map(|e| (tiled[e] - plain[e]).abs())
                .fold(0.0, f64::max);
            assert!(gap < 1e-11, "order {n}: {gap}");
        }
    }

    #[test]
    fn the_inverse_takes_the_place_of_its_factor() {
        for (n, ld) in [(1, 1), (5, 7), (TILE + 3, TILE + 3), (700, 705)] {
            let a = example(n);
            let mut l = a.clone();
            assert_eq!(cholesky(&mut l, n), Ok(()));
            let mut wide = vec![f64::NAN; ld * n];
            (0..n).for_each(|j| wide[j * ld..j * ld + n].copy_from_slice(&l[j * n..(j + 1) * n]));
            invert_in_place(&mut wide, ld, n);
            let inverse = |i: usize, j: usize| wide[i.min(j) * ld + i.max(j)];
            for i in (0..n).step_by(37) {
                for j in (0..n).step_by(41) {
                    let product: f64 = (0..n).map(|t| inverse(i, t) * a[t.min(j) * n + t.max(j)]).sum();
                    assert!((product - if i == j { 1.0 } else { 0.0 }).abs() < 1e-10);
                }
            }
        }
    }

    #[test]
    fn a_matrix_that_is_not_positive_names_its_pivot() {
        let n = TILED + 100;
        let mut a = example(n);
        a[450 * n + 450] = -1.0;
        assert_eq!(cholesky(&mut a, n), Err(450));
    }
}
