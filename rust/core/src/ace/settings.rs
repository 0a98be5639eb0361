//! Settings of an ACE basis.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::radial::{InnerSwitch, RadialSettings};

/// Which functions of order ≥ 2 a basis holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    /// All functions of order ν = 2, 3, … with `Σ_t (n_t + l_weight·l_t) ≤ degrees[ν − 2]`, n ≥ 1, l ≥ 0,
    /// for every combination of neighbor species.
    Degree {
        /// Largest total degree of each order.
        degrees: Vec<f64>,
        /// Weight of l against n.
        l_weight: f64,
    },
    /// Explicit lists of factors (atomic number of the neighbor, n ≥ 1, l) for every centre species.
    Explicit(Vec<Vec<(u8, u16, u8)>>),
}

/// How the one-particle basis tells neighbor species apart.
#[derive(Debug, Clone, PartialEq)]
pub enum SpeciesBasis {
    /// One sum per neighbor species: complete, grows with (number of species)^order.
    Resolved,
    /// Sums over all neighbors, each weighted by its species (element embedding; Darby et al., PRL 131,
    /// 028001 (2023), DOI 10.1103/PhysRevLett.131.028001): `A_knlm = Σ_j W_k,zj R_n Y_lm`.
    Embedded {
        /// Rows of weights, one per channel, one entry per species; orthogonal and complete with as many rows as
        /// species for a fit, any part of them for a potential cut down to fewer species.
        weights: Vec<Vec<f64>>,
        /// What a factor of any channel but the first adds to the total degree.
        contrast_degree: f64,
    },
}

/// Radial settings of one pair of species.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairSettings {
    /// Nearest-neighbor distance, Å.
    pub r0: f64,
    /// Cutoff of the products, Å.
    pub cutoff: f64,
    /// Cutoff of the pair functions, Å.
    pub pair_cutoff: f64,
    /// Inner cutoff of both, if any.
    pub inner: Option<InnerSwitch>,
}

/// Settings of an ACE basis; checked by [`AceSettings::check`].
#[derive(Debug, Clone, PartialEq)]
pub struct AceSettings {
    /// Atomic numbers, ascending and distinct.
    pub elements: Vec<u8>,
    /// Radial functions of the products; `n` is set from the selection, the cutoff from [`Self::pairs`].
    pub many_body: RadialSettings,
    /// Radial functions of the pair terms; the cutoff is set from [`Self::pairs`].
    pub pair: RadialSettings,
    /// What differs between unordered pairs (low, high) of atomic numbers.
    pub pairs: BTreeMap<(u8, u8), PairSettings>,
    /// Coefficients (n, k) of the radial functions of the products on those of the transform, the same for all
    /// pairs; empty: the functions of the transform themselves.
    pub radial_coefficients: Vec<Vec<f64>>,
    /// Functions of order ≥ 2.
    pub selection: Selection,
    /// How factors depend on the neighbor's species.
    pub species: SpeciesBasis,
}

/// Largest correlation order (factors of a product).
pub const MAX_ORDER: usize = 5;
/// Largest number of channels of an element embedding.
pub const MAX_CHANNELS: usize = 118;
/// Largest degree of the spherical harmonics.
pub const MAX_L: u8 = 16;
/// Largest number of features over all centres.
pub const MAX_FEATURES: usize = 100_000;

impl PairSettings {
    fn check(&self) -> Result<()> {
        let Some(InnerSwitch { end, width }) = self.inner else { return Ok(()) };
        let cutoff = self.cutoff.min(self.pair_cutoff);
        if 0.0 < width && width <= end && end < cutoff {
            return Ok(());
        }
        let reason = format!("expected 0 < width ≤ inner cutoff < {cutoff} Å, got {width} and {end}");
        Err(Error::Setting { name: "inner_cutoff", reason })
    }
}

impl AceSettings {
    /// Checks everything that can be checked before the basis is built.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the setting.
    pub fn check(&self) -> Result<()> {
        let bad = |name, reason| Err(Error::Setting { name, reason });
        crate::elements::check_known(&self.elements)?;
        for (i, &a) in self.elements.iter().enumerate() {
            for &b in &self.elements[i..] {
                let Some(pair) = self.pairs.get(&(a, b)) else {
                    return bad("r0", format!("no nearest-neighbor distance for the pair ({a}, {b})"));
                };
                pair.check()?;
            }
        }
        if let SpeciesBasis::Embedded { weights, contrast_degree } = &self.species {
            self.check_embedding(weights, *contrast_degree)?;
        }
        match &self.selection {
            Selection::Degree { degrees, l_weight } => {
                if degrees.len() + 1 > MAX_ORDER {
                    return bad(
                        "degrees",
                        format!("orders 2 to {MAX_ORDER} are possible, got {}", degrees.len()),
                    );
                }
                if degrees.iter().any(|d| !d.is_finite() || *d > 60.0) {
                    return bad("degrees", format!("expected numbers up to 60, got {degrees:?}"));
                }
                if !(l_weight.is_finite() && *l_weight >= 0.25) {
                    return bad("l_weight", format!("expected at least 0.25, got {l_weight}"));
                }
            }
            Selection::Explicit(lists) => {
                for list in lists {
                    if list.len() < 2 || list.len() > MAX_ORDER {
                        return bad("functions", format!("{list:?} has not 2 to {MAX_ORDER} factors"));
                    }
                    for &(z, n, l) in list {
                        if self.elements.binary_search(&z).is_err() || n == 0 || n > 60 || l > MAX_L {
                            return bad("functions", format!("factor (z {z}, n {n}, l {l}) is out of range"));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn check_embedding(&self, weights: &[Vec<f64>], contrast_degree: f64) -> Result<()> {
        let bad = |reason| Err(Error::Setting { name: "species_weights", reason });
        let n = self.elements.len();
        if weights.is_empty() || weights.iter().any(|row| row.len() != n) {
            return bad(format!("expected rows of {n} numbers, got {weights:?}"));
        }
        if weights.len() > MAX_CHANNELS || weights.iter().flatten().any(|w| !w.is_finite()) {
            return bad(format!("expected up to {MAX_CHANNELS} rows of finite numbers, got {weights:?}"));
        }
        if !(contrast_degree.is_finite() && contrast_degree >= 0.0) {
            return bad(format!("expected a contrast_degree of at least 0, got {contrast_degree}"));
        }
        if matches!(self.selection, Selection::Explicit(_)) {
            return bad("explicit functions name species; give degrees with species_weights".into());
        }
        Ok(())
    }
}
