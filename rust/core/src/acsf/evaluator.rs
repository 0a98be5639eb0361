//! Potentials that are linear in symmetry functions, or have networks of them, centre by centre behind the evaluator's
//! sessions and hosts. Networks have atoms in lanes, so that several centres go together.

use std::sync::Arc;

use super::environment::{Environment, Record};
use super::program::Program;
use crate::centers::Neighbor;
use crate::density::evaluator::{
    Block, BlockOutput, Edges, Engine, Evaluator, Neighborhoods, NetworkKernel, NetworkReadout, ScratchPool,
    check_linear, slot,
};
use crate::density::network::Network;
use crate::error::{Error, Result};
use crate::pair::Baseline;
use crate::simd::Path;
use crate::structure::{SHORTEST, VOIGT, norm};

/// Compiles a program with one coefficient (eV) per feature and one energy `e0` (eV) per species, a network of the
/// features of every species or none, and a pair baseline.
///
/// # Errors
/// Those of [`check_linear`], [`Error::Length`] for networks that do not fit.
pub fn compile(
    program: &Arc<Program>,
    (coefficients, e0): (&[f64], &[f64]),
    networks: Option<Vec<Network>>,
    baseline: &Baseline,
    path: Path,
) -> Result<Evaluator> {
    let (n, width) = (program.species().len(), program.labels().len());
    check_linear((coefficients, n * width), (e0, n), path)?;
    let cutoff = program.cutoff().max(baseline.max_cutoff());
    let mut kernels = Vec::new();
    if let Some(networks) = networks {
        Error::check_length("networks", n, networks.len())?;
        for (network, own) in networks.into_iter().zip(coefficients.chunks_exact(width.max(1))) {
            Error::check_length("inputs of a network", width, network.n_inputs())?;
            let readout = NetworkReadout { network: Arc::new(network), coefficients: own.to_vec() };
            kernels.push(readout.kernel(path));
        }
    }
    let engine = Functions {
        program: program.clone(),
        coefficients: coefficients.to_vec(),
        networks: kernels,
        e0: e0.to_vec(),
        baseline: baseline.clone(),
        cutoff,
        scratch: ScratchPool::default(),
    };
    Ok(Evaluator::from_engine(program.species().to_vec(), cutoff, path, Box::new(engine)))
}

/// The potential.
#[derive(Debug)]
struct Functions {
    program: Arc<Program>,
    coefficients: Vec<f64>,
    /// One per species, or none.
    networks: Vec<Box<dyn NetworkKernel>>,
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
    /// Centres of a batch.
    sites: Vec<Site>,
    functions: Vec<f64>,
    energies: Vec<f64>,
    bar: Vec<f64>,
    gradients: Vec<[f64; 3]>,
}

/// A centre within the cutoff of the functions, and its energy without them.
#[derive(Debug, Default)]
struct Site {
    environment: Environment,
    record: Record,
    energy: f64,
}

impl Engine for Functions {
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

impl Functions {
    /// Adds what the centres of a block contribute.
    fn add(
        &self,
        source: &dyn Neighborhoods,
        block: &Block,
        scratch: &mut Scratch,
        out: &mut BlockOutput,
    ) -> Result<()> {
        let network = self.networks.get(block.species);
        let batch = network.map_or(1, |network| network.batch());
        scratch.sites.resize_with(batch, Site::default);
        for centers in block.centers.chunks(batch) {
            let Scratch { slots, edges, sites, functions, energies, bar, gradients } = &mut *scratch;
            for (&center, site) in centers.iter().zip(&mut *sites) {
                self.gather(source, (center, block.species), site, edges, &mut Sink { slots, out })?;
            }
            let Some(network) = network else {
                let width = self.program.labels().len();
                let own = &self.coefficients[block.species * width..][..width];
                let Site { environment, energy, .. } = &mut sites[0];
                out.energies.push(*energy + environment.contract(&self.program, own, gradients));
                for (neighbor, gradient) in environment.neighbors.iter().zip(&*gradients) {
                    Sink { slots, out }.push(centers[0], neighbor, *gradient);
                }
                continue;
            };
            functions.clear();
            functions.resize(self.program.labels().len() * batch, 0.0);
            for (place, Site { environment, record, .. }) in sites[..centers.len()].iter_mut().enumerate() {
                environment.record(&self.program, record);
                let places = functions.iter_mut().skip(place).step_by(batch);
                places.zip(&record.values).for_each(|(function, value)| *function = *value);
            }
            network.run(functions, energies);
            for (place, (&center, Site { environment, record, energy })) in
                centers.iter().zip(&*sites).enumerate()
            {
                out.energies.push(energy + energies[place]);
                bar.clear();
                bar.extend(functions.iter().skip(place).step_by(batch));
                environment.pull_back(&self.program, record, bar, gradients);
                for (neighbor, gradient) in environment.neighbors.iter().zip(&*gradients) {
                    Sink { slots, out }.push(center, neighbor, *gradient);
                }
            }
        }
        Ok(())
    }

    /// Takes a centre of a species to a site, and its baseline to the output.
    fn gather(
        &self,
        source: &dyn Neighborhoods,
        (center, own): (u32, usize),
        site: &mut Site,
        edges: &mut Edges,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let species = source.species();
        source.gather(center as usize, self.cutoff, edges);
        site.energy = self.e0[own];
        site.environment.neighbors.clear();
        for (e, &atom) in edges.neighbors.iter().enumerate() {
            let vector: [f64; 3] = std::array::from_fn(|x| edges.displacements[x][e]);
            let (atom, distance) = (atom as usize, norm(&vector));
            if distance < SHORTEST {
                return Err(Error::Overlap { i: center as usize, j: atom, distance });
            }
            let neighbor = Neighbor { atom, species: usize::from(species[atom]), vector, distance };
            let [z, z_j] = [own, neighbor.species].map(|k| self.program.species()[k]);
            if distance < self.baseline.cutoff(z, z_j) {
                let (value, slope) = self.baseline.evaluate(z, z_j, distance);
                site.energy += 0.5 * value;
                sink.push(center, &neighbor, vector.map(|x| 0.5 * slope * x / distance));
            }
            if distance < self.program.cutoff() {
                site.environment.neighbors.push(neighbor);
            }
        }
        sink.out.n_edges += edges.neighbors.len();
        Ok(())
    }
}

/// Where gradients along edges go.
struct Sink<'a> {
    slots: &'a mut [u32],
    out: &'a mut BlockOutput,
}

impl Sink<'_> {
    fn push(&mut self, center: u32, neighbor: &Neighbor, gradient: [f64; 3]) {
        for (atom, sign) in [(neighbor.atom as u32, -1.0), (center, 1.0)] {
            let force = slot(atom, self.slots, self.out);
            force.iter_mut().zip(gradient).for_each(|(force, g)| *force += sign * g);
        }
        for (sum, [a, b]) in self.out.strain.iter_mut().zip(VOIGT) {
            *sum += 0.5 * (gradient[a] * neighbor.vector[b] + gradient[b] * neighbor.vector[a]);
        }
    }
}
