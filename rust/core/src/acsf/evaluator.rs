//! Potentials that are linear in symmetry functions, centre by centre behind the evaluator's sessions and hosts.

use std::sync::Arc;

use super::environment::Environment;
use super::program::Program;
use crate::centers::Neighbor;
use crate::density::evaluator::{
    Block, BlockOutput, Edges, Engine, Evaluator, Neighborhoods, ScratchPool, check_linear, slot,
};
use crate::error::{Error, Result};
use crate::pair::Baseline;
use crate::simd::Path;
use crate::structure::{SHORTEST, VOIGT, norm};

/// Compiles a program with one coefficient (eV) per feature, one energy `e0` (eV) per species and a pair baseline.
///
/// # Errors
/// Those of [`check_linear`].
pub fn compile(
    program: &Arc<Program>,
    coefficients: &[f64],
    e0: &[f64],
    baseline: &Baseline,
    path: Path,
) -> Result<Evaluator> {
    let n = program.species().len();
    check_linear((coefficients, n * program.labels().len()), (e0, n), path)?;
    let cutoff = program.cutoff().max(baseline.max_cutoff());
    let engine = Linear {
        program: program.clone(),
        coefficients: coefficients.to_vec(),
        e0: e0.to_vec(),
        baseline: baseline.clone(),
        cutoff,
        scratch: ScratchPool::default(),
    };
    Ok(Evaluator::from_engine(program.species().to_vec(), cutoff, path, Box::new(engine)))
}

/// The potential.
#[derive(Debug)]
struct Linear {
    program: Arc<Program>,
    coefficients: Vec<f64>,
    e0: Vec<f64>,
    baseline: Baseline,
    cutoff: f64,
    scratch: ScratchPool<Scratch>,
}

/// Scratch of one thread.
#[derive(Debug, Default)]
struct Scratch {
    /// Place of each atom in the block's output, `u32::MAX` where it has none.
    slots: Vec<u32>,
    edges: Edges,
    environment: Environment,
    gradients: Vec<[f64; 3]>,
}

impl Engine for Linear {
    fn run(&self, source: &dyn Neighborhoods, block: &Block, out: &mut BlockOutput) -> Result<()> {
        self.scratch.with(Scratch::default, |scratch| {
            scratch.slots.resize(source.species().len(), u32::MAX);
            let outcome = self.add(source, block, scratch, out);
            for &atom in &out.atoms {
                scratch.slots[atom as usize] = u32::MAX;
            }
            outcome
        })
    }
}

impl Linear {
    /// Adds what the centres of a block contribute.
    fn add(
        &self,
        source: &dyn Neighborhoods,
        block: &Block,
        Scratch { slots, edges, environment, gradients }: &mut Scratch,
        out: &mut BlockOutput,
    ) -> Result<()> {
        let species = source.species();
        let width = self.program.labels().len();
        let own = &self.coefficients[block.species * width..][..width];
        for &center in &block.centers {
            source.gather(center as usize, self.cutoff, edges);
            let mut energy = self.e0[block.species];
            let mut push = |out: &mut BlockOutput, neighbor: &Neighbor, gradient: [f64; 3]| {
                for (atom, sign) in [(neighbor.atom as u32, -1.0), (center, 1.0)] {
                    let force = slot(atom, slots, out);
                    force.iter_mut().zip(gradient).for_each(|(force, g)| *force += sign * g);
                }
                for (sum, [a, b]) in out.strain.iter_mut().zip(VOIGT) {
                    *sum += 0.5 * (gradient[a] * neighbor.vector[b] + gradient[b] * neighbor.vector[a]);
                }
            };
            environment.neighbors.clear();
            for (e, &atom) in edges.neighbors.iter().enumerate() {
                let vector: [f64; 3] = std::array::from_fn(|x| edges.displacements[x][e]);
                let (atom, distance) = (atom as usize, norm(&vector));
                if distance < SHORTEST {
                    return Err(Error::Overlap { i: center as usize, j: atom, distance });
                }
                let neighbor = Neighbor { atom, species: usize::from(species[atom]), vector, distance };
                let [z, z_j] = [block.species, neighbor.species].map(|k| self.program.species()[k]);
                if distance < self.baseline.cutoff(z, z_j) {
                    let (value, slope) = self.baseline.evaluate(z, z_j, distance);
                    energy += 0.5 * value;
                    push(out, &neighbor, vector.map(|x| 0.5 * slope * x / distance));
                }
                if distance < self.program.cutoff() {
                    environment.neighbors.push(neighbor);
                }
            }
            energy += environment.contract(&self.program, own, gradients);
            for (neighbor, gradient) in environment.neighbors.iter().zip(&*gradients) {
                push(out, neighbor, *gradient);
            }
            out.energies.push(energy);
            out.n_edges += edges.neighbors.len();
        }
        Ok(())
    }
}
