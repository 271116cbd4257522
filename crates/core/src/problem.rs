//! The engine in the user's units: what the bridge calls.

use crate::blocks::factor::Factor;
use crate::blocks::solve::Solution;
use crate::blocks::tail::Tail;
use crate::covariance::chart::Chart;
use crate::covariance::entries::Entries;
use crate::design::choice;
use crate::design::layout::Part;
use crate::design::model::Design;
use crate::design::scaling::Scaling;
use crate::error::CoreError;
use crate::matrix::{column_major, row_major};
use crate::search::charted::{Charted, optimise_chart};
use crate::search::evaluator::Evaluator;
use crate::search::space::Space;
use crate::search::{Check, Control, Outcome, searches};
use crate::system::{Common, System};
use crate::translate::Units;

/// Cross-products of one data set and the units to read them in.
#[derive(Clone)]
pub struct Problem {
    pub(crate) system: System,
    pub(crate) units: Units,
    pub(crate) terms: Vec<Shape>,
}

/// Shape of one random term.
#[derive(Clone, Debug)]
pub struct Shape {
    pub n_levels: usize,
    pub k: usize,
}

/// The criterion and the solution at one T, in the user's units.
pub struct Evaluation {
    pub criterion: f64,
    pub sigma: f64,
    pub r2: f64,
    pub log_det_z: f64,
    pub log_det_x: f64,
    /// Relative residual of the factor of the tail.
    pub factor_residual: f64,
    pub beta: Vec<f64>,
    /// Per term, level by level.
    pub b: Vec<Vec<f64>>,
    pub u: Vec<Vec<f64>>,
    pub unscaled_vcov: Vec<f64>,
    /// Per term `d criterion / dS`, `k × k`.
    pub m: Vec<Vec<f64>>,
}

impl Problem {
    /// Accumulates the cross-products of one response.
    pub fn new(design: &Design, y: &[f64]) -> Result<Problem, CoreError> {
        let (y, scaling) = design.response(y)?;
        Ok(Problem::of(System::new(design, &y)?, scaling, design))
    }

    /// The same with cross-products of the design that are at hand.
    pub fn with_response(common: &Common, design: &Design, y: &[f64]) -> Result<Problem, CoreError> {
        let (y, scaling) = design.response(y)?;
        Ok(Problem::of(common.with_response(design, &y), scaling, design))
    }

    /// The problem of another response under other weights: `design` is this problem's own, or was reweighed from it.
    pub fn refill(&mut self, design: &Design, y: &[f64]) -> Result<(), CoreError> {
        let (y, scaling) = design.response(y)?;
        self.system.refill(design, &y);
        self.units = Units::new(&self.system.cp.layout, scaling, design.sizes());
        Ok(())
    }

    fn of(system: System, scaling: Scaling, design: &Design) -> Problem {
        let shapes = design.terms.iter().map(|t| Shape { n_levels: t.n_levels, k: t.k });
        let units = Units::new(&system.cp.layout, scaling, design.sizes());
        Problem { system, units, terms: shapes.collect() }
    }

    /// Whether the tail is sparse, its columns, and the multiplications of one factorization: its own, and those of a full one.
    pub fn tail(&self) -> (bool, usize, f64, f64) {
        let (layout, n) = (&self.system.cp.layout, self.system.cp.layout.q_tail);
        match &self.system.cp.tail {
            Tail::Full(_) => (false, n, choice::full_flops(layout), choice::full_flops(layout)),
            Tail::Sparse(t) => (true, n, t.pattern.flops, choice::full_flops(layout)),
        }
    }

    /// Shapes of the random terms.
    pub fn terms(&self) -> &[Shape] {
        &self.terms
    }

    /// Number of fixed effects.
    pub fn n_fixed(&self) -> usize {
        self.units.scaling.p
    }

    /// Whether a term has no correlations.
    pub fn is_diagonal(&self, term: usize) -> bool {
        self.system.cp.layout.parts.iter().filter(|p| p.term == term).all(|p| p.k == 1)
    }

