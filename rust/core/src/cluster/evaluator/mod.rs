//! The contracted evaluator of the cluster engine.
//!
//! Basis functions and coefficients become piecewise cubics of pairs and coefficient tensors of triplets. Pairs have
//! neighbors in lanes. A triplet has the four functions along r_jk in lanes: with the functions along r_ij and
//! r_ik as weights, one pass over 4×4 rows of coefficients yields the energy and all three derivatives; the
//! distances r_jk of four neighbors k are found at once.
//!
//! Force on a centre from its pairs: both directions of a pair are edges, so each centre takes the whole force of
//! its own edges and neighbors get nothing. Sums over all centres of a system (or of all parts of a
//! decomposed one) are the derivatives of its energy.

use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use crate::cluster::Program;
use crate::density::evaluator::{Block, BlockOutput, Engine, Evaluator, Neighborhoods};
use crate::error::{Error, Result};
use crate::pair::Zbl;
use crate::simd::{Generic, Path, Simd};

mod block;
mod kernel;
mod pairs;
mod shell;
mod table;
mod triplets;

use block::{BlockTask, Scratch};
use kernel::CenterKernel;

/// Compiles a program with one coefficient (eV) per feature, one energy `e0` (eV) per species and a pair
/// repulsion. [`Path::Avx512`] runs the kernels of four lanes.
///
/// # Errors
/// [`Error::Length`] for a wrong number of coefficients or energies, [`Error::Setting`] for values that are not
/// finite or a path that is not supported here.
pub fn compile(
    program: &Program,
    coefficients: &[f64],
    e0: &[f64],
    zbl: &Zbl,
    path: Path,
) -> Result<Evaluator> {
    let check = |what, expected, got| {
        if expected == got { Ok(()) } else { Err(Error::Length { what, expected, got }) }
    };
    check("coefficients", program.n_features(), coefficients.len())?;
    check("e0", program.species().len(), e0.len())?;
    if let Some(k) = coefficients.iter().chain(e0).position(|c| !c.is_finite()) {
        let reason = format!("number {k} of coefficients and e0 is not finite");
        return Err(Error::Setting { name: "coefficients", reason });
    }
    Path::resolve(Some(path.name()))?;
    let raw = program.raw_of(coefficients);
    let centers: Vec<CenterKernel> =
        (0..program.species().len()).map(|z| CenterKernel::new(program, z, &raw, e0[z], zbl)).collect();
    let engine: Box<dyn Engine> = match path {
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 | Path::Avx512 => Box::new(Kernels::<crate::simd::Avx2>::new(centers)),
        _ => Box::new(Kernels::<Generic>::new(centers)),
    };
    Ok(Evaluator::from_engine(
        program.species().to_vec(),
        program.cutoff().max(zbl.max_cutoff()),
        path,
        engine,
    ))
}

/// Compiled models of all centre species, and scratch for as many threads as have used it.
#[derive(Debug)]
struct Kernels<S> {
    centers: Vec<CenterKernel>,
    scratch: Mutex<Vec<Scratch>>,
    lanes: PhantomData<S>,
}

impl<S: Simd> Kernels<S> {
    fn new(centers: Vec<CenterKernel>) -> Self {
        const { assert!(S::LANES == 4, "four functions of an axis meet at a place") };
        Self { centers, scratch: Mutex::default(), lanes: PhantomData }
    }
}

impl<S: Simd> Engine for Kernels<S> {
    fn run(&self, source: &dyn Neighborhoods, block: &Block) -> Result<BlockOutput> {
        let kept = self.scratch.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut scratch = kept.unwrap_or_default();
        let output = S::enter(BlockTask {
            kernel: &self.centers[block.species],
            source,
            centers: &block.centers,
            scratch: &mut scratch,
        });
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        output
    }
}
