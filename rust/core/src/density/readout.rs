//! From features to the energy of an atom: densities, their embedding, and core repulsion.
//!
//! ```text
//! E_i = e0 + f_cut(ρ_core) · F(ρ_1 .. ρ_P) + ρ_core,     ρ_p = Σ_k c_pk B_ik,     F = Σ_p w_p F_{m_p}(ρ_p)
//! ρ_core = Σ_j core_{z z'}(r_ij)                          (a combination of the centre's pair functions)
//! ```
//!
//! or, where the nearest neighbor switches, `E_i = e0 + f F + (1 − f) ρ_core` with `f` of its distance.
//!
//! With one linear density and no core this is the linear potential. Embeddings are those of ML-PACE:
//! Lysogorskiy et al., npj Comput. Mater. 7, 97 (2021), DOI 10.1038/s41524-021-00559-9.

use crate::density::program::{Center, Program};
use crate::error::{Error, Result};

/// Most densities of one centre.
pub const MAX_DENSITIES: usize = 16;

/// Below this density the plain Finnis–Sinclair function goes over into a line, as 1 / density.
const LINEAR_BELOW: f64 = 1e6;
/// Densities that count as 0 there.
const TINY: f64 = 1e-10;

/// Shape of the function of one density.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// `sign(ρ) [(1 − g)|ρ|^m + λ g |ρ|]` with `g = exp(−(w ρ)³)`, `λ = w^{1−m}`, `w = 10⁶`: a power with a
    /// finite slope at 0.
    Plain,
    /// `sign(ρ) [(x + |ρ|)^m − y]` with `x = m^{1/(1−m)} e^{−|ρ|}` and `y = x(0)^m e^{−|ρ|}`: a power with
    /// a finite slope at 0; `ρ` for `m = 1`.
    ShiftedScaled,
}

/// Function of one density: `prefactor · F_exponent(ρ)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    /// w
    pub prefactor: f64,
    /// m > 0
    pub exponent: f64,
}

impl Term {
    /// Value, first and second derivative with respect to the density.
    pub fn evaluate(&self, variant: Variant, rho: f64) -> [f64; 3] {
        let m = self.exponent;
        let unscaled = if is_linear(m) {
            [rho, 1.0, 0.0]
        } else {
            match variant {
                Variant::Plain => plain(rho, m),
                Variant::ShiftedScaled => shifted_scaled(rho, m),
            }
        };
        unscaled.map(|value| self.prefactor * value)
    }
}

fn is_linear(exponent: f64) -> bool {
    (exponent - 1.0).abs() < 1e-10
}

fn power(x: f64, exponent: f64) -> f64 {
    if exponent.to_bits() == 0.5_f64.to_bits() { x.sqrt() } else { x.powf(exponent) }
}

fn plain(rho: f64, m: f64) -> [f64; 3] {
    let (w, a) = (LINEAR_BELOW, rho.abs());
    let cube = (w * a).powi(3);
    let p = power(a, m);
    let (p1, p2) = (m * p / a, m * (m - 1.0) * p / (a * a));
    if cube > 30.0 {
        return [rho.signum() * p, p1, rho.signum() * p2];
    }
    let lambda = w.powf(1.0 - m);
    if a <= TINY {
        return [lambda * rho, lambda, 0.0];
    }
    let g = (-cube).exp();
    let g1 = -3.0 * w * (w * a).powi(2) * g;
    let g2 = (9.0 * (w * a).powi(4) - 6.0 * w * a) * w * w * g;
    let value = (1.0 - g) * p + lambda * g * a;
    let first = (1.0 - g) * p1 - g1 * p + lambda * (g1 * a + g);
    let second = (1.0 - g) * p2 - 2.0 * g1 * p1 - g2 * p + lambda * (g2 * a + 2.0 * g1);
    [rho.signum() * value, first, rho.signum() * second]
}

fn shifted_scaled(rho: f64, m: f64) -> [f64; 3] {
    let a = rho.abs();
    let decay = (-a).exp();
    let x = m.powf(1.0 / (1.0 - m)) * decay;
    let y = m.powf(m / (1.0 - m)) * decay;
    let base = x + a;
    let p = power(base, m);
    let p1 = m * p / base;
    let p2 = (m - 1.0) * p1 / base;
    let (d1, d2) = (1.0 - x, x);
    [rho.signum() * (p - y), p1 * d1 + y, rho.signum() * (p2 * d1 * d1 + p1 * d2 - y)]
}

