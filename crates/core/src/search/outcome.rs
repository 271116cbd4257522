//! What the search is told, and what it gives back.

use super::point::Point;
use super::space::Placed;
use crate::error::CoreError;

/// Called once an iteration; returns false to stop.
pub type Check<'a> = &'a mut dyn FnMut(usize, f64) -> bool;

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
    /// T per part, internal units; none where the search is over a chart.
    pub t: Vec<Vec<f64>>,
    /// The coordinates there, else none.
    pub eta: Vec<f64>,
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
    /// T per term in the user's units and the coordinates there, where the search was over a chart.
    pub user: Option<(Vec<Vec<f64>>, Vec<f64>)>,
    /// A direction of those coordinates that the data do not identify.
    pub flat: Option<Vec<f64>>,
    pub trace: Vec<Record>,
    pub converged: bool,
    /// Evaluations of the search that found the optimum.
    pub n_evaluations: usize,
    /// Evaluations of all searches.
    pub n_evaluations_in_all: usize,
    pub cone_decrement: f64,
    pub newton_decrement: f64,
    pub min_curvature: f64,
    /// Smallest slope of the criterion into the null directions of S (infinite if there are none).
    pub min_boundary_slope: f64,
    pub max_gradient: f64,
    /// Null directions in the optimum (part, coefficients in internal units).
    pub null: Placed,
    /// Directions that the data do not identify, fixed at zero.
    pub unidentified: Placed,
    pub exact_hessian: bool,
    /// Searches made, and how far apart the optima were that they found.
    pub starts_tried: usize,
    pub spread: f64,
    /// Whether levels or rows are so few that further optima are no surprise.
    pub few_levels: bool,
    /// Searches that ended in an error, and whether the criterion was seen to fall without bound.
    pub starts_failed: usize,
    pub falls: Option<Vec<Vec<f64>>>,
}

/// The end of one search.
pub enum End {
    Optimum(Box<Outcome>),
    /// At an optimum that was known before.
    Known {
        n_evaluations: usize,
    },
}

impl From<Outcome> for End {
    fn from(outcome: Outcome) -> End {
        End::Optimum(Box::new(outcome))
    }
}

impl End {
    /// The optimum of a search that was told of no other.
    pub fn optimum(self) -> Result<Outcome, CoreError> {
        match self {
            End::Optimum(outcome) => Ok(*outcome),
            End::Known { .. } => Err(CoreError::BadInput("the search was told of no optimum".into())),
        }
    }
}

/// Criterion by which a place must be lower to be preferred to an optimum.
const CLEARLY: f64 = 1e-3;

impl Outcome {
    /// Counts a search that came back to this optimum.
    pub fn met_again(&mut self, n_evaluations: usize) {
        self.starts_tried += 1;
        self.n_evaluations_in_all += n_evaluations;
    }

    /// The search that went on from here.
    pub fn continued(self, mut rest: Outcome) -> Outcome {
        let trace = self.trace.into_iter().chain(rest.trace.drain(..)).collect();
        let n_evaluations_in_all = self.n_evaluations_in_all + rest.n_evaluations_in_all;
        let n_evaluations = self.n_evaluations + rest.n_evaluations;
        let (starts_tried, spread, few_levels) = (self.starts_tried, self.spread, self.few_levels);
        let starts_failed = self.starts_failed;
        Outcome { trace, n_evaluations, n_evaluations_in_all, starts_tried, spread, few_levels, starts_failed, ..rest }
    }

    /// The lower of two ends of searches; a difference between optima is remembered.
    pub fn better(self, other: Outcome) -> Outcome {
        let gap = other.point.criterion - self.point.criterion;
        let starts_tried = self.starts_tried + other.starts_tried;
        let n_evaluations_in_all = self.n_evaluations_in_all + other.n_evaluations_in_all;
        let few_levels = self.few_levels || other.few_levels;
        let starts_failed = self.starts_failed + other.starts_failed;
        // far below, it is no matter that the search has not ended yet
        let ended = other.converged || !self.converged || gap < -CLEARLY;
        let lower = gap < -1e-9 * (1.0 + self.point.criterion.abs()) && ended;
        let spread = match (self.converged && other.converged, lower) {
            (false, _) => self.spread.max(other.spread),
            (true, true) => other.spread.max(self.spread - gap),
            (true, false) => self.spread.max(other.spread + gap),
        };
        let best = if lower { other } else { self };
        Outcome { starts_tried, n_evaluations_in_all, spread, few_levels, starts_failed, ..best }
    }
}
