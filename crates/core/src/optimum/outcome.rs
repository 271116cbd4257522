//! What the search is told, and what it gives back.

use super::state::Point;

/// What the caller may set.
#[derive(Clone, Debug)]
pub struct Control {
    pub max_iterations: usize,
    /// Largest predicted decrease of the criterion that counts as converged.
    pub tolerance: f64,
}

/// One line of the trace.
#[derive(Clone, Debug)]
pub struct Record {
    pub criterion: f64,
    pub sigma2: f64,
    /// T per part, internal units.
    pub t: Vec<Vec<f64>>,
    /// Fraction of the step taken to get here (0 at the start), and its kind.
    pub step: f64,
    pub kind: &'static str,
    /// Predicted distance to the optimum in criterion units.
    pub decrement: f64,
}

/// Where the search ended and how sure that is.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub point: Point,
    /// T per part, internal units.
    pub t: Vec<Vec<f64>>,
    /// T per part in the user's units where some of its entries were held.
    pub held: Option<Vec<Vec<f64>>>,
    pub trace: Vec<Record>,
    pub converged: bool,
    /// Evaluations of the search that found the optimum.
    pub n_evaluations: usize,
    pub cone_decrement: f64,
    pub newton_decrement: f64,
    pub min_curvature: f64,
    /// Smallest slope of the criterion into the null directions of S (infinite if there are none).
    pub min_boundary_slope: f64,
    pub max_gradient: f64,
    /// Null directions in the optimum (part, coefficients in internal units).
    pub null: Vec<(usize, Vec<f64>)>,
    /// Directions that the data do not identify, fixed at zero.
    pub unidentified: Vec<(usize, Vec<f64>)>,
    pub exact_hessian: bool,
    /// Searches made, and how far apart the optima were that they found.
    pub starts_tried: usize,
    pub spread: f64,
}

impl Outcome {
    /// The lower of two ends of searches; a difference between optima is remembered.
    pub fn better(self, other: Outcome) -> Outcome {
        let gap = other.point.criterion - self.point.criterion;
        let (starts_tried, n_evaluations) = (self.starts_tried + other.starts_tried, self.n_evaluations);
        let spread = self.spread.max(if self.converged && other.converged { gap.abs() } else { 0.0 });
        let lower = gap < -1e-9 * (1.0 + self.point.criterion.abs()) && (other.converged || !self.converged);
        let mut out = if lower { other } else { self };
        out.n_evaluations = if lower { out.n_evaluations } else { n_evaluations };
        (out.starts_tried, out.spread) = (starts_tried, spread);
        out
    }
}