/// Energy as a function of the densities, `F(ρ_1 .. ρ_P)`: a sum over densities, so that mixed second
/// derivatives are 0.
#[derive(Debug, Clone, PartialEq)]
pub enum Embedding {
    /// Sum of the densities.
    Linear,
    /// Finnis–Sinclair functions, one term per density.
    FinnisSinclair {
        /// One term per density.
        terms: Vec<Term>,
        /// Their shape.
        variant: Variant,
    },
}

impl Embedding {
    /// Part of density `p`: value, first and second derivative.
    ///
    /// # Panics
    /// If there is no density `p`.
    pub fn evaluate(&self, p: usize, rho: f64) -> [f64; 3] {
        match self {
            Self::Linear => [rho, 1.0, 0.0],
            Self::FinnisSinclair { terms, variant } => terms[p].evaluate(*variant, rho),
        }
    }

    /// The factor of density `p` if its part is linear.
    fn linear_factor(&self, p: usize) -> Option<f64> {
        match self {
            Self::Linear => Some(1.0),
            Self::FinnisSinclair { terms, .. } => is_linear(terms[p].exponent).then_some(terms[p].prefactor),
        }
    }
}

/// Core repulsion: a pair energy that takes the place of the embedding where atoms come close.
#[derive(Debug, Clone, PartialEq)]
pub struct CoreRepulsion {
    /// Coefficients of ρ_core: one per pair function of the centre, in the order of the features.
    pub coefficients: Vec<f64>,
    /// What switches.
    pub switch: CoreSwitch,
}

/// What switches the embedding off.
#[derive(Debug, Clone, PartialEq)]
pub enum CoreSwitch {
    /// ρ_core, to which the embedding is added.
    Density {
        /// ρ_core (eV) from which on the embedding is off.
        rho_cut: f64,
        /// Width (eV) of the switch below `rho_cut`.
        drho_cut: f64,
    },
    /// The distance of the nearest neighbor, measured from where the range of its species starts: from the embedding
    /// alone, above the range, to ρ_core alone, below it.
    Nearest {
        /// Start and width (Å) for every neighbor species.
        ranges: Vec<[f64; 2]>,
    },
}

/// The nearest neighbor as [`CoreSwitch::Nearest`] sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearest {
    /// Distance beyond the start of the range, Å.
    pub beyond: f64,
    /// Width of the range, Å.
    pub width: f64,
}

impl CoreSwitch {
    /// Start and width (Å) for every neighbor species, if the nearest neighbor switches.
    pub fn ranges(&self) -> Option<&[[f64; 2]]> {
        match self {
            Self::Density { .. } => None,
            Self::Nearest { ranges } => Some(ranges),
        }
    }

    /// The factor on the embedding and its derivative with respect to what switches: the quintic step from 1 at
    /// `rho_cut − drho_cut` to 0 at `rho_cut`, or from 0 to 1 over the range of the nearest neighbor.
    fn factor(&self, core: f64, nearest: Option<Nearest>) -> [f64; 2] {
        match self {
            Self::Density { rho_cut, drho_cut } => {
                let [rise, slope] = step(1.0 + (core - rho_cut) / drho_cut);
                if core >= *rho_cut { [0.0, 0.0] } else { [1.0 - rise, -slope / drho_cut] }
            }
            Self::Nearest { .. } => match nearest {
                Some(Nearest { beyond, width }) if beyond < width && beyond > 0.0 => {
                    let [rise, slope] = step(beyond / width);
                    [rise, slope / width]
                }
                Some(Nearest { beyond, width }) if beyond < width || beyond < 0.0 => [0.0, 0.0],
                _ => [1.0, 0.0],
            },
        }
    }
}

/// The quintic step from 0 at 0 to 1 at 1 and its derivative.
fn step(s: f64) -> [f64; 2] {
    if s <= 0.0 {
        [0.0, 0.0]
    } else if s >= 1.0 {
        [1.0, 0.0]
    } else {
        [s * s * s * (10.0 - 15.0 * s + 6.0 * s * s), 30.0 * (s * (1.0 - s)).powi(2)]
    }
}

/// Readout of one centre species.
#[derive(Debug, Clone, PartialEq)]
pub struct CenterReadout {
    /// Energy of the lone atom, eV.
    pub e0: f64,
    /// Coefficients of each density, one per own feature: pair functions, then functions of order ≥ 2.
    pub densities: Vec<Vec<f64>>,
    /// Energy as a function of the densities.
    pub embedding: Embedding,
    /// Core repulsion, if any.
    pub core: Option<CoreRepulsion>,
}

