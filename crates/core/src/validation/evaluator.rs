//! Cross-validation as a search sees it: along a chart.

use super::residuals::{Fitted, Validated};
use crate::blocks::directions::{Change, Directions, inner};
use crate::design::layout::Part;
use crate::error::CoreError;
use crate::matrix::row_major;
use crate::search::curvature::{Along, Curvature, outer_subtract};
use crate::search::evaluator::Evaluator;
use crate::search::facts::Facts;
use crate::search::point::{At, Point};
use crate::search::root::PartRoot;
use crate::search::space::Space;

impl Evaluator for Validated<'_> {
    type State = Fitted;

    fn facts(&self) -> Facts {
        self.system.facts()
    }

    fn evaluate(&self, _: &Space, roots: &[PartRoot]) -> Result<At<Fitted>, CoreError> {
        let square = |((f, r), part): (&PartRoot, &Part)| {
            row_major::multiply(f, &row_major::transpose(f, part.k, *r), part.k, *r, part.k)
        };
        let s: Vec<Vec<f64>> = roots.iter().zip(&self.layout().parts).map(square).collect();
        let at = self.fitted(&s)?;
        let n = self.system.n as f64;
        let criterion = n * (n * at.rss / at.freedom.powi(2)).ln();
        Ok(At { point: Point { s, criterion, sigma2: at.rss / at.freedom, by_rows: false }, state: Some(at) })
    }

    fn curvature(&self, _: &Space, _: &mut At<Fitted>) -> Result<Curvature, CoreError> {
        Err(CoreError::BadInput("cross-validation is searched along a chart".into()))
    }

    fn along(&self, space: &Space, at: &mut At<Fitted>, changes: &[Change]) -> Result<Along, CoreError> {
        let Some(at) = at.state.take() else {
            return Err(CoreError::BadInput("the point has no factor".into()));
        };
        let (n, q, count) = (self.system.n as f64, self.q, changes.len());
        let parts = &self.layout().parts;
        let changes: Vec<Change> = changes.iter().map(|change| at.frame.change(parts, change)).collect();
        let directions = Directions::of(self.layout(), &changes);
        let of = self.moved(&at);
        let slopes = self.slopes(&at, &of);
        let gradient = inner(&slopes, &changes);
        let (p, s) = (self.moved_vectors(&directions, &of.r), self.moved_vectors(&directions, &of.s));
        let times = |m: &[f64], v: &Vec<f64>| row_major::multiply(m, v, q, q, 1);
        let w_p: Vec<Vec<f64>> = p.iter().map(|v| times(&of.w, v)).collect();
        let u_p: Vec<Vec<f64>> = p.iter().map(|v| times(&of.u, v)).collect();
        let (mixed, plain) = self.traces(&directions, &of);
        // derivatives of RSS and tr P
        let rss: Vec<f64> = p.iter().map(|v| -2.0 * row_major::dot(v, &of.s)).collect();
        let freed: Vec<f64> = self.trace_of(&directions, &of.u).iter().map(|v| -v).collect();
        let mut hessian = vec![0.0; count * count];
        for (e, out) in hessian.iter_mut().enumerate() {
            let (i, j) = (e / count, e % count);
            let curved =
                row_major::dot(&s[i], &w_p[j]) + row_major::dot(&s[j], &w_p[i]) + row_major::dot(&p[i], &u_p[j]);
            let of_rss = 2.0 * curved / at.rss - rss[i] * rss[j] / at.rss.powi(2);
            let both = mixed[i * count + j] + mixed[j * count + i];
            *out = n * of_rss - 2.0 * n * (both / at.freedom - freed[i] * freed[j] / at.freedom.powi(2));
        }
        let expected = outer_subtract(&plain, &self.trace_of(&directions, &of.w), space.m);
        Ok(Along { gradient, m: self.outside(&at.frame, &slopes), hessian, expected, exact: true })
    }

    fn alone(&self, _: usize) -> Option<(Self, Vec<usize>)> {
        None
    }
}
