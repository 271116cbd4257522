//! Columns of Z that are cubics between knots, times a map: a row has four numbers, and the columns themselves are never built.
//!
//! Sums run over the four numbers, and the map is applied to the sums: `Z'WZ = C'(L'WL)C` for `Z = LC`.

/// Numbers of a row: value and second derivative at the knot on its left, the same at that on its right.
pub const WIDTH: usize = 4;

/// Where the numbers of a row stand among the columns of L, and they themselves.
pub type LocalRow = (usize, [f64; WIDTH]);

/// Z = LC: L has a value and a second derivative for each knot, outside of the knots the cubics go on as straight lines.
#[derive(Clone, Debug)]
pub struct Local {
    x: Vec<f64>,
    /// Knot on the left of each row.
    left: Vec<u32>,
    knots: Vec<f64>,
    /// C, `2K × q`, row-major: value and second derivative of the first knot, of the second, …
    pub map: Vec<f64>,
    /// Columns of Z.
    pub q: usize,
}

impl Local {
    /// Of the numbers `x` between increasing `knots`; the rows of `map` are those of all values, then those of all second derivatives.
    pub fn new(x: Vec<f64>, knots: Vec<f64>, map: &[f64], q: usize) -> Local {
        let left = intervals(&x, &knots);
        let n_knots = knots.len();
        let row = |at: usize| &map[(at % 2 * n_knots + at / 2) * q..][..q];
        let map = (0..2 * n_knots).flat_map(|at| row(at).to_vec()).collect();
        Local { x, left, knots, map, q }
    }

    /// Number of rows.
    pub fn n(&self) -> usize {
        self.x.len()
    }

    /// Whether all numbers are finite and knots increase.
    pub fn is_finite(&self) -> bool {
        let finite = |v: &[f64]| v.iter().all(|a| a.is_finite());
        finite(&self.x) && finite(&self.map) && self.knots.windows(2).all(|w| w[0] < w[1]) && finite(&self.knots)
    }

    /// Columns of L.
    pub fn length(&self) -> usize {
        2 * self.knots.len()
    }

    /// One row of L.
    pub fn row(&self, i: usize) -> LocalRow {
        let left = self.left[i] as usize;
        (2 * left, self.numbers(left, self.x[i]))
    }

    /// Numbers of a row at `x`, with the knot `left` on its left.
    fn numbers(&self, left: usize, x: f64) -> [f64; WIDTH] {
        let (low, high) = (self.knots[left], self.knots[left + 1]);
        let (first, last) = (self.knots[0], self.knots[self.knots.len() - 1]);
        let inside = x.clamp(first, last);
        let h = high - low;
        let b = inside - low;
        let (a, inverse) = (h - b, 1.0 / h);
        let share = b * inverse;
        let mut row = [1.0 - share, (a * a * inverse - h) * a / 6.0, share, (b * b * inverse - h) * b / 6.0];
        if x != inside {
            let slopes = [-inverse, (h - 3.0 * a * a * inverse) / 6.0, inverse, (3.0 * b * b * inverse - h) / 6.0];
            row.iter_mut().zip(slopes).for_each(|(o, s)| *o += (x - inside) * s);
        }
        row
    }

    /// One row of Z into `out`.
    pub fn columns(&self, (at, numbers): LocalRow, out: &mut [f64]) {
        out.fill(0.0);
        for (row, f) in self.map[at * self.q..(at + WIDTH) * self.q].chunks_exact(self.q).zip(numbers) {
            out.iter_mut().zip(row).for_each(|(o, c)| *o += f * c);
        }
    }

    /// Z, row-major.
    pub fn product(&self) -> Vec<f64> {
        let mut out = vec![0.0; self.n() * self.q];
        out.chunks_exact_mut(self.q.max(1)).enumerate().for_each(|(i, row)| self.columns(self.row(i), row));
        out
    }

