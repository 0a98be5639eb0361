//! Where the neighbors of centres come from, and where the forces on them go to.

use crate::error::Result;
use crate::simd::Simd;

use super::kernel::CenterKernel;
use super::neighborhood::{Geometry, Neighborhood};

/// The system around the centres of a block or tile. (A trait of inlined methods: closures would lose the backend's
/// instructions.)
pub trait Surroundings<S: Simd> {
    /// Takes the place of other neighbors by those of a centre that matter.
    ///
    /// # Errors
    /// [`crate::Error::Overlap`] for a neighbor on top of the centre.
    fn fill(&mut self, center: u32, kernel: &CenterKernel, neighborhood: &mut Neighborhood<S>) -> Result<()>;

    /// Hands on the gradients of the energy of a centre in the vectors to some of its neighbors.
    fn add(&mut self, gradient: [S; 3], geometry: &Geometry<S>, neighbors: &[u32]);

    /// Ends a centre of given energy (eV), the one of all gradients since the last.
    fn finish(&mut self, center: u32, energy: f64);
}