/// Energy of an atom and its derivatives with respect to the densities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtomEnergy {
    /// eV.
    pub energy: f64,
    /// dE/dρ_p of the first densities.
    pub densities_bar: [f64; MAX_DENSITIES],
    /// dE/dρ_core.
    pub core_bar: f64,
    /// dE/dr of the nearest neighbor, eV/Å.
    pub nearest_bar: f64,
}

impl CenterReadout {
    /// Energy and its derivatives at the given densities and `ρ_core` (0 without core repulsion), with the nearest
    /// neighbor where that switches (`None`: there is none).
    ///
    /// # Panics
    /// If there are more densities than the readout has.
    pub fn evaluate(&self, rho: &[f64], core: f64, nearest: Option<Nearest>) -> AtomEnergy {
        let mut densities_bar = [0.0; MAX_DENSITIES];
        let mut embedded = 0.0;
        for (p, (&rho, bar)) in rho.iter().zip(&mut densities_bar).enumerate() {
            let [value, first, _] = self.embedding.evaluate(p, rho);
            embedded += value;
            *bar = first;
        }
        let switch = self.core.as_ref().map(|repulsion| &repulsion.switch);
        let [factor, slope] = switch.map_or([1.0, 0.0], |switch| switch.factor(core, nearest));
        densities_bar.iter_mut().for_each(|bar| *bar *= factor);
        let (share, core_bar, nearest_bar) = match switch {
            Some(CoreSwitch::Nearest { .. }) => (1.0 - factor, 1.0 - factor, slope * (embedded - core)),
            _ => (1.0, 1.0 + slope * embedded, 0.0),
        };
        let energy = self.e0 + factor * embedded + share * core;
        AtomEnergy { energy, densities_bar, core_bar, nearest_bar }
    }

    /// An equal readout with as few densities as possible: those that enter linearly become one.
    #[must_use]
    pub fn merged(&self) -> Self {
        let Some(n) = self.densities.first().map(Vec::len) else { return self.clone() };
        let mut linear: Option<Vec<f64>> = None;
        let (mut densities, mut kept) = (Vec::new(), Vec::new());
        for (p, density) in self.densities.iter().enumerate() {
            if let Some(factor) = self.embedding.linear_factor(p) {
                let sum = linear.get_or_insert_with(|| vec![0.0; n]);
                sum.iter_mut().zip(density).for_each(|(s, c)| *s += factor * c);
            } else if let Embedding::FinnisSinclair { terms, .. } = &self.embedding {
                densities.push(density.clone());
                kept.push(terms[p]);
            }
        }
        if let Some(sum) = linear {
            densities.insert(0, sum);
            kept.insert(0, Term { prefactor: 1.0, exponent: 1.0 });
        }
        let embedding = match &self.embedding {
            Embedding::FinnisSinclair { variant, .. } if kept.iter().any(|t| !is_linear(t.exponent)) => {
                Embedding::FinnisSinclair { terms: kept, variant: *variant }
            }
            _ => Embedding::Linear,
        };
        Self { e0: self.e0, densities, embedding, core: self.core.clone() }
    }

    fn check(&self, center: &Center) -> Result<()> {
        let bad = |reason: String| Err(Error::Setting { name: "readout", reason });
        if self.densities.is_empty() || self.densities.len() > MAX_DENSITIES {
            return bad(format!("expected 1 to {MAX_DENSITIES} densities, got {}", self.densities.len()));
        }
        for density in &self.densities {
            Error::check_length("coefficients of one element", center.n_features(), density.len())?;
        }
        if let Embedding::FinnisSinclair { terms, .. } = &self.embedding {
            Error::check_length("terms of the embedding", self.densities.len(), terms.len())?;
            let fine = |t: &Term| t.prefactor.is_finite() && t.exponent.is_finite() && t.exponent > 0.0;
            if let Some(term) = terms.iter().find(|term| !fine(term)) {
                return bad(format!("expected finite prefactors and positive exponents, got {term:?}"));
            }
        }
        let mut coefficients: Vec<&f64> = self.densities.iter().flatten().collect();
        if let Some(core) = &self.core {
            let n_pair = center.radial.len() * center.n_pair;
            Error::check_length("coefficients of the core repulsion", n_pair, core.coefficients.len())?;
            match &core.switch {
                CoreSwitch::Density { rho_cut, drho_cut } => {
                    if !(rho_cut.is_finite() && drho_cut.is_finite() && *drho_cut > 0.0) {
                        return bad(format!(
                            "expected a finite rho_cut and a positive drho_cut, got {rho_cut} and {drho_cut}"
                        ));
                    }
                }
                CoreSwitch::Nearest { ranges } => {
                    Error::check_length("ranges of the nearest neighbor", center.radial.len(), ranges.len())?;
                    let fine =
                        |&[start, width]: &[f64; 2]| start.is_finite() && width.is_finite() && width >= 0.0;
                    if let Some([start, width]) = ranges.iter().find(|range| !fine(range)) {
                        return bad(format!(
                            "expected finite ranges of positive width, got {start} and {width}"
                        ));
                    }
                }
            }
            coefficients.extend(&core.coefficients);
        }
        if let Some(k) = coefficients.iter().position(|c| !c.is_finite()) {
            return Err(Error::Setting {
                name: "coefficients",
                reason: format!("coefficient {k} is not finite"),
            });
        }
        if !self.e0.is_finite() {
            let reason = format!("expected a finite energy, got {}", self.e0);
            return Err(Error::Setting { name: "e0", reason });
        }
        Ok(())
    }
}

