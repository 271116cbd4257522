//! Derivatives of the cross-validation against differences, where effects are large, small and zero.

use super::residuals::Validated;
use crate::blocks::directions::Change;
use crate::design::choice::Choice;
use crate::design::layout::{Columns, Term};
use crate::design::model::Design;
use crate::matrix::row_major;
use crate::problem::Problem;
use crate::search::evaluator::Evaluator;
use crate::search::space::Space;

/// Numbers between -1 and 1 without a pattern.
fn scattered(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// 24 rows: four effects with one variance, two with three elements of S, and two levels with two variances.
fn problem() -> Problem {
    let n = 24;
    let dense = |width: usize, parts: Vec<usize>, seed: u64| Term {
        columns: Columns::Matrix {
            row_start: (0..=n).map(|i| i * width).collect(),
            column: (0..n * width).map(|e| (e % width) as u32).collect(),
            value: scattered(n * width, seed),
        },
        n_levels: width / parts.iter().sum::<usize>(),
        k: parts.iter().sum(),
        parts,
        factor: usize::MAX,
    };
    let codes = (0..n).map(|i| (i % 2) as u32).collect();
    let columns = Columns::Group { codes, values: Some(scattered(2 * n, 5)) };
    let levels = Term { columns, n_levels: 2, k: 2, parts: vec![1, 1], factor: usize::MAX };
    let terms = vec![dense(4, vec![1], 1), dense(2, vec![2], 2), levels];
    let design = Design::new(n, vec![vec![1.0; n], scattered(n, 3)], None, terms, Choice::Auto, None).unwrap();
    Problem::new(&design, &scattered(n, 4)).unwrap()
}

/// S per part at η, with its change by each η: a variance, the lower triangle of a root, two variances.
fn at(eta: &[f64; 6]) -> (Vec<Vec<f64>>, Vec<Change>) {
    let [v, a, b, c, x, z] = *eta;
    let root = [a, 0.0, b, c];
    let transposed = row_major::transpose(&root, 2, 2);
    let s = row_major::multiply(&root, &transposed, 2, 2, 2);
    let move_root = |e: usize| {
        let mut unit = vec![0.0; 4];
        unit[e] = 1.0;
        let half = row_major::multiply(&unit, &transposed, 2, 2, 2);
        half.iter().zip(row_major::transpose(&half, 2, 2)).map(|(p, q)| p + q).collect::<Vec<f64>>()
    };
    let changes = vec![
        vec![(0, vec![1.0])],
        vec![(1, move_root(0))],
        vec![(1, move_root(2))],
        vec![(1, move_root(3))],
        vec![(2, vec![1.0])],
        vec![(3, vec![1.0])],
    ];
    (vec![vec![v], s, vec![x], vec![z]], changes)
}

#[test]
fn slopes_and_curvatures_are_differences() {
    let problem = problem();
    let order: Vec<usize> = problem.system.cp.layout.parts.iter().map(|p| p.term).collect();
    let model = Validated::new(&problem.system).unwrap();
    let space = Space::new(&model.facts(), true);
    // the parts of the layout need not stand in the order of the terms
    let place = |term: usize, nth: usize| {
        order.iter().enumerate().filter(|(_, t)| **t == term).map(|(i, _)| i).nth(nth).unwrap()
    };
    let to = [place(0, 0), place(1, 0), place(2, 0), place(2, 1)];
    let arranged = |s: Vec<Vec<f64>>| {
        let mut out = vec![Vec::new(); 4];
        s.into_iter().enumerate().for_each(|(i, m)| out[to[i]] = m);
        out
    };
    let derivatives = |eta: &[f64; 6]| {
        let (s, changes) = at(eta);
        let changes: Vec<Change> =
            changes.into_iter().map(|c| c.into_iter().map(|(p, d)| (to[p], d)).collect()).collect();
        let factor = |m: Vec<f64>| {
            let k = m.len().isqrt();
            let mut l = m.clone();
            if k == 1 {
                l[0] = m[0].sqrt();
            } else {
                assert!(row_major::cholesky(&mut l, k));
            }
            (l, k)
        };
        let roots: Vec<_> = arranged(s).into_iter().map(factor).collect();
        let mut place = model.evaluate(&space, &roots).unwrap();
        let value = place.point.criterion;
        (value, model.along(&space, &mut place, &changes).unwrap())
    };
    let places = [[0.3, 0.7, 0.2, 0.5, 2.0, 0.4], [50.0, 9.0, -3.0, 0.1, 1e4, 3.0], [0.0, 1.5, 0.3, 2.5, 0.0, 1e-4]];
    for eta in places {
        let (_, here) = derivatives(&eta);
        for i in 0..6 {
            // S cannot fall below zero: the difference is taken on one side there
            let step = 1e-5 * (1.0 + eta[i].abs());
            let (mut up, mut down) = (eta, eta);
            up[i] += step;
            let at_zero = eta[i] == 0.0;
            down[i] -= if at_zero { 0.0 } else { step.min(0.5 * eta[i].abs()) };
            let width = up[i] - down[i];
            let ((high, above), (low, below)) = (derivatives(&up), derivatives(&down));
            let slope = (high - low) / width;
            let error = (slope - here.gradient[i]).abs();
            let one_sided = if at_zero { 1e-3 } else { 1e-6 };
            assert!(error <= one_sided * (0.1 + slope.abs()), "{eta:?} {i}: {slope} {}", here.gradient[i]);
            for j in [0, 4, 5] {
                // along these S is linear, so that nothing is missing from the Hessian
                let bend = (above.gradient[j] - below.gradient[j]) / width;
                let error = (bend - here.hessian[j * 6 + i]).abs();
                let scale = (here.hessian[j * 7] * here.hessian[i * 7]).abs().sqrt();
                assert!(error <= 1e-2 * one_sided.sqrt() * (scale + bend.abs()), "{eta:?} {i} {j}: {bend}");
            }
        }
    }
}
