//! Algebra of one level, with the block size K known to the compiler.

/// A row-major block as rows.
pub fn square<const K: usize>(m: &[f64]) -> [[f64; K]; K] {
    std::array::from_fn(|r| std::array::from_fn(|c| m[r * K + c]))
}

/// Inner product.
pub fn dot<const K: usize>(a: &[f64; K], b: &[f64; K]) -> f64 {
    (0..K).map(|i| a[i] * b[i]).sum()
}

/// `out += v`.
pub fn add(out: &mut [f64], v: &[f64]) {
    out.iter_mut().zip(v).for_each(|(o, x)| *o += x);
}

/// Cholesky factor of `D = T'AT + I`, and the inverse of its diagonal: divisions are what small solves cost.
pub struct Level<const K: usize>(pub [[f64; K]; K], pub [f64; K]);

impl<const K: usize> Level<K> {
    /// The factor and `A T`.
    pub fn factor(a: &[f64], t: &[[f64; K]; K]) -> Option<(Self, [[f64; K]; K])> {
        let mut at = [[0.0; K]; K];
        let mut l = [[0.0; K]; K];
        let mut inverse = [0.0; K];
        for r in 0..K {
            for c in 0..K {
                at[r][c] = (c..K).map(|s| a[r * K + s] * t[s][c]).sum();
            }
        }
        for j in 0..K {
            for i in j..K {
                let mut d = if i == j { 1.0 } else { 0.0 };
                d += (i..K).map(|s| t[s][i] * at[s][j]).sum::<f64>();
                d -= (0..j).map(|s| l[i][s] * l[j][s]).sum::<f64>();
                if i == j {
                    if d.is_nan() || d <= 0.0 || d.is_infinite() {
                        return None;
                    }
                    l[i][j] = d.sqrt();
                    inverse[i] = 1.0 / l[i][i];
                } else {
                    l[i][j] = d * inverse[j];
                }
            }
        }
        Some((Level(l, inverse), at))
    }

    /// `L⁻¹ T' x`.
    pub fn reduce(&self, t: &[[f64; K]; K], x: impl Fn(usize) -> f64) -> [f64; K] {
        let mut y = [0.0; K];
        for i in 0..K {
            let mut s: f64 = (i..K).map(|r| t[r][i] * x(r)).sum();
            s -= (0..i).map(|j| self.0[i][j] * y[j]).sum::<f64>();
            y[i] = s * self.1[i];
        }
        y
    }

    /// `L⁻ᵀ y`.
    pub fn back(&self, mut y: [f64; K]) -> [f64; K] {
        for i in (0..K).rev() {
            let s: f64 = (i + 1..K).map(|j| self.0[j][i] * y[j]).sum();
            y[i] = (y[i] - s) * self.1[i];
        }
        y
    }
}

/// `T⁻ᵀ x`.
pub fn unscale<const K: usize>(t: &[[f64; K]; K], mut x: [f64; K]) -> [f64; K] {
    for i in (0..K).rev() {
        let s: f64 = (i + 1..K).map(|j| t[j][i] * x[j]).sum();
        x[i] = (x[i] - s) / t[i][i];
    }
    x
}
