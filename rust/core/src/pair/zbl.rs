//! Universal screened nuclear repulsion of Ziegler, Biersack and Littmark, *The Stopping and Range of Ions
//! in Solids* (1985):
//!
//! ```text
//! V(r) = k Z1 Z2 / r · φ(r/a),   a = 0.46850 Å / (Z1^0.23 + Z2^0.23),   k = 14.399645 eV Å
//! ```

use crate::pair::{Ending, Form, Term, covalent_radius};

/// e²/(4πε₀) in eV Å.
const COULOMB: f64 = 14.399_645;
/// Screening length scale, Å.
const SCREENING: f64 = 0.468_50;
/// Terms (amplitude, decay) of the universal screening function.
const TERMS: [(f64, f64); 4] =
    [(0.181_75, 3.199_80), (0.509_86, 0.942_29), (0.280_22, 0.402_90), (0.028_17, 0.201_62)];
/// Distance (Å) below which the potential is continued linearly.
pub(super) const CORE: f64 = 0.1;
/// Default switch in units of the sum of the covalent radii.
const DEFAULT_SWITCH: [f64; 2] = [0.4, 0.8];

/// Repulsion of all unordered pairs of the elements, switched off from 0.4 to 0.8 times the sum of the covalent
/// radii, well inside any bond.
pub fn defaults(elements: &[u8]) -> Vec<Term> {
    let mut terms = Vec::new();
    for (k, &z1) in elements.iter().enumerate() {
        for &z2 in &elements[k..] {
            let bond = covalent_radius(z1) + covalent_radius(z2);
            let [start, cutoff] = DEFAULT_SWITCH.map(|factor| factor * bond);
            terms.push(Term {
                elements: [z1, z2],
                form: Form::Zbl,
                ending: Ending::Switch { start },
                cutoff,
            });
        }
    }
    terms
}

/// Energy (eV) and derivative (eV/Å) at `r` > 0.
pub(super) fn evaluate(charges: [f64; 2], r: f64) -> (f64, f64) {
    let [z1, z2] = charges;
    let a = SCREENING / (z1.powf(0.23) + z2.powf(0.23));
    let (mut phi, mut dphi) = (0.0, 0.0);
    for (amplitude, decay) in TERMS {
        let term = amplitude * (-decay * r / a).exp();
        phi += term;
        dphi -= decay / a * term;
    }
    let coulomb = COULOMB * z1 * z2 / r;
    (coulomb * phi, coulomb * (dphi - phi / r))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Screening is 1 at contact: the bare Coulomb energy within the linear term.
    #[test]
    fn approaches_the_coulomb_energy() {
        let (v, _) = evaluate([1.0, 1.0], 0.1);
        let x = 0.1 / (SCREENING / 2.0);
        assert!(v < 144.0 && v > 144.0 * (1.0 - x));
    }
}
