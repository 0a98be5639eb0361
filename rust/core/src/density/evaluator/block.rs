//! One block of centres of one species: batches of atoms, gathered, summed, multiplied out and
//! differentiated.

use crate::error::Result;
use crate::simd::{MAX_LANES, Simd, Task};

use super::accumulate::{Accumulator, grow};
use super::environment::{Neighborhood, Neighborhoods};
use super::forces::Gradient;
use super::kernel::CenterKernel;
use super::products::{Products, VECTORS};

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

/// Scratch of one thread.
#[derive(Debug)]
pub struct Scratch<S> {
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
pub struct BlockTask<'a, S> {
    /// Model of the centres' species.
    pub kernel: &'a CenterKernel<S>,
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
        let Self { kernel, source, centers, scratch } = self;
        let mut out = BlockOutput::default();
        scratch.slots.resize(source.species().len(), u32::MAX);
        let mut strain = [[S::zero(); 3]; 3];
        let mut outcome = Ok(());
        for batch in centers.chunks(VECTORS * S::LANES) {
            outcome = evaluate_energies(kernel, source, batch, scratch, &mut out);
            if outcome.is_err() {
                break;
            }
            for (place, &center) in batch.iter().enumerate() {
                add_forces(kernel, place, center, scratch, &mut out, &mut strain);
            }
        }
        for &atom in &out.atoms {
            scratch.slots[atom as usize] = u32::MAX;
        }
        outcome?;
        out.strain = [[0, 0], [1, 1], [2, 2], [1, 2], [0, 2], [0, 1]]
            .map(|[a, b]| 0.5 * (strain[a][b].sum() + strain[b][a].sum()));
        Ok(out)
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
    for vector in 0..VECTORS {
        let atoms = batch.iter().skip(vector * S::LANES).take(S::LANES);
        let n_atoms = atoms.len();
        for ((&center, neighborhood), sums) in
            atoms.zip(&mut scratch.neighborhoods[vector * S::LANES..]).zip(&mut scratch.sums)
        {
            out.n_edges += neighborhood.fill(source, center as usize, kernel)?;
            scratch.accumulator.run(kernel, neighborhood, sums);
        }
        for sums in &mut scratch.sums[n_atoms..] {
            sums.clear();
            sums.resize(n, S::zero());
        }
        for (k, sum) in scratch.products.sums.iter_mut().enumerate() {
            let mut block = S::zero_block();
            for (lane, sums) in scratch.sums.iter().enumerate() {
                block[lane] = sums[k];
            }
            sum[vector] = S::reduce(block);
        }
    }
    let energies = scratch.products.run(kernel);
    let atoms = energies.iter().flat_map(|lanes| &lanes[..S::LANES]);
    out.energies.extend(atoms.take(batch.len()));
    scratch.adjoints.resize(n * VECTORS * S::LANES, 0.0);
    let places = scratch.adjoints.chunks_exact_mut(S::LANES);
    for (place, adjoint) in places.zip(scratch.products.sums.iter().flatten()) {
        adjoint.store(place);
    }
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
            let geometry = &neighborhood.vectors[vector];
            let g = scratch.gradient.run(class, geometry, &scratch.pair_bar);
            let mut lanes = [[0.0; MAX_LANES]; 3];
            for a in 0..3 {
                own[a] = own[a].add(g[a]);
                g[a].store(&mut lanes[a]);
                let scaled = g[a].mul(geometry.r);
                for b in 0..3 {
                    strain[a][b] = scaled.mul_add(geometry.unit[b], strain[a][b]);
                }
            }
            let neighbors = neighborhood.neighbors(vector);
            for (k, &neighbor) in neighbors.iter().enumerate().take_while(|&(_, &j)| j != u32::MAX) {
                let force = slot(neighbor, &mut scratch.slots, out);
                for axis in 0..3 {
                    force[axis] -= lanes[axis][k];
                }
            }
        }
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
