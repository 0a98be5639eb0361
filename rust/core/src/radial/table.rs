//! Tabulated radial functions: piecewise polynomials of degree 5 on bins that are as wide as an error bound allows.
//!
//! The range 0 ..= cutoff is cut into some dozens of equal cells, each into a power of 2 of equal bins of width h. In a
//! bin, with `u` in [0, 1), the polynomial `f(r) = Σ_k c_k u^k` takes the values and derivatives of the function at
//! u = 0, ½ and 1: continuously differentiable, error `3·10⁻⁶ h⁶ max|f⁽⁶⁾|`. Cells are refined until values and
//! derivatives between the nodes agree with the function, so that kinks, steps and poles cost bins only where they are.
//! Bins are stored `[bin][coefficient][function]`, so that one distance reads consecutive numbers. One more cell of one
//! bin of zeros stands for distances at or beyond the cutoff. Ends of cells are chosen such that a known kink, or the
//! nodes of a given grid, are ends of bins. Below [`LINEAR`] functions go on linearly.

use crate::error::{Error, Result};

/// Fewest cells; there are less than twice as many up to the kink.
const FEWEST_CELLS: usize = 24;
/// Coefficients of a polynomial.
pub const N_COEFFICIENTS: usize = 6;
/// Distance (Å) below which the first node continues linearly.
const LINEAR: f64 = 0.01;
/// Default of [`Tabulation::usual`], and the part of the cutoff below which no kink is looked for.
const INNER: f64 = 0.25;
/// Units (see [`Raster`]) up to the kink where no grid is given.
const UNITS: usize = FEWEST_CELLS << 6;
/// Bins of a unit where no grid is given.
const UNIT_PARTS: usize = 16;
/// Most numbers in one table.
const LIMIT: usize = 1 << 26;
/// Allowed deviation of derivatives per Å, in terms of that of values.
const SLOPES: f64 = 20.0;
/// Relative uncertainty of distances.
const ROUNDING: f64 = 1e-12;
/// Where polynomials are compared with the functions.
const CHECKS: [f64; 6] = [0.09, 0.21, 0.36, 0.64, 0.79, 0.91];

/// How functions are tabulated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tabulation {
    /// Largest deviation of a value relative to the size of the function; that of a derivative per Å is
    /// 20 times as large.
    pub tolerance: f64,
    /// Width (Å) of the bins of a cubic Hermite interpolation that takes the place of the functions, stretched so that
    /// bins end at the cutoff: the grid of ML-PACE, which is part of its potentials.
    pub grid: Option<f64>,
    /// Part of the cutoff from which on the size of a function is measured; at shorter distances each cell has its
    /// own.
    pub usual: f64,
}

impl Default for Tabulation {
    fn default() -> Self {
        Self { tolerance: 3e-10, grid: None, usual: INNER }
    }
}

/// Functions to tabulate: `(r, values, derivatives)`.
pub type Sample<'a> = dyn Fn(f64, &mut [f64], &mut [f64]) + 'a;

/// Equal bins of one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TableCell {
    /// Its first bin.
    pub bin: u32,
    /// Number of bins.
    pub parts: f64,
}

/// Table of several functions of r on `0 ..= cutoff`.
#[derive(Debug, Clone, PartialEq)]
pub struct RadialTable {
    n_functions: usize,
    raster: Raster,
    cells: Vec<TableCell>,
    coefficients: Vec<f64>,
}

