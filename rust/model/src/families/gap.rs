//! GAP: kernels of SOAP power spectra towards sparse environments, which are arrays of the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use ferrip_core::density::{Descriptor, KernelDescriptor};
use ferrip_core::elements::symbol;
use ferrip_core::soap::compile;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::soap::Soap;
use super::{Arrays, Basis};
use crate::error::{Error, Result};
use crate::table::{Feature, of_density};

/// Complete settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    soap: Soap,
    zeta: u32,
    /// By symbol.
    points: BTreeMap<String, Place>,
    /// Of fits only.
    #[serde(rename = "pair_delta")]
    _pair_delta: IgnoredAny,
    /// Of fits only.
    #[serde(rename = "sparse")]
    _sparse: IgnoredAny,
}

/// Name of an array.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    array: String,
}

/// The descriptor of complete settings.
///
/// # Errors
/// [`Error::Content`] for arrays that are missing or do not fit; those of the core.
pub fn basis(settings: Settings, arrays: &Arrays<'_>) -> Result<Basis> {
    let soap = compile(&settings.soap.resolved()?)?;
    let below = of_density(&soap.program, std::iter::repeat(&soap.functions));
    let (mut points, mut table) = (Vec::new(), Vec::new());
    for (k, (&z, center)) in soap.program.species().iter().zip(soap.program.centers()).enumerate() {
        let name = symbol(z).unwrap_or("?");
        let array = settings.points.get(name).and_then(|place| arrays(&place.array));
        let array = array.ok_or_else(|| Error::content(format!("no sparse environments of {name}")))?;
        let [count, width] = array.shape[..] else {
            return Err(Error::content("sparse environments: expected two dimensions"));
        };
        if width != center.functions.len() {
            return Err(Error::content(format!(
                "sparse environments of {name}: expected {} functions, got {width}",
                center.functions.len()
            )));
        }
        points.push(array.data.clone());
        let first = soap.program.feature_range(k).start;
        table.extend_from_slice(&below[first..first + center.n_pair_features()]);
        table.extend((1..=count as u16).map(|s| -> Feature { (z, vec![(0, s, 0)]) }));
    }
    let base = Arc::new(Descriptor::new(soap.program));
    Ok(Basis::Kernel(KernelDescriptor::new(base, &points, settings.zeta)?, table))
}
