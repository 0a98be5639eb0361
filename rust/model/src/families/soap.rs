//! SOAP: the settings that `ferrip._core.Descriptor.soap` takes.

use ferrip_core::density::Descriptor;
use ferrip_core::radial::{Decay, Gaussians, NeighborWeight, OverlapBasis, SmoothEnd};
use ferrip_core::soap::{SoapSettings, compile};
use serde::Deserialize;

use super::Basis;
use crate::error::Result;
use crate::table::of_density;

/// What `ferrip._core.Descriptor.soap` takes, with its defaults.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Soap {
    elements: Vec<u8>,
    basis: Option<String>,
    n_max: usize,
    l_max: usize,
    cutoff: f64,
    sigma: f64,
    reach: Option<f64>,
    #[serde(default)]
    cutoff_width: f64,
    decay_length: Option<f64>,
    #[serde(default = "four")]
    decay_power: f64,
    #[serde(default = "one")]
    center_weight: f64,
    #[serde(default = "yes")]
    symmetric: bool,
    species_weights: Option<Vec<Vec<f64>>>,
    #[serde(default)]
    pair_centers: Vec<f64>,
    #[serde(default = "one")]
    pair_width: f64,
    pair_cutoff: Option<f64>,
    #[serde(default)]
    pair_cutoff_width: f64,
}

fn one() -> f64 {
    1.0
}

fn four() -> f64 {
    4.0
}

fn yes() -> bool {
    true
}

/// The descriptor of complete settings.
///
/// # Errors
/// Those of the core.
pub fn basis(settings: Soap) -> Result<Basis> {
    let soap = compile(&settings.resolved()?)?;
    let table = of_density(&soap.program, std::iter::repeat(&soap.functions));
    Ok(Basis::Density(Box::new(Descriptor::new(soap.program)), table))
}

impl Soap {
    /// The settings of the core.
    ///
    /// # Errors
    /// Those of the core, for an unknown basis.
    pub fn resolved(self) -> Result<SoapSettings> {
        Ok(SoapSettings {
            elements: self.elements,
            basis: self.basis.map_or(Ok(OverlapBasis::Gto), |name| OverlapBasis::parse(&name))?,
            n_max: self.n_max,
            l_max: self.l_max,
            cutoff: self.cutoff,
            neighbors: NeighborWeight {
                end: SmoothEnd { cutoff: self.reach.unwrap_or(self.cutoff), width: self.cutoff_width },
                decay: self.decay_length.map(|length| Decay { length, power: self.decay_power }),
            },
            sigma: self.sigma,
            center_weight: self.center_weight,
            symmetric: self.symmetric,
            species_weights: self.species_weights,
            pair: Gaussians {
                centers: self.pair_centers,
                width: self.pair_width,
                end: SmoothEnd {
                    cutoff: self.pair_cutoff.unwrap_or(self.cutoff),
                    width: self.pair_cutoff_width,
                },
            },
        })
    }
}
