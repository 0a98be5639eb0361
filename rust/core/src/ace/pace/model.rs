//! An ACE potential as the files of pacemaker and ML-PACE describe it, checked.

use crate::density::readout::Variant;
use crate::elements::symbol;
use crate::error::{Error, Result};
use crate::radial::InnerSwitch;

use super::radial::RadialBase;
use super::repulsion::Repulsion;

/// Largest degree of spherical harmonics that is read.
pub const MAX_L: i64 = 20;
/// Largest number of radial functions per bond and l, and of radial basis functions.
pub const MAX_RADIAL: i64 = 1000;
/// Largest number of factors of a function.
pub const MAX_RANK: i64 = 10;
/// Largest number of densities.
pub const MAX_DENSITIES: i64 = 16;
/// Most radial coefficients of a bond.
pub const MAX_COEFFICIENTS: usize = 1 << 22;

/// A potential: elements in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct PaceModel {
    /// Atomic number of each element.
    pub elements: Vec<u8>,
    /// Energy of the lone atom of each element, eV.
    pub e0: Vec<f64>,
    /// Width of the bins of the radial tables, Å.
    pub bin_width: f64,
    /// From densities to energy, per element.
    pub embeddings: Vec<Embedding>,
    /// Bond of centre `i` with neighbor `j` at `i · n_elements + j`.
    pub bonds: Vec<Bond>,
    /// Functions of each centre element.
    pub functions: Vec<Vec<Function>>,
}

/// From densities to the energy of an atom.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// (prefactor, exponent) of each density.
    pub terms: Vec<(f64, f64)>,
    /// Shape.
    pub variant: Variant,
    /// ρ_core (eV) from which on the embedding is off.
    pub rho_cut: f64,
    /// Width (eV) of that switch.
    pub drho_cut: f64,
}

/// How the radial functions of a bond end towards r = 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InnerCutoff {
    /// ρ_core switches the embedding off.
    Density,
    /// Radial functions fade into the core repulsion between two distances.
    Distance,
    /// The energy of an atom fades into ZBL with the distance of its nearest neighbor.
    Zbl,
}

impl InnerCutoff {
    /// By the name that the files use.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "density" => Some(Self::Density),
            "distance" => Some(Self::Distance),
            "zbl" => Some(Self::Zbl),
            _ => None,
        }
    }

    /// The name that the files use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Density => "density",
            Self::Distance => "distance",
            Self::Zbl => "zbl",
        }
    }
}

/// Radial functions and core repulsion of an ordered pair of elements.
#[derive(Debug, Clone, PartialEq)]
pub struct Bond {
    /// Radial basis.
    pub base: RadialBase,
    /// Number n of radial functions.
    pub n_radial: usize,
    /// Largest l.
    pub lmax: usize,
    /// Number k of radial basis functions.
    pub n_base: usize,
    /// `c_nlk`, k fastest.
    pub coefficients: Vec<f64>,
    /// Prefactor of the core repulsion.
    pub core_prefactor: f64,
    /// λ of the core repulsion.
    pub core_lambda: f64,
    /// End of the inner cutoff, Å.
    pub inner_cutoff: f64,
    /// Its width, Å.
    pub inner_width: f64,
    /// Its kind.
    pub inner_kind: InnerCutoff,
}

impl Bond {
    /// The coefficients of `R_nl` (n from 0), one per basis function; empty beyond what the file gives.
    pub fn radial_coefficients(&self, n: usize, l: usize) -> &[f64] {
        if n < self.n_radial && l <= self.lmax {
            &self.coefficients[(n * (self.lmax + 1) + l) * self.n_base..][..self.n_base]
        } else {
            &[]
        }
    }

    /// Values and derivatives of the radial basis functions including the inner cutoff; 0 from the cutoff on.
    pub fn evaluate_base(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        let (mut end, width) = (self.inner_cutoff, self.inner_width);
        if self.inner_kind == InnerCutoff::Zbl {
            end = if width == 0.0 { 1.0 } else { 0.0 }; // as ML-PACE does it
        }
        if r <= end - width || r >= self.base.cutoff {
            value.fill(0.0);
            derivative.fill(0.0);
            return;
        }
        self.base.evaluate(r, value, derivative);
        if self.inner_kind != InnerCutoff::Density {
            InnerSwitch { end, width }.apply(r, value, derivative);
        }
    }

