//! Correlation matrices with one parameter ρ.

/// Which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correlation {
    /// The same between all columns.
    Compound,
    /// `ρ^|i − j|` between columns i and j.
    Autoregressive,
}

impl Correlation {
    /// Where C (`k × k`) is positive definite.
    pub fn bounds(self, k: usize) -> (f64, f64) {
        match self {
            Correlation::Compound => (-1.0 / (k.max(2) - 1) as f64, 1.0),
            Correlation::Autoregressive => (-1.0, 1.0),
        }
    }

    /// C, `∂C` and `∂²C` (`k × k`).
    pub fn matrices(self, rho: f64, k: usize) -> [Vec<f64>; 3] {
        let of = |value: &dyn Fn(f64) -> f64| (0..k * k).map(|e| value((e / k).abs_diff(e % k) as f64)).collect();
        match self {
            Correlation::Compound => {
                [of(&|q| if q == 0.0 { 1.0 } else { rho }), of(&|q| f64::from(u8::from(q > 0.0))), vec![0.0; k * k]]
            }
            Correlation::Autoregressive => [
                of(&|q| rho.powf(q)),
                of(&|q| q * rho.powf((q - 1.0).max(0.0))),
                of(&|q| q * (q - 1.0) * rho.powf((q - 2.0).max(0.0))),
            ],
        }
    }

    /// Lower triangular root of C in closed form, also where C is singular.
    pub fn root(self, rho: f64, k: usize) -> Vec<f64> {
        let mut t = vec![0.0; k * k];
        match self {
            Correlation::Compound => {
                // with d_j = 1 + jρ: T_jj² = (1 − ρ) d_j / d_(j−1), and T_ij = ρ ((1 − ρ) / (d_j d_(j−1)))^½ below it
                (0..k).for_each(|i| t[i * k] = if i == 0 { 1.0 } else { rho });
                for j in 1..k {
                    let before = (1.0 + (j - 1) as f64 * rho).max(0.0);
                    let here = (1.0 + j as f64 * rho).max(0.0);
                    if before == 0.0 || rho == 1.0 {
                        break;
                    }
                    t[j * k + j] = ((1.0 - rho) * here / before).sqrt();
                    if here > 0.0 {
                        let below = rho * ((1.0 - rho) / (here * before)).sqrt();
                        (j + 1..k).for_each(|i| t[i * k + j] = below);
                    }
                }
            }
            Correlation::Autoregressive => {
                // T_i0 = ρ^i, and T_ij = ρ^(i−j) (1 − ρ²)^½ after the first column
                let rest = (1.0 - rho * rho).max(0.0).sqrt();
                for i in 0..k {
                    for j in 0..=i {
                        t[i * k + j] = rho.powf((i - j) as f64) * if j == 0 { 1.0 } else { rest };
                    }
                }
            }
        }
        t
    }
}