    /// Root mean square of a column of a term's Z over the rows.
    pub fn column_scale(&self, term: usize, column: usize) -> f64 {
        let (k, inverse) = (self.terms[term].k, &self.units.scaling.terms[term].inverse);
        (0..k).map(|r| inverse[r * k + column]).fold(0.0, f64::hypot)
    }

    /// The factor at `t` (one `k × k` lower triangle per term).
    pub(crate) fn factor(&self, t: &[Vec<f64>]) -> Result<Factor, CoreError> {
        let layout = &self.system.cp.layout;
        let lower = |(f, p): (Vec<f64>, &Part)| row_major::lower_factor(&f, p.k, p.k);
        let t: Vec<Vec<f64>> = self.units.inner_roots(t).into_iter().zip(&layout.parts).map(lower).collect();
        self.system.factor((0..layout.blocks.len()).map(|b| layout.assemble(&t, b)).collect())
    }

    /// Roots of S with their numbers of columns.
    pub(crate) fn roots(&self, t: &[Vec<f64>]) -> Vec<(Vec<f64>, usize)> {
        self.units.inner_roots(t).into_iter().zip(&self.system.cp.layout.parts).map(|(f, p)| (f, p.k)).collect()
    }

    /// Criterion, solution and, if asked for, the gradient at `t` (one `k × k` lower triangle per term).
    pub fn evaluate(&self, t: &[Vec<f64>], reml: bool, gradient: bool) -> Result<Evaluation, CoreError> {
        let factor = self.factor(t)?;
        let (s, m) = (&self.units.scaling, self.units.freedom(reml));
        let sigma2 = factor.r2 / m;
        let cp = self.system.of(&factor);
        let solution = cp.solve(&factor);
        let scale = s.w_scale * s.y_scale * s.y_scale;
        let (mut b, mut u) = (Vec::new(), Vec::new());
        for (i, term) in self.terms.iter().enumerate() {
            let (block, offset) = self.units.place(i);
            let k_block = cp.layout.blocks[block].k;
            let levels = |values: &[f64], m: &[f64], factor: f64| -> Vec<f64> {
                let mut out = Vec::with_capacity(values.len() / k_block * term.k);
                for v in values.chunks_exact(k_block) {
                    let v = &v[offset..offset + term.k];
                    out.extend(m.chunks_exact(term.k).map(|row| factor * row_major::dot(row, v)));
                }
                out
            };
            let units = &s.terms[i];
            b.push(levels(&solution.b[block], &units.r, s.y_scale));
            // u = T'Z'We, in the coordinates of the user's own T
            let back = row_major::multiply(
                &row_major::transpose(&t[i], term.k, term.k),
                &row_major::transpose(&units.inverse, term.k, term.k),
                term.k,
                term.k,
                term.k,
            );
            u.push(levels(&solution.r[block], &back, s.w_scale * s.y_scale));
        }
        Ok(Evaluation {
            criterion: factor.criterion(m, reml) + self.units.criterion_offset(reml),
            sigma: (sigma2 * scale).sqrt(),
            r2: factor.r2 * scale,
            log_det_z: factor.log_det_z,
            log_det_x: factor.log_det_x + self.units.log_det_x_offset(),
            factor_residual: factor.residual,
            beta: self.units.beta(&solution.beta),
            b,
            u,
            unscaled_vcov: self.unscaled_vcov(&factor),
            m: if gradient { self.gradient(sigma2, cp.slopes(factor, reml).trace, &solution) } else { Vec::new() },
        })
    }

    /// `Σ_j Z_j'QZ_j − r_j r_j'/σ²` per term.
    fn gradient(&self, sigma2: f64, mut trace: Vec<Vec<f64>>, solution: &Solution) -> Vec<Vec<f64>> {
        for (m, square) in trace.iter_mut().zip(solution.squares(&self.system.cp.layout)) {
            m.iter_mut().zip(square).for_each(|(a, b)| *a -= b / sigma2);
        }
        self.units.outer_slopes(&trace)
    }

