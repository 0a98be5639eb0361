//! What the kernels need to know of a system: the neighbors of a centre, and how they lie in lanes.

use crate::error::{Error, Result};
use crate::simd::{MAX_LANES, Simd};
use crate::structure::dot;

use super::kernel::Towards;

/// An edge from a centre to a neighbor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// `r_ij` in Å.
    pub displacement: [f64; 3],
    /// Index of the neighbor among the atoms.
    pub neighbor: u32,
}

/// A system as the evaluator sees it: species of all atoms and the edges of each centre.
pub trait Neighborhoods: Sync {
    /// Species index of every atom that can be a centre or a neighbor.
    fn species(&self) -> &[u16];

    /// Appends the edges of a centre; edges beyond the cutoff may be among them.
    fn gather(&self, center: usize, edges: &mut Vec<Edge>);
}

/// One vector of neighbors of one species.
#[derive(Debug, Clone, Copy)]
pub struct Geometry<S> {
    /// Unit vector from the centre.
    pub unit: [S; 3],
    /// Distance, Å.
    pub r: S,
    /// Inverse distance, 1/Å.
    pub inverse: S,
    /// Bin of the radial table, per lane.
    pub bins: [u32; MAX_LANES],
    /// Position in the bin, per lane.
    pub fraction: [f64; MAX_LANES],
}

/// The neighbors of one centre within the cutoff, in vectors, sorted by species. Unused lanes lie beyond
/// the cutoff, where every radial function is 0.
#[derive(Debug)]
pub struct Neighborhood<S> {
    /// All vectors.
    pub vectors: Vec<Geometry<S>>,
    /// First vector of each species, and the number of vectors at the end.
    pub offsets: Vec<usize>,
    /// Neighbor index per lane, `u32::MAX` for unused lanes.
    pub neighbors: Vec<u32>,
    edges: Vec<Edge>,
    inside: Vec<(u16, u32)>,
    coordinates: [Vec<f64>; 3],
}

impl<S: Simd> Neighborhood<S> {
    pub(super) fn new() -> Self {
        Self {
            vectors: Vec::new(),
            offsets: Vec::new(),
            neighbors: Vec::new(),
            edges: Vec::new(),
            inside: Vec::new(),
            coordinates: Default::default(),
        }
    }

    /// Fills in the neighbors of `center` that lie within the cutoffs of `towards` (one per species) and
    /// returns their number.
    ///
    /// # Errors
    /// [`Error::Overlap`] for a neighbor on top of the centre.
    #[inline(always)]
    pub(super) fn fill(
        &mut self,
        source: &dyn Neighborhoods,
        center: usize,
        towards: &[Towards<S>],
    ) -> Result<usize> {
        self.edges.clear();
        source.gather(center, &mut self.edges);
        let species = source.species();
        self.inside.clear();
        self.offsets.clear();
        self.offsets.resize(towards.len() + 1, 0);
        for (edge, k) in self.edges.iter().zip(0..) {
            let z = species[edge.neighbor as usize];
            let square = dot(&edge.displacement, &edge.displacement);
            let cutoff = towards[usize::from(z)].cutoff;
            if square < cutoff * cutoff {
                if square < 1e-12 {
                    return Err(Error::Overlap {
                        i: center,
                        j: edge.neighbor as usize,
                        distance: square.sqrt(),
                    });
                }
                self.inside.push((z, k));
                self.offsets[usize::from(z) + 1] += 1;
            }
        }
        for z in 0..towards.len() {
            self.offsets[z + 1] = self.offsets[z] + self.offsets[z + 1].div_ceil(S::LANES);
        }
        self.place(towards);
        Ok(self.inside.len())
    }

    /// Sorts the edges inside the cutoff into padded lanes.
    #[inline(always)]
    fn place(&mut self, towards: &[Towards<S>]) {
        let n_vectors = self.offsets[towards.len()];
        let n_lanes = n_vectors * S::LANES;
        self.neighbors.clear();
        self.neighbors.resize(n_lanes, u32::MAX);
        for axis in &mut self.coordinates {
            axis.resize(n_lanes.max(axis.len()), 0.0);
        }
        for (z, t) in towards.iter().enumerate() {
            let lanes = self.offsets[z] * S::LANES..self.offsets[z + 1] * S::LANES;
            let mut next = lanes.start;
            for &(_, k) in self.inside.iter().filter(|&&(species, _)| usize::from(species) == z) {
                let edge = &self.edges[k as usize];
                for axis in 0..3 {
                    self.coordinates[axis][next] = edge.displacement[axis];
                }
                self.neighbors[next] = edge.neighbor;
                next += 1;
            }
            for lane in next..lanes.end {
                self.coordinates[0][lane] = 0.0;
                self.coordinates[1][lane] = 0.0;
                self.coordinates[2][lane] = 2.0 * t.cutoff;
            }
        }
        self.vectors.clear();
        for (z, t) in towards.iter().enumerate() {
            for vector in self.offsets[z]..self.offsets[z + 1] {
                let at = vector * S::LANES;
                let x = S::load(&self.coordinates[0][at..]);
                let y = S::load(&self.coordinates[1][at..]);
                let z = S::load(&self.coordinates[2][at..]);
                self.vectors.push(Geometry::new([x, y, z], t));
            }
        }
    }
}

impl<S: Simd> Geometry<S> {
    #[inline(always)]
    fn new([x, y, z]: [S; 3], towards: &Towards<S>) -> Self {
        let r = x.mul_add(x, y.mul_add(y, z.mul(z))).sqrt();
        let inverse = S::splat(1.0).div(r);
        let scaled = r.mul(S::splat(towards.scale)).min(S::splat(towards.n_bins));
        let (bins, u) = scaled.split();
        let mut fraction = [0.0; MAX_LANES];
        u.store(&mut fraction);
        Self { unit: [x.mul(inverse), y.mul(inverse), z.mul(inverse)], r, inverse, bins, fraction }
    }
}
