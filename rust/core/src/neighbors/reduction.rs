//! Lattice reduction: short, nearly orthogonal vectors of the same lattice, however skewed the cell.
//!
//! In a reduced basis the distance between lattice planes is close to the length of the vectors, so that
//! the number of images within a cutoff, and the work for them, does not depend on the choice of cell.

use crate::structure::{Cell, cross, dot, norm};

/// Steps after which a reduction that rounding keeps alive ends; real ones need a few dozen.
const MAX_STEPS: usize = 10_000;

/// Largest entry of the integer matrix, exact in f64.
const MAX_ENTRY: f64 = 4e15;

/// A basis of the same lattice as a cell: `rows[k] = Σ_l transform[k][l] · cell.rows()[l]` where `k` is
/// periodic, and unit vectors orthogonal to the periodic ones where it is not.
#[derive(Debug)]
pub(super) struct ReducedCell {
    /// Basis vectors, Å.
    pub rows: [[f64; 3]; 3],
    /// Integer matrix from the rows of the cell to the reduced ones; unit rows where not periodic.
    pub transform: [[i64; 3]; 3],
    /// Reciprocal vectors without 2π: fractional coordinate `k` of x is `normals[k] · x`.
    pub normals: [[f64; 3]; 3],
}

impl ReducedCell {
    /// Reduces the periodic vectors of `cell` and completes them to three dimensions.
    pub fn new(cell: &Cell) -> Self {
        let mut transform = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
        let mut rows = *cell.rows();
        let periodic: Vec<usize> = (0..3).filter(|&k| cell.pbc()[k]).collect();
        for _ in 0..MAX_STEPS {
            let Some((k, combination)) = shorter(&rows, &periodic) else { break };
            let row: [f64; 3] =
                std::array::from_fn(|l| (0..3).map(|m| combination[m] * transform[m][l] as f64).sum());
            if row.iter().any(|v| v.abs() > MAX_ENTRY) {
                break;
            }
            transform[k] = row.map(|v| v as i64);
            rows[k] =
                std::array::from_fn(|x| (0..3).map(|l| transform[k][l] as f64 * cell.rows()[l][x]).sum());
        }
        let rows = complete(&rows, cell.pbc());
        let volume = dot(&rows[0], &cross(&rows[1], &rows[2]));
        let normals = std::array::from_fn(|k| {
            cross(&rows[(k + 1) % 3], &rows[(k + 2) % 3]).map(|component| component / volume)
        });
        Self { rows, transform, normals }
    }

    /// The integer vector `shift` of this basis in terms of the rows of the cell.
    pub fn to_cell(&self, shift: [i64; 3]) -> [i64; 3] {
        std::array::from_fn(|l| (0..3).map(|k| shift[k] * self.transform[k][l]).sum())
    }
}

/// A vector that an integer combination of the vectors can shorten, and that combination.
fn shorter(rows: &[[f64; 3]; 3], periodic: &[usize]) -> Option<(usize, [f64; 3])> {
    let improves = |k: usize, combination: [f64; 3]| {
        let vector: [f64; 3] = std::array::from_fn(|x| (0..3).map(|m| combination[m] * rows[m][x]).sum());
        dot(&vector, &vector) < dot(&rows[k], &rows[k]) * (1.0 - 1e-9)
    };
    for &k in periodic {
        for &l in periodic {
            let quotient = (dot(&rows[k], &rows[l]) / dot(&rows[l], &rows[l])).round();
            let mut combination = [0.0; 3];
            combination[k] = 1.0;
            combination[l] -= quotient;
            if k != l && quotient != 0.0 && improves(k, combination) {
                return Some((k, combination));
            }
        }
    }
    // Three vectors can be reduced pair by pair and still be nearly coplanar.
    if periodic.len() == 3 {
        for k in 0..3 {
            for (s, t) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
                let mut combination = [1.0; 3];
                combination[(k + 1) % 3] = s;
                combination[(k + 2) % 3] = t;
                if improves(k, combination) {
                    return Some((k, combination));
                }
            }
        }
    }
    None
}

/// The vectors with those of non-periodic directions replaced by unit vectors orthogonal to all others.
pub(super) fn complete(rows: &[[f64; 3]; 3], pbc: [bool; 3]) -> [[f64; 3]; 3] {
    let mut rows = *rows;
    let unit = |v: [f64; 3]| {
        let length = norm(&v);
        v.map(|component| component / length)
    };
    match pbc {
        [true, true, true] => {}
        [false, false, false] => rows = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        _ if pbc.iter().filter(|&&p| p).count() == 2 => {
            let k = usize::from(pbc[0]) * (1 + usize::from(pbc[1]));
            rows[k] = unit(cross(&unit(rows[(k + 1) % 3]), &unit(rows[(k + 2) % 3])));
        }
        _ => {
            let k = usize::from(!pbc[0]) * (1 + usize::from(!pbc[1]));
            let along = unit(rows[k]);
            let least = (0..3).fold(0, |best, x| if along[x].abs() < along[best].abs() { x } else { best });
            let axis = std::array::from_fn(|x| f64::from(u8::from(x == least)));
            let first = unit(cross(&along, &axis));
            rows[(k + 1) % 3] = first;
            rows[(k + 2) % 3] = cross(&along, &first);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Result;

    #[test]
    fn a_skewed_cubic_cell_becomes_cubic() -> Result<()> {
        let skewed = [[3.0, 0.0, 0.0], [3e5, 3.0, 0.0], [-6e6, 9e4, 3.0]];
        let reduced = ReducedCell::new(&Cell::new(skewed, [true, true, false])?);
        let full = ReducedCell::new(&Cell::new(
            [[3.0, 0.0, 0.0], [300.0, 3.0, 0.0], [-600.0, 90.0, 3.0]],
            [true; 3],
        )?);
        assert!(reduced.rows[..2].iter().chain(&full.rows).all(|row| (norm(row) - 3.0).abs() < 1e-6));
        assert!((norm(&reduced.rows[2]) - 1.0).abs() < 1e-12);
        Ok(())
    }

    #[test]
    fn nearly_coplanar_vectors_of_equal_length_are_reduced() -> Result<()> {
        let h = 0.75_f64.sqrt();
        let rows = [[1.0, 0.0, 0.0], [-0.5, h, 0.0], [-0.5, -h, 0.01]];
        let reduced = ReducedCell::new(&Cell::new(rows, [true; 3])?);
        let shortest = reduced.rows.iter().map(norm).fold(f64::MAX, f64::min);
        assert!((shortest - 0.01).abs() < 1e-12);
        let heights = reduced.normals.map(|n| 1.0 / norm(&n));
        assert!(heights[0].min(heights[1]).min(heights[2]) > 0.009);
        Ok(())
    }

    #[test]
    fn completions_are_orthogonal() {
        let rows = [[2.0, 0.3, 0.1], [0.0, 3.0, -1.0], [0.5, 0.0, 4.0]];
        for mask in 0..7_u8 {
            let pbc = std::array::from_fn(|k| mask >> k & 1 == 1);
            let full = complete(&rows, pbc);
            for k in 0..3 {
                if pbc[k] {
                    assert_eq!(full[k].map(f64::to_bits), rows[k].map(f64::to_bits));
                } else {
                    assert!((norm(&full[k]) - 1.0).abs() < 1e-12);
                    assert!((0..3).all(|l| l == k || dot(&full[k], &full[l]).abs() < 1e-12));
                }
            }
        }
    }
}
