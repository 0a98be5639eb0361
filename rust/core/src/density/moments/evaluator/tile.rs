//! All centres of one tile.

use crate::density::evaluator::{Frame, SQUARED_SHORTEST, squared};
use crate::error::Result;
use crate::neighbors::tiles::{ROW, Tile};
use crate::simd::{Simd, Task};

use super::batch::Work;
use super::kernel::{CenterKernel, Model};
use super::neighborhood::{Geometry, Neighborhood};
use super::surroundings::Surroundings;

/// Evaluation of one tile; run it with [`Simd::enter`]. Vectors have [`ROW`] lanes.
pub struct TileTask<'a, S> {
    /// What all centres share.
    pub model: &'a Model,
    /// Models by species.
    pub kernels: &'a [CenterKernel],
    /// The tile.
    pub tile: &'a Tile,
    /// Species index of every atom.
    pub species: &'a [u16],
    /// The images of the tile; places are given, sums are added to.
    pub frame: &'a mut Frame,
    /// Scratch of the batches.
    pub work: &'a mut Work<S>,
}

impl<S: Simd> Task<S> for TileTask<'_, S> {
    type Output = Result<()>;

    #[inline(always)]
    fn run(self) -> Result<()> {
        let Self { model, kernels, tile, species, frame, work } = self;
        let mut images = Images { tile, frame, n_species: kernels.len(), own: [S::zero(); 4] };
        let mut centers = Vec::with_capacity(tile.n_centers);
        for (z, kernel) in kernels.iter().enumerate() {
            centers.clear();
            for (center, &atom) in (0..tile.n_centers as u32).zip(&tile.atoms) {
                if usize::from(species[atom as usize]) == z {
                    centers.push(center);
                }
            }
            work.run(model, kernel, &centers, &mut images)?;
        }
        Ok(())
    }
}

/// A tile as surroundings; centres and neighbors are images.
struct Images<'a, S> {
    tile: &'a Tile,
    frame: &'a mut Frame,
    n_species: usize,
    /// Force on the centre, lane by lane of neighbors; the fourth column is 0.
    own: [S; 4],
}

impl<S: Simd> Surroundings<S> for Images<'_, S> {
    #[inline(always)]
    fn fill(&mut self, center: u32, kernel: &CenterKernel, neighborhood: &mut Neighborhood<S>) -> Result<()> {
        let center = center as usize;
        let origin = self.frame.origin::<S>(center);
        let shortest = S::splat(SQUARED_SHORTEST);
        neighborhood.clear();
        for (other, towards) in kernel.towards.iter().enumerate() {
            neighborhood.end_species();
            let row = self.tile.short.row(center * self.n_species + other);
            let (cutoff, mut least) = (S::splat(towards.squared_cutoff), S::splat(f64::INFINITY));
            for images in row.chunks_exact(ROW) {
                let vector = self.frame.vectors(origin, images);
                let square = squared(vector);
                if square.any_less(cutoff) {
                    least = least.min(square);
                    neighborhood.push(vector, square, images);
                }
            }
            if least.any_less(shortest) {
                return Err(self.frame.overlap(self.tile, center, row));
            }
        }
        neighborhood.end_species();
        Ok(())
    }

    #[inline(always)]
    fn add(&mut self, gradient: [S; 3], _: &Geometry<S>, neighbors: &[u32]) {
        let [x, y, z] = gradient;
        for (own, component) in self.own.iter_mut().zip(gradient) {
            *own = own.add(component);
        }
        self.frame.subtract(neighbors, [x, y, z, S::zero()]);
    }

    #[inline(always)]
    fn finish(&mut self, center: u32, energy: f64) {
        self.frame.add_lanes(center as usize, self.own);
        self.frame.images[center as usize].sum[3] += energy;
        self.own = [S::zero(); 4];
    }
}
