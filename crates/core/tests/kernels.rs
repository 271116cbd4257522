//! The parallel kernels of the dense tail against sequential ones, at sizes where libraries have been wrong: 1,000 to 6,000, with
//! zero blocks as crossed factors leave them.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::{MatMut, Par};
use lmm_core::matrix::column_major;

/// Positive definite, diagonal blocks of `width`, a third of the others zero; column-major, lower triangle.
fn example(n: usize, width: usize) -> Vec<f64> {
    let mut a = vec![0.0; n * n];
    for j in 0..n {
        for i in j..n {
            let (row, column) = (i / width, j / width);
            if row != column && (row + column) % 3 != 1 {
                a[j * n + i] = ((i * 31 + j * 17) % 23) as f64 / 23.0 - 0.5;
            }
        }
        a[j * n + j] = n as f64 / 2.0 + (j % 7) as f64;
    }
    a
}

fn sequential(a: &mut [f64], n: usize) {
    let mut memory = MemBuffer::new(cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default()));
    let view = MatMut::from_column_major_slice_mut(a, n, n);
    let done = cholesky_in_place(view, Default::default(), Par::Seq, MemStack::new(&mut memory), Default::default());
    assert!(done.is_ok());
}

/// Lower triangle times a vector, as a symmetric matrix.
fn times(a: &[f64], n: usize, z: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; n];
    for (j, column) in a.chunks_exact(n).enumerate() {
        out[j] += column[j] * z[j];
        for i in j + 1..n {
            out[i] += column[i] * z[j];
            out[j] += column[i] * z[i];
        }
    }
    out
}

#[test]
fn factors_are_those_of_the_sequential_kernel() {
    for (n, width) in [(1000, 100), (1537, 61), (2048, 128), (3001, 500), (4096, 37), (6000, 750)] {
        let mut tiled = example(n, width);
        let mut plain = tiled.clone();
        assert_eq!(column_major::cholesky(&mut tiled, n), Ok(()));
        sequential(&mut plain, n);
        let gap = |j: usize| {
            let below = j * n + j..(j + 1) * n;
            tiled[below.clone()].iter().zip(&plain[below]).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        let largest = (0..n).map(gap).fold(0.0, f64::max);
        assert!(largest < 1e-12 * (n as f64).sqrt(), "order {n}: {largest:e}");
    }
}

#[test]
fn inverses_undo_the_matrix() {
    for (n, width) in [(1000, 100), (2048, 128), (3001, 61)] {
        let a = example(n, width);
        let mut l = a.clone();
        assert_eq!(column_major::cholesky(&mut l, n), Ok(()));
        column_major::invert_in_place(&mut l, n, n);
        let z = column_major::probe(n);
        let back = times(&l, n, &times(&a, n, &z));
        assert!(column_major::relative(&back, &z) < 1e-13, "order {n}");
    }
}
