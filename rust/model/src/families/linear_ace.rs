//! ACE: the settings that `ferrip._core.Descriptor.ace` takes.

use std::collections::BTreeMap;

use ferrip_core::ace::{Ace, AceSettings, PairSettings, Selection, SpeciesBasis, compile};
use ferrip_core::density::Descriptor;
use ferrip_core::radial::{InnerSwitch, RadialSettings};
use serde::Deserialize;

use super::{Basis, by_pair};
use crate::error::{Error, Result};
use crate::table::of_density;

/// Complete settings; defaults are those of the first files, which do not name them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    elements: Vec<u8>,
    cutoff: f64,
    pair_cutoff: f64,
    n_pair: usize,
    r0: BTreeMap<String, f64>,
    degrees: Option<Vec<f64>>,
    #[serde(default = "one")]
    l_weight: f64,
    functions: Option<Vec<Vec<(u8, u16, u8)>>>,
    exponents: (i32, i32),
    outer_zero: u32,
    inner_zero: u32,
    pair_exponents: (i32, i32),
    pair_outer_zero: u32,
    pair_inner_zero: u32,
    species_weights: Option<Vec<Vec<f64>>>,
    #[serde(default)]
    contrast_degree: f64,
    #[serde(default)]
    cutoffs: BTreeMap<String, f64>,
    #[serde(default)]
    pair_cutoffs: BTreeMap<String, f64>,
    #[serde(default)]
    inner_cutoffs: BTreeMap<String, (f64, f64)>,
    #[serde(default)]
    radial_coefficients: Vec<Vec<f64>>,
}

fn one() -> f64 {
    1.0
}

/// The descriptor of complete settings.
///
/// # Errors
/// [`Error::Content`] for names that are no pairs or both or none of degrees and functions; those of [`compile`].
pub fn basis(settings: Settings) -> Result<Basis> {
    let ace = settings.compile()?;
    let table = of_density(&ace.program, std::iter::repeat(&ace.functions));
    Ok(Basis::Density(Box::new(Descriptor::new(ace.program)), table))
}

impl Settings {
    /// The compiled basis.
    ///
    /// # Errors
    /// Those of [`basis`].
    pub fn compile(self) -> Result<Ace> {
        Ok(compile(&self.resolved()?)?)
    }

    fn resolved(self) -> Result<AceSettings> {
        let (cutoffs, pair_cutoffs) = (by_pair(&self.cutoffs)?, by_pair(&self.pair_cutoffs)?);
        let inner = by_pair(&self.inner_cutoffs)?;
        let of_pair = |(pair, r0): ((u8, u8), f64)| {
            let settings = PairSettings {
                r0,
                cutoff: cutoffs.get(&pair).copied().unwrap_or(self.cutoff),
                pair_cutoff: pair_cutoffs.get(&pair).copied().unwrap_or(self.pair_cutoff),
                inner: inner.get(&pair).map(|&(end, width)| InnerSwitch { end, width }),
            };
            (pair, settings)
        };
        let selection = match (self.degrees, self.functions) {
            (Some(degrees), None) => Selection::Degree { degrees, l_weight: self.l_weight },
            (None, Some(functions)) => Selection::Explicit(functions),
            _ => return Err(Error::content("settings: expected either degrees or functions")),
        };
        Ok(AceSettings {
            elements: self.elements,
            many_body: RadialSettings {
                n: 0,
                cutoff: self.cutoff,
                exponents: self.exponents,
                outer_zero: self.outer_zero,
                inner_zero: self.inner_zero,
            },
            pair: RadialSettings {
                n: self.n_pair,
                cutoff: self.pair_cutoff,
                exponents: self.pair_exponents,
                outer_zero: self.pair_outer_zero,
                inner_zero: self.pair_inner_zero,
            },
            pairs: by_pair(&self.r0)?.into_iter().map(of_pair).collect(),
            radial_coefficients: self.radial_coefficients,
            selection,
            species: self.species_weights.map_or(SpeciesBasis::Resolved, |weights| SpeciesBasis::Embedded {
                weights,
                contrast_degree: self.contrast_degree,
            }),
        })
    }
}
