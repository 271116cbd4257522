//! Thin plates of one variable: the matrix `|x_i − x_j|^e` (e odd) of points on a line. A product with it takes linear time, so that
//! its leading eigenpairs, the columns of the basis, cost next to nothing and no matrix is built.

use crate::error::CoreError;
use crate::matrix::lanczos::{self, Pairs};

/// Steps of Lanczos's method for each pair that is asked for, and beyond.
const STEPS: (usize, usize) = (4, 60);
/// Largest power of a distance.
const LARGEST: usize = 7;
/// Rounding of a sum of squares, relative.
const ROUNDING: f64 = 1e-12;

/// Points in increasing order.
struct Line {
    n: usize,
    exponent: usize,
    /// For each gap h between neighbours, in units of the whole: `C(p, q) h^(p−q)` for q < p ≤ e, row by row, largest p first.
    moves: Vec<f64>,
}

impl Line {
    fn new(x: &[f64], exponent: usize) -> Line {
        let (span, e) = (x[x.len() - 1] - x[0], exponent);
        let pairs: Vec<(usize, f64)> =
            (1..=e).rev().flat_map(|p| (0..p).map(move |q| (p - q, binomial(p, q)))).collect();
        let mut moves = Vec::with_capacity(x.len() * pairs.len());
        let mut powers = vec![1.0; e + 1];
        for h in x.windows(2).map(|w| (w[1] - w[0]) / span) {
            (1..=e).for_each(|p| powers[p] = powers[p - 1] * h);
            moves.extend(pairs.iter().map(|(power, c)| c * powers[*power]));
        }
        Line { n: x.len(), exponent, moves }
    }

    /// `Σ_j |x_i − x_j|^e v_j` for each i.
    fn times(&self, v: &[f64]) -> Vec<f64> {
        match self.exponent {
            1 => self.swept::<2>(v),
            3 => self.swept::<4>(v),
            5 => self.swept::<6>(v),
            _ => self.swept::<8>(v),
        }
    }

    /// The points to the left of each place, then those to the right.
    fn swept<const N: usize>(&self, v: &[f64]) -> Vec<f64> {
        let each = N * (N - 1) / 2;
        let mut out = vec![0.0; self.n];
        let mut sums = [0.0; N];
        for i in 0..self.n {
            out[i] = sums[N - 1];
            sums[0] += v[i];
            if i + 1 < self.n {
                step(&mut sums, &self.moves[i * each..(i + 1) * each]);
            }
        }
        sums = [0.0; N];
        for i in (0..self.n).rev() {
            out[i] += sums[N - 1];
            sums[0] += v[i];
            if i > 0 {
                step(&mut sums, &self.moves[(i - 1) * each..i * each]);
            }
        }
        out
    }
}

/// Moves the place along a gap: the sums `F_p = Σ d_j^p v_j` over the distances d to points that were passed follow the binomial
/// theorem. All terms are positive for v = 1, so that nothing cancels.
fn step<const N: usize>(sums: &mut [f64; N], moves: &[f64]) {
    let mut at = 0;
    for p in (1..N).rev() {
        for q in 0..p {
            sums[p] += moves[at + q] * sums[q];
        }
        at += p;
    }
}

fn binomial(p: usize, q: usize) -> f64 {
    (1..=q).fold(1.0, |c, i| c * (p + 1 - i) as f64 / i as f64)
}

/// The k eigenpairs of largest absolute value of `|x_i − x_j|^e` for increasing x and odd e; none where Lanczos's method did not find
/// them, or may have missed one.
pub fn leading_pairs(x: &[f64], exponent: usize, k: usize) -> Result<Option<Pairs>, CoreError> {
    let n = x.len();
    let increases = x.windows(2).all(|w| w[0] < w[1]);
    if k == 0
        || k >= n
        || exponent.is_multiple_of(2)
        || exponent > LARGEST
        || !increases
        || !(x[n - 1] - x[0]).is_finite()
    {
        return Err(CoreError::BadInput("plates need a small odd power, and more increasing points than pairs".into()));
    }
    let line = Line::new(x, exponent);
    let times = |v: &[f64]| line.times(v);
    let most = n.min(STEPS.0 * k + STEPS.1);
    let Some(mut found) = lanczos::leading(n, k, most, times).filter(|found| is_complete(x, exponent, found, times))
    else {
        return Ok(None);
    };
    let unit = (x[n - 1] - x[0]).powi(exponent as i32);
    found.values.iter_mut().for_each(|v| *v *= unit);
    Ok(Some(found))
}

