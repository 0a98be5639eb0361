//! One block of centres of one species.

use crate::density::evaluator::{BlockOutput, Edges, Neighborhoods, slot};
use crate::error::Result;
use crate::simd::{Simd, Task};
use crate::structure::VOIGT;

use super::kernel::CenterKernel;
use super::pairs::{PairSums, Repulsion};
use super::shell::{self, Shell};
use super::triplets::Triplets;

/// Scratch of one thread.
#[derive(Debug, Default)]
pub struct Scratch {
    edges: Edges,
    shells: Vec<Shell>,
    triplets: Triplets,
    /// Place of each atom in the block's output, `u32::MAX` where it has none.
    slots: Vec<u32>,
}

/// Evaluation of one block; run it with [`Simd::enter`].
pub struct BlockTask<'a> {
    /// Model of the centres' species.
    pub kernel: &'a CenterKernel,
    /// The system.
    pub source: &'a dyn Neighborhoods,
    /// Centres of the block.
    pub centers: &'a [u32],
    /// Scratch of this thread.
    pub scratch: &'a mut Scratch,
}

impl<S: Simd> Task<S> for BlockTask<'_> {
    type Output = Result<BlockOutput>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Self { kernel, source, centers, scratch } = self;
        let mut out = BlockOutput::default();
        scratch.slots.resize(source.species().len(), u32::MAX);
        let mut outcome = Ok(());
        for &center in centers {
            outcome = evaluate::<S>(kernel, source, center, scratch, &mut out);
            if outcome.is_err() {
                break;
            }
        }
        for &atom in &out.atoms {
            scratch.slots[atom as usize] = u32::MAX;
        }
        outcome.map(|()| out)
    }
}

/// Energy, forces and strain derivative of one centre.
#[inline(always)]
fn evaluate<S: Simd>(
    kernel: &CenterKernel,
    source: &dyn Neighborhoods,
    center: u32,
    scratch: &mut Scratch,
    out: &mut BlockOutput,
) -> Result<()> {
    let Scratch { edges, shells, triplets, slots } = scratch;
    out.n_edges += shell::fill(shells, edges, source, center, kernel)?;
    let (mut pairs, mut repulsion) = (PairSums::<S>::new(), Repulsion::default());
    for (shell, towards) in shells.iter().zip(&kernel.towards) {
        pairs.add(shell, towards);
        if shell.least < towards.squared_repulsion {
            repulsion.add(shell, kernel, towards);
        }
    }
    let mut energy = pairs.energy.mul(S::splat(0.5));
    let Repulsion { energy: repelled, force: mut own, mut strain } = repulsion;
    for (sum, lanes) in own.iter_mut().zip(pairs.force) {
        *sum += lanes.sum();
    }
    for (sum, lanes) in strain.iter_mut().zip(pairs.strain) {
        *sum += 0.5 * lanes.sum();
    }
    if !kernel.triplets.is_empty() {
        triplets.fill(shells);
        for triplet in &kernel.triplets {
            energy = energy.add(triplets.add::<S>(triplet));
        }
        triplets.finish();
        for (n, &atom) in triplets.atoms.iter().enumerate() {
            let ([gx, gy, gz], [x, y, z]) = (&triplets.gradients, &triplets.vectors);
            let (g, vector) = ([gx[n], gy[n], gz[n]], [x[n], y[n], z[n]]);
            let force = slot(atom, slots, out);
            for x in 0..3 {
                force[x] -= g[x];
                own[x] += g[x];
            }
            for (sum, [a, b]) in strain.iter_mut().zip(VOIGT) {
                *sum += 0.5 * (g[a] * vector[b] + g[b] * vector[a]);
            }
        }
    }
    out.energies.push(kernel.e0 + repelled + energy.sum());
    out.strain.iter_mut().zip(strain).for_each(|(sum, part)| *sum += part);
    let force = slot(center, slots, out);
    force.iter_mut().zip(own).for_each(|(sum, part)| *sum += part);
    Ok(())
}
