//! Settings of an ACE basis.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::radial::RadialSettings;

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

/// Settings of an ACE basis; checked by [`AceSettings::check`].
#[derive(Debug, Clone, PartialEq)]
pub struct AceSettings {
    /// Atomic numbers, ascending and distinct.
    pub elements: Vec<u8>,
    /// Radial functions of the products; `n` is set from the selection.
    pub many_body: RadialSettings,
    /// Radial functions of the pair terms.
    pub pair: RadialSettings,
    /// Nearest-neighbor distance (Å) of each unordered pair (low, high) of atomic numbers.
    pub r0: BTreeMap<(u8, u8), f64>,
    /// Functions of order ≥ 2.
    pub selection: Selection,
}

/// Largest correlation order (factors of a product).
pub const MAX_ORDER: usize = 5;
/// Largest degree of the spherical harmonics.
pub const MAX_L: u8 = 16;
/// Largest number of features over all centres.
pub const MAX_FEATURES: usize = 100_000;

impl AceSettings {
    /// Checks everything that can be checked before the basis is built.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the setting.
    pub fn check(&self) -> Result<()> {
        let bad = |name, reason| Err(Error::Setting { name, reason });
        if self.elements.is_empty() || self.elements.windows(2).any(|w| w[0] >= w[1]) {
            return bad(
                "elements",
                format!("expected ascending distinct atomic numbers, got {:?}", self.elements),
            );
        }
        for (i, &a) in self.elements.iter().enumerate() {
            for &b in &self.elements[i..] {
                if !self.r0.contains_key(&(a, b)) {
                    return bad("r0", format!("no nearest-neighbor distance for the pair ({a}, {b})"));
                }
            }
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
}
