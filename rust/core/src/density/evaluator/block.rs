//! One block of centres of one species: batches of atoms, gathered, summed, multiplied out and
//! differentiated.

use crate::error::Result;
use crate::simd::{MAX_LANES, Simd, Task};
use crate::structure::VOIGT;

use super::accumulate::{Accumulator, grow};
use super::batch::{VECTORS, add_vector, store_batch, sums_to_batch};
use super::environment::{Neighborhood, Neighborhoods};
use super::forces::Gradient;
use super::kernel::CenterKernel;
use super::products::Products;

/// What a block contributes.
#[derive(Debug, Default)]
pub struct BlockOutput {
    /// Energy of each centre, eV.
    pub energies: Vec<f64>,
    /// Atoms with a force from this block.
    pub atoms: Vec<u32>,
    /// Their forces, eV/Å.
    pub forces: Vec<[f64; 3]>,
    /// dE/dε, Voigt xx yy zz yz xz xy, eV.
    pub strain: [f64; 6],
    /// Number of edges within the cutoff.
    pub n_edges: usize,
}

impl BlockOutput {
    /// Nothing, in the memory of what was there.
    pub(crate) fn clear(&mut self) {
        self.energies.clear();
        self.atoms.clear();
        self.forces.clear();
        (self.strain, self.n_edges) = ([0.0; 6], 0);
    }
}

/// Scratch of one thread.
#[derive(Debug)]
pub struct Scratch<S: Simd> {
    /// Neighbors of the atoms of a batch.
    neighborhoods: Vec<Neighborhood<S>>,
    accumulator: Accumulator<S>,
    /// Sums over neighbors of the atoms of one vector, lane by lane of neighbors.
    sums: Vec<Vec<S>>,
    products: Products<S>,
    gradient: Gradient<S>,
    /// Adjoints of the sums, `[sum][atom of the batch]`.
    adjoints: Vec<f64>,
    /// Adjoints of the sums of pair functions of one atom.
    pair_bar: Vec<f64>,
    /// Place of each atom in the block's output, `u32::MAX` where it has none.
    slots: Vec<u32>,
}

impl<S: Simd> Scratch<S> {
    pub(super) fn new() -> Self {
        Self {
            neighborhoods: (0..VECTORS * S::LANES).map(|_| Neighborhood::new()).collect(),
            accumulator: Accumulator::new(),
            sums: vec![Vec::new(); S::LANES],
            products: Products::new(),
            gradient: Gradient::new(),
            adjoints: Vec::new(),
            pair_bar: Vec::new(),
            slots: Vec::new(),
        }
    }
}

/// Evaluation of one block; run it with [`Simd::enter`].
pub struct BlockTask<'a, S: Simd> {
    /// Model of the centres' species.
    pub kernel: &'a CenterKernel<S>,
    /// The system.
    pub source: &'a dyn Neighborhoods,
    /// Centres of the block.
    pub centers: &'a [u32],
    /// Scratch of this thread.
    pub scratch: &'a mut Scratch<S>,
    /// Where the results go; empty.
    pub out: &'a mut BlockOutput,
}

impl<S: Simd> Task<S> for BlockTask<'_, S> {
    type Output = Result<()>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Self { kernel, source, centers, scratch, out } = self;
        scratch.slots.resize(source.species().len(), u32::MAX);
        let mut strain = [[S::zero(); 3]; 3];
        let mut outcome = Ok(());
        for batch in centers.chunks(VECTORS * S::LANES) {
            outcome = evaluate_energies(kernel, source, batch, scratch, out);
            if outcome.is_err() {
                break;
            }
            for (place, &center) in batch.iter().enumerate() {
                add_forces(kernel, place, center, scratch, out, &mut strain);
            }
        }
        for &atom in &out.atoms {
            scratch.slots[atom as usize] = u32::MAX;
        }
        out.strain = VOIGT.map(|[a, b]| 0.5 * (strain[a][b].sum() + strain[b][a].sum()));
        outcome
    }
}