    /// The core repulsion towards an element, with the charges of both.
    pub fn repulsion(&self, z1: u8, z2: u8) -> Repulsion {
        let cutoff = self.base.cutoff;
        match self.inner_kind {
            InnerCutoff::Zbl => Repulsion::Zbl {
                prefactor: self.core_prefactor,
                charges: [f64::from(z1), f64::from(z2)],
                cutoff,
                width: self.base.width,
            },
            kind => Repulsion::Exponential {
                prefactor: self.core_prefactor,
                lambda: self.core_lambda,
                cutoff,
                inner: (kind == InnerCutoff::Distance).then_some((self.inner_cutoff, self.inner_width)),
            },
        }
    }
}

/// A function: products of the same factors with several combinations of m.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Element (index) of each factor's neighbors.
    pub elements: Vec<usize>,
    /// Radial function of each factor, from 1.
    pub ns: Vec<usize>,
    /// Degree of each factor.
    pub ls: Vec<usize>,
    /// m of each factor, combination after combination.
    pub ms: Vec<i8>,
    /// Coefficient of each combination for each density, densities fastest.
    pub coefficients: Vec<f64>,
}

impl Function {
    /// Number of factors.
    pub fn rank(&self) -> usize {
        self.ns.len()
    }
}

impl PaceModel {
    /// Number of radial basis functions of the rank-1 terms: the most of all bonds.
    pub fn n_base(&self) -> usize {
        self.bonds.iter().map(|bond| bond.n_base).max().unwrap_or(0)
    }

    /// Checks everything that the compiler relies on and that one item of a file does not show alone.
    ///
    /// # Errors
    /// [`Error::Setting`] naming what is wrong.
    pub fn check(&self) -> Result<()> {
        let bad = |reason: String| Err(Error::Setting { name: "potential file", reason });
        let n = self.elements.len();
        if n == 0 || (1..n).any(|k| self.elements[..k].contains(&self.elements[k])) {
            return bad(format!("expected distinct elements, got {:?}", self.elements));
        }
        if self.e0.len() != n || self.embeddings.len() != n || self.functions.len() != n {
            return bad(format!("E0, embeddings and functions are needed for each of the {n} elements"));
        }
        if self.bonds.len() != n * n {
            return bad(format!("{n} elements need {} bonds, got {}", n * n, self.bonds.len()));
        }
        if !(self.bin_width.is_finite() && self.bin_width > 0.0) {
            return bad(format!("deltaSplineBins: expected a positive length, got {}", self.bin_width));
        }
        for (k, bond) in self.bonds.iter().enumerate() {
            let name = format!("bond [{}, {}]", k / n, k % n);
            bond.check().or_else(|reason| bad(format!("{name}: {reason}")))?;
            if bond.inner_kind != self.bonds[0].inner_kind {
                return bad(format!("{name}: inner_cutoff_type differs from that of bond [0, 0]"));
            }
        }
        for (k, functions) in self.functions.iter().enumerate() {
            for (index, function) in functions.iter().enumerate() {
                self.check_function(k, function).or_else(|reason| {
                    let element = symbol(self.elements[k]).unwrap_or("?");
                    bad(format!("function {} of {element}: {reason}", index + 1))
                })?;
            }
        }
        Ok(())
    }

