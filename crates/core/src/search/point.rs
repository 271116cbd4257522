//! Places of the search.

/// The criterion at one S. `s` holds S̃ per part, `d × d`.
#[derive(Clone, Debug)]
pub struct Point {
    pub s: Vec<Vec<f64>>,
    pub criterion: f64,
    pub sigma2: f64,
    /// Whether it was computed from the rows, which lose half as many digits.
    pub by_rows: bool,
}

/// A point with what its evaluation left.
#[derive(Clone, Debug)]
pub struct At<S> {
    pub point: Point,
    /// Gone when the derivatives have been taken: they need its memory.
    pub state: Option<S>,
}
