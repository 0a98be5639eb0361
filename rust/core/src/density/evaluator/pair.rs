//! Sums of pair functions of an atom, and how they and the densities make its energy.

use crate::density::readout::{CenterReadout, Embedding, MAX_DENSITIES, Nearest};
use crate::simd::{MAX_LANES, Simd};

use super::batch::Batch;
use super::environment::Approach;

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

    /// Least size that an error of a sum counts against: 1 eV for energies, 0 for densities.
    pub fn floor(&self, term: usize) -> f64 {
        if term < self.densities { 0.0 } else { 1.0 }
    }

    /// Energies of the lanes of vector `g` of a batch from the many-body densities `rho` and the sums of pair
    /// functions. Both are replaced by the derivatives of the energy with respect to them. Where the nearest neighbor
    /// switches, `approaches` has that of every atom of the vector and gets the derivative; otherwise it is empty.
    #[inline(always)]
    pub fn embed<S: Simd>(
        &self,
        readout: &CenterReadout,
        rho: &mut [Batch<S>],
        pair: &mut [Batch<S>],
        g: usize,
        approaches: &mut [Approach],
    ) -> [f64; MAX_LANES] {
        let mut many = [[0.0; MAX_LANES]; MAX_DENSITIES];
        for (lanes, rho) in many.iter_mut().zip(&*rho) {
            rho[g].store(lanes);
        }
        let mut own = [[0.0; MAX_LANES]; MAX_DENSITIES + 2];
        for (lanes, sum) in own.iter_mut().zip(&*pair) {
            sum[g].store(lanes);
        }
        let mut energies = [0.0; MAX_LANES];
        for (lane, energy) in energies.iter_mut().enumerate().take(S::LANES) {
            let approach = approaches.get_mut(lane);
            let nearest = approach.as_ref().and_then(|approach| approach.nearest);
            let bar;
            (*energy, bar) = self.embed_lane(readout, &mut many, &mut own, lane, nearest);
            if let Some(approach) = approach {
                approach.bar = bar;
            }
        }
        for (rho, lanes) in rho.iter_mut().zip(&many) {
            rho[g] = S::load(lanes);
        }
        for (sum, lanes) in pair.iter_mut().zip(&own) {
            sum[g] = S::load(lanes);
        }
        energies
    }

    /// One lane of [`Self::embed`]: energy, and derivative with respect to the distance of the nearest neighbor.
    fn embed_lane(
        &self,
        readout: &CenterReadout,
        many: &mut [[f64; MAX_LANES]],
        own: &mut [[f64; MAX_LANES]],
        lane: usize,
        nearest: Option<Nearest>,
    ) -> (f64, f64) {
        let mut densities = [0.0; MAX_DENSITIES];
        for p in 0..self.densities {
            densities[p] = many[p][lane] + own[p][lane];
        }
        let core = if self.core { own[self.densities][lane] } else { 0.0 };
        let at = readout.evaluate(&densities[..self.densities], core, nearest);
        for p in 0..self.densities {
            many[p][lane] = at.densities_bar[p];
            own[p][lane] = at.densities_bar[p];
        }
        if self.core {
            own[self.densities][lane] = at.core_bar;
        }
        if !self.baseline {
            return (at.energy, at.nearest_bar);
        }
        let baseline = &mut own[self.len() - 1][lane];
        (at.energy + std::mem::replace(baseline, 1.0), at.nearest_bar)
    }
}
