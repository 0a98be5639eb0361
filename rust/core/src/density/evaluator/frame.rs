//! Positions and sums of the images of a tile.

use crate::error::Error;
use crate::neighbors::tiles::{Image, Tile};
use crate::simd::Simd;

/// Square of the distance (Å²) below which atoms count as lying on each other.
pub const SQUARED_SHORTEST: f64 = 1e-12;

/// Where the images of a tile are, and what is added up for them.
#[derive(Debug, Default)]
pub struct Frame {
    /// The images, and one far away behind the last.
    pub images: Vec<Image>,
}

impl Frame {
    /// Vectors from an origin to four images.
    #[inline(always)]
    pub fn vectors<S: Simd>(&self, origin: [S; 3], images: &[u32]) -> [S; 3] {
        let mut block = S::zero_block();
        for lane in 0..4 {
            block[lane] = S::load(&self.images[images[lane] as usize].place);
        }
        let columns = S::transpose(block);
        [columns[0].sub(origin[0]), columns[1].sub(origin[1]), columns[2].sub(origin[2])]
    }

    /// Position of an image in all lanes.
    #[inline(always)]
    pub fn origin<S: Simd>(&self, image: usize) -> [S; 3] {
        let [x, y, z, _] = self.images[image].place;
        [S::splat(x), S::splat(y), S::splat(z)]
    }

    /// Subtracts one column per component from the sums of four images.
    #[inline(always)]
    pub fn subtract<S: Simd>(&mut self, images: &[u32], columns: [S; 4]) {
        let mut block = S::zero_block();
        for (k, column) in columns.into_iter().enumerate() {
            block[k] = column;
        }
        let rows = S::transpose(block);
        for lane in 0..4 {
            let sum = &mut self.images[images[lane] as usize].sum;
            S::load(sum).sub(rows[lane]).store(sum);
        }
    }

    /// Adds the lanes of four columns to the sums of one image.
    #[inline(always)]
    pub fn add_lanes<S: Simd>(&mut self, image: usize, columns: [S; 4]) {
        let mut block = S::zero_block();
        for (k, column) in columns.into_iter().enumerate() {
            block[k] = column;
        }
        let sum = &mut self.images[image].sum;
        S::load(sum).add(S::reduce(block)).store(sum);
    }

    /// −Σ f ⊗ x = dE/dε in eV, Voigt xx yy zz yz xz xy: forces add up to 0 in a tile, so that any origin will do.
    pub fn strain_gradient(&self) -> [f64; 6] {
        let mut strain = [0.0; 6];
        let origin = self.images[0].place;
        // What is behind the images has no place.
        for Image { place, sum: force } in &self.images[..self.images.len() - 1] {
            let x = [place[0] - origin[0], place[1] - origin[1], place[2] - origin[2]];
            for (sum, [a, b]) in strain.iter_mut().zip(crate::structure::VOIGT) {
                *sum -= force[a] * x[b];
            }
        }
        strain
    }

    /// The error for the image of a row that is nearest to a centre, both of a tile.
    #[cold]
    pub fn overlap(&self, tile: &Tile, center: usize, row: &[u32]) -> Error {
        let from = self.images[center].place;
        let distance = |image: u32| {
            let to = self.images[image as usize].place;
            let vector = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
            crate::structure::norm(&vector)
        };
        let nearest = row.iter().map(|&image| (image, distance(image)));
        let (j, distance) = nearest.fold((0, f64::INFINITY), |a, b| if b.1 < a.1 { b } else { a });
        Error::Overlap { i: tile.atoms[center] as usize, j: tile.atoms[j as usize] as usize, distance }
    }
}

/// x·x + y·y + z·z, lane by lane.
#[inline(always)]
pub fn squared<S: Simd>(v: [S; 3]) -> S {
    v[0].mul_add(v[0], v[1].mul_add(v[1], v[2].mul(v[2])))
}