impl RadialTable {
    /// Tabulates functions up to `cutoff` (Å), some derivative of which may jump at `kink`. The sizes of the functions
    /// (one per function) are at least `floors`.
    ///
    /// # Errors
    /// [`Error::Setting`] for a cutoff, tolerance or grid that is not positive, or a sample that is not finite;
    /// [`Error::TooLarge`] for a table that would not fit.
    pub fn new(
        floors: &[f64],
        [kink, cutoff]: [f64; 2],
        how: Tabulation,
        sample: &Sample<'_>,
    ) -> Result<Self> {
        let positive = |v: f64| v.is_finite() && v > 0.0;
        if !positive(cutoff) || !positive(how.tolerance) || !how.grid.is_none_or(positive) {
            let reason =
                format!("a table needs a positive cutoff, tolerance and grid, got {cutoff} Å and {how:?}");
            return Err(Error::Setting { name: "tabulation", reason });
        }
        let n_functions = floors.len();
        let grid = how.grid.map(|width| Grid::new(n_functions, cutoff, width, sample)).transpose()?;
        let raster = Raster::new([kink, cutoff], grid.as_ref());
        let builder = Builder { cutoff, sample, grid, raster, tolerance: how.tolerance, usual: how.usual };
        let size = builder.size(floors)?;
        let (mut cells, mut coefficients) = (Vec::with_capacity(raster.n_cells + 1), Vec::new());
        let row = N_COEFFICIENTS * n_functions;
        for cell in 0..raster.n_cells {
            let bin = coefficients.len() / row.max(1);
            let bins = builder.cell(cell, &size)?;
            cells.push(TableCell { bin: bin as u32, parts: (bins.len() / row.max(1)).max(1) as f64 });
            coefficients.extend(bins);
            if coefficients.len() > LIMIT {
                return Err(Error::TooLarge { what: "radial table", size: coefficients.len(), limit: LIMIT });
            }
        }
        cells.push(TableCell { bin: (coefficients.len() / row.max(1)) as u32, parts: 1.0 });
        coefficients.resize(coefficients.len() + row, 0.0);
        Ok(Self { n_functions, raster, cells, coefficients })
    }

    /// Number of bins, with that of zeros.
    pub fn n_bins(&self) -> usize {
        self.cells.last().map_or(0, |last| last.bin as usize + 1)
    }

    /// Width of a cell, Å.
    pub fn cell_width(&self) -> f64 {
        self.raster.cell()
    }

    /// The cells, and that beyond the cutoff.
    pub fn cells(&self) -> &[TableCell] {
        &self.cells
    }

    /// All coefficients, `[bin][coefficient][function]`.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// Values and derivatives (1/Å) at `r`.
    pub fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        let n = self.n_functions;
        let scale = 1.0 / self.raster.cell();
        let s = (r * scale).clamp(0.0, self.raster.n_cells as f64);
        let cell = self.cells[s as usize];
        let within = s.fract() * cell.parts;
        let bin = cell.bin as usize + within as usize;
        let row = &self.coefficients[bin * N_COEFFICIENTS * n..][..N_COEFFICIENTS * n];
        polynomials(row, within.fract(), value, derivative);
        derivative.iter_mut().for_each(|d| *d *= scale * cell.parts);
    }
}

/// Values and derivatives of the polynomials of one bin at `u`.
fn polynomials(row: &[f64], u: f64, value: &mut [f64], derivative: &mut [f64]) {
    let n = value.len();
    for (k, (value, derivative)) in value.iter_mut().zip(derivative).enumerate() {
        (*value, *derivative) = (row[5 * n + k], 0.0);
        for c in (0..5).rev().map(|order| row[order * n + k]) {
            *derivative = *derivative * u + *value;
            *value = *value * u + c;
        }
    }
}

/// Values and derivatives (1/Å) of all functions at one distance.
#[derive(Debug, Clone)]
struct Node {
    value: Vec<f64>,
    slope: Vec<f64>,
}

impl Node {
    /// # Errors
    /// [`Error::Setting`] where a function is not finite.
    fn new(n: usize, r: f64, sample: &Sample<'_>) -> Result<Self> {
        let mut node = Self { value: vec![0.0; n], slope: vec![0.0; n] };
        let from = r.max(LINEAR);
        sample(from, &mut node.value, &mut node.slope);
        for (v, d) in node.value.iter_mut().zip(&node.slope) {
            *v += (r - from) * d;
        }
        if node.value.iter().chain(&node.slope).all(|v| v.is_finite()) {
            return Ok(node);
        }
        Err(Error::Setting {
            name: "radial", reason: format!("a radial function is not finite at {r:.4} Å")
        })
    }
}

/// How the range of a table is cut: cells are a power of 2 of units wide.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Raster {
    /// Å; bins wider than this are checked in every unit. The width of the bins of a grid, if there is one.
    unit: f64,
    /// Units per cell.
    units: usize,
    n_cells: usize,
    /// Most bins per cell.
    most_parts: usize,
}

impl Raster {
    fn new([kink, cutoff]: [f64; 2], grid: Option<&Grid>) -> Self {
        let kink = if kink > INNER * cutoff && kink < cutoff { kink } else { cutoff };
        let (unit, up_to_kink, unit_parts) = match grid {
            Some(grid) => (grid.width, grid.nodes.len() - 1, 1),
            None => (kink / UNITS as f64, UNITS, UNIT_PARTS),
        };
        let units = 1 << (up_to_kink / FEWEST_CELLS).max(1).ilog2();
        let n_cells = (cutoff / (unit * units as f64) * (1.0 - ROUNDING)).ceil() as usize;
        Self { unit, units, n_cells, most_parts: units * unit_parts }
    }

