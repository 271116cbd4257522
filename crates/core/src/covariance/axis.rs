//! The unbounded coordinate η of one parameter θ.

/// How far arsinh may go: sinh(200) is 4e86, whose square is a number still.
const FARTHEST: f64 = 200.0;

/// θ as a function of η.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Axis {
    /// η itself.
    Same,
    /// η²: zero is reached, and the sign of a standard deviation stays what it is.
    Square,
    /// `low + (high − low) / (1 + exp(−η))`: a correlation between its bounds.
    Between { low: f64, high: f64 },
    /// `unit sinh(η)`: zero is reached as along η, and large values are near, as along a logarithm.
    Sinh { unit: f64 },
}

/// A parameter with its two derivatives by its coordinate.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub theta: f64,
    pub first: f64,
    pub second: f64,
}

impl Axis {
    /// θ at η.
    pub fn place(self, eta: f64) -> Place {
        match self {
            Axis::Same => Place { theta: eta, first: 1.0, second: 0.0 },
            Axis::Square => Place { theta: eta * eta, first: 2.0 * eta, second: 2.0 },
            Axis::Between { low, high } => {
                let share = 1.0 / (1.0 + (-eta.clamp(-700.0, 700.0)).exp());
                let slope = (high - low) * (share * (1.0 - share));
                Place { theta: low + (high - low) * share, first: slope, second: slope * (1.0 - 2.0 * share) }
            }
            Axis::Sinh { unit } => {
                let eta = eta.clamp(-FARTHEST, FARTHEST);
                let theta = unit * eta.sinh();
                Place { theta, first: unit * eta.cosh(), second: theta }
            }
        }
    }

    /// η of θ; a correlation at its bound is taken to be just inside.
    pub fn eta(self, theta: f64) -> f64 {
        match self {
            Axis::Same => theta,
            Axis::Square => theta.sqrt(),
            Axis::Between { low, high } => {
                let share = ((theta - low) / (high - low)).clamp(1e-12, 1.0 - 1e-12);
                share.ln() - (-share).ln_1p()
            }
            Axis::Sinh { unit } => (theta / unit).asinh(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_lead_back_and_slopes_are_differences() {
        let axes = [Axis::Same, Axis::Square, Axis::Between { low: -0.5, high: 1.0 }, Axis::Sinh { unit: 3.0 }];
        for axis in axes {
            for eta in [0.3, 1.7] {
                let (at, up, down) = (axis.place(eta), axis.place(eta + 1e-5), axis.place(eta - 1e-5));
                assert!((axis.eta(at.theta) - eta).abs() < 1e-12);
                assert!((at.first - (up.theta - down.theta) / 2e-5).abs() < 1e-8 * (1.0 + at.first.abs()));
                assert!((at.second - (up.first - down.first) / 2e-5).abs() < 1e-7 * (1.0 + at.second.abs()));
            }
        }
    }

    #[test]
    fn nothing_overflows() {
        for eta in [-1e300, 1e300] {
            for axis in [Axis::Between { low: -1.0, high: 1.0 }, Axis::Sinh { unit: 2.0 }] {
                let at = axis.place(eta);
                assert!(at.theta.is_finite() && at.first.is_finite() && at.second.is_finite());
            }
        }
    }
}
