//! A tabulated function: cubics between nodes with values and slopes.

use crate::error::{Error, Result};

/// Fewest nodes of a table.
const FEWEST: usize = 2;

/// Nodes of a piecewise cubic function, ascending.
#[derive(Debug, Clone, PartialEq)]
pub struct Nodes {
    r: Vec<f64>,
    value: Vec<f64>,
    slope: Vec<f64>,
}

impl Nodes {
    /// A table from distances (Å), energies (eV) and slopes (eV/Å), column behind column.
    ///
    /// # Errors
    /// [`Error::Setting`] for columns that are of different lengths, too short, not finite or not ascending.
    pub fn new(columns: &[f64]) -> Result<Self> {
        let bad = |reason: &str| Err(Error::Setting { name: "pairs", reason: reason.into() });
        let n = columns.len() / 3;
        if columns.len() % 3 != 0 || n < FEWEST {
            return bad("a table needs r, E and dE/dr at two nodes or more");
        }
        let (r, rest) = columns.split_at(n);
        let (value, slope) = rest.split_at(n);
        if r[0] < 0.0 || r.windows(2).any(|pair| pair[0] >= pair[1]) {
            return bad("the distances of a table must be ascending, from 0 on");
        }
        Ok(Self { r: r.to_vec(), value: value.to_vec(), slope: slope.to_vec() })
    }

    /// r, E and dE/dr, column behind column.
    pub fn columns(&self) -> Vec<f64> {
        [&self.r[..], &self.value, &self.slope].concat()
    }

    /// First and last distance, Å.
    pub fn range(&self) -> [f64; 2] {
        [self.r[0], self.r[self.r.len() - 1]]
    }

    /// Value and slope within the range; beyond it those of the nearest cubic.
    pub fn evaluate(&self, r: f64) -> (f64, f64) {
        let above = self.r.partition_point(|node| *node <= r);
        let k = above.clamp(1, self.r.len() - 1) - 1;
        let h = self.r[k + 1] - self.r[k];
        let u = (r - self.r[k]) / h;
        let delta = self.value[k + 1] - self.value[k];
        let (d0, d1) = (self.slope[k] * h, self.slope[k + 1] * h);
        let (c2, c3) = (3.0 * delta - 2.0 * d0 - d1, d0 + d1 - 2.0 * delta);
        (((c3 * u + c2) * u + d0) * u + self.value[k], ((3.0 * c3 * u + 2.0 * c2) * u + d0) / h)
    }
}