    /// Width of a cell, Å.
    fn cell(&self) -> f64 {
        self.unit * self.units as f64
    }
}

/// Cubic Hermite interpolation on equal bins.
struct Grid {
    width: f64,
    nodes: Vec<Node>,
}

impl Grid {
    fn new(n: usize, cutoff: f64, width: f64, sample: &Sample<'_>) -> Result<Self> {
        let n_bins = ((cutoff / width) as usize).max(1);
        if n_bins.saturating_mul(2 * n) > LIMIT {
            return Err(Error::TooLarge { what: "radial grid", size: n_bins, limit: LIMIT / (2 * n) });
        }
        let at = |bin: usize| if bin == n_bins { cutoff } else { bin as f64 * cutoff / n_bins as f64 };
        let nodes = (0..=n_bins).map(|bin| Node::new(n, at(bin), sample)).collect::<Result<_>>()?;
        Ok(Self { width: cutoff / n_bins as f64, nodes })
    }

    fn evaluate(&self, r: f64) -> Node {
        let s = (r / self.width).max(0.0);
        let bin = (s as usize).min(self.nodes.len() - 2);
        let (u, h) = (s - bin as f64, self.width);
        let (left, right) = (&self.nodes[bin], &self.nodes[bin + 1]);
        let mut out = left.clone();
        for k in 0..out.value.len() {
            let delta = right.value[k] - left.value[k];
            let (d0, d1) = (left.slope[k] * h, right.slope[k] * h);
            let (c2, c3) = (3.0 * delta - 2.0 * d0 - d1, d0 + d1 - 2.0 * delta);
            out.value[k] = ((c3 * u + c2) * u + d0) * u + left.value[k];
            out.slope[k] = ((3.0 * c3 * u + 2.0 * c2) * u + d0) / h;
        }
        out
    }
}

struct Builder<'a> {
    cutoff: f64,
    sample: &'a Sample<'a>,
    grid: Option<Grid>,
    raster: Raster,
    tolerance: f64,
    usual: f64,
}