/// Energies of a batch of atoms; leaves the adjoints of their sums in the scratch.
#[inline(always)]
fn evaluate_energies<S: Simd>(
    kernel: &CenterKernel<S>,
    source: &dyn Neighborhoods,
    batch: &[u32],
    scratch: &mut Scratch<S>,
    out: &mut BlockOutput,
) -> Result<()> {
    let n = kernel.n_sums();
    grow(&mut scratch.products.sums, n, [S::zero(); VECTORS]);
    scratch.products.sums.truncate(n);
    scratch.products.approaches.clear();
    for vector in 0..VECTORS {
        let atoms = batch.iter().skip(vector * S::LANES).take(S::LANES);
        let n_atoms = atoms.len();
        for ((&center, neighborhood), sums) in
            atoms.zip(&mut scratch.neighborhoods[vector * S::LANES..]).zip(&mut scratch.sums)
        {
            out.n_edges += neighborhood.fill(source, center as usize, kernel)?;
            scratch.accumulator.run(kernel, neighborhood, sums);
            if let Some(ranges) = kernel.nearest_ranges() {
                scratch.products.approaches.push(neighborhood.approach(ranges));
            }
        }
        sums_to_batch(&mut scratch.sums, n_atoms, vector, &mut scratch.products.sums);
    }
    let energies = scratch.products.run(kernel);
    let atoms = energies.iter().flat_map(|lanes| &lanes[..S::LANES]);
    out.energies.extend(atoms.take(batch.len()));
    store_batch(&scratch.products.sums, &mut scratch.adjoints);
    Ok(())
}

/// Forces and strain derivative from the energy of one atom of the batch.
#[inline(always)]
fn add_forces<S: Simd>(
    kernel: &CenterKernel<S>,
    place: usize,
    center: u32,
    scratch: &mut Scratch<S>,
    out: &mut BlockOutput,
    strain: &mut [[S; 3]; 3],
) {
    let neighborhood = &scratch.neighborhoods[place];
    let adjoint = |sum: usize| scratch.adjoints[sum * VECTORS * S::LANES + place];
    scratch.pair_bar.clear();
    scratch.pair_bar.extend((kernel.layout.size..kernel.n_sums()).map(adjoint));
    let mut own = [S::zero(); 3];
    for (z, class) in kernel.classes.iter().enumerate() {
        let vectors = neighborhood.offsets[z]..neighborhood.offsets[z + 1];
        if vectors.is_empty() {
            continue;
        }
        scratch.gradient.prepare(class, adjoint);
        for vector in vectors {
            let (geometry, unit) = (&neighborhood.vectors[vector], &neighborhood.units[vector]);
            let g = scratch.gradient.run(class, geometry, unit, &scratch.pair_bar);
            let at = (unit, geometry.r);
            let neighbors = neighborhood.neighbors(vector);
            add_vector(g, at, neighbors, &mut own, strain, &mut scratch.slots, out);
        }
    }
    let approach = scratch.products.approaches.get(place).copied().unwrap_or_default();
    if approach.bar != 0.0 {
        let (vector, lane) = (approach.lane / S::LANES, approach.lane % S::LANES);
        let mut along = [0.0; MAX_LANES];
        along[lane] = approach.bar;
        let (along, unit) = (S::load(&along), &neighborhood.units[vector]);
        let g = [along.mul(unit[0]), along.mul(unit[1]), along.mul(unit[2])];
        let at = (unit, neighborhood.vectors[vector].r);
        add_vector(g, at, neighborhood.neighbors(vector), &mut own, strain, &mut scratch.slots, out);
    }
    let force = slot(center, &mut scratch.slots, out);
    for axis in 0..3 {
        force[axis] += own[axis].sum();
    }
}

/// The force on an atom in the block's output.
#[inline(always)]
pub fn slot<'a>(atom: u32, slots: &mut [u32], out: &'a mut BlockOutput) -> &'a mut [f64; 3] {
    let slot = &mut slots[atom as usize];
    if *slot == u32::MAX {
        *slot = out.atoms.len() as u32;
        out.atoms.push(atom);
        out.forces.push([0.0; 3]);
    }
    &mut out.forces[*slot as usize]
}
