//! Pair energies of one centre with neighbors in lanes.

use crate::simd::Simd;

use super::kernel::{CenterKernel, Towards};
use super::shell::Shell;

/// What pairs give a centre.
#[derive(Debug, Clone, Copy)]
pub struct PairSums<S> {
    /// Twice the energy, eV, per lane.
    pub energy: S,
    /// Force on the centre, eV/Å, per lane.
    pub force: [S; 3],
    /// Twice dE/dε, Voigt xx yy zz yz xz xy, per lane.
    pub strain: [S; 6],
}

impl<S: Simd> PairSums<S> {
    #[inline(always)]
    pub fn new() -> Self {
        Self { energy: S::zero(), force: [S::zero(); 3], strain: [S::zero(); 6] }
    }

    /// Adds the pairs of one species.
    #[inline(always)]
    pub fn add(&mut self, shell: &Shell, kernel: &CenterKernel, towards: &Towards) {
        if let Some(pair) = &towards.pair {
            for k in (0..shell.len).step_by(S::LANES) {
                let r = S::load(&shell.squares[k..]).sqrt();
                let (value, slope) = pair.evaluate(r);
                self.energy = self.energy.add(value);
                let vector = [0, 1, 2].map(|x| S::load(&shell.edges.displacements[x][k..]));
                self.push(vector, slope.div(r));
            }
        }
        if shell.squares[..shell.len].iter().any(|&square| square < towards.squared_repulsion) {
            self.add_repulsion(shell, kernel, towards);
        }
    }

    /// Adds the gradient `weight · vector`.
    #[inline(always)]
    fn push(&mut self, vector: [S; 3], weight: S) {
        let pull = vector.map(|x| weight.mul(x));
        for x in 0..3 {
            self.force[x] = self.force[x].add(pull[x]);
            self.strain[x] = pull[x].mul_add(vector[x], self.strain[x]);
        }
        for (k, [a, b]) in [[1, 2], [0, 2], [0, 1]].into_iter().enumerate() {
            self.strain[3 + k] = pull[a].mul_add(vector[b], self.strain[3 + k]);
        }
    }

    /// Adds the pair repulsion, which few pairs feel.
    #[inline(never)]
    fn add_repulsion(&mut self, shell: &Shell, kernel: &CenterKernel, towards: &Towards) {
        for n in 0..shell.len {
            let r = shell.squares[n].sqrt();
            let (value, slope) = kernel.zbl.evaluate(kernel.element, towards.element, r);
            // One lane of the sums carries it.
            let only = |x: f64| {
                let mut lanes = [0.0; crate::simd::MAX_LANES];
                lanes[0] = x;
                S::load(&lanes)
            };
            self.energy = self.energy.add(only(value));
            self.push([0, 1, 2].map(|x| only(shell.edges.displacements[x][n])), only(slope / r));
        }
    }
}
