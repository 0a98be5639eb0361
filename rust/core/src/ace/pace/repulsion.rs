//! Core repulsion of a bond as ML-PACE defines it: a screened pair energy whose sum over neighbors is ρ_core.

use std::f64::consts::PI;

use crate::radial::switch::step_down;

/// e²/(4πε₀) in eV Å.
const COULOMB: f64 = 14.399_645_351_950_543;
/// Screening length scale of ZBL, Å.
const SCREENING: f64 = 0.468_50;
/// Terms (amplitude, decay) of the universal screening function of ZBL.
const TERMS: [(f64, f64); 4] =
    [(0.181_75, 3.199_80), (0.509_86, 0.942_29), (0.280_22, 0.402_90), (0.028_17, 0.201_62)];
/// λ r² beyond which the exponential repulsion is zero.
const NEGLIGIBLE: f64 = 50.0;

/// A pair's part of ρ_core.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Repulsion {
    /// `p exp(−λr²)/r · (1 + cos πr/r_c)/2`, times the step that ends at the inner cutoff where there is one.
    Exponential {
        /// p, eV Å.
        prefactor: f64,
        /// λ, 1/Å².
        lambda: f64,
        /// r_c, Å.
        cutoff: f64,
        /// (end, width) of the step, Å.
        inner: Option<(f64, f64)>,
    },
    /// `p/2` times the ZBL energy of two nuclei, brought to zero between `cutoff − width` and `cutoff`.
    Zbl {
        /// p, dimensionless.
        prefactor: f64,
        /// Nuclear charges.
        charges: [f64; 2],
        /// Å.
        cutoff: f64,
        /// Å.
        width: f64,
    },
}

impl Repulsion {
    /// Value (eV) and derivative (eV/Å) at r > 0 (Å).
    pub fn evaluate(&self, r: f64) -> (f64, f64) {
        match *self {
            Self::Exponential { prefactor, lambda, cutoff, inner } => {
                let (prefactor, lambda) = (prefactor.abs(), lambda.abs());
                let exponent = lambda * r * r;
                if exponent >= NEGLIGIBLE || r >= cutoff {
                    return (0.0, 0.0);
                }
                let bare = prefactor * (-exponent).exp() / r;
                let phase = PI * r / cutoff;
                let core = (bare, -bare * (2.0 * exponent + 1.0) / r);
                let core = product(core, (0.5 * (1.0 + phase.cos()), -0.5 * phase.sin() * PI / cutoff));
                inner.map_or(core, |(end, width)| product(core, step_down(r, end, width)))
            }
            Self::Zbl { prefactor, charges, cutoff, width } => {
                if r >= cutoff {
                    return (0.0, 0.0);
                }
                let [z1, z2] = charges;
                let a = SCREENING / (z1.powf(0.23) + z2.powf(0.23));
                let [end, slope, curvature] = screened(cutoff, a);
                let cubic = (width * curvature - 3.0 * slope) / (width * width);
                let quartic = (2.0 * slope - width * curvature) / (width * width * width);
                let shift = -end + 0.5 * width * slope - width * width * curvature / 12.0;
                let x = (r - cutoff + width).max(0.0);
                let (mut tail, mut tail_slope) = (shift, 0.0);
                if x > 0.0 {
                    tail += cubic / 3.0 * x.powi(3) + quartic / 4.0 * x.powi(4);
                    tail_slope = cubic * x * x + quartic * x.powi(3);
                }
                let [value, derivative, _] = screened(r, a);
                let scale = 0.5 * prefactor * COULOMB * z1 * z2;
                let core = (scale * (value + tail), scale * (derivative + tail_slope));
                product(core, step_down(r, cutoff, width))
            }
        }
    }
}

/// Product rule.
fn product((f, df): (f64, f64), (g, dg): (f64, f64)) -> (f64, f64) {
    (f * g, df * g + f * dg)
}

/// `φ(r/a)/r` with its first and second derivative.
fn screened(r: f64, a: f64) -> [f64; 3] {
    let (mut phi, mut dphi, mut d2phi) = (0.0, 0.0, 0.0);
    for (amplitude, decay) in TERMS {
        let (rate, term) = (decay / a, amplitude * (-decay * r / a).exp());
        phi += term;
        dphi -= rate * term;
        d2phi += rate * rate * term;
    }
    let value = phi / r;
    let derivative = (dphi - value) / r;
    [value, derivative, (d2phi - 2.0 * derivative) / r]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_match_and_end_at_the_cutoff() {
        let kinds = [
            Repulsion::Exponential { prefactor: 400.0, lambda: 7.0, cutoff: 5.0, inner: None },
            Repulsion::Exponential { prefactor: 30.0, lambda: 1.0, cutoff: 5.0, inner: Some((1.5, 0.4)) },
            Repulsion::Zbl { prefactor: 1.0, charges: [14.0, 8.0], cutoff: 5.0, width: 1.5 },
        ];
        for kind in kinds {
            for k in 1..990 {
                let r = 0.05 + 0.005 * f64::from(k);
                let numeric = (kind.evaluate(r + 1e-6).0 - kind.evaluate(r - 1e-6).0) / 2e-6;
                let (v, d) = kind.evaluate(r);
                assert!((numeric - d).abs() < 1e-6 * (1.0 + d.abs()), "{kind:?} at {r}: {numeric} {d}");
                assert!(v >= 0.0, "{kind:?} at {r}");
            }
            assert!(kind.evaluate(4.999_99).0.abs() < 1e-10);
            assert_eq!(kind.evaluate(5.0), (0.0, 0.0));
        }
    }
}
