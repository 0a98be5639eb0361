//! What the kernels need to know of a system: the neighbors of a centre, and how they lie in lanes.

use std::ops::Range;

use crate::density::readout::Nearest;
use crate::error::{Error, Result};
use crate::radial::table::TableCell;
use crate::simd::{MAX_LANES, Simd};
use crate::structure::SHORTEST;

use super::kernel::CenterKernel;

/// Edges of one centre, one entry per edge.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Edges {
    /// `r_ij` in Å, axis by axis.
    pub displacements: [Vec<f64>; 3],
    /// Index of the neighbor among the atoms.
    pub neighbors: Vec<u32>,
}

impl Edges {
    /// Replaces the edges by those of `candidates` (neighbor, `r_ij`) that are shorter than `cutoff`; keeps
    /// their order.
    #[inline]
    pub fn select(&mut self, candidates: impl ExactSizeIterator<Item = (u32, [f64; 3])>, cutoff: f64) {
        let most = candidates.len();
        self.resize(most);
        let Self { displacements: [x, y, z], neighbors } = self;
        let limit = cutoff * cutoff;
        let mut n = 0;
        // Written in any case and overwritten by the next edge if it was too long: no branch to predict.
        for (neighbor, d) in candidates.take(most) {
            (x[n], y[n], z[n], neighbors[n]) = (d[0], d[1], d[2], neighbor);
            n += usize::from(d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < limit);
        }
        self.resize(n);
    }

    pub(crate) fn resize(&mut self, n: usize) {
        for axis in &mut self.displacements {
            axis.resize(n, 0.0);
        }
        self.neighbors.resize(n, u32::MAX);
    }

    /// Fills entries with edges to nowhere beyond the cutoff.
    pub(crate) fn pad(&mut self, entries: Range<usize>, cutoff: f64) {
        let [x, y, z] = &mut self.displacements;
        x[entries.clone()].fill(0.0);
        y[entries.clone()].fill(0.0);
        z[entries.clone()].fill(2.0 * cutoff);
        self.neighbors[entries].fill(u32::MAX);
    }

    /// Checks the shortest distance from the centre, lane by lane.
    ///
    /// # Errors
    /// [`Error::Overlap`] for a neighbor on top of the centre.
    #[inline(always)]
    pub(crate) fn check_apart<S: Simd>(&self, center: usize, nearest: S) -> Result<()> {
        let mut lanes = [f64::INFINITY; MAX_LANES];
        nearest.store(&mut lanes);
        if lanes.iter().all(|&r| r >= SHORTEST) { Ok(()) } else { Err(self.overlap(center)) }
    }

    /// The error for the nearest neighbor.
    #[cold]
    fn overlap(&self, center: usize) -> Error {
        let [x, y, z] = &self.displacements;
        let distances = (0..x.len()).map(|k| (x[k] * x[k] + y[k] * y[k] + z[k] * z[k]).sqrt());
        let (k, distance) =
            distances.enumerate().fold((0, f64::INFINITY), |a, b| if b.1 < a.1 { b } else { a });
        Error::Overlap { i: center, j: self.neighbors[k] as usize, distance }
    }
}

/// A system as the evaluator sees it: species of all atoms and the edges of each centre.
pub trait Neighborhoods: Sync {
    /// Species index of every atom that can be a centre or a neighbor.
    fn species(&self) -> &[u16];

    /// Replaces `edges` by those of a centre that are shorter than `cutoff`.
    fn gather(&self, center: usize, cutoff: f64, edges: &mut Edges);
}

/// One vector of neighbors of one class.
#[derive(Debug, Clone, Copy)]
pub struct Geometry<S> {
    /// Distance, Å.
    pub r: S,
    /// Inverse distance, 1/Å.
    pub inverse: S,
    /// Bins of the radial table per Å, at this distance.
    pub scale: S,
    /// Position in the bin.
    pub fraction: S,
    /// Bin, per lane.
    pub bins: [u32; MAX_LANES],
}

