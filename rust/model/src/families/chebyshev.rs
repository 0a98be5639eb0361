//! Chebyshev descriptors: the settings that `ferrip._core.Descriptor.chebyshev` takes.

use ferrip_core::chebyshev::{ChebyshevSettings, compile};
use ferrip_core::density::Descriptor;
use ferrip_core::radial::Fade;
use serde::Deserialize;

use super::Basis;
use crate::error::Result;
use crate::table::of_density;

/// Complete settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    elements: Vec<u8>,
    radial_order: usize,
    angular_order: usize,
    radial_cutoff: f64,
    angular_cutoff: f64,
    species_weights: Vec<Vec<f64>>,
    fade: String,
}

/// The descriptor of complete settings.
///
/// # Errors
/// Those of the core.
pub fn basis(settings: Settings) -> Result<Basis> {
    let chebyshev = compile(&ChebyshevSettings {
        elements: settings.elements,
        orders: [settings.radial_order, settings.angular_order],
        cutoffs: [settings.radial_cutoff, settings.angular_cutoff],
        fade: Fade::parse(&settings.fade)?,
        species_weights: settings.species_weights,
    })?;
    let table = of_density(&chebyshev.program, std::iter::repeat(&chebyshev.functions));
    Ok(Basis::Density(Box::new(Descriptor::new(chebyshev.program)), table))
}
