//! Atoms in an order in which those that follow one another are near one another.

use crate::structure::Structure;

use super::reduction::ReducedCell;

/// Smallest edge (Å) of the cubes that the order tells apart.
const EDGE: f64 = 2.0;
/// Cubes along an axis: 10 bits of the key for each.
const CUBES: f64 = 1024.0;

/// Atoms along a space-filling curve, and the shift that wraps each atom into the cell.
#[derive(Debug)]
pub(crate) struct SpatialOrder {
    /// Atoms in their order.
    pub atoms: Vec<u32>,
    /// Shift of each atom, by atom: `r_i + wraps[i]·cell` lie side by side along the curve.
    pub wraps: Vec<[i32; 3]>,
}

impl SpatialOrder {
    /// Sorts the atoms along a Morton curve.
    pub fn new(structure: &Structure) -> Self {
        let cell = structure.cell();
        let reduced = ReducedCell::new(cell);
        let lengths = reduced.rows.map(|row| crate::structure::norm(&row));
        let (mut wraps, mut places) = (Vec::new(), Vec::new());
        for x in structure.positions() {
            let mut shift = [0_i64; 3];
            let mut place = [0.0; 3];
            for k in 0..3 {
                let mut fractional = crate::structure::dot(&reduced.normals[k], x);
                if cell.pbc()[k] {
                    shift[k] = -(fractional.floor() as i64);
                    fractional -= fractional.floor();
                }
                place[k] = fractional * lengths[k];
            }
            wraps.push(reduced.to_cell(shift).map(|s| s as i32));
            places.push(place);
        }
        Self { atoms: along_curve(&places), wraps }
    }
}

/// The numbers of some places (Å) along a Morton curve through cubes of equal size.
pub(super) fn along_curve(places: &[[f64; 3]]) -> Vec<u32> {
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for place in places {
        for k in 0..3 {
            low[k] = low[k].min(place[k]);
            high[k] = high[k].max(place[k]);
        }
    }
    let extent = (0..3).map(|k| high[k] - low[k]).fold(0.0, f64::max);
    let inverse = 1.0 / EDGE.max(extent / (CUBES - 1.0));
    let mut keys: Vec<u64> = places
        .iter()
        .zip(0..)
        .map(|(place, atom): (_, u64)| {
            let cubes = [0, 1, 2].map(|k| spread(((place[k] - low[k]) * inverse) as u64));
            (cubes[0] << 2 | cubes[1] << 1 | cubes[2]) << 32 | atom
        })
        .collect();
    keys.sort_unstable();
    keys.into_iter().map(|key| key as u32).collect()
}

/// The ten lowest bits of a number with two zeros between each and the next.
fn spread(x: u64) -> u64 {
    let mut bits = x.min(1023);
    bits = (bits | bits << 16) & 0x0300_00ff;
    bits = (bits | bits << 8) & 0x0300_f00f;
    bits = (bits | bits << 4) & 0x030c_30c3;
    (bits | bits << 2) & 0x0924_9249
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::Cell;

    #[test]
    fn bits_are_spread() {
        assert_eq!(spread(0b11_1111_1111), 0b1001_0010_0100_1001_0010_0100_1001);
        assert_eq!(spread(0b10_0000_0101), 0b1000_0000_0000_0000_0000_0100_0001);
    }

    #[test]
    fn atoms_beyond_the_cell_are_wrapped() -> crate::error::Result<()> {
        let cell = Cell::new([[10.0, 0.0, 0.0], [0.0, 10.0, 0.0], [0.0, 0.0, 10.0]], [true, true, false])?;
        let positions = vec![[1.0, 1.0, 30.0], [21.0, -9.0, 0.0], [1.0, 1.5, 0.5]];
        let order = SpatialOrder::new(&Structure::new(vec![1; 3], positions, cell)?);
        assert_eq!(order.wraps, [[0; 3], [-2, 1, 0], [0; 3]]);
        assert_eq!(order.atoms, [1, 2, 0]);
        Ok(())
    }
}
