//! The engine in the user's units: what the bridge calls.

use crate::checks;
use crate::cross::CrossProducts;
use crate::design::Design;
use crate::error::CoreError;
use crate::factor::Factor;
use crate::layout::Part;
use crate::optimum::chart::{self, Chart, Charted, Entries};
use crate::optimum::state::Space;
use crate::optimum::{self, Check, Control, Outcome};
use crate::scaling::Scaling;
use crate::small;
use crate::solve::Solution;
use crate::tail::{self, Tail};
use crate::translate::{Units, block_of};

/// Cross-products of one data set and the units to read them in.
pub struct Problem {
    pub(crate) cp: CrossProducts,
    pub(crate) scaling: Scaling,
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
        checks::check_response(y, design.n)?;
        let (y, scaling) = design.scaled.response(y)?;
        let cp = CrossProducts::new(design, &y)?;
        let shapes = design.terms.iter().map(|t| Shape { n_levels: t.n_levels, k: t.k });
        Ok(Problem { cp, scaling, terms: shapes.collect() })
    }

    /// Whether the tail is sparse, its columns, and the multiplications of one factorization: its own, and those of a full one.
    pub fn tail(&self) -> (bool, usize, f64, f64) {
        let (layout, n) = (&self.cp.layout, self.cp.layout.q_tail);
        match &self.cp.tail {
            Tail::Full(_) => (false, n, tail::full_flops(layout), tail::full_flops(layout)),
            Tail::Sparse(t) => (true, n, t.pattern.flops, tail::full_flops(layout)),
        }
    }

    /// Shapes of the random terms.
    pub fn terms(&self) -> &[Shape] {
        &self.terms
    }

    /// Number of fixed effects.
    pub fn n_fixed(&self) -> usize {
        self.scaling.p
    }

    /// Whether a term has no correlations.
    pub fn is_diagonal(&self, term: usize) -> bool {
        self.cp.layout.parts.iter().filter(|p| p.term == term).all(|p| p.k == 1)
    }

    /// Root mean square of a column of a term's Z over the rows.
    pub fn column_scale(&self, term: usize, column: usize) -> f64 {
        let (k, inverse) = (self.terms[term].k, &self.scaling.terms[term].inverse);
        (0..k).map(|r| inverse[r * k + column]).fold(0.0, f64::hypot)
    }

    /// `k × k` block of a term's matrix that belongs to a part.
    fn part_of(&self, part: &Part, m: &[f64]) -> Vec<f64> {
        block_of(part, m, self.terms[part.term].k)
    }

    /// Maps between the user's units and those of the engine.
    fn units(&self) -> Units {
        Units::new(&self.cp.layout, &self.scaling, self.terms.iter().map(|t| t.k).collect())
    }

    /// Matrices of the terms from those of the parts.
    fn join(&self, parts: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut out: Vec<Vec<f64>> = self.terms.iter().map(|t| vec![0.0; t.k * t.k]).collect();
        for (part, m) in self.cp.layout.parts.iter().zip(parts) {
            let k = self.terms[part.term].k;
            m.iter()
                .enumerate()
                .for_each(|(i, v)| out[part.term][(part.within + i / part.k) * k + part.within + i % part.k] = *v);
        }
        out
    }

    /// Root of S in internal units, per part: `√w R⁻¹ T`.
    fn inner_roots(&self, t: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let root = |part: &Part| {
            let inverse = self.part_of(part, &self.scaling.terms[part.term].inverse);
            let f = small::multiply(&inverse, &self.part_of(part, &t[part.term]), part.k, part.k, part.k);
            f.iter().map(|v| v * self.scaling.w_scale.sqrt()).collect()
        };
        self.cp.layout.parts.iter().map(root).collect()
    }

    pub(crate) fn factor(&self, t: &[Vec<f64>], reml: bool) -> Result<(Space, Factor), CoreError> {
        let space = Space::new(&self.cp, self.scaling.n, reml);
        let factor = space.factor(&self.cp, &self.roots(&space, t))?;
        Ok((space, factor))
    }

    /// Roots of S with their numbers of columns.
    pub(crate) fn roots(&self, space: &Space, t: &[Vec<f64>]) -> Vec<(Vec<f64>, usize)> {
        self.inner_roots(t).into_iter().zip(&space.parts).map(|(f, p)| (f, p.k)).collect()
    }

    /// What the internal criterion lacks: units of y, X and the weights.
    pub(crate) fn criterion_offset(&self, reml: bool) -> f64 {
        let s = &self.scaling;
        let m = if reml { s.n - s.p } else { s.n } as f64;
        let fixed = if reml { self.log_det_x_offset() } else { 0.0 };
        m * (s.w_scale * s.y_scale * s.y_scale).ln() + fixed - s.sum_log_w
    }

    fn log_det_x_offset(&self) -> f64 {
        let s = &self.scaling;
        (0..s.p).map(|i| 2.0 * s.x_r[i * s.p + i].ln()).sum::<f64>() + s.p as f64 * s.w_scale.ln()
    }

    /// Criterion, solution and, if asked for, the gradient at `t` (one `k × k` lower triangle per term).
    pub fn evaluate(&self, t: &[Vec<f64>], reml: bool, gradient: bool) -> Result<Evaluation, CoreError> {
        let (space, factor) = self.factor(t, reml)?;
        let s = &self.scaling;
        let sigma2 = factor.r2 / space.m;
        let cp = self.cp.of(&factor);
        let solution = cp.solve(&factor);
        let scale = s.w_scale * s.y_scale * s.y_scale;
        let (mut b, mut u) = (Vec::new(), Vec::new());
        for (i, term) in self.terms.iter().enumerate() {
            let (block, offset) = self.place(i);
            let k_block = cp.layout.blocks[block].k;
            let levels = |values: &[f64], m: &[f64], factor: f64| -> Vec<f64> {
                let mut out = Vec::with_capacity(values.len() / k_block * term.k);
                for v in values.chunks_exact(k_block) {
                    let v = &v[offset..offset + term.k];
                    out.extend(m.chunks_exact(term.k).map(|row| factor * small::dot(row, v)));
                }
                out
            };
            let units = &s.terms[i];
            b.push(levels(&solution.b[block], &units.r, s.y_scale));
            // u = T'Z'We, in the coordinates of the user's own T
            let back = small::multiply(
                &small::transpose(&t[i], term.k, term.k),
                &small::transpose(&units.inverse, term.k, term.k),
                term.k,
                term.k,
                term.k,
            );
            u.push(levels(&solution.r[block], &back, s.w_scale * s.y_scale));
        }
        Ok(Evaluation {
            criterion: space.criterion(factor.log_det_z, factor.log_det_x, factor.r2) + self.criterion_offset(reml),
            sigma: (sigma2 * scale).sqrt(),
            r2: factor.r2 * scale,
            log_det_z: factor.log_det_z,
            log_det_x: factor.log_det_x + self.log_det_x_offset(),
            factor_residual: factor.residual,
            beta: self.beta(&solution.beta),
            b,
            u,
            unscaled_vcov: self.unscaled_vcov(&factor),
            m: if gradient { self.gradient(sigma2, cp.slopes(factor, reml).trace, &solution) } else { Vec::new() },
        })
    }

    /// Block of a term and the offset of its columns there.
    pub(crate) fn place(&self, term: usize) -> (usize, usize) {
        let found = self.cp.layout.parts.iter().find(|p| p.term == term);
        found.map_or((0, 0), |p| (p.block, p.offset - p.within))
    }

    /// `Σ_j Z_j'QZ_j − r_j r_j'/σ²` per term.
    fn gradient(&self, sigma2: f64, mut trace: Vec<Vec<f64>>, solution: &Solution) -> Vec<Vec<f64>> {
        for (m, square) in trace.iter_mut().zip(solution.squares(&self.cp.layout)) {
            m.iter_mut().zip(square).for_each(|(a, b)| *a -= b / sigma2);
        }
        self.outer_slopes(&trace)
    }

    /// Derivatives by S per term in the user's units from those per block in internal ones.
    pub(crate) fn outer_slopes(&self, blocks: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let of_term = |(i, term): (usize, &Shape)| {
            let ((block, offset), k) = (self.place(i), term.k);
            let width = self.cp.layout.blocks[block].k;
            let own: Vec<f64> = (0..k * k).map(|e| blocks[block][(offset + e / k) * width + offset + e % k]).collect();
            let outer = small::congruence(&own, &self.scaling.terms[i].inverse, k, k);
            outer.iter().map(|v| v * self.scaling.w_scale).collect()
        };
        self.terms.iter().enumerate().map(of_term).collect()
    }

    fn beta(&self, internal: &[f64]) -> Vec<f64> {
        let s = &self.scaling;
        let mut out: Vec<f64> = internal.iter().map(|v| v * s.y_scale).collect();
        small::solve_lower_transposed(&small::transpose(&s.x_r, s.p, s.p), s.p, &mut out, 1);
        out.iter().zip(&s.beta0).map(|(a, b)| a + b).collect()
    }

    /// `(X'V⁻¹X)⁻¹`.
    fn unscaled_vcov(&self, factor: &Factor) -> Vec<f64> {
        let (p, root) = (self.scaling.p, self.inner_vcov_root(factor));
        let mut out = vec![0.0; p * p];
        crate::dense::transpose_product_add(&mut out, 1.0 / self.scaling.w_scale, &root, &root, p, p, p);
        out
    }

    /// `M`, row-major, with `MM' = (X'V⁻¹X)⁻¹`.
    pub(crate) fn vcov_root(&self, factor: &Factor) -> Vec<f64> {
        self.inner_vcov_root(factor).iter().map(|v| v / self.scaling.w_scale.sqrt()).collect()
    }

    /// `R⁻¹L⁻ᵀ`, row-major, with `X'V⁻¹X = R'LL'R` up to the mean weight.
    fn inner_vcov_root(&self, factor: &Factor) -> Vec<f64> {
        let (p, r) = (self.scaling.p, &self.scaling.x_r);
        let mut half = small::identity(p);
        small::solve_lower(&small::transpose(r, p, p), p, &mut half, p);
        let mut by_column = small::transpose(&half, p, p);
        crate::dense::solve_lower(&factor.tail.fixed(), p, p, &mut by_column, p);
        by_column
    }

    /// Diagonal blocks of ΛCΛ' per term: times σ² the conditional covariances.
    pub fn conditional(&self, t: &[Vec<f64>], reml: bool) -> Result<Vec<Vec<f64>>, CoreError> {
        let (_, factor) = self.factor(t, reml)?;
        let blocks = self.cp.of(&factor).conditional(factor, reml);
        let mut out = Vec::new();
        for (i, term) in self.terms.iter().enumerate() {
            let (block, offset) = self.place(i);
            let (kb, k) = (self.cp.layout.blocks[block].k, term.k);
            let r_transposed = small::transpose(&self.scaling.terms[i].r, k, k);
            let level = |m: &[f64]| {
                let own: Vec<f64> = (0..k * k).map(|e| m[(offset + e / k) * kb + offset + e % k]).collect();
                let outer = small::congruence(&own, &r_transposed, k, k);
                outer.into_iter().map(|v| v / self.scaling.w_scale).collect::<Vec<f64>>()
            };
            out.push(blocks[block].chunks_exact(kb * kb).flat_map(level).collect());
        }
        Ok(out)
    }

    /// Average information for the distinct elements of S, part by part, lower triangles column by column.
    pub fn average_information(&self, t: &[Vec<f64>], reml: bool) -> Result<Vec<f64>, CoreError> {
        let (space, factor) = self.factor(t, reml)?;
        let inner = space.average(&self.cp, &factor, &self.cp.of(&factor).solve(&factor));
        Ok(self.outer_information(&space, &inner))
    }

    /// Information about the distinct elements of S in the user's units from that in internal ones.
    pub(crate) fn outer_information(&self, space: &Space, inner: &[f64]) -> Vec<f64> {
        let elements = space.elements();
        let n = elements.len();
        // derivative of the internal elements with respect to the user's
        let mut jacobian = vec![0.0; n * n];
        for (j, &(part, r, c)) in elements.iter().enumerate() {
            let p = &self.cp.layout.parts[part];
            let mut e = vec![0.0; p.k * p.k];
            e[r * p.k + c] = 1.0;
            e[c * p.k + r] = 1.0;
            let inverse = self.part_of(p, &self.scaling.terms[p.term].inverse);
            let image = small::congruence(&e, &small::transpose(&inverse, p.k, p.k), p.k, p.k);
            for (i, &(other, row, column)) in elements.iter().enumerate().filter(|(_, e)| e.0 == part) {
                debug_assert_eq!(other, part);
                jacobian[i * n + j] = image[row * p.k + column] * self.scaling.w_scale;
            }
        }
        small::congruence(inner, &jacobian, n, n)
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
                self.optimise_chart(reml, &chart, &[chart.start()], control, check)
            }
            (None, Some(_)) => Err(CoreError::BadInput("held parameters need their values as a start".into())),
            (start, None) => {
                let offset = self.criterion_offset(reml);
                let s: Option<Vec<Vec<f64>>> = start.map(|t| {
                    let square =
                        |(f, p): (Vec<f64>, &Part)| small::multiply(&f, &small::transpose(&f, p.k, p.k), p.k, p.k, p.k);
                    self.inner_roots(t).into_iter().zip(&self.cp.layout.parts).map(square).collect()
                });
                let mut told = |iteration: usize, criterion: f64| check(iteration, criterion + offset);
                let found = optimum::optimise(&self.cp, self.scaling.n, reml, s.as_deref(), control, &mut told)?;
                Ok(self.outer_outcome(found, reml))
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
        let offset = self.criterion_offset(reml);
        let mut told = |iteration: usize, criterion: f64| check(iteration, criterion + offset);
        let (units, space) = (self.units(), Space::new(&self.cp, self.scaling.n, reml));
        let on = Charted { cp: &self.cp, space, units: &units, chart };
        Ok(self.outer_outcome(chart::optimise_chart(&on, starts, control, &mut told)?, reml))
    }

    /// Whether the structure of a term has this entry of T.
    fn is_free(&self, term: usize, row: usize, column: usize) -> bool {
        let inside =
            |p: &Part| (p.within..p.within + p.k).contains(&row) && (p.within..p.within + p.k).contains(&column);
        self.cp.layout.parts.iter().any(|p| p.term == term && inside(p))
    }

    /// What a search found, in the user's units.
    fn outer_outcome(&self, mut outcome: Outcome, reml: bool) -> Outcome {
        let offset = self.criterion_offset(reml);
        outcome.point.criterion += offset;
        for record in &mut outcome.trace {
            record.criterion += offset;
            record.sigma2 *= self.scaling.w_scale * self.scaling.y_scale * self.scaling.y_scale;
            record.t = self.outer_factors(&record.t);
        }
        outcome.t = match &outcome.user {
            Some((t, _)) => t.clone(),
            None => self.outer_factors(&outcome.t),
        };
        outcome.falls = outcome.falls.map(|root| self.outer_factors(&root));
        for (part, direction) in outcome.null.iter_mut().chain(&mut outcome.unidentified) {
            *direction = self.outer_direction(*part, direction);
        }
        outcome
    }

    /// Term and offset within it of a part.
    pub fn part(&self, i: usize) -> (usize, usize, usize) {
        let p = &self.cp.layout.parts[i];
        (p.term, p.within, p.k)
    }

    /// T per term in the user's units from T per part in internal ones.
    fn outer_factors(&self, t: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let outer = |(p, t): (&Part, &Vec<f64>)| {
            let r = self.part_of(p, &self.scaling.terms[p.term].r);
            let f: Vec<f64> =
                small::multiply(&r, t, p.k, p.k, p.k).iter().map(|v| v / self.scaling.w_scale.sqrt()).collect();
            small::lower_factor(&f, p.k, p.k)
        };
        let parts: Vec<Vec<f64>> = self.cp.layout.parts.iter().zip(t).map(outer).collect();
        self.join(&parts)
    }

    /// A null direction of S in the user's units, of length one.
    fn outer_direction(&self, part: usize, v: &[f64]) -> Vec<f64> {
        let p = &self.cp.layout.parts[part];
        let inverse = self.part_of(p, &self.scaling.terms[p.term].inverse);
        let mut out = vec![0.0; p.k];
        small::transpose_multiply_add(&mut out, 1.0, &inverse, v, p.k, p.k, 1);
        let norm = small::dot(&out, &out).sqrt();
        out.iter().map(|x| x / norm).collect()
    }
}
