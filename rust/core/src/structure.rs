//! Atomic structures: species, positions, cell and periodic directions.
//!
//! Conventions (DESIGN §1): lengths in Å, rows of the cell are the lattice vectors, an edge i→j with
//! integer shift S points along `r_ij = r_j + S·cell − r_i`.

use crate::elements::symbol;
use crate::error::{Error, Result};

/// Distance (Å) below which atoms count as lying on each other.
pub const SHORTEST: f64 = 1e-6;

/// Places of the six components of a symmetric matrix: xx yy zz yz xz xy.
pub const VOIGT: [[usize; 2]; 6] = [[0, 0], [1, 1], [2, 2], [1, 2], [0, 2], [0, 1]];

/// A unit cell with its periodic directions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    rows: [[f64; 3]; 3],
    pbc: [bool; 3],
}

impl Cell {
    /// A cell from lattice vectors (rows, Å) and periodic flags.
    ///
    /// # Errors
    /// [`Error::Cell`] if an entry is not finite or the periodic lattice vectors are linearly dependent.
    pub fn new(rows: [[f64; 3]; 3], pbc: [bool; 3]) -> Result<Self> {
        if rows.iter().flatten().any(|v| !v.is_finite()) {
            return Err(Error::Cell { reason: "an entry is not finite".into() });
        }
        let periodic: Vec<[f64; 3]> = (0..3).filter(|&k| pbc[k]).map(|k| rows[k]).collect();
        let norms: f64 = periodic.iter().map(norm).product();
        let measure = match periodic[..] {
            [] => 1.0,
            [a] => norm(&a),
            [a, b] => norm(&cross(&a, &b)),
            [a, b, c] => dot(&a, &cross(&b, &c)).abs(),
            _ => 0.0,
        };
        if measure <= 1e-8 * norms.max(1e-300) {
            return Err(Error::Cell {
                reason: format!("the periodic lattice vectors {periodic:?} are zero or linearly dependent"),
            });
        }
        Ok(Self { rows, pbc })
    }

    /// Lattice vectors as rows, Å.
    pub fn rows(&self) -> &[[f64; 3]; 3] {
        &self.rows
    }

    /// Periodic directions.
    pub fn pbc(&self) -> [bool; 3] {
        self.pbc
    }

    /// Volume in Å³ of a cell with three periodic directions, `None` otherwise.
    pub fn volume(&self) -> Option<f64> {
        let [a, b, c] = &self.rows;
        self.pbc.iter().all(|&p| p).then(|| dot(a, &cross(b, c)).abs())
    }

    /// The vector `S·cell` in Å.
    #[inline]
    pub fn shift_vector(&self, shift: [i32; 3]) -> [f64; 3] {
        let s = shift.map(f64::from);
        let c = &self.rows;
        std::array::from_fn(|k| s[0] * c[0][k] + s[1] * c[1][k] + s[2] * c[2][k])
    }
}

/// A structure: atomic numbers, Cartesian positions (Å) and cell. Correct by construction.
#[derive(Debug, Clone, PartialEq)]
pub struct Structure {
    numbers: Vec<u8>,
    positions: Vec<[f64; 3]>,
    cell: Cell,
}

impl Structure {
    /// A checked structure.
    ///
    /// # Errors
    /// [`Error::Length`] if the arrays disagree, [`Error::NotFinite`] for a bad position,
    /// [`Error::Setting`] for an atomic number outside 1–118.
    pub fn new(numbers: Vec<u8>, positions: Vec<[f64; 3]>, cell: Cell) -> Result<Self> {
        Error::check_length("positions", numbers.len(), positions.len())?;
        if let Some(atom) = positions.iter().position(|p| p.iter().any(|v| !v.is_finite())) {
            return Err(Error::NotFinite { what: "position", atom });
        }
        if let Some(bad) = numbers.iter().find(|&&z| symbol(z).is_none()) {
            return Err(Error::Setting {
                name: "numbers",
                reason: format!("{bad} is no atomic number (1–118)"),
            });
        }
        Ok(Self { numbers, positions, cell })
    }

    /// Number of atoms.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there is no atom.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Atomic numbers, one per atom.
    pub fn numbers(&self) -> &[u8] {
        &self.numbers
    }

    /// Cartesian positions, Å.
    pub fn positions(&self) -> &[[f64; 3]] {
        &self.positions
    }

    /// The cell.
    pub fn cell(&self) -> &Cell {
        &self.cell
    }
}

/// a · b
#[inline]
pub fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// a × b
#[inline]
pub fn cross(a: &[f64; 3], b: &[f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// |a|
#[inline]
pub fn norm(a: &[f64; 3]) -> f64 {
    dot(a, a).sqrt()
}