    /// `(X'V⁻¹X)⁻¹`.
    fn unscaled_vcov(&self, factor: &Factor) -> Vec<f64> {
        let (p, root) = (self.units.scaling.p, self.inner_vcov_root(factor));
        let mut out = vec![0.0; p * p];
        column_major::transpose_product_add(&mut out, 1.0 / self.units.scaling.w_scale, &root, &root, p, p, p);
        out
    }

    /// `M`, row-major, with `MM' = (X'V⁻¹X)⁻¹`.
    pub(crate) fn vcov_root(&self, factor: &Factor) -> Vec<f64> {
        self.inner_vcov_root(factor).iter().map(|v| v / self.units.scaling.w_scale.sqrt()).collect()
    }

    /// `R⁻¹L⁻ᵀ`, row-major, with `X'V⁻¹X = R'LL'R` up to the mean weight.
    fn inner_vcov_root(&self, factor: &Factor) -> Vec<f64> {
        let (p, r) = (self.units.scaling.p, &self.units.scaling.x_r);
        let mut half = row_major::identity(p);
        row_major::solve_lower(&row_major::transpose(r, p, p), p, &mut half, p);
        let mut by_column = row_major::transpose(&half, p, p);
        column_major::solve_lower(&factor.tail.fixed(), p, p, &mut by_column, p);
        by_column
    }

    /// Diagonal blocks of ΛCΛ' per term: times σ² the conditional covariances.
    pub fn conditional(&self, t: &[Vec<f64>], reml: bool) -> Result<Vec<Vec<f64>>, CoreError> {
        let factor = self.factor(t)?;
        let blocks = self.system.of(&factor).conditional(factor, reml);
        let mut out = Vec::new();
        for (i, term) in self.terms.iter().enumerate() {
            let (block, offset) = self.units.place(i);
            let (kb, k) = (self.system.cp.layout.blocks[block].k, term.k);
            let r_transposed = row_major::transpose(&self.units.scaling.terms[i].r, k, k);
            let level = |m: &[f64]| {
                let own: Vec<f64> = (0..k * k).map(|e| m[(offset + e / k) * kb + offset + e % k]).collect();
                let outer = row_major::congruence(&own, &r_transposed, k, k);
                outer.into_iter().map(|v| v / self.units.scaling.w_scale).collect::<Vec<f64>>()
            };
            out.push(blocks[block].chunks_exact(kb * kb).flat_map(level).collect());
        }
        Ok(out)
    }

    /// The space of all covariances.
    pub(crate) fn space(&self, reml: bool) -> Space {
        Space::of_sizes(self.system.cp.layout.parts.iter().map(|p| p.k), self.units.freedom(reml), reml)
    }

    /// Average information for the distinct elements of S, part by part, lower triangles column by column.
    pub fn average_information(&self, t: &[Vec<f64>], reml: bool) -> Result<Vec<f64>, CoreError> {
        let (space, factor) = (self.space(reml), self.factor(t)?);
        let inner = self.system.average(&space, &factor, &self.system.of(&factor).solve(&factor));
        Ok(self.outer_information(&space, &inner))
    }

    /// Information about the distinct elements of S in the user's units from that in internal ones.
    pub(crate) fn outer_information(&self, space: &Space, inner: &[f64]) -> Vec<f64> {
        let elements = space.elements();
        let n = elements.len();
        // derivative of the internal elements with respect to the user's
        let mut jacobian = vec![0.0; n * n];
        for (j, &(part, r, c)) in elements.iter().enumerate() {
            let p = &self.system.cp.layout.parts[part];
            let mut e = vec![0.0; p.k * p.k];
            e[r * p.k + c] = 1.0;
            e[c * p.k + r] = 1.0;
            let inverse = self.units.block(p, &self.units.scaling.terms[p.term].inverse);
            let image = row_major::congruence(&e, &row_major::transpose(&inverse, p.k, p.k), p.k, p.k);
            for (i, &(other, row, column)) in elements.iter().enumerate().filter(|(_, e)| e.0 == part) {
                debug_assert_eq!(other, part);
                jacobian[i * n + j] = image[row * p.k + column] * self.units.scaling.w_scale;
            }
        }
        row_major::congruence(inner, &jacobian, n, n)
    }