/// The nearest neighbor of an atom whose energy it switches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Approach {
    /// What the readout knows of it; `None` without neighbors.
    pub nearest: Option<Nearest>,
    /// Lane of its edge, over all vectors.
    pub lane: usize,
    /// dE/dr, eV/Å.
    pub bar: f64,
}

/// The neighbors of one centre within the cutoff, in vectors, sorted by class. Unused lanes lie beyond
/// the cutoff, where every radial function is 0.
#[derive(Debug)]
pub struct Neighborhood<S> {
    /// All vectors.
    pub vectors: Vec<Geometry<S>>,
    /// Their unit vectors from the centre.
    pub units: Vec<[S; 3]>,
    /// First vector of each class, and the number of vectors at the end.
    pub offsets: Vec<usize>,
    /// Edges in lanes; the neighbor of unused lanes is `u32::MAX`.
    lanes: Edges,
    /// Species of the neighbor in each lane, where there are several.
    species: Vec<u16>,
    gathered: Edges,
    /// Lanes of each class that are still free.
    free: Vec<Range<usize>>,
}

impl<S: Simd> Neighborhood<S> {
    pub(super) fn new() -> Self {
        Self {
            vectors: Vec::new(),
            units: Vec::new(),
            offsets: Vec::new(),
            lanes: Edges::default(),
            species: Vec::new(),
            gathered: Edges::default(),
            free: Vec::new(),
        }
    }

    /// Neighbor in each lane of a vector, `u32::MAX` in unused lanes.
    #[inline(always)]
    pub(super) fn neighbors(&self, vector: usize) -> &[u32] {
        &self.lanes.neighbors[vector * S::LANES..][..S::LANES]
    }

    /// The neighbor that is least beyond the start of the range (start, width; Å) of its species.
    pub(super) fn approach(&self, ranges: &[[f64; 2]]) -> Approach {
        let mut found = Approach::default();
        for (vector, geometry) in self.vectors.iter().enumerate() {
            let mut r = [0.0; MAX_LANES];
            geometry.r.store(&mut r);
            for (k, r) in r.into_iter().enumerate().take(S::LANES) {
                let lane = vector * S::LANES + k;
                if self.lanes.neighbors[lane] == u32::MAX {
                    continue;
                }
                let species = if ranges.len() == 1 { 0 } else { usize::from(self.species[lane]) };
                let [start, width] = ranges[species];
                let beyond = r - start;
                if found.nearest.is_none_or(|nearest| beyond < nearest.beyond) {
                    found = Approach { nearest: Some(Nearest { beyond, width }), lane, bar: 0.0 };
                }
            }
        }
        found
    }

    /// Fills in the neighbors of `center` that lie within the cutoffs and returns their number.
    ///
    /// # Errors
    /// [`Error::Overlap`] for a neighbor on top of the centre.
    #[inline(always)]
    pub(super) fn fill(
        &mut self,
        source: &dyn Neighborhoods,
        center: usize,
        kernel: &CenterKernel<S>,
    ) -> Result<usize> {
        let n;
        self.offsets.clear();
        if let [towards] = &kernel.towards[..] {
            source.gather(center, kernel.cutoff, &mut self.lanes);
            n = self.lanes.neighbors.len();
            let end = n.next_multiple_of(S::LANES);
            self.lanes.resize(end);
            self.lanes.pad(n..end, kernel.cutoff);
            self.offsets.extend([0, end / S::LANES]);
            self.vectors.clear();
            self.units.clear();
            for vector in 0..end / S::LANES {
                let scale = [S::splat(towards.scale), S::splat(towards.n_cells)];
                self.push(vector, scale, &kernel.cells, [0; MAX_LANES]);
            }
        } else {
            source.gather(center, kernel.cutoff, &mut self.gathered);
            n = self.sort(source.species(), kernel);
            self.vectors.clear();
            self.units.clear();
            for vector in 0..self.lanes.neighbors.len() / S::LANES {
                let (mut scales, mut n_cells) = ([0.0; MAX_LANES], [0.0; MAX_LANES]);
                let mut first_cells = [0; MAX_LANES];
                for lane in 0..S::LANES {
                    let own = self.species[vector * S::LANES + lane];
                    let towards = &kernel.towards[usize::from(own)];
                    (scales[lane], n_cells[lane]) = (towards.scale, towards.n_cells);
                    first_cells[lane] = towards.first_cell;
                }
                self.push(vector, [S::load(&scales), S::load(&n_cells)], &kernel.cells, first_cells);
            }
        }
        let nearest = self.vectors.iter().fold(S::splat(f64::INFINITY), |least, g| least.min(g.r));
        self.lanes.check_apart(center, nearest)?;
        Ok(n)
    }

