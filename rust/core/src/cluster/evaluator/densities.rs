//! Energies of the densities around one centre, four neighbors at a time.
//!
//! ρ and dρ/dr of all neighbors come first, then F'(ρ) turns the latter into forces. A centre does this for its own
//! densities alone, with all of its neighbors, so that nothing has to be known of other centres.

use crate::cluster::program::EmbeddingColumns;
use crate::cluster::spline::Axis;
use crate::density::evaluator::{Frame, squared};
use crate::neighbors::tiles::Rows;
use crate::simd::Simd;

use super::kernel::CenterKernel;
use super::table::Cubics;

/// A density and its embedding function.
#[derive(Debug)]
pub struct DensityKernel {
    /// What neighbors of each species add to ρ.
    densities: Vec<Option<Cubics>>,
    /// ρ.
    axis: Axis,
    /// Coefficients of the functions of ρ, eV.
    coefficients: Vec<f64>,
}

impl DensityKernel {
    /// The density with raw coefficients.
    pub fn new(columns: &EmbeddingColumns, raw: &[f64]) -> Self {
        let cubics = |own: &crate::cluster::Density| Cubics::new(own.axis(), own.coefficients());
        Self {
            densities: columns.densities.iter().map(|own| own.as_ref().map(cubics)).collect(),
            axis: columns.axis.clone(),
            coefficients: raw[columns.start..][..columns.axis.len()].to_vec(),
        }
    }

    /// F and dF/dρ.
    fn embed(&self, density: f64) -> (f64, f64) {
        let local = self.axis.continued(density);
        let own = &self.coefficients[local.first..][..4];
        let (mut value, mut slope) = (0.0, 0.0);
        for k in 0..4 {
            value += own[k] * local.value[k];
            slope += own[k] * local.slope[k];
        }
        (value, slope)
    }
}

/// Neighbors of a centre, in whole vectors.
#[derive(Debug, Default)]
pub struct Densities {
    images: Vec<u32>,
    /// Components of r_ij, Å.
    vectors: [Vec<f64>; 3],
    distances: Vec<f64>,
    /// dρ/dr of every density, 1/Å, one density behind the other in each vector.
    rises: Vec<f64>,
    /// F'(ρ) of every density, eV.
    slopes: Vec<f64>,
}

impl Densities {
    /// Adds the energies of all densities of a centre.
    #[inline(always)]
    pub fn add<S: Simd>(&mut self, frame: &mut Frame, center: usize, rows: &Rows, kernel: &CenterKernel) {
        let count = kernel.densities.len();
        let n = kernel.towards.len();
        let origin = frame.origin::<S>(center);
        self.images.clear();
        self.rises.clear();
        for column in self.vectors.iter_mut().chain([&mut self.distances]) {
            column.clear();
        }
        self.slopes.clear();
        self.slopes.resize(count * 4, 0.0);
        for (other, towards) in kernel.towards.iter().enumerate() {
            let cutoff = S::splat(towards.squared_density);
            for images in rows.row(center * n + other).chunks_exact(4) {
                let vector = frame.vectors(origin, images);
                let square = squared(vector);
                if !square.any_less(cutoff) {
                    continue;
                }
                let r = square.sqrt();
                self.images.extend_from_slice(images);
                for (column, x) in self.vectors.iter_mut().zip(vector) {
                    push(column, x);
                }
                push(&mut self.distances, r);
                for (one, sums) in kernel.densities.iter().zip(self.slopes.chunks_exact_mut(4)) {
                    let (value, rise) = match &one.densities[other] {
                        Some(density) => density.evaluate(r),
                        None => (S::zero(), S::zero()),
                    };
                    S::load(sums).add(value).store(sums);
                    push(&mut self.rises, rise);
                }
            }
        }
        let mut energy = 0.0;
        for (d, one) in kernel.densities.iter().enumerate() {
            let (value, slope) = one.embed(S::load(&self.slopes[4 * d..]).sum());
            energy += value;
            self.slopes[d] = slope;
        }
        frame.images[center].sum[3] += energy;
        self.pull::<S>(frame, center, count);
    }

    /// Adds the forces that F' of every density makes.
    #[inline(always)]
    fn pull<S: Simd>(&self, frame: &mut Frame, center: usize, count: usize) {
        let mut own = [S::zero(); 4];
        let rises = self.rises.chunks_exact(4 * count.max(1));
        for ((k, images), rises) in (0..).step_by(4).zip(self.images.chunks_exact(4)).zip(rises) {
            let mut along = S::zero();
            for (rise, slope) in rises.chunks_exact(4).zip(&self.slopes) {
                along = S::load(rise).mul_add(S::splat(*slope), along);
            }
            let scale = along.div(S::load(&self.distances[k..]));
            let mut pull = [S::zero(); 4];
            for x in 0..3 {
                pull[x] = scale.mul(S::load(&self.vectors[x][k..]));
                own[x] = own[x].add(pull[x]);
            }
            frame.subtract(images, pull);
        }
        frame.add_lanes(center, own);
    }
}

/// Appends four lanes.
#[inline(always)]
fn push<S: Simd>(column: &mut Vec<f64>, lanes: S) {
    let end = column.len();
    column.resize(end + 4, 0.0);
    lanes.store(&mut column[end..]);
}