    /// `L'f`; values, then second derivatives.
    pub fn sums(&self, factors: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.length()];
        for (i, f) in factors.iter().enumerate() {
            let (at, numbers) = self.row(i);
            sums[at..at + WIDTH].iter_mut().zip(numbers).for_each(|(o, v)| *o += f * v);
        }
        let of_kind = |kind: usize| sums.iter().skip(kind).step_by(2).copied().collect::<Vec<f64>>();
        [of_kind(0), of_kind(1)].concat()
    }

    /// `C'G` (`q × width`) for G with a row for each column of L.
    pub fn mapped(&self, g: &[f64], width: usize) -> Vec<f64> {
        let mut out = vec![0.0; self.q * width];
        for (c, g) in self.map.chunks_exact(self.q).zip(g.chunks_exact(width)) {
            for (o, f) in out.chunks_exact_mut(width).zip(c) {
                o.iter_mut().zip(g).for_each(|(o, v)| *o += f * v);
            }
        }
        out
    }

    /// Sum of all squares of Z, each row times the square of its factor.
    pub fn square(&self, factor: impl Fn(usize) -> f64) -> f64 {
        // CC' between the columns of L that one row can meet
        let n_intervals = self.knots.len() - 1;
        let row = |at: usize| &self.map[at * self.q..(at + 1) * self.q];
        let entry = |at: usize, e: usize| -> f64 {
            row(2 * at + e / WIDTH).iter().zip(row(2 * at + e % WIDTH)).map(|(a, b)| a * b).sum()
        };
        let near: Vec<[f64; WIDTH * WIDTH]> =
            (0..n_intervals).map(|at| std::array::from_fn(|e| entry(at, e))).collect();
        let of_row = |i: usize| -> f64 {
            let (at, v) = self.row(i);
            let square: f64 = near[at / 2].iter().enumerate().map(|(e, c)| c * v[e / WIDTH] * v[e % WIDTH]).sum();
            factor(i) * factor(i) * square
        };
        (0..self.n()).map(of_row).sum()
    }

    /// Largest sum of absolute values of a row of Z.
    ///
    /// In a cell of width d a cubic c stays below its chord by at most `d²/8 max|c''|`, and so does its absolute value: only rows in
    /// cells that may hold the largest sum are looked at.
    pub fn largest_sum(&self) -> f64 {
        let mut z = vec![0.0; self.q];
        let mut sum = |row: LocalRow| -> f64 {
            self.columns(row, &mut z);
            z.iter().map(|v| v.abs()).sum()
        };
        let n_intervals = self.knots.len() - 1;
        let mut bound = vec![f64::INFINITY; n_intervals * CELLS];
        for at in 0..n_intervals {
            let (low, h) = (self.knots[at], self.knots[at + 1] - self.knots[at]);
            let ends: Vec<f64> =
                (0..=CELLS).map(|c| sum((2 * at, self.numbers(at, low + h * c as f64 / CELLS as f64)))).collect();
            let bends = |knot: usize| &self.map[(2 * knot + 1) * self.q..(2 * knot + 2) * self.q];
            let curved: f64 = bends(at).iter().zip(bends(at + 1)).map(|(a, b)| a.abs().max(b.abs())).sum();
            let above = (h / CELLS as f64).powi(2) / 8.0 * curved;
            for (c, w) in ends.windows(2).enumerate() {
                bound[at * CELLS + c] = (w[0].max(w[1]) + above) * (1.0 + 1e-9);
            }
        }
        let (first, last) = (self.knots[0], self.knots[n_intervals]);
        let mut largest = 0.0_f64;
        for (i, x) in self.x.iter().enumerate() {
            let at = self.left[i] as usize;
            let (low, high) = (self.knots[at], self.knots[at + 1]);
            let cell = (((x - low) / (high - low) * CELLS as f64) as usize).min(CELLS - 1);
            let near = |c: usize| bound[at * CELLS + c.min(CELLS - 1)];
            // rounding may put a number into the cell beside its own
            let possible = near(cell).max(near(cell + 1)).max(near(cell.saturating_sub(1)));
            if possible > largest || *x < first || *x > last {
                largest = largest.max(sum(self.row(i)));
            }
        }
        largest
    }
}

/// Cells of an interval between knots, by which rows are sorted out.
const CELLS: usize = 64;

/// The knot on the left of each number, by a table of even cells.
fn intervals(x: &[f64], knots: &[f64]) -> Vec<u32> {
    let (first, last) = (knots[0], knots[knots.len() - 1]);
    let n_cells = 16 * knots.len();
    let inverse = n_cells as f64 / (last - first);
    let most = knots.len() - 2;
    let of_cell = |c: usize| knots[1..=most].partition_point(|knot| *knot <= first + c as f64 / inverse);
    let table: Vec<usize> = (0..n_cells).map(of_cell).collect();
    let find = |v: &f64| {
        let cell = ((v - first) * inverse) as usize; // below the first knot: 0
        let mut left = table[cell.min(n_cells - 1)];
        while left > 0 && knots[left] > *v {
            left -= 1;
        }
        while left < most && knots[left + 1] <= *v {
            left += 1;
        }
        left as u32
    };
    x.iter().map(find).collect()
}
