//! Blocks of centres of hosts whose lists are not kept, or that want virials of atoms: one tile per centre.

use crate::density::evaluator::{Block, BlockOutput, Edges, Neighborhoods, slot};
use crate::error::Result;
use crate::neighbors::tiles::{Image, Reach, Tile};
use crate::structure::dot;

use super::tile::Scratch;

/// Adds energies and derivatives of all centres of a block to `out`; `evaluate` runs the kernels on a tile.
///
/// # Errors
/// Those of `evaluate`.
pub fn run(
    source: &dyn Neighborhoods,
    block: &Block,
    reach: &Reach,
    scratch: &mut Scratch,
    evaluate: impl Fn(&Tile, &mut Scratch) -> Result<()>,
    out: &mut BlockOutput,
) -> Result<()> {
    let (mut edges, mut squares) = (Edges::default(), Vec::new());
    let mut slots = vec![u32::MAX; source.species().len()];
    for &center in &block.centers {
        source.gather(center as usize, reach.largest(), &mut edges);
        let [x, y, z] = &edges.displacements;
        let vectors = x.iter().zip(y).zip(z).map(|((&x, &y), &z)| [x, y, z]);
        squares.clear();
        squares.extend(vectors.clone().map(|v| dot(&v, &v)));
        let images = &mut scratch.frame.images;
        images.clear();
        images.push(Image::at([0.0; 3]));
        images.extend(vectors.map(Image::at));
        images.push(Image::nowhere());
        let tile = Tile::single(center, &edges.neighbors, &squares, source.species(), reach);
        evaluate(&tile, scratch)?;
        let frame = &scratch.frame;
        for (&atom, image) in tile.atoms.iter().zip(&frame.images) {
            let force = slot(atom, &mut slots, out);
            force.iter_mut().zip(image.sum).for_each(|(force, part)| *force += part);
        }
        out.energies.push(frame.images[0].sum[3]);
        out.strain.iter_mut().zip(frame.strain_gradient()).for_each(|(sum, part)| *sum += part);
        out.n_edges += edges.neighbors.len();
    }
    Ok(())
}
