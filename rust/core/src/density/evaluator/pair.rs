//! Sums of pair functions of an atom, and how they and the densities make its energy.

use crate::density::readout::{CenterReadout, Embedding, MAX_DENSITIES};
use crate::simd::{MAX_LANES, Simd};

/// Most sums of pair functions: one per density, the core repulsion and the baseline.
const MAX_TERMS: usize = MAX_DENSITIES + 2;

/// `[term][lane]` of a group of atoms: sums, and after the embedding the derivatives of the energy.
pub type PairSums = [[f64; MAX_LANES]; MAX_TERMS];

/// No sums.
pub const NO_SUMS: PairSums = [[0.0; MAX_LANES]; MAX_TERMS];

/// Which sums of pair functions a centre has: its part of every density (none for a linear readout, where
/// all is baseline), then ρ_core, then the baseline that is added to the energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairTerms {
    /// Number of densities with a pair part of their own.
    pub densities: usize,
    /// Whether there is a core repulsion.
    pub core: bool,
    /// Whether there is a baseline.
    pub baseline: bool,
}

impl PairTerms {
    /// The sums that a (merged) readout needs, with or without a pair baseline beside it.
    pub fn new(readout: &CenterReadout, baseline: bool) -> Self {
        let core = readout.core.is_some();
        if readout.embedding == Embedding::Linear && !core {
            return Self { densities: 0, core: false, baseline: true };
        }
        Self { densities: readout.densities.len(), core, baseline }
    }

    /// Whether the energy is linear in everything.
    #[inline(always)]
    pub fn is_linear(&self) -> bool {
        self.densities == 0
    }

    /// Number of sums.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.densities + usize::from(self.core) + usize::from(self.baseline)
    }

    /// Energies of the lanes from the many-body densities `rho` and the sums of pair functions, which are
    /// replaced by the derivatives of the energy; returns the derivatives with respect to the densities.
    pub fn embed<S: Simd>(
        &self,
        readout: &CenterReadout,
        rho: &[S],
        pair: &mut PairSums,
    ) -> ([f64; MAX_LANES], [S; MAX_DENSITIES]) {
        let mut energies = [0.0; MAX_LANES];
        let mut many = [[0.0; MAX_LANES]; MAX_DENSITIES];
        for (many, rho) in many.iter_mut().zip(rho) {
            rho.store(many);
        }
        for (lane, energy) in energies.iter_mut().enumerate().take(S::LANES) {
            let mut densities = [0.0; MAX_DENSITIES];
            for p in 0..self.densities {
                densities[p] = many[p][lane] + pair[p][lane];
            }
            let core = if self.core { pair[self.densities][lane] } else { 0.0 };
            let at = readout.evaluate(&densities[..self.densities], core);
            *energy = at.energy;
            for p in 0..self.densities {
                many[p][lane] = at.densities_bar[p];
                pair[p][lane] = at.densities_bar[p];
            }
            if self.core {
                pair[self.densities][lane] = at.core_bar;
            }
            if self.baseline {
                let baseline = &mut pair[self.len() - 1][lane];
                *energy += *baseline;
                *baseline = 1.0;
            }
        }
        (energies, many.map(|lanes| S::load(&lanes)))
    }
}
