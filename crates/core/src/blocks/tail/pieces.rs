//! Numbers of one factorization.

/// What the criterion needs of a factor.
#[derive(Clone, Copy, Debug)]
pub struct Pieces {
    pub log_det_z: f64,
    pub log_det_x: f64,
    pub r2: f64,
    /// `‖L(L'z) − Az‖ / ‖Az‖` for one fixed z.
    pub residual: f64,
}