    /// Sorts the gathered edges that lie within the cutoff of their species into the lanes of their classes;
    /// returns their number.
    fn sort(&mut self, species: &[u16], kernel: &CenterKernel<S>) -> usize {
        let [x, y, z] = &self.gathered.displacements;
        let towards = |edge: usize| {
            let own = species[self.gathered.neighbors[edge] as usize];
            let t = &kernel.towards[usize::from(own)];
            let square = x[edge] * x[edge] + y[edge] * y[edge] + z[edge] * z[edge];
            (square < t.cutoff * t.cutoff).then_some((t.class, own))
        };
        let n_edges = self.gathered.neighbors.len();
        self.offsets.resize(kernel.classes.len() + 1, 0);
        let mut n = 0;
        for (class, _) in (0..n_edges).filter_map(towards) {
            self.offsets[class + 1] += 1;
            n += 1;
        }
        self.free.clear();
        for class in 0..kernel.classes.len() {
            let start = self.offsets[class];
            let end = start + self.offsets[class + 1].div_ceil(S::LANES);
            self.free.push(start * S::LANES..end * S::LANES);
            self.offsets[class + 1] = end;
        }
        let n_lanes = self.offsets[kernel.classes.len()] * S::LANES;
        self.lanes.resize(n_lanes);
        self.species.clear();
        self.species.resize(n_lanes, 0);
        for edge in 0..n_edges {
            let Some((class, own)) = towards(edge) else { continue };
            let lane = self.free[class].start;
            self.free[class].start += 1;
            for (axis, from) in self.lanes.displacements.iter_mut().zip([x, y, z]) {
                axis[lane] = from[edge];
            }
            self.lanes.neighbors[lane] = self.gathered.neighbors[edge];
            self.species[lane] = own;
        }
        for unused in self.free.iter().filter(|free| !free.is_empty()) {
            let last = self.species[unused.start - 1];
            self.species[unused.clone()].fill(last);
            self.lanes.pad(unused.clone(), kernel.cutoff);
        }
        n
    }

    /// Appends the geometry of one vector of lanes.
    #[inline(always)]
    fn push(
        &mut self,
        vector: usize,
        [scale, n_cells]: [S; 2],
        cells: &[TableCell],
        first_cells: [u32; MAX_LANES],
    ) {
        let at = vector * S::LANES;
        let [x, y, z] = &self.lanes.displacements;
        let (x, y, z) = (S::load(&x[at..]), S::load(&y[at..]), S::load(&z[at..]));
        let r = x.mul_add(x, y.mul_add(y, z.mul(z))).sqrt();
        let inverse = S::splat(1.0).div(r);
        let (of_cells, within) = r.mul(scale).min(n_cells).split();
        let (mut parts, mut first_bins) = ([1.0; MAX_LANES], [0; MAX_LANES]);
        for lane in 0..S::LANES {
            let cell = &cells[(first_cells[lane] + of_cells[lane]) as usize];
            (parts[lane], first_bins[lane]) = (cell.parts, cell.bin);
        }
        let parts = S::load(&parts);
        let (mut bins, fraction) = within.mul(parts).split();
        for lane in 0..S::LANES {
            bins[lane] += first_bins[lane];
        }
        let scale = scale.mul(parts);
        self.units.push([x.mul(inverse), y.mul(inverse), z.mul(inverse)]);
        self.vectors.push(Geometry { r, inverse, scale, fraction, bins });
    }
}