/// Readouts of all centre species of a program.
#[derive(Debug, Clone, PartialEq)]
pub struct Readout {
    centers: Vec<CenterReadout>,
}

impl Readout {
    /// A readout of the features of `program`, one [`CenterReadout`] per species.
    ///
    /// # Errors
    /// [`Error::Length`] for wrong numbers of coefficients, [`Error::Setting`] for values out of range.
    pub fn new(program: &Program, centers: Vec<CenterReadout>) -> Result<Self> {
        Error::check_length("readout", program.species().len(), centers.len())?;
        for (readout, center) in centers.iter().zip(program.centers()) {
            readout.check(center)?;
        }
        Ok(Self { centers })
    }

    /// The linear readout with one coefficient per feature of the program and one energy `e0` (eV) per
    /// species.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn linear(program: &Program, coefficients: &[f64], e0: &[f64]) -> Result<Self> {
        Error::check_length("coefficients", program.n_features(), coefficients.len())?;
        Error::check_length("e0", program.species().len(), e0.len())?;
        let center = |(k, &e0): (usize, &f64)| CenterReadout {
            e0,
            densities: vec![coefficients[program.feature_range(k)].to_vec()],
            embedding: Embedding::Linear,
            core: None,
        };
        Self::new(program, e0.iter().enumerate().map(center).collect())
    }

    /// Readout of each centre species.
    pub fn centers(&self) -> &[CenterReadout] {
        &self.centers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First and second derivatives against differences, relative to the size of the numbers.
    fn check_derivatives(f: impl Fn(f64) -> [f64; 3], rho: f64, h: f64) {
        let (low, high, at) = (f(rho - h), f(rho + h), f(rho));
        for k in 0..2 {
            let numeric = (high[k] - low[k]) / (2.0 * h);
            let scale = at[k + 1].abs().max(1.0);
            assert!((numeric - at[k + 1]).abs() < 1e-5 * scale, "{rho} {k}: {numeric} {}", at[k + 1]);
        }
    }

    #[test]
    fn derivatives_of_the_terms() {
        for exponent in [0.25, 0.5, 0.875, 1.0, 1.5, 2.0] {
            let term = Term { prefactor: 1.7, exponent };
            for variant in [Variant::Plain, Variant::ShiftedScaled] {
                for rho in [-3.0, -0.4, -0.02, 0.03, 0.7, 12.0] {
                    check_derivatives(|rho| term.evaluate(variant, rho), rho, 1e-6);
                }
            }
        }
        // Where the power goes over into a line.
        for exponent in [1.5, 2.0, 3.0] {
            let term = Term { prefactor: 1e6, exponent };
            for rho in [-1.3e-6, 0.6e-6, 1.1e-6, 2e-6] {
                check_derivatives(|rho| term.evaluate(Variant::Plain, rho), rho, 1e-10);
            }
        }
    }

    /// Value and slope of the shifted function at 0, and closed forms for the square root.
    #[test]
    fn values_in_closed_form() {
        for (exponent, slope) in [(0.5, 1.25), (2.0, 0.75)] {
            let [value, first, _] = Term { prefactor: 1.0, exponent }.evaluate(Variant::ShiftedScaled, 0.0);
            assert!(value.abs() < 1e-15 && (first - slope).abs() < 1e-15);
        }
        let root = Term { prefactor: 2.0, exponent: 0.5 };
        let rho: f64 = 0.8;
        let expected = 2.0 * ((0.25 * (-rho).exp() + rho).sqrt() - 0.5 * (-rho).exp());
        assert!((root.evaluate(Variant::ShiftedScaled, -rho)[0] + expected).abs() < 1e-14);
        assert!((root.evaluate(Variant::Plain, -rho)[0] + 2.0 * rho.sqrt()).abs() < 1e-14);
        assert!((root.evaluate(Variant::Plain, 1e-11)[1] - 2e3).abs() < 1e-9);
    }

    #[test]
    fn core_switches_the_embedding_off() {
        let readout = CenterReadout {
            e0: -1.0,
            densities: vec![vec![1.0]; 2],
            embedding: Embedding::FinnisSinclair {
                terms: vec![Term { prefactor: 1.0, exponent: 1.0 }, Term { prefactor: 0.5, exponent: 0.5 }],
                variant: Variant::ShiftedScaled,
            },
            core: Some(CoreRepulsion {
                coefficients: vec![1.0],
                switch: CoreSwitch::Density { rho_cut: 5.0, drho_cut: 2.0 },
            }),
        };
        let rho = [0.7, -1.9];
        assert!((readout.evaluate(&rho, 6.0, None).energy - 5.0).abs() < 1e-14);
        for core in [1.0, 3.1, 4.0, 4.9, 5.5] {
            let at = readout.evaluate(&rho, core, None);
            let h = 1e-6;
            let difference = |f: &dyn Fn(f64) -> f64| (f(h) - f(-h)) / (2.0 * h);
            let slope = difference(&|h| readout.evaluate(&rho, core + h, None).energy);
            assert!((slope - at.core_bar).abs() < 1e-7);
            for p in 0..2 {
                let slope = difference(&|h| {
                    let mut moved = rho;
                    moved[p] += h;
                    readout.evaluate(&moved, core, None).energy
                });
                assert!((slope - at.densities_bar[p]).abs() < 1e-7);
            }
        }
    }

    #[test]
    fn the_nearest_neighbor_switches() {
        let readout = CenterReadout {
            e0: -1.0,
            densities: vec![vec![1.0]],
            embedding: Embedding::FinnisSinclair {
                terms: vec![Term { prefactor: 1.0, exponent: 0.5 }],
                variant: Variant::ShiftedScaled,
            },
            core: Some(CoreRepulsion {
                coefficients: vec![1.0],
                switch: CoreSwitch::Nearest { ranges: vec![[2.0, 1.0]] },
            }),
        };
        let at = |beyond: f64, width: f64| readout.evaluate(&[1.3], 4.0, Some(Nearest { beyond, width }));
        let alone = readout.evaluate(&[1.3], 4.0, None);
        assert_eq!((alone, alone.core_bar), (at(1.2, 1.0), 0.0));
        assert_eq!((at(-0.1, 1.0).energy, at(-0.1, 1.0).core_bar), (3.0, 1.0));
        assert_eq!((at(-0.1, 0.0).energy, at(0.0, 0.0).energy), (3.0, alone.energy));
        assert_eq!((at(-0.1, 0.0).nearest_bar, at(0.0, 0.0).nearest_bar), (0.0, 0.0));
        for beyond in [0.1, 0.5, 0.8] {
            let slope = (at(beyond + 1e-6, 1.0).energy - at(beyond - 1e-6, 1.0).energy) / 2e-6;
            assert!((slope - at(beyond, 1.0).nearest_bar).abs() < 1e-7);
        }
    }

    #[test]
    fn linear_densities_merge() {
        let terms = [(2.0, 1.0), (1.0, 0.5), (-1.0, 1.0)]
            .map(|(prefactor, exponent)| Term { prefactor, exponent })
            .to_vec();
        let readout = CenterReadout {
            e0: 0.0,
            densities: vec![vec![1.0, 2.0], vec![3.0, 4.0], vec![5.0, 6.0]],
            embedding: Embedding::FinnisSinclair { terms, variant: Variant::Plain },
            core: None,
        };
        let merged = readout.merged();
        assert_eq!(merged.densities, [[-3.0, -2.0], [3.0, 4.0]]);
        let b = [0.3, 0.9];
        let densities = |r: &CenterReadout| -> Vec<f64> {
            r.densities.iter().map(|c| c.iter().zip(b).map(|(c, b)| c * b).sum()).collect()
        };
        let energy = |r: &CenterReadout| r.evaluate(&densities(r), 0.0, None).energy;
        assert!((energy(&readout) - energy(&merged)).abs() < 1e-14);
        let linear = CenterReadout { embedding: Embedding::Linear, ..readout };
        assert_eq!(linear.merged().densities, [[9.0, 12.0]]);
    }
}
