//! The neighbors of one centre in vectors of lanes, by species.

use crate::density::evaluator::{Edges, Neighborhoods};
use crate::error::Result;
use crate::simd::Simd;

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

impl<S: Simd> Geometry<S> {
    /// Direction and distance.
    #[inline(always)]
    pub fn place(&self) -> (&[S; 3], S) {
        (&self.unit, self.r)
    }
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
    /// Those of [`Edges::check_apart`].
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
        self.lanes.check_apart(center, least)?;
        Ok(n)
    }

    /// Lanes of the only species.
    fn take_all(&mut self, kernel: &CenterKernel) -> usize {
        std::mem::swap(&mut self.lanes, &mut self.gathered);
        let n = self.lanes.neighbors.len();
        let end = n.next_multiple_of(S::LANES);
        self.lanes.resize(end);
        self.lanes.pad(n..end, kernel.cutoff);
        self.offsets.clear();
        self.offsets.extend([0, end / S::LANES]);
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
        lanes.resize(n_lanes);
        lanes.pad(0..n_lanes, kernel.cutoff);
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
}
