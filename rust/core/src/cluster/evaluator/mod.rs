//! The contracted evaluator of the cluster engine.
//!
//! Basis functions and coefficients become piecewise cubics of pairs and coefficient tensors of triplets. Centres come in
//! tiles ([`crate::neighbors::tiles`]): positions and sums of the images around them lie together, each pair is visited once,
//! and triplets find both of their neighbors around the centre ([`triplets`]), as do densities ([`densities`]). Hosts whose
//! list may be another one in every call have tiles of one centre, with half the force of a pair from either end.

use std::marker::PhantomData;

use crate::cluster::Program;
use crate::density::evaluator::{
    Block, BlockOutput, Engine, Evaluator, Neighborhoods, ScratchPool, TileEngine, TileOutput, check_linear,
};
use crate::error::Result;
use crate::neighbors::tiles::{Reach, Tile};
use crate::pair::Baseline;
use crate::simd::{Generic, Path, Simd};

mod block;
mod densities;
mod kernel;
mod pairs;
mod table;
mod tile;
mod triplets;

use kernel::CenterKernel;
use tile::{Scratch, TileTask};

/// Compiles a program with one coefficient (eV) per feature, one energy `e0` (eV) per species and a pair
/// baseline. [`Path::Avx512`] runs the kernels of four lanes.
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
    let raw = program.raw_of(coefficients);
    let centers = (0..program.species().len())
        .map(|z| CenterKernel::new(program, z, &raw, e0[z], baseline))
        .collect::<Result<_>>()?;
    let engine: Box<dyn Engine> = match path {
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 | Path::Avx512 => Box::new(Kernels::<crate::simd::Avx2>::new(centers)),
        _ => Box::new(Kernels::<Generic>::new(centers)),
    };
    Ok(Evaluator::from_engine(
        program.species().to_vec(),
        program.cutoff().max(baseline.max_cutoff()),
        path,
        engine,
    ))
}

/// Compiled models of all centre species.
#[derive(Debug)]
struct Kernels<S> {
    centers: Vec<CenterKernel>,
    reach: Reach,
    scratch: ScratchPool<Scratch>,
    lanes: PhantomData<S>,
}

impl<S: Simd> Kernels<S> {
    fn new(centers: Vec<CenterKernel>) -> Self {
        const { assert!(S::LANES == 4, "four functions of an axis meet at a place") };
        Self { reach: kernel::reach(&centers), centers, scratch: ScratchPool::default(), lanes: PhantomData }
    }

    fn evaluate(&self, tile: &Tile, species: &[u16], scratch: &mut Scratch) -> Result<()> {
        S::enter(TileTask { kernels: &self.centers, tile, species, scratch })
    }
}

impl<S: Simd> Engine for Kernels<S> {
    fn run(&self, source: &dyn Neighborhoods, block: &Block, out: &mut BlockOutput) -> Result<()> {
        let evaluate = |tile: &Tile, scratch: &mut Scratch| self.evaluate(tile, source.species(), scratch);
        let run = |scratch: &mut Scratch| block::run(source, block, &self.reach, scratch, evaluate, out);
        self.scratch.with(Scratch::default, run)?;
        let e0 = self.centers[block.species].e0;
        out.energies.iter_mut().for_each(|energy| *energy += e0);
        Ok(())
    }

    fn tiled(&self) -> Option<&dyn TileEngine> {
        Some(self)
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
        self.scratch.with(Scratch::default, |scratch| {
            tile.place(positions, shift_vectors, &mut scratch.frame.images);
            self.evaluate(tile, species, scratch)?;
            out.strain = scratch.frame.strain_gradient();
            for (image, &atom) in scratch.frame.images.iter_mut().zip(&tile.atoms[..tile.n_centers]) {
                image.sum[3] += self.centers[usize::from(species[atom as usize])].e0;
            }
            std::mem::swap(&mut out.images, &mut scratch.frame.images);
            Ok(())
        })
    }
}
