//! The neighbors of one centre in vectors of lanes, by species.

use crate::simd::Simd;

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
    /// What the surroundings call the neighbor in each lane.
    neighbors: Vec<u32>,
}

impl<S: Simd> Neighborhood<S> {
    pub fn new() -> Self {
        Self { vectors: Vec::new(), offsets: Vec::new(), functions: Vec::new(), neighbors: Vec::new() }
    }

    /// Leaves no neighbors.
    pub fn clear(&mut self) {
        self.vectors.clear();
        self.offsets.clear();
        self.neighbors.clear();
    }

    /// Ends the vectors of a species.
    pub fn end_species(&mut self) {
        self.offsets.push(self.vectors.len());
    }

    /// Appends a vector of neighbors at the given vectors (Å) from the centre.
    #[inline(always)]
    pub fn push(&mut self, [x, y, z]: [S; 3], square: S, neighbors: &[u32]) {
        let r = square.sqrt();
        let inverse = S::splat(1.0).div(r);
        let unit = [x.mul(inverse), y.mul(inverse), z.mul(inverse)];
        self.vectors.push(Geometry { unit, r, inverse });
        self.neighbors.extend_from_slice(neighbors);
    }

    /// Neighbor in each lane of a vector.
    #[inline(always)]
    pub fn neighbors(&self, vector: usize) -> &[u32] {
        &self.neighbors[vector * S::LANES..][..S::LANES]
    }
}