/// Whether no larger eigenvalue was missed: a Krylov space holds one vector of a repeated one. None can have been if the squares of
/// all that were not met sum to less than that of the smallest.
fn is_complete(x: &[f64], exponent: usize, found: &Pairs, times: impl Fn(&[f64]) -> Vec<f64>) -> bool {
    let (n, least) = (x.len(), found.values[found.values.len() - 1].abs());
    let all = sum_of_squares(x, exponent);
    if all - found.squares + ROUNDING * all < least * least {
        return true;
    }
    lanczos::largest_beside(n, found, times) <= least * (1.0 + 1e-8)
}

/// `Σ_ij (x_i − x_j)^(2e)` in units of the whole, by moments about the middle.
fn sum_of_squares(x: &[f64], exponent: usize) -> f64 {
    let (middle, span, power) = (0.5 * (x[0] + x[x.len() - 1]), x[x.len() - 1] - x[0], 2 * exponent);
    let mut moments = vec![0.0; power + 1];
    for place in x.iter().map(|x| (x - middle) / span) {
        let mut own = 1.0;
        for moment in &mut moments {
            *moment += own;
            own *= place;
        }
    }
    let sign = |p: usize| if p.is_multiple_of(2) { 1.0 } else { -1.0 };
    (0..=power).map(|p| sign(p) * binomial(power, p) * moments[p] * moments[power - p]).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::eigen::symmetric_eigen;
    use crate::matrix::lanes::dot;

    #[test]
    fn products_and_pairs_are_those_of_the_matrix() {
        let n = 60;
        let x: Vec<f64> = (0..n).map(|i| i as f64 + ((i * i) % 7) as f64 / 9.0 - 20.0).collect();
        for e in [1, 3, 5, 7] {
            let k: Vec<f64> = (0..n * n).map(|c| (x[c / n] - x[c % n]).abs().powi(e)).collect();
            let line = Line::new(&x, e as usize);
            let unit = (x[n - 1] - x[0]).powi(e);
            let squares = dot(&k, &k) / (unit * unit);
            assert!((sum_of_squares(&x, e as usize) / squares - 1.0).abs() < 1e-12);
            let v: Vec<f64> = (0..n).map(|i| ((i * 5) % 11) as f64 - 4.0).collect();
            let largest = k.iter().fold(0.0_f64, |a, b| a.max(*b));
            let gap = |(i, w): (usize, &f64)| (w * unit - dot(&k[i * n..(i + 1) * n], &v)).abs() / largest;
            assert!(line.times(&v).iter().enumerate().map(gap).fold(0.0, f64::max) < 1e-13);
            let Pairs { values, vectors, .. } = leading_pairs(&x, e as usize, 5).expect("points").expect("pairs");
            let (mut all, _) = symmetric_eigen(&k, n);
            all.sort_by(|a, b| b.abs().total_cmp(&a.abs()));
            assert!(values.iter().zip(&all).all(|(a, b)| (a - b).abs() < 1e-11 * all[0].abs()));
            for (u, value) in vectors.chunks_exact(n).zip(&values) {
                let gap = |i: usize| (dot(&k[i * n..(i + 1) * n], u) - value * u[i]).abs();
                assert!((0..n).map(gap).fold(0.0, f64::max) < 1e-11 * all[0].abs());
            }
        }
    }

    #[test]
    fn points_that_do_not_increase_are_refused() {
        assert!(leading_pairs(&[0.0, 1.0, 1.0, 2.0], 3, 2).is_err());
    }
}
