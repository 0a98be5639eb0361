//! Blocks of centres of hosts that know full neighborhoods: one tile per centre.

use crate::density::evaluator::{Block, BlockOutput, Edges, Neighborhoods, slot};
use crate::error::Result;
use crate::neighbors::tiles::{Reach, Tile};

use super::tile::Scratch;

/// Energies and derivatives of all centres of a block; `evaluate` runs the kernels on a tile.
///
/// # Errors
/// Those of `evaluate`.
pub fn run(
    source: &dyn Neighborhoods,
    block: &Block,
    reach: &Reach,
    scratch: &mut Scratch,
    evaluate: impl Fn(&Tile, &mut Scratch) -> Result<()>,
) -> Result<BlockOutput> {
    let (mut out, mut edges, mut squares) = (BlockOutput::default(), Edges::default(), Vec::new());
    let mut slots = vec![u32::MAX; source.species().len()];
    for &center in &block.centers {
        source.gather(center as usize, reach.largest(), &mut edges);
        let places = &mut scratch.frame.places;
        places.clear();
        places.push([0.0; 4]);
        let [x, y, z] = &edges.displacements;
        places.extend(x.iter().zip(y).zip(z).map(|((&x, &y), &z)| [x, y, z, 0.0]));
        squares.clear();
        squares.extend(places[1..].iter().map(|v| v[0] * v[0] + v[1] * v[1] + v[2] * v[2]));
        let tile = Tile::single(center, &edges.neighbors, &squares, source.species(), reach);
        tile.fill_up(places);
        evaluate(&tile, scratch)?;
        let frame = &scratch.frame;
        for (&atom, sum) in tile.atoms.iter().zip(&frame.sums) {
            let force = slot(atom, &mut slots, &mut out);
            force.iter_mut().zip(sum).for_each(|(force, part)| *force += part);
        }
        out.energies.push(frame.sums[0][3]);
        out.strain.iter_mut().zip(frame.strain_gradient()).for_each(|(sum, part)| *sum += part);
        out.n_edges += edges.neighbors.len();
    }
    Ok(out)
}
