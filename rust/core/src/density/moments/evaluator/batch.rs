//! Centres of one species in batches: gathered, summed, multiplied out and differentiated.

use crate::density::evaluator::{Batch, VECTORS, grow, store_batch, sums_to_batch};
use crate::error::Result;
use crate::simd::{MAX_LANES, Simd};

use super::forces::gradients;
use super::kernel::{CenterKernel, Model};
use super::layout::Layout;
use super::neighborhood::Neighborhood;
use super::sums::Accumulator;
use super::surroundings::Surroundings;

/// Scratch of the batches of one thread.
#[derive(Debug)]
pub struct Work<S> {
    /// Neighbors of the atoms of a batch.
    neighborhoods: Vec<Neighborhood<S>>,
    accumulator: Accumulator<S>,
    /// Sums of the atoms of one vector, lane by lane of neighbors.
    sums: Vec<Vec<S>>,
    values: Vec<Batch<S>>,
    bars: Vec<Batch<S>>,
    /// Adjoints of the sums, `[sum][atom of the batch]`.
    adjoints: Vec<f64>,
    /// Those of one atom in the order of Horner's rule.
    coefficients: Vec<f64>,
}

impl<S: Simd> Work<S> {
    pub fn new() -> Self {
        Self {
            neighborhoods: (0..VECTORS * S::LANES).map(|_| Neighborhood::new()).collect(),
            accumulator: Accumulator::new(),
            sums: vec![Vec::new(); S::LANES],
            values: Vec::new(),
            bars: Vec::new(),
            adjoints: Vec::new(),
            coefficients: Vec::new(),
        }
    }

    /// Energies and forces of centres, all of the species of `kernel`.
    ///
    /// # Errors
    /// Those of [`Surroundings::fill`].
    #[inline(always)]
    pub fn run(
        &mut self,
        model: &Model,
        kernel: &CenterKernel,
        centers: &[u32],
        surroundings: &mut impl Surroundings<S>,
    ) -> Result<()> {
        for batch in centers.chunks(VECTORS * S::LANES) {
            let energies = self.energies(model, kernel, batch, surroundings)?;
            for (place, &center) in batch.iter().enumerate() {
                let many_body = energies[place / S::LANES][place % S::LANES];
                self.add_forces(&model.layout, place, surroundings);
                let pairs = add_baseline(kernel, &self.neighborhoods[place], surroundings);
                surroundings.finish(center, kernel.e0 + many_body + pairs);
            }
        }
        Ok(())
    }

    /// Energies of a batch of atoms; leaves the adjoints of their sums in the scratch.
    #[inline(always)]
    fn energies(
        &mut self,
        model: &Model,
        kernel: &CenterKernel,
        batch: &[u32],
        surroundings: &mut impl Surroundings<S>,
    ) -> Result<[[f64; MAX_LANES]; VECTORS]> {
        let n = model.layout.size;
        let zero = [S::zero(); VECTORS];
        self.values.clear();
        self.values.resize(model.polynomial.n_nodes(), zero);
        grow(&mut self.bars, model.polynomial.n_nodes(), zero);
        for vector in 0..VECTORS {
            let atoms = batch.iter().skip(vector * S::LANES).take(S::LANES);
            let n_atoms = atoms.len();
            for ((&center, neighborhood), sums) in
                atoms.zip(&mut self.neighborhoods[vector * S::LANES..]).zip(&mut self.sums)
            {
                surroundings.fill(center, kernel, neighborhood)?;
                self.accumulator.run(kernel, &model.layout, neighborhood, sums);
            }
            sums_to_batch(&mut self.sums, n_atoms, vector, &mut self.values[..n]);
        }
        let energies = model.polynomial.run(&mut self.values, &mut self.bars);
        store_batch(&self.bars[..n], &mut self.adjoints);
        Ok(energies)
    }

    /// Forces from the many-body energy of one atom of the batch.
    #[inline(always)]
    fn add_forces(&mut self, layout: &Layout, place: usize, surroundings: &mut impl Surroundings<S>) {
        let width = 2 * layout.functions.len();
        if width == 0 {
            return;
        }
        let Self { neighborhoods, adjoints, coefficients, .. } = self;
        let neighborhood = &neighborhoods[place];
        coefficients.clear();
        coefficients
            .extend(layout.horner.iter().map(|&sum| adjoints[sum as usize * VECTORS * S::LANES + place]));
        let n = neighborhood.vectors.len();
        for vector in (0..n).step_by(2) {
            let (geometry, functions) =
                (&neighborhood.vectors[vector..], &neighborhood.functions[vector * width..]);
            if vector + 1 < n {
                let [first, second] = gradients::<S, 2>(layout, coefficients, geometry, functions);
                surroundings.add(first, &geometry[0], neighborhood.neighbors(vector));
                surroundings.add(second, &geometry[1], neighborhood.neighbors(vector + 1));
            } else {
                let [last] = gradients::<S, 1>(layout, coefficients, geometry, functions);
                surroundings.add(last, &geometry[0], neighborhood.neighbors(vector));
            }
        }
    }
}

/// Energy of the pair baseline of one atom; adds its forces.
#[inline(always)]
fn add_baseline<S: Simd>(
    kernel: &CenterKernel,
    neighborhood: &Neighborhood<S>,
    surroundings: &mut impl Surroundings<S>,
) -> f64 {
    let (half, mut energy) = (S::splat(0.5), S::zero());
    for (z, towards) in kernel.towards.iter().enumerate() {
        let Some(curve) = &towards.baseline else { continue };
        for vector in neighborhood.offsets[z]..neighborhood.offsets[z + 1] {
            let geometry = &neighborhood.vectors[vector];
            if !geometry.r.any_less(S::splat(curve.cutoff)) {
                continue;
            }
            let (value, slope) = curve.evaluate(geometry.r);
            energy = value.mul_add(half, energy);
            let [x, y, z] = geometry.unit;
            let pull = slope.mul(half);
            let gradient = [x.mul(pull), y.mul(pull), z.mul(pull)];
            surroundings.add(gradient, geometry, neighborhood.neighbors(vector));
        }
    }
    energy.sum()
}