impl Builder<'_> {
    fn node(&self, n: usize, r: f64) -> Result<Node> {
        match &self.grid {
            _ if r > self.cutoff * (1.0 + ROUNDING) => Ok(Node { value: vec![0.0; n], slope: vec![0.0; n] }),
            Some(grid) => Ok(grid.evaluate(r.min(self.cutoff))),
            None => Node::new(n, r.min(self.cutoff), self.sample),
        }
    }

    /// Sizes of the functions at usual distances.
    fn size(&self, floors: &[f64]) -> Result<Vec<f64>> {
        let mut size = floors.to_vec();
        let steps = 16 * FEWEST_CELLS;
        for k in 0..steps {
            let part = self.usual + (1.0 - self.usual) * k as f64 / steps as f64;
            enlarge(&mut size, &self.node(floors.len(), part * self.cutoff)?);
        }
        Ok(size)
    }

    /// Coefficients of the bins of a cell.
    fn cell(&self, cell: usize, size: &[f64]) -> Result<Vec<f64>> {
        let n = size.len();
        let width = self.raster.cell();
        let most_parts = self.raster.most_parts;
        let at = |part: f64| (cell as f64 + part) * width;
        let mut size = size.to_vec();
        for k in 0..=8 {
            enlarge(&mut size, &self.node(n, at(f64::from(k) / 8.0))?);
        }
        let mut parts = 1;
        loop {
            let h = width / parts as f64;
            let mut bins = Vec::with_capacity(parts * N_COEFFICIENTS * n);
            let mut left = self.node(n, at(0.0))?;
            let mut fine = true;
            for part in 0..parts {
                let from = part as f64;
                let [middle, right] = [0.5, 1.0].map(|u| self.node(n, at((from + u) / parts as f64)));
                let (middle, right) = (middle?, right?);
                let row = interpolate([&left, &middle, &right], h);
                fine = fine && self.check(&row, at(from / parts as f64), h, &size)?;
                if !fine && parts < most_parts {
                    break;
                }
                bins.extend(row);
                left = right;
            }
            if fine || parts == most_parts {
                return Ok(bins);
            }
            parts *= 2;
        }
    }

    /// Whether the polynomials of the bin of width `h` at `start` agree with the functions.
    fn check(&self, row: &[f64], start: f64, h: f64, size: &[f64]) -> Result<bool> {
        let n = size.len();
        let (mut value, mut slope) = (vec![0.0; n], vec![0.0; n]);
        let units = (h / self.raster.unit).round() as usize;
        let points: Vec<f64> = if units < CHECKS.len() {
            CHECKS.to_vec()
        } else {
            (0..units).map(|k| (k as f64 + CHECKS[1]) / units as f64).collect()
        };
        for u in points {
            let r = start + u * h;
            if r < 2.0 * LINEAR || r >= self.cutoff {
                continue;
            }
            let exact = self.node(n, r)?;
            polynomials(row, u, &mut value, &mut slope);
            let close = |k: usize| {
                (value[k] - exact.value[k]).abs() <= self.tolerance * size[k]
                    && (slope[k] / h - exact.slope[k]).abs() <= SLOPES * self.tolerance * size[k]
            };
            if !(0..n).all(close) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn enlarge(size: &mut [f64], by: &Node) {
    size.iter_mut().zip(&by.value).for_each(|(size, by)| *size = size.max(by.abs()));
}

/// Coefficients of the polynomials through values and derivatives at 0, ½ and 1 of a bin of width `h`, from
/// divided differences: `[coefficient][function]`.
fn interpolate([left, middle, right]: [&Node; 3], h: f64) -> Vec<f64> {
    let n = left.value.len();
    let mut row = vec![0.0; N_COEFFICIENTS * n];
    for k in 0..n {
        let [f0, fm, f1] = [left, middle, right].map(|node| node.value[k]);
        let [d0, dm, d1] = [left, middle, right].map(|node| node.slope[k] * h);
        let (a, b) = (2.0 * (fm - f0), 2.0 * (f1 - fm));
        let second = [2.0 * (a - d0), 2.0 * (dm - a), 2.0 * (b - dm), 2.0 * (d1 - b)];
        let third = [2.0 * (second[1] - second[0]), second[2] - second[1], 2.0 * (second[3] - second[2])];
        let fourth = [third[1] - third[0], third[2] - third[1]];
        let fifth = fourth[1] - fourth[0];
        let (x2, x3, x4) = (second[0], third[0], fourth[0]);
        let coefficients =
            [f0, d0, x2 - 0.5 * x3 + 0.25 * (x4 - fifth), x3 - x4 + 1.25 * fifth, x4 - 2.0 * fifth, fifth];
        for (order, c) in coefficients.into_iter().enumerate() {
            row[order * n + k] = c;
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smooth(r: f64, value: &mut [f64], derivative: &mut [f64]) {
        value[0] = (1.3 * r).sin();
        derivative[0] = 1.3 * (1.3 * r).cos();
        value[1] = (5.0 - r).powi(3);
        derivative[1] = -3.0 * (5.0 - r).powi(2);
    }

    /// Largest deviations of values and derivatives of a table from a sample, from `start` Å on.
    fn deviation(table: &RadialTable, start: f64, sample: &Sample<'_>) -> [f64; 2] {
        let (mut v, mut d, mut w, mut e) = ([0.0; 2], [0.0; 2], [0.0; 2], [0.0; 2]);
        let mut worst = [0.0_f64; 2];
        for r in (0..3000).map(|k| f64::from(k) * 0.001_667).filter(|r| *r >= start) {
            table.evaluate(r, &mut v, &mut d);
            sample(r, &mut w, &mut e);
            for k in 0..2 {
                worst = [worst[0].max((v[k] - w[k]).abs()), worst[1].max((d[k] - e[k]).abs())];
            }
        }
        worst
    }

    #[test]
    fn keeps_the_tolerance_with_few_bins() -> Result<()> {
        for (tolerance, most) in [(1e-6, 50), (1e-9, 90), (1e-12, 400)] {
            let table = RadialTable::new(
                &[0.0; 2],
                [5.0; 2],
                Tabulation { tolerance, ..Tabulation::default() },
                &smooth,
            )?;
            let [value, derivative] = deviation(&table, 0.02, &smooth);
            assert!(value < 200.0 * tolerance && derivative < 1500.0 * tolerance, "{value} {derivative}");
            assert!(table.n_bins() < most, "{}", table.n_bins());
            let (mut v, mut d) = ([1.0; 2], [1.0; 2]);
            table.evaluate(5.0, &mut v, &mut d);
            assert_eq!((v, d), ([0.0; 2], [0.0; 2]));
        }
        Ok(())
    }

    /// A kink and a pole cost bins in their own cells only.
    #[test]
    fn refines_where_it_is_needed() -> Result<()> {
        let sharp = |r: f64, value: &mut [f64], derivative: &mut [f64]| {
            let x = (r - 3.3).max(0.0);
            (value[0], derivative[0]) = (x * x, 2.0 * x);
            (value[1], derivative[1]) = (1.0 / r, -1.0 / (r * r));
        };
        let table = RadialTable::new(&[0.0; 2], [5.0; 2], Tabulation::default(), &sharp)?;
        let kink = (3.3 / table.cell_width()) as usize;
        let parts: Vec<f64> = table.cells().iter().map(|cell| cell.parts).collect();
        assert!(parts[kink] >= 64.0 && parts[0] >= 16.0);
        assert!(parts.iter().enumerate().all(|(k, &p)| k == kink || k < 3 || p <= 8.0), "{parts:?}");
        // Aligned with the kink, it costs nothing; the functions end in the last cell without being 0.
        let aligned = RadialTable::new(&[0.0; 2], [3.3, 5.0], Tabulation::default(), &sharp)?;
        assert!(aligned.cells()[3..36].iter().all(|cell| cell.parts <= 8.0));
        let [value, derivative] = deviation(&table, 0.6, &sharp);
        assert!(value < 1e-8 && derivative < 1e-7, "{value} {derivative}");
        Ok(())
    }

    #[test]
    fn is_linear_at_the_shortest_distances() -> Result<()> {
        let pole = |r: f64, value: &mut [f64], derivative: &mut [f64]| {
            (value[0], derivative[0]) = (1.0 / r, -1.0 / (r * r));
        };
        let table = RadialTable::new(&[0.0], [5.0; 2], Tabulation::default(), &pole)?;
        let at = |r: f64| {
            let (mut v, mut d) = ([0.0], [0.0]);
            table.evaluate(r, &mut v, &mut d);
            (v[0], d[0])
        };
        assert!((at(0.0).0 - 200.0).abs() < 1e-9 && (at(0.0).1 + 1e4).abs() < 1e-6);
        let mut last = f64::INFINITY;
        for k in 0..500 {
            let (value, slope) = at(1e-4 * f64::from(k));
            assert!(value < last && slope < 0.0, "{k}");
            last = value;
        }
        Ok(())
    }

    /// A grid replaces the functions: its interpolation comes back, not the functions.
    #[test]
    fn takes_a_grid_for_the_functions() -> Result<()> {
        let how = Tabulation { grid: Some(0.3), ..Tabulation::default() };
        let table = RadialTable::new(&[0.0; 2], [5.0; 2], how, &smooth)?;
        let grid = Grid::new(2, 5.0, 0.3, &smooth)?;
        let exact = |r: f64, value: &mut [f64], derivative: &mut [f64]| {
            let node = grid.evaluate(r);
            value.copy_from_slice(&node.value);
            derivative.copy_from_slice(&node.slope);
        };
        let [value, derivative] = deviation(&table, 0.02, &exact);
        assert!(value < 1e-6 && derivative < 1e-5, "{value} {derivative}");
        assert!(deviation(&table, 0.02, &smooth)[0] > 1e-5);
        Ok(())
    }

    #[test]
    fn refuses_what_it_cannot_tabulate() {
        let diverging = |r: f64, value: &mut [f64], derivative: &mut [f64]| {
            value[0] = 1.0 / (r - 2.0);
            derivative[0] = 0.0;
        };
        assert!(RadialTable::new(&[0.0], [4.0; 2], Tabulation::default(), &diverging).is_err());
        for how in [(0.0, None), (1e-9, Some(-1.0))].map(|(tolerance, grid)| Tabulation {
            tolerance,
            grid,
            usual: 0.5,
        }) {
            assert!(RadialTable::new(&[0.0; 2], [4.0; 2], how, &smooth).is_err());
        }
        let fine = Tabulation { grid: Some(1e-9), ..Tabulation::default() };
        assert!(RadialTable::new(&[0.0; 2], [4.0; 2], fine, &smooth).is_err());
    }
}
