//! Symmetry functions: the settings that `ferrip._core.AcsfDescriptor` takes.

use ferrip_core::acsf::{AcsfSettings, AngularFunction, Descriptor, RadialFunction};
use ferrip_core::radial::Fade;
use serde::Deserialize;

use super::Basis;
use crate::error::Result;

/// Complete settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    elements: Vec<u8>,
    cutoff: f64,
    #[serde(default)]
    g2: Vec<(f64, f64)>,
    #[serde(default)]
    g4: Vec<(f64, f64, f64)>,
    #[serde(default)]
    g5: Vec<(f64, f64, f64)>,
    species_weights: Option<Vec<Vec<f64>>>,
    fade: String,
}

/// The descriptor of complete settings.
///
/// # Errors
/// Those of the core.
pub fn basis(settings: Settings) -> Result<Basis> {
    let angular = |(eta, zeta, lambda)| AngularFunction { eta, zeta, lambda };
    Ok(Basis::Acsf(Descriptor::new(AcsfSettings {
        elements: settings.elements,
        cutoff: settings.cutoff,
        fade: Fade::parse(&settings.fade)?,
        g2: settings.g2.into_iter().map(|(eta, center)| RadialFunction { eta, center }).collect(),
        g4: settings.g4.into_iter().map(angular).collect(),
        g5: settings.g5.into_iter().map(angular).collect(),
        species_weights: settings.species_weights,
    })?))
}