    /// Searches for the optimum; `hold` masks the entries of T (per term, `k × k`) that stay as in `start`.
    pub fn optimise(
        &self,
        reml: bool,
        start: Option<&[Vec<f64>]>,
        hold: Option<&[Vec<bool>]>,
        control: &Control,
        check: Check<'_>,
    ) -> Result<Outcome, CoreError> {
        match (start, hold) {
            (Some(t), Some(mask)) => {
                let sizes: Vec<usize> = self.terms.iter().map(|t| t.k).collect();
                let possible = |term: usize, row: usize, column: usize| self.is_free(term, row, column);
                let chart = Entries::new(t.to_vec(), sizes, mask, possible);
                let mut found = self.optimise_chart(reml, &chart, &[chart.start()], control, check)?;
                for record in &mut found.trace {
                    record.t = chart.factors(&record.eta)?;
                }
                Ok(found)
            }
            (None, Some(_)) => Err(CoreError::BadInput("held parameters need their values as a start".into())),
            (start, None) => {
                let offset = self.units.criterion_offset(reml);
                let s: Option<Vec<Vec<f64>>> = start.map(|t| {
                    let square = |(f, p): (Vec<f64>, &Part)| {
                        row_major::multiply(&f, &row_major::transpose(&f, p.k, p.k), p.k, p.k, p.k)
                    };
                    self.units.inner_roots(t).into_iter().zip(&self.system.cp.layout.parts).map(square).collect()
                });
                let mut told = |iteration: usize, criterion: f64| check(iteration, criterion + offset);
                let found = searches::optimise(&self.system, reml, s.as_deref(), control, &mut told)?;
                Ok(self.outer_outcome(found, offset))
            }
        }
    }

    /// Searches over the coordinates of a chart; the lowest end of the best two starts.
    pub fn optimise_chart(
        &self,
        reml: bool,
        chart: &dyn Chart,
        starts: &[Vec<f64>],
        control: &Control,
        check: Check<'_>,
    ) -> Result<Outcome, CoreError> {
        let offset = self.units.criterion_offset(reml);
        let mut told = |iteration: usize, criterion: f64| check(iteration, criterion + offset);
        let facts = self.system.facts();
        let on = Charted { model: &self.system, space: Space::new(&facts, reml), facts, units: &self.units, chart };
        Ok(self.outer_outcome(optimise_chart(&on, starts, control, &mut told)?, offset))
    }

    /// Whether the structure of a term has this entry of T.
    fn is_free(&self, term: usize, row: usize, column: usize) -> bool {
        let inside =
            |p: &Part| (p.within..p.within + p.k).contains(&row) && (p.within..p.within + p.k).contains(&column);
        self.system.cp.layout.parts.iter().any(|p| p.term == term && inside(p))
    }

    /// What a search found, in the user's units; `offset` is what its criterion lacks.
    pub(crate) fn outer_outcome(&self, mut outcome: Outcome, offset: f64) -> Outcome {
        outcome.point.criterion += offset;
        for record in &mut outcome.trace {
            record.criterion += offset;
            record.sigma2 *= self.units.scaling.w_scale * self.units.scaling.y_scale * self.units.scaling.y_scale;
            if !record.t.is_empty() {
                record.t = self.units.outer_factors(&record.t);
            }
        }
        outcome.t = match &outcome.user {
            Some((t, _)) => t.clone(),
            None => self.units.outer_factors(&outcome.t),
        };
        outcome.falls = outcome.falls.map(|root| self.units.outer_factors(&root));
        for (part, direction) in outcome.null.iter_mut().chain(&mut outcome.unidentified) {
            *direction = self.units.outer_direction(*part, direction);
        }
        outcome
    }

    /// Term and offset within it of a part.
    pub fn part(&self, i: usize) -> (usize, usize, usize) {
        let p = &self.system.cp.layout.parts[i];
        (p.term, p.within, p.k)
    }
}
