//! Both forms of the tail give the same numbers.

use crate::design::choice::Choice;
use crate::design::layout::{Columns, Term};
use crate::design::model::Design;
use crate::problem::Problem;

/// A grouping factor with intercepts.
fn group(codes: Vec<u32>, n_levels: usize) -> Term {
    Term { columns: Columns::Group { codes, values: None }, n_levels, k: 1, parts: vec![1], factor: 0 }
}

/// Varieties in plots with rows and columns within trials: 600 + 240 + 160 levels, the rows with a slope.
fn field() -> (Vec<f64>, Vec<Vec<f64>>, Vec<Term>) {
    let n = 3000;
    let mut state = 12345u64;
    let mut draw = |m: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % m
    };
    let (mut variety, mut row, mut column, mut trial) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut slope, mut y, mut x) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..n {
        let t = draw(40);
        trial.push(t as u32);
        variety.push(draw(600) as u32);
        row.push((t * 6 + draw(6)) as u32);
        column.push((t * 4 + draw(4)) as u32);
        slope.extend([1.0, draw(1000) as f64 / 500.0 - 1.0]);
        x.push(draw(1000) as f64 / 100.0);
        y.push(draw(1000) as f64 / 100.0);
    }
    let sloped = Term {
        columns: Columns::Group { codes: row, values: Some(slope) },
        n_levels: 240,
        k: 2,
        parts: vec![2],
        factor: 0,
    };
    (y, vec![vec![1.0; n], x], vec![group(variety, 600), sloped, group(column, 160), group(trial, 40)])
}

fn problem(tail: Choice) -> Problem {
    let (y, x, terms) = field();
    let design = Design::new(y.len(), x, None, terms, tail, None).unwrap();
    Problem::new(&design, &y).unwrap()
}

fn gap(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(x, y)| (x - y).abs() / (1.0 + y.abs())).fold(0.0, f64::max)
}

#[test]
fn a_sparse_tail_gives_the_numbers_of_a_full_one() {
    let (sparse, full) = (problem(Choice::Sparse), problem(Choice::Full));
    assert!(sparse.tail().0 && !full.tail().0 && sparse.tail().2 < sparse.tail().3);
    // inside, near zero, of rank one, and at zero
    let rows = [[0.5, 0.0, 0.2, 0.4], [1e-3, 0.0, 0.0, 1e-3], [0.7, 0.0, -0.3, 0.0], [0.0; 4]];
    for (row, column) in rows.iter().zip([0.3, 0.0, 1e-4, 30.0]) {
        let t = vec![vec![0.8], row.to_vec(), vec![column], vec![1.1]];
        for reml in [true, false] {
            let (a, b) = (sparse.evaluate(&t, reml, true).unwrap(), full.evaluate(&t, reml, true).unwrap());
            assert!((a.criterion - b.criterion).abs() < 1e-8, "{} {}", a.criterion, b.criterion);
            assert!(gap(&a.beta, &b.beta) < 1e-10 && gap(&a.unscaled_vcov, &b.unscaled_vcov) < 1e-10);
            for i in 0..4 {
                assert!(gap(&a.b[i], &b.b[i]) < 1e-9 && gap(&a.u[i], &b.u[i]) < 1e-9);
                assert!(gap(&a.m[i], &b.m[i]) < 1e-7, "{:?} {:?}", a.m[i], b.m[i]);
            }
            let (a, b) = (sparse.conditional(&t, reml).unwrap(), full.conditional(&t, reml).unwrap());
            a.iter().zip(&b).for_each(|(a, b)| assert!(gap(a, b) < 1e-10));
            let (a, b) = (sparse.average_information(&t, reml), full.average_information(&t, reml));
            assert!(gap(&a.unwrap(), &b.unwrap()) < 1e-9);
        }
    }
}

/// 3,000 levels, each of which meets some of 1,000.
fn chosen(rows: usize, meet: impl Fn(usize) -> usize) -> (bool, usize, f64, f64) {
    let n = 3000 * rows;
    let first = group((0..n).map(|i| (i / rows) as u32).collect(), 3000);
    let second = group((0..n).map(|i| (meet(i) % 1000) as u32).collect(), 1000);
    let y: Vec<f64> = (0..n).map(|i| (i * 7919 % 101) as f64).collect();
    let design = Design::new(n, vec![vec![1.0; n]], None, vec![first, second], Choice::Auto, None).unwrap();
    Problem::new(&design, &y).unwrap().tail()
}

#[test]
fn the_cheaper_form_is_chosen() {
    let ring = chosen(2, |i| i / 6 + i % 2);
    assert!(ring.0 && ring.2 < 1e-3 * ring.3, "{ring:?}");
    assert!(!chosen(20, |i| (i * 2_654_435_761) >> 9).0);
}
