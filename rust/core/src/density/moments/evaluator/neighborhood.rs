//! The neighbors of one centre in vectors of lanes, by species.

use crate::density::evaluator::{Edges, Neighborhoods};
use crate::error::{Error, Result};
use crate::simd::{MAX_LANES, Simd};
use crate::structure::SHORTEST;

use super::kernel::CenterKernel;

/// One vector of neighbors of one species.
#[derive(Debug, Clone, Copy)]
pub struct Geometry<S> {
    /// Unit vector from the centre.
    pub unit: [S; 3],
    /// Distance, Å.
    pub r: S,
    /// Inverse distance, 1/Å.
    pub inverse: S,
}

/// The neighbors of one centre; unused lanes lie beyond the cutoff, where every radial function is 0.
#[derive(Debug)]
pub struct Neighborhood<S> {
    /// All vectors.
    pub vectors: Vec<Geometry<S>>,
    /// First vector of each species, and the number of vectors at the end.
    pub offsets: Vec<usize>,
    /// Values of all functions, then their derivatives, vector by vector.
    pub functions: Vec<S>,
    /// Edges in lanes; the neighbor of unused lanes is `u32::MAX`.
    lanes: Edges,
    gathered: Edges,
    /// Next free lane of each species.
    free: Vec<usize>,
}

impl<S: Simd> Neighborhood<S> {
    pub fn new() -> Self {
        Self {
            vectors: Vec::new(),
            offsets: Vec::new(),
            functions: Vec::new(),
            lanes: Edges::default(),
            gathered: Edges::default(),
            free: Vec::new(),
        }
    }

    /// Neighbor in each lane of a vector, `u32::MAX` in unused lanes.
    #[inline(always)]
    pub fn neighbors(&self, vector: usize) -> &[u32] {
        &self.lanes.neighbors[vector * S::LANES..][..S::LANES]
    }

    /// Fills in the neighbors of `center` that matter and returns their number.
    ///
    /// # Errors
    /// [`Error::Overlap`] for a neighbor on top of the centre.
    #[inline(always)]
    pub fn fill(
        &mut self,
        source: &dyn Neighborhoods,
        center: usize,
        kernel: &CenterKernel,
    ) -> Result<usize> {
        source.gather(center, kernel.cutoff, &mut self.gathered);
        let n =
            if kernel.towards.len() == 1 { self.take_all(kernel) } else { self.distribute(source, kernel) };
        self.vectors.clear();
        let mut least = S::splat(f64::INFINITY);
        for at in (0..self.lanes.neighbors.len()).step_by(S::LANES) {
            let [x, y, z] = &self.lanes.displacements;
            let (x, y, z) = (S::load(&x[at..]), S::load(&y[at..]), S::load(&z[at..]));
            let r = x.mul_add(x, y.mul_add(y, z.mul(z))).sqrt();
            let inverse = S::splat(1.0).div(r);
            least = least.min(r);
            let unit = [x.mul(inverse), y.mul(inverse), z.mul(inverse)];
            self.vectors.push(Geometry { unit, r, inverse });
        }
        let mut shortest = [f64::INFINITY; MAX_LANES];
        least.store(&mut shortest);
        if shortest.iter().all(|&r| r >= SHORTEST) { Ok(n) } else { Err(self.overlap(center)) }
    }

    /// Lanes of the only species.
    fn take_all(&mut self, kernel: &CenterKernel) -> usize {
        std::mem::swap(&mut self.lanes, &mut self.gathered);
        let n = self.lanes.neighbors.len();
        self.pad(n, kernel);
        self.offsets.clear();
        self.offsets.extend([0, self.lanes.neighbors.len() / S::LANES]);
        n
    }

    /// Lanes of several species, each from a new vector on.
    fn distribute(&mut self, source: &dyn Neighborhoods, kernel: &CenterKernel) -> usize {
        let species = source.species();
        let Edges { displacements: [x, y, z], neighbors } = &self.gathered;
        let towards = |edge: usize| {
            let other = usize::from(species[neighbors[edge] as usize]);
            let square = x[edge] * x[edge] + y[edge] * y[edge] + z[edge] * z[edge];
            (square < kernel.towards[other].squared_cutoff).then_some(other)
        };
        self.offsets.clear();
        self.offsets.resize(kernel.towards.len() + 1, 0);
        let mut n = 0;
        for other in (0..neighbors.len()).filter_map(towards) {
            self.offsets[other + 1] += 1;
            n += 1;
        }
        self.free.clear();
        for k in 0..kernel.towards.len() {
            let start = self.offsets[k];
            self.free.push(start * S::LANES);
            self.offsets[k + 1] = start + self.offsets[k + 1].div_ceil(S::LANES);
        }
        let n_lanes = self.offsets[kernel.towards.len()] * S::LANES;
        let lanes = &mut self.lanes;
        for (axis, far) in lanes.displacements.iter_mut().zip([0.0, 0.0, 2.0 * kernel.cutoff]) {
            axis.clear();
            axis.resize(n_lanes, far);
        }
        lanes.neighbors.clear();
        lanes.neighbors.resize(n_lanes, u32::MAX);
        for edge in 0..neighbors.len() {
            let Some(other) = towards(edge) else { continue };
            let lane = self.free[other];
            self.free[other] += 1;
            for (axis, from) in lanes.displacements.iter_mut().zip([x, y, z]) {
                axis[lane] = from[edge];
            }
            lanes.neighbors[lane] = neighbors[edge];
        }
        n
    }

    /// Fills up the last vector.
    fn pad(&mut self, n: usize, kernel: &CenterKernel) {
        let n_lanes = n.next_multiple_of(S::LANES);
        for (axis, far) in self.lanes.displacements.iter_mut().zip([0.0, 0.0, 2.0 * kernel.cutoff]) {
            axis.resize(n_lanes, far);
        }
        self.lanes.neighbors.resize(n_lanes, u32::MAX);
    }

    /// The error for the nearest neighbor.
    fn overlap(&self, center: usize) -> Error {
        let [x, y, z] = &self.lanes.displacements;
        let distances = (0..x.len()).map(|k| (x[k] * x[k] + y[k] * y[k] + z[k] * z[k]).sqrt());
        let (k, distance) =
            distances.enumerate().fold((0, f64::INFINITY), |a, b| if b.1 < a.1 { b } else { a });
        Error::Overlap { i: center, j: self.lanes.neighbors[k] as usize, distance }
    }
}
