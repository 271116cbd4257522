//! Which numbers a profile holds, and around which optimum.

/// One number that a profile holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Parameter {
    Sd { term: usize, column: usize },
    Correlation { term: usize, first: usize, second: usize },
    Sigma,
    Beta { column: usize },
}

/// Where the criterion has its optimum.
#[derive(Clone, Debug)]
pub struct Estimates {
    /// Relative covariance factors per term, `k × k`.
    pub t: Vec<Vec<f64>>,
    pub sigma: f64,
    pub beta: Vec<f64>,
    /// Standard errors of the fixed effects.
    pub errors: Vec<f64>,
}

/// Called once an evaluation, with the number of evaluations so far and the deviance above the optimum; returns false to stop.
pub type Check<'a> = &'a mut dyn FnMut(usize, f64) -> bool;
