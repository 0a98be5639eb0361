//! The contracted evaluator of moments.
//!
//! x̂² + ŷ² + ẑ² = 1 leaves moments with at most one power of ẑ to be summed over neighbors: 2n + 1 of rank n
//! ([`layout`]); the others are differences of these. The energy is compiled to one polynomial of the sums
//! ([`polynomial`]) in which scalars that occur nowhere else are never stored. Sums and forces have neighbors in
//! SIMD lanes, the polynomial has atoms in lanes. The force on a neighbor is the gradient of
//! `Σ_μ f_μ(r) p_μ(x̂, ŷ, ẑ)`, where the coefficients of `p_μ` are the adjoints of the sums of the centre, by
//! Horner's rule. Radial functions are Chebyshev series, evaluated as such: there are no tables.

use crate::density::evaluator::{
    Block, BlockOutput, Engine, Evaluator, Neighborhoods, ScratchPool, check_linear,
};
use crate::error::Result;
use crate::pair::Baseline;
use crate::simd::{Generic, Path, Simd};

use super::Program;

mod block;
mod forces;
mod kernel;
mod layout;
mod neighborhood;
mod polynomial;
mod radial;
mod sums;

use block::{BlockTask, Scratch};
use kernel::{CenterKernel, Model};
pub(super) use layout::Layout;

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
    scratch: ScratchPool<Scratch<S>>,
}

impl<S: Simd> Kernels<S> {
    fn new(model: Model, centers: Vec<CenterKernel>) -> Self {
        Self { model, centers, scratch: ScratchPool::default() }
    }
}

impl<S: Simd> Engine for Kernels<S> {
    fn run(&self, source: &dyn Neighborhoods, block: &Block) -> Result<BlockOutput> {
        let (model, kernel) = (&self.model, &self.centers[block.species]);
        self.scratch.with(Scratch::new, |scratch| {
            S::enter(BlockTask { model, kernel, source, centers: &block.centers, scratch })
        })
    }
}
