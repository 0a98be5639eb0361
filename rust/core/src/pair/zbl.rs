//! Universal screened nuclear repulsion of Ziegler, Biersack and Littmark, *The Stopping and Range of Ions
//! in Solids* (1985), switched off smoothly.
//!
//! ```text
//! V(r) = k Z1 Z2 / r · φ(r/a) · S(r),   a = 0.46850 Å / (Z1^0.23 + Z2^0.23),   k = 14.399645 eV Å
//! ```
//!
//! `S` is 1 below `inner`, 0 beyond `outer` and the quintic step between them, twice continuously
//! differentiable. Below 0.1 Å the potential goes on linearly: finite, repulsive, continuously
//! differentiable. Each atom of a pair carries `V/2`.

use std::collections::BTreeMap;

use crate::elements::symbol;
use crate::error::{Error, Result};
use crate::pair::covalent_radius;

/// e²/(4πε₀) in eV Å.
const COULOMB: f64 = 14.399_645;
/// Screening length scale, Å.
const SCREENING: f64 = 0.468_50;
/// Terms (amplitude, decay) of the universal screening function.
const TERMS: [(f64, f64); 4] =
    [(0.181_75, 3.199_80), (0.509_86, 0.942_29), (0.280_22, 0.402_90), (0.028_17, 0.201_62)];
/// Distance (Å) below which the potential is continued linearly.
const CORE: f64 = 0.1;
/// Default switch in units of the sum of the covalent radii.
const DEFAULT_SWITCH: [f64; 2] = [0.4, 0.8];

/// Where the repulsion of a pair is switched off, Å.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Switch {
    /// Full strength below.
    pub inner: f64,
    /// Zero beyond.
    pub outer: f64,
}

/// ZBL repulsion between chosen pairs of elements.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Zbl {
    switches: BTreeMap<(u8, u8), Switch>,
}

impl Zbl {
    /// Repulsion of the given unordered pairs; pairs that are not named have none.
    ///
    /// # Errors
    /// [`Error::Setting`] for an unknown element, a pair given twice, or a switch without
    /// `0.1 ≤ inner < outer`.
    pub fn new(pairs: &[(u8, u8, Switch)]) -> Result<Self> {
        let mut switches = BTreeMap::new();
        for &(z1, z2, switch) in pairs {
            let bad = |reason: String| Err(Error::Setting { name: "zbl", reason });
            if symbol(z1).is_none() || symbol(z2).is_none() {
                return bad(format!("atomic numbers are 1 to 118, got {z1} and {z2}"));
            }
            if !(switch.inner >= CORE && switch.inner < switch.outer && switch.outer.is_finite()) {
                return bad(format!(
                    "expected {CORE} ≤ inner < outer (Å) for elements {z1} and {z2}, got {} and {}",
                    switch.inner, switch.outer
                ));
            }
            if switches.insert((z1.min(z2), z1.max(z2)), switch).is_some() {
                return bad(format!("the pair of elements {z1} and {z2} is given twice"));
            }
        }
        Ok(Self { switches })
    }

    /// Default switches of all unordered pairs of the elements: from 0.4 to 0.8 times the sum of the
    /// covalent radii, well inside any bond.
    pub fn defaults(elements: &[u8]) -> Vec<(u8, u8, Switch)> {
        let mut pairs = Vec::new();
        for (k, &z1) in elements.iter().enumerate() {
            for &z2 in &elements[k..] {
                let bond = covalent_radius(z1) + covalent_radius(z2);
                let [inner, outer] = DEFAULT_SWITCH.map(|factor| factor * bond);
                pairs.push((z1, z2, Switch { inner, outer }));
            }
        }
        pairs
    }

    /// Distance (Å) at which the repulsion of a pair ends; 0 for a pair without one.
    pub fn cutoff(&self, z1: u8, z2: u8) -> f64 {
        self.switches.get(&(z1.min(z2), z1.max(z2))).map_or(0.0, |switch| switch.outer)
    }

    /// Largest distance (Å) at which any repulsion ends.
    pub fn max_cutoff(&self) -> f64 {
        self.switches.values().map(|switch| switch.outer).fold(0.0, f64::max)
    }

    /// Energy (eV) of the pair and its derivative (eV/Å) at distance `r` (Å).
    pub fn evaluate(&self, z1: u8, z2: u8, r: f64) -> (f64, f64) {
        match self.switches.get(&(z1.min(z2), z1.max(z2))) {
            Some(switch) if r < switch.outer => {
                let (v, dv) = switched(f64::from(z1), f64::from(z2), r.max(CORE), *switch);
                (v + dv * (r - CORE).min(0.0), dv)
            }
            _ => (0.0, 0.0),
        }
    }
}

fn switched(z1: f64, z2: f64, r: f64, switch: Switch) -> (f64, f64) {
    let a = SCREENING / (z1.powf(0.23) + z2.powf(0.23));
    let (mut phi, mut dphi) = (0.0, 0.0);
    for (amplitude, decay) in TERMS {
        let term = amplitude * (-decay * r / a).exp();
        phi += term;
        dphi -= decay / a * term;
    }
    let coulomb = COULOMB * z1 * z2 / r;
    let (v, dv) = (coulomb * phi, coulomb * (dphi - phi / r));
    if r <= switch.inner {
        return (v, dv);
    }
    let width = switch.outer - switch.inner;
    let x = (r - switch.inner) / width;
    let step = 1.0 - x * x * x * (10.0 - 15.0 * x + 6.0 * x * x);
    let dstep = -30.0 * (x * (1.0 - x)).powi(2) / width;
    (v * step, dv * step + v * dstep)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivative_is_that_of_the_energy() -> Result<()> {
        let zbl = Zbl::new(&[(14, 8, Switch { inner: 0.7, outer: 1.4 })])?;
        for k in 1..300 {
            let r = 0.005 * f64::from(k);
            let h = 1e-6;
            let numeric = (zbl.evaluate(8, 14, r + h).0 - zbl.evaluate(8, 14, r - h).0) / (2.0 * h);
            let (v, dv) = zbl.evaluate(14, 8, r);
            assert!((numeric - dv).abs() < 1e-5 * (1.0 + dv.abs()), "{r}: {numeric} {dv}");
            assert!(r >= 1.4 || (v > 0.0 && dv < 0.0), "not repulsive at {r}");
        }
        assert_eq!(zbl.evaluate(14, 8, 1.4), (0.0, 0.0));
        assert_eq!(zbl.evaluate(14, 14, 1.0), (0.0, 0.0));
        Ok(())
    }

    /// Screening is 1 at contact: the bare Coulomb energy within the linear term.
    #[test]
    fn approaches_the_coulomb_energy() -> Result<()> {
        let zbl = Zbl::new(&Zbl::defaults(&[1]))?;
        let (v, _) = zbl.evaluate(1, 1, 0.1);
        let x = 0.1 / (SCREENING / 2.0);
        assert!(v < 144.0 && v > 144.0 * (1.0 - x));
        Ok(())
    }

    #[test]
    fn bad_switches_are_refused() {
        for (inner, outer) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.5, f64::INFINITY), (0.0, 1.0)] {
            assert!(Zbl::new(&[(14, 14, Switch { inner, outer })]).is_err());
        }
        let fine = Switch { inner: 0.5, outer: 1.0 };
        assert!(Zbl::new(&[(14, 8, fine), (8, 14, fine)]).is_err());
        assert!(Zbl::new(&[(0, 8, fine)]).is_err());
    }
}
