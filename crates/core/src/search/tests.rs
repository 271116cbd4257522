//! The search knows a model by its evaluator: here one that has no rows, only two sums of squares.

use super::curvature::{Along, Curvature};
use super::evaluator::Evaluator;
use super::facts::{Facts, PartFacts};
use super::outcome::Control;
use super::point::{At, Point};
use super::root::PartRoot;
use super::searches;
use super::space::Space;
use crate::blocks::directions::Change;
use crate::error::CoreError;

/// A balanced one-way layout without fixed effects: `levels` levels of `rows` rows.
struct OneWay {
    levels: f64,
    rows: f64,
    within: f64,
    between: f64,
}

impl OneWay {
    /// `1 + rows S` and `r²`.
    fn at(&self, s: f64) -> (f64, f64) {
        let a = 1.0 + self.rows * s;
        (a, self.within + self.between / a)
    }
}

impl Evaluator for OneWay {
    type State = ();

    fn facts(&self) -> Facts {
        let n_levels = self.levels as usize;
        let part = PartFacts { k: 1, columns: 1, n_levels, rows_per_level: self.rows };
        let n = (self.levels * self.rows) as usize;
        Facts { n, p: 0, n_random: n_levels, is_small: false, weight_ratio: None, parts: vec![part] }
    }

    fn evaluate(&self, space: &Space, roots: &[PartRoot]) -> Result<At<()>, CoreError> {
        let s: f64 = roots[0].0.iter().map(|v| v * v).sum();
        let (a, r2) = self.at(s);
        let criterion = space.criterion(self.levels * a.ln(), 0.0, r2);
        Ok(At { point: Point { s: vec![vec![s]], criterion, sigma2: r2 / space.m, by_rows: false }, state: Some(()) })
    }

    fn curvature(&self, space: &Space, at: &mut At<()>) -> Result<Curvature, CoreError> {
        let ((a, _), sigma2) = (self.at(at.point.s[0][0]), at.point.sigma2);
        let n = self.rows / a; // Z_j'V⁻¹Z_j
        let quadratic = self.rows * self.between / (a * a) / sigma2; // Σ (Z_j'V⁻¹y)²/σ²
        let trace = self.levels * n;
        let traces = [self.levels * n * n];
        let information = [quadratic * n];
        Ok(space.combine(
            vec![vec![trace - quadratic]],
            vec![vec![trace]],
            vec![vec![quadratic]],
            &information,
            Some(&traces),
        ))
    }

    fn along(&self, _: &Space, _: &mut At<()>, _: &[Change]) -> Result<Along, CoreError> {
        Err(CoreError::BadInput("no chart is searched here".into()))
    }

    fn alone(&self, _: usize) -> Option<(Self, Vec<usize>)> {
        None
    }
}

#[test]
fn a_search_finds_the_closed_form_of_a_model_without_rows() {
    let control = Control { max_iterations: 60, tolerance: 1e-8 };
    for (levels, rows, within, between) in
        [(200.0, 10.0, 1800.0, 900.0), (500.0, 2.0, 3.0, 700.0), (150.0, 4.0, 450.0, 40.0), (300.0, 7.0, 1e3, 2e5)]
    {
        let model = OneWay { levels, rows, within, between };
        let found = searches::optimise(&model, false, None, &control, &mut |_, _| true).unwrap();
        // levels log a + n log(within + between/a) is least where a = (n − levels) between / (levels within), or at one
        let a: f64 = ((levels * rows - levels) * between / (levels * within)).max(1.0);
        let s = found.point.s[0][0];
        assert!(found.converged && (1.0 + rows * s - a).abs() < 1e-6 * a, "{s} {a}");
        assert_eq!(found.null.len(), usize::from(a == 1.0));
    }
}
