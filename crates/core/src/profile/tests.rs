//! Profiles against closed forms of balanced groups, and slopes against differences.

use super::coordinates::Coordinates;
use super::surface::Counter;
use super::{Curve, Estimates, Parameter, Reached, Surface};
use crate::design::choice::Choice;
use crate::design::layout::{Columns, Term};
use crate::design::model::Design;
use crate::error::CoreError;
use crate::problem::Problem;
use crate::search::Control;

const TAU: Parameter = Parameter::Sd { term: 0, column: 0 };
const MEAN: Parameter = Parameter::Beta { column: 0 };

/// Numbers between -1 and 1 without a pattern.
fn scattered(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

fn group(codes: Vec<u32>, values: Option<Vec<f64>>, n_levels: usize, parts: Vec<usize>) -> Term {
    Term { columns: Columns::Group { codes, values }, n_levels, k: parts.iter().sum(), parts, factor: usize::MAX }
}

/// `groups` groups of `size` observations.
struct OneWay {
    problem: Problem,
    groups: f64,
    size: f64,
    mean: f64,
    within: f64,
    between: f64,
}

impl OneWay {
    fn new(groups: usize, size: usize, spread: f64) -> OneWay {
        let (effects, errors) = (scattered(groups, 3), scattered(groups * size, 4));
        let y: Vec<f64> = errors.iter().enumerate().map(|(i, e)| 5.0 + spread * effects[i / size] + e).collect();
        let codes = (0..groups * size).map(|i| (i / size) as u32).collect();
        let n = y.len();
        let design =
            Design::new(n, vec![vec![1.0; n]], None, vec![group(codes, None, groups, vec![1])], Choice::Auto, None)
                .unwrap();
        let means: Vec<f64> = y.chunks(size).map(|v| v.iter().sum::<f64>() / size as f64).collect();
        let mean = means.iter().sum::<f64>() / groups as f64;
        OneWay {
            problem: Problem::new(&design, &y).unwrap(),
            groups: groups as f64,
            size: size as f64,
            mean,
            within: y.iter().enumerate().map(|(i, v)| (v - means[i / size]).powi(2)).sum(),
            between: means.iter().map(|m| size as f64 * (m - mean).powi(2)).sum(),
        }
    }

    /// The deviance but for constants: `lambda` is σ² + size · τ².
    fn deviance(&self, sigma2: f64, lambda: f64, mean: f64, reml: bool) -> f64 {
        let moved = self.groups * self.size * (self.mean - mean).powi(2);
        self.groups * (self.size - 1.0) * sigma2.ln()
            + self.within / sigma2
            + (self.groups - f64::from(u8::from(reml))) * lambda.ln()
            + (self.between + moved) / lambda
    }

    /// The same, minimized over what is not held, at a value of the held parameter's coordinate.
    fn profiled(&self, held: &Parameter, phi: f64, reml: bool) -> f64 {
        let m = self.groups - f64::from(u8::from(reml));
        match held {
            Parameter::Sigma => {
                let sigma2 = (2.0 * phi).exp();
                self.deviance(sigma2, (self.between / m).max(sigma2), self.mean, reml)
            }
            Parameter::Beta { .. } => {
                let between = self.between + self.groups * self.size * (self.mean - phi).powi(2);
                let sigma2 = self.within / (self.groups * (self.size - 1.0));
                let pooled = (self.within + between) / (self.groups * (self.size - 1.0) + m);
                let lambda = between / m;
                let (sigma2, lambda) = if lambda > sigma2 { (sigma2, lambda) } else { (pooled, pooled) };
                self.deviance(sigma2, lambda, phi, reml)
            }
            _ => {
                let at = |log: f64| self.deviance(log.exp(), log.exp() + self.size * phi * phi, self.mean, reml);
                // thirds: the minimum is the only one on a log scale
                let (mut low, mut high) = (-20.0, 10.0);
                for _ in 0..400 {
                    let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
                    if at(a) < at(b) { high = b } else { low = a }
                }
                at(0.5 * (low + high))
            }
        }
    }

    fn curve(&self, held: Parameter, reml: bool) -> (Surface, Curve) {
        let surface = surface(&self.problem, &[held], reml).unwrap();
        let curve = Curve::new(&surface, &held).unwrap();
        (surface, curve)
    }
}

fn estimates(problem: &Problem, reml: bool) -> Estimates {
    let control = Control { max_iterations: 60, tolerance: 1e-8 };
    let t = problem.optimise(reml, None, None, &control, &mut |_, _| true).unwrap().t;
    let at = problem.evaluate(&t, reml, false).unwrap();
    let p = at.beta.len();
    let errors = (0..p).map(|i| at.sigma * at.unscaled_vcov[i * p + i].sqrt()).collect();
    Estimates { t, sigma: at.sigma, beta: at.beta, errors }
}

fn surface(problem: &Problem, held: &[Parameter], reml: bool) -> Result<Surface, CoreError> {
    Surface::new(problem, &estimates(problem, reml), held, reml, &mut |_, _| true)
}

#[test]
fn balanced_groups_in_closed_form() {
    let data = OneWay::new(9, 4, 2.0);
    let targets = [-3.0, -1.0, 0.5, 2.0, 4.0];
    for held in [TAU, Parameter::Sigma, MEAN] {
        // by REML the mean has no closed form: its variance parameters are judged by error contrasts
        for reml in [false, true].into_iter().filter(|reml| held != MEAN || !reml) {
            let (surface, mut curve) = data.curve(held, reml);
            let centre = surface.best[surface.coordinates.held[0]];
            let least = data.profiled(&held, centre, reml);
            let ends = curve.reach(&surface, &data.problem, &targets, 1e-8, &mut |_, _| true).unwrap();
            for ((phi, reached), target) in ends.into_iter().zip(targets) {
                if held == TAU && reached == Reached::Edge {
                    assert_eq!(phi, 0.0);
                    assert!((data.profiled(&held, 0.0, reml) - least).sqrt() < -target);
                    continue;
                }
                assert_eq!(reached, Reached::Crossed);
                let zeta = (data.profiled(&held, phi, reml) - least).sqrt() * (phi - centre).signum();
                assert!((zeta - target).abs() < 1e-6, "{held:?} {reml} {zeta} {target}");
            }
            assert!(curve.lowest() > -1e-8);
        }
    }
}

#[test]
fn a_variance_of_zero_has_one_side() {
    let data = OneWay::new(9, 4, 0.0);
    let (surface, mut curve) = data.curve(TAU, true);
    assert!(surface.best[0] < 1e-8);
    let ends = curve.reach(&surface, &data.problem, &[-1.0, -2.0, 2.0], 1e-8, &mut |_, _| true).unwrap();
    assert_eq!(&ends[..2], &[(0.0, Reached::Edge); 2]);
    let rise = data.profiled(&TAU, ends[2].0, true) - data.profiled(&TAU, 0.0, true);
    assert!((rise - 4.0).abs() < 1e-6 && ends[2].1 == Reached::Crossed);
}

#[test]
fn a_profile_that_stays_below_never_crosses() {
    let data = OneWay::new(2, 2, 6.0);
    let (surface, mut curve) = data.curve(TAU, true);
    let ends = curve.reach(&surface, &data.problem, &[8.0], 1e-8, &mut |_, _| true).unwrap();
    assert_eq!(ends[0].1, Reached::Never);
}

/// Slopes for two crossed terms, an unstructured one and one without correlations, with weights.
fn crossed() -> Problem {
    let n = 60;
    let (x, noise) = (scattered(n, 1), scattered(n, 2));
    let y: Vec<f64> = (0..n).map(|i| 1.0 + x[i] * (i % 7) as f64 + (i % 5) as f64 + noise[i]).collect();
    let values: Vec<f64> = x.iter().flat_map(|v| [1.0, *v]).collect();
    let code = |levels: usize| (0..n).map(|i| (i * (levels - 2) % levels) as u32).collect();
    let terms = vec![group(code(7), Some(values.clone()), 7, vec![2]), group(code(5), Some(values), 5, vec![1, 1])];
    let weights: Vec<f64> = (0..n).map(|i| 0.5 + (i % 3) as f64).collect();
    Problem::new(&Design::new(n, vec![vec![1.0; n], x], Some(&weights), terms, Choice::Auto, None).unwrap(), &y)
        .unwrap()
}

#[test]
fn slopes_are_those_of_the_deviance() {
    let correlation = Parameter::Correlation { term: 0, first: 0, second: 1 };
    let slope_sd = Parameter::Sd { term: 0, column: 1 };
    let problem = crossed();
    for held in [vec![], vec![correlation], vec![slope_sd, correlation], vec![MEAN, Parameter::Beta { column: 1 }]] {
        for reml in [false, true] {
            let coordinates = Coordinates::new(&problem, &held).unwrap();
            let mut z = vec![0.8, 0.4, 0.6, 0.9, 0.5, -0.3, 1.5, 0.7];
            z.truncate(coordinates.size());
            let (_, slope) = coordinates.evaluate(&problem, &z, reml).unwrap();
            for i in 0..z.len() {
                let beside = |step: f64| {
                    let mut z = z.clone();
                    z[i] += step;
                    coordinates.evaluate(&problem, &z, reml).unwrap().0
                };
                let difference = (beside(1e-5) - beside(-1e-5)) / 2e-5;
                assert!((slope[i] - difference).abs() < 1e-5 * (1.0 + slope[i].abs()), "{held:?} {i}");
            }
        }
    }
}

#[test]
fn the_single_factor_and_both_tails_agree() {
    let (x, noise) = (scattered(40, 5), scattered(40, 6));
    let y: Vec<f64> = (0..40).map(|i| x[i] + (i % 8) as f64 + noise[i]).collect();
    let codes: Vec<u32> = (0..40).map(|i| i % 8).collect();
    let grouped = group(codes.clone(), None, 8, vec![1]);
    let row_start = (0..=40).collect();
    let columns = Columns::Matrix { row_start, column: codes, value: vec![1.0; 40] };
    let matrix = Term { columns, n_levels: 8, k: 1, parts: vec![1], factor: usize::MAX };
    let fixed = vec![vec![1.0; 40], x];
    let at = |term: Term, tail: Choice, theta: f64| {
        let design = Design::new(40, fixed.clone(), None, vec![term], tail, None).unwrap();
        Problem::new(&design, &y).unwrap().deviance(&[vec![theta]], -0.4, &[1], &[1.3], true).unwrap()
    };
    for theta in [0.0, 0.4, 30.0] {
        let all = |d: super::deviance::Deviance| [d.value, d.roots[0][0], d.log_sigma, d.beta[0]];
        let single = all(at(grouped.clone(), Choice::Auto, theta));
        for tail in [Choice::Full, Choice::Sparse] {
            let blocks = all(at(matrix.clone(), tail, theta));
            assert!(single.iter().zip(blocks).all(|(v, w)| (v - w).abs() < 1e-9 * (1.0 + w.abs())), "{tail:?} {theta}");
        }
    }
}

#[test]
fn roots_survive_their_coordinates() {
    let problem = crossed();
    let held = [Parameter::Sd { term: 0, column: 0 }, Parameter::Correlation { term: 0, first: 0, second: 1 }];
    let coordinates = Coordinates::new(&problem, &held).unwrap();
    let roots = vec![vec![0.9, 0.0, -0.4, 0.3], vec![0.5, 0.0, 0.0, 0.2]];
    let z = coordinates.encode(&roots, 0.1, &[]);
    for (a, b) in coordinates.roots(&z).iter().zip(&roots) {
        let square = |r: &[f64]| [r[0] * r[0] + r[1] * r[1], r[0] * r[2] + r[1] * r[3], r[2] * r[2] + r[3] * r[3]];
        assert!(square(a).iter().zip(square(b)).all(|(v, w)| (v - w).abs() < 1e-14));
    }
    assert!((z[coordinates.held[0]] - 0.9).abs() < 1e-14 && (z[coordinates.held[1]].sin() + 0.8).abs() < 1e-14);
    let direction: Vec<f64> = scattered(z.len(), 9);
    let step: Vec<f64> = z.iter().zip(&direction).map(|(a, b)| a + 1e-7 * b).collect();
    let (from, to) = (coordinates.roots(&z), coordinates.roots(&step));
    for ((a, b), moved) in from.iter().zip(&to).zip(coordinates.push(&z, &direction)) {
        assert!((0..4).all(|i| ((b[i] - a[i]) / 1e-7 - moved[i]).abs() < 1e-6));
    }
}

#[test]
fn what_is_held_must_exist() {
    let problem = crossed();
    let uncorrelated = Parameter::Correlation { term: 1, first: 0, second: 1 };
    for held in [uncorrelated, Parameter::Sd { term: 2, column: 0 }, Parameter::Beta { column: 2 }] {
        assert!(matches!(surface(&problem, &[held], true), Err(CoreError::BadInput(_))));
    }
}

#[test]
fn the_caller_can_stop_it_and_the_same_call_gives_the_same_bits() {
    let data = OneWay::new(9, 4, 2.0);
    let (surface, curve) = data.curve(TAU, true);
    let mut stopped = curve.clone();
    let stop = stopped.reach(&surface, &data.problem, &[2.0], 1e-8, &mut |n, _| n < 8);
    assert_eq!(stop.unwrap_err(), CoreError::Interrupted);
    let again = || {
        let mut own = curve.clone();
        own.reach(&surface, &data.problem, &[2.0], 1e-8, &mut |_, _| true).unwrap()[0].0.to_bits()
    };
    assert_eq!(again(), again());
}

#[test]
fn a_place_that_cannot_be_evaluated_is_no_minimum() {
    let data = OneWay::new(4, 3, 1.0);
    let (surface, _) = data.curve(Parameter::Sigma, false);
    let check: super::Check<'_> = &mut |_, _| true;
    let mut counter = Counter { n_evaluations: 0, check, problem: &data.problem };
    let place = surface.minimise(&mut counter, &[1.0, f64::NAN], &mut surface.inverse.clone()).unwrap();
    assert!(place.value.is_infinite());
    assert!(surface.minimise(&mut counter, &[1.0], &mut surface.inverse.clone()).is_err());
    assert!(data.problem.deviance(&[vec![1.0]], 0.0, &[1], &[0.0], true).is_err());
}
