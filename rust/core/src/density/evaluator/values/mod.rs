//! Values of the features of many centres: sums and products as in the evaluator, but with the radial functions as they
//! are instead of tables, and with every monomial instead of their weighted sum.

use std::fmt::Debug;

use crate::centers::each_block;
use crate::density::program::Program;
use crate::error::Result;
use crate::features::Features;
use crate::simd::{Generic, Path, Simd};
use crate::structure::Structure;

mod kernel;
mod sums;

use kernel::{FeatureKernel, Scratch, ValuesTask};

/// Centres that one thread takes at a time: a multiple of the lanes of every path.
const BLOCK: usize = 16;

/// Writes the output row of a centre: `(index of its species, values of its features, row)`.
pub(crate) type Write<'a> = dyn Fn(usize, &[f64], &mut [f64]) + Sync + 'a;

/// What gives the values of the features of a program.
pub(crate) trait Values: Debug + Send + Sync {
    /// Fills the rows of all atoms, `stride` numbers each; `program` is the compiled one, `features` are those of it.
    ///
    /// # Errors
    /// Unknown elements, overlapping atoms, and those of the neighbor list.
    fn fill(
        &self,
        program: &Program,
        features: &dyn Features,
        structure: &Structure,
        num_threads: Option<usize>,
        rows: (&mut [f64], usize),
        write: &Write<'_>,
    ) -> Result<()>;
}

/// Compiles the features of a program for a supported path.
///
/// # Errors
/// [`Error::Setting`](crate::error::Error::Setting) if a one-particle basis is not closed under m → −m.
pub(crate) fn compile_values(program: &Program, path: Path) -> Result<Box<dyn Values>> {
    Ok(match path {
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 => Box::new(Kernels::<crate::simd::Avx2>::new(program)?),
        #[cfg(all(target_arch = "x86_64", ferrip_avx512))]
        Path::Avx512 => Box::new(Kernels::<crate::simd::Avx512>::new(program)?),
        _ => Box::new(Kernels::<Generic>::new(program)?),
    })
}

/// Compiled features of all centre species.
#[derive(Debug)]
struct Kernels<S> {
    centers: Vec<FeatureKernel<S>>,
}

impl<S: Simd> Kernels<S> {
    fn new(program: &Program) -> Result<Self> {
        let centers = program.centers().iter().map(FeatureKernel::new).collect::<Result<_>>()?;
        Ok(Self { centers })
    }
}

impl<S: Simd> Values for Kernels<S> {
    fn fill(
        &self,
        program: &Program,
        features: &dyn Features,
        structure: &Structure,
        num_threads: Option<usize>,
        rows: (&mut [f64], usize),
        write: &Write<'_>,
    ) -> Result<()> {
        each_block(
            features,
            structure,
            num_threads,
            rows,
            BLOCK,
            Scratch::new,
            |scratch, centers, z, rows| {
                let (kernel, center) = (&self.centers[z], &program.centers()[z]);
                let write = &|values: &[f64], row: &mut [f64]| write(z, values, row);
                S::enter(ValuesTask { kernel, center, centers, rows, scratch, write })
            },
        )
    }
}
