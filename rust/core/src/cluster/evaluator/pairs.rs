//! Pair energies of one centre with neighbors in lanes.
//!
//! Kernels spell vectors out: closures given to the methods of arrays would become functions of their own,
//! without the instructions of the backend.

use crate::simd::Simd;
use crate::structure::VOIGT;

use super::kernel::{CenterKernel, Towards};
use super::shell::Shell;

/// What pairs give a centre, per lane.
#[derive(Debug, Clone, Copy)]
pub struct PairSums<S> {
    /// Twice the energy, eV.
    pub energy: S,
    /// Force on the centre, eV/Å.
    pub force: [S; 3],
    /// Twice dE/dε, Voigt xx yy zz yz xz xy.
    pub strain: [S; 6],
}

impl<S: Simd> PairSums<S> {
    #[inline(always)]
    pub fn new() -> Self {
        Self { energy: S::zero(), force: [S::zero(); 3], strain: [S::zero(); 6] }
    }

    /// Adds the splines towards one species.
    #[inline(always)]
    pub fn add(&mut self, shell: &Shell, towards: &Towards) {
        let Some(pair) = &towards.pair else { return };
        let [x, y, z] = &shell.edges.displacements;
        for k in (0..shell.len).step_by(S::LANES) {
            let r = S::load(&shell.squares[k..]).sqrt();
            let (value, slope) = pair.evaluate(r);
            let weight = slope.div(r);
            let vector = [S::load(&x[k..]), S::load(&y[k..]), S::load(&z[k..])];
            let pull = [weight.mul(vector[0]), weight.mul(vector[1]), weight.mul(vector[2])];
            self.energy = self.energy.add(value);
            for (sum, pull) in self.force.iter_mut().zip(pull) {
                *sum = sum.add(pull);
            }
            for (sum, [a, b]) in self.strain.iter_mut().zip(VOIGT) {
                *sum = pull[a].mul_add(vector[b], *sum);
            }
        }
    }
}

/// What the pair repulsion gives a centre.
#[derive(Debug, Clone, Copy, Default)]
pub struct Repulsion {
    /// Energy, eV.
    pub energy: f64,
    /// Force on the centre, eV/Å.
    pub force: [f64; 3],
    /// dE/dε, Voigt xx yy zz yz xz xy.
    pub strain: [f64; 6],
}

impl Repulsion {
    /// Adds the neighbors of one species, few of which are that close.
    pub fn add(&mut self, shell: &Shell, kernel: &CenterKernel, towards: &Towards) {
        let [x, y, z] = &shell.edges.displacements;
        for (n, &square) in shell.squares[..shell.len].iter().enumerate() {
            if square < towards.squared_repulsion {
                let r = square.sqrt();
                let (value, slope) = kernel.zbl.evaluate(kernel.element, towards.element, r);
                let vector = [x[n], y[n], z[n]];
                let pull = vector.map(|x| slope / r * x);
                self.energy += 0.5 * value;
                self.force.iter_mut().zip(pull).for_each(|(sum, pull)| *sum += pull);
                for (sum, [a, b]) in self.strain.iter_mut().zip(VOIGT) {
                    *sum += 0.5 * pull[a] * vector[b];
                }
            }
        }
    }
}
