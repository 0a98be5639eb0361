//! Pair functions before they end at a cutoff.
//!
//! ```text
//! ZBL             see [`super::zbl`]
//! Lennard-Jones   4 ε [(σ/r)¹² − (σ/r)⁶]
//! Morse           D [exp(−2 a (r − r₀)) − 2 exp(−a (r − r₀))]
//! Buckingham      A exp(−r/ρ) − C/r⁶
//! table           cubics between nodes
//! ```
//!
//! Every form has a *core*, a distance below which it goes on linearly: finite, repulsive, continuously
//! differentiable. That of Buckingham is where its curvature changes sign, before C/r⁶ would win.

use crate::error::{Error, Result};

use super::nodes::Nodes;
use super::zbl;

/// Core of Lennard-Jones in units of σ.
const LENNARD_JONES_CORE: f64 = 0.3;

/// A pair function; lengths in Å, energies in eV.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// Screened nuclear repulsion.
    Zbl,
    /// 4 ε [(σ/r)¹² − (σ/r)⁶]
    LennardJones {
        /// ε, eV.
        epsilon: f64,
        /// σ, Å.
        sigma: f64,
    },
    /// D [exp(−2 a (r − r₀)) − 2 exp(−a (r − r₀))]
    Morse {
        /// D, eV.
        depth: f64,
        /// a, 1/Å.
        stiffness: f64,
        /// r₀, Å.
        distance: f64,
    },
    /// A exp(−r/ρ) − C/r⁶
    Buckingham {
        /// A, eV.
        amplitude: f64,
        /// ρ, Å.
        length: f64,
        /// C, eV Å⁶.
        dispersion: f64,
    },
    /// Cubics between nodes.
    Table(Nodes),
}

impl Form {
    /// The form of a name with its numbers in the order of the fields; a table as in [`Nodes::new`].
    ///
    /// # Errors
    /// [`Error::Setting`] for an unknown name, a wrong number of numbers or one out of range.
    pub fn named(name: &str, numbers: &[f64]) -> Result<Self> {
        let bad = |reason: String| Err(Error::Setting { name: "pairs", reason });
        if let Some(k) = numbers.iter().position(|x| !x.is_finite()) {
            return bad(format!("number {} of a {name} function is not finite", k + 1));
        }
        let form = match (name, numbers) {
            ("zbl", []) => Self::Zbl,
            ("lennard-jones", &[epsilon, sigma]) => Self::LennardJones { epsilon, sigma },
            ("morse", &[depth, stiffness, distance]) => Self::Morse { depth, stiffness, distance },
            ("buckingham", &[amplitude, length, dispersion]) => {
                Self::Buckingham { amplitude, length, dispersion }
            }
            ("table", columns) => return Nodes::new(columns).map(Self::Table),
            ("zbl" | "lennard-jones" | "morse" | "buckingham", _) => {
                return bad(format!("{} numbers for a {name} function", numbers.len()));
            }
            _ => return bad(format!("unknown form '{name}'")),
        };
        let least = if let Self::Buckingham { .. } = form { &numbers[..2] } else { numbers };
        if least.iter().any(|x| *x <= 0.0) || numbers.iter().any(|x| *x < 0.0) {
            return bad(format!("expected positive numbers for a {name} function, got {numbers:?}"));
        }
        form.core()?;
        Ok(form)
    }

    /// Name and numbers as in [`Self::named`].
    pub fn name(&self) -> (&'static str, Vec<f64>) {
        match self {
            Self::Zbl => ("zbl", Vec::new()),
            Self::LennardJones { epsilon, sigma } => ("lennard-jones", vec![*epsilon, *sigma]),
            Self::Morse { depth, stiffness, distance } => ("morse", vec![*depth, *stiffness, *distance]),
            Self::Buckingham { amplitude, length, dispersion } => {
                ("buckingham", vec![*amplitude, *length, *dispersion])
            }
            Self::Table(nodes) => ("table", nodes.columns()),
        }
    }

    /// Distance (Å) below which the function goes on linearly.
    ///
    /// # Errors
    /// [`Error::Setting`] for a Buckingham function that does not repel.
    pub(super) fn core(&self) -> Result<f64> {
        match self {
            Self::Zbl => Ok(zbl::CORE),
            Self::LennardJones { sigma, .. } => Ok(LENNARD_JONES_CORE * sigma),
            Self::Buckingham { amplitude, length, dispersion } if *dispersion > 0.0 => {
                inflection(*amplitude, *length, *dispersion)
            }
            Self::Morse { .. } | Self::Buckingham { .. } => Ok(0.0),
            Self::Table(nodes) => Ok(nodes.range()[0]),
        }
    }

    /// Energy (eV) and derivative (eV/Å) from the core on, of elements with these charges.
    pub(super) fn evaluate(&self, charges: [f64; 2], r: f64) -> (f64, f64) {
        match self {
            Self::Zbl => zbl::evaluate(charges, r),
            Self::LennardJones { epsilon, sigma } => {
                let six = (sigma / r).powi(6);
                (4.0 * epsilon * six * (six - 1.0), -24.0 * epsilon * six * (2.0 * six - 1.0) / r)
            }
            Self::Morse { depth, stiffness, distance } => {
                let e = (-stiffness * (r - distance)).exp();
                (depth * e * (e - 2.0), -2.0 * depth * stiffness * e * (e - 1.0))
            }
            Self::Buckingham { amplitude, length, dispersion } => {
                let wall = amplitude * (-r / length).exp();
                let tail = if *dispersion > 0.0 { dispersion / r.powi(6) } else { 0.0 };
                (wall - tail, 6.0 * tail / r.max(f64::MIN_POSITIVE) - wall / length)
            }
            Self::Table(nodes) => nodes.evaluate(r),
        }
    }
}

/// Where the curvature `A/ρ² exp(−r/ρ) − 42 C/r⁸` of a Buckingham function vanishes inside of its wall.
///
/// The logarithm of the ratio of both terms grows up to r = 8ρ, and the slope there is repulsive below 7ρ.
fn inflection(amplitude: f64, length: f64, dispersion: f64) -> Result<f64> {
    let scale = (amplitude / (42.0 * dispersion * length * length)).ln();
    let ratio = |r: f64| scale - r / length + 8.0 * r.ln();
    let (mut low, mut high) = (0.0, 7.0 * length);
    if ratio(high) <= 0.0 {
        let reason = format!(
            "a buckingham function with A = {amplitude}, ρ = {length} and C = {dispersion} attracts at all distances"
        );
        return Err(Error::Setting { name: "pairs", reason });
    }
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        *(if ratio(middle) > 0.0 { &mut high } else { &mut low }) = middle;
    }
    Ok(high)
}
