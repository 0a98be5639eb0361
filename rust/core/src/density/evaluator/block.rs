//! One block of centres of one species: groups of as many atoms as lanes, gathered, summed, multiplied
//! out and differentiated.

use crate::error::Result;
use crate::simd::{MAX_LANES, Simd, Task};

use super::accumulate::Accumulator;
use super::environment::{Neighborhood, Neighborhoods};
use super::forces::Gradient;
use super::kernel::CenterKernel;
use super::pair::{NO_SUMS, PairSums};
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

/// Scratch of one thread.
#[derive(Debug)]
pub struct Scratch<S> {
    neighborhoods: Vec<Neighborhood<S>>,
    accumulator: Accumulator<S>,
    products: Products<S>,
    gradient: Gradient<S>,
    adjoints: Vec<f64>,
    /// Adjoints of the sums of pair functions.
    pair: PairSums,
    pair_bar: Vec<f64>,
    /// Place of each atom in the block's output, `u32::MAX` where it has none.
    slots: Vec<u32>,
}

impl<S: Simd> Scratch<S> {
    pub(super) fn new() -> Self {
        Self {
            neighborhoods: (0..S::LANES).map(|_| Neighborhood::new()).collect(),
            accumulator: Accumulator::new(),
            products: Products::new(),
            gradient: Gradient::new(),
            adjoints: Vec::new(),
            pair: NO_SUMS,
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
        for group in centers.chunks(S::LANES) {
            outcome = evaluate_energies(kernel, source, group, scratch, &mut out);
            if outcome.is_err() {
                break;
            }
            for (lane, &center) in group.iter().enumerate() {
                add_forces(kernel, lane, center, scratch, &mut out, &mut strain);
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

/// Energies of a group of atoms; leaves the adjoints of their sums in the scratch.
#[inline(always)]
fn evaluate_energies<S: Simd>(
    kernel: &CenterKernel<S>,
    source: &dyn Neighborhoods,
    group: &[u32],
    scratch: &mut Scratch<S>,
    out: &mut BlockOutput,
) -> Result<()> {
    let size = kernel.layout.size;
    let sums = &mut scratch.adjoints;
    scratch.pair = NO_SUMS;
    sums.clear();
    sums.resize(size * S::LANES, 0.0);
    for (lane, &center) in group.iter().enumerate() {
        let neighborhood = &mut scratch.neighborhoods[lane];
        out.n_edges += neighborhood.fill(source, center as usize, &kernel.towards)?;
        let pair = scratch.accumulator.run(neighborhood, &kernel.towards, size, kernel.terms.len());
        for (of_lanes, sum) in scratch.pair.iter_mut().zip(pair) {
            of_lanes[lane] = sum;
        }
        for (of_lanes, &sum) in sums.chunks_exact_mut(S::LANES).zip(&scratch.accumulator.sums) {
            of_lanes[lane] = sum;
        }
    }
    scratch.products.sums.clear();
    scratch.products.sums.extend(sums.chunks_exact(S::LANES).map(S::load));
    let energies = scratch.products.run(kernel, &mut scratch.pair);
    for (of_lanes, &adjoint) in sums.chunks_exact_mut(S::LANES).zip(&scratch.products.sums) {
        adjoint.store(of_lanes);
    }
    out.energies.extend_from_slice(&energies[..group.len()]);
    Ok(())
}

/// Forces and strain derivative from the energy of one atom of the group.
#[inline(always)]
fn add_forces<S: Simd>(
    kernel: &CenterKernel<S>,
    lane: usize,
    center: u32,
    scratch: &mut Scratch<S>,
    out: &mut BlockOutput,
    strain: &mut [[S; 3]; 3],
) {
    let neighborhood = &scratch.neighborhoods[lane];
    scratch.accumulator.sums.clear();
    scratch.accumulator.sums.extend(scratch.adjoints.chunks_exact(S::LANES).map(|lanes| lanes[lane]));
    let adjoints = &scratch.accumulator.sums;
    scratch.pair_bar.clear();
    scratch.pair_bar.extend(scratch.pair[..kernel.terms.len()].iter().map(|lanes| lanes[lane]));
    let mut own = [S::zero(); 3];
    for (z, t) in kernel.towards.iter().enumerate() {
        scratch.gradient.reserve(t);
        for vector in neighborhood.offsets[z]..neighborhood.offsets[z + 1] {
            let geometry = &neighborhood.vectors[vector];
            let g = scratch.gradient.run(t, geometry, adjoints, &scratch.pair_bar);
            let d = geometry.unit.map(|v| v.mul(geometry.r));
            for a in 0..3 {
                for b in 0..3 {
                    strain[a][b] = g[a].mul_add(d[b], strain[a][b]);
                }
            }
            let mut lanes = [[0.0; MAX_LANES]; 3];
            for axis in 0..3 {
                own[axis] = own[axis].add(g[axis]);
                g[axis].store(&mut lanes[axis]);
            }
            let neighbors = &neighborhood.neighbors[vector * S::LANES..][..S::LANES];
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
fn slot<'a>(atom: u32, slots: &mut [u32], out: &'a mut BlockOutput) -> &'a mut [f64; 3] {
    let slot = &mut slots[atom as usize];
    if *slot == u32::MAX {
        *slot = out.atoms.len() as u32;
        out.atoms.push(atom);
        out.forces.push([0.0; 3]);
    }
    &mut out.forces[*slot as usize]
}
