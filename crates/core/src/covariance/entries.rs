//! Entries of T as parameters.

use super::axis::Axis;
use super::chart::{Chart, Move};
use super::family::Family;
use crate::error::CoreError;

/// `∂S = E_rc T' + T E_cr` for the entry (r, c) of T (`k × k`).
fn along(t: &[f64], k: usize, r: usize, c: usize) -> Vec<f64> {
    let mut d = vec![0.0; k * k];
    for i in 0..k {
        d[r * k + i] += t[i * k + c];
        d[i * k + r] += t[i * k + c];
    }
    d
}

/// `<M, E_rc E_ds' + E_ds E_rc'> = 2 M_rd` for the entries (r, c) and (d, s), where their columns are the same.
fn pair(m: &[f64], k: usize, (r, c): (usize, usize), (d, s): (usize, usize)) -> f64 {
    if c == s { 2.0 * m[r * k + d] } else { 0.0 }
}

/// All entries of the lower triangle, column by column, or those of the diagonal: S may be any matrix, or any diagonal one.
#[derive(Clone, Debug)]
pub struct Free {
    k: usize,
    places: Vec<(usize, usize)>,
}

impl Free {
    /// Of k columns.
    pub fn new(k: usize, diagonal: bool) -> Free {
        let rows = |c: usize| c..if diagonal { c + 1 } else { k };
        Free { k, places: (0..k).flat_map(|c| rows(c).map(move |r| (r, c))).collect() }
    }
}

impl Family for Free {
    fn k(&self) -> usize {
        self.k
    }

    fn axes(&self) -> Vec<Axis> {
        vec![Axis::Same; self.places.len()]
    }

    fn is_scale(&self, parameter: usize) -> bool {
        self.places[parameter].0 == self.places[parameter].1
    }

    fn factor(&self, theta: &[f64]) -> Vec<f64> {
        let mut t = vec![0.0; self.k * self.k];
        self.places.iter().zip(theta).for_each(|(&(r, c), v)| t[r * self.k + c] = *v);
        t
    }

    fn moves(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let t = self.factor(theta);
        self.places.iter().map(|&(r, c)| along(&t, self.k, r, c)).collect()
    }

    fn bend(&self, _: &[f64], m: &[f64]) -> Vec<f64> {
        self.places.iter().flat_map(|a| self.places.iter().map(|b| pair(m, self.k, *a, *b))).collect()
    }
}

/// Entries of T of all terms that may move, the others stay.
pub struct Entries {
    /// T per term at the start.
    t: Vec<Vec<f64>>,
    sizes: Vec<usize>,
    /// (term, row, column) of what is free.
    free: Vec<(usize, usize, usize)>,
}

impl Entries {
    /// The entries of `t` that `held` does not mark; `possible` says which entries the structure has.
    pub fn new(
        t: Vec<Vec<f64>>,
        sizes: Vec<usize>,
        held: &[Vec<bool>],
        possible: impl Fn(usize, usize, usize) -> bool,
    ) -> Entries {
        let mut free = Vec::new();
        for (term, &k) in sizes.iter().enumerate() {
            for row in 0..k {
                free.extend((0..=row).filter(|c| !held[term][row * k + c]).map(|c| (term, row, c)));
            }
        }
        free.retain(|&(term, row, column)| possible(term, row, column));
        Entries { t, sizes, free }
    }

    /// What is free, at the start.
    pub fn start(&self) -> Vec<f64> {
        self.free.iter().map(|&(term, r, c)| self.t[term][r * self.sizes[term] + c]).collect()
    }
}

impl Chart for Entries {
    fn n(&self) -> usize {
        self.free.len()
    }

    fn factors(&self, eta: &[f64]) -> Result<Vec<Vec<f64>>, CoreError> {
        let mut t = self.t.clone();
        for (&(term, r, c), value) in self.free.iter().zip(eta) {
            t[term][r * self.sizes[term] + c] = *value;
        }
        Ok(t)
    }

    fn moves(&self, eta: &[f64]) -> Result<Vec<Move>, CoreError> {
        let t = self.factors(eta)?;
        Ok(self.free.iter().map(|&(term, r, c)| vec![(term, along(&t[term], self.sizes[term], r, c))]).collect())
    }

    fn bend(&self, _: &[f64], m: &[Vec<f64>]) -> Result<Vec<f64>, CoreError> {
        let of = |&(term, r, c): &(usize, usize, usize), &(other, d, s): &(usize, usize, usize)| {
            if term == other { pair(&m[term], self.sizes[term], (r, c), (d, s)) } else { 0.0 }
        };
        Ok(self.free.iter().flat_map(|a| self.free.iter().map(move |b| of(a, b))).collect())
    }
}
