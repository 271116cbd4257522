//! The chart of a model: the families of its terms, and which of their parameters move.

use super::axis::{Axis, Place};
use super::chart::{Chart, Move};
use super::family::Family;
use crate::error::CoreError;

/// Families of all terms, their parameters one behind the other.
#[derive(Debug)]
pub struct Terms {
    families: Vec<Box<dyn Family>>,
    axes: Vec<Axis>,
    scales: Vec<bool>,
    /// Where the parameters of each term begin; at the end, their number.
    starts: Vec<usize>,
    /// θ where it is held.
    values: Vec<f64>,
    free: Vec<bool>,
}

impl Terms {
    /// With θ (where it does not move it keeps its value) and the marks of what moves.
    pub fn new(families: Vec<Box<dyn Family>>, values: Vec<f64>, free: Vec<bool>) -> Result<Terms, CoreError> {
        let axes: Vec<Axis> = families.iter().flat_map(|f| f.axes()).collect();
        let scales = families.iter().flat_map(|f| (0..f.axes().len()).map(|i| f.is_scale(i))).collect();
        let mut starts = vec![0];
        families.iter().for_each(|f| starts.push(starts[starts.len() - 1] + f.axes().len()));
        let out = Terms { families, axes, scales, starts, values, free };
        let n = out.axes.len();
        if out.values.len() == n && out.free.len() == n { Ok(out) } else { Err(out.wrong_number()) }
    }

    /// Columns of each term.
    pub fn sizes(&self) -> Vec<usize> {
        self.families.iter().map(|f| f.k()).collect()
    }

    /// Coordinates of what moves at θ.
    pub fn eta(&self, theta: &[f64]) -> Result<Vec<f64>, CoreError> {
        if theta.len() != self.axes.len() {
            return Err(self.wrong_number());
        }
        let all = self.axes.iter().zip(theta).zip(&self.free);
        Ok(all.filter(|(_, free)| **free).map(|((axis, theta), _)| axis.eta(*theta)).collect())
    }

    fn wrong_number(&self) -> CoreError {
        CoreError::BadInput(format!("the families of the terms have {} parameters", self.axes.len()))
    }

    /// θ at η; of a scale that was searched with a sign, its size.
    pub fn theta(&self, eta: &[f64]) -> Vec<f64> {
        let at = self.places(eta);
        let value = |(i, at): (usize, &Place)| if self.scales[i] { at.theta.abs() } else { at.theta };
        at.iter()
            .enumerate()
            .map(value)
            .zip(&self.values)
            .zip(&self.free)
            .map(|((v, own), f)| if *f { v } else { *own })
            .collect()
    }

    /// All parameters with their derivatives by their coordinates.
    fn places(&self, eta: &[f64]) -> Vec<Place> {
        let mut next = eta.iter();
        let place = |i: usize| match if self.free[i] { next.next() } else { None } {
            Some(eta) => self.axes[i].place(*eta),
            None => Place { theta: self.values[i], first: 0.0, second: 0.0 },
        };
        (0..self.axes.len()).map(place).collect()
    }

    /// Number, family, θ and places of each term.
    fn at<'a>(
        &'a self,
        places: &'a [Place],
    ) -> impl Iterator<Item = (usize, &'a dyn Family, Vec<f64>, &'a [Place])> + 'a {
        self.families.iter().zip(self.starts.windows(2)).enumerate().map(move |(term, (family, ends))| {
            let own = &places[ends[0]..ends[1]];
            (term, family.as_ref(), own.iter().map(|p| p.theta).collect(), own)
        })
    }
}

impl Chart for Terms {
    fn n(&self) -> usize {
        self.free.iter().filter(|free| **free).count()
    }

    fn factors(&self, eta: &[f64]) -> Result<Vec<Vec<f64>>, CoreError> {
        Ok(self.at(&self.places(eta)).map(|(_, family, theta, _)| family.factor(&theta)).collect())
    }

    fn moves(&self, eta: &[f64]) -> Result<Vec<Move>, CoreError> {
        let (places, mut out) = (self.places(eta), Vec::new());
        for (term, family, theta, own) in self.at(&places) {
            let free = &self.free[self.starts[term]..];
            for ((mut d, at), _) in family.moves(&theta).into_iter().zip(own).zip(free).filter(|(_, free)| **free) {
                d.iter_mut().for_each(|v| *v *= at.first);
                out.push(vec![(term, d)]);
            }
        }
        Ok(out)
    }

    fn bend(&self, eta: &[f64], m: &[Vec<f64>]) -> Result<Vec<f64>, CoreError> {
        let (places, n) = (self.places(eta), self.n());
        let mut out = vec![0.0; n * n];
        let mut first = 0;
        for (term, family, theta, own) in self.at(&places) {
            let free: Vec<usize> = (0..own.len()).filter(|i| self.free[self.starts[term] + i]).collect();
            if free.is_empty() {
                continue;
            }
            let (slopes, curved) = (family.slopes(&theta, &m[term]), family.bend(&theta, &m[term]));
            for (a, &i) in free.iter().enumerate() {
                for (b, &j) in free.iter().enumerate() {
                    out[(first + a) * n + first + b] = curved[i * own.len() + j] * own[i].first * own[j].first;
                }
                out[(first + a) * n + first + a] += slopes[i] * own[i].second;
            }
            first += free.len();
        }
        Ok(out)
    }
}
