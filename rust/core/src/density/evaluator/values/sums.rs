//! The sums over the neighbors of one centre, with the radial functions as they are.

use crate::centers::{Centers, Neighbor};
use crate::density::program::Center;
use crate::error::Result;
use crate::simd::{MAX_LANES, Simd};

use super::super::accumulate::{CHUNK, add_tile, grow};
use super::super::harmonics::{DYNAMIC, Rows, enter_for_lmax};
use super::kernel::FeatureKernel;

/// Scratch of the sums.
#[derive(Debug)]
pub(super) struct Sums<S> {
    neighbors: Vec<Neighbor>,
    distances: Vec<f64>,
    /// Unit vectors in lanes.
    units: Vec<[S; 3]>,
    /// Radial functions of the neighbors of a class, `[function][neighbor]`.
    functions: Vec<f64>,
    /// Those of a chunk that are in use, `[function][vector]`.
    radial: Vec<[S; CHUNK]>,
    /// Spherical harmonics, `[row][vector]`.
    rows: Vec<[S; CHUNK]>,
}

impl<S: Simd> Sums<S> {
    pub fn new() -> Self {
        Self {
            neighbors: Vec::new(),
            distances: Vec::new(),
            units: Vec::new(),
            functions: Vec::new(),
            radial: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// The one-particle sums of an atom, lane by lane, and the sums of its pair functions.
    #[inline(always)]
    pub fn run(
        &mut self,
        kernel: &FeatureKernel<S>,
        center: &Center,
        centers: &Centers<'_>,
        atom: usize,
        sums: &mut Vec<S>,
        pair: &mut [f64],
    ) -> Result<()> {
        sums.clear();
        sums.resize(kernel.layout.size, S::zero());
        pair.fill(0.0);
        centers.gather(atom, |species| kernel.cutoffs[species], &mut self.neighbors)?;
        self.distances.clear();
        self.distances.extend(self.neighbors.iter().map(|n| n.distance));
        let mut start = 0;
        while let Some(first) = self.neighbors.get(start) {
            let class = kernel.layout.class_of[first.species];
            let same = |n: &&Neighbor| kernel.layout.class_of[n.species] == class;
            let end = start + self.neighbors[start..].iter().take_while(same).count();
            let stride = (end - start).next_multiple_of(S::LANES);
            self.radial_functions(center, start..end, stride, pair);
            self.unit_vectors(start..end);
            self.add_class(kernel, class, stride, sums);
            start = end;
        }
        Ok(())
    }

    /// All radial functions of the neighbors of a class, 0 in unused lanes, and the sums of the pair functions.
    #[inline(always)]
    fn radial_functions(
        &mut self,
        center: &Center,
        own: std::ops::Range<usize>,
        stride: usize,
        pair: &mut [f64],
    ) {
        let n_functions = center.n_channels + center.n_pair;
        self.functions.clear();
        self.functions.resize(n_functions * stride, 0.0);
        let mut start = own.start;
        while start < own.end {
            let species = self.neighbors[start].species;
            let rest = &self.neighbors[start..own.end];
            let end = start + rest.iter().take_while(|n| n.species == species).count();
            let place = start - own.start;
            let out = &mut self.functions[place..];
            center.radial[species].values(&self.distances[start..end], stride, n_functions, out);
            let sums = &mut pair[species * center.n_pair..][..center.n_pair];
            for (sum, row) in
                sums.iter_mut().zip(self.functions[center.n_channels * stride..].chunks_exact(stride))
            {
                *sum = total::<S>(&row[place..place + end - start]);
            }
            start = end;
        }
    }

    #[inline(always)]
    fn unit_vectors(&mut self, own: std::ops::Range<usize>) {
        self.units.clear();
        for neighbors in self.neighbors[own].chunks(S::LANES) {
            let mut lanes = [[0.0; MAX_LANES]; 3];
            let mut distances = [1.0; MAX_LANES];
            for (lane, neighbor) in neighbors.iter().enumerate() {
                lanes.iter_mut().zip(neighbor.vector).for_each(|(axis, x)| axis[lane] = x);
                distances[lane] = neighbor.distance;
            }
            let inverse = S::splat(1.0).div(S::load(&distances));
            let [x, y, z] = [S::load(&lanes[0]), S::load(&lanes[1]), S::load(&lanes[2])];
            self.units.push([x.mul(inverse), y.mul(inverse), z.mul(inverse)]);
        }
    }

    #[inline(always)]
    fn add_class(&mut self, kernel: &FeatureKernel<S>, class: usize, stride: usize, sums: &mut [S]) {
        let (layout, Some(legendre)) = (&kernel.layout.classes[class], &kernel.legendre[class]) else {
            return;
        };
        grow(&mut self.radial, layout.channels.len(), [S::zero(); CHUNK]);
        grow(&mut self.rows, (legendre.lmax() + 1).pow(2), [S::zero(); CHUNK]);
        // Chunks of equal length, so that none is short.
        let n = self.units.len().div_ceil(self.units.len().div_ceil(CHUNK));
        for (units, first) in self.units.chunks(n).zip((0..).step_by(n)) {
            for (out, channel) in self.radial.iter_mut().zip(layout.channels.clone()) {
                let row = &self.functions[channel * stride + first * S::LANES..];
                for (out, lanes) in out.iter_mut().zip(row.chunks_exact(S::LANES)).take(units.len()) {
                    *out = S::load(lanes);
                }
            }
            let out = &mut self.rows;
            enter_for_lmax!(S, legendre.lmax(), Rows { legendre, units, out });
            for tile in &layout.tiles {
                add_tile(tile, &self.rows, &self.radial, units.len(), sums);
            }
        }
    }
}

/// Sum of all numbers.
#[inline(always)]
fn total<S: Simd>(numbers: &[f64]) -> f64 {
    let vectors = numbers.chunks_exact(S::LANES);
    let rest: f64 = vectors.remainder().iter().sum();
    let mut sums = S::zero();
    for vector in vectors {
        sums = sums.add(S::load(vector));
    }
    sums.sum() + rest
}
