//! One block of centres of one species.

use crate::density::evaluator::{
    Batch, BlockOutput, Neighborhoods, VECTORS, add_vector, grow, slot, store_batch, sums_to_batch,
};
use crate::error::Result;
use crate::simd::{Simd, Task};
use crate::structure::VOIGT;

use super::forces::gradients;
use super::kernel::{CenterKernel, Model};
use super::neighborhood::Neighborhood;
use super::sums::Accumulator;

/// Scratch of one thread.
#[derive(Debug)]
pub struct Scratch<S> {
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
    /// Place of each atom in the block's output, `u32::MAX` where it has none.
    slots: Vec<u32>,
}

impl<S: Simd> Scratch<S> {
    pub fn new() -> Self {
        Self {
            neighborhoods: (0..VECTORS * S::LANES).map(|_| Neighborhood::new()).collect(),
            accumulator: Accumulator::new(),
            sums: vec![Vec::new(); S::LANES],
            values: Vec::new(),
            bars: Vec::new(),
            adjoints: Vec::new(),
            coefficients: Vec::new(),
            slots: Vec::new(),
        }
    }
}

/// Evaluation of one block; run it with [`Simd::enter`].
pub struct BlockTask<'a, S> {
    /// What all centres share.
    pub model: &'a Model,
    /// Model of the centres' species.
    pub kernel: &'a CenterKernel,
    /// The system.
    pub source: &'a dyn Neighborhoods,
    /// Centres of the block.
    pub centers: &'a [u32],
    /// Scratch of this thread.
    pub scratch: &'a mut Scratch<S>,
}

impl<S: Simd> Task<S> for BlockTask<'_, S> {
    type Output = Result<BlockOutput>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Self { model, kernel, source, centers, scratch } = self;
        let mut out = BlockOutput::default();
        scratch.slots.resize(source.species().len(), u32::MAX);
        let mut strain = [[S::zero(); 3]; 3];
        let mut outcome = Ok(());
        for batch in centers.chunks(VECTORS * S::LANES) {
            outcome = evaluate_energies(model, kernel, source, batch, scratch, &mut out);
            if outcome.is_err() {
                break;
            }
            let first = out.energies.len() - batch.len();
            for (place, &center) in batch.iter().enumerate() {
                add_forces(model, place, center, scratch, &mut out, &mut strain);
                out.energies[first + place] +=
                    add_baseline(kernel, place, center, scratch, &mut out, &mut strain);
            }
        }
        for &atom in &out.atoms {
            scratch.slots[atom as usize] = u32::MAX;
        }
        outcome?;
        out.strain = VOIGT.map(|[a, b]| 0.5 * (strain[a][b].sum() + strain[b][a].sum()));
        Ok(out)
    }
}

/// Energies of a batch of atoms; leaves the adjoints of their sums in the scratch.
#[inline(always)]
fn evaluate_energies<S: Simd>(
    model: &Model,
    kernel: &CenterKernel,
    source: &dyn Neighborhoods,
    batch: &[u32],
    scratch: &mut Scratch<S>,
    out: &mut BlockOutput,
) -> Result<()> {
    let n = model.layout.size;
    let zero = [S::zero(); VECTORS];
    scratch.values.clear();
    scratch.values.resize(model.polynomial.n_nodes(), zero);
    grow(&mut scratch.bars, model.polynomial.n_nodes(), zero);
    for vector in 0..VECTORS {
        let atoms = batch.iter().skip(vector * S::LANES).take(S::LANES);
        let n_atoms = atoms.len();
        for ((&center, neighborhood), sums) in
            atoms.zip(&mut scratch.neighborhoods[vector * S::LANES..]).zip(&mut scratch.sums)
        {
            out.n_edges += neighborhood.fill(source, center as usize, kernel)?;
            scratch.accumulator.run(kernel, &model.layout, neighborhood, sums);
        }
        sums_to_batch(&mut scratch.sums, n_atoms, vector, &mut scratch.values[..n]);
    }
    let energies = model.polynomial.run(&mut scratch.values, &mut scratch.bars);
    let atoms = energies.iter().flat_map(|lanes| &lanes[..S::LANES]);
    out.energies.extend(atoms.take(batch.len()).map(|energy| kernel.e0 + energy));
    store_batch(&scratch.bars[..n], &mut scratch.adjoints);
    Ok(())
}

/// Forces and strain derivative from the energy of one atom of the batch.
#[inline(always)]
fn add_forces<S: Simd>(
    model: &Model,
    place: usize,
    center: u32,
    scratch: &mut Scratch<S>,
    out: &mut BlockOutput,
    strain: &mut [[S; 3]; 3],
) {
    let layout = &model.layout;
    let width = 2 * layout.functions.len();
    let Scratch { neighborhoods, adjoints, coefficients, slots, .. } = scratch;
    let neighborhood = &neighborhoods[place];
    coefficients.clear();
    coefficients.extend(layout.horner.iter().map(|&sum| adjoints[sum as usize * VECTORS * S::LANES + place]));
    let mut own = [S::zero(); 3];
    if width > 0 {
        let n = neighborhood.vectors.len();
        for vector in (0..n).step_by(2) {
            let (geometry, functions) =
                (&neighborhood.vectors[vector..], &neighborhood.functions[vector * width..]);
            if vector + 1 < n {
                let [first, second] = gradients::<S, 2>(layout, coefficients, geometry, functions);
                let neighbors = neighborhood.neighbors(vector);
                add_vector(first, geometry[0].place(), neighbors, &mut own, strain, slots, out);
                let neighbors = neighborhood.neighbors(vector + 1);
                add_vector(second, geometry[1].place(), neighbors, &mut own, strain, slots, out);
            } else {
                let [last] = gradients::<S, 1>(layout, coefficients, geometry, functions);
                let neighbors = neighborhood.neighbors(vector);
                add_vector(last, geometry[0].place(), neighbors, &mut own, strain, slots, out);
            }
        }
    }
    let force = slot(center, slots, out);
    for axis in 0..3 {
        force[axis] += own[axis].sum();
    }
}

/// Energy of the pair baseline of one atom; adds its forces.
#[inline(always)]
fn add_baseline<S: Simd>(
    kernel: &CenterKernel,
    place: usize,
    center: u32,
    scratch: &mut Scratch<S>,
    out: &mut BlockOutput,
    strain: &mut [[S; 3]; 3],
) -> f64 {
    let Scratch { neighborhoods, slots, .. } = scratch;
    let neighborhood = &neighborhoods[place];
    let (half, mut energy, mut own) = (S::splat(0.5), S::zero(), [S::zero(); 3]);
    for (z, towards) in kernel.towards.iter().enumerate() {
        let Some(curve) = &towards.baseline else { continue };
        for vector in neighborhood.offsets[z]..neighborhood.offsets[z + 1] {
            let place = neighborhood.vectors[vector].place();
            let ([x, y, z], r) = place;
            if !r.any_less(S::splat(curve.cutoff)) {
                continue;
            }
            let (value, slope) = curve.evaluate(r);
            energy = value.mul_add(half, energy);
            let pull = slope.mul(half);
            let gradient = [x.mul(pull), y.mul(pull), z.mul(pull)];
            add_vector(gradient, place, neighborhood.neighbors(vector), &mut own, strain, slots, out);
        }
    }
    let force = slot(center, slots, out);
    for axis in 0..3 {
        force[axis] += own[axis].sum();
    }
    energy.sum()
}
