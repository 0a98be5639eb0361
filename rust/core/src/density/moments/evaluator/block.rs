//! One block of centres of one species of a host that knows full neighborhoods.

use crate::density::evaluator::{BlockOutput, Edges, Neighborhoods, add_vector, slot, squared};
use crate::error::Result;
use crate::simd::{Simd, Task};
use crate::structure::VOIGT;

use super::batch::Work;
use super::kernel::{CenterKernel, Model};
use super::neighborhood::{Geometry, Neighborhood};
use super::surroundings::Surroundings;

/// Scratch of one thread.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Edges in lanes; the neighbor of unused lanes is `u32::MAX`.
    lanes: Edges,
    gathered: Edges,
    /// First lane of each species, and their number at the end.
    starts: Vec<usize>,
    /// Next free lane of each species.
    free: Vec<usize>,
    /// Place of each atom in the block's output, `u32::MAX` where it has none.
    slots: Vec<u32>,
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
    pub scratch: &'a mut Scratch,
    /// Scratch of the batches.
    pub work: &'a mut Work<S>,
    /// Where the results go; empty.
    pub out: &'a mut BlockOutput,
}

impl<S: Simd> Task<S> for BlockTask<'_, S> {
    type Output = Result<()>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Self { model, kernel, source, centers, scratch, work, out } = self;
        scratch.slots.resize(source.species().len(), u32::MAX);
        let zero = S::zero();
        let mut host = Host { source, scratch, out, own: [zero; 3], strain: [[zero; 3]; 3] };
        let outcome = work.run(model, kernel, centers, &mut host);
        let Host { scratch, out, strain, .. } = host;
        for &atom in &out.atoms {
            scratch.slots[atom as usize] = u32::MAX;
        }
        out.strain = VOIGT.map(|[a, b]| 0.5 * (strain[a][b].sum() + strain[b][a].sum()));
        outcome
    }
}

/// A host as surroundings; neighbors are atoms.
struct Host<'a, S> {
    source: &'a dyn Neighborhoods,
    scratch: &'a mut Scratch,
    out: &'a mut BlockOutput,
    /// Force on the centre, lane by lane of neighbors.
    own: [S; 3],
    strain: [[S; 3]; 3],
}

impl<S: Simd> Surroundings<S> for Host<'_, S> {
    #[inline(always)]
    fn fill(&mut self, center: u32, kernel: &CenterKernel, neighborhood: &mut Neighborhood<S>) -> Result<()> {
        let center = center as usize;
        self.source.gather(center, kernel.cutoff, &mut self.scratch.gathered);
        let n = if kernel.towards.len() == 1 {
            self.scratch.take_all::<S>(kernel)
        } else {
            self.scratch.distribute::<S>(self.source, kernel)
        };
        self.out.n_edges += n;
        let Scratch { lanes, starts, .. } = &*self.scratch;
        let mut least = S::splat(f64::INFINITY);
        neighborhood.clear();
        for lanes_of_species in starts.windows(2) {
            neighborhood.end_species();
            for at in (lanes_of_species[0]..lanes_of_species[1]).step_by(S::LANES) {
                let [x, y, z] = &lanes.displacements;
                let vector = [S::load(&x[at..]), S::load(&y[at..]), S::load(&z[at..])];
                let square = squared(vector);
                least = least.min(square);
                neighborhood.push(vector, square, &lanes.neighbors[at..][..S::LANES]);
            }
        }
        neighborhood.end_species();
        lanes.check_apart(center, least.sqrt())
    }

    #[inline(always)]
    fn add(&mut self, gradient: [S; 3], geometry: &Geometry<S>, neighbors: &[u32]) {
        let Self { scratch, out, own, strain, .. } = self;
        add_vector(gradient, geometry.place(), neighbors, own, strain, &mut scratch.slots, out);
    }

    #[inline(always)]
    fn finish(&mut self, center: u32, energy: f64) {
        self.out.energies.push(energy);
        let force = slot(center, &mut self.scratch.slots, self.out);
        for axis in 0..3 {
            force[axis] += self.own[axis].sum();
        }
        self.own = [S::zero(); 3];
    }
}

impl Scratch {
    /// Puts the gathered edges into lanes as they are, where there is one species; returns their number.
    fn take_all<S: Simd>(&mut self, kernel: &CenterKernel) -> usize {
        std::mem::swap(&mut self.lanes, &mut self.gathered);
        let n = self.lanes.neighbors.len();
        let end = n.next_multiple_of(S::LANES);
        self.lanes.resize(end);
        self.lanes.pad(n..end, kernel.cutoff);
        self.starts.clear();
        self.starts.extend([0, end]);
        n
    }

    /// Puts the gathered edges that matter into lanes, each species from a new vector on; returns their number.
    fn distribute<S: Simd>(&mut self, source: &dyn Neighborhoods, kernel: &CenterKernel) -> usize {
        let species = source.species();
        let Edges { displacements: [x, y, z], neighbors } = &self.gathered;
        let towards = |edge: usize| {
            let other = usize::from(species[neighbors[edge] as usize]);
            let square = x[edge] * x[edge] + y[edge] * y[edge] + z[edge] * z[edge];
            (square < kernel.towards[other].squared_cutoff).then_some(other)
        };
        self.starts.clear();
        self.starts.resize(kernel.towards.len() + 1, 0);
        let mut n = 0;
        for other in (0..neighbors.len()).filter_map(towards) {
            self.starts[other + 1] += 1;
            n += 1;
        }
        self.free.clear();
        for k in 0..kernel.towards.len() {
            self.free.push(self.starts[k]);
            self.starts[k + 1] = self.starts[k] + self.starts[k + 1].next_multiple_of(S::LANES);
        }
        let n_lanes = self.starts[kernel.towards.len()];
        let lanes = &mut self.lanes;
        lanes.resize(n_lanes);
        lanes.pad(0..n_lanes, kernel.cutoff);
        for edge in 0..neighbors.len() {
            let Some(other) = towards(edge) else { continue };
            let lane = self.free[other];
            self.free[other] += 1;
            for (axis, from) in lanes.displacements.iter_mut().zip([x, y, z]) {
                axis[lane] = from[edge];
            }
            lanes.neighbors[lane] = neighbors[edge];
        }
        n
    }
}
