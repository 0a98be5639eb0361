//! The contracted evaluator: a program and its readout compiled to the cheapest form.
//!
//! ```text
//! ρ_p = Σ_j φ_{p, z_i z_j}(r_ij) + Σ_q w_qp Re Π_{v ∈ q} A_v,     E_i as in [`crate::density::readout`] + ½ Σ_j ZBL
//! ```
//!
//! φ is the sum of all pair functions, tabulated as one function per density with the radial channels
//! ([`crate::radial::table`]); for a linear readout it includes ZBL, otherwise core repulsion and ZBL have
//! functions of their own. `w = c C` are weights of monomials, evaluated as a graph of shared products
//! ([`crate::density::dag`]). Sums and forces have neighbors in SIMD lanes, products have atoms in lanes.
//! Forces are the exact derivative of the tabulated energy. Blocks of atoms are distributed over threads and
//! reduced in a fixed order: results are bitwise independent of the number of threads.

use std::sync::Arc;

use crate::density::program::Program;
use crate::density::readout::Readout;
use crate::error::{Error, Result};
use crate::neighbors::NeighborList;
use crate::pair::Baseline;
use crate::radial::table::Tabulation;
use crate::simd::{Generic, Path, Simd};
use crate::structure::Structure;

mod accumulate;
mod batch;
mod block;
mod blocks;
mod contraction;
mod cuts;
mod distinct;
mod environment;
mod forces;
mod frame;
mod harmonics;
mod head;
mod host;
mod host_tiles;
mod kernel;
mod kernel_head;
mod layout;
mod many;
mod network;
mod pair;
mod pool;
mod products;
mod reference;
mod session;
mod system;
mod tiled;
mod values;

pub(crate) use accumulate::{CHUNK, add_tile, grow};
pub(crate) use batch::{Batch, VECTORS, add_vector, store_batch, sums_to_batch};
pub(crate) use block::{BlockOutput, slot};
use block::{BlockTask, Scratch};
pub(crate) use blocks::Block;
use cuts::Cuts;
pub use environment::{Edges, Neighborhoods};
pub(crate) use frame::{Frame, SQUARED_SHORTEST, squared};
pub use head::{HeadReadout, KernelReadout};
pub use host::HostArrays;
pub use host_tiles::{HostList, HostTiles, KeptList};
use kernel::CenterKernel;
pub(crate) use layout::{Tile, tile_cuts};
pub(crate) use network::NetworkKernel;
pub use network::NetworkReadout;
pub(crate) use pool::ScratchPool;
pub use reference::compute_analytic;
pub use session::Session;
pub(crate) use tiled::{TileEngine, TileOutput};
pub(crate) use values::{Values, Write, compile_values};

/// Settings of an [`Evaluator`] besides the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// SIMD path; must be supported.
    pub path: Path,
    /// Radial tables.
    pub tables: Tabulation,
}

/// Energies and their derivatives.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evaluation {
    /// Energy of each atom, eV.
    pub energies: Vec<f64>,
    /// Force on each atom, eV/Å.
    pub forces: Vec<[f64; 3]>,
    /// dE/dε in eV, symmetric.
    pub strain_gradient: [[f64; 3]; 3],
    /// Number of edges within the cutoffs.
    pub n_edges: usize,
}

/// A contracted potential; see the module documentation.
#[derive(Debug)]
pub struct Evaluator {
    species: Vec<u8>,
    cutoff: f64,
    path: Path,
    /// Their energies add up.
    engines: Vec<Arc<dyn Engine>>,
}

impl Evaluator {
    /// Compiles a program with its readout and a pair baseline.
    ///
    /// # Errors
    /// [`Error::Length`] for the readout of another program, [`Error::Setting`] for a path that is not
    /// supported here or radial functions that are not finite.
    pub fn new(program: &Program, readout: &Readout, baseline: &Baseline, options: Options) -> Result<Self> {
        Self::with_heads(program, readout, &[], baseline, options)
    }