    fn check_function(&self, center: usize, function: &Function) -> std::result::Result<(), String> {
        let (rank, n) = (function.rank(), self.elements.len());
        if rank == 0 || function.elements.len() != rank || function.ls.len() != rank {
            return Err("mus, ns and ls need one entry per factor".into());
        }
        if function.ms.len() % rank != 0 {
            return Err("ms_combs: not a multiple of the rank".into());
        }
        let combinations = function.ms.len() / rank;
        let densities = self.embeddings[center].terms.len();
        if function.coefficients.len() != combinations * densities {
            return Err(format!(
                "{combinations} combinations of m and {densities} densities, but {} coefficients",
                function.coefficients.len()
            ));
        }
        for t in 0..rank {
            if function.elements[t] >= n {
                return Err(format!("mus: element {} of {n}", function.elements[t]));
            }
            let bond = &self.bonds[center * n + function.elements[t]];
            let most = if rank == 1 { self.n_base() } else { self.n_radial() };
            if function.ns[t] == 0 || function.ns[t] > most {
                return Err(format!("ns: {} is not from 1 to {most}", function.ns[t]));
            }
            if rank > 1 && function.ls[t] > self.lmax() {
                return Err(format!("ls: {} is beyond the lmax {} of the bond", function.ls[t], bond.lmax));
            }
        }
        if rank == 1 {
            return if combinations == 1 { Ok(()) } else { Err("rank 1 has one combination of m".into()) };
        }
        for ms in function.ms.chunks_exact(rank) {
            if ms.iter().zip(&function.ls).any(|(m, &l)| usize::from(m.unsigned_abs()) > l) {
                return Err(format!("ms_combs: {ms:?} does not fit ls {:?}", function.ls));
            }
            if ms.iter().map(|&m| i32::from(m)).sum::<i32>() != 0 {
                return Err(format!("ms_combs: {ms:?} does not add up to 0"));
            }
        }
        Ok(())
    }

    /// The model of fewer elements, with the functions of these alone; elements that it lacks are ignored.
    #[must_use]
    pub fn subset(&self, elements: &[u8]) -> Self {
        let n = self.elements.len();
        let kept: Vec<usize> = (0..n).filter(|&k| elements.contains(&self.elements[k])).collect();
        let position = |k: usize| kept.iter().position(|&other| other == k);
        let reduced = |function: &Function| -> Option<Function> {
            let elements = function.elements.iter().map(|&k| position(k)).collect::<Option<_>>()?;
            Some(Function { elements, ..function.clone() })
        };
        let bonds = kept.iter().flat_map(|&i| kept.iter().map(move |&j| i * n + j));
        Self {
            elements: kept.iter().map(|&k| self.elements[k]).collect(),
            e0: kept.iter().map(|&k| self.e0[k]).collect(),
            bin_width: self.bin_width,
            embeddings: kept.iter().map(|&k| self.embeddings[k].clone()).collect(),
            bonds: bonds.map(|bond| self.bonds[bond].clone()).collect(),
            functions: kept.iter().map(|&k| self.functions[k].iter().filter_map(reduced).collect()).collect(),
        }
    }

    fn n_radial(&self) -> usize {
        self.bonds.iter().map(|bond| bond.n_radial).max().unwrap_or(0)
    }

    fn lmax(&self) -> usize {
        self.bonds.iter().map(|bond| bond.lmax).max().unwrap_or(0)
    }
}

impl Bond {
    fn check(&self) -> std::result::Result<(), String> {
        let base = &self.base;
        if !(base.cutoff > 0.0 && base.cutoff <= 100.0) {
            return Err(format!("rcut: expected a length from 0 to 100 Å, got {}", base.cutoff));
        }
        if !(base.width >= 0.0 && self.inner_cutoff >= 0.0 && self.inner_width >= 0.0) {
            return Err("dcut, rcut_in and dcut_in: expected lengths that are not negative".into());
        }
        if self.inner_kind == InnerCutoff::Zbl && base.width <= 0.0 {
            return Err("dcut: ZBL needs a positive length".into());
        }
        if self.inner_kind == InnerCutoff::Zbl && self.inner_cutoff > base.cutoff {
            return Err(format!(
                "rcut_in: the switch to ZBL ends at {} Å, beyond the cutoff of {} Å",
                self.inner_cutoff, base.cutoff
            ));
        }
        if self.coefficients.len() != self.n_radial * (self.lmax + 1) * self.n_base {
            return Err(format!(
                "radcoefficients: expected {} × {} × {} numbers",
                self.n_radial,
                self.lmax + 1,
                self.n_base
            ));
        }
        let (mut value, mut slope) = (vec![0.0; self.n_base.max(2)], vec![0.0; self.n_base.max(2)]);
        for r in [0.3, 0.5, 0.9].map(|part| part * base.cutoff) {
            base.evaluate(r, &mut value, &mut slope);
            if value.iter().chain(&slope).any(|v| !v.is_finite()) {
                return Err(format!(
                    "radparameters: {} is not usable with {}",
                    base.lambda,
                    base.kind.name()
                ));
            }
        }
        Ok(())
    }
}
