//! What a search knows of a model before its first evaluation.

/// What does not depend on S.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Rows, and fixed effects.
    pub n: usize,
    pub p: usize,
    /// Random effects.
    pub n_random: usize,
    /// Whether these are so few that several searches cost little.
    pub is_small: bool,
    /// Largest weight over the smallest, where rows are so few that they are at hand.
    pub weight_ratio: Option<f64>,
    pub parts: Vec<PartFacts>,
}

/// One covariance matrix S.
#[derive(Clone, Debug)]
pub struct PartFacts {
    /// Order of S.
    pub k: usize,
    /// Random columns on its grouping factor, those of other parts included.
    pub columns: usize,
    pub n_levels: usize,
    /// Mean weight of a level.
    pub rows_per_level: f64,
}
