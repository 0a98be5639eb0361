//! The contracted evaluator of moments.
//!
//! x̂² + ŷ² + ẑ² = 1 leaves moments with at most one power of ẑ to be summed over neighbors: 2n + 1 of rank n
//! ([`layout`]); the others are differences of these. The energy is compiled to one polynomial of the sums
//! ([`polynomial`]) in which scalars that occur nowhere else are never stored. Sums and forces have neighbors in
//! SIMD lanes, the polynomial has atoms in lanes. The force on a neighbor is the gradient of
//! `Σ_μ f_μ(r) p_μ(x̂, ŷ, ẑ)`, where the coefficients of `p_μ` are the adjoints of the sums of the centre, by
//! Horner's rule. Radial functions are Chebyshev series, evaluated as such: there are no tables.
//!
//! Structures come as tiles ([`crate::neighbors::tiles`]), in which neighbors and the forces on them need no search;
//! hosts that know full neighborhoods, and backends of more lanes than rows of tiles are filled up to, in blocks.

use crate::density::evaluator::{
    Block, BlockOutput, Engine, Evaluator, Frame, Neighborhoods, ScratchPool, TileEngine, TileOutput,
    check_linear,
};
use crate::error::Result;
use crate::neighbors::tiles::{ROW, Reach, Tile};
use crate::pair::Baseline;
use crate::simd::{Generic, Path, Simd};

use super::Program;

mod batch;
mod block;
mod forces;
mod kernel;
mod layout;
mod neighborhood;
mod polynomial;
mod radial;
mod sums;
mod surroundings;
mod tile;

use batch::Work;
use block::BlockTask;
use kernel::{CenterKernel, Model};
pub(super) use layout::Layout;
use tile::TileTask;

/// Compiles a program with one coefficient (eV) per scalar, one energy `e0` (eV) per species and a pair baseline.
///
/// # Errors
/// Those of [`check_linear`].
pub fn compile(
    program: &Program,
    coefficients: &[f64],
    e0: &[f64],
    baseline: &Baseline,
    path: Path,
) -> Result<Evaluator> {
    check_linear((coefficients, program.n_features()), (e0, program.species().len()), path)?;
    let model = Model::new(program.products(), coefficients);
    let centers = (0..program.species().len())
        .map(|z| CenterKernel::new(program, z, &model, e0[z], baseline))
        .collect::<Result<_>>()?;
    let engine: Box<dyn Engine> = match path {
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 => Box::new(Kernels::<crate::simd::Avx2>::new(model, centers)),
        #[cfg(all(target_arch = "x86_64", ferrip_avx512))]
        Path::Avx512 => Box::new(Kernels::<crate::simd::Avx512>::new(model, centers)),
        _ => Box::new(Kernels::<Generic>::new(model, centers)),
    };
    Ok(Evaluator::from_engine(
        program.species().to_vec(),
        program.cutoff().max(baseline.max_cutoff()),
        path,
        engine,
    ))
}

/// The compiled model.
#[derive(Debug)]
struct Kernels<S> {
    model: Model,
    centers: Vec<CenterKernel>,
    reach: Reach,
    scratch: ScratchPool<Scratch<S>>,
}

/// Scratch of one thread.
#[derive(Debug)]
struct Scratch<S> {
    work: Work<S>,
    block: block::Scratch,
    frame: Frame,
}

impl<S: Simd> Scratch<S> {
    fn new() -> Self {
        Self { work: Work::new(), block: block::Scratch::default(), frame: Frame::default() }
    }
}

impl<S: Simd> Kernels<S> {
    fn new(model: Model, centers: Vec<CenterKernel>) -> Self {
        Self { model, reach: kernel::reach(&centers), centers, scratch: ScratchPool::default() }
    }
}

impl<S: Simd> Engine for Kernels<S> {
    fn run(&self, source: &dyn Neighborhoods, block: &Block, out: &mut BlockOutput) -> Result<()> {
        let (model, kernel, centers) = (&self.model, &self.centers[block.species], &block.centers);
        self.scratch.with(Scratch::new, |Scratch { work, block: scratch, .. }| {
            S::enter(BlockTask { model, kernel, source, centers, scratch, work, out })
        })
    }

    fn tiled(&self) -> Option<&dyn TileEngine> {
        (S::LANES == ROW).then_some(self as &dyn TileEngine)
    }
}

impl<S: Simd> TileEngine for Kernels<S> {
    fn reach(&self) -> &Reach {
        &self.reach
    }

    fn run(
        &self,
        tile: &Tile,
        positions: &[[f64; 3]],
        shift_vectors: &[[f64; 3]],
        species: &[u16],
        out: &mut TileOutput,
    ) -> Result<()> {
        let (model, kernels) = (&self.model, &self.centers[..]);
        self.scratch.with(Scratch::new, |Scratch { work, frame, .. }| {
            tile.place(positions, shift_vectors, &mut frame.images);
            S::enter(TileTask { model, kernels, tile, species, frame, work })?;
            out.strain = frame.strain_gradient();
            std::mem::swap(&mut out.images, &mut frame.images);
            Ok(())
        })
    }
}