    /// As [`Self::new`], with a head on the functions of each species (or none at all) beside a linear readout whose
    /// coefficients of these functions are 0.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub fn with_heads(
        program: &Program,
        readout: &Readout,
        heads: &[HeadReadout],
        baseline: &Baseline,
        options: Options,
    ) -> Result<Self> {
        let readout = Readout::new(program, readout.centers().to_vec())?;
        Path::resolve(Some(options.path.name()))?;
        let model = Model { program, readout: &readout, heads, baseline, tables: options.tables };
        let engine: Box<dyn Engine> = match options.path {
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => Box::new(Kernels::<crate::simd::Avx2>::new(model)?),
            #[cfg(all(target_arch = "x86_64", ferrip_avx512))]
            Path::Avx512 => Box::new(Kernels::<crate::simd::Avx512>::new(model)?),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2Mixed => Box::new(Kernels::<crate::simd::Avx2Single>::new(model)?),
            Path::GenericMixed => Box::new(Kernels::<crate::simd::GenericSingle>::new(model)?),
            _ => Box::new(Kernels::<Generic>::new(model)?),
        };
        let cutoff = program.cutoff().max(baseline.max_cutoff());
        Ok(Self::from_engine(program.species().to_vec(), cutoff, options.path, engine))
    }

    /// The evaluator of any engine.
    pub(crate) fn from_engine(species: Vec<u8>, cutoff: f64, path: Path, engine: Box<dyn Engine>) -> Self {
        Self { species, cutoff, path, engines: vec![engine.into()] }
    }

    /// The sum of evaluators of the same elements, on one neighbor list at the largest cutoff.
    ///
    /// # Errors
    /// [`Error::Setting`] for no evaluators, or evaluators of different elements.
    pub fn sum(parts: &[&Self]) -> Result<Self> {
        let bad = |reason: &str| Err(Error::Setting { name: "sum", reason: reason.into() });
        let [first, rest @ ..] = parts else { return bad("no potentials") };
        if rest.iter().any(|part| part.species != first.species) {
            return bad("the potentials are of different elements");
        }
        Ok(Self {
            species: first.species.clone(),
            cutoff: parts.iter().map(|part| part.cutoff).fold(0.0, f64::max),
            path: first.path,
            engines: parts.iter().flat_map(|part| part.engines.iter().cloned()).collect(),
        })
    }

    /// Atomic numbers of the known elements, ascending.
    pub fn species(&self) -> &[u8] {
        &self.species
    }

    /// Largest cutoff in Å.
    pub fn cutoff(&self) -> f64 {
        self.cutoff
    }

    /// SIMD path in use.
    pub fn path(&self) -> Path {
        self.path
    }

    /// Energies, forces and strain derivative of a structure, with a neighbor list of at least the
    /// evaluator's cutoff.
    ///
    /// # Errors
    /// [`Error::UnknownElement`] for an element without a model, [`Error::Overlap`] for two atoms at the
    /// same place, [`Error::Setting`] for a list that is too short, [`Error::Length`] for one of another
    /// structure.
    pub fn compute(
        &self,
        structure: &Structure,
        list: &NeighborList,
        num_threads: Option<usize>,
    ) -> Result<Evaluation> {
        if list.cutoff() < self.cutoff {
            return Err(Error::Setting {
                name: "cutoff",
                reason: format!("the list reaches {} Å, the potential {} Å", list.cutoff(), self.cutoff),
            });
        }
        Error::check_length("neighbor list", structure.len(), list.n_centers())?;
        Cuts::new(self, structure, list)?.evaluate(self, structure, list, num_threads)
    }
}

/// Checks the numbers that a linear potential is compiled with: coefficients and energies, both in eV.
///
/// # Errors
/// [`Error::Length`] for a wrong number of them, [`Error::Setting`] for values that are not finite or a path that is
/// not supported here or of mixed precision, which only the density engine has.
pub(crate) fn check_linear(
    (coefficients, n_features): (&[f64], usize),
    (e0, n_species): (&[f64], usize),
    path: Path,
) -> Result<()> {
    Error::check_length("coefficients", n_features, coefficients.len())?;
    Error::check_length("e0", n_species, e0.len())?;
    if let Some(k) = coefficients.iter().chain(e0).position(|c| !c.is_finite()) {
        let reason = format!("number {k} of coefficients and e0 is not finite");
        return Err(Error::Setting { name: "coefficients", reason });
    }
    path.require_double("splines and moment tensors")?;
    Path::resolve(Some(path.name())).map(|_| ())
}

/// The kernels of one SIMD path.
pub(crate) trait Engine: std::fmt::Debug + Send + Sync {
    /// Adds what the centres of a block contribute to an empty `out`.
    fn run(&self, source: &dyn Neighborhoods, block: &Block, out: &mut BlockOutput) -> Result<()>;

    /// The same engine for tiles, where it has such kernels; structures then go through these.
    fn tiled(&self) -> Option<&dyn TileEngine> {
        None
    }
}

/// What is compiled.
#[derive(Clone, Copy)]
struct Model<'a> {
    program: &'a Program,
    readout: &'a Readout,
    heads: &'a [HeadReadout],
    baseline: &'a Baseline,
    tables: Tabulation,
}

/// Compiled models of all centre species.
#[derive(Debug)]
struct Kernels<S: Simd> {
    centers: Vec<CenterKernel<S>>,
    scratch: ScratchPool<Scratch<S>>,
}

impl<S: Simd> Kernels<S> {
    fn new(model: Model<'_>) -> Result<Self> {
        let Model { program, readout, heads, baseline, tables } = model;
        let centers = (0..program.species().len())
            .map(|k| CenterKernel::new(program, k, &readout.centers()[k], heads.get(k), baseline, tables))
            .collect::<Result<_>>()?;
        Ok(Self { centers, scratch: ScratchPool::default() })
    }
}

impl<S: Simd> Engine for Kernels<S> {
    fn run(&self, source: &dyn Neighborhoods, block: &Block, out: &mut BlockOutput) -> Result<()> {
        let kernel = &self.centers[block.species];
        self.scratch.with(Scratch::new, |scratch| {
            S::enter(BlockTask { kernel, source, centers: &block.centers, scratch, out })
        })
    }
}
