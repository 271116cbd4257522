//! Where the search begins when evaluations are dear: each grouping factor fitted alone costs next to nothing.

use crate::matrix::row_major;
use crate::search::evaluator::Evaluator;
use crate::search::facts::{Facts, PartFacts};
use crate::search::outcome::{Control, End};
use crate::search::space::Space;
use crate::search::walk::Search;

/// S per part from the fits of each block alone; none where that is not worth it or not defined.
///
/// With `G_b` the covariance and `σ_b²` the residual variance of the fit of block b, σ² is what the others leave of `σ_b²`
/// (columns have mean square one, so a block's share of the variance is `tr G_b`).
pub fn marginal<E: Evaluator>(model: &E, facts: &Facts, reml: bool) -> Option<Vec<Vec<f64>>> {
    let mut covariance: Vec<Vec<f64>> = vec![Vec::new(); facts.parts.len()];
    let (mut residual, mut shares) = (f64::INFINITY, Vec::new());
    for (alone, parts) in (0..).map_while(|block| model.alone(block)) {
        let own = alone.facts();
        let space = Space::new(&own, reml);
        let control = Control { max_iterations: 4, tolerance: 1e-2 };
        let identity: Vec<_> = space.parts.iter().map(|p| (row_major::identity(p.d), p.d)).collect();
        let at = alone.evaluate(&space, &identity).ok()?;
        let fit = Search::new(&alone, &own, &control).run(&space, at, None, Vec::new(), &mut |_, _| true);
        let fit = fit.and_then(End::optimum).ok()?;
        let mut share = 0.0;
        for (&part, s) in parts.iter().zip(&fit.point.s) {
            let k = facts.parts[part].k;
            covariance[part] = s.iter().map(|v| v * fit.point.sigma2).collect();
            share += (0..k).map(|i| covariance[part][i * k + i]).sum::<f64>();
        }
        residual = residual.min(fit.point.sigma2);
        shares.push((share, fit.point.sigma2));
    }
    if shares.is_empty() {
        return None;
    }
    let total = shares.iter().map(|(share, sigma2)| share + sigma2).fold(f64::INFINITY, f64::min);
    let sigma2 = (total - shares.iter().map(|(share, _)| share).sum::<f64>()).max(0.3 * residual);
    let start = |(part, g): (&PartFacts, &Vec<f64>)| -> Vec<f64> {
        let k = part.k;
        // away from the boundary: a zero of one factor alone need not be one beside the others
        (0..k * k).map(|e| g[e] / sigma2 + if e / k == e % k { 0.01 } else { 0.0 }).collect()
    };
    Some(facts.parts.iter().zip(&covariance).map(start).collect())
}
