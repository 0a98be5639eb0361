//! The program of the density engine: what every family (ACE first) compiles to.
//!
//! For a centre of species `z0`:
//!
//! ```text
//! A_v = a_v + Σ_j  [z_j ∈ species_v] · R_{channel_v}(r_j; z0, z_j) · Y_{l_v m_v}(r̂_j)    (one-particle basis)
//! M_q = Re Π_{v ∈ monomial q} A_v                                                       (products)
//! B_k = Σ_q C_kq M_q          (order ≥ 2),      B_{z,k} = Σ_{j: z_j = z} P_k(r_j; z0, z)   (pair functions)
//! ```
//!
//! `a_v`, for l = 0 only, is what the centre itself adds (SOAP). An entry sums over the neighbors of one species or of all ([`ANY_SPECIES`]); in the second case its radial
//! function still depends on the neighbor's species (element embedding: `R_{kn} = W_{k z_j} R_n`), while the
//! number of sums and products does not grow with the number of species.
//!
//! `Y_lm` are complex spherical harmonics with Condon–Shortley phase, scaled so that `Y_00 = 1`:
//! `Y_lm = P̄_lm(z) (x+iy)^m` with unit vector (x, y, z), `Y_{l,−m} = (−1)^m conj(Y_lm)`,
//! `Σ_m |Y_lm|² = 2l+1`. Features of a centre are ordered: pair functions first (neighbor species by
//! species, channel by channel), then the functions of order ≥ 2.

use std::fmt::Debug;

use crate::error::{Error, Result};
use crate::radial::InnerSwitch;

/// Radial functions of one ordered species pair (centre, neighbor).
pub trait Radial: Debug + Send + Sync {
    /// Values and derivatives (1/Å) at distance `r` (Å): first the many-body channels, then the pair
    /// channels. Both slices have length `n_channels + n_pair`; all are 0 beyond the cutoff.
    fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]);

    /// Values alone, at several distances: that of function `f` at distance `j` goes to `out[f * stride + j]`.
    fn values(&self, r: &[f64], stride: usize, n_functions: usize, out: &mut [f64]) {
        let (mut value, mut derivative) = (vec![0.0; n_functions], vec![0.0; n_functions]);
        for (j, &r) in r.iter().enumerate() {
            self.evaluate(r, &mut value, &mut derivative);
            out[j..].iter_mut().step_by(stride).zip(&value).for_each(|(out, value)| *out = *value);
        }
    }

    /// Cutoff of this pair in Å: largest of the many-body and pair cutoffs.
    fn cutoff(&self) -> f64;

    /// The functions before an inner cutoff takes them to 0 at short distances, and that inner cutoff.
    fn unswitched(&self) -> Option<(&dyn Radial, InnerSwitch)> {
        None
    }

    /// Distance (Å) below the cutoff at which a derivative of some function jumps; tables put an end of a bin there.
    fn kink(&self) -> f64 {
        self.cutoff()
    }
}

/// Species of an entry of the one-particle basis that sums over all neighbors.
pub const ANY_SPECIES: u16 = u16::MAX;

/// Indices of one entry of the one-particle basis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OneParticle {
    /// Index of the neighbor species in [`Program::species`], or [`ANY_SPECIES`].
    pub species: u16,
    /// Radial channel.
    pub channel: u16,
    /// Degree of the spherical harmonic.
    pub l: u8,
    /// Order of the spherical harmonic, −l ..= l.
    pub m: i8,
}

/// Lists of different lengths behind one another: list `k` is `items[offsets[k]..offsets[k + 1]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Ragged<T> {
    /// Start of each list, and the total length at the end.
    pub offsets: Vec<usize>,
    /// All items.
    pub items: Vec<T>,
}

impl<T> Default for Ragged<T> {
    fn default() -> Self {
        Self { offsets: vec![0], items: Vec::new() }
    }
}

impl<T> Ragged<T> {
    /// Number of lists.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is no list.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// List `k`.
    #[inline]
    pub fn get(&self, k: usize) -> &[T] {
        &self.items[self.offsets[k]..self.offsets[k + 1]]
    }

    /// Appends a list.
    pub fn push(&mut self, list: impl IntoIterator<Item = T>) {
        self.items.extend(list);
        self.offsets.push(self.items.len());
    }

    /// All lists in order.
    pub fn iter(&self) -> impl Iterator<Item = &[T]> {
        (0..self.len()).map(|k| self.get(k))
    }
}

impl Ragged<(u32, f64)> {
    /// Multiplies the terms of each list with its factor.
    pub fn scale(&mut self, factors: &[f64]) {
        for (ends, factor) in self.offsets.windows(2).zip(factors) {
            self.items[ends[0]..ends[1]].iter_mut().for_each(|term| term.1 *= factor);
        }
    }
}

