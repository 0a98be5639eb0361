//! Tiles of a host, whose periodic images are atoms of their own.

use crate::structure::dot;

use super::order::along_curve;
use super::tiles::{CENTERS, Reach, Sorter, Tile};

/// Atoms of a host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HostAtoms<'a> {
    /// Positions, Å.
    pub positions: &'a [[f64; 3]],
    /// Species index of each atom that can be a centre or a neighbor.
    pub species: &'a [u16],
    /// Whether each atom is a centre.
    pub is_center: &'a [bool],
}

/// Cuts full neighborhoods into tiles: `neighbors(i, to)` replaces `to` by the atoms around centre i. Their pairs stay
/// within the rows for as long as no distance shrinks by more than `skin` (Å).
pub(crate) fn cut(
    atoms: HostAtoms<'_>,
    centers: &[u32],
    reach: &Reach,
    skin: f64,
    mut neighbors: impl FnMut(u32, &mut Vec<u32>),
) -> Vec<Tile> {
    let HostAtoms { positions, species, is_center } = atoms;
    let places: Vec<[f64; 3]> = centers.iter().map(|&i| positions[i as usize]).collect();
    let order: Vec<u32> = along_curve(&places).iter().map(|&k| centers[k as usize]).collect();
    let mut images = vec![u32::MAX; positions.len()];
    let (mut rows, mut around) = (Sorter::new(reach, skin), Vec::new());
    let mut cut_one = |centers: &[u32]| {
        let mut tile = Tile { n_centers: centers.len(), ..Tile::default() };
        for &center in centers {
            image(&mut tile, &mut images, center);
        }
        for &center in centers {
            let i = center as usize;
            neighbors(center, &mut around);
            rows.clear();
            for &atom in &around {
                let j = atom as usize;
                let (from, to) = (positions[i], positions[j]);
                let d = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
                let [pair, short] = rows.classes(species[i], species[j], dot(&d, &d));
                // A pair of two centres is in both neighborhoods, one with another atom also where that is a centre.
                let pair = pair.filter(|_| !is_center[j] || j > i);
                if pair.is_none() && short.is_none() {
                    continue;
                }
                let image = image(&mut tile, &mut images, atom);
                let row = &mut rows.rows[usize::from(species[j])];
                if let Some(class) = pair {
                    let pairs = if is_center[j] { &mut row.pairs } else { &mut row.shared };
                    pairs[class].push(image);
                }
                if let Some(class) = short {
                    row.short[class].push(image);
                }
            }
            tile.push(&rows);
        }
        tile.finish();
        for &atom in &tile.atoms {
            images[atom as usize] = u32::MAX;
        }
        tile
    };
    order.chunks(CENTERS).map(&mut cut_one).collect()
}

/// The number of an atom in a tile; all have the first shift, which is none.
fn image(tile: &mut Tile, images: &mut [u32], atom: u32) -> u32 {
    let known = &mut images[atom as usize];
    if *known == u32::MAX {
        *known = tile.atoms.len() as u32;
        tile.atoms.push(atom);
        tile.shifts.push(0);
    }
    *known
}