/// The program of one centre species.
#[derive(Debug)]
pub struct Center {
    /// Radial functions towards each neighbor species.
    pub radial: Vec<Box<dyn Radial>>,
    /// Number of many-body radial channels (same for every neighbor species).
    pub n_channels: usize,
    /// Number of pair channels (same for every neighbor species).
    pub n_pair: usize,
    /// The one-particle basis; closed under m → −m.
    pub one_particle: Vec<OneParticle>,
    /// What the centre itself adds to an entry with l = 0: (entry, a).
    pub own: Vec<(u32, f64)>,
    /// Factors of each monomial: ascending indices into `one_particle`, two or more, Σ m = 0.
    pub monomials: Ragged<u32>,
    /// Terms `(monomial, coefficient)` of each function of order ≥ 2.
    pub functions: Ragged<(u32, f64)>,
}

impl Center {
    /// Number of features of this centre species: pair functions and functions of order ≥ 2.
    pub fn n_features(&self) -> usize {
        self.n_pair_features() + self.functions.len()
    }

    /// Number of its pair functions.
    pub fn n_pair_features(&self) -> usize {
        self.radial.len() * self.n_pair
    }

    /// Largest l of the one-particle basis (0 if it is empty).
    pub fn lmax(&self) -> usize {
        self.one_particle.iter().map(|v| usize::from(v.l)).max().unwrap_or(0)
    }
}

/// A validated program for all centre species.
#[derive(Debug)]
pub struct Program {
    species: Vec<u8>,
    centers: Vec<Center>,
    cutoff: f64,
    feature_offsets: Vec<usize>,
}

impl Program {
    /// A program from atomic numbers (ascending) and one [`Center`] each.
    ///
    /// # Errors
    /// [`Error::Setting`] if species repeat or are unsorted, or an index points nowhere.
    pub fn new(species: Vec<u8>, centers: Vec<Center>) -> Result<Self> {
        let bad = |reason: String| Err(Error::Setting { name: "program", reason });
        crate::elements::check_known(&species)?;
        if centers.len() != species.len() {
            return bad(format!("{} species but {} centres", species.len(), centers.len()));
        }
        for center in &centers {
            let n = center.one_particle.len();
            if center.radial.len() != species.len() {
                return bad(format!("{} radial sets for {} species", center.radial.len(), species.len()));
            }
            if center.one_particle.iter().any(|v| {
                (usize::from(v.species) >= species.len() && v.species != ANY_SPECIES)
                    || usize::from(v.channel) >= center.n_channels
                    || v.m.unsigned_abs() > v.l
            }) {
                return bad("an index of the one-particle basis is out of range".into());
            }
            let is_scalar = |v: u32| center.one_particle.get(v as usize).is_some_and(|v| v.l == 0);
            if center.own.iter().any(|&(v, a)| !is_scalar(v) || !a.is_finite()) {
                return bad("what a centre adds itself belongs to entries with l = 0".into());
            }
            for factors in center.monomials.iter() {
                let sum: i32 = match factors.iter().map(|&v| center.one_particle.get(v as usize)).collect() {
                    Some::<Vec<_>>(list) => list.iter().map(|v| i32::from(v.m)).sum(),
                    None => {
                        return bad(format!("a factor of a monomial is beyond the {n} one-particle entries"));
                    }
                };
                if factors.len() < 2 || sum != 0 || factors.windows(2).any(|w| w[0] > w[1]) {
                    return bad("a monomial needs two or more ascending factors with Σm = 0".into());
                }
            }
            if center
                .functions
                .items
                .iter()
                .any(|&(q, c)| q as usize >= center.monomials.len() || !c.is_finite())
            {
                return bad("a function uses an unknown monomial or a coefficient that is not finite".into());
            }
        }
        let cutoff = centers.iter().flat_map(|c| &c.radial).map(|radial| radial.cutoff()).fold(0.0, f64::max);
        let mut feature_offsets = vec![0];
        for center in &centers {
            feature_offsets.push(feature_offsets[feature_offsets.len() - 1] + center.n_features());
        }
        Ok(Self { species, centers, cutoff, feature_offsets })
    }

    /// Atomic numbers, ascending.
    pub fn species(&self) -> &[u8] {
        &self.species
    }

    /// Programs of the centre species.
    pub fn centers(&self) -> &[Center] {
        &self.centers
    }

    /// Largest cutoff in Å.
    pub fn cutoff(&self) -> f64 {
        self.cutoff
    }

    /// Number of features over all centre species (columns of the design matrix).
    pub fn n_features(&self) -> usize {
        self.feature_offsets[self.species.len()]
    }

    /// Columns of the features of centre species `k`.
    pub fn feature_range(&self, k: usize) -> std::ops::Range<usize> {
        self.feature_offsets[k]..self.feature_offsets[k + 1]
    }

    /// Species index of each atom.
    ///
    /// # Errors
    /// [`Error::UnknownElement`] for an atom that the program does not know.
    pub fn species_indices(&self, numbers: &[u8]) -> Result<Vec<u16>> {
        crate::elements::indices(&self.species, numbers)
    }
}
